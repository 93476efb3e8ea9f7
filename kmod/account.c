// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include "account.h"

static_assert(BT_SLOTS <= U8_MAX);

static void begin(struct bt_account *a)
{
	raw_write_seqcount_begin(&a->seq);
}

static void end(struct bt_account *a)
{
	raw_write_seqcount_end(&a->seq);
}

void bt_account_init(struct bt_account *a, u64 now, u32 generation, bool born)
{
	int i;

	memset(a, 0, sizeof(*a));
	seqcount_init(&a->seq);
	a->generation = generation;
	a->t_begin = now;
	a->t_out = now;
	a->state = born ? BT_BORN : BT_ASLEEP;
	a->keys[BT_SLOT_CONTROL] = BT_KEY_CONTROL;
	for (i = 0; i < BRICKTRACE_CATEGORIES; i++)
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
	begin(a);
	a->used = i + 1;
	end(a);
found:
	/* The other tables, and restart_syscall, are looked up each time. */
	if (key < BT_NR_NATIVE && !bt_syscall_is_restart(key))
		a->map[key] = i;
	return &a->slots[i];
}

void bt_account_enter_slow(struct bt_account *a, unsigned long nr)
{
	enum bricktrace_abi abi = BRICKTRACE_ABI_NATIVE;
	struct bt_slot *s;
	u16 key;

	if (bt_syscall_compat())
		abi = BRICKTRACE_ABI_COMPAT;
	key = bt_syscall_key(nr, abi);
	s = bt_syscall_is_restart(key) ? a->restart : NULL;
	if (!s)
		s = slot_of_key(a, key);
	bt_account_enter_slot(a, s, static_key_enabled(&bt_clock_is_tsc));
}

static void count_error(struct bt_account *a, struct bt_slot *s, long ret)
{
	/* It will be entered again, by restart_syscall after the last. */
	if (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK) {
		if (ret == -ERESTART_RESTARTBLOCK)
			a->restart = s;
		return;
	}
	/* What sigreturn returns is the interrupted program's register. */
	if (!bt_syscall_is_sigreturn(a->keys[s - a->slots]))
		s->errors++;
}

/* An exit whose entry was not seen, or not in this arming. */
static void exit_unpaired(struct bt_account *a, long ret, u64 now)
{
	struct bt_slot *s = a->call;
	u64 time = now - a->t_enter;
	u8 state = a->state;
	int key;

	if (state == BT_BORN || state == BT_ASLEEP)
		goto user;
	if (state != BT_DERIVED) {
		key = bt_syscall_at_exit();
		s = slot_of_key(a, key < 0 ? BT_KEY_INVALID : key);
	}
	/* seccomp or a tracer refused it before its entry was shown */
	if (state == BT_USER)
		time = 0;
	begin(a);
	s->count++;
	s->time += time;
	if (IS_ERR_VALUE(ret))
		count_error(a, s, ret);
	end(a);
user:
	begin(a);
	a->state = BT_USER;
	end(a);
}

/* A failed call, or an unpaired exit. */
void bt_account_exit_slow(struct bt_account *a, long ret, u64 now)
{
	struct bt_slot *s = a->cur;

	if (!s) {
		exit_unpaired(a, ret, now);
		return;
	}
	bt_account_exit(a, 0, now);
	begin(a);
	count_error(a, s, ret);
	end(a);
}

/* Adds to a derived call what has passed since it was last settled. */
static void settle(struct bt_account *a, u64 now)
{
	a->call->time += now - a->t_enter;
	a->t_enter = now;
}

void bt_account_control(struct bt_account *a)
{
	u64 now = bt_clock_now();

	begin(a);
	if (!a->cur) {
		/* Armed or registered by this very call. */
		a->t_enter = now;
		a->state = BT_USER;
	}
	a->cur = &a->slots[BT_SLOT_CONTROL];
	end(a);
}

void bt_account_out(struct bt_account *a, struct task_struct *p)
{
	struct bt_slot *s = a->call;
	u8 state = a->state;
	u64 now;
	int key;

	/* Off its CPU, the registers tell what was not seen. */
	if (unlikely(!a->cur && (state == BT_UNKNOWN || state == BT_DERIVED))) {
		key = bt_syscall_of_sleeper(p);
		if (key >= 0 && state == BT_UNKNOWN)
			s = slot_of_key(a, key);
		state = key >= 0 ? BT_DERIVED : BT_USER;
	}
	now = bt_clock_now();
	begin(a);
	a->t_out = now;
	a->call = s;
	a->state = state;
	if (!a->cur && state == BT_DERIVED)
		settle(a, now);
	end(a);
}

/* A new arming: what was known of the thread's state is void. */
static void rebase(struct bt_account *a, u32 generation, u64 armed)
{
	int i;

	a->cur = NULL;
	a->state = BT_ASLEEP;
	a->restart = NULL;
	a->t_out = armed;
	a->generation = generation;
	for (i = 0; i < a->used; i++)
		a->slots[i].max = 0;
}

void bt_account_in(struct bt_account *a, struct task_struct *p, u32 generation,
		   u64 armed)
{
	u64 now = bt_clock_now(), off;
	struct bt_slot *s = NULL;
	u64 since;
	int key;

	if (unlikely(bt_account_asleep(a, generation, armed, &since))) {
		key = bt_syscall_of_sleeper(p);
		if (key >= 0)
			s = slot_of_key(a, key);
		begin(a);
		if (a->generation != generation)
			rebase(a, generation, since);
		a->call = s;
		a->state = s ? BT_DERIVED : BT_USER;
		end(a);
	}
	off = now - a->t_out;
	begin(a);
	a->offcpu += off;
	a->t_out = 0;
	s = a->cur;
	if (s) {
		s->offcpu += off;
	} else if (a->state == BT_DERIVED) {
		a->call->time += off;
		a->call->offcpu += off;
		a->t_enter = now;
	}
	end(a);
}

void bt_account_found(struct bt_account *a, bool user, u32 generation, u64 armed)
{
	u64 since;

	begin(a);
	if (bt_account_asleep(a, generation, armed, &since) &&
	    a->generation != generation)
		rebase(a, generation, since);
	a->t_out = 0;
	a->t_enter = bt_clock_now();
	a->state = user ? BT_USER : BT_UNKNOWN;
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
		*since = max(a->t_begin, armed);
		return true;
	}
	*since = READ_ONCE(a->t_out);
	return !READ_ONCE(a->cur) && READ_ONCE(a->state) == BT_ASLEEP;
}

bool bt_account_try_read(const struct bt_account *a, u32 generation, u64 armed,
			 int asleep_key, u64 limit, struct bt_snapshot *snap)
{
	unsigned int seq = raw_read_seqcount(&a->seq);
	/* Pairs with bt_account_enter_slot(): its t_enter is there. */
	const struct bt_slot *cur = smp_load_acquire(&a->cur);
	const struct bt_slot *call = NULL;
	u64 t, since, out;
	bool asleep;

	if (seq & 1)
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
		call = cur;
		snap->call.begin = READ_ONCE(a->t_enter);
	} else if (a->state == BT_DERIVED) {
		call = a->call;
		/* Running, it may have left the call since: not yet counted. */
		snap->call.begin = out ?: t;
	}
	if (call)
		snap->call.key = a->keys[call - a->slots];
	if (out && t > out)
		snap->offcpu += t - out;
	if (snap->call.key >= 0) {
		if (t > snap->call.begin)
			snap->call.time = t - snap->call.begin;
		if (out && t > out)
			snap->call.offcpu = t - out;
	}
	snap->used = a->used;
	memcpy(snap->slots, a->slots, min_t(u8, a->used, BT_SLOTS) * sizeof(a->slots[0]));
	return !read_seqcount_retry(&a->seq, seq) && READ_ONCE(a->cur) == cur;
}
