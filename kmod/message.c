// SPDX-License-Identifier: GPL-2.0
#include <net/netlink.h>
#include "message.h"

/* The tables are in the order of the structures' members. */
#define FIELD		BKT_MESSAGE_FIELD
#define INNER		BKT_MESSAGE_INNER

static const struct bkt_message_field message_figures[] = {
	FIELD(U64, FIGURES_COUNT, bricktrace_figures, count),
	FIELD(U64, FIGURES_IN_FLIGHT, bricktrace_figures, in_flight),
	FIELD(U64, FIGURES_ERRORS, bricktrace_figures, errors),
	FIELD(U64, FIGURES_NS, bricktrace_figures, ns),
	FIELD(U64, FIGURES_OFFCPU_NS, bricktrace_figures, offcpu_ns),
	FIELD(U64, FIGURES_MAX_NS, bricktrace_figures, max_ns),
	FIELD(U64, FIGURES_RUNNABLE_NS, bricktrace_figures, runnable_ns),
	{}
};

const struct bkt_message_field bkt_message_times[] = {
	FIELD(U32, TIMES_VIEW, bricktrace_times, view),
	FIELD(U64, TIMES_THREAD_NS, bricktrace_times, thread_ns),
	FIELD(U64, TIMES_COMPUTE_NS, bricktrace_times, compute_ns),
	FIELD(U64, TIMES_COMPUTE_OFFCPU_NS, bricktrace_times, compute_offcpu_ns),
	FIELD(U64, TIMES_EDGE_NS, bricktrace_times, edge_ns),
	FIELD(U64, TIMES_CONTROL_NS, bricktrace_times, control_ns),
	FIELD(U64, TIMES_COMPUTE_RUNNABLE_NS, bricktrace_times, compute_runnable_ns),
	FIELD(U64, TIMES_MINOR_FAULTS, bricktrace_times, minor_faults),
	FIELD(U64, TIMES_MAJOR_FAULTS, bricktrace_times, major_faults),
	{}
};

const struct bkt_message_field bkt_message_category[] = {
	FIELD(U32, CATEGORY_CATEGORY, bricktrace_category_figures, category),
	FIELD(U32, CATEGORY_VIEW, bricktrace_category_figures, view),
	INNER(CATEGORY_FIGURES, bricktrace_category_figures, figures, message_figures),
	{}
};

const struct bkt_message_field bkt_message_syscall[] = {
	FIELD(U32, SYSCALL_NR, bricktrace_syscall, nr),
	FIELD(U32, SYSCALL_ARCH, bricktrace_syscall, arch),
	FIELD(U32, SYSCALL_CATEGORY, bricktrace_syscall, category),
	FIELD(U32, SYSCALL_VIEW, bricktrace_syscall, view),
	INNER(SYSCALL_FIGURES, bricktrace_syscall, figures, message_figures),
	{}
};

const struct bkt_message_field bkt_message_ioctl[] = {
	FIELD(U32, IOCTL_FILE, bricktrace_ioctl, file),
	FIELD(U32, IOCTL_MAJOR, bricktrace_ioctl, major),
	FIELD(U32, IOCTL_MINOR, bricktrace_ioctl, minor),
	FIELD(U32, IOCTL_REQUEST, bricktrace_ioctl, request),
	FIELD(U64, IOCTL_COMMAND, bricktrace_ioctl, command),
	FIELD(U32, IOCTL_ARCH, bricktrace_ioctl, arch),
	FIELD(U32, IOCTL_VIEW, bricktrace_ioctl, view),
	FIELD(TEXT, IOCTL_OWNER, bricktrace_ioctl, owner),
	FIELD(TEXT, IOCTL_NAME, bricktrace_ioctl, name),
	INNER(IOCTL_FIGURES, bricktrace_ioctl, figures, message_figures),
	{}
};

const struct bkt_message_field bkt_message_slow_call[] = {
	FIELD(U32, SLOW_CALL_TID, bricktrace_slow_call, tid),
	FIELD(U32, SLOW_CALL_ARCH, bricktrace_slow_call, arch),
	FIELD(U32, SLOW_CALL_NR, bricktrace_slow_call, nr),
	FIELD(U32, SLOW_CALL_CATEGORY, bricktrace_slow_call, category),
	FIELD(RAW, SLOW_CALL_ARG0, bricktrace_slow_call, arg0),
	FIELD(U64, SLOW_CALL_START_NS, bricktrace_slow_call, start_ns),
	FIELD(U64, SLOW_CALL_NS, bricktrace_slow_call, ns),
	FIELD(U64, SLOW_CALL_OFFCPU_NS, bricktrace_slow_call, offcpu_ns),
	FIELD(RAW, SLOW_CALL_RET, bricktrace_slow_call, ret),
	FIELD(U32, SLOW_CALL_FILE, bricktrace_slow_call, file),
	FIELD(U32, SLOW_CALL_MAJOR, bricktrace_slow_call, major),
	FIELD(U32, SLOW_CALL_MINOR, bricktrace_slow_call, minor),
	FIELD(U32, SLOW_CALL_REQUEST, bricktrace_slow_call, request),
	FIELD(U64, SLOW_CALL_COMMAND, bricktrace_slow_call, command),
	FIELD(TEXT, SLOW_CALL_OWNER, bricktrace_slow_call, owner),
	FIELD(TEXT, SLOW_CALL_NAME, bricktrace_slow_call, name),
	{}
};

const struct bkt_message_field bkt_message_failed[] = {
	FIELD(U32, FAILED_INDEX, bricktrace_failed, index),
	FIELD(U32, FAILED_KIND, bricktrace_failed, kind),
	FIELD(RAW, FAILED_VALUE, bricktrace_failed, value),
	FIELD(RAW, FAILED_LIMIT, bricktrace_failed, limit),
	FIELD(TEXT, FAILED_NAME, bricktrace_failed, name),
	{}
};

const struct bkt_message_field bkt_message_result[] = {
	FIELD(U64, RESULT_RUN, bricktrace_result, run),
	FIELD(U64, RESULT_PARENT, bricktrace_result, parent),
	FIELD(U32, RESULT_BRICK, bricktrace_result, brick),
	FIELD(U32, RESULT_FLAGS, bricktrace_result, flags),
	FIELD(U32, RESULT_PROVENANCE, bricktrace_result, provenance),
	FIELD(U32, RESULT_REASON, bricktrace_result, reason),
	FIELD(U32, RESULT_THREADS, bricktrace_result, threads),
	FIELD(U32, RESULT_DEPTH, bricktrace_result, depth),
	FIELD(U64, RESULT_BUDGET_NS, bricktrace_result, budget_ns),
	FIELD(U64, RESULT_START_NS, bricktrace_result, start_ns),
	FIELD(U64, RESULT_WALL_NS, bricktrace_result, wall_ns),
	FIELD(U32, RESULT_WHY, bricktrace_result, why),
	FIELD(U32, RESULT_MODE, bricktrace_result, mode),
	FIELD(U64, RESULT_BRICK_RUN, bricktrace_result, brick_run),
	FIELD(U32, RESULT_WINDOW_RUNS, bricktrace_result, window_runs),
	FIELD(U32, RESULT_WINDOW_KEPT, bricktrace_result, window_kept),
	FIELD(U64, RESULT_WINDOW_SUM, bricktrace_result, window_sum),
	FIELD(SUM, RESULT_WINDOW_SQUARES, bricktrace_result, window_squares),
	FIELD(U64, RESULT_WINDOW_MEDIAN2, bricktrace_result, window_median2),
	FIELD(U32, RESULT_PASSED, bricktrace_result, passed),
	FIELD(U32, RESULT_FAILED, bricktrace_result, failed),
	FIELD(U32, RESULT_NOT_EVALUATED, bricktrace_result, not_evaluated),
	{}
};

static const struct bkt_message_field message_statistics[] = {
	FIELD(U64, STATISTICS_RUNS, bricktrace_statistics, runs),
	FIELD(U64, STATISTICS_TRACED, bricktrace_statistics, traced),
	FIELD(U64, STATISTICS_PARTIAL, bricktrace_statistics, partial),
	FIELD(U64, STATISTICS_OVER_BUDGET, bricktrace_statistics, over_budget),
	FIELD(U64, STATISTICS_GRANTED, bricktrace_statistics, granted),
	FIELD(U64, STATISTICS_REFUSED, bricktrace_statistics, refused),
	FIELD(U64, STATISTICS_MIN_NS, bricktrace_statistics, min_ns),
	FIELD(U64, STATISTICS_MAX_NS, bricktrace_statistics, max_ns),
	FIELD(U64, STATISTICS_ZERO, bricktrace_statistics, zero),
	FIELD(U64, STATISTICS_EDGE_RUNS, bricktrace_statistics, edge_runs),
	FIELD(SUM, STATISTICS_SUM_NS, bricktrace_statistics, sum_ns),
	FIELD(SUM, STATISTICS_SQUARES, bricktrace_statistics, squares),
	FIELD(SUM, STATISTICS_THREAD_NS, bricktrace_statistics, thread_ns),
	FIELD(SUM, STATISTICS_COMPUTE_NS, bricktrace_statistics, compute_ns),
	FIELD(SUM, STATISTICS_COMPUTE_OFFCPU_NS, bricktrace_statistics, compute_offcpu_ns),
	FIELD(SUM, STATISTICS_COMPUTE_RUNNABLE_NS, bricktrace_statistics, compute_runnable_ns),
	FIELD(SUM, STATISTICS_EDGE_NS, bricktrace_statistics, edge_ns),
	FIELD(SUM, STATISTICS_CONTROL_NS, bricktrace_statistics, control_ns),
	FIELD(SUM, STATISTICS_MINOR_FAULTS, bricktrace_statistics, minor_faults),
	FIELD(SUM, STATISTICS_MAJOR_FAULTS, bricktrace_statistics, major_faults),
	{}
};

static const struct bkt_message_field message_sums[] = {
	FIELD(U32, SUMS_CATEGORY, bricktrace_category_statistics, category),
	FIELD(SUM, SUMS_COUNT, bricktrace_category_statistics, count),
	FIELD(SUM, SUMS_ERRORS, bricktrace_category_statistics, errors),
	FIELD(SUM, SUMS_NS, bricktrace_category_statistics, ns),
	FIELD(SUM, SUMS_OFFCPU_NS, bricktrace_category_statistics, offcpu_ns),
	FIELD(SUM, SUMS_RUNNABLE_NS, bricktrace_category_statistics, runnable_ns),
	{}
};

static const struct bkt_message_field message_assertion[] = {
	FIELD(U32, ASSERTION_KIND, bricktrace_assertion, kind),
	FIELD(U32, ASSERTION_SUBJECT, bricktrace_assertion, subject),
	FIELD(U32, ASSERTION_ARCH, bricktrace_assertion, arch),
	FIELD(RAW, ASSERTION_LIMIT, bricktrace_assertion, limit),
	FIELD(TEXT, ASSERTION_NAME, bricktrace_assertion, name),
	{}
};

static const struct bkt_message_field message_counts[] = {
	FIELD(U64, COUNTS_PASSED, bricktrace_assertion_counts, passed),
	FIELD(U64, COUNTS_FAILED, bricktrace_assertion_counts, failed),
	FIELD(U64, COUNTS_NOT_EVALUATED, bricktrace_assertion_counts, not_evaluated),
	{}
};

int bkt_message_put_u64(struct sk_buff *skb, u32 attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, BKT_MESSAGE_PAD);
}

int bkt_message_put_context(struct sk_buff *skb, u32 trace_id,
			    const struct bricktrace_context *context)
{
	return nla_put(skb, trace_id, sizeof(context->trace_id), context->trace_id) ?:
	       nla_put(skb, trace_id + 1, sizeof(context->span_id), context->span_id) ?:
	       nla_put_u32(skb, trace_id + 2, context->flags);
}

static int message_put_field(struct sk_buff *skb, const struct bkt_message_field *f,
			     const void *value)
{
	switch (f->kind) {
	case BKT_MESSAGE_U32:
		return nla_put_u32(skb, f->attr, *(u32 *)value);
	case BKT_MESSAGE_U64:
		if (*(u64 *)value == BRICKTRACE_NONE)
			return 0;
		fallthrough;
	case BKT_MESSAGE_RAW:
		return bkt_message_put_u64(skb, f->attr, *(u64 *)value);
	case BKT_MESSAGE_SUM:
		return nla_put(skb, f->attr, sizeof(struct bricktrace_sum), value);
	case BKT_MESSAGE_TEXT:
		return nla_put_string(skb, f->attr, value);
	default:
		return bkt_message_put(skb, f->attr, f->nest, value);
	}
}

int bkt_message_put(struct sk_buff *skb, u32 attr, const struct bkt_message_field *table,
		    const void *from)
{
	const struct bkt_message_field *f;
	struct nlattr *nest = NULL;
	int ret = 0;

	if (attr) {
		nest = nla_nest_start(skb, attr);
		if (!nest)
			return -EMSGSIZE;
	}
	for (f = table; !ret && f->kind != BKT_MESSAGE_END; f++)
		ret = message_put_field(skb, f, from + f->offset);
	if (ret)
		nla_nest_cancel(skb, nest);
	else if (nest)
		nla_nest_end(skb, nest);
	return ret;
}

static int message_put_all(struct sk_buff *skb, u32 attr, const struct bkt_message_field *table,
			   const void *from, size_t size, u32 n)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < n; i++)
		ret = bkt_message_put(skb, attr, table, from + i * size);
	return ret;
}

static int message_put_bucket(struct sk_buff *skb, s32 index, u64 runs)
{
	struct nlattr *nest = nla_nest_start(skb, BRICKTRACE_A_BRICK_BUCKET);

	if (!nest || nla_put_s32(skb, BRICKTRACE_A_BUCKET_INDEX, index) ||
	    bkt_message_put_u64(skb, BRICKTRACE_A_BUCKET_RUNS, runs))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int message_put_histogram(struct sk_buff *skb, const struct bkt_durations *d)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < BRICKTRACE_BUCKETS; i++)
		if (d->bucket[i].runs)
			ret = message_put_bucket(skb, BRICKTRACE_BUCKET_FIRST + (s32)i,
						 d->bucket[i].runs);
	return ret;
}

static int message_put_longest(struct sk_buff *skb, const struct bkt_brick_copy *copy)
{
	const struct bkt_longest_run *l = &copy->st.longest;
	struct nlattr *nest = nla_nest_start(skb, BRICKTRACE_A_BRICK_LONGEST);
	int ret;

	if (!nest)
		return -EMSGSIZE;
	ret = bkt_message_put(skb, BRICKTRACE_A_LONGEST_RESULT, bkt_message_result, &l->result) ?:
	      bkt_message_put(skb, BRICKTRACE_A_LONGEST_TIMES, bkt_message_times, &l->times) ?:
	      message_put_all(skb, BRICKTRACE_A_LONGEST_CATEGORY, bkt_message_category,
			      l->categories, sizeof(l->categories[0]), BKT_CATEGORIES) ?:
	      message_put_all(skb, BRICKTRACE_A_LONGEST_SLOW_CALL, bkt_message_slow_call,
			      copy->slow, sizeof(copy->slow[0]), copy->st.nr_slow);
	if (!ret)
		nla_nest_end(skb, nest);
	return ret;
}

int bkt_message_put_brick(struct sk_buff *skb, const struct bkt_brick_copy *copy, bool books)
{
	const struct bkt_assertions *set = copy->assertions;
	u32 n = set ? set->n : 0;
	int ret;

	ret = bkt_message_put(skb, BRICKTRACE_A_BRICK_STATISTICS, message_statistics,
			      &copy->st.sums) ?:
	      message_put_all(skb, BRICKTRACE_A_BRICK_SUMS, message_sums, copy->st.categories,
			      sizeof(copy->st.categories[0]), BKT_CATEGORIES);
	if (ret || !books)
		return ret;
	return nla_put(skb, BRICKTRACE_A_BRICK_WINDOW,
		       copy->window_runs * sizeof(copy->window[0]), copy->window) ?:
	       message_put_histogram(skb, &copy->st.durations) ?:
	       message_put_all(skb, BRICKTRACE_A_BRICK_ASSERTION, message_assertion,
			       set ? set->a : NULL, sizeof(set->a[0]), n) ?:
	       message_put_all(skb, BRICKTRACE_A_BRICK_COUNTS, message_counts, copy->counts,
			       sizeof(copy->counts[0]), n) ?:
	       (copy->st.sums.traced ? message_put_longest(skb, copy) : 0);
}
