// SPDX-License-Identifier: GPL-2.0
/* Loading this module prints a warning, which must end the guest. */
#include <linux/bug.h>
#include <linux/module.h>

static int __init warn_init(void)
{
	WARN(1, "warned on purpose\n");
	return 0;
}

module_init(warn_init);
MODULE_DESCRIPTION("Warns when it is loaded");
MODULE_LICENSE("GPL");
