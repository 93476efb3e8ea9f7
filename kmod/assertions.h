/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The assertions of a brick: named limits that each of its runs is compared with. A set
 * belongs to one brick and, but for its counts, does not change once it is made. The brick
 * has a reference, each open run has one to the set that its brick had when the run was
 * opened, and each record has one.
 */
#ifndef BKT_ASSERTIONS_H
#define BKT_ASSERTIONS_H

#include <linux/bricktrace.h>
#include <linux/refcount.h>
#include "breakdown.h"
#include "user.h"

struct bkt_assertions {
	refcount_t refs;
	struct bkt_user *user;	/* is charged for the set; its sessions outlive the set */
	struct bricktrace_assertion_counts counts[BRICKTRACE_MAX_ASSERTIONS]; /* brick's lock */
	u32 n;
	struct bricktrace_assertion a[];
};

/* What a run made of a set: bit I of the masks is about the assertion number I. */
struct bkt_verdict {
	u32 passed;
	u32 failed;
	u64 value[BRICKTRACE_MAX_ASSERTIONS];	/* of each one that failed */
};

/*
 * Makes a set of the @n assertions at @a, and charges it to @u. Errors: those of
 * BRICKTRACE_BRICK_DEFINE.
 */
struct bkt_assertions *bkt_assertions_new(struct bkt_user *u,
					  const struct bricktrace_assertion *a, u32 n);

/* Take and drop a reference; NULL, the empty set, is allowed. Any context. */
struct bkt_assertions *bkt_assertions_ref(struct bkt_assertions *set);
void bkt_assertions_put(struct bkt_assertions *set);

/*
 * Compares a run, whose @result is complete but for its assertions, with a set. @b is NULL
 * if the run was not instrumented.
 */
void bkt_assertions_check(const struct bkt_assertions *set,
			  const struct bricktrace_result *result,
			  const struct bkt_breakdown *b, struct bkt_verdict *v);

#endif /* BKT_ASSERTIONS_H */
