/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A limit: at most so many grants in any second, whenever that second begins. A grant is
 * the right of a run to be traced or passed on.
 */
#ifndef BKT_LIMIT_H
#define BKT_LIMIT_H

#include <linux/bricktrace.h>
#include <linux/spinlock.h>

struct bkt_limit {
	spinlock_t lock;	/* protects all fields; taken in process context only */
	u32 max;		/* grants in a second, at most BRICKTRACE_MAX_LIMIT */
	u64 granted;		/* grants taken since the limit was made */
	u64 refused;		/* requests for which none was left */
	u64 last[BRICKTRACE_MAX_LIMIT];	/* ring: CLOCK_MONOTONIC times of the last grants */
};

/* The limit of what host-wide readers are given; its @max is a parameter of the module. */
extern struct bkt_limit bkt_limit_host;

void bkt_limit_init(struct bkt_limit *l, u32 max);

/* A limit below the number of the last second's grants takes nothing away. */
void bkt_limit_set(struct bkt_limit *l, u32 max);

/*
 * bkt_limit_take() takes a grant; bkt_limit_ask() only asks whether there is one now. Both
 * return false and count the refusal if there is none.
 */
bool bkt_limit_take(struct bkt_limit *l);
bool bkt_limit_ask(struct bkt_limit *l);

/* Reads the settings and counters. */
void bkt_limit_get(struct bkt_limit *l, u32 *max, u64 *granted, u64 *refused);

#endif /* BKT_LIMIT_H */
