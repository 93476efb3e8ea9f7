// SPDX-License-Identifier: GPL-2.0
#include <linux/clocksource.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include "clock.h"
#include "compat.h"
#ifdef CONFIG_X86_64
#include <asm/tsc.h>
#endif

DEFINE_STATIC_KEY_FALSE(bkt_clock_is_tsc);

/* Written when an epoch begins, after @clock_epoch. */
static u32 clock_mult = 1, clock_shift;
static u32 clock_ticks_mult = 1, clock_ticks_shift;
static u32 clock_epoch;		/* the number of the present epoch */

u64 bkt_clock_ns(u64 ticks)
{
	return mul_u64_u32_shr(ticks, READ_ONCE(clock_mult),
			       READ_ONCE(clock_shift));
}

/* Readings of the two clocks that take less are close enough to be those of one moment. */
#define CLOCK_CLOSE_NS 5000

void bkt_clock_both(struct bkt_clock_moment *m)
{
	u64 before, ns, took, least = U64_MAX;
	int tries = 3;

	/* An interrupt or a hypervisor may come between the readings. */
	while (tries-- && (least == U64_MAX || bkt_clock_ns(least) > CLOCK_CLOSE_NS)) {
		before = bkt_clock_now();
		ns = ktime_get_mono_fast_ns();
		took = bkt_clock_now() - before;
		if (took >= least)
			continue;
		least = took;
		m->ticks = before + took / 2;
		m->ns = ns;
	}
}

u64 bkt_clock_between(const struct bkt_clock_moment *a, const struct bkt_clock_moment *b,
		      u64 ticks)
{
	u64 all = b->ticks - a->ticks, part = min(ticks - a->ticks, all);
	u64 ns = a->ns + bkt_clock_ns(part);
	/* How far the kernel's clock has gone ahead of this one from @a to @b. */
	s64 ahead = b->ns - a->ns - bkt_clock_ns(all);
	int shift = max_t(int, fls64(all) - 32, 0);
	u32 share;	/* of @part in @all, in 1 / 2^31 */

	if (!all)
		return ns;
	share = div64_u64(part >> shift << 31, all >> shift);
	if (ahead < 0)
		return ns - mul_u64_u32_shr(-ahead, share, 31);
	return ns + mul_u64_u32_shr(ahead, share, 31);
}

u64 bkt_clock_ticks(u64 ns)
{
	if (ns >= 1ULL << 60)
		return U64_MAX;
	return mul_u64_u32_shr(ns, READ_ONCE(clock_ticks_mult),
			       READ_ONCE(clock_ticks_shift));
}

u32 bkt_clock_epoch(void)
{
	/* Pairs with clock_begin(): we see an epoch if the caller has used its factors. */
	smp_rmb();
	return READ_ONCE(clock_epoch);
}

/* @khz is the frequency of the clock. */
static void clock_begin(u32 khz)
{
	u32 mult, shift, ticks_mult, ticks_shift;

	clocks_calc_mult_shift(&mult, &shift, khz, NSEC_PER_MSEC, 0);
	clocks_calc_mult_shift(&ticks_mult, &ticks_shift, NSEC_PER_MSEC, khz, 0);
	WRITE_ONCE(clock_epoch, clock_epoch + 1);
	/* Pairs with bkt_clock_epoch(): it sees this epoch after a use of its factors. */
	smp_wmb();
	WRITE_ONCE(clock_mult, mult);
	WRITE_ONCE(clock_shift, shift);
	WRITE_ONCE(clock_ticks_mult, ticks_mult);
	WRITE_ONCE(clock_ticks_shift, ticks_shift);
}

#ifdef CONFIG_X86_64
/*
 * The kernel does not export the name of its clock source, but a raw reading of it. If
 * that lies between two readings of the TSC, the clock source is the TSC.
 */
static bool clock_tsc_is_source(void)
{
	struct system_time_snapshot snap;
	u64 before, after;

	if (check_tsc_unstable() || !tsc_khz)
		return false;
	before = rdtsc_ordered();
	bkt_clock_snapshot(&snap);
	after = rdtsc_ordered();
	return snap.cycles >= before && snap.cycles <= after;
}

static unsigned int clock_khz;	/* the TSC's frequency when the epoch began */

static void clock_begin_tsc(void)
{
	/* If the module was loaded early, the kernel will still refine this frequency. */
	WRITE_ONCE(clock_khz, tsc_khz);
	clock_begin(clock_khz);
}

void bkt_clock_init(void)
{
	if (!clock_tsc_is_source())
		return;
	clock_begin_tsc();
	static_branch_enable(&bkt_clock_is_tsc);
}

bool bkt_clock_stale(void)
{
	return static_key_enabled(&bkt_clock_is_tsc) &&
	       (check_tsc_unstable() || READ_ONCE(clock_khz) != tsc_khz);
}

void bkt_clock_renew(void)
{
	if (!static_key_enabled(&bkt_clock_is_tsc)) {
		clock_begin(NSEC_PER_MSEC);
	} else if (check_tsc_unstable()) {
		/* This epoch ends with the patching, during which readers may see either clock. */
		clock_begin(NSEC_PER_MSEC);
		static_branch_disable(&bkt_clock_is_tsc);
		clock_begin(NSEC_PER_MSEC);
	} else {
		clock_begin_tsc();
	}
}
#else
void bkt_clock_init(void)
{
}

bool bkt_clock_stale(void)
{
	return false;
}

void bkt_clock_renew(void)
{
	clock_begin(NSEC_PER_MSEC);
}
#endif
