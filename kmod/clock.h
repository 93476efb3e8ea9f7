/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock of all accounts: the time stamp counter where the kernel itself uses it as
 * its clock source, else CLOCK_MONOTONIC. A reading is in ticks, and only the
 * difference of two readings of the same epoch has a meaning.
 */
#ifndef BKT_CLOCK_H
#define BKT_CLOCK_H

#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <linux/types.h>
#ifdef CONFIG_X86_64
#include <asm/msr.h>
#include <asm/tsc.h>
#endif

DECLARE_STATIC_KEY_FALSE(bkt_clock_is_tsc);

/* @tsc is a constant in code that exists once for each clock. */
static __always_inline u64 bkt_clock_read(bool tsc)
{
#ifdef CONFIG_X86_64
	/* Not ordered: a fence would cost more than the error that it avoids. */
	if (tsc)
		return rdtsc();
#endif
	return ktime_get_mono_fast_ns();
}

static __always_inline u64 bkt_clock_now(void)
{
	if (static_branch_likely(&bkt_clock_is_tsc))
		return bkt_clock_read(true);
	return bkt_clock_read(false);
}

/* A moment on both clocks. */
struct bkt_clock_moment {
	u64 ticks;
	u64 ns;		/* CLOCK_MONOTONIC */
};

void bkt_clock_both(struct bkt_clock_moment *m);

/*
 * Returns the time of CLOCK_MONOTONIC at the reading @ticks, which lies between two moments
 * of one epoch. The kernel corrects the rate of its clock all the time, so that the
 * distance from one moment alone would not do.
 */
u64 bkt_clock_between(const struct bkt_clock_moment *a, const struct bkt_clock_moment *b,
		      u64 ticks);

/* Converts the difference of two readings to nanoseconds. Exact over centuries. */
u64 bkt_clock_ns(u64 ticks);

/* Converts nanoseconds to a difference of two readings; U64_MAX for 2^60 ns and more. */
u64 bkt_clock_ticks(u64 ns);

/* Chooses the clock when the module is loaded. */
void bkt_clock_init(void);

/*
 * Two readings and the conversion of their difference are valid if this returned the
 * same before the first reading and after the conversion.
 */
u32 bkt_clock_epoch(void);

/*
 * Whether the epoch's clock is void: it is the TSC, and since the epoch began the kernel
 * has found the TSC unstable or has measured its frequency again.
 */
bool bkt_clock_stale(void);

/*
 * Begins an epoch, with CLOCK_MONOTONIC if the kernel has found the TSC unstable. The
 * caller has disarmed the hooks and serializes the calls. May sleep.
 */
void bkt_clock_renew(void);

#endif /* BKT_CLOCK_H */
