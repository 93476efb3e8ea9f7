// SPDX-License-Identifier: GPL-2.0
/*
 * The best BPF program that we could write for what bricktrace does with a call: it
 * counts calls, errors, time and longest time by system call, for the threads that it
 * follows. The figures lie in the thread's task storage, so that a tracepoint costs one
 * look-up and one reading of the clock.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define CALLS 512

struct figures {
	__u64 count;
	__u64 errors;
	__u64 ns;
	__u64 max_ns;
};

struct account {
	__u64 since;
	__u64 number;
	struct figures call[CALLS];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct account);
} accounts SEC(".maps");

/* The figures of threads that have exited. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CALLS);
	__type(key, __u32);
	__type(value, struct figures);
} totals SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(enter, struct pt_regs *regs, long number)
{
	struct account *a;

	a = bpf_task_storage_get(&accounts, bpf_get_current_task_btf(), NULL, 0);
	if (!a)
		return 0;
	a->number = number;
	a->since = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(leave, struct pt_regs *regs, long result)
{
	__u64 now = bpf_ktime_get_ns(), ns, number;
	struct account *a;
	struct figures *f;

	a = bpf_task_storage_get(&accounts, bpf_get_current_task_btf(), NULL, 0);
	if (!a)
		return 0;
	number = a->number;
	if (!a->since || number >= CALLS)
		return 0;
	ns = now - a->since;
	a->since = 0;
	f = &a->call[number];
	f->count++;
	f->ns += ns;
	if (ns > f->max_ns)
		f->max_ns = ns;
	if (result < 0 && result >= -4095)
		f->errors++;
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(forked, struct task_struct *parent, struct task_struct *child)
{
	if (bpf_task_storage_get(&accounts, parent, NULL, 0))
		bpf_task_storage_get(&accounts, child, NULL,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

static long add(__u32 i, struct account *a)
{
	struct figures *f, *t;

	if (i >= CALLS)
		return 1;
	f = &a->call[i];
	if (!f->count)
		return 0;
	t = bpf_map_lookup_elem(&totals, &i);
	if (!t)
		return 1;
	__sync_fetch_and_add(&t->count, f->count);
	__sync_fetch_and_add(&t->errors, f->errors);
	__sync_fetch_and_add(&t->ns, f->ns);
	if (f->max_ns > t->max_ns)
		t->max_ns = f->max_ns;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exited, struct task_struct *task)
{
	struct account *a = bpf_task_storage_get(&accounts, task, NULL, 0);

	if (a)
		for (__u32 i = 0; i < CALLS; i++)
			add(i, a);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
