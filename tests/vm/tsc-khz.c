// SPDX-License-Identifier: MIT
/*
 * Prints the rate of this machine's time stamp counter (TSC) in kHz. QEMU's guests use
 * the same counter. A guest must not calibrate the counter itself: if the guest loses its
 * CPU meanwhile, it cannot notice, and the result may be wrong by any factor.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct sample {
	uint64_t tsc;
	uint64_t ns;
};

/* Reads both clocks many times and keeps the pair that took the shortest time. */
static struct sample read_clocks(void)
{
	uint64_t least = UINT64_MAX;
	struct sample s = { 0, 0 };

	for (int i = 0; i < 1000; i++) {
		uint64_t before = __rdtsc(), after;
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC, &t);
		after = __rdtsc();
		if (after - before >= least)
			continue;
		least = after - before;
		s.tsc = before + least / 2;
		s.ns = t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
	}
	return s;
}

int main(void)
{
	struct sample begin = read_clocks(), end;

	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	end = read_clocks();
	printf("%.0f\n", (end.tsc - begin.tsc) * 1e6 / (end.ns - begin.ns));
	return 0;
}
