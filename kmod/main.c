// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include "chardev.h"
#include "clock.h"
#include "compat.h"
#include "hooks.h"
#include "task.h"

static int __init bricktrace_init(void)
{
	int ret;

	bt_clock_init();
	ret = bt_task_init();
	if (ret)
		return ret;
	ret = bt_hooks_init();
	if (ret)
		goto err_task;
	ret = bt_chardev_init();
	if (ret)
		goto err_hooks;
	return 0;

err_hooks:
	bt_hooks_exit();
err_task:
	bt_task_exit();
	return ret;
}

static void __exit bricktrace_exit(void)
{
	bt_chardev_exit();
	bt_hooks_exit();
	bt_task_exit();
}

module_init(bricktrace_init);
module_exit(bricktrace_exit);

MODULE_DESCRIPTION("System call time of bricks: named pieces of work with a budget");
MODULE_LICENSE("GPL");
MODULE_INFO(tested, BT_TESTED);
