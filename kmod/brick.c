// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include <linux/string.h>
#include "brick.h"
#include "name.h"

int bkt_brick_check(const char name[BRICKTRACE_NAME_LEN], u64 budget_ns)
{
	if (strnlen(name, BRICKTRACE_NAME_LEN) == BRICKTRACE_NAME_LEN)
		return -ENAMETOOLONG;
	if (!*name || !bkt_name_valid(name))
		return -EINVAL;
	if (budget_ns > BRICKTRACE_MAX_BUDGET)
		return -ERANGE;
	return 0;
}

struct bkt_brick *bkt_brick_alloc(u32 id, const char *name)
{
	struct bkt_brick *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (b) {
		b->id = id;
		strscpy(b->name, name, sizeof(b->name));
	}
	return b;
}

void bkt_brick_free(struct bkt_brick *b)
{
	kfree(b);
}
