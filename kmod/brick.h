/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A brick: a name with a budget. Lives as long as its session; the session's
 * mutex protects it.
 */
#ifndef BKT_BRICK_H
#define BKT_BRICK_H

#include <linux/bricktrace.h>
#include <linux/list.h>

#define BKT_MAX_BRICKS 1024

struct bkt_brick {
	struct list_head session_node;
	u32 id;
	u64 budget_ns;
	char name[BRICKTRACE_NAME_LEN];
};

/* 0, -ENAMETOOLONG, -EINVAL (empty, or no valid name) or -ERANGE (budget). */
int bkt_brick_check(const char name[BRICKTRACE_NAME_LEN], u64 budget_ns);

struct bkt_brick *bkt_brick_alloc(u32 id, const char *name);
void bkt_brick_free(struct bkt_brick *b);

#endif /* BKT_BRICK_H */
