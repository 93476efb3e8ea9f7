/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The account of one task: for each system call sums that only grow, and the state
 * of the thread, which says where the time since its last event belongs. The state is
 * known once the switch probe or an interrupt has observed the task. Until then the task
 * counts as asleep: rule "asleep".
 *
 * An account has one writer at a time: the task itself with preemption off (system
 * call probes, ioctls), the switch probe while the task is prev or next, or an
 * interrupt that finds the task running while its CPU's bkt_running is not set.
 * Readers elsewhere retry if @seq or @cur has changed: an entry is published by its
 * stores to @cur alone, everything else is written under @seq. The writer announces
 * both before it reads the clock, so a reader that does not see the announcement has
 * read an earlier time. On x86, however, the clock may be read while the announcing
 * store still waits in the store buffer, and then the reader's time is later by some
 * tens of nanoseconds. That time counts for no call, and a difference is never
 * negative.
 */
#ifndef BKT_ACCOUNT_H
#define BKT_ACCOUNT_H

#include <linux/err.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include "clock.h"
#include "slot.h"
#include "syscall.h"

/* As many as leave struct bkt_task at 4 KiB. */
#define BKT_SLOTS 49
/* The slots of ioctls, which follow them in numbers. */
#define BKT_ALL_SLOTS (BKT_SLOTS + BRICKTRACE_THREAD_IOCTLS)

enum {
	BKT_SLOT_CONTROL	= 0,	/* bricktrace's own calls; also "no slot" in @map */
	BKT_SLOT_MORE	= 1,	/* + category: calls without a slot of their own */
	BKT_SLOT_FIRST	= BKT_SLOT_MORE + BKT_CATEGORIES,
};

enum bkt_state {
	BKT_ASLEEP,	/* off its CPU since @t_out and not observed since then */
	BKT_NEW,	/* forked, on its first way to user mode */
	BKT_USER,	/* in user mode or on the way there, or in the call @cur */
	BKT_OBSERVED,	/* first observed in the call @cur, perhaps before its sys_enter */
};

/* @cur while sys_enter reads the clock */
#define BKT_ENTERING ((struct bkt_slot *)1UL)

/* What the kernel counts for each task anyway. Each counter only grows. */
struct bkt_counters {
	u64 run_delay;	/* time spent waiting for a CPU, in nanoseconds */
	u64 min_flt;	/* minor page faults */
	u64 maj_flt;	/* major page faults */
};

struct bkt_ioctls;
struct bkt_slow_list;

struct bkt_account {
	seqcount_t seq;
	u32 generation;		/* the arming that @state belongs to */
	struct bkt_slot *cur;	/* call under way, NULL or BKT_ENTERING */
	u64 t_enter;		/* when that call was entered, or first observed */
	u64 t_out;		/* since when the task is off its CPU; 0: it is on one */
	u64 offcpu;		/* time off the CPU, up to the last switch in */
	u64 t_end;		/* when the task exited; 0: it is alive */
	u64 t_begin;		/* when the account was opened */
	struct bkt_slot *restart; /* the call that restart_syscall would restart */
	/*
	 * The off-CPU time charged to the call entered at @off_enter, so that
	 * bkt_account_control() can take it back.
	 */
	u64 off_call;
	u64 off_enter;
	u64 recorded;		/* bkt_account_record(): generation << 32 | (key + 1) */
	struct bkt_counters begin; /* when the account was opened */
	u64 run_delay;		/* the task's run_delay that is accounted already */
	struct bkt_slot *delay_slot; /* the call at the last switch in, or NULL */
	struct bkt_slot *interrupted; /* the call that last returned -512 to -516 */
	u64 interrupted_enter;	/* the @t_enter of that call */
	struct bkt_ioctls *ioctls;	/* ioctl.h; NULL until the first ioctl */
	const void __user *status;	/* where the ioctl's driver stores its error, or NULL */
	struct bkt_slow_list *slow_calls;	/* slow.h; NULL until the first slow call */
	u64 slow_ns;		/* the least time of a slow call, 0: there are none */
	u64 slow;		/* the same in ticks, U64_MAX: there are none */
	u64 slow_floor;		/* as in bkt_slow_add(); U64_MAX: no run is open */
	u32 recorded_request;	/* of the ioctl that is recorded */
	u32 found_request;	/* of the ioctls in the slot with the key BKT_KEY_FOUND */
	s16 interrupted_ret;	/* what that call returned */
	u8 state;		/* enum bkt_state */
	u8 used;		/* slots in use */
	u8 found;		/* the slot with that key, 0: none yet */
	bool slow_lost;		/* there was no memory for @slow_calls in this arming */
	u8 map[BKT_NR_NATIVE];	/* slot of a native number; 0: none yet */
	u16 keys[BKT_SLOTS];	/* key of a slot */
	struct bkt_slot slots[BKT_SLOTS];
};

/* The part of a call under way that is not in the slots yet. */
struct bkt_under_way {
	int key;		/* -1: no call is known to be under way */
	int slot;		/* its slot; -1: it has none yet */
	u32 request;		/* of an ioctl without a slot */
	u64 begin;		/* when the call was entered, or first observed */
	u64 time;
	u64 offcpu;
	u64 runnable;
};

/* The value of an account at one moment, V(t). */
struct bkt_snapshot {
	u64 t;
	u64 offcpu;		/* time off the CPU, up to @t */
	struct bkt_counters kernel; /* what was counted since the account was opened */
	struct bkt_under_way call;
	u8 used;
	u8 ioctls;		/* slots of ioctls in use */
	struct bkt_slot slots[BKT_ALL_SLOTS];
};

/* Returns the slot in use after @i, or BKT_SLOTS + @v->ioctls after the last. Slot 0 is in use. */
static inline u32 bkt_next_slot(const struct bkt_snapshot *v, u32 i)
{
	return i + 1 == v->used ? BKT_SLOTS : i + 1;
}

/*
 * Opens the account of a task that was forked (@forked) or registered at @now. Until
 * it is observed, the task counts as off its CPU. @generation is that of the arming
 * under way, or 0. @begin is what the kernel has counted for the task so far.
 */
void bkt_account_init(struct bkt_account *a, u64 now, u32 generation, bool forked,
		      const struct bkt_counters *begin);

void bkt_account_enter_slow(struct bkt_account *a, unsigned long nr);
void bkt_account_exit_slow(struct bkt_account *a, long ret);

/*
 * Current has ended a call that is the longest of its slot, that is slow, or whose driver
 * may have stored an error. Ends the write section of the account, so that the fast path
 * calls no function before it ends.
 */
void bkt_account_notable(struct bkt_account *a, struct bkt_slot *s, u64 time, u64 now);

static __always_inline void bkt_account_enter_slot(struct bkt_account *a,
						   struct bkt_slot *s, bool tsc)
{
	WRITE_ONCE(a->state, BKT_USER);
	WRITE_ONCE(a->cur, BKT_ENTERING);
	WRITE_ONCE(a->t_enter, bkt_clock_read(tsc));
	/* Pairs with bkt_account_try_read(): it sees @t_enter if it sees @cur. */
	smp_store_release(&a->cur, s);
}

/*
 * The probes of sys_enter and sys_exit call these for current, with preemption off.
 * @tsc says which clock to read.
 */
static __always_inline void bkt_account_enter(struct bkt_account *a,
					      unsigned long nr, bool tsc)
{
	u8 i = 0;

	/* The mask keeps the index in bounds even if the comparison is mispredicted. */
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
	a->cur = NULL;
	/* Other CPUs may lower @notable, without READ_ONCE() for one instruction less here. */
	if (unlikely(time >= data_race(s->notable)))
		bkt_account_notable(a, s, time, now);
	else
		raw_write_seqcount_end(&a->seq);
}

/*
 * Makes current's call under way one of bricktrace's own: rule "own-calls". Preemption
 * is off.
 */
void bkt_account_control(struct bkt_account *a);

/*
 * The task @p leaves its CPU (out), is given one (in), or is observed on a CPU whose
 * bkt_running does not point to @a. Interrupts are off. The arming under way is number
 * @generation and began at @armed. If @p was not observed in this generation before,
 * its registers say which call it is in. @own: it is in one of bricktrace's own calls.
 */
void bkt_account_out(struct bkt_account *a, const struct task_struct *p);
void bkt_account_in(struct bkt_account *a, struct task_struct *p, u32 generation,
		    u64 armed);
void bkt_account_observe_running(struct bkt_account *a, struct task_struct *p,
				 u32 generation, u64 armed, bool own);

/*
 * A signal handler of current is about to run. If current's last call was interrupted
 * and is not restarted, the program sees the call fail with EINTR, and the call counts
 * as an error: rule "interrupted". @restarts: the handler was installed with
 * SA_RESTART. Preemption is off.
 */
void bkt_account_signal(struct bkt_account *a, bool restarts);

/* The task exits now. Interrupts are off. */
void bkt_account_end(struct bkt_account *a);

/*
 * Whether the task was not observed yet since it was registered or, if that was later,
 * since @generation began at @armed. If so, the task counts as asleep since *@since, and
 * only its saved registers say in which call: rule "asleep".
 */
bool bkt_account_asleep(const struct bkt_account *a, u32 generation, u64 armed,
			u64 *since);

/*
 * Records the call of @key, with the @request if the call is an ioctl, that a reader found
 * in the registers of a task that is asleep as above. All other readers, and the task
 * itself once it is given a CPU, then use the recorded key, although a tracer may change
 * the registers or make the task continue. (A task that is observed running was not
 * asleep: its registers count then.) Returns the recorded key, which is that of the first
 * reader. Under bkt_tasks_lock.
 */
int bkt_account_record(struct bkt_account *a, u32 generation, int key, u32 request);

/*
 * Sets what the account keeps of slow calls: those of at least @ns, or none if @ns is 0,
 * and with which @floor. Under bkt_tasks_lock.
 */
void bkt_account_set_slow(struct bkt_account *a, u64 ns, u64 floor);

/*
 * Tries once to copy the slow calls of the arming @generation. Returns false if the task
 * was writing.
 */
bool bkt_account_try_read_slow(const struct bkt_account *a, u32 generation,
			       struct bkt_slow_list *to);

/*
 * Tries once to read V(t) for t = min(@limit, now, the task's exit). @asleep_key: if
 * the task is asleep as above, the key of its call, or -1 if it is in none. @kernel:
 * what the kernel has counted for the task. Returns false if a writer was at work or
 * the task was observed meanwhile; the caller then tries again, with a new @asleep_key.
 */
bool bkt_account_try_read(const struct bkt_account *a, u32 generation, u64 armed,
			  int asleep_key, u64 limit,
			  const struct bkt_counters *kernel,
			  struct bkt_snapshot *snap);

#endif /* BKT_ACCOUNT_H */
