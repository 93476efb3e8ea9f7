/* SPDX-License-Identifier: GPL-2.0 */
/* The sums of one system call or ioctl command. Its account says who may write them. */
#ifndef BKT_SLOT_H
#define BKT_SLOT_H

#include <linux/types.h>

/* Times are in ticks of clock.h. */
struct bkt_slot {
	u64 count;	/* completed calls */
	u64 errors;
	u64 time;	/* of completed calls */
	u64 offcpu;	/* time off the CPU in the calls, up to the last switch in */
	u64 runnable;	/* the part of @offcpu spent waiting for a CPU, in nanoseconds */
	u64 max;	/* the longest completed call of this arming; 0: none known */
	u64 max_end;	/* when that call ended */
	u64 notable;	/* a call of at least this time needs bkt_account_notable() */
};

#endif /* BKT_SLOT_H */
