// SPDX-License-Identifier: MIT
/* bricktrace run: a program as one brick. */
#include <errno.h>
#include <getopt.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

/* A program that outlives ^C by this is reported on while it still runs. */
#define INTERRUPT_GRACE_MS 200
#define POLL_MIN_MS	   10
#define POLL_MAX_MS	   100

struct options {
	uint64_t budget_ns;
	const char *name;
	const char *output;
	enum sort_key sort;
	bool follow;
	bool json;
	char **command;
};

/*
 * What the child tells its parent. Memory, since a write() to a pipe would be
 * a system call of the run.
 */
struct shared {
	uint64_t run; /* 0 until it is open */
	int exec_error;
	char error[256]; /* why tracing could not begin */
};

struct job {
	const struct options *options;
	struct bt_tracer *tracer;
	struct bt_brick *brick;
	struct bt_run *run;
	struct shared *shared;
	FILE *out;
	char *path;
	char **sh_argv;
	pid_t pid;
	int status;
	sigset_t signals;
	sigset_t old_mask;
	struct sigaction old_chld;
};

static void help(void)
{
	puts("Usage: bricktrace run [OPTIONS] [--] COMMAND [ARGUMENTS]\n\n"
	     "Runs COMMAND as one brick over all its threads and shows where their time\n"
	     "went: in which system calls, and computing.\n\n"
	     "  -b, --budget TIME  how long it may take: 250, 250us, 1.5ms, 2s (a plain\n"
	     "                     number is microseconds)\n"
	     "  -f, --follow       include the processes that it creates, and wait for them\n"
	     "  -j, --json         print one JSON object\n"
	     "  -n, --name NAME    name of the brick (default: the command's)\n"
	     "  -o, --output FILE  print to FILE, not to standard error\n"
	     "  -S, --sort KEY     order of system calls: time, avg-time, max-time, calls,\n"
	     "                     errors, name, nothing (default: time)\n"
	     "  -h, --help         print this\n\n"
	     "Exits with COMMAND's status, 128 + N if signal N ended it, 127 if there is no\n"
	     "such command, 126 if it cannot be executed, 125 if bricktrace itself fails.");
}

/* Returns -1, or the status to exit with. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = { { "budget", required_argument, NULL, 'b' },
					       { "follow", no_argument, NULL, 'f' },
					       { "help", no_argument, NULL, 'h' },
					       { "json", no_argument, NULL, 'j' },
					       { "name", required_argument, NULL, 'n' },
					       { "output", required_argument, NULL, 'o' },
					       { "sort", required_argument, NULL, 'S' },
					       { 0 } };
	const char *wrong;
	int c;

	argv[0] = (char *)"bricktrace run";
	while ((c = getopt_long(argc, argv, "+b:fhjn:o:S:", longs, NULL)) != -1) {
		switch (c) {
		case 'b':
			wrong = parse_budget(optarg, &o->budget_ns);
			if (wrong) {
				complain("bad budget '%s': %s", optarg, wrong);
				return EXIT_OWN;
			}
			break;
		case 'f':
			o->follow = true;
			break;
		case 'h':
			help();
			return 0;
		case 'j':
			o->json = true;
			break;
		case 'n':
			o->name = optarg;
			break;
		case 'o':
			o->output = optarg;
			break;
		case 'S':
			o->sort = parse_sort_key(optarg);
			if (o->sort == SORT_INVALID) {
				complain("no sort key '%s'; use time, avg-time, max-time, calls, errors, name or nothing",
					 optarg);
				return EXIT_OWN;
			}
			break;
		default:
			return EXIT_OWN;
		}
	}
	o->command = argv + optind;
	if (!*o->command) {
		complain("no command to run; see bricktrace run --help");
		return EXIT_OWN;
	}
	return -1;
}

static int define_brick(struct job *job)
{
	const char *name = job->options->name;
	char base[BT_NAME_LEN];
	char *c;

	if (!name) {
		/* The user did not choose it, so it is made to fit. */
		snprintf(base, sizeof(base), "%s", basename(job->path));
		for (c = base; *c; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				*c = '?';
		name = base;
	}
	return bt_brick_define(job->tracer, name, job->options->budget_ns, &job->brick);
}

static void child(struct job *job)
{
	unsigned int inherit =
		BT_INHERIT_THREADS | (job->options->follow ? BT_INHERIT_CHILDREN : 0);
	struct shared *shared = job->shared;
	struct bt_run *run;

	sigaction(SIGCHLD, &job->old_chld, NULL);
	sigprocmask(SIG_SETMASK, &job->old_mask, NULL);
	if (bt_tracer_instrumented(job->tracer)) {
		if (bt_thread_register(job->tracer, inherit) ||
		    bt_run_open(job->tracer, job->brick, BT_TRACE, BT_SCOPE_TRACER, &run)) {
			snprintf(shared->error, sizeof(shared->error), "%s",
				 bt_error_text());
			_exit(EXIT_OWN);
		}
		/* From here on every system call is one of the result. */
		shared->run = bt_run_number(run);
	}
	execve(job->path, job->options->command, environ);
	/* As execvp() does with a script that has no first line for it. */
	if (errno == ENOEXEC)
		execve(_PATH_BSHELL, job->sh_argv, environ);
	shared->exec_error = errno;
	_exit(126);
}

static int start(struct job *job)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	char **argv = job->options->command;
	size_t n = 0;

	while (argv[n])
		n++;
	job->sh_argv = calloc(n + 2, sizeof(*job->sh_argv));
	if (!job->sh_argv) {
		complain("no memory");
		return EXIT_OWN;
	}
	job->sh_argv[0] = (char *)"sh";
	job->sh_argv[1] = job->path;
	memcpy(job->sh_argv + 2, argv + 1, n * sizeof(*argv) - sizeof(*argv));

	job->shared = mmap(NULL, sizeof(*job->shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->shared == MAP_FAILED) {
		complain("no memory: %s", strerror(errno));
		return EXIT_OWN;
	}

	/* Signals are taken by sigtimedwait(), and never end us before COMMAND. */
	sigemptyset(&job->signals);
	sigaddset(&job->signals, SIGCHLD);
	sigaddset(&job->signals, SIGINT);
	sigaddset(&job->signals, SIGQUIT);
	sigaddset(&job->signals, SIGTERM);
	sigaddset(&job->signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &job->signals, &job->old_mask);
	/* Ignored by our parent, it would leave us no child to wait for. */
	sigaction(SIGCHLD, &dfl, &job->old_chld);

	/* Without the module the clock runs here, else in the child. */
	if (!bt_tracer_instrumented(job->tracer) &&
	    bt_run_open(job->tracer, job->brick, BT_MEASURE, BT_SCOPE_TRACER, &job->run)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	fflush(NULL);
	job->pid = fork();
	if (job->pid < 0) {
		complain("cannot create a process: %s", strerror(errno));
		return EXIT_OWN;
	}
	if (!job->pid)
		child(job);
	return 0;
}

/* Close the run and print it, once. */
static int report(struct job *job)
{
	struct bt_result *result;
	json_t *json;
	int err = 0;

	if (!job->run && job->shared->run &&
	    bt_run_adopt(job->tracer, job->brick, job->shared->run, &job->run)) {
		complain("%s", bt_error_text());
		return -1;
	}
	if (!job->run)
		return 0;
	if (bt_run_close(job->run, &result)) {
		complain("%s", bt_error_text());
		err = -1;
	} else if (job->options->json) {
		json = result_json(result, job->options->sort);
		if (json_dumpf(json, job->out, JSON_COMPACT | JSON_REAL_PRECISION(9)) < 0)
			err = -1;
		fputc('\n', job->out);
		json_decref(json);
	} else {
		print_table(job->out, result, job->options->sort,
			    bt_tracer_reason_text(job->tracer));
	}
	bt_result_free(result);
	job->run = NULL;
	job->shared->run = 0;
	fflush(job->out);
	return err;
}

static int wait_for_end(struct job *job)
{
	struct timespec grace = { .tv_nsec = INTERRUPT_GRACE_MS * 1000000L };
	bool ended = false, interrupted = false, quit = false;
	int err = 0, poll_ms = POLL_MIN_MS;

	while (!ended ||
	       (job->options->follow && !quit && bt_tracer_threads(job->tracer) > 0)) {
		struct timespec poll = { .tv_nsec = poll_ms * 1000000L };
		int sig;

		sig = sigtimedwait(&job->signals, NULL,
				   ended       ? &poll :
				   interrupted ? &grace :
						 NULL);
		switch (sig) {
		case SIGINT:
		case SIGQUIT:
			/* The terminal has sent it to COMMAND too. */
			interrupted = true;
			quit = true;
			break;
		case SIGTERM:
		case SIGHUP:
			if (!ended)
				kill(job->pid, sig);
			quit = true;
			break;
		case -1:
			if (errno != EAGAIN)
				break;
			if (!ended && interrupted) {
				interrupted = false;
				err |= report(job);
			}
			poll_ms = poll_ms * 2 < POLL_MAX_MS ? poll_ms * 2 : POLL_MAX_MS;
			break;
		}
		if (!ended && waitpid(job->pid, &job->status, WNOHANG) == job->pid)
			ended = true;
	}
	return err;
}

static int finish(struct job *job)
{
	int err = wait_for_end(job);
	int status = WIFEXITED(job->status) ? WEXITSTATUS(job->status) :
					      128 + WTERMSIG(job->status);

	if (*job->shared->error) {
		complain("%s", job->shared->error);
		return EXIT_OWN;
	}
	if (job->shared->exec_error) {
		complain("%s: %s", job->path, strerror(job->shared->exec_error));
		return 126;
	}
	err |= report(job);
	if (ferror(job->out) || (job->out != stderr && fclose(job->out))) {
		complain("cannot write to '%s': %s", job->options->output ?: "stderr",
			 strerror(errno));
		err = -1;
	}
	/* COMMAND's failure says more than ours. */
	return err && !status ? EXIT_OWN : status;
}

static int prepare(struct job *job)
{
	const struct options *o = job->options;
	const char *advice;
	int err;

	err = find_program(o->command[0], &job->path);
	if (err) {
		complain("%s: %s", o->command[0],
			 err == ENOENT ? "command not found" : strerror(err));
		return err == ENOENT || err == ENOTDIR ? 127 : 126;
	}
	job->out = stderr;
	if (bt_tracer_new(&job->tracer)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	if (define_brick(job)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	if (o->output) {
		job->out = fopen(o->output, "we");
		if (!job->out) {
			complain("cannot write to '%s': %s", o->output, strerror(errno));
			return EXIT_OWN;
		}
	}
	if (!bt_tracer_instrumented(job->tracer)) {
		complain("%s", bt_tracer_reason_text(job->tracer));
		if (bt_tracer_reason(job->tracer) == BT_REASON_NO_MODULE) {
			advice = module_advice("");
			if (advice)
				complain("%s", advice);
		}
		complain("running %s with its wall time only", o->command[0]);
	} else if (bt_tracer_calibrate(job->tracer)) {
		/* Here, so that the child does not do it inside its run. */
		complain("%s", bt_error_text());
	}
	return 0;
}

int cmd_run(int argc, char **argv)
{
	struct options options = { .budget_ns = BT_NONE, .sort = SORT_TIME };
	struct job job = { .options = &options };
	int status = parse(argc, argv, &options);

	if (status >= 0)
		return status;
	status = prepare(&job);
	if (!status)
		status = start(&job);
	if (!status)
		status = finish(&job);
	bt_tracer_free(job.tracer);
	free(job.sh_argv);
	free(job.path);
	return status;
}
