// SPDX-License-Identifier: GPL-2.0
/*
 * How evenly the hash of bricktrace's task table spreads this kernel's tasks: reading
 * the parameter `spread` gives the number of tasks, of buckets that they would use, and
 * the length of the longest chain.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include "task.h"

static int spread_get(char *text, const struct kernel_param *kp)
{
	unsigned int tasks = 0, used = 0, longest = 0;
	struct task_struct *g, *p;
	u16 *chain;

	chain = kvcalloc(1 << BKT_TASK_BITS, sizeof(*chain), GFP_KERNEL);
	if (!chain)
		return -ENOMEM;
	rcu_read_lock();
	for_each_process_thread(g, p) {
		u16 *n = &chain[bkt_task_bucket(p)];

		tasks++;
		used += !*n;
		longest = max_t(unsigned int, longest, ++*n);
	}
	rcu_read_unlock();
	kvfree(chain);
	return sysfs_emit(text, "%u %u %u\n", tasks, used, longest);
}

static const struct kernel_param_ops spread_ops = { .get = spread_get };
module_param_cb(spread, &spread_ops, NULL, 0444);

MODULE_DESCRIPTION("Test of how evenly bricktrace's hash spreads tasks");
MODULE_LICENSE("GPL");
