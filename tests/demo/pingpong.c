// SPDX-License-Identifier: MIT
/*
 * pingpong PAIRS ROUNDS: the threads of each pair take turns by futexes, and compute a
 * little in each turn.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct pair {
	_Atomic unsigned int turn;
	unsigned int rounds;
	pthread_t thread[2];
};

struct player {
	struct pair *pair;
	unsigned int side;
};

static void *play(void *arg)
{
	struct player *me = arg;
	struct pair *pair = me->pair;
	volatile unsigned int work;
	unsigned int turn, i;

	for (i = 0; i < pair->rounds; i++) {
		while ((turn = atomic_load(&pair->turn)) % 2 != me->side)
			syscall(SYS_futex, &pair->turn, FUTEX_WAIT_PRIVATE, turn, NULL);
		for (work = 0; work < 2000; work++)
			;
		atomic_fetch_add(&pair->turn, 1);
		syscall(SYS_futex, &pair->turn, FUTEX_WAKE_PRIVATE, 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned int pairs, rounds, i;
	struct player *players;
	struct pair *all;

	if (argc != 3 || !(pairs = atoi(argv[1])) || !(rounds = atoi(argv[2]))) {
		fprintf(stderr, "usage: pingpong PAIRS ROUNDS\n");
		return 2;
	}
	all = calloc(pairs, sizeof(*all));
	players = calloc(2 * pairs, sizeof(*players));
	if (!all || !players)
		return 1;
	for (i = 0; i < 2 * pairs; i++) {
		all[i / 2].rounds = rounds;
		players[i] = (struct player){ &all[i / 2], i % 2 };
		if (pthread_create(&all[i / 2].thread[i % 2], NULL, play, &players[i]))
			return 1;
	}
	for (i = 0; i < 2 * pairs; i++)
		pthread_join(all[i / 2].thread[i % 2], NULL);
	printf("%u pairs, %u rounds each\n", pairs, rounds);
	free(players);
	free(all);
	return 0;
}
