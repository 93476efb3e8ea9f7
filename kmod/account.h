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
#ifndef BKT_ACCOUNT_H
#define BKT_ACCOUNT_H

#include <linux/err.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include "clock.h"
#include "syscall.h"

#define BKT_SLOTS 57

enum {
	BKT_SLOT_CONTROL	= 0,	/* calls of bricktrace itself; also "no slot" in @map */
	BKT_SLOT_MORE	= 1,	/* + category: calls that found no slot */
	BKT_SLOT_FIRST	= BKT_SLOT_MORE + BKT_CATEGORIES,
};

/* Totals of one system call, in ticks. */
struct bkt_slot {
	u64 count;	/* completed */
	u64 errors;
	u64 time;	/* of completed calls */
	u64 offcpu;	/* the part of it off the CPU, up to the last switch in */
	u64 runnable;	/* the part of that which waited for a CPU, in nanoseconds */
	u64 max;	/* the longest completed call of this arming, 0: none known */
	u64 max_end;	/* when it ended */
};

enum bkt_state {
	BKT_ASLEEP,	/* off its CPU since @t_out, not met since */
	BKT_NEW,	/* created, on its way to user mode */
	BKT_USER,	/* in user mode or on its way there, or in @cur */
	BKT_OBSERVED,		/* in @cur since it was met, or on the way to its entry */
};

#define BKT_ENTERING ((struct bkt_slot *)1UL)

/* What the kernel counts of a task in any case. Each of them only grows. */
struct bkt_counters {
	u64 run_delay;	/* for how long it has waited for a CPU, in nanoseconds */
	u64 min_flt;	/* minor and major page faults */
	u64 maj_flt;
};

struct bkt_account {
	seqcount_t seq;
	u32 generation;		/* of the arming that @state belongs to */
	struct bkt_slot *cur;	/* call under way, NULL or BKT_ENTERING */
	u64 t_enter;		/* when it was entered, or found */
	u64 t_out;		/* since when the task is off its CPU, 0: it is not */
	u64 offcpu;		/* total, up to the last switch in */
	u64 t_end;		/* when the task ended, 0: it lives */
	u64 t_begin;		/* when the account was opened */
	struct bkt_slot *restart; /* what restart_syscall would restart */
	u64 off_call;		/* of @offcpu, in the call that was entered at */
	u64 off_enter;		/* this time: the last one that was off its CPU */
	u64 recorded;		/* of a sleeper: generation << 32 | (key + 1) */
	struct bkt_counters begin; /* when the account was opened */
	u64 run_delay;		/* as it was last added to a slot */
	struct bkt_slot *waiter;	/* call that last waited for a CPU, or NULL */
	struct bkt_slot *interrupted; /* the call that last returned -512 to -516 */
	u64 interrupted_enter;	/* its @t_enter */
	s16 interrupted_ret;	/* and what it returned */
	u8 state;		/* enum bkt_state */
	u8 used;		/* slots in use */
	u8 map[BKT_NR_NATIVE];	/* native number to slot, 0: none yet */
	u16 keys[BKT_SLOTS];	/* slot to key */
	struct bkt_slot slots[BKT_SLOTS];
};

/* A call that was under way: what of it is not in the slots yet. */
struct bkt_under_way {
	int key;		/* -1: none, or none that is known */
	u64 begin;
	u64 time;
	u64 offcpu;
	u64 runnable;
};

/* The value of an account at one moment, V(t). */
struct bkt_snapshot {
	u64 t;
	u64 offcpu;		/* total up to t */
	struct bkt_counters kernel; /* since the account was opened */
	struct bkt_under_way call;
	u8 used;
	struct bkt_slot slots[BKT_SLOTS];
};

/*
 * @now: when the task was created (@born) or found. It is taken to be off its
 * CPU until it is met. @generation: of the arming under way, 0 if none is.
 * @begin: what the kernel has counted of it so far.
 */
void bkt_account_init(struct bkt_account *a, u64 now, u32 generation, bool born,
		      const struct bkt_counters *begin);

void bkt_account_enter_slow(struct bkt_account *a, unsigned long nr);
void bkt_account_exit_slow(struct bkt_account *a, long ret);

static __always_inline void bkt_account_enter_slot(struct bkt_account *a,
						   struct bkt_slot *s, bool tsc)
{
	WRITE_ONCE(a->state, BKT_USER);
	WRITE_ONCE(a->cur, BKT_ENTERING);
	WRITE_ONCE(a->t_enter, bkt_clock_read(tsc));
	/* Pairs with bkt_account_try_read(). */
	smp_store_release(&a->cur, s);
}

/* sys_enter and sys_exit of current, by the clock @tsc. Preemption is off. */
static __always_inline void bkt_account_enter(struct bkt_account *a,
					      unsigned long nr, bool tsc)
{
	u8 i = 0;

	/* Masked, and so in bounds even where the comparison is mispredicted. */
	if (likely(nr < BKT_NR_NATIVE && !bkt_syscall_compat()))
		i = a->map[nr & (BKT_NR_NATIVE - 1)];
	if (likely(i))
		bkt_account_enter_slot(a, &a->slots[i], tsc);
	else
		bkt_account_enter_slow(a, nr);
}

static __always_inline void bkt_account_exit(struct bkt_account *a, long ret,
					     bool tsc)
{
	struct bkt_slot *s = a->cur;
	u64 now, time;

	if (unlikely(!s || IS_ERR_VALUE(ret))) {
		bkt_account_exit_slow(a, ret);
		return;
	}
	raw_write_seqcount_begin(&a->seq);
	now = bkt_clock_read(tsc);
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
void bkt_account_control(struct bkt_account *a);

/*
 * The task leaves its CPU, or is given one; or was found running, though its
 * CPU did not know it. Interrupts are off. @p is the task, whose registers tell
 * what nobody has seen; @generation and @armed those of the arming under way.
 */
void bkt_account_out(struct bkt_account *a, const struct task_struct *p);
void bkt_account_in(struct bkt_account *a, struct task_struct *p, u32 generation,
		    u64 armed);
void bkt_account_observe_running(struct bkt_account *a, struct task_struct *p,
				 u32 generation, u64 armed);

/*
 * A signal's handler is about to run. If the call that was just left had been
 * interrupted and is not restarted, the program sees it fail with EINTR: an error.
 * @restarts: the handler was installed with SA_RESTART. Preemption is off.
 */
void bkt_account_signal(struct bkt_account *a, bool restarts);

/* The task ends now. Interrupts are off. */
void bkt_account_end(struct bkt_account *a);

/*
 * Whether the task sleeps since before @generation began or since it was
 * registered, so that only its saved registers tell what it does. @armed is
 * when the generation began. @since is when the sleep is counted from.
 */
bool bkt_account_asleep(const struct bkt_account *a, u32 generation, u64 armed,
			u64 *since);

/*
 * Notes what a reader says of such a sleeper, under bkt_tasks_lock, so that all others
 * and the thread itself, when it is given a CPU, say the same: a tracer may change its
 * registers, or let it go on. A thread that is found running did not sleep, and only
 * its registers count. Returns the key that the first one had.
 */
int bkt_account_record(struct bkt_account *a, u32 generation, int key);

/*
 * One try to read V(t) at t = min(@limit, now, the task's end). Of a thread
 * that is asleep as above, @asleep_key is the key of the call that it sleeps
 * in, or -1. @kernel is what the kernel has counted of it. False if the writer was
 * at work or the thread was met meanwhile: try again, with a fresh @asleep_key.
 */
bool bkt_account_try_read(const struct bkt_account *a, u32 generation, u64 armed,
			  int asleep_key, u64 limit,
			  const struct bkt_counters *kernel,
			  struct bkt_snapshot *snap);

#endif /* BKT_ACCOUNT_H */
