/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A brick: a name with a budget. Lives as long as its session; the session's
 * mutex protects it.
 */
#ifndef BT_BRICK_H
#define BT_BRICK_H

#include <linux/bricktrace.h>
#include <linux/list.h>

#define BT_MAX_BRICKS 1024

struct bt_brick {
	struct list_head of_session;
	u32 id;
	u64 budget_ns;
	char name[BRICKTRACE_NAME_LEN];
};

/* 0, -ENAMETOOLONG, -EINVAL (empty, or no valid name) or -ERANGE (budget). */
int bt_brick_check(const char name[BRICKTRACE_NAME_LEN], u64 budget_ns);

struct bt_brick *bt_brick_alloc(u32 id, const char *name);
void bt_brick_free(struct bt_brick *b);

#endif /* BT_BRICK_H */
