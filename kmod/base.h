/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session's base: V of each former member when it left, less V of each member,
 * former or present, when it joined. V(t) is the value of an account at the time t,
 * see account.h. The session's sum is
 *
 *	S(t) = base + the sum of V(t) over the present members
 *
 * and the figures of a run of scope session are S(close) - S(open). All sums wrap
 * around, so the order of joining and leaving does not matter. A base refers neither
 * to runs nor to members.
 *
 * A walk reads S: it copies the base to @walk and adds V of each member once. If a
 * member leaves before the walk has read it, bkt_base_leave() adds its V to @walk.
 *
 * bkt_tasks_lock protects a base. The session's lock serializes walks, and protects
 * what a walk has read after the walk has ended.
 */
#ifndef BKT_BASE_H
#define BKT_BASE_H

#include "account.h"
#include "ioctl.h"
#include "slow.h"
#include "totals.h"

/* Sums of one system call, times in ticks. Only a difference of two sums is a figure. */
struct bkt_sum {
	u64 count;
	u64 errors;
	u64 time;
	u64 offcpu;
	u64 runnable;	/* in nanoseconds */
	u64 ended;	/* calls that were under way when their member left */
};

/* A value of S, or a base. */
struct bkt_sums {
	u64 thread;	/* thread time, in ticks */
	u64 offcpu;	/* in ticks */
	struct bkt_counters kernel;
	u64 joined;	/* members that have ever joined */
	u64 left;	/* members that have ever left */
	u64 lost;	/* threads ever that left by an execve() or could not join */
	u32 members;	/* present members */
	u32 used;	/* entries of @sum in use */
	struct bkt_sum sum[];
};

/* The longest call of one system call over all former members. */
struct bkt_longest {
	u64 max;	/* its duration in ticks; 0: there is no such call */
	u64 end;	/* when it ended, in ticks */
};

/* The figures of one system call that a walk does not get as a difference of sums. */
struct bkt_walked {
	u64 inside;	/* the longest call that began after the run did; ticks, 0: none */
	u64 outside;	/* the longest call that began before the run; likewise */
	u32 in_flight;	/* members that were in this call when the walk read them */
};

#define BKT_BASE_KEYS 768

/* Of a hash table with open addressing. */
#define BKT_BASE_INDEX (2 * BRICKTRACE_SESSION_IOCTLS)

struct bkt_base {
	/* From a key to its index in the arrays plus one, 0: none yet. Set once. */
	u16 index[BKT_KEYS];
	u16 keys[BKT_BASE_KEYS];	/* from an index to its key */
	u32 generation;		/* of the arming that @longest belongs to */
	const struct bkt_sums *open; /* as passed to bkt_base_walk_begin() */
	u64 begin;		/* likewise */
	bool walking;
	u32 epoch;		/* number of the latest walk, from 1 */
	/* The commands of the keys from BKT_KEY_IOCTL on. Each is set once, then constant. */
	u32 ioctls;
	u16 ioctl_index[BKT_BASE_INDEX];	/* by hash: position in the array plus one */
	struct bkt_ioctl_id ioctl[BRICKTRACE_SESSION_IOCTLS];
	struct bkt_slow_list slow;	/* of former members, with their keys and @tid */
	struct bkt_longest longest[BKT_BASE_KEYS];
	struct bkt_walked walked[BKT_BASE_KEYS];
	struct bkt_sums *sums;	/* the base itself */
	struct bkt_sums *walk;	/* S as the walk has read it */
};

struct bkt_base *bkt_base_alloc(void);
void bkt_base_free(struct bkt_base *b);
size_t bkt_base_size(void);

/*
 * Returns the key of an ioctl command in this session; if the session has too many, that
 * of the ioctl system call.
 */
u16 bkt_base_ioctl(struct bkt_base *b, const struct bkt_ioctl_id *id);

/*
 * For a member that joins. @v is V of its account, or NULL if the account was opened
 * at @t and has counted nothing. Here and below, @keys are those of the account's slots
 * in this session.
 */
void bkt_base_join(struct bkt_base *b, u64 t, const u16 *keys,
		   const struct bkt_snapshot *v);

/*
 * For a member that leaves with the value @v, in the arming @generation. @unread: if
 * a walk is under way, it has not read the member.
 */
void bkt_base_leave(struct bkt_base *b, const u16 *keys,
		    const struct bkt_snapshot *v, u32 generation, bool unread);

/*
 * Adds the slow call of a member that leaves. If a walk is under way and has not read the
 * member (not @read), the call gets the walk's epoch. Calls that began before @floor lie
 * inside no run.
 */
void bkt_base_add_slow(struct bkt_base *b, const struct bkt_slow_call *c, u64 floor,
		       bool read);

/*
 * A walk begins, reads each member, and ends. To close a run, pass as @open the S
 * that was read when the run was opened, and as @begin the time when the run began,
 * in ticks. To open a run, pass NULL and 0.
 */
void bkt_base_walk_begin(struct bkt_base *b, u32 generation,
			 const struct bkt_sums *open, u64 begin);
void bkt_base_read(struct bkt_base *b, const u16 *keys,
		   const struct bkt_snapshot *v);
void bkt_base_walk_end(struct bkt_base *b);

/* Gives indexes to the first @n keys of a member that bkt_sums_add() will add. */
void bkt_base_add_keys(struct bkt_base *b, const u16 *keys, u8 n);

/* Size in bytes, and a copy to be freed by kvfree(), or NULL. */
size_t bkt_sums_size(const struct bkt_sums *s);
struct bkt_sums *bkt_sums_copy(const struct bkt_sums *s);

/*
 * Adds to @to, a copy of @walk, a member that the walk has not read. Keys that got
 * their index after the copy was made are left out: the account has such keys only
 * if the hooks were armed anew meanwhile, and then the run's figures are discarded.
 */
void bkt_sums_add(struct bkt_base *b, struct bkt_sums *to, const u16 *keys,
		  const struct bkt_snapshot *v);

/* Adds to @to, in ticks, the difference between the latest walk and @open. */
void bkt_base_since(const struct bkt_base *b, const struct bkt_sums *open,
		    struct bkt_totals *to);

#endif /* BKT_BASE_H */
