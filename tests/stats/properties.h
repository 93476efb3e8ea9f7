/* SPDX-License-Identifier: MIT */
/*
 * What must hold of kmod/stats.c. The KUnit tests and the unit tests of the userspace
 * check the same properties, each in its build.
 */
#ifndef STATS_PROPERTIES_H
#define STATS_PROPERTIES_H

#include "model.h"

/* A condition that does not hold. */
struct stats_failure {
	const char *condition;	/* NULL as long as all hold */
	int line;		/* of properties.c */
	u64 series;		/* what was being tried */
	u32 runs;
};

struct stats_test {
	u64 seed;		/* of the pseudorandom numbers */
	u64 series;		/* the kind of durations */
	u32 runs;
	struct stats_failure first;
};

#define STATS_FAILURE "seed %llu, series %llu, %u runs: line %d of properties.c: %s is not so"

#define STATS_SEED 14ULL

struct stats_property {
	const char *name;
	void (*check)(struct stats_test *t);
};

#define STATS_PROPERTIES 10
extern const struct stats_property stats_properties[STATS_PROPERTIES];

/* Kinds of durations, and the @i-th duration of such a series. */
#define STATS_SERIES 11
u64 stats_duration(struct stats_test *t, u32 series, u32 i);

#endif /* STATS_PROPERTIES_H */
