// SPDX-License-Identifier: MIT
/* The bricks of a tracer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "utf8.h"

int bti_check_name(const char *what, const char *name)
{
	size_t at, length;
	uint32_t c;

	if (!*name)
		return bti_fail(EINVAL, "%s must not be empty", what);
	for (at = 0; name[at]; at += length) {
		length = bti_utf8(name + at, &c);
		if (c > BTI_UTF8_LAST)
			return bti_fail(EINVAL, "%s is not UTF-8: its byte %zu is 0x%02x",
					what, at + 1, (unsigned char)name[at]);
		if (bti_utf8_control(c))
			return bti_fail(EINVAL, "%s has the control character U+%04X",
					what, c);
	}
	if (at >= BT_NAME_LEN)
		return bti_fail(ENAMETOOLONG, "%s has %zu bytes; at most %d are allowed",
				what, at, BT_NAME_LEN - 1);
	return 0;
}

int bti_brick_define(struct bt_tracer *t, const char *name, uint64_t budget_ns,
		     struct bricktrace_brick_define *define)
{
	int err;

	if (t->fd < 0)
		return 0;
	define->size = sizeof(*define);
	define->budget_ns = budget_ns == BT_NONE ? BT_MAX_BUDGET : budget_ns;
	memcpy(define->name, name, strlen(name));
	err = bti_ioctl(t, BRICKTRACE_BRICK_DEFINE, define);
	if (err == -EDQUOT)
		return bti_fail_quota(t, BTI_QUOTA_BRICKS, "cannot define the brick '%s'",
				      name);
	if (err)
		return bti_fail(-err, "cannot define the brick '%s': %s", name,
				strerror(-err));
	return 0;
}

int bt_brick_define(struct bt_tracer *t, const char *name, uint64_t budget_ns,
		    struct bt_brick **out)
{
	struct bricktrace_brick_define define = { 0 };
	struct bt_brick *brick, *fresh = NULL;
	int err;

	if (!out)
		return bti_fail_null("address for the brick");
	*out = NULL;
	if (!t)
		return bti_fail_null("tracer");
	if (!name)
		return bti_fail_null("name");
	err = bti_check_name("the brick's name", name);
	if (err)
		return err;
	if (budget_ns > BT_MAX_BUDGET && budget_ns != BT_NONE)
		return bti_fail(
			ERANGE,
			"the budget of brick '%s', %llu ns, is above the limit of 2^62 ns",
			name, (unsigned long long)budget_ns);

	pthread_mutex_lock(&t->definitions);
	for (brick = t->bricks; brick; brick = brick->next)
		if (!strcmp(brick->name, name))
			break;
	if (!brick) {
		fresh = calloc(1,
			       sizeof(*fresh) + (t->fd < 0 ? sizeof(fresh->local[0]) : 0));
		if (!fresh) {
			err = bti_fail(ENOMEM, "no memory for the brick '%s'", name);
			goto unlock;
		}
		fresh->tracer = t;
		memcpy(fresh->name, name, strlen(name));
		brick = fresh;
	}
	err = bti_brick_define(t, name, budget_ns, &define);
	if (err) {
		free(fresh);
		goto unlock;
	}
	__atomic_store_n(&brick->budget_ns, budget_ns, __ATOMIC_RELAXED);
	if (fresh) {
		fresh->number = define.brick;
		fresh->next = t->bricks;
		t->bricks = fresh;
	}
	*out = brick;
unlock:
	pthread_mutex_unlock(&t->definitions);
	return err;
}

int bt_brick_mode(struct bt_brick *brick, enum bt_mode mode)
{
	struct bricktrace_brick_define define = { .flags = BRICKTRACE_BRICK_MODE,
						  .mode = mode };
	struct bt_tracer *t;
	int err;

	if (!brick)
		return bti_fail_null("brick");
	t = brick->tracer;
	if ((unsigned int)mode > BT_MODE_TAIL)
		return bti_fail(EINVAL, "invalid mode %d of brick '%s'", mode, brick->name);
	err = bti_need_statistics(t);
	if (err)
		return err;
	/* Runs at level BT_AUTO do not calibrate, because they must not wait. */
	if (mode != BT_MODE_MEASURE)
		bt_tracer_calibrate(t);
	pthread_mutex_lock(&t->definitions);
	err = bti_brick_define(t, brick->name, brick->budget_ns, &define);
	if (!err && t->fd < 0) {
		pthread_mutex_lock(&t->lock);
		brick->local->mode = mode;
		pthread_mutex_unlock(&t->lock);
	}
	pthread_mutex_unlock(&t->definitions);
	return err;
}

int bt_brick_baseline(struct bt_brick *brick, uint32_t every)
{
	struct bricktrace_brick_define define = { .flags = BRICKTRACE_BRICK_BASELINE,
						  .baseline = every };
	struct bt_tracer *t;
	int err;

	if (!brick)
		return bti_fail_null("brick");
	t = brick->tracer;
	err = bti_need_statistics(t);
	if (err)
		return err;
	pthread_mutex_lock(&t->definitions);
	err = bti_brick_define(t, brick->name, brick->budget_ns, &define);
	if (!err && t->fd < 0) {
		pthread_mutex_lock(&t->lock);
		brick->local->baseline = every;
		pthread_mutex_unlock(&t->lock);
	}
	pthread_mutex_unlock(&t->definitions);
	return err;
}

int bt_brick_reset(struct bt_brick *brick)
{
	struct bricktrace_brick_reset reset = { .size = sizeof(reset) };
	int err;

	if (!brick)
		return bti_fail_null("brick");
	err = bti_need_statistics(brick->tracer);
	if (err)
		return err;
	if (brick->tracer->fd < 0) {
		bti_local_reset(brick);
		return 0;
	}
	reset.brick = brick->number;
	err = bti_ioctl(brick->tracer, BRICKTRACE_BRICK_RESET, &reset);
	return err ? bti_fail(-err, "cannot reset the brick '%s': %s", brick->name,
			      strerror(-err)) :
		     0;
}
