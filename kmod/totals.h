/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Figures by system call, added up over threads: a small table by key. It
 * never refuses a key: when it is full, the rest goes to the key's category.
 * The owner serialises all access.
 */
#ifndef BKT_TOTALS_H
#define BKT_TOTALS_H

#include "account.h"

struct bkt_figures {
	u64 count;
	u64 in_flight;
	u64 errors;
	u64 time;
	u64 offcpu;
	u64 runnable;	/* in nanoseconds */
	u64 max;	/* longest completed call, 0: none */
	bool max_unknown; /* a longer one may have been there */
};

struct bkt_total {
	u16 key;
	bool used;
	struct bkt_figures f;
};

struct bkt_totals {
	u64 thread;	/* thread time */
	u64 offcpu;	/* all of it that was off the CPU */
	struct bkt_counters kernel;
	u32 threads;
	u32 cap;	/* a power of two */
	u32 used;
	struct bkt_total total[];
};

/* Entries for one thread (never overflows), and for many. */
#define BKT_TOTALS_THREAD	128
#define BKT_TOTALS_SESSION	512

/* A difference of figures that were rounded apart is never below zero. */
static inline u64 bkt_totals_sub(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

size_t bkt_totals_size(u32 cap);
struct bkt_totals *bkt_totals_alloc(u32 cap);
void bkt_totals_free(struct bkt_totals *t);
void bkt_totals_clear(struct bkt_totals *t);

/* The figures of a key, zero at first; and those that it has, or NULL. */
struct bkt_figures *bkt_totals_get(struct bkt_totals *t, u16 key);
const struct bkt_figures *bkt_totals_look(const struct bkt_totals *t, u16 key);

/*
 * Adds one thread's part: V(end) - V(start). @keys are the account's. @start
 * is NULL for a thread that was born inside.
 */
void bkt_totals_add_thread(struct bkt_totals *t, const u16 *keys, u64 begin,
			   const struct bkt_snapshot *start,
			   const struct bkt_snapshot *end);

/* Adds @other, whose unit is the same. */
void bkt_totals_add(struct bkt_totals *t, const struct bkt_totals *other);

/* Converts ticks to nanoseconds, once. */
void bkt_totals_to_ns(struct bkt_totals *t);

#endif /* BKT_TOTALS_H */
