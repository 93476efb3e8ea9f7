// SPDX-License-Identifier: MIT
/* bricktrace run, which runs a program as one brick. */
#include <errno.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* The report is printed this long after ^C if the program has not ended by then. */
#define INTERRUPT_GRACE_NS UINT64_C(200000000)
#define POLL_MIN_NS	   UINT64_C(10000000)
#define POLL_MAX_NS	   UINT64_C(100000000)

/*
 * The child reports to its parent in this memory, because a write() to a pipe would
 * be a system call of the run.
 */
struct run_shared {
	uint64_t run; /* 0 until the run is open */
	uint64_t interval; /* 0 until its first interval is open, and again when that was adopted */
	int exec_error;
	char error[512]; /* why tracing could not begin */
};

static void run_help(void)
{
	print_help(
		"Usage: bricktrace run [OPTIONS] [--] COMMAND [ARGUMENTS]\n\n"
		"Runs COMMAND as one brick over all its threads and shows where their time\n"
		"went: to which system calls, and to computing.\n\n"
		"  -b, --budget TIME  the brick's budget: 250, 250us, 1.5ms, 2s (a plain number\n"
		"                     is microseconds)\n"
		"  -f, --follow       follow COMMAND's child processes too, and wait for them\n"
		"  -n, --name NAME    the brick's name (default: the command's)\n"
		"  -r, --repeat N     run COMMAND N times, and show the statistics of these runs\n"
		"  -w, --warm-up M    before that, run it M times that are in no statistics\n",
		"Exits with COMMAND's status, 128 + N if signal N ended it, 127 if there is no\n"
		"such command, 126 if it cannot be executed, 125 if bricktrace itself fails.\n"
		"With --repeat, COMMAND's status is the first one that is not 0.");
}

static int run_parse_option(int c, struct options *o, struct repetition *r)
{
	switch (c) {
	case 'h':
		run_help();
		return 0;
	case 'r':
		return repeat_parse("--repeat", 1, &r->planned);
	case 'w':
		return repeat_parse("--warm-up", 0, &r->warm_up);
	default:
		return parse_option(c, o);
	}
}

/* Returns -1 to go on, or the status to exit with. */
static int run_parse(int argc, char **argv, struct options *o, struct repetition *r)
{
	static const struct option words[] = {
		OPTION_WORDS,
		OPTION("repeat", required_argument, 'r'),
		OPTION("warm-up", required_argument, 'w'),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 &&
	       (c = next_option(argc, argv, "+" OPTION_LETTERS "r:w:", words)) != -1)
		status = run_parse_option(c, o, r);
	if (status >= 0)
		return status;
	if (!argv[optind]) {
		complain("no command to run; see bricktrace run --help");
		return EXIT_OWN;
	}
	if (r->warm_up && !r->planned) {
		complain("--warm-up needs --repeat");
		return EXIT_OWN;
	}
	if (o->interval_ns && r->planned) {
		complain("--interval divides one run, so it cannot be combined with --repeat");
		return EXIT_OWN;
	}
	return -1;
}

/*
 * COMMAND gets the context of its run, so that the spans of COMMAND become children of the
 * run's. The child, which knows the context, only writes into this text, since more would be
 * system calls of the run.
 */
static char run_traceparent[] =
	"TRACEPARENT=00-00000000000000000000000000000000-0000000000000000-00";

static void run_write_context(const struct bt_run *run)
{
	char *at = strchr(run_traceparent, '-') + 1;
	struct bt_context c;
	size_t i;

	if (bt_run_ids(run, &c))
		return;
	for (i = 0; i < sizeof(c.trace_id); i++)
		at += sprintf(at, "%02x", c.trace_id[i]);
	*at++ = '-';
	for (i = 0; i < sizeof(c.span_id); i++)
		at += sprintf(at, "%02x", c.span_id[i]);
	sprintf(at, "-%02x", c.flags);
}

static void run_child(struct run_command *c)
{
	unsigned int inherit =
		BT_INHERIT_THREADS | (c->job.options->follow ? BT_INHERIT_CHILDREN : 0);
	struct run_shared *shared = c->shared;
	struct bt_run *run, *interval = NULL;

	sigaction(SIGCHLD, &c->old_chld, NULL);
	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	if (bt_tracer_instrumented(c->job.tracer)) {
		if (bt_thread_register(c->job.tracer, inherit) ||
		    bt_run_open(c->job.tracer, c->job.brick, BT_TRACE, BT_SCOPE_TRACER,
				&run) ||
		    (c->job.interval.brick &&
		     bt_run_open(c->job.tracer, c->job.interval.brick, BT_TRACE,
				 BT_SCOPE_TRACER, &interval))) {
			snprintf(shared->error, sizeof(shared->error), "%s",
				 bt_error_text());
			_exit(EXIT_OWN);
		}
		/* Every system call from here on is in the result. */
		if (c->job.options->otlp)
			run_write_context(run);
		shared->run = bt_run_number(run);
		__atomic_store_n(&shared->interval, bt_run_number(interval),
				 __ATOMIC_RELEASE);
	}
	execve(c->path, c->argv, environ);
	/* Like execvp(), run a script without an interpreter line by the shell. */
	if (errno == ENOEXEC)
		execve(_PATH_BSHELL, c->sh_argv, environ);
	shared->exec_error = errno;
	_exit(126);
}

/* Prepares what all executions of COMMAND have in common. */
static int run_start(struct run_command *c)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	char **argv = c->argv;
	size_t n = 0;

	while (argv[n])
		n++;
	c->sh_argv = calloc(n + 2, sizeof(*c->sh_argv));
	if (!c->sh_argv) {
		complain("no memory");
		return EXIT_OWN;
	}
	c->sh_argv[0] = (char *)"sh";
	c->sh_argv[1] = c->path;
	memcpy(c->sh_argv + 2, argv + 1, n * sizeof(*argv) - sizeof(*argv));

	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED) {
		complain("no memory: %s", strerror(errno));
		return EXIT_OWN;
	}

	if (c->job.otlp.stream)
		putenv(run_traceparent);

	/* run_wait() takes these signals, so that none ends bricktrace before COMMAND. */
	sigemptyset(&c->signals);
	sigaddset(&c->signals, SIGCHLD);
	sigaddset(&c->signals, SIGINT);
	sigaddset(&c->signals, SIGQUIT);
	sigaddset(&c->signals, SIGTERM);
	sigaddset(&c->signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &c->signals, &c->old_mask);
	/* If SIGCHLD stayed ignored, the kernel would reap the children. */
	sigaction(SIGCHLD, &dfl, &c->old_chld);

	/* Without the module, only a subreaper can wait for processes that COMMAND leaves behind. */
	if (c->job.options->follow && !bt_tracer_instrumented(c->job.tracer))
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	return 0;
}

static int run_fork(struct run_command *c)
{
	/* Without the module the run is opened here; with it, the child opens the run. */
	if (!bt_tracer_instrumented(c->job.tracer) &&
	    bt_run_open(c->job.tracer, c->job.brick, BT_MEASURE, BT_SCOPE_TRACER,
			&c->job.run)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	fflush(NULL);
	interval_start(&c->job);
	c->pid = fork();
	if (c->pid < 0) {
		complain("cannot create a process: %s", strerror(errno));
		return EXIT_OWN;
	}
	if (!c->pid)
		run_child(c);
	return 0;
}

int run_adopt(struct run_command *c)
{
	struct job *job = &c->job;
	uint64_t number = c->shared->run;

	c->shared->run = 0;
	if (!number || !bt_run_adopt(job->tracer, job->brick, number, &job->run))
		return 0;
	complain("%s", bt_error_text());
	return -1;
}

static int run_adopt_interval(struct run_command *c)
{
	return interval_adopt(&c->job, __atomic_exchange_n(&c->shared->interval, 0,
							   __ATOMIC_ACQUIRE));
}

/* Prints the report; further calls do nothing. */
static void run_report(struct run_command *c)
{
	if (c->repetition.planned)
		c->failed |= repeat_report(c) < 0;
	else
		c->failed |= run_adopt_interval(c) || run_adopt(c) ||
			     (c->job.run && job_report(&c->job));
}

/* Returns whether processes that COMMAND created still run. */
static bool run_has_children(const struct run_command *c)
{
	return bt_tracer_instrumented(c->job.tracer) ?
		       bt_tracer_threads(c->job.tracer) > 0 :
		       c->children;
}

static bool run_reap(struct run_command *c)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == c->pid) {
			c->wait_status = status;
			ended = true;
		} else {
			otlp_reaped(&c->job, pid);
		}
	c->children = !pid;
	return ended;
}

bool run_is_stopped(struct run_command *c)
{
	static const struct timespec now;
	int sig;

	while ((sig = sigtimedwait(&c->signals, NULL, &now)) > 0)
		if (sig != SIGCHLD)
			c->signal = sig;
	return c->signal;
}

/* Like sigtimedwait(), for at most @ns. */
static int run_wait_signal(const struct run_command *c, uint64_t ns)
{
	struct timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	return sigtimedwait(&c->signals, NULL, ns < UINT64_MAX ? &ts : NULL);
}

static void run_wait(struct run_command *c)
{
	bool ended = false, interrupted = false;
	uint64_t poll_ns = POLL_MIN_NS;

	while (!ended || (c->job.options->follow && !c->signal && run_has_children(c))) {
		/* No interval delays the report that follows a ^C. */
		uint64_t ns = interrupted ? INTERRUPT_GRACE_NS : interval_left_ns(&c->job);
		int sig = run_wait_signal(c, ended ? MIN(ns, poll_ns) : ns);

		switch (sig) {
		case SIGINT:
		case SIGQUIT:
			/* The terminal sent the signal to COMMAND too. */
			interrupted = true;
			c->signal = sig;
			break;
		case SIGTERM:
		case SIGHUP:
			if (!ended)
				kill(c->pid, sig);
			c->signal = sig;
			break;
		case -1:
			if (errno != EAGAIN)
				break;
			if (!ended && interrupted) {
				interrupted = false;
				run_report(c);
			}
			c->failed |= run_adopt_interval(c) || interval_tick(&c->job);
			poll_ns = MIN(poll_ns * 2, POLL_MAX_NS);
			break;
		}
		ended |= run_reap(c);
	}
}

int run_execute(struct run_command *c, int *status)
{
	int err;

	*c->shared = (struct run_shared){ 0 };
	err = run_fork(c);
	if (err)
		return err;
	run_wait(c);
	*status = WIFEXITED(c->wait_status) ? WEXITSTATUS(c->wait_status) :
					      128 + WTERMSIG(c->wait_status);
	if (*c->shared->error) {
		complain("%s", c->shared->error);
		return EXIT_OWN;
	}
	if (c->shared->exec_error) {
		/* find_program() found the file, so another file is missing. */
		complain("%s: %s", c->path,
			 c->shared->exec_error == ENOENT ?
				 "cannot be executed: its interpreter does not exist" :
				 strerror(c->shared->exec_error));
		return 126;
	}
	return 0;
}

int run_finish(struct run_command *c, int status)
{
	run_report(c);
	c->failed |= job_close_output(&c->job) < 0;
	/* A failure of COMMAND matters more than a failure to report. */
	return c->failed && !status ? EXIT_OWN : status;
}

static int run_once(struct run_command *c)
{
	int status, err = run_execute(c, &status);

	return err ? err : run_finish(c, status);
}

static int run_prepare(struct run_command *c)
{
	int status, err = find_program(c->argv[0], &c->path);

	if (err) {
		complain("%s: %s", c->argv[0],
			 err == ENOENT ? "command not found" : strerror(err));
		return err == ENOENT || err == ENOTDIR ? 127 : 126;
	}
	status = job_open(&c->job, basename(c->path));
	if (!status && !bt_tracer_instrumented(c->job.tracer))
		complain("running %s with its wall time only", c->argv[0]);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct options options = NO_OPTIONS;
	struct run_command c = { .job.options = &options };
	int status = run_parse(argc, argv, &options, &c.repetition);

	if (status < 0) {
		c.argv = argv + optind;
		status = run_prepare(&c);
		if (!status)
			status = run_start(&c);
		if (!status)
			status = c.repetition.planned ? repeat(&c) : run_once(&c);
	}
	otlp_close(&c.job);
	bt_tracer_free(c.job.tracer);
	free((char *)options.report.filter);
	free(c.sh_argv);
	free(c.path);
	return status;
}
