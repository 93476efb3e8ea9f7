// SPDX-License-Identifier: MIT
/* The assertions of bricks. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "internal.h"

/* Replaces the assertions of a brick by the @n of @list. */
static int assertion_set(struct bt_brick *brick, const struct bricktrace_assertion *list,
			 uint32_t n)
{
	struct bricktrace_brick_define define = {
		.flags = BRICKTRACE_BRICK_ASSERTIONS,
		.assertions = bti_array((void *)list, sizeof(*list), n * sizeof(*list)),
	};
	struct bt_tracer *t = brick->tracer;
	int err = bti_brick_define(t, brick->name, brick->budget_ns, &define);

	if (err)
		return err;
	pthread_mutex_lock(&t->lock);
	memcpy(brick->assertions, list, n * sizeof(*list));
	brick->n_assertions = n;
	if (t->fd < 0)
		memset(brick->local->counts, 0, sizeof(brick->local->counts));
	pthread_mutex_unlock(&t->lock);
	return 0;
}

static int assertion_add(struct bt_brick *brick, const char *name,
			 struct bricktrace_assertion *new)
{
	struct bricktrace_assertion list[BT_MAX_ASSERTIONS + 1];
	uint32_t n, i;
	int err;

	if (!brick)
		return bti_fail_null("brick");
	if (!name)
		return bti_fail_null("name");
	err = bti_check_name("the assertion's name", name);
	if (err)
		return err;
	err = bti_need_statistics(brick->tracer);
	if (err)
		return err;
	memcpy(new->name, name, strlen(name));
	pthread_mutex_lock(&brick->tracer->definitions);
	n = brick->n_assertions;
	memcpy(list, brick->assertions, sizeof(brick->assertions));
	for (i = 0; i < n && strcmp(list[i].name, name); i++)
		;
	list[i] = *new;
	if (i == n)
		n++;
	if (n > BT_MAX_ASSERTIONS)
		err = bti_fail(ENOSPC, "the brick '%s' has %d assertions already",
			       brick->name, BT_MAX_ASSERTIONS);
	else
		err = assertion_set(brick, list, n);
	if (err == -EINVAL)
		bti_fail(EINVAL,
			 "the module does not have the category, system call or table of the assertion '%s'",
			 name);
	pthread_mutex_unlock(&brick->tracer->definitions);
	return err;
}

static int assertion_add_category(struct bt_brick *brick, const char *name,
				  enum bricktrace_assertion_kind kind,
				  enum bt_category category, uint64_t limit)
{
	struct bricktrace_assertion a = { .kind = kind, .subject = category, .limit = limit };

	/* A newer module has categories beyond BT_CAT_OTHER, and refuses what it has not. */
	return category < 0 ? bti_fail(EINVAL, "invalid category %d", category) :
			      assertion_add(brick, name, &a);
}

int bt_assert_duration(struct bt_brick *brick, const char *name, uint64_t limit_ns)
{
	struct bricktrace_assertion a = { .kind = BRICKTRACE_ASSERT_DURATION,
					  .limit = limit_ns };

	return assertion_add(brick, name, &a);
}

int bt_assert_category_share(struct bt_brick *brick, const char *name,
			     enum bt_category category, double percent)
{
	if (isnan(percent))
		return bti_fail(EINVAL, "the share is not a number");
	if (percent < 0 || percent > 100)
		return bti_fail(ERANGE, "the share, %g %%, is not from 0 to 100 %%",
				percent);
	return assertion_add_category(brick, name, BRICKTRACE_ASSERT_CATEGORY_SHARE,
				      category, (uint64_t)(1000 * percent + 0.5));
}

int bt_assert_category_ns(struct bt_brick *brick, const char *name,
			  enum bt_category category, uint64_t limit_ns)
{
	return assertion_add_category(brick, name, BRICKTRACE_ASSERT_CATEGORY_NS,
				      category, limit_ns);
}

int bt_assert_category_offcpu_ns(struct bt_brick *brick, const char *name,
				 enum bt_category category, uint64_t limit_ns)
{
	return assertion_add_category(brick, name, BRICKTRACE_ASSERT_CATEGORY_OFFCPU,
				      category, limit_ns);
}

int bt_assert_syscall_count(struct bt_brick *brick, const char *name, uint32_t nr,
			    enum bt_arch arch, uint64_t limit)
{
	struct bricktrace_assertion a = { .kind = BRICKTRACE_ASSERT_SYSCALL_COUNT,
					  .subject = nr,
					  .arch = arch,
					  .limit = limit };

	return assertion_add(brick, name, &a);
}

int bt_brick_clear_assertions(struct bt_brick *brick)
{
	int err;

	if (!brick)
		return bti_fail_null("brick");
	err = bti_need_statistics(brick->tracer);
	if (err)
		return err;
	pthread_mutex_lock(&brick->tracer->definitions);
	err = assertion_set(brick, brick->assertions, 0);
	pthread_mutex_unlock(&brick->tracer->definitions);
	return err;
}
