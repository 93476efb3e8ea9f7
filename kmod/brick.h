/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A brick: the name of a piece of work, its settings, and the statistics of its runs. A
 * brick exists until its session is freed. Its own lock protects all fields without a
 * note, so that a reader of the statistics waits for no other lock of the session. The
 * functions take that lock, in process context; they do not sleep under it.
 */
#ifndef BKT_BRICK_H
#define BKT_BRICK_H

#include <linux/spinlock.h>
#include "assertions.h"
#include "hooks.h"
#include "record.h"
#include "stats.h"

#define BKT_MAX_BRICKS 1024

/* A brick of mode next returns to level measure after that many runs without an anomaly. */
#define BKT_BRICK_CALM BRICKTRACE_WINDOW

/* The settings of a session that its bricks use. Each is read and written atomically. */
struct bkt_thresholds {
	u32 cv;			/* as in struct bricktrace_session */
	u32 efficiency;
	u32 outliers;
};

/* What is kept about the longest traced run. */
struct bkt_longest_run {
	struct bricktrace_result result;
	struct bricktrace_times times;
	struct bricktrace_category_figures categories[BKT_CATEGORIES];
};

struct bkt_brick_statistics {
	struct bkt_durations durations;
	/* Without the fields that bkt_durations has, which bkt_brick_get() fills in. */
	struct bricktrace_statistics sums;
	struct bricktrace_category_statistics categories[BKT_CATEGORIES];
	struct bkt_window window;
	struct bkt_longest_run longest;	/* if @sums.traced is not 0 */
	u32 nr_slow;			/* slow calls of that run, in @slow of the brick */
};

struct bkt_brick {
	u32 id;			/* constant: its number in the session, from 1 */
	char name[BRICKTRACE_NAME_LEN];	/* constant */
	struct bkt_holder *holder;	/* constant: its session's */
	spinlock_t lock;
	u64 budget_ns;		/* for runs that are opened from now on; likewise the next three */
	u32 mode;		/* enum bricktrace_mode */
	u32 baseline;		/* each run whose number is a multiple is interesting; 0: none */
	struct bkt_assertions *assertions;	/* or NULL */
	u64 opened;		/* number of the newest run */
	u32 until_baseline;	/* runs that will be opened up to the next such multiple */
	bool escalated;		/* mode next: runs are traced */
	u32 calm;		/* mode next: runs since the last anomaly, while escalated */
	struct bkt_brick_statistics st;
	struct bricktrace_slow_call *slow;	/* BRICKTRACE_BRICK_SLOW elements */
};

/* Bytes of a brick. */
#define BKT_BRICK_SIZE (sizeof(struct bkt_brick) + \
			BRICKTRACE_BRICK_SLOW * sizeof(struct bricktrace_slow_call))

/* What a run learns from its brick when it is opened. */
struct bkt_brick_open {
	u64 budget_ns;
	u32 mode;
	bool trace;		/* a run at level auto is to be traced */
	u32 why;		/* the anomalies, and BRICKTRACE_WHY_BASELINE */
	u64 number;		/* of the run among the brick's */
	struct bkt_window_figures window;
};

/*
 * Returns 0, -ENAMETOOLONG if the name has no NUL, -EINVAL if it is empty or not
 * valid, or -ERANGE if the budget is too large.
 */
int bkt_brick_check(const char name[BRICKTRACE_NAME_LEN], u64 budget_ns);

/* Returns NULL if there is no memory. bkt_brick_free() drops what the brick holds. */
struct bkt_brick *bkt_brick_alloc(u32 id, const char *name, struct bkt_holder *holder);
void bkt_brick_free(struct bkt_brick *b);

/* Whether a brick of the mode keeps the hooks armed, whatever its runs are like. */
static inline bool bkt_brick_mode_holds(u32 mode)
{
	return mode == BRICKTRACE_MODE_TRACE || mode == BRICKTRACE_MODE_TAIL;
}

/*
 * Changes the settings that @flags names, BRICKTRACE_BRICK_*, and the budget. Takes over
 * the caller's reference to @set. If the new mode holds the hooks, the brick becomes a
 * holder; the caller has armed them before.
 */
void bkt_brick_set(struct bkt_brick *b, u64 budget_ns, u32 flags, u32 mode, u32 baseline,
		   struct bkt_assertions *set);

/*
 * A run opens. @automatic: at level auto, which is what mode next looks at. Sets @set to
 * the brick's assertions, with a reference.
 */
void bkt_brick_open(struct bkt_brick *b, const struct bkt_thresholds *th, bool automatic,
		    struct bkt_brick_open *o, struct bkt_assertions **set);

/* A run closes: adds @rec to the statistics. */
void bkt_brick_close(struct bkt_brick *b, const struct bkt_record *rec);

/* What BRICKTRACE_BRICK_GET copies. */
struct bkt_brick_copy {
	u64 budget_ns;
	u32 mode;
	u32 baseline;
	bool escalated;
	struct bkt_assertions *assertions;	/* with a reference, or NULL */
	struct bricktrace_assertion_counts counts[BRICKTRACE_MAX_ASSERTIONS];
	struct bkt_brick_statistics st;
	u32 window_runs;
	struct bricktrace_window_run window[BRICKTRACE_WINDOW];
	struct bricktrace_slow_call slow[BRICKTRACE_BRICK_SLOW];
};

void bkt_brick_get(struct bkt_brick *b, struct bkt_brick_copy *copy);

/* Forgets the runs, as struct bricktrace_brick_reset says. */
void bkt_brick_reset(struct bkt_brick *b);

#endif /* BKT_BRICK_H */
