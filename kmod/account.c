// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <asm/syscall.h>
#include "account.h"
#include "compat.h"
#include "ioctl.h"
#include "slow.h"

static_assert(BKT_ALL_SLOTS <= U8_MAX);

static void account_write_begin(struct bkt_account *a)
{
	raw_write_seqcount_begin(&a->seq);
}

static void account_write_end(struct bkt_account *a)
{
	raw_write_seqcount_end(&a->seq);
}

void bkt_account_init(struct bkt_account *a, u64 now, u32 generation, bool forked,
		      const struct bkt_counters *begin)
{
	int i;

	memset(a, 0, sizeof(*a));
	seqcount_init(&a->seq);
	a->generation = generation;
	a->t_begin = now;
	a->t_out = now;
	a->begin = *begin;
	a->run_delay = begin->run_delay;
	a->slow = U64_MAX;
	a->slow_floor = U64_MAX;
	a->state = forked ? BKT_NEW : BKT_ASLEEP;
	a->keys[BKT_SLOT_CONTROL] = BKT_KEY_CONTROL;
	for (i = 0; i < BKT_CATEGORIES; i++)
		a->keys[BKT_SLOT_MORE + i] = BKT_KEY_MORE + i;
	a->used = BKT_SLOT_FIRST;
}

/* Returns the number of a slot, as BKT_ALL_SLOTS counts them. */
static u32 account_number(const struct bkt_account *a, const struct bkt_slot *s)
{
	if (s >= a->slots && s < a->slots + BKT_SLOTS)
		return s - a->slots;
	return BKT_SLOTS + (s - a->ioctls->slot);
}

/* Returns the key of a slot; BKT_KEY_IOCTL stands for each ioctl command. */
static u16 account_key(const struct bkt_account *a, const struct bkt_slot *s)
{
	u32 i = account_number(a, s);

	return i < BKT_SLOTS ? a->keys[i] : BKT_KEY_IOCTL;
}

/* Returns the slot of @key or, if all slots are taken, of its category: rule "more". */
static struct bkt_slot *account_slot(struct bkt_account *a, u16 key)
{
	int i;

	for (i = BKT_SLOT_FIRST; i < a->used; i++)
		if (a->keys[i] == key)
			goto found;
	if (i == BKT_SLOTS) {
		i = BKT_SLOT_MORE + bkt_syscall_category(key);
		goto found;
	}
	a->keys[i] = key;
	/* Pairs with bkt_account_try_read(): it sees the key of each slot in use. */
	smp_store_release(&a->used, i + 1);
found:
	/* @map has no other table's calls, nor those whose slot varies. */
	if (key < BKT_NR_NATIVE && !bkt_syscall_is_restart(key) && !bkt_syscall_is_ioctl(key))
		a->map[key] = i;
	return &a->slots[i];
}

/*
 * Returns the key of a call that is found under way. Of an ioctl only the request is
 * known. The first such request of an account has a slot; other ones are counted with the
 * ioctls that have none. Readers and the task itself get the same answer: @found changes
 * only when the task is observed.
 */
static int account_found_key(const struct bkt_account *a, int key, u32 request)
{
	enum bricktrace_arch arch;

	if (key < 0 || !bkt_syscall_is_ioctl(key))
		return key;
	bkt_syscall_nr(key, &arch);
	if (!a->found || (a->keys[a->found] == BKT_KEY_FOUND + arch && a->found_request == request))
		return BKT_KEY_FOUND + arch;
	return key;
}

/* Returns the slot of a call that was found under way with the key @key. */
static struct bkt_slot *account_found_slot(struct bkt_account *a, u16 key, u32 request)
{
	struct bkt_slot *s = account_slot(a, key);

	if (key >= BKT_KEY_FOUND && !a->found && a->keys[s - a->slots] == key) {
		a->found = s - a->slots;
		a->found_request = request;
	}
	return s;
}

static struct bkt_slot *account_ioctl_slot(struct bkt_account *a, u16 key)
{
	struct bkt_slot *s = a->cur;
	enum bricktrace_arch arch;
	/* bkt_ioctl_enter() writes all of it, unless the ioctl is bricktrace's own. */
	struct bkt_ioctl_id id BKT_UNINITIALIZED;

	bkt_syscall_nr(key, &arch);
	/* Found under way between kernel entry and sys_enter. */
	if (a->state == BKT_OBSERVED && s &&
	    (account_key(a, s) == key || account_key(a, s) == BKT_KEY_FOUND + arch))
		return s;
	a->status = NULL;
	if (!bkt_ioctl_enter(&id, &a->status, arch))
		return &a->slots[BKT_SLOT_CONTROL];
	s = bkt_ioctl_slot(&a->ioctls, &id) ?: account_slot(a, key);
	if (a->status)
		WRITE_ONCE(s->notable, 0);
	return s;
}

void bkt_account_enter_slow(struct bkt_account *a, unsigned long nr)
{
	enum bricktrace_arch arch = BRICKTRACE_ARCH_NATIVE;
	struct bkt_slot *s;
	u16 key;

	if (bkt_syscall_compat())
		arch = BRICKTRACE_ARCH_COMPAT;
	key = bkt_syscall_key(nr, arch);
	if (bkt_syscall_is_ioctl(key))
		s = account_ioctl_slot(a, key);
	else
		s = bkt_syscall_is_restart(key) ? a->restart : NULL;
	if (!s)
		s = account_slot(a, key);
	/*
	 * If the task was first observed between kernel entry and sys_enter, the call is
	 * being timed already: rule "asleep".
	 */
	if (a->state == BKT_OBSERVED && a->cur == s) {
		WRITE_ONCE(a->state, BKT_USER);
		return;
	}
	bkt_account_enter_slot(a, s, static_key_enabled(&bkt_clock_is_tsc));
}

static void account_count_error(struct bkt_account *a, struct bkt_slot *s, long ret)
{
	/*
	 * The kernel restarts such a call, after -ERESTART_RESTARTBLOCK by
	 * restart_syscall (rule "restart"), unless a signal handler runs first:
	 * bkt_account_signal().
	 */
	if (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK) {
		if (ret == -ERESTART_RESTARTBLOCK)
			a->restart = s;
		a->interrupted = s;
		a->interrupted_enter = a->t_enter;
		a->interrupted_ret = ret;
		return;
	}
	/* The result of sigreturn is a register of the interrupted program. */
	if (!bkt_syscall_is_sigreturn(account_key(a, s)))
		s->errors++;
}

static void account_add_slow(struct bkt_account *a, struct bkt_slot *s, u64 time)
{
	struct pt_regs *regs = current_pt_regs();
	struct bkt_slow_call c = {
		.start = a->t_enter,
		.time = time,
		.offcpu = a->off_enter == a->t_enter ? a->off_call : 0,
		.ret = syscall_get_return_value(current, regs),
		.slot = account_number(a, s),
	};
	unsigned long args[6];
	int key;

	/* Of a call that was observed under way, the beginning is not known. */
	if (a->state == BKT_OBSERVED || s == &a->slots[BKT_SLOT_CONTROL])
		return;
	if (!a->slow_calls) {
		/* Pairs with bkt_account_try_read_slow(). */
		smp_store_release(&a->slow_calls, bkt_slow_alloc(a->generation));
		if (!a->slow_calls) {
			WRITE_ONCE(a->slow_lost, true);
			return;
		}
	}
	syscall_get_arguments(current, regs, args);
	c.arg0 = args[0];
	c.request = args[1];
	key = c.slot < BKT_SLOT_FIRST ? bkt_syscall_at_exit() : -1;
	c.key = key < 0 ? BKT_KEY_INVALID : key;
	bkt_slow_add(a->slow_calls, &c, READ_ONCE(a->slow_floor));
}

void bkt_account_notable(struct bkt_account *a, struct bkt_slot *s, u64 time, u64 now)
{
	u64 slow = READ_ONCE(a->slow);

	if (a->status && bkt_ioctl_failed(a->status))
		s->errors++;
	a->status = NULL;
	if (time > s->max) {
		s->max = time;
		s->max_end = now;
	}
	if (time >= slow)
		account_add_slow(a, s, time);
	for (;;) {
		WRITE_ONCE(s->notable, min(s->max + 1, slow));
		/* Pairs with bkt_account_set_slow(): it overwrites this, or we see its @slow. */
		smp_mb();
		if (slow == READ_ONCE(a->slow))
			break;
		slow = READ_ONCE(a->slow);
	}
	account_write_end(a);
}

static u64 account_slow_ticks(u64 ns)
{
	return ns ? bkt_clock_ticks(ns) : U64_MAX;
}

void bkt_account_set_slow(struct bkt_account *a, u64 ns, u64 floor)
{
	struct bkt_ioctls *t;
	u32 i, n;

	WRITE_ONCE(a->slow_floor, floor);
	if (ns == a->slow_ns)
		return;
	WRITE_ONCE(a->slow_ns, ns);
	WRITE_ONCE(a->slow, account_slow_ticks(ns));
	/* Pairs with bkt_account_notable() and account_rebase(). */
	smp_mb();
	/* Slots that are added from now on begin with 0. */
	n = READ_ONCE(a->used);
	for (i = 0; i < n; i++)
		WRITE_ONCE(a->slots[i].notable, 0);
	/* Pairs with bkt_ioctl_slot(). */
	t = smp_load_acquire(&a->ioctls);
	n = t ? READ_ONCE(t->used) : 0;
	for (i = 0; i < n; i++)
		WRITE_ONCE(t->slot[i].notable, 0);
}

/*
 * sys_exit without sys_enter: rule "entry". A new thread leaves the clone() of its
 * parent; otherwise seccomp or a tracer refused a call before sys_enter.
 */
static void account_exit_unpaired(struct bkt_account *a, long ret)
{
	struct bkt_slot *s;
	int key;

	if (a->state == BKT_NEW) {
		WRITE_ONCE(a->state, BKT_USER);
		return;
	}
	key = bkt_syscall_at_exit();
	s = account_slot(a, key < 0 ? BKT_KEY_INVALID : key);
	account_write_begin(a);
	s->count++;
	if (IS_ERR_VALUE(ret))
		account_count_error(a, s, ret);
	account_write_end(a);
}

/* sys_exit of a call that failed, or without a sys_enter. */
void bkt_account_exit_slow(struct bkt_account *a, long ret)
{
	struct bkt_slot *s = a->cur;

	if (!s) {
		account_exit_unpaired(a, ret);
		return;
	}
	/* The call is one error, whatever its driver has stored. */
	a->status = NULL;
	bkt_account_exit(a, 0, static_key_enabled(&bkt_clock_is_tsc));
	account_write_begin(a);
	account_count_error(a, s, ret);
	account_write_end(a);
}

void bkt_account_control(struct bkt_account *a)
{
	struct bkt_slot *control = &a->slots[BKT_SLOT_CONTROL];

	account_write_begin(a);
	if (!a->cur) {
		/* This very call armed the hooks or registered the task. */
		a->t_enter = bkt_clock_now();
		a->state = BKT_USER;
	} else if (a->cur != control && a->off_enter == a->t_enter) {
		a->cur->offcpu -= a->off_call;
		control->offcpu += a->off_call;
	}
	a->cur = control;
	account_write_end(a);
}

void bkt_account_out(struct bkt_account *a, const struct task_struct *p)
{
	u64 run_delay = bkt_run_delay(p);

	account_write_begin(a);
	a->t_out = bkt_clock_now();
	/* The scheduler added the wait for this CPU after bkt_account_in(): rule "waiting". */
	if (a->delay_slot)
		a->delay_slot->runnable += run_delay - a->run_delay;
	a->run_delay = run_delay;
	account_write_end(a);
}

static void account_forget_longest(struct bkt_slot *s)
{
	s->max = 0;
	WRITE_ONCE(s->notable, 0);
}

/* In a new generation, what was known about the task's state is void. */
static void account_rebase(struct bkt_account *a, const struct task_struct *p,
			   u32 generation)
{
	struct bkt_ioctls *t = a->ioctls;
	u64 ns;
	int i;

	a->run_delay = bkt_run_delay(p);
	a->restart = NULL;
	a->interrupted = NULL;
	a->status = NULL;
	WRITE_ONCE(a->slow_lost, false);
	a->generation = generation;
	for (i = 0; i < a->used; i++)
		account_forget_longest(&a->slots[i]);
	for (i = 0; t && i < t->used; i++)
		account_forget_longest(&t->slot[i]);
	if (a->slow_calls)
		bkt_slow_clear(a->slow_calls, generation);
	/* The clock may be another one now. */
	do {
		ns = READ_ONCE(a->slow_ns);
		WRITE_ONCE(a->slow, account_slow_ticks(ns));
		/* Pairs with bkt_account_set_slow(): it overwrites this, or we see its @slow_ns. */
		smp_mb();
	} while (ns != READ_ONCE(a->slow_ns));
}

int bkt_account_record(struct bkt_account *a, u32 generation, int key, u32 request)
{
	if (a->recorded >> 32 == generation)
		return (int)(u32)a->recorded - 1;
	/* If the task is observed meanwhile, the reader tries again. */
	key = data_race(account_found_key(a, key, request));
	WRITE_ONCE(a->recorded_request, request);
	WRITE_ONCE(a->recorded, (u64)generation << 32 | (u32)(key + 1));
	/* Pairs with account_observe(): it sees this key, or our try to read sees its @seq. */
	smp_mb();
	return key;
}

/*
 * Observes the task for the first time in @generation. What the task does now it has
 * done since @since. @slept: the task was asleep until now, so a recorded key is valid.
 * @own: the task is in one of bricktrace's own calls.
 */
static void account_observe(struct bkt_account *a, struct task_struct *p, u32 generation,
			    u64 since, bool slept, bool own)
{
	struct bkt_slot *s = NULL;
	u32 request = 0;
	u64 recorded;
	int key;

	account_write_begin(a);
	/* Pairs with bkt_account_record(): we see its key, or its reader sees @seq. */
	smp_mb();
	recorded = READ_ONCE(a->recorded);
	if (slept && recorded >> 32 == generation) {
		key = (int)(u32)recorded - 1;
		request = READ_ONCE(a->recorded_request);
	} else {
		key = bkt_syscall_of_task(p, &request);
		key = account_found_key(a, key, request);
	}
	if (a->generation != generation)
		account_rebase(a, p, generation);
	a->state = bkt_syscall_never_ran(p) ? BKT_NEW : BKT_USER;
	if (own) {
		s = &a->slots[BKT_SLOT_CONTROL];
	} else if (key >= 0) {
		s = account_found_slot(a, key, request);
		a->state = BKT_OBSERVED;
		if (key < BKT_NR_NATIVE)
			a->map[key] = 0;
	}
	a->cur = s;
	a->t_enter = since;
	a->t_out = since;
	account_write_end(a);
}

void bkt_account_in(struct bkt_account *a, struct task_struct *p, u32 generation,
		    u64 armed)
{
	u64 since, off;

	if (unlikely(bkt_account_asleep(a, generation, armed, &since)))
		account_observe(a, p, generation, since, true, false);
	account_write_begin(a);
	off = bkt_clock_now() - a->t_out;
	a->offcpu += off;
	if (a->cur) {
		a->cur->offcpu += off;
		if (a->off_enter != a->t_enter) {
			a->off_enter = a->t_enter;
			a->off_call = 0;
		}
		a->off_call += off;
	}
	a->delay_slot = a->cur;
	a->t_out = 0;
	account_write_end(a);
}

void bkt_account_observe_running(struct bkt_account *a, struct task_struct *p,
				 u32 generation, u64 armed, bool own)
{
	u64 since;

	if (bkt_account_asleep(a, generation, armed, &since))
		account_observe(a, p, generation, bkt_clock_now(), false, own);
	account_write_begin(a);
	/* The scheduler has already added the wait for this CPU. */
	a->run_delay = bkt_run_delay(p);
	a->delay_slot = NULL;
	a->t_out = 0;
	account_write_end(a);
}

void bkt_account_signal(struct bkt_account *a, bool restarts)
{
	struct bkt_slot *s = a->interrupted;
	int ret = a->interrupted_ret;

	a->interrupted = NULL;
	/* If there was an entry since then, the kernel has restarted the call. */
	if (!s || a->cur || a->t_enter != a->interrupted_enter)
		return;
	if (ret == -ERESTARTNOINTR || (ret == -ERESTARTSYS && restarts))
		return;
	account_write_begin(a);
	s->errors++;
	account_write_end(a);
}

void bkt_account_end(struct bkt_account *a)
{
	account_write_begin(a);
	a->t_end = bkt_clock_now();
	account_write_end(a);
}

bool bkt_account_asleep(const struct bkt_account *a, u32 generation, u64 armed,
			u64 *since)
{
	if (READ_ONCE(a->generation) != generation) {
		/* @t_out is from before this arming, perhaps a reading of another clock. */
		*since = armed;
		return true;
	}
	*since = READ_ONCE(a->t_out);
	return !READ_ONCE(a->cur) && READ_ONCE(a->state) == BKT_ASLEEP;
}

/*
 * Adds the wait for a CPU that is in no slot yet: to the call under way, if the task is
 * off its CPU (@out), else to the call of the last switch in. Rule "waiting".
 */
static void account_read_runnable(const struct bkt_account *a, u32 generation, bool out,
				  const struct bkt_counters *kernel,
				  struct bkt_snapshot *snap)
{
	/* Pairs with bkt_ioctl_slot(), by way of the task: we see the table that has @s. */
	const struct bkt_slot *s = smp_load_acquire(&a->delay_slot);
	u64 seen = a->run_delay;
	/* If the task was switched since @kernel was read, @seen is the later value. */
	u64 now = max(seen, kernel->run_delay);

	snap->kernel.run_delay = now - a->begin.run_delay;
	snap->kernel.min_flt = kernel->min_flt - a->begin.min_flt;
	snap->kernel.maj_flt = kernel->maj_flt - a->begin.maj_flt;
	/* A wait from before this arming belongs to no call. */
	if (a->generation != generation)
		return;
	if (out)
		snap->call.runnable = now - seen;
	else if (s)
		snap->slots[account_number(a, s)].runnable += now - seen;
}

bool bkt_account_try_read(const struct bkt_account *a, u32 generation, u64 armed,
			  int asleep_key, u64 limit,
			  const struct bkt_counters *kernel,
			  struct bkt_snapshot *snap)
{
	unsigned int seq = raw_read_seqcount(&a->seq);
	/* Pairs with bkt_account_enter_slot(): we see @t_enter if we see @cur. */
	const struct bkt_slot *cur = smp_load_acquire(&a->cur);
	const struct bkt_ioctls *ioctls;
	u64 t, since, out;
	bool asleep;
	u32 i;

	if (seq & 1 || cur == BKT_ENTERING)
		return false;
	t = min(limit, bkt_clock_now());
	if (a->t_end)
		t = min(t, a->t_end);
	asleep = bkt_account_asleep(a, generation, armed, &since);
	out = asleep ? since : a->t_out;
	snap->t = t;
	snap->offcpu = a->offcpu;
	snap->call = (struct bkt_under_way){ .key = -1, .slot = -1 };
	if (asleep) {
		snap->call.key = asleep_key;
		snap->call.request = READ_ONCE(a->recorded_request);
		snap->call.begin = since;
	} else if (cur) {
		snap->call.slot = account_number(a, cur);
		snap->call.key = account_key(a, cur);
		snap->call.begin = READ_ONCE(a->t_enter);
	}
	if (out && t > out)
		snap->offcpu += t - out;
	if (snap->call.key >= 0) {
		if (t > snap->call.begin)
			snap->call.time = t - snap->call.begin;
		if (out && t > out)
			snap->call.offcpu = t - out;
	}
	/* Pairs with account_slot(): we see the key of each slot in use. */
	snap->used = smp_load_acquire(&a->used);
	memcpy(snap->slots, a->slots, min_t(u8, snap->used, BKT_SLOTS) * sizeof(a->slots[0]));
	/* Pairs with bkt_ioctl_slot(). */
	ioctls = smp_load_acquire(&a->ioctls);
	snap->ioctls = 0;
	if (ioctls)
		/* This pairs with it, too: we see the id of each slot in use. */
		snap->ioctls = smp_load_acquire(&ioctls->used);
	if (snap->ioctls)
		memcpy(snap->slots + BKT_SLOTS, ioctls->slot,
		       min_t(u8, snap->ioctls, BKT_IOCTLS) * sizeof(ioctls->slot[0]));
	/* These longest calls belong to an arming that has ended: rule "longest". */
	if (a->generation != generation)
		for (i = 0; i < BKT_SLOTS + snap->ioctls; i = bkt_next_slot(snap, i))
			snap->slots[i].max = 0;
	account_read_runnable(a, generation, out, kernel, snap);
	return !read_seqcount_retry(&a->seq, seq) && READ_ONCE(a->cur) == cur;
}

bool bkt_account_try_read_slow(const struct bkt_account *a, u32 generation,
			       struct bkt_slow_list *to)
{
	/* Pairs with account_add_slow(). */
	const struct bkt_slow_list *l = smp_load_acquire(&a->slow_calls);

	to->added = 0;
	to->used = 0;
	if (!l)
		return true;
	if (!bkt_slow_try_copy(l, to))
		return false;
	if (to->generation != generation) {
		to->added = 0;
		to->used = 0;
	}
	return true;
}
