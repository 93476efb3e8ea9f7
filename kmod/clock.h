/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock of all accounts: the time stamp counter where the kernel itself
 * trusts it as its clock source, else CLOCK_MONOTONIC. A reading is in ticks;
 * only differences of readings of one epoch mean anything.
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

/* @tsc: a constant, for code that exists once for each clock. */
static __always_inline u64 bkt_clock_read(bool tsc)
{
#ifdef CONFIG_X86_64
	/* Unordered on purpose: a fence costs more than the error it avoids. */
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

/* Nanoseconds of a difference of two readings; exact over centuries. */
u64 bkt_clock_ns(u64 ticks);

void bkt_clock_init(void);

/*
 * Two readings, and a conversion of their difference, belong together if the
 * epoch was the same before the first reading and after the conversion.
 */
u32 bkt_clock_epoch(void);

/*
 * Whether the TSC is no longer what it was when the epoch began: the kernel
 * trusts it no more, or has measured its frequency again.
 */
bool bkt_clock_stale(void);

/*
 * Begins an epoch, by CLOCK_MONOTONIC if the TSC has lost the kernel's trust. No
 * probe may be in place. May sleep; the caller serialises.
 */
void bkt_clock_renew(void);

#endif /* BKT_CLOCK_H */
