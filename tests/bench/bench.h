/* SPDX-License-Identifier: MIT */
/* What several programs of the bench share. */
#ifndef BENCH_H
#define BENCH_H

#include "test.h"

static inline u64 slab_bytes(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %llu kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	if (!kib)
		bail("/proc/meminfo has no Slab");
	return kib << 10;
}

#endif
