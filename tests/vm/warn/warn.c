// SPDX-License-Identifier: GPL-2.0
/* A module whose loading warns: the guest must die of it. */
#include <linux/bug.h>
#include <linux/module.h>

static int __init warn_init(void)
{
	WARN(1, "warned on purpose\n");
	return 0;
}

module_init(warn_init);
MODULE_DESCRIPTION("Warns");
MODULE_LICENSE("GPL");
