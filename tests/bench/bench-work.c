// SPDX-License-Identifier: MIT
/*
 * bench-work pread|futex|calls: prints the nanoseconds that one operation takes, the least
 * of three loops. Under -icount a nanosecond is an instruction.
 *	pread	read 4 KiB of a file in memory
 *	futex	pass the turn to another thread and back: two wakes, two waits
 *	calls	call getsid(), which no other program of the bench calls; one loop of 100,000
 */
#include <linux/futex.h>
#include "test.h"

#define UNITS 5000
#define CALLS 100000

static int file;
static atomic_int turn;

static void units_of_pread(void)
{
	static char page[4096];

	for (int i = 0; i < UNITS; i++)
		if (syscall(SYS_pread64, file, page, sizeof(page), 0) != sizeof(page))
			bail("pread");
}

static void await(int me)
{
	while (turn != me)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !me, NULL);
}

static void hand_over(int to)
{
	turn = to;
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
}

static void *other_hand(void *arg)
{
	for (;;) {
		await(1);
		hand_over(0);
	}
	return arg;
}

static void units_of_futex(void)
{
	for (int i = 0; i < UNITS; i++) {
		hand_over(1);
		await(0);
	}
}

static void short_calls(void)
{
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getsid, 0);
}

int main(int argc, char **argv)
{
	const char *work = argc > 1 ? argv[1] : "";
	void (*units)(void) = NULL;
	int n = UNITS, repeat = 3;
	u64 best = ~0ULL, start;
	pthread_t thread;

	if (!strcmp(work, "pread")) {
		units = units_of_pread;
		file = memfd_create("bench", MFD_CLOEXEC);
		if (ftruncate(file, 4096))
			bail("ftruncate");
	} else if (!strcmp(work, "futex")) {
		units = units_of_futex;
		if (pthread_create(&thread, NULL, other_hand, NULL))
			bail("pthread_create");
	} else if (!strcmp(work, "calls")) {
		units = short_calls;
		n = CALLS;
		repeat = 1;
	} else {
		bail("usage");
	}
	if (mlockall(MCL_CURRENT))
		bail("mlockall");
	for (int i = 0; i < repeat; i++) {
		start = now();
		units();
		start = now() - start;
		if (start < best)
			best = start;
	}
	printf("%.3f\n", (double)best / n);
	return 0;
}
