/* SPDX-License-Identifier: MIT */
/* A process that creates and ends threads and processes all the time, and executes. */
#ifndef BUSY_H
#define BUSY_H

#include "rule.h"

static void *busy_newborn(void *arg)
{
	getppid_raw();
	return arg;
}

static void *busy_creator(void *arg)
{
	pthread_t t;

	for (;;)
		if (!pthread_create(&t, NULL, busy_newborn, NULL))
			pthread_join(t, NULL);
	return arg;
}

static void *busy_forker(void *arg)
{
	for (unsigned int i = 0;; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (i % 4 == 0)
				execl("/bin/true", "true", NULL);
			_exit(0);
		}
		if (pid > 0)
			wait_for(pid);
	}
	return arg;
}

static void __attribute__((unused)) busy(void)
{
	pthread_t t;

	/* Once there are three threads, there are never fewer. */
	pthread_create(&t, NULL, busy_forker, NULL);
	pthread_create(&t, NULL, busy_creator, NULL);
	busy_creator(NULL);
}

/* So often or, on the slow kernels, for so long. */
static bool __attribute__((unused)) busy_round(unsigned int i, u64 since)
{
	static unsigned int rounds;

	if (!rounds)
		rounds = atoi(getenv("ROUNDS") ?: "40");
	return i < rounds && now() - since < rounds * S / 5;
}

#endif /* BUSY_H */
