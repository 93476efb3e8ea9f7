// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include <linux/string.h>
#include "brick.h"

int bt_brick_check(const char name[BRICKTRACE_NAME_LEN], u64 budget_ns)
{
	size_t len = strnlen(name, BRICKTRACE_NAME_LEN);
	size_t i;

	if (len == BRICKTRACE_NAME_LEN)
		return -ENAMETOOLONG;
	if (!len)
		return -EINVAL;
	for (i = 0; i < len; i++)
		if ((u8)name[i] < ' ' || name[i] == 0x7f)
			return -EINVAL;
	if (budget_ns > BRICKTRACE_MAX_BUDGET)
		return -ERANGE;
	return 0;
}

struct bt_brick *bt_brick_alloc(u32 id, const char *name)
{
	struct bt_brick *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (b) {
		b->id = id;
		strscpy(b->name, name, sizeof(b->name));
	}
	return b;
}

void bt_brick_free(struct bt_brick *b)
{
	kfree(b);
}
