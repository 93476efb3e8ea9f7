// SPDX-License-Identifier: MIT
/*
 * bench-stranger [-c] [-s SESSIONS]: prints lines "WHAT NUMBER", the nanoseconds that a
 * null call, a context switch, a fork, an exec, an exit and a thread take. Under -icount a
 * nanosecond is an instruction. Each number is the least of many repetitions, and each
 * repetition begins after a nap. With -s so many sessions follow this program and the
 * processes that it creates; with -c they trace it, and its children make more different
 * calls, ioctls and slow calls than an account has room for. The program must lie in a
 * tmpfs, so that an exec reads no disk.
 *	call	a null call
 *	pipe	a byte's round trip through two pipes: four calls and two switches
 *	fork	the parent's fork(), before the child has run
 *	exit	waiting for that child, which exits at once: its exit and two switches
 *	exec	from execve() to main() of this program
 *	thread	creating and joining a thread that exits at once, with two switches
 */
#include "test.h"

#define ROUNDS 100
#define CALLS  100
#define TRIPS  20

static bool many_calls;
static int file;

/* System calls of x86-64 that have no effect if each argument is -1. */
static const unsigned char numbers[] = {
	0,   1,	  3,   5,   8,	 16,  17,  18,	19,  20,  32,  33,  39,	 40,  42,  43,
	44,  45,  46,  47,  48,	 49,  50,  51,	52,  54,  55,  72,  73,	 74,  75,  77,
	78,  81,  91,  93,  102, 104, 107, 108, 110, 111, 121, 124, 138, 140, 145, 187,
	188, 189, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199, 217, 221,
};

/* Fills the account of the calling thread: calls, ioctl commands and slow calls. */
static void call_everything(void)
{
	static char data[32768];

	for (size_t i = 0; i < sizeof(numbers); i++)
		syscall(numbers[i], -1, -1, -1, -1, -1, -1);
	for (int i = 0; i < BRICKTRACE_THREAD_IOCTLS; i++)
		ioctl(-1, i);
	/* First the longest calls, then the latest. Each takes longer than BRICKTRACE_MIN_SLOW. */
	for (int i = 0; i < BRICKTRACE_RUN_SLOW; i++)
		if (pread(file, data, sizeof(data) >> (i >= 16), 0) < 0)
			bail("pread");
}

/* Lets pending work of the kernel run before a measurement. */
static void nap(void)
{
	sleep_ns(2 * MS);
}

static void take_least(u64 *least, u64 took)
{
	if (took < *least)
		*least = took;
}

static void call(void)
{
	u64 start, middle, end, full = ~0ULL, empty = ~0ULL;

	for (int r = 0; r < ROUNDS; r++) {
		nap();
		start = now();
		for (int i = 0; i < CALLS; i++)
			getppid_raw();
		middle = now();
		for (int i = 0; i < CALLS; i++)
			getppid_not();
		end = now();
		take_least(&full, middle - start);
		take_least(&empty, end - middle);
	}
	printf("call %.2f\n", (double)(full - empty) / CALLS);
}

static void through_pipes(void)
{
	u64 start, least = ~0ULL;
	int there[2], back[2];
	char c = 0;

	if (pipe(there) || pipe(back))
		bail("pipe");
	if (!fork()) {
		close(there[1]);
		while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
			;
		_exit(0);
	}
	for (int r = 0; r < ROUNDS; r++) {
		nap();
		start = now();
		for (int i = 0; i < TRIPS; i++)
			if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
				bail("pipe");
		take_least(&least, now() - start);
	}
	close(there[1]);
	wait(NULL);
	printf("pipe %.2f\n", (double)least / TRIPS);
}

static void fork_and_exit(void)
{
	u64 start, middle, forked = ~0ULL, ended = ~0ULL;
	pid_t child;

	for (int r = 0; r < ROUNDS; r++) {
		nap();
		start = now();
		child = fork();
		if (!child) {
			if (many_calls)
				call_everything();
			_exit(0);
		}
		middle = now();
		if (waitpid(child, NULL, 0) != child)
			bail("fork");
		take_least(&ended, now() - middle);
		take_least(&forked, middle - start);
	}
	printf("fork %llu\nexit %llu\n", forked, ended);
}

static void *nothing(void *arg)
{
	return arg;
}

static void create_and_join(void)
{
	static char stack[65536] __attribute__((aligned(4096)));
	u64 start, least = ~0ULL;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, sizeof(stack));
	for (int r = 0; r < ROUNDS; r++) {
		nap();
		start = now();
		if (pthread_create(&thread, &attr, nothing, NULL) ||
		    pthread_join(thread, NULL))
			bail("pthread_create");
		take_least(&least, now() - start);
	}
	printf("thread %llu\n", least);
}

/* Executes this program, which then calls executed(). Its arguments have constant length. */
static void __attribute__((noreturn)) execute(char *program, int round, u64 least)
{
	char r[16], l[32], start[32];
	char *argv[] = { program, r, l, start, NULL };

	sprintf(r, "%04d", round);
	sprintf(l, "%020llu", least);
	nap();
	sprintf(start, "%020llu", now());
	execv(program, argv);
	bail("%s", program);
}

static int executed(char **argv, u64 end)
{
	u64 least = strtoull(argv[2], NULL, 10);
	int round = atoi(argv[1]);

	/* Round 0 is not counted: its exec frees the memory of main(), which is larger. */
	if (round)
		take_least(&least, end - strtoull(argv[3], NULL, 10));
	if (round < ROUNDS)
		execute(argv[0], round + 1, least);
	printf("exec %llu\n", least);
	return 0;
}

int main(int argc, char **argv)
{
	struct sched_param param = { .sched_priority = 1 };
	u64 end = now();
	int sessions = 0, fd = -1, option;

	if (argc == 4 && argv[1][0] != '-')
		return executed(argv, end);
	while ((option = getopt(argc, argv, "cs:")) != -1) {
		many_calls |= option == 'c';
		if (option == 's')
			sessions = atoi(optarg);
	}
	/* dup() clears close-on-exec, so that the sessions survive an exec. */
	for (int i = 0; i < sessions; i++) {
		fd = dup(device());
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS |
					    BRICKTRACE_THREAD_INHERIT_CHILDREN);
		if (!many_calls)
			continue;
		SET(fd, SLOW, .slow_ns = BRICKTRACE_MIN_SLOW);
		run_open(fd, brick_define(fd, "stranger", 0), TRACE_THREAD);
	}
	file = memfd_create("bench", MFD_CLOEXEC);
	if (ftruncate(file, 32768))
		bail("memfd_create");
	/* Threads of one real-time priority do not preempt the thread that wakes them up. */
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		bail("sched_setscheduler");
	call();
	through_pipes();
	fork_and_exit();
	create_and_join();
	fflush(stdout);
	execute(argv[0], 0, ~0ULL);
}
