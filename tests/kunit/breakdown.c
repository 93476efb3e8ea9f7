// SPDX-License-Identifier: GPL-2.0
/*
 * The breakdown of a run that has another run inside, with its ioctls and slow calls.
 *
 * Rules: compute, edge, faults, ioctl, longest, nested, slow, sums, waiting.
 */
#include <asm/unistd.h>
#include <linux/kdev_t.h>
#include "breakdown.h"
#include "suites.h"

/* A product that overflows a word is above the limit; dividing it would trap. */
static void an_edge_has_a_limit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, bkt_breakdown_edge(0, 150000, 1000), 0ULL);
	KUNIT_EXPECT_EQ(test, bkt_breakdown_edge(4, 150000, 1000), 600ULL);
	KUNIT_EXPECT_EQ(test, bkt_breakdown_edge(400, 150000, 1000), 1000ULL);
	KUNIT_EXPECT_EQ(test, bkt_breakdown_edge(20000000000000, BRICKTRACE_MAX_EDGE_PS, 7), 7ULL);
	KUNIT_EXPECT_EQ(test, bkt_breakdown_edge(U64_MAX, U64_MAX, U64_MAX), U64_MAX);
}

static struct bkt_totals *totals(struct kunit *test)
{
	struct bkt_totals *t = bkt_totals_alloc(BKT_TOTALS_THREAD);

	KUNIT_ASSERT_NOT_NULL(test, t);
	return t;
}

/* The two elements of a system call, the inclusive one first. */
static const struct bricktrace_syscall *call_of(struct kunit *test,
						const struct bkt_breakdown *b, u32 nr)
{
	u32 i;

	for (i = 0; i < b->nr_syscalls; i++)
		if (b->syscalls[i][0].nr == nr)
			return b->syscalls[i];
	KUNIT_ASSERT_TRUE_MSG(test, false, "call %u is missing", nr);
	return NULL;
}

/* A run of 1000 ns with an inner run, every kind of call and an edge of 10 ns a call. */
static void a_run_around_a_run(struct kunit *test)
{
	struct bkt_totals *all = totals(test), *in = totals(test);
	struct bkt_inner inner = { .totals = in };
	const struct bricktrace_times *t;
	const struct bricktrace_syscall *read;
	const struct bricktrace_figures *other;
	struct bkt_breakdown *b;

	all->thread = 1000;
	all->offcpu = 150;
	all->kernel = (struct bkt_counters){ 90, 12, 3 };
	*bkt_totals_get(all, __NR_read) = (struct bkt_figures){
		.count = 5, .in_flight = 1, .errors = 2, .time = 300, .offcpu = 100,
		.runnable = 60, .max = 90 };
	*bkt_totals_get(all, __NR_getppid) = (struct bkt_figures){
		.count = 4, .time = 40, .max = 20 };
	*bkt_totals_get(all, __NR_getuid) = (struct bkt_figures){
		.count = 1, .time = 5, .max_unknown = true };
	*bkt_totals_get(all, BKT_KEY_CONTROL) = (struct bkt_figures){ .count = 2, .time = 60 };
	*bkt_totals_get(in, __NR_read) = (struct bkt_figures){
		.count = 2, .errors = 1, .time = 100, .offcpu = 70, .runnable = 20 };
	*bkt_totals_get(in, BKT_KEY_CONTROL) = (struct bkt_figures){ .count = 1, .time = 20 };
	inner.times = (struct bricktrace_times){ .thread_ns = 400, .compute_ns = 250,
		.compute_offcpu_ns = 30, .edge_ns = 30, .control_ns = 20,
		.compute_runnable_ns = 25, .minor_faults = 5, .major_faults = 1 };
	b = kunit_kzalloc(test, bkt_breakdown_size(all), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	bkt_breakdown(b, all, &inner, NULL, 10000);

	t = &b->times[BRICKTRACE_VIEW_INCLUSIVE];
	KUNIT_EXPECT_EQ(test, t->view, (u32)BRICKTRACE_VIEW_INCLUSIVE);
	KUNIT_EXPECT_EQ(test, t->thread_ns, 1000ULL);
	KUNIT_EXPECT_EQ(test, t->control_ns, 60ULL);
	/* 9 of 12 calls are outside the inner run, which has an edge of 30 ns. */
	KUNIT_EXPECT_EQ(test, t->edge_ns, 30ULL + 9 * 10);
	KUNIT_EXPECT_EQ(test, t->compute_ns, 1000ULL - 300 - 40 - 5 - 60 - 120);
	KUNIT_EXPECT_EQ(test, t->compute_offcpu_ns, 50ULL);
	KUNIT_EXPECT_EQ(test, t->compute_runnable_ns, 30ULL);
	KUNIT_EXPECT_EQ(test, t->minor_faults, 12ULL);
	KUNIT_EXPECT_EQ(test, t->major_faults, 3ULL);
	t = &b->times[BRICKTRACE_VIEW_EXCLUSIVE];
	KUNIT_EXPECT_EQ(test, t->view, (u32)BRICKTRACE_VIEW_EXCLUSIVE);
	KUNIT_EXPECT_EQ(test, t->thread_ns, 600ULL);
	KUNIT_EXPECT_EQ(test, t->control_ns, 40ULL);
	KUNIT_EXPECT_EQ(test, t->edge_ns, 90ULL);
	KUNIT_EXPECT_EQ(test, t->compute_offcpu_ns, 20ULL);
	KUNIT_EXPECT_EQ(test, t->compute_ns, 600ULL - 200 - 40 - 5 - 40 - 90);
	KUNIT_EXPECT_EQ(test, t->compute_runnable_ns, 5ULL);
	KUNIT_EXPECT_EQ(test, t->minor_faults, 7ULL);
	KUNIT_EXPECT_EQ(test, t->major_faults, 2ULL);

	KUNIT_EXPECT_EQ(test, b->nr_syscalls, 3U);
	read = call_of(test, b, __NR_read);
	KUNIT_EXPECT_EQ(test, read[0].figures.count, 5ULL);
	KUNIT_EXPECT_EQ(test, read[0].figures.in_flight, 1ULL);
	KUNIT_EXPECT_EQ(test, read[0].figures.max_ns, 90ULL);
	KUNIT_EXPECT_EQ(test, read[1].view, (u32)BRICKTRACE_VIEW_EXCLUSIVE);
	KUNIT_EXPECT_EQ(test, read[1].category, (u32)BRICKTRACE_CAT_READ);
	KUNIT_EXPECT_EQ(test, read[1].figures.count, 3ULL);
	KUNIT_EXPECT_EQ(test, read[1].figures.errors, 1ULL);
	KUNIT_EXPECT_EQ(test, read[1].figures.ns, 200ULL);
	KUNIT_EXPECT_EQ(test, read[1].figures.offcpu_ns, 30ULL);
	/* Its clock is not that of the off-CPU time, which may be shorter. */
	KUNIT_EXPECT_EQ(test, read[0].figures.runnable_ns, 60ULL);
	KUNIT_EXPECT_EQ(test, read[1].figures.runnable_ns, 40ULL);
	KUNIT_EXPECT_EQ(test, read[1].figures.in_flight, 0ULL);
	KUNIT_EXPECT_EQ(test, read[1].figures.max_ns, BRICKTRACE_NONE);
	other = &b->categories[BRICKTRACE_CAT_OTHER][BRICKTRACE_VIEW_INCLUSIVE].figures;
	KUNIT_EXPECT_EQ(test, other->count, 5ULL);
	KUNIT_EXPECT_EQ(test, other->ns, 45ULL);
	/* The longest call is unknown for one of the category's two calls. */
	KUNIT_EXPECT_EQ(test, other->max_ns, BRICKTRACE_NONE);

	bkt_breakdown(b, all, &inner, NULL, BRICKTRACE_NONE);
	KUNIT_EXPECT_EQ(test, b->times[0].edge_ns, BRICKTRACE_NONE);
	KUNIT_EXPECT_EQ(test, b->times[1].edge_ns, BRICKTRACE_NONE);
	KUNIT_EXPECT_EQ(test, b->nr_syscalls, 3U);
	bkt_totals_free(all);
	bkt_totals_free(in);
}

static const struct bkt_ioctl_id commands[] = {
	{ .command = 0x20800102, .request = 0xc020462a, .dev = MKDEV(195, 255),
	  .file = BRICKTRACE_FILE_CHAR, .name = "nvidia" },
	{ .command = BRICKTRACE_NONE, .request = 0x5421, .file = BRICKTRACE_FILE_ANON,
	  .arch = BRICKTRACE_ARCH_COMPAT, .name = "[eventfd]" },
};

/* The system call of a table is the sum of the table's commands and of those without a key. */
static void ioctls_are_sums_of_commands(struct kunit *test)
{
	struct bkt_totals *all = totals(test), *in = totals(test);
	struct bkt_inner inner = { .totals = in };
	const struct bricktrace_ioctl *io;
	const struct bricktrace_syscall *sc;
	struct bkt_breakdown *b;

	*bkt_totals_get(all, BKT_KEY_IOCTL) = (struct bkt_figures){
		.count = 3, .in_flight = 1, .errors = 2, .time = 100, .offcpu = 40, .max = 60 };
	*bkt_totals_get(all, BKT_KEY_IOCTL + 1) = (struct bkt_figures){
		.count = 1, .time = 7, .max = 7 };
	*bkt_totals_get(all, __NR_ioctl) = (struct bkt_figures){
		.count = 2, .time = 70, .max = 40 };
	*bkt_totals_get(in, BKT_KEY_IOCTL) = (struct bkt_figures){
		.count = 1, .errors = 1, .time = 30, .offcpu = 10 };
	all->thread = 1000;
	b = kunit_kzalloc(test, bkt_breakdown_size(all), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	bkt_breakdown(b, all, &inner, commands, BRICKTRACE_NONE);
	KUNIT_EXPECT_EQ(test, b->nr_syscalls, 2U);
	sc = call_of(test, b, __NR_ioctl);
	KUNIT_EXPECT_EQ(test, sc[0].figures.count, 5ULL);
	KUNIT_EXPECT_EQ(test, sc[0].figures.in_flight, 1ULL);
	KUNIT_EXPECT_EQ(test, sc[0].figures.errors, 2ULL);
	KUNIT_EXPECT_EQ(test, sc[0].figures.ns, 170ULL);
	KUNIT_EXPECT_EQ(test, sc[0].figures.offcpu_ns, 40ULL);
	KUNIT_EXPECT_EQ(test, sc[0].figures.max_ns, 60ULL);
	KUNIT_EXPECT_EQ(test, sc[1].figures.count, 4ULL);
	KUNIT_EXPECT_EQ(test, sc[1].figures.ns, 140ULL);
	KUNIT_EXPECT_EQ(test, sc[1].figures.max_ns, BRICKTRACE_NONE);
	KUNIT_EXPECT_EQ(test, b->categories[BRICKTRACE_CAT_IOCTL][0].figures.count, 6ULL);
	KUNIT_EXPECT_EQ(test, b->categories[BRICKTRACE_CAT_IOCTL][0].figures.ns, 177ULL);
	KUNIT_EXPECT_EQ(test, b->categories[BRICKTRACE_CAT_IOCTL][0].figures.max_ns, 60ULL);
	KUNIT_EXPECT_EQ(test, b->times[0].compute_ns, 1000ULL - 177);

	KUNIT_ASSERT_EQ(test, b->nr_ioctls, 3U);
	io = b->ioctls[0];
	KUNIT_EXPECT_EQ(test, io[0].file, (u32)BRICKTRACE_FILE_CHAR);
	KUNIT_EXPECT_EQ(test, io[0].major, 195U);
	KUNIT_EXPECT_EQ(test, io[0].minor, 255U);
	KUNIT_EXPECT_EQ(test, io[0].request, 0xc020462aU);
	KUNIT_EXPECT_EQ(test, io[0].command, 0x20800102ULL);
	KUNIT_EXPECT_STREQ(test, io[0].owner, "nvidia");
	KUNIT_EXPECT_STREQ(test, io[0].name, "");
	KUNIT_EXPECT_EQ(test, io[0].figures.count, 3ULL);
	KUNIT_EXPECT_EQ(test, io[1].view, (u32)BRICKTRACE_VIEW_EXCLUSIVE);
	KUNIT_EXPECT_EQ(test, io[1].figures.errors, 1ULL);
	io = b->ioctls[1];
	KUNIT_EXPECT_EQ(test, io[0].arch, (u32)BRICKTRACE_ARCH_COMPAT);
	KUNIT_EXPECT_EQ(test, io[0].command, BRICKTRACE_NONE);
	KUNIT_EXPECT_STREQ(test, io[0].owner, "");
	KUNIT_EXPECT_STREQ(test, io[0].name, "[eventfd]");
	io = b->ioctls[2];
	KUNIT_EXPECT_EQ(test, io[0].file, (u32)BRICKTRACE_FILE_MORE);
	KUNIT_EXPECT_EQ(test, io[0].figures.ns, 70ULL);

	/* The longest call is unknown if that of a command is. */
	bkt_totals_get(all, BKT_KEY_IOCTL)->max_unknown = true;
	bkt_breakdown(b, all, &inner, commands, BRICKTRACE_NONE);
	KUNIT_EXPECT_EQ(test, call_of(test, b, __NR_ioctl)[0].figures.max_ns, BRICKTRACE_NONE);
	bkt_totals_free(all);
	bkt_totals_free(in);
}

static void a_slow_call_says_what_it_is(struct kunit *test)
{
	struct bkt_slow_call c = { .key = __NR_read, .tid = 12, .arg0 = 3, .time = 5,
				   .offcpu = 2, .ret = -4, .request = 0x5413 };
	struct bricktrace_slow_call to;

	bkt_breakdown_slow(&to, &c, commands);
	KUNIT_EXPECT_EQ(test, to.tid, 12);
	KUNIT_EXPECT_EQ(test, to.nr, (u32)__NR_read);
	KUNIT_EXPECT_EQ(test, to.category, (u32)BRICKTRACE_CAT_READ);
	KUNIT_EXPECT_EQ(test, to.arg0, 3ULL);
	KUNIT_EXPECT_EQ(test, to.ns, 5ULL);
	KUNIT_EXPECT_EQ(test, to.offcpu_ns, 2ULL);
	KUNIT_EXPECT_EQ(test, to.ret, -4LL);
	KUNIT_EXPECT_EQ(test, to.request, 0U);
	c.key = BKT_KEY_IOCTL + 1;
	bkt_breakdown_slow(&to, &c, commands);
	KUNIT_EXPECT_EQ(test, to.nr, 54U);
	KUNIT_EXPECT_EQ(test, to.arch, (u32)BRICKTRACE_ARCH_COMPAT);
	KUNIT_EXPECT_EQ(test, to.category, (u32)BRICKTRACE_CAT_IOCTL);
	KUNIT_EXPECT_EQ(test, to.file, (u32)BRICKTRACE_FILE_ANON);
	KUNIT_EXPECT_STREQ(test, to.name, "[eventfd]");
	/* A thread without room for the command still knows the request. */
	c.key = __NR_ioctl;
	bkt_breakdown_slow(&to, &c, commands);
	KUNIT_EXPECT_EQ(test, to.nr, (u32)__NR_ioctl);
	KUNIT_EXPECT_EQ(test, to.file, (u32)BRICKTRACE_FILE_MORE);
	KUNIT_EXPECT_EQ(test, to.request, 0x5413U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(an_edge_has_a_limit),
	KUNIT_CASE(a_run_around_a_run),
	KUNIT_CASE(ioctls_are_sums_of_commands),
	KUNIT_CASE(a_slow_call_says_what_it_is),
	{}
};

struct kunit_suite bkt_breakdown_suite = {
	.name = "bricktrace_breakdown",
	.test_cases = cases,
};
