/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The account of one task: monotonic totals per system call, and the state of
 * the thread that decides what the time since the last event belongs to.
 *
 * One writer at a time: the task itself with preemption off (system call
 * probes, ioctls), the switch probe while the task is prev or next, or an
 * interrupt that found the task running and its CPU's pointer unset. Readers
 * elsewhere retry if @seq or @cur has changed: an entry is published by its
 * stores to @cur alone, everything else under @seq. Either begins before the
 * clock is read, so a reader that did not see that beginning has read an earlier
 * time; but on x86 the clock may be read while the store still waits in its
 * buffer, and then the reader's time is later by some tens of nanoseconds. That
 * time counts as no call's, and differences are never less than zero.
 */
#ifndef BT_ACCOUNT_H
#define BT_ACCOUNT_H

#include <linux/err.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include "clock.h"
#include "syscall.h"

#define BT_SLOTS 57

enum {
	BT_SLOT_CONTROL	= 0,	/* calls of bricktrace itself; also "no slot" in @map */
	BT_SLOT_MORE	= 1,	/* + category: calls that found no slot */
	BT_SLOT_FIRST	= BT_SLOT_MORE + BT_CATEGORIES,
};

/* Totals of one system call, in ticks. */
struct bt_slot {
	u64 count;	/* completed */
	u64 errors;
	u64 time;	/* of completed calls */
	u64 offcpu;	/* the part of it off the CPU, up to the last switch in */
	u64 runnable;	/* the part of that which waited for a CPU, in nanoseconds */
	u64 max;	/* the longest completed call of this arming, 0: none known */
	u64 max_end;	/* when it ended */
};

enum bt_state {
	BT_ASLEEP,	/* off its CPU since @t_out, not met since */
	BT_BORN,	/* created, on its way to user mode */
	BT_USER,	/* in user mode or on its way there, or in @cur */
	BT_MET,		/* in @cur since it was met, or on the way to its entry */
};

#define BT_ENTERING ((struct bt_slot *)1UL)

/* What the kernel counts of a task in any case. Each of them only grows. */
struct bt_counters {
	u64 run_delay;	/* for how long it has waited for a CPU, in nanoseconds */
	u64 min_flt;	/* minor and major page faults */
	u64 maj_flt;
};

struct bt_account {
	seqcount_t seq;
	u32 generation;		/* of the arming that @state belongs to */
	struct bt_slot *cur;	/* call under way, NULL or BT_ENTERING */
	u64 t_enter;		/* when it was entered, or found */
	u64 t_out;		/* since when the task is off its CPU, 0: it is not */
	u64 offcpu;		/* total, up to the last switch in */
	u64 t_end;		/* when the task ended, 0: it lives */
	u64 t_begin;		/* when the account was opened */
	struct bt_slot *restart; /* what restart_syscall would restart */
	u64 off_call;		/* of @offcpu, in the call that was entered at */
	u64 off_enter;		/* this time: the last one that was off its CPU */
	u64 told;		/* of a sleeper: generation << 32 | (key + 1) */
	struct bt_counters begin; /* when the account was opened */
	u64 run_delay;		/* as it was last added to a slot */
	struct bt_slot *waiter;	/* call that last waited for a CPU, or NULL */
	struct bt_slot *interrupted; /* the call that last returned -512 to -516 */
	u64 interrupted_enter;	/* its @t_enter */
	s16 interrupted_ret;	/* and what it returned */
	u8 state;		/* enum bt_state */
	u8 used;		/* slots in use */
	u8 map[BT_NR_NATIVE];	/* native number to slot, 0: none yet */
	u16 keys[BT_SLOTS];	/* slot to key */
	struct bt_slot slots[BT_SLOTS];
};

/* A call that was under way: what of it is not in the slots yet. */
struct bt_under_way {
	int key;		/* -1: none, or none that is known */
	u64 begin;
	u64 time;
	u64 offcpu;
	u64 runnable;
};

/* The value of an account at one moment, V(t). */
struct bt_snapshot {
	u64 t;
	u64 offcpu;		/* total up to t */
	struct bt_counters kernel; /* since the account was opened */
	struct bt_under_way call;
	u8 used;
	struct bt_slot slots[BT_SLOTS];
};

/*
 * @now: when the task was created (@born) or found. It is taken to be off its
 * CPU until it is met. @generation: of the arming under way, 0 if none is.
 * @begin: what the kernel has counted of it so far.
 */
void bt_account_init(struct bt_account *a, u64 now, u32 generation, bool born,
		     const struct bt_counters *begin);

void bt_account_enter_slow(struct bt_account *a, unsigned long nr);
void bt_account_exit_slow(struct bt_account *a, long ret);

static __always_inline void bt_account_enter_slot(struct bt_account *a,
						  struct bt_slot *s, bool tsc)
{
	WRITE_ONCE(a->state, BT_USER);
	WRITE_ONCE(a->cur, BT_ENTERING);
	WRITE_ONCE(a->t_enter, bt_clock_read(tsc));
	/* Pairs with bt_account_try_read(). */
	smp_store_release(&a->cur, s);
}

/* sys_enter and sys_exit of current, by the clock @tsc. Preemption is off. */
static __always_inline void bt_account_enter(struct bt_account *a,
					     unsigned long nr, bool tsc)
{
	u8 i = 0;

	/* Masked, and so in bounds even where the comparison is mispredicted. */
	if (likely(nr < BT_NR_NATIVE && !bt_syscall_compat()))
		i = a->map[nr & (BT_NR_NATIVE - 1)];
	if (likely(i))
		bt_account_enter_slot(a, &a->slots[i], tsc);
	else
		bt_account_enter_slow(a, nr);
}

static __always_inline void bt_account_exit(struct bt_account *a, long ret,
					    bool tsc)
{
	struct bt_slot *s = a->cur;
	u64 now, time;

	if (unlikely(!s || IS_ERR_VALUE(ret))) {
		bt_account_exit_slow(a, ret);
		return;
	}
	raw_write_seqcount_begin(&a->seq);
	now = bt_clock_read(tsc);
	time = now - a->t_enter;
	s->count++;
	s->time += time;
	if (unlikely(time > s->max)) {
		s->max = time;
		s->max_end = now;
	}
	a->cur = NULL;
	raw_write_seqcount_end(&a->seq);
}

/* The call under way is one of bricktrace itself. Preemption is off. */
void bt_account_control(struct bt_account *a);

/*
 * The task leaves its CPU, or is given one; or was found running, though its
 * CPU did not know it. Interrupts are off. @p is the task, whose registers tell
 * what nobody has seen; @generation and @armed those of the arming under way.
 */
void bt_account_out(struct bt_account *a, const struct task_struct *p);
void bt_account_in(struct bt_account *a, struct task_struct *p, u32 generation,
		   u64 armed);
void bt_account_found(struct bt_account *a, struct task_struct *p,
		      u32 generation, u64 armed);

/*
 * A signal's handler is about to run. If the call that was just left had been
 * interrupted and is not restarted, the program sees it fail with EINTR: an error.
 * @restarts: the handler was installed with SA_RESTART. Preemption is off.
 */
void bt_account_signal(struct bt_account *a, bool restarts);

/* The task ends now. Interrupts are off. */
void bt_account_end(struct bt_account *a);

/*
 * Whether the task sleeps since before @generation began or since it was
 * registered, so that only its saved registers tell what it does. @armed is
 * when the generation began. @since is when the sleep is counted from.
 */
bool bt_account_asleep(const struct bt_account *a, u32 generation, u64 armed,
		       u64 *since);

/*
 * Notes what a reader says of such a sleeper, under bt_books, so that all others
 * and the thread itself, when it is given a CPU, say the same: a tracer may change its
 * registers, or let it go on. A thread that is found running did not sleep, and only
 * its registers count. Returns the key that the first one had.
 */
int bt_account_tell(struct bt_account *a, u32 generation, int key);

/*
 * One try to read V(t) at t = min(@limit, now, the task's end). Of a thread
 * that is asleep as above, @asleep_key is the key of the call that it sleeps
 * in, or -1. @kernel is what the kernel has counted of it. False if the writer was
 * at work or the thread was met meanwhile: try again, with a fresh @asleep_key.
 */
bool bt_account_try_read(const struct bt_account *a, u32 generation, u64 armed,
			 int asleep_key, u64 limit,
			 const struct bt_counters *kernel,
			 struct bt_snapshot *snap);

#endif /* BT_ACCOUNT_H */
