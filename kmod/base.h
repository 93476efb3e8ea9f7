/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session's base: what its past members did, less what its present members had
 * done before they joined. The value of the session at a time t is
 *
 *	S(t) = base + the sum of V(t) over the members
 *
 * and a run over the session is S(close) - S(open). All sums are modular, so the
 * order of joining and leaving does not matter, and a base knows neither runs nor
 * members. A walk reads S: it starts from a copy of the base, each member is added
 * to it once, and a member that leaves before it was read in this walk hands in
 * the V with which it leaves.
 *
 * bkt_tasks_lock protects a base. The session's mutex serialises walks and protects
 * what a walk has read once it has ended.
 */
#ifndef BKT_BASE_H
#define BKT_BASE_H

#include "account.h"
#include "totals.h"

/* Sums of one system call, in ticks; differences are meant. */
struct bkt_sum {
	u64 count;
	u64 errors;
	u64 time;
	u64 offcpu;
	u64 runnable;	/* in nanoseconds */
	u64 ended;	/* calls that were under way when their thread left */
};

/* A value of S. */
struct bkt_sums {
	u64 thread;	/* thread time, in ticks */
	u64 offcpu;	/* in ticks */
	struct bkt_counters kernel;
	u64 joined;	/* memberships that began, ever */
	u64 left;	/* memberships that ended, ever */
	u64 lost;	/* threads that left by an execve() or could not join, ever */
	u32 members;	/* present ones */
	u32 used;	/* entries in @sum */
	struct bkt_sum sum[];
};

/* The longest known call of a kind. */
struct bkt_longest {
	u64 max;	/* ticks; 0: none */
	u64 end;	/* when that call ended */
};

/* A kind of call in a walk: what has no difference. */
struct bkt_walked {
	u64 inside;	/* the longest that began after the run */
	u64 outside;	/* the longest that did not */
	u32 in_flight;	/* members that are in this call */
};

#define BKT_BASE_KEYS BKT_TOTALS_SESSION

struct bkt_base {
	/* The session's own index of a key, less one; never changes once given. */
	u16 index[BKT_KEYS];
	u16 keys[BKT_BASE_KEYS];
	u32 generation;		/* of the arming that @longest belongs to */
	const struct bkt_sums *open; /* of the run that a walk is to close, or NULL */
	u64 begin;		/* of that run, in ticks */
	bool walking;
	u32 epoch;		/* the walk's number, from 1 */
	struct bkt_longest longest[BKT_BASE_KEYS];
	struct bkt_walked walked[BKT_BASE_KEYS];
	struct bkt_sums *sums;	/* the base itself */
	struct bkt_sums *walk;	/* S as the walk has read it */
};

struct bkt_base *bkt_base_alloc(void);
void bkt_base_free(struct bkt_base *b);
size_t bkt_base_size(void);

/*
 * A member joins, having been worth @v at that time; NULL for an account that
 * was opened at time @t, which is worth nothing then. @keys are its account's.
 */
void bkt_base_join(struct bkt_base *b, u64 t, const u16 *keys,
		   const struct bkt_snapshot *v);

/* A member leaves, worth @v. @unread: no walk under way has read it. */
void bkt_base_leave(struct bkt_base *b, const u16 *keys,
		    const struct bkt_snapshot *v, u32 generation, bool unread);

/*
 * A walk: it begins, reads each member and ends. For a run that is to be closed,
 * @open is what was read when that run was opened and @begin when the run began;
 * for one that is to be opened both are NULL and 0.
 */
void bkt_base_walk_begin(struct bkt_base *b, u32 generation,
			 const struct bkt_sums *open, u64 begin);
void bkt_base_read(struct bkt_base *b, const u16 *keys,
		   const struct bkt_snapshot *v);
void bkt_base_walk_end(struct bkt_base *b);

/* Makes room for the first @used of a member's keys, which is read later. */
void bkt_base_add_keys(struct bkt_base *b, const u16 *keys, u8 used);

/* A copy of what the last walk has read, for the run that it opens. */
size_t bkt_sums_size(const struct bkt_sums *s);
struct bkt_sums *bkt_sums_copy(const struct bkt_sums *s);

/*
 * Adds a member that was met and not read, to a copy. The copy has no room for keys
 * that are new since it was made: the hooks were armed anew, and the run is void.
 */
void bkt_sums_add(struct bkt_base *b, struct bkt_sums *to, const u16 *keys,
		  const struct bkt_snapshot *v);

/* Adds what was done since @open, by the last walk, to @to. */
void bkt_base_since(const struct bkt_base *b, const struct bkt_sums *open,
		    struct bkt_totals *to);

#endif /* BKT_BASE_H */
