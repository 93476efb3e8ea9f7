/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slow calls: completed calls that took at least as long as a session that follows the
 * thread wants to know (rule "slow"). A list keeps the latest of them and the longest of
 * them, each for one thread, or for all former members of a session.
 *
 * The thread that a list belongs to writes the list with preemption off, and readers use
 * the list's sequence count. bkt_tasks_lock protects the list of a session's base.
 */
#ifndef BKT_SLOW_H
#define BKT_SLOW_H

#include <linux/seqlock.h>
#include <linux/types.h>
#include <linux/bricktrace.h>

#define BKT_SLOW_LATEST		32
#define BKT_SLOW_LONGEST	16

/* Times are in ticks. */
struct bkt_slow_call {
	u64 start;
	u64 time;
	u64 offcpu;
	u64 arg0;
	s64 ret;
	u64 serial;	/* number of the call in its list, from 0 */
	u32 request;	/* of an ioctl */
	s32 tid;	/* in the session's pid namespace; not set in a thread's list */
	u32 epoch;	/* in a base: the walk that was to read its member, which left, or 0 */
	u16 key;	/* of the call; in a thread's list only if its slot is shared */
	u8 slot;	/* in a thread's list: the account's slot of the call */
};

struct bkt_slow_list {
	seqcount_t seq;
	u32 generation;		/* the arming in which the calls were made */
	u64 added;		/* calls that were ever added */
	u64 last_end;		/* the latest end of all calls that were added */
	u64 old_end;		/* the same, of those that were added with another floor */
	u64 floor;		/* as passed to bkt_slow_add() last */
	u32 used;		/* entries of @longest in use */
	u32 least;		/* the entry of @longest that goes first, if all are in use */
	struct bkt_slow_call latest[BKT_SLOW_LATEST];	/* call N is in N % BKT_SLOW_LATEST */
	struct bkt_slow_call longest[BKT_SLOW_LONGEST];
};

/* The longest calls of a run. */
struct bkt_slow_top {
	bool incomplete;	/* longer calls may be missing */
	u32 n;
	u32 least;		/* the shortest call, if @n is BRICKTRACE_RUN_SLOW */
	struct bkt_slow_call call[BRICKTRACE_RUN_SLOW];
};

/*
 * What one session wants to know of its threads. The fields are read and written
 * atomically; bkt_task_update_slow() passes them on to the accounts.
 */
struct bkt_slow_want {
	u64 ns;			/* the least time of a slow call; 0: the session wants none */
	u64 floor;		/* ticks: all open traced runs began later; U64_MAX: none */
};

int bkt_slow_init(void);
void bkt_slow_exit(void);

/* Returns an empty list, or NULL. Does not sleep. */
struct bkt_slow_list *bkt_slow_alloc(u32 generation);
void bkt_slow_release(struct bkt_slow_list *l);

static inline void bkt_slow_free(struct bkt_slow_list *l)
{
	if (l)
		bkt_slow_release(l);
}

/* Empties a list for the arming @generation. */
void bkt_slow_clear(struct bkt_slow_list *l, u32 generation);

/*
 * Adds a call. Calls that began before @floor lie inside no open run, so that they are
 * the first to make room among the longest.
 */
void bkt_slow_add(struct bkt_slow_list *l, const struct bkt_slow_call *c, u64 floor);

/* Tries once to copy a list. Returns false if its thread was writing. */
bool bkt_slow_try_copy(const struct bkt_slow_list *l, struct bkt_slow_list *to);

/*
 * Returns a call of the list, each call once, and NULL after the last. *@i is 0 at the
 * first call of this function, which changes it.
 */
const struct bkt_slow_call *bkt_slow_next(const struct bkt_slow_list *l, u32 *i);

static inline bool bkt_slow_inside(const struct bkt_slow_call *c, u64 begin, u64 end)
{
	return c->start >= begin && c->start + c->time <= end;
}

static inline void bkt_slow_top_clear(struct bkt_slow_top *top)
{
	top->n = 0;
	top->incomplete = false;
}

/*
 * Returns whether @l may have lost some of the BRICKTRACE_RUN_SLOWEST longest calls of a run
 * from @begin to @end to longer calls outside the run. @thread: the list is that of a
 * thread, whose calls were added in the order of their ends.
 */
bool bkt_slow_incomplete(const struct bkt_slow_list *l, u64 begin, u64 end, bool thread);

/* Adds a call to @top if it is among the longest. */
void bkt_slow_top_add(struct bkt_slow_top *top, const struct bkt_slow_call *c);

/* Sorts @top, the longest call first. */
void bkt_slow_top_sort(struct bkt_slow_top *top);

#endif /* BKT_SLOW_H */
