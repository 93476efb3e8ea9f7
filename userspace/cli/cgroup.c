// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* Returns the path of a file of the cgroup in @directory, which the caller frees, or NULL. */
static char *cgroup_file(const char *directory)
{
	char *path;

	return asprintf(&path, "%s/cgroup.procs", directory) < 0 ? NULL : path;
}

static bool cgroup_is(const char *directory)
{
	char *file = cgroup_file(directory);
	bool is = file && !access(file, F_OK);

	free(file);
	return is;
}

int cgroup_open(struct cgroup *cgroup, const char *root, const char *path)
{
	char *below = NULL;

	if (!cgroup_is(path) && asprintf(&below, "%s" CGROUP_ROOT "/%s", root, path) < 0) {
		complain("no memory");
		return -1;
	}
	/* The absolute path has a last component, even if the user has written "." */
	if (!below || cgroup_is(below))
		cgroup->path = realpath(below ?: path, NULL);
	free(below);
	if (cgroup->path)
		return 0;
	complain("there is no cgroup '%s': it must be a directory of the cgroup file system, or a path below " CGROUP_ROOT
		 " as /proc/PID/cgroup shows it after '0::'",
		 path);
	return -1;
}

/* Appends the IDs of the processes in the cgroup @directory to @ids. */
static int cgroup_read_one(const char *directory, struct ids *ids)
{
	char *path = cgroup_file(directory);
	FILE *file = path ? fopen(path, "re") : NULL;
	int id, err = file ? 0 : -errno;

	free(path);
	if (!file)
		return err;
	while (!err && fscanf(file, "%d", &id) == 1)
		err = ids_add(ids, id);
	if (ferror(file))
		err = -errno;
	fclose(file);
	return err;
}

/* A descendant may be removed at any moment, so that only want of memory is an error here. */
static int cgroup_read_descendants(const struct cgroup *cgroup, struct ids *ids)
{
	char *roots[] = { cgroup->path, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	FTSENT *entry;
	int err = tree ? 0 : -ENOMEM;

	while (err != -ENOMEM && (entry = fts_read(tree)))
		if (entry->fts_info == FTS_D && entry->fts_level)
			err = cgroup_read_one(entry->fts_path, ids);
	if (tree)
		fts_close(tree);
	return err == -ENOMEM ? err : 0;
}

static int cgroup_read(const struct cgroup *cgroup, struct ids *ids)
{
	int err = cgroup_read_one(cgroup->path, ids);

	if (!err)
		err = cgroup_read_descendants(cgroup, ids);
	switch (-err) {
	case 0:
		return 0;
	case ENOENT:
	case ENODEV:
		return -ENOENT;
	case EOPNOTSUPP:
		complain("the processes of the threaded cgroup '%s' are listed by the cgroup above it that is not threaded: name that one",
			 cgroup->path);
		return err;
	default:
		complain("cannot read '%s/cgroup.procs': %s", cgroup->path, strerror(-err));
		return err;
	}
}

/* A flag of /proc/PID/stat, whose bits are those of the kernel's linux/sched.h. */
#define KERNEL_THREAD 0x00200000

/* The root cgroup has kernel threads, which nobody expects to be followed. */
static bool cgroup_is_kernel_thread(pid_t pid)
{
	char path[64], stat[512];
	unsigned int flags = 0;
	const char *end;
	FILE *file;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file) {
		n = fread(stat, 1, sizeof(stat) - 1, file);
		fclose(file);
	}
	stat[n] = 0;
	/* The name of the process, in parentheses, may have blanks and parentheses. */
	end = strrchr(stat, ')');
	return end && sscanf(end, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       flags & KERNEL_THREAD;
}

static void cgroup_refuse(struct cgroup *cgroup, enum cgroup_refusal why)
{
	if (!cgroup->refused[why]++)
		complain("%s; others in the cgroup may be left out for the same reason, and are counted",
			 bt_error_text());
}

static int cgroup_follow_one(struct cgroup *cgroup, struct bt_tracer *tracer, pid_t pid)
{
	int err = bt_process_follow(tracer, pid, BT_INHERIT_THREADS | BT_INHERIT_CHILDREN,
				    NULL);

	switch (-err) {
	case 0:
	/* A followed process has created it, or it has ended. */
	case EEXIST:
	case ESRCH:
		return 0;
	case EPERM:
		if (!cgroup_is_kernel_thread(pid))
			cgroup_refuse(cgroup, CGROUP_DENIED);
		return 0;
	case ENOMEM:
		cgroup_refuse(cgroup, CGROUP_NO_MEMORY);
		return 0;
	case EDQUOT:
	case EUSERS:
		cgroup_refuse(cgroup, CGROUP_LIMIT);
		return 0;
	default:
		complain("%s", bt_error_text());
		return err;
	}
}

static int cgroup_compare(const void *pa, const void *pb)
{
	pid_t a = *(const pid_t *)pa, b = *(const pid_t *)pb;

	return (a > b) - (a < b);
}

/*
 * Follows those processes of @now that are not known yet. Both lists are sorted, so that one
 * pass over them finds these processes, however many there are. A process that got the ID of
 * one which has ended since the last reading is not told from that one.
 */
static int cgroup_follow_new(struct cgroup *cgroup, struct bt_tracer *tracer,
			     const struct ids *now)
{
	const struct ids *known = &cgroup->known;
	size_t i, k = 0, outside = 0;
	pid_t self = getpid();
	int err = 0;

	for (i = 0; i < now->n && !err; i++) {
		pid_t id = now->id[i];

		outside += !id;
		/* The waiting of this process itself would be a part of the result. */
		if (!id || id == self || (i && id == now->id[i - 1]))
			continue;
		while (k < known->n && known->id[k] < id)
			k++;
		if (k == known->n || known->id[k] != id)
			err = cgroup_follow_one(cgroup, tracer, id);
	}
	/* Processes without an ID cannot be told apart from those of another reading. */
	if (outside > cgroup->refused[CGROUP_OUTSIDE])
		cgroup->refused[CGROUP_OUTSIDE] = outside;
	return err;
}

int cgroup_follow(struct cgroup *cgroup, struct bt_tracer *tracer)
{
	struct ids now = { 0 };
	int err = cgroup_read(cgroup, &now);

	if (!err) {
		if (now.n)
			qsort(now.id, now.n, sizeof(*now.id), cgroup_compare);
		err = cgroup_follow_new(cgroup, tracer, &now);
	}
	free(cgroup->known.id);
	cgroup->known = now;
	return err;
}

void cgroup_summarize(const struct cgroup *cgroup)
{
	static const char *const why[CGROUP_REFUSALS] = {
		[CGROUP_DENIED] = "not permitted; run as root or with CAP_PERFMON",
		[CGROUP_NO_MEMORY] =
			"no memory; free some, or raise the limit of your memory cgroup",
		[CGROUP_LIMIT] =
			"a limit was reached; see the table of limits in bricktrace(4)",
		[CGROUP_OUTSIDE] =
			"not in this PID namespace; run bricktrace in the one of the host",
	};
	int i;

	for (i = 0; i < CGROUP_REFUSALS; i++)
		if (cgroup->refused[i])
			complain("%zu process%s could not be followed: %s",
				 cgroup->refused[i], cgroup->refused[i] > 1 ? "es" : "",
				 why[i]);
}

void cgroup_close(struct cgroup *cgroup)
{
	free(cgroup->path);
	free(cgroup->known.id);
}
