// SPDX-License-Identifier: GPL-2.0
/*
 * Does to bricktrace what a host may do, when a test writes one of the parameters:
 * makes the tracepoints' grace periods long, clocks wrong, and records slow to write.
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
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

/* How long bricktrace takes to begin with the head of a record that has a breakdown. */
static unsigned int encode_us;

static int encode_slowly(struct kprobe *p, struct pt_regs *regs)
{
	/* Its loop lets the emulator go on with another CPU. */
	udelay(READ_ONCE(encode_us));
	return 0;
}

static struct kprobe encode_probe = {
	.symbol_name = "bkt_encode_head",
	.pre_handler = encode_slowly,
};

static int set_encode(const char *value, const struct kernel_param *kp)
{
	unsigned int before = encode_us;
	int ret = param_set_uint(value, kp);

	if (ret || !before == !encode_us)
		return ret;
	if (!encode_us) {
		unregister_kprobe(&encode_probe);
		return 0;
	}
	encode_probe.addr = NULL;
	encode_probe.flags = 0;
	ret = register_kprobe(&encode_probe);
	if (ret)
		encode_us = 0;
	return ret;
}

static const struct kernel_param_ops encode_ops = {
	.set = set_encode,
	.get = param_get_uint,
};
module_param_cb(encode_us, &encode_ops, &encode_us, 0600);

static int __init perturb_init(void)
{
	return 0;
}

static void __exit perturb_exit(void)
{
	if (reader)
		kthread_stop(reader);
	if (encode_us)
		unregister_kprobe(&encode_probe);
}

module_init(perturb_init);
module_exit(perturb_exit);
MODULE_DESCRIPTION("Disturbances for the tests of bricktrace");
MODULE_LICENSE("GPL");
