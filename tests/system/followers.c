// SPDX-License-Identifier: MIT
/*
 * How many sessions may follow one thread, and what its children cost then.
 */
#include <sys/resource.h>
#include "test.h"

#define MOST 64
/* What would be found to be too many without a limit. */
#define TRIES 2000

static int fds[TRIES];

static void *newborn(void *arg)
{
	return arg;
}

/* The shortest of some: another program may take the CPU meanwhile. */
static u64 birth(void)
{
	u64 least = ~0ULL;

	for (int i = 0; i < 10; i++) {
		u64 t0 = now();
		pthread_t t;

		if (pthread_create(&t, NULL, newborn, NULL))
			bail("pthread_create");
		pthread_join(t, NULL);
		if (now() - t0 < least)
			least = now() - t0;
	}
	return least;
}

int main(void)
{
	struct rlimit files = { TRIES + 100, TRIES + 100 };
	u64 alone, followed;
	int n, err = 0, wrong = 0;

	if (setrlimit(RLIMIT_NOFILE, &files))
		bail("setrlimit");
	begin("followers");
	is(info(fd).max_followers, MOST, "INFO says how many sessions may follow a thread");
	alone = birth();
	for (n = 0; n < TRIES; n++) {
		fds[n] = device();
		err = try_register(fds[n], 0, BRICKTRACE_THREAD_INHERIT_THREADS);
		if (err)
			break;
	}
	is(n, MOST, "so many may");
	is(-err, EUSERS, "the next one is told so");
	followed = birth();
	printf("# a thread's life: %llu ns alone, %llu with %d followers\n", alone,
	       followed, n);
	between(followed, 0, alone + 20 * MS, "a thread is born soon all the same");
	if (n == TRIES)
		return done();
	wrong = session(fds[n]).threads;
	is(wrong, 0, "the session that may not has no thread");
	close(fds[0]);
	is(-try_register(fds[n], 0, 0), 0, "there is room when another has gone");
	for (int i = 1; i <= n; i++) {
		for (int j = 0; session(fds[i]).threads != 1 && j < 500; j++)
			sleep_ns(10 * MS);
		wrong += session(fds[i]).threads != 1;
		wrong += session(fds[i]).threads_lost != 0;
	}
	is(wrong, 0, "no session has lost a thread, or has one that is gone");
	is(-try_register(fd, 0, 0), EUSERS, "and the limit is as it was");
	return done();
}
