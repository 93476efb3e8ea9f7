// SPDX-License-Identifier: GPL-2.0
/*
 * Does to bricktrace what a host may do, when a test writes one of the parameters:
 * makes the tracepoints' grace periods long, and clocks wrong.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/tracepoint.h>
#ifdef CONFIG_X86
#include <asm/tsc.h>
#endif

/* How long each grace period of the tracepoints lasts, about. */
static unsigned int grace_ms;
static struct task_struct *reader;

/* An SRCU structure may have readers of one kind only. */
#ifdef DEFINE_SRCU_FAST
#define begin_read srcu_read_lock_fast
#define end_read srcu_read_unlock_fast
#else
#define begin_read srcu_read_lock
#define end_read srcu_read_unlock
#endif

static int read_on(void *unused)
{
	while (!kthread_should_stop()) {
		__auto_type began = begin_read(&tracepoint_srcu);

		msleep(grace_ms);
		end_read(&tracepoint_srcu, began);
	}
	return 0;
}

static int set_grace(const char *value, const struct kernel_param *kp)
{
	int ret = param_set_uint(value, kp);

	if (reader)
		kthread_stop(reader);
	reader = NULL;
	if (ret || !grace_ms)
		return ret;
	reader = kthread_run(read_on, NULL, "perturb");
	ret = PTR_ERR_OR_ZERO(reader);
	if (ret)
		reader = NULL;
	return ret;
}

static const struct kernel_param_ops grace_ops = {
	.set = set_grace,
	.get = param_get_uint,
};
module_param_cb(grace_ms, &grace_ops, &grace_ms, 0600);

#ifdef CONFIG_X86
/* Writing this is like a refined calibration: the TSC itself ticks as before. */
module_param_named(tsc_khz, tsc_khz, uint, 0600);

/* This cannot be undone: the kernel does not trust the TSC again until it reboots. */
static int set_unstable(const char *value, const struct kernel_param *kp)
{
	mark_tsc_unstable("a test asks for it");
	return 0;
}

static const struct kernel_param_ops unstable_ops = {
	.set = set_unstable,
};
module_param_cb(tsc_unstable, &unstable_ops, NULL, 0200);
#endif

static int __init perturb_init(void)
{
	return 0;
}

static void __exit perturb_exit(void)
{
	if (reader)
		kthread_stop(reader);
}

module_init(perturb_init);
module_exit(perturb_exit);
MODULE_DESCRIPTION("Disturbances for the tests of bricktrace");
MODULE_LICENSE("GPL");
