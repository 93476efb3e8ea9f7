// SPDX-License-Identifier: MIT
/*
 * storm KIND: a program that does what is hard to follow, until it is killed or, in the
 * case of threads, done; or the program that follows it.
 *	mix	threads that compute, call, sleep, create threads and processes
 *	forks	processes that create processes, 200 at most at a time
 *	threads	10,000 threads that live for a call or two
 *	follow PID	follow PID and all that it creates, with a traced run open
 */
#include "test.h"

static void *short_lived(void *arg)
{
	getppid_raw();
	return arg;
}

static void *do_kind(void *arg)
{
	long kind = (long)arg;
	pthread_t thread;
	pid_t pid;

	for (u64 i = 0;; i++) {
		switch (kind) {
		case 0:
			getppid_raw();
			break;
		case 1:
			sleep_ns(MS / 2);
			break;
		case 2:
			if (!pthread_create(&thread, NULL, short_lived, NULL))
				pthread_join(thread, NULL);
			break;
		case 3:
			pid = fork();
			if (!pid) {
				getppid_raw();
				_exit(0);
			}
			if (pid > 0)
				waitpid(pid, NULL, 0);
			break;
		case 4:
			pause();
			break;
		default:
			break;
		}
	}
	return NULL;
}

static void mix_threads(void)
{
	pthread_t thread;

	for (long i = 0; i < 6; i++)
		pthread_create(&thread, NULL, do_kind, (void *)i);
	do_kind((void *)1);
}

/* A tree of processes: each creates two and waits for them, down to @depth. */
static void tree(int depth)
{
	pid_t pid[2];

	for (int i = 0; i < 2 && depth; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			getppid_raw();
			tree(depth - 1);
			_exit(0);
		}
	}
	for (int i = 0; i < 2 && depth; i++)
		if (pid[i] > 0)
			waitpid(pid[i], NULL, 0);
}

static void forks(void)
{
	for (;;)
		tree(6);
}

static void threads(void)
{
	pthread_t thread[16];

	for (int i = 0; i < 10000 / 16; i++) {
		for (int j = 0; j < 16; j++)
			if (pthread_create(&thread[j], NULL, short_lived, NULL))
				bail("pthread_create");
		for (int j = 0; j < 16; j++)
			pthread_join(thread[j], NULL);
	}
}

/* Prints "ready" and, at the end of standard input, what the run has. */
static void follow(pid_t pid)
{
	struct run *run = run_new();
	u64 number;
	char c;

	begin("storm");
	register_tid(pid, BRICKTRACE_THREAD_WHOLE_PROCESS |
				  BRICKTRACE_THREAD_INHERIT_THREADS |
				  BRICKTRACE_THREAD_INHERIT_CHILDREN);
	number = run_open(fd, brick, TRACE_SESSION);
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	for (int i = 0; session(fd).threads && i < 1000; i++)
		sleep_ns(5 * MS);
	run_close(fd, number, run);
	printf("threads=%u left=%u lost=%llu provenance=%u getppid=%llu consistent=%d\n",
	       run->r.threads, session(fd).threads,
	       (unsigned long long)session(fd).threads_lost, run->r.provenance,
	       (unsigned long long)count_of(run, SYS_getppid),
	       run->r.provenance != BRICKTRACE_MEASURED || consistent(run));
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	char c;

	if (!strcmp(kind, "follow")) {
		follow(atoi(argv[2]));
		return 0;
	}
	/* A group of its own, to be killed as one. A byte of input lets it begin. */
	setpgid(0, 0);
	if (read(0, &c, 1) != 1)
		return 1;
	if (!strcmp(kind, "mix"))
		mix_threads();
	else if (!strcmp(kind, "forks"))
		forks();
	else if (!strcmp(kind, "threads"))
		threads();
	return 0;
}
