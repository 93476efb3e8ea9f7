// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/timekeeping.h>
#include "limit.h"

struct bkt_limit bkt_limit_host = {
	.lock = __SPIN_LOCK_UNLOCKED(bkt_limit_host.lock),
	.max = BRICKTRACE_MAX_LIMIT,
};

static int limit_set_host(const char *text, const struct kernel_param *kp)
{
	unsigned int max;
	int ret = kstrtouint(text, 0, &max);

	if (ret)
		return ret;
	if (max > BRICKTRACE_MAX_LIMIT)
		return -ERANGE;
	bkt_limit_set(&bkt_limit_host, max);
	return 0;
}

static const struct kernel_param_ops limit_host_ops = {
	.set = limit_set_host,
	.get = param_get_uint,
};
module_param_cb(max_host_grants, &limit_host_ops, &bkt_limit_host.max, 0644);
MODULE_PARM_DESC(max_host_grants, "granted runs of all sessions that host-wide readers are given in any second, at most 1000 (1000)");

void bkt_limit_init(struct bkt_limit *l, u32 max)
{
	spin_lock_init(&l->lock);
	l->max = max;
}

void bkt_limit_set(struct bkt_limit *l, u32 max)
{
	spin_lock(&l->lock);
	/* For READ_ONCE() without the lock. */
	WRITE_ONCE(l->max, max);
	spin_unlock(&l->lock);
}

/* Returns the place in the ring of the grant that was taken @back grants ago. */
static u32 limit_place(const struct bkt_limit *l, u32 back)
{
	u32 rem;

	div_u64_rem(l->granted - back, BRICKTRACE_MAX_LIMIT, &rem);
	return rem;
}

/*
 * The time is read under the lock, so that the times in the ring ascend. If the grant
 * that was taken @max grants ago is a second old, then no second that ends now has
 * @max grants.
 */
static bool limit_take(struct bkt_limit *l, bool take)
{
	bool left;
	u64 now;

	spin_lock(&l->lock);
	now = ktime_get_ns();
	left = l->max && (l->granted < l->max ||
			  now - l->last[limit_place(l, l->max)] >= NSEC_PER_SEC);
	if (!left) {
		l->refused++;
	} else if (take) {
		l->last[limit_place(l, 0)] = now;
		l->granted++;
	}
	spin_unlock(&l->lock);
	return left;
}

bool bkt_limit_take(struct bkt_limit *l)
{
	return limit_take(l, true);
}

bool bkt_limit_ask(struct bkt_limit *l)
{
	return limit_take(l, false);
}

void bkt_limit_get(struct bkt_limit *l, u32 *max, u64 *granted, u64 *refused)
{
	spin_lock(&l->lock);
	*max = l->max;
	*granted = l->granted;
	*refused = l->refused;
	spin_unlock(&l->lock);
}
