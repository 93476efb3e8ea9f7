// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "account.h"
#include "compat.h"

static_assert(BT_SLOTS <= U8_MAX);

static void begin(struct bt_account *a)
{
	raw_write_seqcount_begin(&a->seq);
}

static void end(struct bt_account *a)
{
	raw_write_seqcount_end(&a->seq);
}

void bt_account_init(struct bt_account *a, u64 now, u32 generation, bool born,
		     const struct bt_counters *begin)
{
	int i;

	memset(a, 0, sizeof(*a));
	seqcount_init(&a->seq);
	a->generation = generation;
	a->t_begin = now;
	a->t_out = now;
	a->begin = *begin;
	a->run_delay = begin->run_delay;
	a->state = born ? BT_BORN : BT_ASLEEP;
	a->keys[BT_SLOT_CONTROL] = BT_KEY_CONTROL;
	for (i = 0; i < BT_CATEGORIES; i++)
		a->keys[BT_SLOT_MORE + i] = BT_KEY_MORE + i;
	a->used = BT_SLOT_FIRST;
}

/* The slot of a key: its own if there is one left, else its category's. */
static struct bt_slot *slot_of_key(struct bt_account *a, u16 key)
{
	int i;

	for (i = BT_SLOT_FIRST; i < a->used; i++)
		if (a->keys[i] == key)
			goto found;
	if (i == BT_SLOTS) {
		i = BT_SLOT_MORE + bt_syscall_category(key);
		goto found;
	}
	a->keys[i] = key;
	/* Pairs with bt_account_try_read(): the key is there. */
	smp_store_release(&a->used, i + 1);
found:
	/* The other tables, and restart_syscall, are looked up each time. */
	if (key < BT_NR_NATIVE && !bt_syscall_is_restart(key))
		a->map[key] = i;
	return &a->slots[i];
}

void bt_account_enter_slow(struct bt_account *a, unsigned long nr)
{
	enum bricktrace_arch arch = BRICKTRACE_ARCH_NATIVE;
	struct bt_slot *s;
	u16 key;

	if (bt_syscall_compat())
		arch = BRICKTRACE_ARCH_COMPAT;
	key = bt_syscall_key(nr, arch);
	s = bt_syscall_is_restart(key) ? a->restart : NULL;
	if (!s)
		s = slot_of_key(a, key);
	/* The call was found between the kernel's entry and here: it is timed already. */
	if (a->state == BT_MET && a->cur == s) {
		WRITE_ONCE(a->state, BT_USER);
		return;
	}
	bt_account_enter_slot(a, s, static_key_enabled(&bt_clock_is_tsc));
}

static void count_error(struct bt_account *a, struct bt_slot *s, long ret)
{
	/*
	 * The call will be entered again, by restart_syscall after the last of
	 * these, unless a handler runs first: bt_account_signal().
	 */
	if (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK) {
		if (ret == -ERESTART_RESTARTBLOCK)
			a->restart = s;
		a->interrupted = s;
		a->interrupted_enter = a->t_enter;
		a->interrupted_ret = ret;
		return;
	}
	/* What sigreturn returns is the interrupted program's register. */
	if (!bt_syscall_is_sigreturn(a->keys[s - a->slots]))
		s->errors++;
}

/*
 * An exit without an entry: of the clone that made the thread; else of a call
 * that seccomp or a tracer refused before its entry was shown.
 */
static void exit_unpaired(struct bt_account *a, long ret)
{
	struct bt_slot *s;
	int key;

	if (a->state == BT_BORN) {
		WRITE_ONCE(a->state, BT_USER);
		return;
	}
	key = bt_syscall_at_exit();
	s = slot_of_key(a, key < 0 ? BT_KEY_INVALID : key);
	begin(a);
	s->count++;
	if (IS_ERR_VALUE(ret))
		count_error(a, s, ret);
	end(a);
}

/* A failed call, or an unpaired exit. */
void bt_account_exit_slow(struct bt_account *a, long ret)
{
	struct bt_slot *s = a->cur;

	if (!s) {
		exit_unpaired(a, ret);
		return;
	}
	bt_account_exit(a, 0, static_key_enabled(&bt_clock_is_tsc));
	begin(a);
	count_error(a, s, ret);
	end(a);
}

void bt_account_control(struct bt_account *a)
{
	struct bt_slot *control = &a->slots[BT_SLOT_CONTROL];

	begin(a);
	if (!a->cur) {
		/* Armed or registered by this very call. */
		a->t_enter = bt_clock_now();
		a->state = BT_USER;
	} else if (a->cur != control && a->off_enter == a->t_enter) {
		a->cur->offcpu -= a->off_call;
		control->offcpu += a->off_call;
	}
	a->cur = control;
	end(a);
}

void bt_account_out(struct bt_account *a, const struct task_struct *p)
{
	u64 run_delay = bt_run_delay(p);

	begin(a);
	a->t_out = bt_clock_now();
	/* What the thread has waited for this CPU, which the scheduler added since. */
	if (a->waiter)
		a->waiter->runnable += run_delay - a->run_delay;
	a->run_delay = run_delay;
	end(a);
}

/* A new arming: what was known of the thread's state is void. */
static void rebase(struct bt_account *a, const struct task_struct *p,
		   u32 generation)
{
	int i;

	a->run_delay = bt_run_delay(p);

	a->restart = NULL;
	a->interrupted = NULL;
	a->generation = generation;
	for (i = 0; i < a->used; i++)
		a->slots[i].max = 0;
}

int bt_account_tell(struct bt_account *a, u32 generation, int key)
{
	if (a->told >> 32 == generation)
		return (int)(u32)a->told - 1;
	WRITE_ONCE(a->told, (u64)generation << 32 | (u32)(key + 1));
	/* Pairs with meet(): it sees this, or the reader that it has begun. */
	smp_mb();
	return key;
}

/*
 * The thread is met for the first time; it does what it did since @since. @slept: it
 * has slept until now, so that what readers said of it is so.
 */
static void meet(struct bt_account *a, struct task_struct *p, u32 generation,
		 u64 since, bool slept)
{
	struct bt_slot *s = NULL;
	u64 told;
	int key;

	begin(a);
	/* Pairs with bt_account_tell(). */
	smp_mb();
	told = READ_ONCE(a->told);
	key = slept && told >> 32 == generation ? (int)(u32)told - 1 :
						  bt_syscall_of_task(p);
	if (a->generation != generation)
		rebase(a, p, generation);
	a->state = bt_syscall_is_newborn(p) ? BT_BORN : BT_USER;
	if (key >= 0) {
		s = slot_of_key(a, key);
		a->state = BT_MET;
		if (key < BT_NR_NATIVE)
			a->map[key] = 0;
	}
	a->cur = s;
	a->t_enter = since;
	a->t_out = since;
	end(a);
}

void bt_account_in(struct bt_account *a, struct task_struct *p, u32 generation,
		   u64 armed)
{
	u64 since, off;

	if (unlikely(bt_account_asleep(a, generation, armed, &since)))
		meet(a, p, generation, since, true);
	begin(a);
	off = bt_clock_now() - a->t_out;
	a->offcpu += off;
	if (a->cur) {
		a->cur->offcpu += off;
		if (a->off_enter != a->t_enter) {
			a->off_enter = a->t_enter;
			a->off_call = 0;
		}
		a->off_call += off;
	}
	a->waiter = a->cur;
	a->t_out = 0;
	end(a);
}

void bt_account_found(struct bt_account *a, struct task_struct *p,
		      u32 generation, u64 armed)
{
	u64 since;

	if (bt_account_asleep(a, generation, armed, &since))
		meet(a, p, generation, bt_clock_now(), false);
	begin(a);
	/* The scheduler has told of this arrival already. */
	a->run_delay = bt_run_delay(p);
	a->waiter = NULL;
	a->t_out = 0;
	end(a);
}

void bt_account_signal(struct bt_account *a, bool restarts)
{
	struct bt_slot *s = a->interrupted;
	int ret = a->interrupted_ret;

	a->interrupted = NULL;
	/* An entry since means that the kernel has restarted it. */
	if (!s || a->cur || a->t_enter != a->interrupted_enter)
		return;
	if (ret == -ERESTARTNOINTR || (ret == -ERESTARTSYS && restarts))
		return;
	begin(a);
	s->errors++;
	end(a);
}

void bt_account_end(struct bt_account *a)
{
	begin(a);
	a->t_end = bt_clock_now();
	end(a);
}

bool bt_account_asleep(const struct bt_account *a, u32 generation, u64 armed,
		       u64 *since)
{
	if (READ_ONCE(a->generation) != generation) {
		/* The account is older than the arming; so may its clock be. */
		*since = armed;
		return true;
	}
	*since = READ_ONCE(a->t_out);
	return !READ_ONCE(a->cur) && READ_ONCE(a->state) == BT_ASLEEP;
}

/* Waiting for a CPU that is in no slot yet: the call's that is off its CPU, or was. */
static void read_runnable(const struct bt_account *a, u32 generation, bool out,
			  const struct bt_counters *kernel,
			  struct bt_snapshot *snap)
{
	const struct bt_slot *waiter = READ_ONCE(a->waiter);
	u64 seen = a->run_delay;
	/* The thread may have been switched since @kernel was read. */
	u64 now = max(seen, kernel->run_delay);

	snap->kernel.run_delay = now - a->begin.run_delay;
	snap->kernel.min_flt = kernel->min_flt - a->begin.min_flt;
	snap->kernel.maj_flt = kernel->maj_flt - a->begin.maj_flt;
	/* What it was before the arming is no call's. */
	if (a->generation != generation)
		return;
	if (out)
		snap->call.runnable = now - seen;
	else if (waiter)
		snap->slots[waiter - a->slots].runnable += now - seen;
}

bool bt_account_try_read(const struct bt_account *a, u32 generation, u64 armed,
			 int asleep_key, u64 limit,
			 const struct bt_counters *kernel,
			 struct bt_snapshot *snap)
{
	unsigned int seq = raw_read_seqcount(&a->seq);
	/* Pairs with bt_account_enter_slot(): its t_enter is there. */
	const struct bt_slot *cur = smp_load_acquire(&a->cur);
	u64 t, since, out;
	bool asleep;
	u8 i;

	if (seq & 1 || cur == BT_ENTERING)
		return false;
	t = min(limit, bt_clock_now());
	if (a->t_end)
		t = min(t, a->t_end);
	asleep = bt_account_asleep(a, generation, armed, &since);
	out = asleep ? since : a->t_out;
	snap->t = t;
	snap->offcpu = a->offcpu;
	snap->call = (struct bt_under_way){ .key = -1 };
	if (asleep) {
		snap->call.key = asleep_key;
		snap->call.begin = since;
	} else if (cur) {
		snap->call.key = a->keys[cur - a->slots];
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
	/* Pairs with slot_of_key(): their keys are there. */
	snap->used = smp_load_acquire(&a->used);
	memcpy(snap->slots, a->slots, min_t(u8, snap->used, BT_SLOTS) * sizeof(a->slots[0]));
	/* The longest calls are those of an arming that has ended. */
	if (a->generation != generation)
		for (i = 0; i < snap->used; i++)
			snap->slots[i].max = 0;
	read_runnable(a, generation, out, kernel, snap);
	return !read_seqcount_retry(&a->seq, seq) && READ_ONCE(a->cur) == cur;
}
