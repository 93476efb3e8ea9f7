// SPDX-License-Identifier: MIT
/* The option --otlp of run and attach. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "export.h"

/* The largest size of a pipe that any user may ask for. */
#define OTLP_PIPE (1 << 20)
/* A receiver may be away so long at the end. Then OTEL_BSP_EXPORT_TIMEOUT is the limit. */
#define OTLP_END_MS 5000

static void otlp_child(const struct job *job, int in)
{
	char *argv[] = { NULL,
			 (char *)"--quiet",
			 (char *)"--from",
			 (char *)"-",
			 (char *)(*job->options->otlp ? "--endpoint" : NULL),
			 (char *)job->options->otlp,
			 NULL };
	sigset_t none;

	/* A ^C ends what is traced. What has been traced until then is exported nevertheless. */
	setpgid(0, 0);
	/* A receiver that is away is not waited for longer than somebody waits for its spans. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Systemd must not take what it says for a state of the service that is traced. */
	unsetenv("NOTIFY_SOCKET");
	if (dup2(in, STDIN_FILENO) < 0)
		complain("cannot pass runs to " EXPORT_PROGRAM ": %s", strerror(errno));
	else
		export_execute(argv);
	_exit(EXIT_OWN);
}

/* Starts bricktrace-export, which reads from a pipe. Returns 0, or -1 with errno. */
static int otlp_start(struct job *job)
{
	struct otlp *o = &job->otlp;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	fflush(NULL);
	o->pid = fork();
	if (!o->pid)
		otlp_child(job, ends[0]);
	close(ends[0]);
	o->pipe = ends[1];
	fcntl(o->pipe, F_SETPIPE_SZ, OTLP_PIPE);
	if (o->pid > 0)
		return 0;
	o->pid = 0;
	close(o->pipe);
	return -1;
}

int otlp_open(struct job *job)
{
	struct otlp *o = &job->otlp;

	if (!job->options->otlp || !bt_tracer_instrumented(job->tracer))
		return 0;
	if (bt_stream_open(job->tracer, BT_STREAM_TRACER,
			   BT_STREAM_MEASURE | BT_STREAM_TRACE | BT_STREAM_NONBLOCK, 0,
			   &o->stream)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	bt_tracer_ids(job->tracer, true);
	if (otlp_start(job)) {
		complain("cannot start " EXPORT_PROGRAM ": %s", strerror(errno));
		bt_stream_close(o->stream);
		o->stream = NULL;
		return EXIT_OWN;
	}
	return 0;
}

/* Nothing more is written to bricktrace-export, which ends when it has sent what it has. */
static void otlp_end(struct otlp *o)
{
	if (!o->stream)
		return;
	bt_stream_close(o->stream);
	o->stream = NULL;
	bt_recording_free(o->recording);
	close(o->pipe);
}

static int otlp_write(struct otlp *o, const struct bt_record *record)
{
	int err = o->recording ? 0 : bt_recording_create(o->pipe, &o->recording);

	return err ?: bt_recording_write(o->recording, record);
}

/*
 * Whether the largest record, 64 KiB, can be written without waiting for bricktrace-export. While a
 * receiver is away for long, that reads no more, and runs wait in the kernel's ring.
 */
static bool otlp_has_room(const struct otlp *o)
{
	int waiting;

	return !ioctl(o->pipe, FIONREAD, &waiting) && waiting <= OTLP_PIPE / 2;
}

void otlp_pass(struct job *job)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct otlp *o = &job->otlp;
	struct bt_record *record;
	struct sigaction old;
	int err = 0;

	if (!o->stream)
		return;
	/* What is traced has inherited the action for this signal, which is changed only here. */
	sigaction(SIGPIPE, &ignore, &old);
	while (!err && otlp_has_room(o) && !(err = bt_stream_read(o->stream, &record))) {
		err = o->skip ? 0 : otlp_write(o, record);
		bt_record_free(record);
	}
	sigaction(SIGPIPE, &old, NULL);
	if (!err || err == -EAGAIN)
		return;
	/* If bricktrace-export has ended, it has said why. */
	if (err != -EPIPE)
		complain("cannot export runs: %s", bt_error_text());
	otlp_end(o);
}

void otlp_reaped(struct job *job, pid_t pid)
{
	if (pid == job->otlp.pid)
		job->otlp.pid = 0;
}

static void otlp_tell_losses(const struct otlp *o)
{
	struct bt_counts counts;

	if (o->stream && !bt_stream_counts(o->stream, &counts) &&
	    counts.waiting + counts.lost)
		complain("%" PRIu64
			 " runs are not exported, because the receiver was away for too long",
			 counts.waiting + counts.lost);
}

/* Waits for the end of bricktrace-export, and makes it give up if that takes long. */
static void otlp_wait(const struct otlp *o)
{
	struct pollfd fd = { .fd = syscall(SYS_pidfd_open, o->pid, 0), .events = POLLIN };

	if (!poll(&fd, 1, OTLP_END_MS))
		kill(o->pid, SIGTERM);
	close(fd.fd);
}

void otlp_close(struct job *job)
{
	struct otlp *o = &job->otlp;
	sigset_t none;

	otlp_pass(job);
	otlp_tell_losses(o);
	otlp_end(o);
	if (!o->pid)
		return;
	/* Everything is reported, so a signal may end bricktrace, and then its child gives up. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	otlp_wait(o);
	while (waitpid(o->pid, NULL, 0) < 0 && errno == EINTR)
		;
	o->pid = 0;
}
