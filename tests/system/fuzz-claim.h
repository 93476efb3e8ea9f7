/* SPDX-License-Identifier: MIT */
/*
 * Claims about results, which hold whatever else the fuzzer does. Each claim has its own
 * processes and sessions, so it knows what happened in its run.
 */
#ifndef FUZZ_CLAIM_H
#define FUZZ_CLAIM_H

#include "fuzz-target.h"

enum { NOT_PRIVILEGED, ALL_NEW, CLAIMS };

static const char *const claims[] = {
	[NOT_PRIVILEGED] =
		"no result has the calls of a set-user-ID program, and the result is not \"measured\"",
	[ALL_NEW] = "closes that fail lose no thread, or the result is not \"measured\"",
};

/* The bytes of a step, which vary a claim. */
struct choice {
	uint8_t what, field, value, place;
};

static struct run *run_mapped(void)
{
	struct run *run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (run == MAP_FAILED)
		bail("mmap");
	return run;
}

/* Closes a run with an answer that cannot be written; 0 if that fails with EFAULT. */
static int close_without_answer(int session_fd, u64 number, struct run *run, bool result)
{
	struct bricktrace_run_close c = close_args(number, run);

	if (result)
		c.result.addr = 0x1000;
	else
		c.syscalls.addr = 0x1000;
	if (!ioctl(session_fd, BRICKTRACE_RUN_CLOSE, &c))
		return -EINVAL;
	return errno == EFAULT ? 0 : -errno;
}

/* Opens a traced run with a brick of its own; returns 0 if that fails. */
static u64 try_open(int session_fd, uint32_t scope)
{
	struct bricktrace_brick_define b = { .size = sizeof(b), .name = "claim" };
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .level = BRICKTRACE_LEVEL_TRACE,
					 .scope = scope };

	if (ioctl(session_fd, BRICKTRACE_BRICK_DEFINE, &b))
		return 0;
	o.brick = b.brick;
	return ioctl(session_fd, BRICKTRACE_RUN_OPEN, &o) ? 0 : o.run;
}

/* Waits until the word is no longer @value, for ten seconds at most. */
static bool changes(atomic_int *word, int value)
{
	for (int i = 0; atomic_load(word) == value && i < 20000; i++)
		sleep_ns(MS / 2);
	return atomic_load(word) != value;
}

/*
 * A user opens a run on a thread, which then executes a set-user-ID program; a second
 * process closes the run. The result may not have the program's calls, even if root
 * follows the thread as well.
 */
static void not_privileged(struct scene *sc, int n, const struct choice *c)
{
	struct run *run = run_mapped();
	u64 number, in_result;
	bool executed;
	int own, err;
	pid_t pid;

	become(USER);
	own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
	pid = process();
	if (!pid) {
		if (!try_register(own, 0, c->field % 4))
			atomic_store(&sc->run, try_open(own, c->what & 1));
		atomic_store(&sc->stage, 1);
		changes(&sc->stage, 1);
		execute_setuid(n, 20);
		_exit(1);
	}
	changes(&sc->stage, 0);
	number = atomic_load(&sc->run);
	if (c->what & 2)
		try_register(OPERATOR_FD, pid, c->field / 4 % 4);
	atomic_store(&sc->stage, 2);
	if (c->what & 4)
		sleep_ns(c->value * MS / 8);
	for (int i = 0; !(c->what & 4) && !atomic_load(&sc->calls) && i < 500; i++)
		if (c->what & 8)
			close_without_answer(own, try_open(own, c->what & 1), run, i & 1);
		else
			sleep_ns(MS);
	if (c->what & 16)
		sleep_ns(c->field * MS / 16);
	executed = atomic_load(&sc->calls);
	err = number ? try_close(own, number, run) : ESRCH;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (err)
		return;
	in_result = figures(run, PRIVILEGED_CALL).count +
		    figures(run, PRIVILEGED_CALL).in_flight;
	atomic_store(&sc->in_result, in_result);
	atomic_store(&sc->provenance, run->r.provenance);
	atomic_store(&sc->checked, executed);
	atomic_store(&sc->wrong,
		     in_result || (executed && run->r.provenance == BRICKTRACE_MEASURED));
}

static struct scene *new_scene;

static void *makes_calls(void *arg)
{
	for (int i = 0; i < 10; i++) {
		syscall(NEW_CALL, 0);
		atomic_fetch_add(&new_scene->calls, 1);
	}
	return arg;
}

/*
 * A process creates threads while this one opens and closes runs inside the run on that
 * process. The answers of these closes cannot be written.
 */
static void all_new(struct scene *sc, int n, const struct choice *c)
{
	struct run *run = run_mapped();
	int own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC), err;
	pthread_t t;
	pid_t pid;
	u64 number = 0;

	(void)n;
	if (c->what & 2)
		become(USER);
	pid = process();
	if (!pid) {
		become(USER);
		new_scene = sc;
		if (!changes(&sc->stage, 0))
			_exit(1);
		for (int i = 0; i < 20 + c->value % 64; i++)
			if (!pthread_create(&t, NULL, makes_calls, NULL))
				pthread_join(t, NULL);
		atomic_store(&sc->stage, 2);
		for (;;)
			pause();
	}
	sleep_ns(c->place % 4 * MS);
	if (!try_register(own, pid, c->field % 8 | BRICKTRACE_THREAD_INHERIT_THREADS))
		number = try_open(own, BRICKTRACE_SCOPE_SESSION);
	atomic_store(&sc->stage, 1);
	for (int i = 0; number && atomic_load(&sc->stage) == 1 && i < 20000; i++)
		if (close_without_answer(own, try_open(own, BRICKTRACE_SCOPE_SESSION),
					 run, c->what & 1))
			number = 0;
	err = number && atomic_load(&sc->stage) == 2 ? try_close(own, number, run) : ESRCH;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (err)
		return;
	atomic_store(&sc->in_result, count_of(run, NEW_CALL));
	atomic_store(&sc->provenance, run->r.provenance);
	atomic_store(&sc->checked, 1);
	atomic_store(&sc->wrong, count_of(run, NEW_CALL) > sc->calls ||
					 (run->r.provenance == BRICKTRACE_MEASURED &&
					  count_of(run, NEW_CALL) != sc->calls));
}

/* Returns whether the claim was tested; @wrong says that it did not hold. */
static bool check_claim(int claim, int n, const struct choice *c, bool *wrong)
{
	static void (*const body[])(struct scene *, int, const struct choice *) = {
		[NOT_PRIVILEGED] = not_privileged,
		[ALL_NEW] = all_new,
	};
	struct scene *sc = &shared->scene[n];
	pid_t pid;

	memset(sc, 0, sizeof(*sc));
	pid = process();
	if (!pid) {
		close_range(3, SHARED_FD - 1, 0);
		body[claim](sc, n, c);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	*wrong = atomic_load(&sc->wrong);
	return atomic_load(&sc->checked);
}

#endif /* FUZZ_CLAIM_H */
