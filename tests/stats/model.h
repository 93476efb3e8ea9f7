/* SPDX-License-Identifier: MIT */
/*
 * A model of kmod/stats.c: plain definitions, evaluated with big integers. The model keeps
 * no sums and shares no algorithm with stats.c.
 */
#ifndef STATS_MODEL_H
#define STATS_MODEL_H

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <stdbool.h>
#include <string.h>
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#include "../../kmod/stats.h"

/* A number below 2^512, the lowest digits first; whatever is above 2^512 is lost. */
struct big {
	u32 digit[16];
};

struct big big_of(u64 n);
struct big big_of_sum(const struct bricktrace_sum *sum);
struct big big_of_u128(bkt_u128 n);
struct big big_add(struct big a, struct big b);
/* Returns @a - @b; @a is not less than @b. */
struct big big_sub(struct big a, struct big b);
struct big big_mul(struct big a, struct big b);
/* Returns a negative number, 0 or a positive number, as memcmp() does. */
int big_cmp(struct big a, struct big b);

u64 model_clamp(u64 ns);

/* Whether @ns is above 2^(@number / 4) seconds. */
bool model_above(u64 ns, int number);

void model_sort(u64 *run, u32 n);

/* The last runs, from the oldest to the newest and from the shortest to the longest. */
struct model {
	u32 runs;
	u32 first;	/* the first place in @sorted that is not an outlier */
	u32 end;	/* the place after the last one that is not an outlier */
	u64 last[BRICKTRACE_WINDOW];
	u64 sorted[BRICKTRACE_WINDOW];
};

/* Takes the last of @n runs, and looks for outliers as bkt_window_figures() does. */
void model_window(struct model *m, const u64 *run, u32 n, u32 outliers);

/* Returns what bkt_window_anomalies() is to return. */
u32 model_anomalies(const struct model *m, u64 budget, u32 cv, u32 efficiency);

#endif /* STATS_MODEL_H */
