// SPDX-License-Identifier: MIT
/*
 * At most 64 sessions may follow one thread; then its new threads still start quickly.
 */
#include <sys/resource.h>
#include "test.h"

#define MOST 64
/* The test gives up after so many sessions if there is no limit. */
#define TRIES 2000

static int fds[TRIES];

static void *new_thread(void *arg)
{
	return arg;
}

/* The shortest of ten lives, since other programs may take the CPU. */
static u64 thread_life(void)
{
	u64 least = ~0ULL;

	for (int i = 0; i < 10; i++) {
		u64 t0 = now();
		pthread_t t;

		if (pthread_create(&t, NULL, new_thread, NULL))
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
	alone = thread_life();
	for (n = 0; n < TRIES; n++) {
		fds[n] = device();
		err = try_register(fds[n], 0, BRICKTRACE_THREAD_INHERIT_THREADS);
		if (err)
			break;
	}
	is(n, MOST, "64 sessions can follow a thread");
	is(-err, EUSERS, "the next session gets EUSERS");
	followed = thread_life();
	printf("# a thread's life: %llu ns alone, %llu with %d followers\n", alone,
	       followed, n);
	between(followed, 0, alone + 20 * MS,
		"a thread with 64 followers starts and ends quickly");
	if (n == TRIES)
		return done();
	wrong = session(fds[n]).threads;
	is(wrong, 0, "the session that was refused has no thread");
	close(fds[0]);
	is(-try_register(fds[n], 0, 0), 0,
	   "a session can follow the thread after another one has gone");
	for (int i = 1; i <= n; i++) {
		for (int j = 0; session(fds[i]).threads != 1 && j < 500; j++)
			sleep_ns(10 * MS);
		wrong += session(fds[i]).threads != 1;
		wrong += session(fds[i]).threads_lost != 0;
	}
	is(wrong, 0, "each session has exactly the thread that lives, and has lost none");
	is(-try_register(fd, 0, 0), EUSERS, "the limit is still 64");
	return done();
}
