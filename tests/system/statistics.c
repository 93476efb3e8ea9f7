// SPDX-License-Identifier: MIT
/*
 * The statistics and the window of a brick are exactly those of the results of its runs:
 * a model adds up what RUN_CLOSE returns, and BRICK_GET must agree with the model. Each
 * result has the window as it was when its run was opened. BRICK_RESET forgets the runs
 * but not their numbers. Programs that know only the first version of the ABI change
 * nothing that they do not know.
 */
#include "test.h"

/* The default of bricktrace_session's cv_threshold, efficiency_threshold and outliers. */
#define CV	   15000
#define EFFICIENCY 25000
#define OUTLIERS   1500
#define PERCENT	   1000 /* the unit of these thresholds is 1/1000 % */

typedef unsigned __int128 u128;

static struct run *run;
static struct brick wanted, got; /* the model, and BRICK_GET's answer */
static u64 opened, budget;
static uint32_t outliers = OUTLIERS;
static bool runnable; /* the kernel measures how long threads wait for a CPU */

static u128 number(const struct bricktrace_sum *s)
{
	return (u128)s->high << 64 | s->low;
}

static void sum_add(struct bricktrace_sum *s, u128 n)
{
	n += number(s);
	s->low = n;
	s->high = n >> 64;
}

/* The index of the bucket, by its definition in the header of the ABI. */
static unsigned int bucket_of(u64 ns)
{
	/* 2^(I/4), for I from 0 */
	static const long double root[] = { 1.0L, 1.1892071150027210667175L,
					    1.4142135623730950488017L,
					    1.6817928305074290860623L };
	unsigned int i;

	for (i = 0; i < BRICKTRACE_BUCKETS - 1; i++) {
		unsigned int k = i + 1 + BRICKTRACE_BUCKET_FIRST + 400;
		long double bound = 1e9L * root[k % 4];

		bound = k < 400 ? bound / (1ULL << (100 - k / 4)) :
				  bound * (1ULL << (k / 4 - 100));
		if (ns <= bound)
			break;
	}
	return i;
}

static void model_reset(void)
{
	memset(&wanted, 0, sizeof(wanted));
	wanted.s.min_ns = wanted.s.max_ns = BRICKTRACE_NONE;
	for (int c = 0; c < CATEGORIES; c++)
		wanted.category[c].category = c;
}

static void model_add_traced(const struct run *r)
{
	struct bricktrace_statistics *s = &wanted.s;

	if (!s->traced++ || r->r.wall_ns > wanted.longest.wall_ns) {
		wanted.longest = r->r;
		wanted.longest_times = r->all;
		for (int c = 0; c < CATEGORIES; c++)
			wanted.longest_category[c] = r->raw_categories[2 * c];
		wanted.slow_calls = r->slow_calls < BRICKTRACE_BRICK_SLOW ?
					    r->slow_calls :
					    BRICKTRACE_BRICK_SLOW;
		memcpy(wanted.slow, r->slow, sizeof(wanted.slow));
	}
	s->partial += r->r.provenance == BRICKTRACE_PARTIAL;
	sum_add(&s->thread_ns, r->all.thread_ns);
	sum_add(&s->compute_ns, r->all.compute_ns);
	sum_add(&s->compute_offcpu_ns, r->all.compute_offcpu_ns);
	if (runnable)
		sum_add(&s->compute_runnable_ns, r->all.compute_runnable_ns);
	if (r->all.edge_ns != BRICKTRACE_NONE) {
		s->edge_runs++;
		sum_add(&s->edge_ns, r->all.edge_ns);
	}
	sum_add(&s->control_ns, r->all.control_ns);
	sum_add(&s->minor_faults, r->all.minor_faults);
	sum_add(&s->major_faults, r->all.major_faults);
	for (int c = 0; c < CATEGORIES; c++) {
		struct bricktrace_category_statistics *to = &wanted.category[c];
		const struct bricktrace_figures *f = &r->category[c];

		sum_add(&to->count, f->count);
		sum_add(&to->errors, f->errors);
		sum_add(&to->ns, f->ns);
		sum_add(&to->offcpu_ns, f->offcpu_ns);
		if (runnable)
			sum_add(&to->runnable_ns, f->runnable_ns);
	}
}

static void model_add(const struct run *r)
{
	struct bricktrace_statistics *s = &wanted.s;
	u64 ns = r->r.wall_ns;

	s->runs++;
	s->over_budget += ns > r->r.budget_ns;
	if (ns < s->min_ns)
		s->min_ns = ns;
	if (s->max_ns == BRICKTRACE_NONE || ns > s->max_ns)
		s->max_ns = ns;
	sum_add(&s->sum_ns, ns);
	sum_add(&s->squares, (u128)ns * ns);
	if (ns)
		wanted.histogram[bucket_of(ns)].runs++;
	else
		s->zero++;
	if (wanted.runs == BRICKTRACE_WINDOW)
		memmove(wanted.window, wanted.window + 1,
			--wanted.runs * sizeof(wanted.window[0]));
	wanted.window[wanted.runs++].ns = ns;
	if (r->r.provenance != BRICKTRACE_NOT_INSTRUMENTED)
		model_add_traced(r);
}

/* The figures of the window that a result has. */
struct figures {
	uint32_t runs, kept;
	u64 sum, median2;
	u128 squares;
};

static int compare_runs(const void *a, const void *b)
{
	const struct bricktrace_window_run *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

/* Four times the duration at the rank @quarters / 4, with linear interpolation. */
static u64 quartile4(const struct bricktrace_window_run *sorted, uint32_t quarters)
{
	const struct bricktrace_window_run *at = sorted + quarters / 4;

	return 4 * at->ns + (quarters % 4 ? quarters % 4 * (at[1].ns - at[0].ns) : 0);
}

static struct figures model_window(void)
{
	struct bricktrace_window_run sorted[BRICKTRACE_WINDOW];
	struct figures f = { .runs = wanted.runs };
	__int128 low = 0, high = 0, reach;
	uint32_t n = f.runs;
	bool all = n < BRICKTRACE_WINDOW_LEAST || outliers == BRICKTRACE_OUTLIERS_KEEP;

	if (!n)
		return f;
	memcpy(sorted, wanted.window, sizeof(sorted));
	qsort(sorted, n, sizeof(sorted[0]), compare_runs);
	f.median2 = sorted[(n - 1) / 2].ns + sorted[n / 2].ns;
	if (!all) {
		low = quartile4(sorted, n - 1);
		high = quartile4(sorted, 3 * (n - 1));
		reach = (high - low) * outliers;
		low = low * 1000 - reach;
		high = high * 1000 + reach;
	}
	for (uint32_t i = 0; i < n; i++) {
		__int128 at = (__int128)sorted[i].ns * 4000;

		if (!all && (at < low || at > high))
			continue;
		f.kept++;
		f.sum += sorted[i].ns;
		f.squares += (u128)sorted[i].ns * sorted[i].ns;
	}
	return f;
}

static uint32_t anomalies(const struct figures *f)
{
	/* The squares of deviation and mean, both times the square of @kept. */
	u128 deviation = f->kept * f->squares - (u128)f->sum * f->sum;
	u128 mean = (u128)f->sum * f->sum;
	uint32_t why = 0;

	if (f->runs < BRICKTRACE_WINDOW_LEAST)
		return 0;
	if (deviation * 100 * PERCENT * 100 * PERCENT > mean * CV * CV)
		why |= BRICKTRACE_WHY_CV_EXCEEDED;
	if ((u128)budget * 2 * 100 * PERCENT < (u128)f->median2 * EFFICIENCY)
		why |= BRICKTRACE_WHY_EFFICIENCY_LOW;
	return why;
}

/* Whether a result has the figures of the window and is interesting for the right reasons. */
static bool as_wanted(const struct bricktrace_result *r, const struct figures *f,
		      uint32_t level)
{
	uint32_t why = anomalies(f), flags;
	bool good = true;

	if (r->wall_ns > budget)
		why |= BRICKTRACE_WHY_OVER_BUDGET;
	if (level == BRICKTRACE_LEVEL_TRACE)
		why |= BRICKTRACE_WHY_MANUAL;
	flags = (r->wall_ns > budget ? BRICKTRACE_RESULT_OVER_BUDGET : 0) |
		(why ? BRICKTRACE_RESULT_INTERESTING : 0);
	if (r->window_runs != f->runs || r->window_kept != f->kept ||
	    r->window_sum != f->sum || number(&r->window_squares) != f->squares ||
	    r->window_median2 != f->median2)
		no(&good,
		   "run %llu: window of %u, %u kept, sum %llu, median %llu / 2, not %u, %u, %llu, %llu",
		   r->brick_run, r->window_runs, r->window_kept, r->window_sum,
		   r->window_median2, f->runs, f->kept, f->sum, f->median2);
	if (r->why != why || r->flags != flags)
		no(&good, "run %llu: reasons 0x%x, flags 0x%x, not 0x%x, 0x%x",
		   r->brick_run, r->why, r->flags, why, flags);
	if (r->budget_ns != budget || r->mode != BRICKTRACE_MODE_MEASURE || r->passed ||
	    r->failed || r->not_evaluated || r->reserved)
		no(&good, "run %llu: budget, mode or assertions", r->brick_run);
	return good;
}

static void work(u64 ns, int calls)
{
	static char byte;
	u64 until = now() + ns;
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < calls; i++) {
		syscall(SYS_read, zero, &byte, 1);
		syscall(SYS_write, -1, &byte, 1);
		getppid_raw();
		if (i % 4 == 0)
			sleep_ns(10000);
	}
	close(zero);
	while (now() < until)
		;
}

/* Runs the brick; false if the result is not as wanted. */
static bool once(uint32_t level, uint32_t scope, u64 ns, int calls)
{
	struct figures f = model_window();
	u64 id = run_open(fd, brick, level, scope);
	bool good;

	/* Some runs are as short as possible. */
	if (ns)
		work(ns, calls);
	run_close(fd, id, run);
	good = as_wanted(&run->r, &f, level) && run->r.brick_run == ++opened;
	model_add(run);
	return good;
}

/* Are two arrays of 64-bit numbers the same? The output has the first difference. */
static bool same(const void *a, const void *b, size_t size, const char *what)
{
	const u64 *x = a, *y = b;
	bool good = true;

	for (size_t i = 0; i < size / sizeof(*x) && good; i++)
		if (x[i] != y[i])
			no(&good, "%s: word %zu is %llu, not %llu", what, i, x[i], y[i]);
	return good;
}

static void compare(const char *what)
{
	brick_get(fd, brick, &got);
	ok(same(&got.s, &wanted.s, sizeof(got.s), "statistics"),
	   "%s: the statistics are those of the results", what);
	ok(same(got.histogram, wanted.histogram, sizeof(got.histogram), "histogram"),
	   "%s: the histogram", what);
	ok(same(got.category, wanted.category, sizeof(got.category), "categories"),
	   "%s: the categories", what);
	ok(got.runs == wanted.runs && same(got.window, wanted.window,
					   got.runs * sizeof(got.window[0]), "window"),
	   "%s: the window has the last runs, the oldest first", what);
	if (wanted.s.traced)
		ok(same(&got.longest, &wanted.longest, sizeof(got.longest), "result") &&
			   same(&got.longest_times, &wanted.longest_times,
				sizeof(got.longest_times), "times") &&
			   same(got.longest_category, wanted.longest_category,
				sizeof(got.longest_category), "figures") &&
			   got.slow_calls == wanted.slow_calls &&
			   same(got.slow, wanted.slow,
				got.slow_calls * sizeof(got.slow[0]), "slow calls"),
		   "%s: the longest traced run", what);
}

/* Runs the brick until it has as many runs, from microseconds to milliseconds long. */
static void up_to(u64 runs, uint32_t level, const char *what)
{
	bool good = true;

	while (opened < runs)
		good &= once(level, opened / 2 % 2,
			     opened % 4 ? 1000ULL << opened * 7 % 13 : 0, opened % 3 * 3);
	ok(good, "%s: each result has its window and its reasons", what);
	compare(what);
}

static void define(u64 new_budget)
{
	budget = new_budget;
	brick_define(fd, "statistics", budget);
}

static void *new_thread(void *arg)
{
	return arg;
}

static void partial(void)
{
	unsigned int was;
	pthread_t t;
	u64 id;

	thread_unregister(fd);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	was = parameter("max_user_threads", 1);
	id = run_open(fd, brick, TRACE_SESSION);
	opened++;
	pthread_create(&t, NULL, new_thread, NULL);
	pthread_join(t, NULL);
	run_close(fd, id, run);
	parameter("max_user_threads", was);
	is(run->r.provenance, BRICKTRACE_PARTIAL, "a run that lost a thread is partial");
	model_add(run);
	compare("with a partial run");
	thread_unregister(fd);
	thread_register(fd, 0);
}

/* Each result's window is the one of the run's open, whatever is closed meanwhile. */
static void nested(void)
{
	struct figures f = model_window();
	u64 outer = run_open(fd, brick, TRACE_SESSION);
	u64 inner = run_open(fd, brick, TRACE_THREAD);

	work(100000, 8);
	run_close(fd, inner, run);
	ok(as_wanted(&run->r, &f, BRICKTRACE_LEVEL_TRACE) && run->r.brick_run == opened + 2,
	   "a nested run: its window and its number");
	model_add(run);
	run_close(fd, outer, run);
	ok(as_wanted(&run->r, &f, BRICKTRACE_LEVEL_TRACE) && run->r.brick_run == opened + 1,
	   "the run around it: the window from before");
	model_add(run);
	opened += 2;
	compare("nested runs of one brick");
}

#define THREADS 8
#define EACH	100

static pthread_mutex_t model_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_ready;
static uint8_t seen[2 * THREADS * EACH];

static void *closes(void *arg)
{
	struct run *mine = run_new();
	bool traced = (long)arg % 2;

	if (traced)
		thread_register(fd, 0);
	pthread_barrier_wait(&all_ready);
	for (int i = 0; i < EACH; i++) {
		u64 id = run_open(fd, brick, traced, BRICKTRACE_SCOPE_THREAD);

		getppid_raw();
		run_close(fd, id, mine);
		pthread_mutex_lock(&model_lock);
		model_add(mine);
		if (mine->r.brick_run - opened - 1 < sizeof(seen))
			seen[mine->r.brick_run - opened - 1]++;
		pthread_mutex_unlock(&model_lock);
	}
	free(mine);
	return NULL;
}

static void at_once(void)
{
	unsigned int numbers = 0;
	pthread_t t[THREADS];

	pthread_barrier_init(&all_ready, NULL, THREADS);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, closes, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < THREADS * EACH; i++)
		numbers += seen[i] == 1;
	is(numbers, THREADS * EACH, "runs of %d threads at once: each has its number",
	   THREADS);
	opened += THREADS * EACH;
	brick_get(fd, brick, &got);
	is(got.runs, BRICKTRACE_WINDOW, "and the window is full");
	/* The threads may have entered the window in another order than the model. */
	memcpy(wanted.window, got.window, sizeof(wanted.window));
	compare("runs of many threads");
}

static void budgets(void)
{
	u64 over = wanted.s.over_budget, id;

	define(0);
	once(BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD, 1000, 0);
	is(wanted.s.over_budget, ++over, "with the budget 0 each run is over it");
	define(BRICKTRACE_MAX_BUDGET);
	once(BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD, 1000, 0);
	is(wanted.s.over_budget, over, "with the largest budget none is");
	id = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	opened++;
	define(0);
	run_close(fd, id, run);
	model_add(run);
	is(wanted.s.over_budget, over, "a run keeps the budget that it was opened with");
	brick_get(fd, brick, &got);
	is(got.get.budget_ns, 0, "BRICK_GET returns the new one");
	compare("after all budgets");
}

static void outliers_kept(void)
{
	bool good;

	outliers = BRICKTRACE_OUTLIERS_KEEP;
	SET(fd, OUTLIERS, .outliers = outliers);
	good = once(BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD, 20 * MS, 0);
	good &= once(BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD, 20 * MS, 0);
	ok(good && run->r.window_kept == BRICKTRACE_WINDOW,
	   "the session can keep the outliers");
	outliers = 0;
	SET(fd, OUTLIERS, .outliers = outliers);
	good = once(BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD, 0, 0);
	ok(good && run->r.window_kept < BRICKTRACE_WINDOW,
	   "or leave out all runs that are not between the quartiles");
	outliers = OUTLIERS;
	SET(fd, OUTLIERS, .outliers = outliers);
}

static void reset(void)
{
	struct figures f = model_window();
	u64 id = run_open(fd, brick, TRACE_THREAD);

	opened++;
	brick_reset(fd, brick);
	model_reset();
	compare("reset");
	run_close(fd, id, run);
	ok(as_wanted(&run->r, &f, BRICKTRACE_LEVEL_TRACE),
	   "a run that was open has the window from before the reset");
	model_add(run);
	compare("reset, after a run that was open");
	ok(once(BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD, 0, 0),
	   "reset: the numbers of runs go on");
	is(run->r.brick_run, opened, "reset: and are not those of a new brick");
	compare("reset, and two more runs");
}

int main(void)
{
	run = run_new();
	begin("statistics");
	runnable = info(fd).features & BRICKTRACE_FEATURE_RUNNABLE;
	ok(info(fd).features & BRICKTRACE_FEATURE_STATISTICS,
	   "the module says that it keeps statistics");
	thread_register(fd, 0);
	SET(fd, SLOW, .slow_ns = BRICKTRACE_MIN_SLOW);
	model_reset();
	compare("a new brick");
	define(MS);
	up_to(1, BRICKTRACE_LEVEL_MEASURE, "1 run");
	up_to(2, BRICKTRACE_LEVEL_MEASURE, "2 runs");
	up_to(9, BRICKTRACE_LEVEL_MEASURE, "9 runs");
	up_to(10, BRICKTRACE_LEVEL_MEASURE, "10 runs");
	up_to(63, BRICKTRACE_LEVEL_MEASURE, "63 runs");
	up_to(64, BRICKTRACE_LEVEL_MEASURE, "64 runs");
	up_to(65, BRICKTRACE_LEVEL_MEASURE, "65 runs");
	up_to(70, BRICKTRACE_LEVEL_TRACE, "5 traced runs");
	set_edge(fd, 100000);
	up_to(100, BRICKTRACE_LEVEL_TRACE, "30 traced runs with an edge");
	set_edge(fd, BRICKTRACE_NONE);
	up_to(110, BRICKTRACE_LEVEL_MEASURE, "10 runs more");
	nested();
	partial();
	outliers_kept();
	at_once();
	budgets();
	reset();
	return done();
}
