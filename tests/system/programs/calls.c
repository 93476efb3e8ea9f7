// SPDX-License-Identifier: MIT
/*
 * calls FD...: creates a thread for each descriptor, which reads orders from it: which system
 * call to make, and how often. The thread makes the calls with -1 as their first argument and
 * zeros as the others, writes a byte to standard output, and reads the next order. The program
 * ends when all orders have ended.
 */
#include "test.h"

static void *obey(void *arg)
{
	int from = (intptr_t)arg;
	uint32_t order[2];

	while (read(from, order, sizeof(order)) == sizeof(order)) {
		while (order[1]--)
			syscall(order[0], -1L, 0L, 0L, 0L, 0L, 0L);
		if (write(STDOUT_FILENO, "x", 1) != 1)
			bail("write");
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t[argc];

	for (int i = 1; i < argc; i++)
		if (pthread_create(&t[i], NULL, obey, (void *)(intptr_t)atoi(argv[i])))
			bail("pthread_create");
	for (int i = 1; i < argc; i++)
		pthread_join(t[i], NULL);
	return 0;
}
