// SPDX-License-Identifier: MIT
/*
 * hold info: prints the answer of BRICKTRACE_INFO
 * hold WORD...: opens a session, prints "ready", waits for a line on standard input and
 * ends. The words say what it does before it is ready:
 *	register	register its thread
 *	measure, trace	open a run at that level
 *	nested		open nine runs inside that run
 *	threads		create fifty threads, which sleep, compute and make calls
 *	disband		close the session
 */
#include "test.h"

#define THREADS 50

static atomic_bool stop;
static atomic_int ended, begun;
static int fds[2];

static void *busy(void *arg)
{
	long n = (long)arg;
	char c;

	atomic_fetch_add(&begun, 1);
	if (n % 25 == 0) {
		while (!atomic_load(&stop))
			;
	} else if (n % 25 == 1) {
		while (!atomic_load(&stop))
			sched_yield();
	} else if (n % 25 < 10) {
		while (!atomic_load(&stop))
			sleep_ns(10 * MS);
	} else if (read(fds[0], &c, 1) != 0) {
		bail("read");
	}
	atomic_fetch_add(&ended, 1);
	return NULL;
}

int main(int argc, char **argv)
{
	bool trace = false, measure = false, nested = false, threads = false,
	     disband = false;
	bool registered = false;
	pthread_t t[THREADS];
	struct bricktrace_info i;
	int fd = device();
	uint32_t brick;

	if (argc == 2 && !strcmp(argv[1], "info")) {
		i = info(fd);
		printf("armed=%u arms=%llu linger_ms=%u lost=%llu\n", i.armed, i.arms,
		       i.linger_ms, i.threads_lost);
		return 0;
	}
	for (int a = 1; a < argc; a++) {
		registered |= !strcmp(argv[a], "register");
		measure |= !strcmp(argv[a], "measure");
		trace |= !strcmp(argv[a], "trace");
		nested |= !strcmp(argv[a], "nested");
		threads |= !strcmp(argv[a], "threads");
		disband |= !strcmp(argv[a], "disband");
	}
	brick = brick_define(fd, "hold", 0);
	if (registered || trace)
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	if (measure)
		run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	if (trace)
		run_open(fd, brick, TRACE_SESSION);
	for (int n = 0; nested && n < 9; n++)
		run_open(fd, brick, TRACE_THREAD);
	if (pipe(fds))
		bail("pipe");
	for (long n = 0; threads && n < THREADS; n++)
		pthread_create(&t[n], NULL, busy, (void *)n);
	while (threads && atomic_load(&begun) < THREADS)
		sleep_ns(10 * MS);
	if (trace && threads && session(fd).threads != THREADS + 1)
		bail("%u threads are registered", session(fd).threads);
	sleep_ns(100 * MS);
	if (disband)
		close(fd);
	puts("ready");
	fflush(stdout);
	while (getchar() != '\n' && !feof(stdin))
		;
	atomic_store(&stop, true);
	close(fds[1]);
	for (int n = 0; threads && n < THREADS; n++)
		pthread_join(t[n], NULL);
	if (threads)
		printf("%d threads\n", atomic_load(&ended));
	return 0;
}
