// SPDX-License-Identifier: GPL-2.0
/* Loads the units of the module, each after those that it uses, and unloads them in reverse. */
#include <linux/module.h>
#include "chardev.h"
#include "clock.h"
#include "context.h"
#include "compat.h"
#include "hooks.h"
#include "netlink.h"
#include "task.h"

static int __init bricktrace_init(void)
{
	int ret;

	bkt_clock_init();
	bkt_context_init();
	ret = bkt_task_init();
	if (ret)
		return ret;
	ret = bkt_hooks_init();
	if (ret)
		goto err_task;
	ret = bkt_netlink_init();
	if (ret)
		goto err_hooks;
	ret = bkt_chardev_init();
	if (ret)
		goto err_netlink;
	return 0;

err_netlink:
	bkt_netlink_exit();
err_hooks:
	bkt_hooks_exit();
err_task:
	bkt_task_exit();
	return ret;
}

static void __exit bricktrace_exit(void)
{
	bkt_chardev_exit();
	bkt_netlink_exit();
	bkt_hooks_exit();
	bkt_task_exit();
}

module_init(bricktrace_init);
module_exit(bricktrace_exit);

MODULE_AUTHOR("The bricktrace authors");
MODULE_DESCRIPTION("System call time of bricks: named pieces of work with a budget");
MODULE_LICENSE("GPL");
MODULE_VERSION(BKT_VERSION);
MODULE_INFO(tested, BKT_TESTED);
