// SPDX-License-Identifier: MIT
/*
 * A run fails an assertion if its figure is greater than the limit, passes the assertion
 * if it is not, and does not evaluate it if the run has no such figure. The figures of a
 * partial run are lower bounds, so such a run cannot pass. The result has the names of the
 * assertions that failed, and the brick counts all three outcomes.
 *
 * Rules: provenance.
 */
#include "test.h"

#define CALLS 5
#define SLEEP (20 * MS)

static const struct bricktrace_assertion all[] = {
	{ BRICKTRACE_ASSERT_DURATION, 0, 0, 0, SLEEP / 2, "duration, fails" },
	{ BRICKTRACE_ASSERT_DURATION, 0, 0, 0, 600 * S, "duration, passes" },
	{ BRICKTRACE_ASSERT_CATEGORY_SHARE, BRICKTRACE_CAT_OTHER, 0, 0, 1000,
	  "share, fails" },
	{ BRICKTRACE_ASSERT_CATEGORY_SHARE, BRICKTRACE_CAT_OTHER, 0, 0, 100000,
	  "share, all of the time" },
	{ BRICKTRACE_ASSERT_CATEGORY_SHARE, BRICKTRACE_CAT_FUTEX, 0, 0, 0,
	  "share, no call" },
	{ BRICKTRACE_ASSERT_CATEGORY_NS, BRICKTRACE_CAT_OTHER, 0, 0, SLEEP / 2,
	  "time, fails" },
	{ BRICKTRACE_ASSERT_CATEGORY_NS, BRICKTRACE_CAT_WRITE, 0, 0, 0, "time, no call" },
	{ BRICKTRACE_ASSERT_CATEGORY_NS, BRICKTRACE_CAT_READ, 0, 0, 0,
	  "time, \xc3\xbc \xe2\x82\xac" },
	{ BRICKTRACE_ASSERT_CATEGORY_OFFCPU, BRICKTRACE_CAT_OTHER, 0, 0, SLEEP / 2,
	  "off-CPU, fails" },
	{ BRICKTRACE_ASSERT_CATEGORY_OFFCPU, BRICKTRACE_CAT_OTHER, 0, 0, 600 * S,
	  "off-CPU, passes" },
	{ BRICKTRACE_ASSERT_SYSCALL_COUNT, SYS_getppid, 0, 0, CALLS, "count, at the limit" },
	{ BRICKTRACE_ASSERT_SYSCALL_COUNT, SYS_getppid, 0, 0, CALLS - 1,
	  "count, above the limit" },
	{ BRICKTRACE_ASSERT_SYSCALL_COUNT, SYS_getpid, 0, 0, 0, "count, no call" },
	{ BRICKTRACE_ASSERT_SYSCALL_COUNT, SYS_getppid, BRICKTRACE_ARCH_COMPAT, 0, 0,
	  "count, another table" },
	{ BRICKTRACE_ASSERT_SYSCALL_COUNT, SYS_nanosleep, 0, 0, 0, "count, sleeps" },
	/* A name of the greatest length. */
	{ BRICKTRACE_ASSERT_DURATION, 0, 0, 0, BRICKTRACE_NONE,
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
};
_Static_assert(sizeof(all) / sizeof(all[0]) == BRICKTRACE_MAX_ASSERTIONS, "");

static struct run *run;
static struct brick state, before;
static struct bricktrace_assertion_counts wanted[BRICKTRACE_MAX_ASSERTIONS];

static int set(uint32_t n, const struct bricktrace_assertion *a)
{
	struct bricktrace_brick_define b = { .flags = BRICKTRACE_BRICK_ASSERTIONS,
					     .budget_ns = BRICKTRACE_MAX_BUDGET,
					     .assertions = ARRAY(a, n) };

	return try_brick(fd, "assertions", b) == (int)brick ? 0 : errno;
}

/* The value of a run; false if the run has none. */
static bool value_of(const struct bricktrace_assertion *a, u64 *value)
{
	bool traced = run->r.provenance != BRICKTRACE_NOT_INSTRUMENTED;

	switch (a->kind) {
	case BRICKTRACE_ASSERT_DURATION:
		*value = run->r.wall_ns;
		return true;
	case BRICKTRACE_ASSERT_CATEGORY_SHARE:
		*value = run->category[a->subject].ns * 100000 / run->all.thread_ns;
		return traced;
	case BRICKTRACE_ASSERT_CATEGORY_NS:
		*value = run->category[a->subject].ns;
		return traced;
	case BRICKTRACE_ASSERT_CATEGORY_OFFCPU:
		*value = run->category[a->subject].offcpu_ns;
		return traced;
	default:
		*value = figures_arch(run, a->subject, a->arch).count;
		return traced;
	}
}

/* Is the result what its figures and the first @n assertions say? Adds to @wanted. */
static bool right(uint32_t n, const struct bricktrace_assertion *a)
{
	uint32_t passed = 0, failed = 0;
	bool good = true;
	u64 value;

	for (uint32_t i = 0; i < n; i++) {
		const struct bricktrace_failed *f = &run->failed[failed];

		if (!value_of(&a[i], &value) ||
		    (value <= a[i].limit && a[i].kind != BRICKTRACE_ASSERT_DURATION &&
		     run->r.provenance == BRICKTRACE_PARTIAL)) {
			wanted[i].not_evaluated++;
		} else if (value <= a[i].limit) {
			passed++;
			wanted[i].passed++;
		} else {
			wanted[i].failed++;
			if (failed++ >= run->r.failed || f->index != i ||
			    f->kind != a[i].kind || f->value != value ||
			    f->limit != a[i].limit || strcmp(f->name, a[i].name))
				no(&good, "%s: %llu is not reported as above %llu",
				   a[i].name, value, a[i].limit);
		}
	}
	if (run->r.passed != passed || run->r.failed != failed ||
	    run->r.not_evaluated != n - passed - failed)
		no(&good, "%u passed, %u failed, %u not evaluated; not %u, %u, %u",
		   run->r.passed, run->r.failed, run->r.not_evaluated, passed, failed,
		   n - passed - failed);
	if (!(run->r.why & BRICKTRACE_WHY_ASSERTION) != !failed)
		no(&good, "%u failed, reasons 0x%x", failed, run->r.why);
	return good;
}

static void counted(uint32_t n, const char *what)
{
	brick_get(fd, brick, &state);
	ok(state.assertions == n && !memcmp(state.counts, wanted, n * sizeof(wanted[0])),
	   "%s: the brick has counted each outcome", what);
}

static void work(void)
{
	static int zero;
	char byte;

	if (!zero)
		zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < CALLS; i++)
		getppid_raw();
	sleep_ns(SLEEP);
	if (syscall(SYS_read, zero, &byte, 1) != 1)
		bail("/dev/zero");
}

static void evaluated(void)
{
	const uint32_t n = BRICKTRACE_MAX_ASSERTIONS;
	struct bricktrace_run_close c;
	u64 number;

	is(set(n, all), 0, "a brick can have %u assertions", n);
	brick_get(fd, brick, &state);
	ok(state.assertions == n && !memcmp(state.assertion, all, sizeof(all)),
	   "BRICK_GET returns them");
	counted(n, "a new set");
	work();
	number = run_open(fd, brick, TRACE_THREAD);
	work();
	run_close(fd, number, run);
	ok(consistent(run) && right(n, all), "traced: each assertion is evaluated");
	is(run->r.failed, 7, "traced: seven fail");
	is(run->r.passed, 9, "traced: those at their limit pass");
	counted(n, "traced");
	number = run_open(fd, brick, TRACE_SESSION);
	work();
	run_close(fd, number, run);
	ok(right(n, all), "scope session: each assertion is evaluated");
	number = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	work();
	run_close(fd, number, run);
	ok(right(n, all), "measured: the duration is evaluated, and nothing else");
	ok(run->r.failed == 1 && run->r.passed == 2 && run->r.not_evaluated == n - 3,
	   "measured: one fails, two pass");
	counted(n, "measured");

	/* Room for one of the seven. */
	number = run_open(fd, brick, TRACE_THREAD);
	work();
	c = close_args(number, run);
	c.failed.cap = 1;
	memset(run->failed, 0xee, sizeof(run->failed));
	ok(!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) && c.failed.count == 7,
	   "an array for one failed assertion: the number of all");
	ok(!strcmp(run->failed[0].name, all[0].name) && run->failed[1].index == 0xeeeeeeee,
	   "and the first one of them");
	brick_reset(fd, brick);
	memset(wanted, 0, sizeof(wanted));
	counted(n, "reset");
}

static void *new_thread(void *arg)
{
	return arg;
}

static void partial(void)
{
	const uint32_t n = BRICKTRACE_MAX_ASSERTIONS;
	unsigned int was;
	pthread_t t;
	u64 number;

	thread_unregister(fd);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	was = parameter("max_user_threads", 1);
	number = run_open(fd, brick, TRACE_SESSION);
	work();
	pthread_create(&t, NULL, new_thread, NULL);
	pthread_join(t, NULL);
	run_close(fd, number, run);
	parameter("max_user_threads", was);
	is(run->r.provenance, BRICKTRACE_PARTIAL, "a run that lost a thread is partial");
	ok(right(n, all), "partial: an assertion about the breakdown may only fail");
	ok(run->r.failed >= 7 && run->r.passed == 2,
	   "partial: all that fail do, but only durations pass");
	counted(n, "partial");
	thread_unregister(fd);
	thread_register(fd, 0);
}

static void replaced(void)
{
	const struct bricktrace_assertion one = { .kind = BRICKTRACE_ASSERT_SYSCALL_COUNT,
						  .subject = SYS_getppid,
						  .limit = 1,
						  .name = "the only one" };
	u64 number = run_open(fd, brick, TRACE_THREAD);
	struct bricktrace_brick_define b = { .size = sizeof(b),
					     .flags = BRICKTRACE_BRICK_ASSERTIONS,
					     .name = "assertions",
					     .assertions = ARRAY(&one, 1) };

	work();
	ok(!ioctl(fd, BRICKTRACE_BRICK_DEFINE, &b) && b.assertions.count == 1 &&
		   b.assertions.known == sizeof(one),
	   "the assertions can be replaced");
	run_close(fd, number, run);
	ok(right(BRICKTRACE_MAX_ASSERTIONS, all), "an open run keeps those of its opening");
	memset(wanted, 0, sizeof(wanted));
	counted(1, "replaced");
	number = run_open(fd, brick, TRACE_THREAD);
	work();
	brick_define(fd, "assertions", 5);
	run_close(fd, number, run);
	ok(right(1, &one) && run->r.failed == 1, "the next run has the new one");
	counted(1, "defined without new assertions");
	is(set(0, NULL), 0, "they can be removed");
	number = run_open(fd, brick, TRACE_THREAD);
	run_close(fd, number, run);
	ok(right(0, NULL), "then a run has none");
	counted(0, "removed");
}

/* Each wrong definition would also change the budget and the mode. */
static void fails(int error, const struct bricktrace_assertion *a, uint32_t n,
		  uint32_t size, const char *what)
{
	struct bricktrace_brick_define b = {
		.flags = BRICKTRACE_BRICK_ASSERTIONS | BRICKTRACE_BRICK_MODE |
			 BRICKTRACE_BRICK_BASELINE,
		.budget_ns = 1,
		.mode = BRICKTRACE_MODE_NEXT,
		.baseline = 3,
		.assertions = { (uintptr_t)a, size, n, 0, 0 },
	};
	int got = -try_brick(fd, "assertions", b);

	brick_get(fd, brick, &state);
	ok(got == error && !memcmp(&before, &state, sizeof(before)), "%s: %s", what,
	   strerrorname_np(error));
	if (got != error)
		printf("# got %d\n", got);
}

static void wrong(const struct bricktrace_assertion a, const char *what)
{
	/* The wrong one is the second of three. */
	struct bricktrace_assertion three[] = { all[0], a, all[1] };

	fails(EINVAL, three, 3, sizeof(a), what);
}

static void errors(void)
{
	static struct bricktrace_assertion many[BRICKTRACE_MAX_ASSERTIONS + 1];
	struct bricktrace_assertion a = all[0], endless = all[0];
	struct {
		struct bricktrace_assertion a;
		u64 tail;
	} larger[2] = { { .a = all[2] }, { .a = all[3] } };
	char *page = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || munmap(page + 4096, 4096))
		bail("mmap");
	set(2, all);
	brick_get(fd, brick, &before);
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = all[0];
	fails(EINVAL, many, BRICKTRACE_MAX_ASSERTIONS + 1, sizeof(a), "17 assertions");
	fails(EINVAL, many, 4096, sizeof(a), "4096 assertions");
	fails(EINVAL, many, ~0U, sizeof(a), "2^32 - 1 assertions");
	fails(EINVAL, NULL, 1, sizeof(a), "assertions at address 0");
	fails(EINVAL, many, 1, BRICKTRACE_ASSERTION_SIZE_V0 - 1,
	      "an assertion that is a byte too small");
	fails(EINVAL, many, 1, 4097, "an assertion of 4097 bytes");
	fails(EFAULT, (void *)page + 4096, 1, sizeof(a), "an assertion that is unmapped");
	fails(EFAULT, (void *)(page + 4096 - sizeof(a)), 2, sizeof(a),
	      "an assertion whose successor is unmapped");
	fails(EFAULT, (void *)(1UL << 63), 1, sizeof(a),
	      "an assertion at a kernel address");
	a.kind = BRICKTRACE_ASSERT_SYSCALL_COUNT + 1;
	wrong(a, "no such kind");
	a.kind = ~0U;
	wrong(a, "kind 2^32 - 1");
	a = all[0];
	a.subject = 1;
	wrong(a, "a duration with a subject");
	a.subject = 0;
	a.arch = 1;
	wrong(a, "a duration with an arch");
	a.arch = 0;
	a.reserved = 1;
	wrong(a, "reserved is 1");
	a = all[2];
	a.subject = CATEGORIES;
	wrong(a, "a share of no such category");
	a.kind = BRICKTRACE_ASSERT_CATEGORY_NS;
	wrong(a, "a time of no such category");
	a.kind = BRICKTRACE_ASSERT_CATEGORY_OFFCPU;
	wrong(a, "an off-CPU time of no such category");
	a.subject = 0;
	a.arch = 1;
	wrong(a, "a category with an arch");
	a = all[10];
	a.arch = BRICKTRACE_ARCH_X32 + 1;
	wrong(a, "a call of no such arch");
	a = all[0];
	strcpy(a.name, "");
	wrong(a, "an empty name");
	strcpy(a.name, "new\nline");
	wrong(a, "a name with a line feed");
	strcpy(a.name, "Gr\xfc\xdf");
	wrong(a, "a name in Latin 1");
	memset(endless.name, 'x', sizeof(endless.name));
	fails(ENAMETOOLONG, &endless, 1, sizeof(endless), "a name without its end");

	larger[1].tail = 1;
	fails(E2BIG, &larger[0].a, 2, sizeof(larger[0]),
	      "an assertion with an unknown tail");
	larger[1].tail = 0;
	ok(try_brick(fd, "assertions",
		     (struct bricktrace_brick_define){ .flags = BRICKTRACE_BRICK_ASSERTIONS,
						       .assertions = ARRAY(larger, 2) }) ==
		   (int)brick,
	   "larger assertions with a zero tail are accepted");
	brick_get(fd, brick, &state);
	ok(state.assertions == 2 && !memcmp(state.assertion, all + 2, 2 * sizeof(a)),
	   "and are those two");
}

int main(void)
{
	run = run_new();
	begin("assertions");
	thread_register(fd, 0);
	evaluated();
	partial();
	replaced();
	errors();
	return done();
}
