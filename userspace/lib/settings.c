// SPDX-License-Identifier: MIT
/* What a tracer takes for an anomaly, and how much it traces. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "internal.h"

static uint32_t settings_load(const uint32_t *setting)
{
	return __atomic_load_n(setting, __ATOMIC_RELAXED);
}

int bti_settings_set(struct bt_tracer *t, const struct bricktrace_session *to)
{
	struct bricktrace_session session = *to;
	const struct {
		uint32_t flag, *ours, value;
	} all[] = {
		{ BRICKTRACE_SESSION_CV, &t->cv_threshold, to->cv_threshold },
		{ BRICKTRACE_SESSION_EFFICIENCY, &t->efficiency_threshold,
		  to->efficiency_threshold },
		{ BRICKTRACE_SESSION_LIMIT, &t->trace_limit, to->trace_limit },
		{ BRICKTRACE_SESSION_OUTLIERS, &t->outliers, to->outliers },
		{ BRICKTRACE_SESSION_ENABLED, &t->enabled, to->enabled },
	};
	int err = bti_need_statistics(t);
	size_t i;

	if (err)
		return err;
	session.size = sizeof(session);
	pthread_mutex_lock(&t->settings);
	if (t->fd >= 0)
		err = bti_ioctl(t, BRICKTRACE_SESSION_SET, &session);
	for (i = 0; !err && i < sizeof(all) / sizeof(all[0]); i++)
		if (to->flags & all[i].flag)
			__atomic_store_n(all[i].ours, all[i].value, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&t->settings);
	return err ? bti_fail(-err, "cannot change the session's settings: %s",
			      strerror(-err)) :
		     0;
}

/* Makes thousandths of @value, which is from 0 to @max. */
static int settings_thousandths(const char *what, double value, double max,
				const char *unit, uint32_t *thousandths)
{
	if (isnan(value))
		return bti_fail(EINVAL, "the %s is not a number", what);
	if (value < 0 || value > max)
		return bti_fail(ERANGE, "the %s, %g%s, is not from 0 to %g%s", what,
				value, unit, max, unit);
	*thousandths = (uint32_t)(1000 * value + 0.5);
	return 0;
}

int bt_tracer_thresholds(struct bt_tracer *t, double cv_percent, double efficiency_percent)
{
	struct bricktrace_session session = {
		.flags = BRICKTRACE_SESSION_CV | BRICKTRACE_SESSION_EFFICIENCY,
	};
	int err;

	if (!t)
		return bti_fail_null("tracer");
	err = settings_thousandths("threshold of the coefficient of variation", cv_percent,
				   BT_MAX_CV_PERCENT, " %", &session.cv_threshold);
	if (!err)
		err = settings_thousandths("threshold of the efficiency",
					   efficiency_percent, 100, " %",
					   &session.efficiency_threshold);
	return err ? err : bti_settings_set(t, &session);
}

int bt_tracer_outliers(struct bt_tracer *t, double ranges)
{
	struct bricktrace_session session = { .flags = BRICKTRACE_SESSION_OUTLIERS,
					      .outliers = BRICKTRACE_OUTLIERS_KEEP };
	int err;

	if (!t)
		return bti_fail_null("tracer");
	if (ranges != INFINITY) {
		err = settings_thousandths("distance of outliers", ranges,
					   BT_MAX_OUTLIERS, "", &session.outliers);
		if (err)
			return err;
	}
	return bti_settings_set(t, &session);
}

int bt_tracer_limit(struct bt_tracer *t, uint32_t traces_per_second)
{
	struct bricktrace_session session = { .flags = BRICKTRACE_SESSION_LIMIT,
					      .trace_limit = traces_per_second };

	if (!t)
		return bti_fail_null("tracer");
	if (traces_per_second > BT_MAX_LIMIT)
		return bti_fail(ERANGE, "the limit, %u traces a second, is above %d",
				traces_per_second, BT_MAX_LIMIT);
	return bti_settings_set(t, &session);
}

int bt_tracer_set_enabled(struct bt_tracer *t, bool enabled)
{
	struct bricktrace_session session = { .flags = BRICKTRACE_SESSION_ENABLED,
					      .enabled = enabled };

	return t ? bti_settings_set(t, &session) : bti_fail_null("tracer");
}

int bt_tracer_slow(struct bt_tracer *t, uint64_t slow_ns)
{
	struct bricktrace_session session = { .flags = BRICKTRACE_SESSION_SLOW,
					      .slow_ns = slow_ns };

	if (!t)
		return bti_fail_null("tracer");
	if (slow_ns && slow_ns < BT_MIN_SLOW)
		return bti_fail(ERANGE,
				"the least time of a slow call, %" PRIu64
				" ns, is below %d ns and not 0",
				slow_ns, BT_MIN_SLOW);
	if (t->fd >= 0 && !(t->features & BRICKTRACE_FEATURE_SLOW_CALLS))
		return bti_fail(
			ENOTSUP,
			"the module is older than this library and has no slow calls; install a newer module");
	return bti_settings_set(t, &session);
}

enum bt_escalation bt_should_trace(const struct bt_tracer *t, double cv_percent,
				   double efficiency_percent)
{
	uint32_t why = 0;

	if (!t || !settings_load(&t->enabled) || !settings_load(&t->trace_limit))
		return BT_ESCALATION_NONE;
	if (cv_percent > settings_load(&t->cv_threshold) / 1000.0)
		why |= BT_WHY_CV_EXCEEDED;
	if (efficiency_percent < settings_load(&t->efficiency_threshold) / 1000.0)
		why |= BT_WHY_EFFICIENCY_LOW;
	return why ? bt_escalation_of(why) : BT_ESCALATION_NONE;
}

enum bt_escalation bt_escalation_of(uint32_t why)
{
	/* The masks of these two bits are the values of the escalations. */
	uint32_t anomalies = why & (BT_WHY_CV_EXCEEDED | BT_WHY_EFFICIENCY_LOW);

	return anomalies ? (enum bt_escalation)anomalies : BT_ESCALATION_MANUAL;
}
