// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "busy.h"
#include "call.h"
#include "process.h"

static void *busy_thread(void *arg)
{
	getppid_raw();
	return arg;
}

void *busy_creator(void *arg)
{
	pthread_t t;

	for (;;)
		if (!pthread_create(&t, NULL, busy_thread, NULL))
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

void busy(void)
{
	pthread_t t;

	pthread_create(&t, NULL, busy_forker, NULL);
	pthread_create(&t, NULL, busy_creator, NULL);
	busy_creator(NULL);
}

bool busy_round(unsigned int i, u64 since)
{
	static unsigned int rounds;

	if (!rounds)
		rounds = atoi(getenv("ROUNDS") ?: "40");
	return i < rounds && now() - since < rounds * S / 5;
}
