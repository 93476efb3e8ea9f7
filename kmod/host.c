// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include "compat.h"
#include "host.h"
#include "ioctl.h"
#include "member.h"
#include "run.h"

static DEFINE_XARRAY(host_sessions);

/* Serializes changes of the settings, each of which may reach all sessions. */
static DEFINE_MUTEX(host_mutex);

/* The original BrickTracer's thresholds and limit. Written under @host_mutex. */
static struct bkt_defaults host_defaults = {
	.cv = 15000,
	.efficiency = 25000,
	.limit = 100,
	.slow_ns = NSEC_PER_MSEC,
};

static unsigned int host_netlink_group = -1;
module_param_named(netlink_group, host_netlink_group, uint, 0644);
MODULE_PARM_DESC(netlink_group, "ID of the group whose members may open a session by netlink; 4294967295 for none (4294967295)");

static const struct {
	const char *name;
	u64 max;
} host_settings[] = {
	[BKT_SETTING_ENABLED] = { "enabled", 1 },
	[BKT_SETTING_DECODE] = { "decode", 1 },
	[BKT_SETTING_LINGER] = { "linger_ms", 3600 * MSEC_PER_SEC },
	[BKT_SETTING_HOST_GRANTS] = { "max_host_grants", BRICKTRACE_MAX_LIMIT },
	[BKT_SETTING_CV] = { "cv_threshold", BRICKTRACE_MAX_CV },
	[BKT_SETTING_EFFICIENCY] = { "efficiency_threshold", BRICKTRACE_MAX_EFFICIENCY },
	[BKT_SETTING_LIMIT] = { "trace_limit", BRICKTRACE_MAX_LIMIT },
	[BKT_SETTING_SLOW] = { "slow_ns", U64_MAX },
	[BKT_SETTING_SESSIONS] = { "max_user_sessions", U32_MAX },
	[BKT_SETTING_THREADS] = { "max_user_threads", U32_MAX },
	[BKT_SETTING_RUNS] = { "max_user_runs", U32_MAX },
	[BKT_SETTING_MEMORY] = { "max_user_memory", U32_MAX },
	[BKT_SETTING_GROUP] = { "netlink_group", U32_MAX },
};

struct bkt_session *bkt_host_open(const struct cred *opener, u32 owner)
{
	struct bkt_session *s = bkt_session_alloc(opener, owner);
	int ret;

	if (IS_ERR(s))
		return s;
	ret = xa_err(xa_store(&host_sessions, s->id, s, GFP_KERNEL_ACCOUNT));
	if (ret) {
		bkt_session_put(s);
		return ERR_PTR(ret);
	}
	atomic_inc(&bkt_session_changes);
	/* A default that changes from now on finds the session. */
	bkt_session_default(s, &host_defaults);
	return s;
}

void bkt_host_close(struct bkt_session *s)
{
	bkt_run_end_all(s);
	bkt_member_drop_all(s);
	xa_erase(&host_sessions, s->id);
	atomic_inc(&bkt_session_changes);
	bkt_session_put(s);
}

struct bkt_session *bkt_host_next(u64 from)
{
	unsigned long index = from;
	struct bkt_session *s;

	xa_lock(&host_sessions);
	s = xa_find(&host_sessions, &index, ULONG_MAX, XA_PRESENT);
	if (s)
		refcount_inc(&s->refs);
	xa_unlock(&host_sessions);
	return s;
}

struct bkt_session *bkt_host_find(u64 id)
{
	struct bkt_session *s = bkt_host_next(id);

	if (!s || s->id == id)
		return s;
	bkt_session_put(s);
	return NULL;
}

int bkt_host_detach(struct bkt_session *s)
{
	bkt_hooks_detach(&s->holder);
	return bkt_member_detach(s);
}

u64 bkt_host_features(void)
{
	return BRICKTRACE_FEATURE_FAULTS | BRICKTRACE_FEATURE_STATISTICS |
	       BRICKTRACE_FEATURE_IOCTLS | BRICKTRACE_FEATURE_SLOW_CALLS |
	       BRICKTRACE_FEATURE_STREAM |
	       (BKT_RUN_DELAY ? BRICKTRACE_FEATURE_RUNNABLE : 0);
}

bool bkt_host_valid(enum bkt_setting i, u64 value)
{
	if (i == BKT_SETTING_SLOW)
		return !value || value >= BRICKTRACE_MIN_SLOW;
	return value <= host_settings[i].max;
}

const char *bkt_host_name(enum bkt_setting i)
{
	return host_settings[i].name;
}

static void host_set_default(enum bkt_setting i, u64 value)
{
	struct bkt_defaults *d = &host_defaults;
	struct bkt_session *s;
	u64 from;

	lockdep_assert_held(&host_mutex);
	if (i == BKT_SETTING_CV)
		WRITE_ONCE(d->cv, value);
	else if (i == BKT_SETTING_EFFICIENCY)
		WRITE_ONCE(d->efficiency, value);
	else if (i == BKT_SETTING_LIMIT)
		WRITE_ONCE(d->limit, value);
	else
		WRITE_ONCE(d->slow_ns, value);
	for (from = 0; (s = bkt_host_next(from)); ) {
		bkt_session_default(s, d);
		from = s->id + 1;
		bkt_session_put(s);
		cond_resched();
	}
}

void bkt_host_set(enum bkt_setting i, u64 value)
{
	mutex_lock(&host_mutex);
	switch (i) {
	case BKT_SETTING_ENABLED:
		bkt_hooks_set_enabled(value);
		break;
	case BKT_SETTING_DECODE:
		bkt_ioctl_set_decodes(value);
		break;
	case BKT_SETTING_LINGER:
		bkt_hooks_set_linger(value);
		break;
	case BKT_SETTING_HOST_GRANTS:
		bkt_limit_set(&bkt_limit_host, value);
		break;
	case BKT_SETTING_SESSIONS:
		WRITE_ONCE(bkt_user_max_sessions, value);
		break;
	case BKT_SETTING_THREADS:
		WRITE_ONCE(bkt_user_max_threads, value);
		break;
	case BKT_SETTING_RUNS:
		WRITE_ONCE(bkt_user_max_runs, value);
		break;
	case BKT_SETTING_MEMORY:
		WRITE_ONCE(bkt_user_max_memory, value);
		break;
	case BKT_SETTING_GROUP:
		WRITE_ONCE(host_netlink_group, value);
		break;
	default:
		host_set_default(i, value);
	}
	mutex_unlock(&host_mutex);
}

u64 bkt_host_get(enum bkt_setting i)
{
	struct bkt_hooks_state state;

	switch (i) {
	case BKT_SETTING_ENABLED:
		bkt_hooks_state(&state);
		return state.enabled;
	case BKT_SETTING_DECODE:
		return bkt_ioctl_decodes();
	case BKT_SETTING_LINGER:
		bkt_hooks_state(&state);
		return state.linger_ms;
	case BKT_SETTING_HOST_GRANTS:
		return READ_ONCE(bkt_limit_host.max);
	case BKT_SETTING_CV:
		return READ_ONCE(host_defaults.cv);
	case BKT_SETTING_EFFICIENCY:
		return READ_ONCE(host_defaults.efficiency);
	case BKT_SETTING_LIMIT:
		return READ_ONCE(host_defaults.limit);
	case BKT_SETTING_SLOW:
		return READ_ONCE(host_defaults.slow_ns);
	case BKT_SETTING_SESSIONS:
		return READ_ONCE(bkt_user_max_sessions);
	case BKT_SETTING_THREADS:
		return READ_ONCE(bkt_user_max_threads);
	case BKT_SETTING_RUNS:
		return READ_ONCE(bkt_user_max_runs);
	case BKT_SETTING_MEMORY:
		return READ_ONCE(bkt_user_max_memory);
	default:
		return READ_ONCE(host_netlink_group);
	}
}

static int host_param_set(const char *text, const struct kernel_param *kp)
{
	enum bkt_setting i = (uintptr_t)kp->arg;
	u64 value;
	int ret = kstrtou64(text, 0, &value);

	if (ret)
		return ret;
	if (!bkt_host_valid(i, value))
		return -ERANGE;
	bkt_host_set(i, value);
	return 0;
}

static int host_param_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%llu\n", bkt_host_get((uintptr_t)kp->arg));
}

static const struct kernel_param_ops host_param_ops = {
	.set = host_param_set,
	.get = host_param_get,
};

module_param_cb(cv_threshold, &host_param_ops, (void *)BKT_SETTING_CV, 0644);
MODULE_PARM_DESC(cv_threshold, "coefficient of variation above which a session that did not set its own sees an anomaly, in 1/1000 % (15000)");
module_param_cb(efficiency_threshold, &host_param_ops, (void *)BKT_SETTING_EFFICIENCY, 0644);
MODULE_PARM_DESC(efficiency_threshold, "efficiency below which such a session sees an anomaly, in 1/1000 % (25000)");
module_param_cb(trace_limit, &host_param_ops, (void *)BKT_SETTING_LIMIT, 0644);
MODULE_PARM_DESC(trace_limit, "grants in any second of such a session, at most 1000 (100)");
module_param_cb(slow_ns, &host_param_ops, (void *)BKT_SETTING_SLOW, 0644);
MODULE_PARM_DESC(slow_ns, "least time of a slow call of such a session, in ns, at least 10000; 0 for none (1000000)");
