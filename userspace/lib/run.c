// SPDX-License-Identifier: MIT
/* The runs of a tracer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int bti_run_open(struct bt_tracer *t, uint32_t brick, enum bt_level level,
		 enum bt_scope scope, uint64_t *number)
{
	struct bricktrace_run_open open = {
		.size = sizeof(open),
		.brick = brick,
		.level = level,
		.scope = scope,
	};
	int err = bti_ioctl(t, BRICKTRACE_RUN_OPEN, &open);

	*number = open.run;
	return err;
}

static struct bricktrace_array run_array(void *first, size_t size, size_t all)
{
	return (struct bricktrace_array){
		.addr = (uintptr_t)first,
		.size = size,
		.cap = all / size,
	};
}

#define ARRAY(member) run_array(&(member), sizeof((member)[0]), sizeof(member))

int bti_run_close(struct bt_tracer *t, uint64_t number, struct bti_room *room,
		  struct bricktrace_run_close *close)
{
	*close = (struct bricktrace_run_close){ .size = sizeof(*close), .run = number };
	if (room) {
		close->result = ARRAY(room->result);
		close->times = ARRAY(room->times);
		close->categories = ARRAY(room->categories);
		close->syscalls = ARRAY(room->syscalls);
	}
	return bti_ioctl(t, BRICKTRACE_RUN_CLOSE, close);
}

/* Takes a run from the tracer's list of free runs, so that opening one rarely allocates. */
static struct bt_run *run_get(struct bt_tracer *t, bool room)
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
	return !t ? bti_fail_null("tracer") : !brick ? bti_fail_null("brick") : 0;
}

int bt_run_open(struct bt_tracer *t, struct bt_brick *brick, enum bt_level level,
		enum bt_scope scope, struct bt_run **out)
{
	struct bt_run *run;
	int err;

	err = run_check(t, brick, out);
	if (err)
		return err;
	if ((level != BT_MEASURE && level != BT_TRACE) ||
	    (scope != BT_SCOPE_THREAD && scope != BT_SCOPE_TRACER))
		return bti_fail(EINVAL, "invalid level %d or scope %d", level, scope);
	/* A failed calibration only means that the result has no edge. */
	if (level == BT_TRACE)
		bt_tracer_calibrate(t);
	run = run_get(t, t->fd >= 0);
	if (!run)
		return bti_fail(ENOMEM, "no memory for a run of brick '%s'", brick->name);
	run->brick = brick;
	run->budget_ns = __atomic_load_n(&brick->budget_ns, __ATOMIC_RELAXED);
	*out = run;
	run->start_ns = t->ops->now();
	if (t->fd < 0)
		return 0;
	/* The function makes no system call after this one, which would be the run's first. */
	err = bti_run_open(t, brick->number, level, scope, &run->number);
	if (!err)
		return 0;
	run_put(run);
	*out = NULL;
	return run_open_error(t, -err, brick, scope);
}

uint64_t bt_run_number(const struct bt_run *run)
{
	return run ? run->number : 0;
}

int bt_run_adopt(struct bt_tracer *t, struct bt_brick *brick, uint64_t number,
		 struct bt_run **out)
{
	struct bt_run *run;
	int err = run_check(t, brick, out);

	if (err)
		return err;
	if (!number)
		return bti_fail(EINVAL, "invalid run number 0");
	if (t->fd < 0)
		return bti_fail(ENOTSUP, "%s", t->reason_text);
	run = run_get(t, true);
	if (!run)
		return bti_fail(ENOMEM, "no memory for a run of brick '%s'", brick->name);
	run->brick = brick;
	run->budget_ns = __atomic_load_n(&brick->budget_ns, __ATOMIC_RELAXED);
	run->start_ns = t->ops->now();
	run->number = number;
	*out = run;
	return 0;
}

/* Fills in the answer of the kernel for a run that the kernel does not know. */
static void run_close_locally(const struct bt_run *run, struct bricktrace_result *result,
			      struct bricktrace_run_close *close)
{
	*result = (struct bricktrace_result){
		.provenance = BRICKTRACE_NOT_INSTRUMENTED,
		.reason = run->tracer->reason,
		.start_ns = run->start_ns,
		.wall_ns = run->tracer->ops->now() - run->start_ns,
	};
	*close = (struct bricktrace_run_close){
		.result = {
			.addr = (uintptr_t)result,
			.size = sizeof(*result),
			.cap = 1,
			.count = 1,
			.known = sizeof(*result),
		},
	};
}

int bt_run_close(struct bt_run *run, struct bt_result **result)
{
	struct bricktrace_run_close close;
	struct bricktrace_result local;
	struct bt_tracer *t;
	int err = 0;

	if (result)
		*result = NULL;
	if (!run)
		return 0;
	t = run->tracer;
	if (t->fd < 0)
		run_close_locally(run, &local, &close);
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
