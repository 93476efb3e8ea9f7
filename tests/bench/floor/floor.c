// SPDX-License-Identifier: GPL-2.0
/*
 * The floor of the benchmark: probes on sys_enter and sys_exit that do nothing. No user of
 * these tracepoints can be cheaper. With part=N the probes do more and more of what those
 * of bricktrace do, so that the cost of each part can be computed:
 *	0 they do nothing
 *	1 they read and test the per-CPU pointer, which is not set: an untraced thread
 *	2 the pointer is set for all threads, and the probes disable preemption if the
 *	  tracepoint does not
 *	3 they also read the clock
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/tracepoint.h>
#include <trace/events/syscalls.h>
#include <asm/msr.h>

static int part;
module_param(part, int, 0444);

static struct tracepoint *tp_enter, *tp_exit;
static DEFINE_PER_CPU(u64 *, running);
static DEFINE_PER_CPU(u64, sink);

static void empty_enter(void *data, struct pt_regs *regs, long id)
{
}

static void empty_exit(void *data, struct pt_regs *regs, long ret)
{
}

static __always_inline void pointer(bool clock)
{
	u64 *p = this_cpu_read(running);

	if (likely(!p))
		return;
#ifdef DECLARE_TRACE_SYSCALL
	preempt_disable_notrace();
	p = this_cpu_read(running);
#endif
	/* Otherwise the compiler removes a test after which nothing is done. */
	barrier_data(p);
	if (likely(p) && clock)
		*p = rdtsc();
#ifdef DECLARE_TRACE_SYSCALL
	preempt_enable_notrace();
#endif
}

static void pointer_enter(void *data, struct pt_regs *regs, long id)
{
	pointer(false);
}

static void pointer_exit(void *data, struct pt_regs *regs, long ret)
{
	pointer(false);
}

static void clock_enter(void *data, struct pt_regs *regs, long id)
{
	pointer(true);
}

static void clock_exit(void *data, struct pt_regs *regs, long ret)
{
	pointer(true);
}

static const struct {
	void (*enter)(void *data, struct pt_regs *regs, long id);
	void (*exit)(void *data, struct pt_regs *regs, long ret);
} parts[] = {
	{ empty_enter, empty_exit },
	{ pointer_enter, pointer_exit },
	{ pointer_enter, pointer_exit },
	{ clock_enter, clock_exit },
};

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sys_enter"))
		tp_enter = tp;
	else if (!strcmp(tp->name, "sys_exit"))
		tp_exit = tp;
}

static int __init floor_init(void)
{
	int cpu, ret;

	for_each_kernel_tracepoint(find, NULL);
	if (part < 0 || part >= ARRAY_SIZE(parts) || !tp_enter || !tp_exit)
		return -EINVAL;
	if (part >= 2)
		for_each_possible_cpu(cpu)
			per_cpu(running, cpu) = per_cpu_ptr(&sink, cpu);
	ret = tracepoint_probe_register(tp_exit, parts[part].exit, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(tp_enter, parts[part].enter, NULL);
	if (ret)
		tracepoint_probe_unregister(tp_exit, parts[part].exit, NULL);
	return ret;
}

static void __exit floor_exit(void)
{
	tracepoint_probe_unregister(tp_enter, parts[part].enter, NULL);
	tracepoint_probe_unregister(tp_exit, parts[part].exit, NULL);
	tracepoint_synchronize_unregister();
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_DESCRIPTION("Empty system call probes, for tests/bench");
MODULE_LICENSE("GPL");
