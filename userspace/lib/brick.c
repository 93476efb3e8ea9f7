// SPDX-License-Identifier: MIT
/* The bricks of a tracer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "utf8.h"

static int brick_check_name(const char *name)
{
	size_t at, length;
	uint32_t c;

	if (!*name)
		return bti_fail(EINVAL, "a brick's name must not be empty");
	for (at = 0; name[at]; at += length) {
		length = bti_utf8(name + at, &c);
		if (c > BTI_UTF8_LAST)
			return bti_fail(
				EINVAL,
				"the brick's name is not UTF-8: its byte %zu is 0x%02x",
				at + 1, (unsigned char)name[at]);
		if (bti_utf8_control(c))
			return bti_fail(EINVAL,
					"the brick's name has the control character U+%04X",
					c);
	}
	if (at >= BT_NAME_LEN)
		return bti_fail(ENAMETOOLONG,
				"the brick's name has %zu bytes; at most %d are allowed",
				at, BT_NAME_LEN - 1);
	return 0;
}

int bti_brick_define(struct bt_tracer *t, const char *name, uint64_t budget_ns,
		     uint32_t *number)
{
	struct bricktrace_brick_define brick = {
		.size = sizeof(brick),
		.budget_ns = budget_ns == BT_NONE ? BT_MAX_BUDGET : budget_ns,
	};
	int err;

	if (t->fd < 0)
		return 0;
	memcpy(brick.name, name, strlen(name));
	err = bti_ioctl(t, BRICKTRACE_BRICK_DEFINE, &brick);
	if (err == -EDQUOT)
		return bti_fail_quota(t, BTI_QUOTA_BRICKS, "cannot define the brick '%s'",
				      name);
	if (err)
		return bti_fail(-err, "cannot define the brick '%s': %s", name,
				strerror(-err));
	*number = brick.brick;
	return 0;
}

int bt_brick_define(struct bt_tracer *t, const char *name, uint64_t budget_ns,
		    struct bt_brick **out)
{
	struct bt_brick *brick, *fresh = NULL;
	uint32_t number = 0;
	int err;

	if (!out)
		return bti_fail_null("address for the brick");
	*out = NULL;
	if (!t)
		return bti_fail_null("tracer");
	if (!name)
		return bti_fail_null("name");
	err = brick_check_name(name);
	if (err)
		return err;
	if (budget_ns > BT_MAX_BUDGET && budget_ns != BT_NONE)
		return bti_fail(
			ERANGE,
			"the budget of brick '%s', %llu ns, is above the limit of 2^62 ns",
			name, (unsigned long long)budget_ns);

	pthread_mutex_lock(&t->lock);
	for (brick = t->bricks; brick; brick = brick->next)
		if (!strcmp(brick->name, name))
			break;
	if (!brick) {
		fresh = calloc(1, sizeof(*fresh));
		if (!fresh) {
			err = bti_fail(ENOMEM, "no memory for the brick '%s'", name);
			goto unlock;
		}
		memcpy(fresh->name, name, strlen(name));
		brick = fresh;
	}
	err = bti_brick_define(t, name, budget_ns, &number);
	if (err) {
		free(fresh);
		goto unlock;
	}
	__atomic_store_n(&brick->budget_ns, budget_ns, __ATOMIC_RELAXED);
	if (fresh) {
		fresh->number = number;
		fresh->next = t->bricks;
		t->bricks = fresh;
	}
	*out = brick;
unlock:
	pthread_mutex_unlock(&t->lock);
	return err;
}
