// SPDX-License-Identifier: MIT
/* The runs of a tracer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int bti_run_open(struct bt_tracer *t, struct bricktrace_run_open *open)
{
	/* Opening a run is a hot path, and the kernel copies each byte twice. */
	open->size = open->flags & (BRICKTRACE_RUN_IDS | BRICKTRACE_RUN_CONTEXT) ?
			     sizeof(*open) :
			     BRICKTRACE_RUN_OPEN_SIZE_V1;
	return bti_ioctl(t, BRICKTRACE_RUN_OPEN, open);
}

int bti_run_close(struct bt_tracer *t, uint64_t number, struct bti_room *room,
		  struct bricktrace_run_close *close)
{
	*close = (struct bricktrace_run_close){ .size = sizeof(*close), .run = number };
	if (room) {
		close->result = BTI_ARRAY(room->result);
		close->times = BTI_ARRAY(room->times);
		close->categories = BTI_ARRAY(room->categories);
		close->syscalls = BTI_ARRAY(room->syscalls);
	}
	/* An older module refuses a larger structure whose end is not zero. */
	if (room && t->features & BRICKTRACE_FEATURE_STATISTICS)
		close->failed = BTI_ARRAY(room->failed);
	if (room && t->features & BRICKTRACE_FEATURE_IOCTLS)
		close->ioctls = BTI_ARRAY(room->ioctls);
	if (room && t->features & BRICKTRACE_FEATURE_SLOW_CALLS)
		close->slow_calls = BTI_ARRAY(room->slow_calls);
	return bti_ioctl(t, BRICKTRACE_RUN_CLOSE, close);
}

/*
 * Takes a run from the tracer's list of free runs, so that opening one rarely allocates.
 * @context is what the thread that opens the run has published.
 */
static struct bt_run *run_get(struct bt_tracer *t, bool room, enum bt_scope scope,
			      const struct bricktrace_context *context)
{
	struct bt_run *run;

	pthread_mutex_lock(&t->lock);
	run = t->free;
	if (run)
		t->free = run->next;
	pthread_mutex_unlock(&t->lock);
	if (!run)
		run = calloc(1, sizeof(*run));
	if (!run)
		return NULL;
	if (room && !run->room) {
		run->room = malloc(sizeof(*run->room));
		if (!run->room) {
			free(run);
			return NULL;
		}
	}
	run->tracer = t;
	run->number = 0;
	run->scope = scope;
	run->thread = pthread_self();
	run->context = *context;
	run->ids = (struct bricktrace_context){ 0 };
	pthread_mutex_lock(&t->lock);
	run->next = t->open;
	run->link = &t->open;
	if (run->next)
		run->next->link = &run->next;
	t->open = run;
	pthread_mutex_unlock(&t->lock);
	return run;
}

static void run_put(struct bt_run *run)
{
	struct bt_tracer *t = run->tracer;

	pthread_mutex_lock(&t->lock);
	*run->link = run->next;
	if (run->next)
		run->next->link = run->link;
	run->next = t->free;
	t->free = run;
	pthread_mutex_unlock(&t->lock);
}

/*
 * Returns whether the run that encloses @run was opened in the same published context. Then
 * the span of that run, rather than that context, is the nearest parent.
 */
static bool run_inherits_context(const struct bt_run *run)
{
	struct bt_tracer *t = run->tracer;
	const struct bt_run *outer;
	bool inherits;

	pthread_mutex_lock(&t->lock);
	for (outer = run->next; outer; outer = outer->next)
		if (outer->scope == BT_SCOPE_TRACER ||
		    (run->scope == BT_SCOPE_THREAD &&
		     pthread_equal(outer->thread, run->thread)))
			break;
	inherits = outer && !memcmp(&outer->context, &run->context, sizeof(run->context));
	pthread_mutex_unlock(&t->lock);
	return inherits;
}

static int run_open_error(struct bt_tracer *t, int err, const struct bt_brick *brick,
			  enum bt_scope scope)
{
	switch (err) {
	case ESRCH:
		return bti_fail(
			err, "cannot trace the brick '%s': %s first", brick->name,
			scope == BT_SCOPE_THREAD ?
				"the thread is not registered; call bt_thread_register()" :
				"no thread is registered or followed; call bt_thread_register() or bt_thread_follow()");
	case ELOOP:
		return bti_fail(err, "the run of brick '%s' is nested deeper than %d",
				brick->name, BRICKTRACE_MAX_DEPTH);
	case EDQUOT:
		return bti_fail_quota(t, BTI_QUOTA_RUNS,
				      "cannot open a run of brick '%s'", brick->name);
	default:
		return bti_fail(err, "cannot open a run of brick '%s': %s", brick->name,
				strerror(err));
	}
}

static int run_check(struct bt_tracer *t, struct bt_brick *brick, struct bt_run **out)
{
	if (!out)
		return bti_fail_null("address for the run");
	*out = NULL;
	if (!t)
		return bti_fail_null("tracer");
	if (!brick)
		return bti_fail_null("brick");
	if (brick->tracer != t)
		return bti_fail(EINVAL, "the brick '%s' belongs to another tracer",
				brick->name);
	return 0;
}

static int run_open(struct bt_brick *brick, struct bricktrace_run_open *open,
		    struct bt_run **out)
{
	struct bt_tracer *t = brick->tracer;
	bool published = bti_context_published(t, &open->context);
	struct bt_run *run =
		run_get(t, t->fd >= 0, (enum bt_scope)open->scope, &open->context);
	int err;

	if (!run)
		return bti_fail(ENOMEM, "no memory for a run of brick '%s'", brick->name);
	if (published && !run_inherits_context(run))
		open->flags |= BRICKTRACE_RUN_CONTEXT;
	if (__atomic_load_n(&t->ids, __ATOMIC_RELAXED))
		open->flags |= BRICKTRACE_RUN_IDS;
	run->brick = brick;
	run->budget_ns = __atomic_load_n(&brick->budget_ns, __ATOMIC_RELAXED);
	*out = run;
	if (t->fd < 0) {
		bti_local_open(run, open->why);
		return 0;
	}
	open->brick = brick->number;
	/* The function makes no system call after this one, which would be the run's first. */
	err = bti_run_open(t, open);
	run->number = open->run;
	if (open->flags & BRICKTRACE_RUN_IDS)
		run->ids = open->context;
	if (!err)
		return 0;
	run_put(run);
	*out = NULL;
	return run_open_error(t, -err, brick, (enum bt_scope)open->scope);
}

int bt_run_open(struct bt_tracer *t, struct bt_brick *brick, enum bt_level level,
		enum bt_scope scope, struct bt_run **out)
{
	struct bricktrace_run_open open = { .level = level, .scope = scope };
	int err;

	err = run_check(t, brick, out);
	if (err)
		return err;
	if ((level != BT_MEASURE && level != BT_TRACE && level != BT_AUTO) ||
	    (scope != BT_SCOPE_THREAD && scope != BT_SCOPE_TRACER))
		return bti_fail(EINVAL, "invalid level %d or scope %d", level, scope);
	/* A failed calibration only means that the result has no edge. */
	if (level == BT_TRACE)
		bt_tracer_calibrate(t);
	if (level == BT_AUTO && !bti_has_statistics(t))
		open.level = BRICKTRACE_LEVEL_MEASURE;
	/* The kernel adds this reason itself. */
	if (level == BT_TRACE && t->fd < 0)
		open.why = BRICKTRACE_WHY_MANUAL;
	return run_open(brick, &open, out);
}

uint64_t bt_run_number(const struct bt_run *run)
{
	return run ? run->number : 0;
}

int bt_run_ids(const struct bt_run *run, struct bt_context *ids)
{
	static const struct bricktrace_context none;

	if (!ids)
		return bti_fail_null("address for the IDs");
	*ids = (struct bt_context){ 0 };
	if (!run)
		return bti_fail_null("run");
	if (run->tracer->fd < 0)
		return bti_fail(ENOTSUP, "%s", run->tracer->reason_text);
	if (!memcmp(&run->ids, &none, sizeof(none)))
		return bti_fail(
			ENODATA,
			"the context of the run of brick '%s' is not known; call bt_tracer_ids() before the run is opened",
			run->brick->name);
	memcpy(ids->trace_id, run->ids.trace_id, sizeof(ids->trace_id));
	memcpy(ids->span_id, run->ids.span_id, sizeof(ids->span_id));
	ids->flags = (uint8_t)run->ids.flags;
	return 0;
}

int bt_run_adopt(struct bt_tracer *t, struct bt_brick *brick, uint64_t number,
		 struct bt_run **out)
{
	/* A run of another process is in no context of this thread. */
	static const struct bricktrace_context none;
	struct bt_run *run;
	int err = run_check(t, brick, out);

	if (err)
		return err;
	if (!number)
		return bti_fail(EINVAL, "invalid run number 0");
	if (t->fd < 0)
		return bti_fail(ENOTSUP, "%s", t->reason_text);
	run = run_get(t, true, BT_SCOPE_THREAD, &none);
	if (!run)
		return bti_fail(ENOMEM, "no memory for a run of brick '%s'", brick->name);
	run->brick = brick;
	run->budget_ns = __atomic_load_n(&brick->budget_ns, __ATOMIC_RELAXED);
	run->number = number;
	*out = run;
	return 0;
}

int bt_run_close(struct bt_run *run, struct bt_result **result)
{
	struct bricktrace_failed failed[BT_MAX_ASSERTIONS];
	struct bricktrace_run_close close;
	struct bt_tracer *t;
	int err = 0;

	if (result)
		*result = NULL;
	if (!run)
		return 0;
	t = run->tracer;
	if (t->fd < 0)
		bti_local_close(run, failed, &close);
	else
		err = bti_run_close(t, run->number, result ? run->room : NULL, &close);
	if (err == -EBUSY)
		return bti_fail(
			EBUSY,
			"the run of brick '%s' encloses a run that is still open; close that first",
			run->brick->name);
	if (err)
		bti_fail(-err, "cannot close the run of brick '%s': %s", run->brick->name,
			 strerror(-err));
	else if (result)
		err = bti_result_new(run->brick, run->budget_ns, &close, result);
	run_put(run);
	return err;
}

/*
 * Calls @fn although no run could be opened. The text of that error, @err, must survive
 * whatever @fn does.
 */
static int run_unopened(struct bt_brick *brick, uint32_t why, int err, void (*fn)(void *),
			void *arg, struct bt_result **out)
{
	struct bricktrace_result raw = { .reason = BT_REASON_DEVICE };
	struct bricktrace_run_close close = { .result = bti_array(&raw, sizeof(raw),
								  sizeof(raw)) };
	uint64_t budget_ns = __atomic_load_n(&brick->budget_ns, __ATOMIC_RELAXED);
	const struct bti_ops *ops = brick->tracer->ops;
	char text[BTI_ERROR_TEXT];

	strcpy(text, bt_error_text());
	raw.start_ns = ops->now();
	fn(arg);
	raw.wall_ns = ops->now() - raw.start_ns;
	bti_fail(-err, "%s", text);
	if (!out)
		return err;
	/* Whatever only the kernel knows is as from a module that does not know it. */
	close.result.known = BRICKTRACE_RESULT_SIZE_V0;
	err = bti_result_new(brick, budget_ns, &close, out);
	if (!err)
		(*out)->why = why | (raw.wall_ns > budget_ns ? BT_WHY_OVER_BUDGET : 0);
	return err;
}

int bt_trace_with_reason(struct bt_brick *brick, enum bt_escalation escalation,
			 void (*fn)(void *), void *arg, struct bt_result **result)
{
	/* The other escalations are masks of BT_WHY_*. */
	uint32_t why = escalation == BT_ESCALATION_MANUAL ? BT_WHY_MANUAL : escalation;
	struct bricktrace_run_open open = { .level = BRICKTRACE_LEVEL_TRACE };
	struct bt_run *run;
	int err;

	if (result)
		*result = NULL;
	if (!fn)
		return bti_fail_null("function");
	if (!brick || (unsigned int)escalation - 1 >= BT_ESCALATION_MANUAL) {
		fn(arg);
		return brick ? bti_fail(EINVAL, "invalid escalation %d", escalation) :
			       bti_fail_null("brick");
	}
	/* An older module knows neither grants nor reasons. */
	if (bti_has_statistics(brick->tracer)) {
		open.flags = BRICKTRACE_RUN_CHARGE;
		open.why = why;
	}
	err = run_open(brick, &open, &run);
	if (err)
		return run_unopened(brick, why, err, fn, arg, result);
	fn(arg);
	return bt_run_close(run, result);
}

int bt_trace(struct bt_brick *brick, void (*fn)(void *), void *arg,
	     struct bt_result **result)
{
	return bt_trace_with_reason(brick, BT_ESCALATION_MANUAL, fn, arg, result);
}
