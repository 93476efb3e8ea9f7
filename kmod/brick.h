/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A brick: the name of a piece of work, and a time budget. A brick exists until its
 * session is freed. The session's lock protects it.
 */
#ifndef BKT_BRICK_H
#define BKT_BRICK_H

#include <linux/bricktrace.h>
#include <linux/list.h>

#define BKT_MAX_BRICKS 1024

struct bkt_brick {
	struct list_head session_node;
	u32 id;			/* its number in the session, from 1 */
	u64 budget_ns;		/* for runs that are opened from now on */
	char name[BRICKTRACE_NAME_LEN];
};

/*
 * Returns 0, -ENAMETOOLONG if the name has no NUL, -EINVAL if it is empty or not
 * valid, or -ERANGE if the budget is too large.
 */
int bkt_brick_check(const char name[BRICKTRACE_NAME_LEN], u64 budget_ns);

/* Returns NULL if there is no memory. */
struct bkt_brick *bkt_brick_alloc(u32 id, const char *name);
void bkt_brick_free(struct bkt_brick *b);

#endif /* BKT_BRICK_H */
