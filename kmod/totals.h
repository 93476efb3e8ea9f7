/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Figures by system call, added up over threads: a small table by key. It
 * never refuses a key: when it is full, the rest goes to the key's category.
 * The owner serialises all access.
 */
#ifndef BT_TOTALS_H
#define BT_TOTALS_H

#include "account.h"

struct bt_figures {
	u64 count;
	u64 in_flight;
	u64 errors;
	u64 time;
	u64 offcpu;
	u64 runnable;	/* in nanoseconds */
	u64 max;	/* longest completed call, 0: none */
	bool max_unknown; /* a longer one may have been there */
};

struct bt_total {
	u16 key;
	bool used;
	struct bt_figures f;
};

struct bt_totals {
	u64 thread;	/* thread time */
	u64 offcpu;	/* all of it that was off the CPU */
	struct bt_counters kernel;
	u32 threads;
	u32 cap;	/* a power of two */
	u32 used;
	struct bt_total total[];
};

/* Entries for one thread (never overflows), and for many. */
#define BT_TOTALS_THREAD	128
#define BT_TOTALS_SESSION	512

size_t bt_totals_size(u32 cap);
struct bt_totals *bt_totals_alloc(u32 cap);
void bt_totals_free(struct bt_totals *t);
void bt_totals_clear(struct bt_totals *t);

/* The figures of a key, zero at first; and those that it has, or NULL. */
struct bt_figures *bt_totals_get(struct bt_totals *t, u16 key);
const struct bt_figures *bt_totals_look(const struct bt_totals *t, u16 key);

/*
 * Adds one thread's part: V(end) - V(start). @keys are the account's. @start
 * is NULL for a thread that was born inside.
 */
void bt_totals_add_thread(struct bt_totals *t, const u16 *keys, u64 begin,
			  const struct bt_snapshot *start,
			  const struct bt_snapshot *end);

/* Adds @other, whose unit is the same. */
void bt_totals_add(struct bt_totals *t, const struct bt_totals *other);

/* Converts ticks to nanoseconds, once. */
void bt_totals_to_ns(struct bt_totals *t);

#endif /* BT_TOTALS_H */
