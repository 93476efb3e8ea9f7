/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Totals: the figures of a run by system call, in an array that a small hash table
 * indexes. When the array is full, a new key shares the entry "(more CATEGORY)" of its
 * category (rule "more"). Times are in ticks until bkt_totals_to_ns(). No function but
 * bkt_totals_alloc() takes longer than the entries in use require, since runs are closed
 * often and most have few system calls. The caller serializes access.
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
	u64 runnable;	/* always in nanoseconds */
	u64 max;	/* longest completed call, 0: none is known */
	bool max_unknown; /* a completed call may be longer than @max: rule "longest" */
};

struct bkt_total {
	u16 key;
	u16 place;	/* of the entry's number in @index of the table */
	struct bkt_figures f;
};

struct bkt_totals {
	u64 thread;	/* thread time */
	u64 offcpu;	/* the part of it off the CPU */
	struct bkt_counters kernel;
	u32 threads;
	u32 cap;	/* a power of two */
	u32 used;	/* entries of @total */
	u16 *index;	/* 2 * @cap entries: a number in @total plus one, 0: none */
	struct bkt_total total[];
};

/* Values of @cap: more than the keys of any one thread, and enough for a session. */
#define BKT_TOTALS_THREAD	128
#define BKT_TOTALS_SESSION	1024

/* 0 for a negative difference, which is an error of rounding or of a clock. */
static inline u64 bkt_totals_sub(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

size_t bkt_totals_size(u32 cap);
struct bkt_totals *bkt_totals_alloc(u32 cap);
void bkt_totals_free(struct bkt_totals *t);
void bkt_totals_clear(struct bkt_totals *t);

/*
 * Both return the figures of a key. If the key has no entry, bkt_totals_get() adds
 * one with zeros and bkt_totals_look() returns NULL.
 */
struct bkt_figures *bkt_totals_get(struct bkt_totals *t, u16 key);
const struct bkt_figures *bkt_totals_look(const struct bkt_totals *t, u16 key);

/*
 * Adds V(end) - V(start) of one thread. @keys are those of its slots. @begin is when
 * the run began or, if @start is NULL, when the thread was created during the run.
 */
void bkt_totals_add_thread(struct bkt_totals *t, const u16 *keys, u64 begin,
			   const struct bkt_snapshot *start,
			   const struct bkt_snapshot *end);

/* Adds @other, whose times have the same unit. */
void bkt_totals_add(struct bkt_totals *t, const struct bkt_totals *other);

/* Converts the times from ticks to nanoseconds. To be called once. */
void bkt_totals_to_ns(struct bkt_totals *t);

#endif /* BKT_TOTALS_H */
