// SPDX-License-Identifier: GPL-2.0
/*
 * Makes bricktrace's waits for a grace period long, as on a busy host: one in three of
 * its calls of synchronize_rcu() first sleeps for up to ms= milliseconds. Other callers
 * do not sleep, and grace periods themselves are not longer: what was passed to
 * call_rcu() is freed meanwhile.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rcupdate.h>

static unsigned int ms = 300;
module_param(ms, uint, 0444);

static atomic_t calls, sleepers;

static void slowly(void)
{
	msleep(1 + get_random_u32() % ms);
	synchronize_rcu();
	atomic_dec(&sleepers);
}

static int on_entry(struct kprobe *p, struct pt_regs *regs)
{
	char caller[KSYM_SYMBOL_LEN];

	sprint_symbol(caller, *(unsigned long *)kernel_stack_pointer(regs));
	if (!strstr(caller, "[bricktrace]") ||
	    atomic_inc_return(&calls) % 3)
		return 0;
	atomic_inc(&sleepers);
	instruction_pointer_set(regs, (unsigned long)slowly);
	return 1;
}

/* With a post handler the probe is not optimized, so that on_entry() can redirect. */
static void after_entry(struct kprobe *p, struct pt_regs *regs,
			unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "synchronize_rcu",
	.pre_handler = on_entry,
	.post_handler = after_entry,
};

static int __init slow_init(void)
{
	return ms ? register_kprobe(&probe) : -EINVAL;
}

static void __exit slow_exit(void)
{
	unregister_kprobe(&probe);
	do {
		msleep(20);
	} while (atomic_read(&sleepers));
}

module_init(slow_init);
module_exit(slow_exit);
MODULE_DESCRIPTION("Slow grace periods for the module under test");
MODULE_LICENSE("GPL");
