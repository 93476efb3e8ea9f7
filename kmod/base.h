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
 * bt_books protects a base. The session's mutex serialises walks and protects
 * what a walk has read once it has ended.
 */
#ifndef BT_BASE_H
#define BT_BASE_H

#include "account.h"
#include "totals.h"

/* Sums of one system call, in ticks; differences are meant. */
struct bt_sum {
	u64 count;
	u64 errors;
	u64 time;
	u64 offcpu;
	u64 runnable;	/* in nanoseconds */
	u64 ended;	/* calls that were under way when their thread left */
};

/* A value of S. */
struct bt_sums {
	u64 thread;	/* thread time, in ticks */
	u64 offcpu;	/* in ticks */
	struct bt_counters kernel;
	u64 joined;	/* memberships that began, ever */
	u64 left;	/* memberships that ended, ever */
	u64 lost;	/* threads that left by an execve() or could not join, ever */
	u32 members;	/* present ones */
	u32 used;	/* entries in @sum */
	struct bt_sum sum[];
};

/* The longest known call of a kind. */
struct bt_longest {
	u64 max;	/* ticks; 0: none */
	u64 end;	/* when that call ended */
};

/* A kind of call in a walk: what has no difference. */
struct bt_walked {
	u64 inside;	/* the longest that began after the run */
	u64 outside;	/* the longest that did not */
	u32 in_flight;	/* members that are in this call */
};

#define BT_BASE_KEYS BT_TOTALS_SESSION

struct bt_base {
	/* The session's own index of a key, less one; never changes once given. */
	u16 index[BT_KEYS];
	u16 keys[BT_BASE_KEYS];
	u32 generation;		/* of the arming that @longest belongs to */
	const struct bt_sums *open; /* of the run that a walk is to close, or NULL */
	u64 begin;		/* of that run, in ticks */
	bool walking;
	u32 epoch;		/* the walk's number, from 1 */
	struct bt_longest longest[BT_BASE_KEYS];
	struct bt_walked walked[BT_BASE_KEYS];
	struct bt_sums *sums;	/* the base itself */
	struct bt_sums *walk;	/* S as the walk has read it */
};

struct bt_base *bt_base_alloc(void);
void bt_base_free(struct bt_base *b);
size_t bt_base_size(void);

/*
 * A member joins, having been worth @v at that time; NULL for an account that
 * was opened at time @t, which is worth nothing then. @keys are its account's.
 */
void bt_base_join(struct bt_base *b, u64 t, const u16 *keys,
		  const struct bt_snapshot *v);

/* A member leaves, worth @v. @unread: no walk under way has read it. */
void bt_base_leave(struct bt_base *b, const u16 *keys,
		   const struct bt_snapshot *v, u32 generation, bool unread);

/*
 * A walk: it begins, reads each member and ends. For a run that is to be closed,
 * @open is what was read when that run was opened and @begin when the run began;
 * for one that is to be opened both are NULL and 0.
 */
void bt_base_walk(struct bt_base *b, u32 generation,
		  const struct bt_sums *open, u64 begin);
void bt_base_read(struct bt_base *b, const u16 *keys,
		  const struct bt_snapshot *v);
void bt_base_walked(struct bt_base *b);

/* Makes room for the first @used of a member's keys, which is read later. */
void bt_base_meet(struct bt_base *b, const u16 *keys, u8 used);

/* A copy of what the last walk has read, for the run that it opens. */
size_t bt_sums_size(const struct bt_sums *s);
struct bt_sums *bt_sums_copy(const struct bt_sums *s);

/*
 * Adds a member that was met and not read, to a copy. The copy has no room for keys
 * that are new since it was made: the hooks were armed anew, and the run is void.
 */
void bt_sums_add(struct bt_base *b, struct bt_sums *to, const u16 *keys,
		 const struct bt_snapshot *v);

/* Adds what was done since @open, by the last walk, to @to. */
void bt_base_since(const struct bt_base *b, const struct bt_sums *open,
		   struct bt_totals *to);

#endif /* BT_BASE_H */
