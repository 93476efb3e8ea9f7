// SPDX-License-Identifier: MIT
/* bricktrace attach, which follows running threads as one brick for a while. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/utf8.h"
#include "cgroup.h"
#include "cli.h"

/* The exit status when a target cannot be followed. */
#define EXIT_TARGET 1
/* How often the number of followed threads is read, as no descriptor reports their end. */
#define POLL_NS UINT64_C(100000000)
/* How often the processes of a cgroup are read while it has some. */
#define CGROUP_NS UINT64_C(1000000000)

enum { OPTION_CGROUP = OPTION_SLOW + 1 };

struct attachment {
	struct job job;
	struct options options;
	struct ids processes;
	struct ids threads;
	struct cgroup cgroup; /* its @path is NULL without --cgroup */
	uint64_t read_ns;     /* when the cgroup is to be read next */
	uint64_t duration_ns;
	struct pollfd *fds; /* [0]: the signalfd; [1 + i]: a pidfd of processes.id[i] */
};

static void attach_help(void)
{
	print_help(
		"Usage: bricktrace attach -p PID[,PID...] | -t TID[,TID...] [OPTIONS]\n"
		"       bricktrace attach --cgroup PATH [OPTIONS]\n\n"
		"Follows running processes or threads as one brick until ^C, the end of the\n"
		"duration or their own end, and shows where their time went. The processes do not\n"
		"notice: they are not stopped or signaled.\n\n"
		"  -p, --pid LIST     all threads of these processes\n"
		"  -t, --tid LIST     these threads\n"
		"                     Threads that the targets create are followed too.\n"
		"      --cgroup PATH  all processes of this cgroup and of those below it, now and\n"
		"                     later, with the children of them all, until it is removed:\n"
		"                     /system.slice/x.service, or a directory\n"
		"  -d, --duration TIME\n"
		"                     stop after this time: 10, 10s, 250ms (a plain number is\n"
		"                     seconds)\n"
		"  -b, --budget TIME  the brick's budget: 250, 250us, 1.5ms, 2s (a plain number\n"
		"                     is microseconds)\n"
		"  -f, --follow       follow child processes too, until they have ended\n"
		"  -n, --name NAME    the brick's name (default: the first target's)\n",
		"Exits with 0, 1 if a target cannot be followed, 125 if bricktrace itself fails.\n"
		"Of a cgroup, processes that cannot be followed are counted, and it exits with 1 if\n"
		"none was.");
}

static int attach_parse_list(const char *what, struct ids *ids)
{
	const char *wrong = parse_ids(optarg, ids);

	if (!wrong)
		return -1;
	complain("bad list of %s '%s': %s", what, optarg, wrong);
	return EXIT_OWN;
}

static int attach_parse_option(int c, struct attachment *a)
{
	const char *wrong;

	switch (c) {
	case OPTION_CGROUP:
		cgroup_close(&a->cgroup);
		a->cgroup = (struct cgroup){ 0 };
		return cgroup_open(&a->cgroup, "", optarg) ? EXIT_OWN : -1;
	case 'd':
		wrong = parse_duration(optarg, &a->duration_ns);
		if (!wrong)
			return -1;
		complain("bad duration '%s': %s", optarg, wrong);
		return EXIT_OWN;
	case 'h':
		attach_help();
		return 0;
	case 'p':
		return attach_parse_list("processes", &a->processes);
	case 't':
		return attach_parse_list("threads", &a->threads);
	default:
		return parse_option(c, &a->options);
	}
}

/* Returns -1 to go on, or the status to exit with. */
static int attach_parse(int argc, char **argv, struct attachment *a)
{
	static const struct option words[] = {
		OPTION_WORDS,
		OPTION("cgroup", required_argument, OPTION_CGROUP),
		OPTION("duration", required_argument, 'd'),
		OPTION("pid", required_argument, 'p'),
		OPTION("tid", required_argument, 't'),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 &&
	       (c = next_option(argc, argv, OPTION_LETTERS "d:p:t:", words)) != -1)
		status = attach_parse_option(c, a);
	if (status >= 0)
		return status;
	if (argv[optind]) {
		complain("unexpected argument '%s': use -p PID, -t TID or --cgroup PATH",
			 argv[optind]);
		return EXIT_OWN;
	}
	if (!a->processes.n && !a->threads.n && !a->cgroup.path) {
		complain("no process (-p), thread (-t) or cgroup (--cgroup) to attach to; see bricktrace attach --help");
		return EXIT_OWN;
	}
	if ((a->processes.n || a->threads.n) && a->cgroup.path) {
		complain("--cgroup cannot be combined with -p or -t: attach to either of them");
		return EXIT_OWN;
	}
	return -1;
}

/* The length of a thread's name in the kernel, without the NUL. */
#define COMM_BYTES 15

static void attach_default_name(const struct attachment *a, char *name, size_t size)
{
	char path[64];
	size_t n = 0;
	FILE *file;
	pid_t id;

	if (a->cgroup.path) {
		bti_utf8_copy(name, size, strrchr(a->cgroup.path, '/') + 1,
			      BTI_UTF8_REPLACE_CONTROLS);
		return;
	}
	id = a->processes.n ? a->processes.id[0] : a->threads.id[0];
	snprintf(path, sizeof(path), "/proc/%d/comm", id);
	file = fopen(path, "re");
	if (file) {
		n = fread(name, 1, size - 1, file);
		fclose(file);
	}
	/* The kernel appends one newline; any other is part of the name. */
	if (n)
		n--;
	name[n] = 0;
	if (n == COMM_BYTES)
		bti_utf8_drop_cut(name);
	/* A thread may have an empty name. */
	if (!*name)
		snprintf(name, size, "%d", id);
}

/*
 * The service is that of the targets, and not bricktrace, unless the environment has named it.
 * A label that does not fit is cut off.
 */
static int attach_name_service(const struct attachment *a, const char *target)
{
	char text[sizeof("unknown_service:") + BT_NAME_LEN], label[BT_LABEL_LEN];
	const char *name = secure_getenv("OTEL_SERVICE_NAME");

	if (!a->options.otlp || (name && *name))
		return 0;
	snprintf(text, sizeof(text), "unknown_service:%s", target);
	bti_utf8_copy(label, sizeof(label), text, BTI_UTF8_REPLACE_CONTROLS);
	if (!bt_tracer_label(a->job.tracer, label))
		return 0;
	complain("%s", bt_error_text());
	return EXIT_OWN;
}

/* -EEXIST is fine, since two targets may name the same thread. */
static bool attach_is_followed(int err)
{
	return !err || err == -EEXIST;
}

static int attach_follow(struct attachment *a)
{
	unsigned int inherit =
		BT_INHERIT_THREADS | (a->options.follow ? BT_INHERIT_CHILDREN : 0);
	bool good = true;
	size_t i;

	for (i = 0; i < a->processes.n && good; i++)
		good = attach_is_followed(bt_process_follow(
			a->job.tracer, a->processes.id[i], inherit, NULL));
	for (i = 0; i < a->threads.n && good; i++)
		good = attach_is_followed(
			bt_thread_follow(a->job.tracer, a->threads.id[i], inherit));
	if (!good) {
		complain("%s", bt_error_text());
		return EXIT_TARGET;
	}
	return 0;
}

static int attach_watch(struct attachment *a)
{
	size_t i;

	a->fds = calloc(1 + a->processes.n, sizeof(*a->fds));
	if (!a->fds) {
		complain("no memory");
		return EXIT_OWN;
	}
	a->fds[0].fd = watch_signals();
	if (a->fds[0].fd < 0) {
		complain("cannot wait for signals: %s", strerror(errno));
		return EXIT_OWN;
	}
	/* If there is no pidfd, attach_wait() notices the process's end by polling. */
	for (i = 0; i < a->processes.n; i++)
		a->fds[1 + i].fd = syscall(SYS_pidfd_open, a->processes.id[i], 0);
	for (i = 0; i < 1 + a->processes.n; i++)
		a->fds[i].events = POLLIN;
	return 0;
}

static int attach_open_run(struct attachment *a)
{
	struct job *job = &a->job;
	int err =
		bt_run_open(job->tracer, job->brick, BT_TRACE, BT_SCOPE_TRACER, &job->run);

	if (!err) {
		interval_start(job);
		return interval_open(job) ? EXIT_OWN : 0;
	}
	/* Of a cgroup, another process may come. */
	if (err == -ESRCH && a->cgroup.path)
		return 0;
	if (err == -ESRCH) {
		complain("no thread is left to attach to: each target has ended");
		return EXIT_TARGET;
	}
	complain("%s", bt_error_text());
	return EXIT_OWN;
}

/*
 * Follows the processes that have come to the cgroup, and opens the run as soon as one is
 * followed, since a run about the session's threads needs one. Returns 0; -ENOENT if the
 * cgroup has been removed; or another value after saying what failed.
 */
static int attach_read_cgroup(struct attachment *a)
{
	struct job *job = &a->job;
	uint64_t now = monotonic_ns();
	int err;

	if (!a->cgroup.path || now < a->read_ns)
		return 0;
	err = cgroup_follow(&a->cgroup, job->tracer);
	/* The first process of an empty cgroup shall not wait for a second. */
	if (a->cgroup.known.n)
		a->read_ns = now + CGROUP_NS;
	if (err || bt_tracer_threads(job->tracer) <= 0)
		return err;
	return job->run ? interval_resume(job) : attach_open_run(a);
}

static bool attach_goes_on(const struct attachment *a)
{
	return a->cgroup.path || bt_tracer_threads(a->job.tracer) > 0;
}

static int attach_wait(struct attachment *a)
{
	uint64_t begin = monotonic_ns(), passed;
	size_t i, n = 1 + a->processes.n;

	while (attach_goes_on(a) && (passed = monotonic_ns() - begin) < a->duration_ns) {
		uint64_t left = MIN(a->duration_ns - passed, interval_left_ns(&a->job));
		struct timespec ts = { .tv_nsec = (long)MIN(left, POLL_NS) };
		int err = attach_read_cgroup(a);

		if (err)
			return err == -ENOENT ? 0 : -1;
		if (ppoll(a->fds, n, &ts, NULL) < 0) {
			complain("cannot wait: %s", strerror(errno));
			return -1;
		}
		if (a->fds[0].revents)
			break;
		for (i = 1; i < n; i++)
			if (a->fds[i].revents) {
				close(a->fds[i].fd);
				a->fds[i].fd = -1;
			}
		if (interval_tick(&a->job))
			return -1;
	}
	return 0;
}

/* Reports after attach_wait() has returned @err. Returns the status to exit with. */
static int attach_end(struct attachment *a, int err)
{
	bool found = a->job.run;

	if (found) {
		err |= job_report(&a->job);
		err |= job_close_output(&a->job);
	} else if (!err) {
		complain("no process of the cgroup '%s' was followed", a->cgroup.path);
	}
	cgroup_summarize(&a->cgroup);
	if (err)
		return EXIT_OWN;
	return found ? 0 : EXIT_TARGET;
}

static int attach_run(struct attachment *a)
{
	char name[BT_NAME_LEN];
	int status;

	attach_default_name(a, name, sizeof(name));
	status = job_open(&a->job, name);
	if (status)
		return status;
	if (!bt_tracer_instrumented(a->job.tracer)) {
		complain("cannot attach without access to the module");
		return EXIT_TARGET;
	}
	status = attach_name_service(a, name);
	if (!status)
		status = attach_watch(a);
	if (!status)
		status = attach_follow(a);
	if (!status && !a->cgroup.path)
		status = attach_open_run(a);
	if (status)
		return status;
	return attach_end(a, attach_wait(a));
}

int cmd_attach(int argc, char **argv)
{
	struct attachment a = {
		.options = NO_OPTIONS,
		.duration_ns = UINT64_MAX,
	};
	int status;

	a.job.options = &a.options;
	status = attach_parse(argc, argv, &a);
	if (status < 0)
		status = attach_run(&a);
	otlp_close(&a.job);
	bt_tracer_free(a.job.tracer);
	free((char *)a.options.report.filter);
	free(a.fds);
	free(a.processes.id);
	free(a.threads.id);
	cgroup_close(&a.cgroup);
	return status;
}
