// SPDX-License-Identifier: MIT
/* The sessions of the programs that the caller may trace, through their descriptors. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"
#include "descriptors.h"

static int descriptors_copy(int pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0), copy;

	if (process < 0)
		return -errno;
	copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	if (copy < 0)
		copy = -errno;
	close(process);
	return copy;
}

static int descriptors_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

struct descriptors_ops descriptors_ops = { "/proc", descriptors_copy, descriptors_ioctl };

/* What a walk over all descriptors has found. */
struct descriptors {
	const struct host_filter *filter;
	bool want_bricks;
	uint64_t *seen; /* sessions: several processes may have descriptors of one */
	size_t n_seen;
	struct host_session *sessions;
	struct host_brick *bricks;
	size_t n;
	unsigned int forbidden; /* processes that the caller may not trace */
};

/* Makes room for one element more at the end. Returns it, filled with zeros, or NULL. */
static void *descriptors_append(void **list, size_t *n, size_t size)
{
	char *more = reallocarray(*list, *n + 1, size);

	if (!more)
		return NULL;
	*list = more;
	return memset(more + (*n)++ * size, 0, size);
}

static bool descriptors_is_new(struct descriptors *d, uint64_t id)
{
	uint64_t *seen;
	size_t i;

	for (i = 0; i < d->n_seen; i++)
		if (d->seen[i] == id)
			return false;
	seen = descriptors_append((void **)&d->seen, &d->n_seen, sizeof(*seen));
	if (seen)
		*seen = id;
	return true;
}

static void descriptors_ask_brick(const struct descriptors *d, struct host_brick *b)
{
	struct bti_brick_room *room = &b->room;

	b->get.size = sizeof(b->get);
	b->get.statistics = BTI_ARRAY(room->statistics);
	if (!d->filter->books)
		return;
	b->get.histogram = BTI_ARRAY(room->histogram);
	b->get.categories = BTI_ARRAY(room->categories);
	b->get.window = BTI_ARRAY(room->window);
	b->get.assertions = BTI_ARRAY(room->assertions);
	b->get.counts = BTI_ARRAY(room->counts);
	b->get.longest = BTI_ARRAY(room->longest);
	b->get.longest_times = BTI_ARRAY(room->longest_times);
	b->get.longest_categories = BTI_ARRAY(room->longest_categories);
	b->get.longest_slow = BTI_ARRAY(room->longest_slow);
}

static int descriptors_add_bricks(struct descriptors *d, const struct host_session *s,
				  int fd)
{
	uint32_t i;

	for (i = 1; i <= s->s.bricks; i++) {
		struct host_brick *b =
			descriptors_append((void **)&d->bricks, &d->n, sizeof(*b));

		if (!b)
			return -ENOMEM;
		*b = (struct host_brick){
			.session = s->s.id,
			.pid = s->pid,
			.uid = s->uid,
			.outliers = s->s.outliers,
			.get.brick = i,
		};
		memcpy(b->comm, s->comm, sizeof(b->comm));
		memcpy(b->label, s->s.label, sizeof(b->label));
		descriptors_ask_brick(d, b);
		if (descriptors_ops.ioctl(fd, BRICKTRACE_BRICK_GET, &b->get) ||
		    (d->filter->name && strcmp(d->filter->name, b->get.name) != 0))
			d->n--;
	}
	return 0;
}

/* Says who has the session: the device does not say who opened it. */
static void descriptors_describe(struct host_session *s, int pid)
{
	char path[PATH_MAX];
	struct stat st;
	size_t n = 0;
	FILE *file;

	s->pid = pid;
	snprintf(path, sizeof(path), "%s/%d", descriptors_ops.proc, pid);
	if (!stat(path, &st))
		s->uid = st.st_uid;
	snprintf(path, sizeof(path), "%s/%d/comm", descriptors_ops.proc, pid);
	file = fopen(path, "re");
	if (file) {
		n = fread(s->comm, 1, sizeof(s->comm), file);
		fclose(file);
	}
	/* The kernel appends a newline. */
	s->comm[n ? n - 1 : 0] = 0;
}

static int descriptors_add(struct descriptors *d, int pid, int fd)
{
	struct host_session s = { .owner = BRICKTRACE_OWNER_DEVICE }, *to;

	s.s.size = sizeof(s.s);
	if (descriptors_ops.ioctl(fd, BRICKTRACE_SESSION_GET, &s.s) ||
	    (d->filter->session && d->filter->session != s.s.id) ||
	    !descriptors_is_new(d, s.s.id))
		return 0;
	descriptors_describe(&s, pid);
	if (d->want_bricks)
		return descriptors_add_bricks(d, &s, fd);
	to = descriptors_append((void **)&d->sessions, &d->n, sizeof(*to));
	if (!to)
		return -ENOMEM;
	*to = s;
	return 0;
}

static bool descriptors_is_device(int directory, const char *name)
{
	char target[sizeof(BTI_DEVICE) + 1];
	ssize_t n = readlinkat(directory, name, target, sizeof(target));

	return n == (ssize_t)strlen(BTI_DEVICE) && !memcmp(target, BTI_DEVICE, (size_t)n);
}

/* Looks into a process. Returns 0 or -ENOMEM. */
static int descriptors_look(struct descriptors *d, int pid, DIR *dir)
{
	struct dirent *entry;
	int copy, err = 0;

	while (!err && (entry = readdir(dir))) {
		if (!descriptors_is_device(dirfd(dir), entry->d_name))
			continue;
		copy = descriptors_ops.copy(pid, atoi(entry->d_name));
		if (copy == -EPERM) {
			d->forbidden++;
			break;
		}
		if (copy < 0)
			continue;
		err = descriptors_add(d, pid, copy);
		close(copy);
	}
	return err;
}

static int descriptors_look_into(struct descriptors *d, int pid)
{
	char path[PATH_MAX];
	DIR *dir;
	int err;

	snprintf(path, sizeof(path), "%s/%d/fd", descriptors_ops.proc, pid);
	dir = opendir(path);
	if (!dir) {
		/* A process that has ended is not missed. */
		d->forbidden += errno == EACCES || errno == EPERM;
		return 0;
	}
	err = descriptors_look(d, pid, dir);
	closedir(dir);
	return err;
}

static int descriptors_walk(struct descriptors *d)
{
	DIR *dir = opendir(descriptors_ops.proc);
	struct dirent *entry;
	int err = 0, pid;

	if (!dir) {
		err = -errno;
		complain("cannot look for open files of " BTI_DEVICE " in %s: %s",
			 descriptors_ops.proc, strerror(errno));
		return err;
	}
	while (!err && (entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid > 0 && (!d->filter->pid || d->filter->pid == pid))
			err = descriptors_look_into(d, pid);
	}
	closedir(dir);
	free(d->seen);
	if (err)
		complain("no memory");
	return err;
}

/* Says once what may be missing, although a program may list again and again. */
static void descriptors_explain(const struct descriptors *d)
{
	static bool explained;

	if (!d->forbidden || explained)
		return;
	explained = true;
	complain("%u processes may not be looked into by this user; if they have sessions, those are not shown. Root sees them: sudo bricktrace ...",
		 d->forbidden);
}

/* Returns 0 and the list, or an error after freeing what there is of the list. */
static int descriptors_list(struct descriptors *d, size_t *n)
{
	int err = descriptors_walk(d);

	descriptors_explain(d);
	*n = err ? 0 : d->n;
	if (!err)
		return 0;
	free(d->sessions);
	free(d->bricks);
	d->sessions = NULL;
	d->bricks = NULL;
	return err;
}

int descriptors_list_sessions(const struct host_filter *filter,
			      struct host_session **list, size_t *n)
{
	struct descriptors d = { .filter = filter };
	int err = descriptors_list(&d, n);

	*list = d.sessions;
	return err;
}

int descriptors_list_bricks(const struct host_filter *filter, struct host_brick **list,
			    size_t *n)
{
	struct descriptors d = { .filter = filter, .want_bricks = true };
	int err = descriptors_list(&d, n);

	*list = d.bricks;
	return err;
}
