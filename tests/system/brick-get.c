// SPDX-License-Identifier: MIT
/*
 * BRICK_GET and BRICK_RESET answer wrong input with the documented errors and change
 * nothing then. Each array of BRICK_GET can be left out, be too short, or have elements
 * of another version. A program that knows only the first version of the ABI can define
 * bricks and open and close runs, and leaves all settings that it does not know as they
 * were.
 */
#include "test.h"

#define BIG   4096
#define RUNS  3
#define LIMIT 77

static char *page, *hole; /* a page, and the end of mapped memory */
static struct brick before, after;
static struct run *run;

static void fails(int error, unsigned long cmd, const void *arg, const char *what)
{
	int got = ioctl(fd, cmd, arg) ? errno : 0;

	brick_get(fd, brick, &after);
	ok(got == error && !memcmp(&before, &after, sizeof(after)), "%s: %s", what,
	   strerrorname_np(error));
	if (got != error)
		printf("# got %s\n", got ? strerrorname_np(got) : "success");
}

static const struct {
	const char *name;
	size_t offset;
	uint32_t v0; /* the size of an element in the first version */
	uint32_t count;
} arrays[] = {
#define ARRAY_OF(field, version0, n)                                  \
	{                                                             \
#field, offsetof(struct bricktrace_brick_get, field), \
			BRICKTRACE_##version0##_SIZE_V0, n            \
	}
	ARRAY_OF(statistics, STATISTICS, 1),
	ARRAY_OF(histogram, BUCKET, BRICKTRACE_BUCKETS),
	ARRAY_OF(categories, CATEGORY_STATISTICS, CATEGORIES),
	ARRAY_OF(window, WINDOW_RUN, RUNS),
	ARRAY_OF(assertions, ASSERTION, 1),
	ARRAY_OF(counts, ASSERTION_COUNTS, 1),
	ARRAY_OF(longest, RESULT, 1),
	ARRAY_OF(longest_times, TIMES, 1),
	ARRAY_OF(longest_categories, CATEGORY_FIGURES, CATEGORIES),
	ARRAY_OF(longest_slow, SLOW_CALL, 1),
};
#define ARRAYS (sizeof(arrays) / sizeof(arrays[0]))

/* Fills an argument with one array, and returns that array. */
static struct bricktrace_array *only(struct bricktrace_brick_get *g, size_t i,
				     struct bricktrace_array array)
{
	struct bricktrace_array *a = (void *)((char *)g + arrays[i].offset);

	*g = (struct bricktrace_brick_get){ .size = sizeof(*g), .brick = brick };
	*a = array;
	return a;
}

static void array_grows(size_t i)
{
	const uint32_t size = 600, cap = 4;
	struct bricktrace_brick_get g;
	struct bricktrace_array *a;
	uint32_t written, wrong = 0;

	memset(page, 0xee, BIG);
	a = only(&g, i, (struct bricktrace_array){ (uintptr_t)page, size, cap, 0, 0 });
	ok(!ioctl(fd, BRICKTRACE_BRICK_GET, &g) && a->count == arrays[i].count,
	   "%s: larger elements in an array for %u", arrays[i].name, cap);
	written = a->count < cap ? a->count : cap;
	for (uint32_t k = 0; k < BIG; k++)
		if (k >= written * size)
			wrong += (page[k] & 0xff) != 0xee;
		else if (k % size >= a->known)
			wrong += page[k] != 0;
	is(wrong, 0, "%s: their tails are zero, and nothing is written behind them",
	   arrays[i].name);
	memset(page, 0xee, BIG);
	a = only(&g, i,
		 (struct bricktrace_array){ (uintptr_t)page, arrays[i].v0, 1, 0, 0 });
	ok(!ioctl(fd, BRICKTRACE_BRICK_GET, &g) && a->known == arrays[i].v0 &&
		   a->count == arrays[i].count && (page[arrays[i].v0 - 1] & 0xff) != 0xee &&
		   (page[arrays[i].v0] & 0xff) == 0xee,
	   "%s: one element of the first version", arrays[i].name);
	a = only(&g, i, (struct bricktrace_array){ 0 });
	ok(!ioctl(fd, BRICKTRACE_BRICK_GET, &g) && a->count == arrays[i].count,
	   "%s: the number without the elements", arrays[i].name);
}

static void array_is_wrong(size_t i)
{
	const struct bricktrace_array good = { (uintptr_t)page, arrays[i].v0, 1, 0, 0 };
	struct bricktrace_brick_get g;
	struct bricktrace_array *a;
	char what[96];

#define WRONG(error, field, value, text)                                   \
	do {                                                               \
		a = only(&g, i, good);                                     \
		a->field = value;                                          \
		snprintf(what, sizeof(what), "%s: " text, arrays[i].name); \
		fails(error, BRICKTRACE_BRICK_GET, &g, what);              \
	} while (0)
	WRONG(EINVAL, cap, 4097, "4097 elements");
	WRONG(EINVAL, addr, 0, "an array at address 0");
	WRONG(EINVAL, size, arrays[i].v0 - 1, "elements a byte too small");
	WRONG(EINVAL, size, BIG + 1, "elements of 4097 bytes");
	WRONG(EFAULT, addr, (uintptr_t)hole, "an array at an unmapped address");
	WRONG(EFAULT, addr, (uintptr_t)hole - 4, "an array whose end is unmapped");
	WRONG(EFAULT, addr, 1ULL << 63, "an array at a kernel address");
#undef WRONG
}

static void numbers(void)
{
	static const uint32_t wrong[] = { 0, 2, 1024, ~0U };
	char what[64];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct bricktrace_brick_get g = { .size = sizeof(g), .brick = wrong[i] };
		struct bricktrace_brick_reset r = { .size = sizeof(r), .brick = wrong[i] };

		snprintf(what, sizeof(what), "BRICK_GET: brick %u", wrong[i]);
		fails(ENOENT, BRICKTRACE_BRICK_GET, &g, what);
		snprintf(what, sizeof(what), "BRICK_RESET: brick %u", wrong[i]);
		fails(ENOENT, BRICKTRACE_BRICK_RESET, &r, what);
	}
}

/* Calls an ioctl with the structure of the first version, behind which nothing is zero. */
static int old_call(unsigned long cmd, void *arg, uint32_t v0, size_t size)
{
	char *tail = arg;
	int err;

	*(uint32_t *)arg = v0;
	memset(tail + v0, 0xee, size - v0);
	err = ioctl(fd, cmd, arg) ? errno : 0;
	if (!err && *(uint32_t *)arg != v0)
		bail("an answer of %u bytes, not %u", *(uint32_t *)arg, v0);
	for (size_t k = v0; k < size; k++)
		if ((tail[k] & 0xff) != 0xee)
			bail("byte %zu of a structure of %u bytes was written", k, v0);
	return err;
}

#define OLD(cmd, name, arg) \
	old_call(BRICKTRACE_##cmd, arg, BRICKTRACE_##name##_SIZE_V0, sizeof(*(arg)))

static void old_program(void)
{
	struct bricktrace_brick_define b = { .budget_ns = 5, .name = "brick-get" };
	struct bricktrace_run_open o = { .brick = brick };
	struct bricktrace_run_close c = { 0 };
	struct bricktrace_session s = { 0 };
	struct bricktrace_info i = { 0 };
	const struct bricktrace_session was = session(fd);
	struct bricktrace_session is_now;

	is(OLD(BRICK_DEFINE, BRICK_DEFINE, &b), 0, "first version: BRICK_DEFINE");
	brick_get(fd, brick, &after);
	is(after.get.budget_ns, 5, "it sets the budget");
	ok(after.get.mode == BRICKTRACE_MODE_TAIL && after.get.baseline == 9 &&
		   after.assertions == 1 &&
		   !memcmp(after.assertion, before.assertion, sizeof(after.assertion[0])),
	   "and leaves mode, baseline and assertions as they were");
	ok(!memcmp(&before.s, &after.s, sizeof(after.s)) &&
		   !memcmp(before.counts, after.counts, sizeof(after.counts)),
	   "and the statistics");
	for (o.level = 0; o.level <= BRICKTRACE_LEVEL_AUTO; o.level++) {
		is(OLD(RUN_OPEN, RUN_OPEN, &o), 0, "first version: RUN_OPEN, level %u",
		   o.level);
		c.run = o.run;
		c.result = (struct bricktrace_array){ (uintptr_t)page,
						      BRICKTRACE_RESULT_SIZE_V0, 1, 0, 0 };
		memset(page, 0xee, BIG);
		is(OLD(RUN_CLOSE, RUN_CLOSE, &c), 0, "first version: RUN_CLOSE");
		ok(((struct bricktrace_result *)page)->run == o.run &&
			   c.result.known == BRICKTRACE_RESULT_SIZE_V0 &&
			   (page[BRICKTRACE_RESULT_SIZE_V0] & 0xff) == 0xee,
		   "and its result");
		is(((struct bricktrace_result *)page)->provenance,
		   o.level ? BRICKTRACE_MEASURED : BRICKTRACE_NOT_INSTRUMENTED,
		   "which is traced as its level says");
	}
	brick_get(fd, brick, &after);
	is(after.s.runs, before.s.runs + 3, "these runs count");
	is(after.counts[0].failed, before.counts[0].failed + 3,
	   "and evaluate the assertion");
	s.flags = BRICKTRACE_SESSION_EDGE;
	s.edge_ps = 4711;
	is(OLD(SESSION_SET, SESSION, &s), 0, "first version: SESSION_SET");
	is_now = session(fd);
	ok(is_now.edge_ps == 4711 && is_now.cv_threshold == was.cv_threshold &&
		   is_now.efficiency_threshold == was.efficiency_threshold &&
		   is_now.trace_limit == LIMIT && is_now.outliers == was.outliers &&
		   is_now.enabled == 1,
	   "it leaves the settings that it does not know as they were");
	s.flags = 0;
	is(OLD(SESSION_GET, SESSION, &s), 0, "first version: SESSION_GET");
	is(s.edge_ps, 4711, "it returns the edge");
	is(OLD(INFO, INFO, &i), 0, "first version: INFO");
	is(i.abi_version, BRICKTRACE_ABI_VERSION, "it returns the version of the ABI");
}

int main(void)
{
	struct bricktrace_assertion assertion = { .kind = BRICKTRACE_ASSERT_DURATION,
						  .name = "takes no time" };
	char *map = mmap(NULL, 2 * BIG, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || munmap(map + BIG, BIG))
		bail("mmap");
	page = map;
	hole = map + BIG;
	run = run_new();
	begin("brick-get");
	thread_register(fd, 0);
	SET(fd, LIMIT, .trace_limit = LIMIT);
	is(try_brick(fd, "brick-get",
		     (struct bricktrace_brick_define){
			     .flags = BRICKTRACE_BRICK_MODE | BRICKTRACE_BRICK_BASELINE |
				      BRICKTRACE_BRICK_ASSERTIONS,
			     .mode = BRICKTRACE_MODE_TAIL,
			     .baseline = 9,
			     .budget_ns = 6,
			     .assertions = ARRAY(&assertion, 1) }),
	   brick, "mode, baseline and assertions of a brick can be set");
	for (int i = 0; i < RUNS; i++) {
		u64 number = run_auto(fd, brick).run;

		if (!i)
			sleep_ns(20 * MS);
		run_close(fd, number, run);
	}
	brick_get(fd, brick, &before);
	ok(!strcmp(before.get.name, "brick-get") && before.get.budget_ns == 6 &&
		   before.get.mode == BRICKTRACE_MODE_TAIL && before.get.baseline == 9 &&
		   !before.get.escalated && before.assertions == 1 &&
		   !memcmp(before.assertion, &assertion, sizeof(assertion)),
	   "BRICK_GET returns them");
	is(before.s.traced, RUNS, "and the statistics");
	for (size_t i = 0; i < ARRAYS; i++) {
		array_grows(i);
		array_is_wrong(i);
	}
	numbers();
	old_program();
	return done();
}
