// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "assertions.h"
#include "name.h"
#include "stats.h"

static int assertions_check_one(const struct bricktrace_assertion *a)
{
	u32 subjects = 1, archs = 1;

	if (strnlen(a->name, BRICKTRACE_NAME_LEN) == BRICKTRACE_NAME_LEN)
		return -ENAMETOOLONG;
	if (!*a->name || !bkt_name_valid(a->name))
		return -EINVAL;
	switch (a->kind) {
	case BRICKTRACE_ASSERT_DURATION:
		break;
	case BRICKTRACE_ASSERT_CATEGORY_SHARE:
	case BRICKTRACE_ASSERT_CATEGORY_NS:
	case BRICKTRACE_ASSERT_CATEGORY_OFFCPU:
		subjects = BKT_CATEGORIES;
		break;
	case BRICKTRACE_ASSERT_SYSCALL_COUNT:
		subjects = BRICKTRACE_NR_MORE;
		archs = BRICKTRACE_ARCH_X32 + 1;
		break;
	default:
		return -EINVAL;
	}
	return a->subject < subjects && a->arch < archs && !a->reserved ? 0 : -EINVAL;
}

struct bkt_assertions *bkt_assertions_new(struct bkt_user *u,
					  const struct bricktrace_assertion *a, u32 n)
{
	struct bkt_assertions *set;
	int ret;
	u32 i;

	for (i = 0; i < n; i++) {
		ret = assertions_check_one(&a[i]);
		if (ret)
			return ERR_PTR(ret);
	}
	if (!bkt_user_charge(u, struct_size(set, a, n)))
		return ERR_PTR(-EDQUOT);
	set = kmalloc(struct_size(set, a, n), GFP_KERNEL_ACCOUNT);
	if (!set) {
		bkt_user_uncharge(u, struct_size(set, a, n));
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&set->refs, 1);
	set->user = u;
	set->n = n;
	memset(set->counts, 0, sizeof(set->counts));
	memcpy(set->a, a, n * sizeof(*a));
	return set;
}

struct bkt_assertions *bkt_assertions_ref(struct bkt_assertions *set)
{
	if (set)
		refcount_inc(&set->refs);
	return set;
}

void bkt_assertions_put(struct bkt_assertions *set)
{
	if (!set || !refcount_dec_and_test(&set->refs))
		return;
	bkt_user_uncharge(set->user, struct_size(set, a, set->n));
	kfree(set);
}

/* Whether @ns is more than @limit thousandths of a percent of @thread_ns; sets @share. */
static bool assertions_share(u64 ns, u64 thread_ns, u64 limit, u64 *share)
{
	/* A share above 100 % would be an error of a clock, and any limit from there passes. */
	if (limit >= 100000 || (bkt_u128)ns * 100000 <= (bkt_u128)limit * thread_ns)
		return false;
	/* Both numbers lose the same low bits, so that the product fits in 64 bits. */
	while (ns >> 46) {
		ns >>= 1;
		thread_ns >>= 1;
	}
	*share = thread_ns ? div64_u64(ns * 100000, thread_ns) : 100000;
	return true;
}

/*
 * Returns the number of completed calls. Sets @partial if there are calls without
 * figures of their own, which this call's may be among (rule "more").
 */
static u64 assertions_count(const struct bricktrace_assertion *a,
			    const struct bkt_breakdown *b, bool *partial)
{
	u64 count = 0;
	u32 i;

	for (i = 0; i < b->nr_syscalls; i++) {
		const struct bricktrace_syscall *sc =
			&b->syscalls[i][BRICKTRACE_VIEW_INCLUSIVE];

		if (sc->nr == BRICKTRACE_NR_MORE)
			*partial = true;
		else if (sc->nr == a->subject && sc->arch == a->arch)
			count = sc->figures.count;
	}
	return count;
}

void bkt_assertions_check(const struct bkt_assertions *set,
			  const struct bricktrace_result *result,
			  const struct bkt_breakdown *b, struct bkt_verdict *v)
{
	u32 i;

	v->passed = 0;
	v->failed = 0;
	for (i = 0; set && i < set->n; i++) {
		const struct bricktrace_assertion *a = &set->a[i];
		bool partial = result->provenance != BRICKTRACE_MEASURED;
		const struct bricktrace_figures *f;
		u64 *value = &v->value[i];
		bool failed;

		if (a->kind == BRICKTRACE_ASSERT_DURATION)
			partial = false;
		else if (!b)
			continue;
		switch (a->kind) {
		case BRICKTRACE_ASSERT_DURATION:
			*value = result->wall_ns;
			failed = *value > a->limit;
			break;
		case BRICKTRACE_ASSERT_SYSCALL_COUNT:
			*value = assertions_count(a, b, &partial);
			failed = *value > a->limit;
			break;
		default:
			f = &b->categories[a->subject][BRICKTRACE_VIEW_INCLUSIVE].figures;
			*value = a->kind == BRICKTRACE_ASSERT_CATEGORY_OFFCPU ?
					 f->offcpu_ns : f->ns;
			if (a->kind == BRICKTRACE_ASSERT_CATEGORY_SHARE)
				failed = assertions_share(f->ns,
							  b->times[BRICKTRACE_VIEW_INCLUSIVE]
								  .thread_ns,
							  a->limit, value);
			else
				failed = *value > a->limit;
		}
		if (failed)
			v->failed |= 1U << i;
		else if (!partial)
			v->passed |= 1U << i;
	}
}
