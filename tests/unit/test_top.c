// SPDX-License-Identifier: MIT
/* Tests of bricktrace top over a host that this file imitates. */
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "cell.h"
#include "program.h"
#include "top.h"

#define S   UINT64_C(1000000000)
#define ALL SIZE_MAX

/* The host's side. */
static struct {
	struct host_status status;
	struct host_brick bricks[16];
	struct host_thread threads[16];
	size_t n;
	int fail_at; /* the number of the reading that fails, or 0 */
	int readings;
} host;

/* Copies what the filter selects. */
#define LIST(all, filter)                                                       \
	do {                                                                    \
		size_t i_;                                                      \
                                                                                \
		*n = 0;                                                         \
		*list = malloc(sizeof(all));                                    \
		for (i_ = 0; i_ < host.n; i_++)                                 \
			if ((!(filter)->session ||                              \
			     (all)[i_].session == (filter)->session) &&         \
			    (!(filter)->pid || (all)[i_].pid == (filter)->pid)) \
				(*list)[(*n)++] = (all)[i_];                    \
		assert_false((filter)->books);                                  \
	} while (0)

/* The linker puts these functions in the place of those of host.c. */
int __wrap_host_open(struct host **to, bool device);
int __wrap_host_open(struct host **to, bool device)
{
	assert_false(device);
	*to = NULL;
	return 0;
}

void __wrap_host_close(struct host *h);
void __wrap_host_close(struct host *h)
{
	(void)h;
}

int __wrap_host_get_status(struct host *h, struct host_status *status);
int __wrap_host_get_status(struct host *h, struct host_status *status)
{
	(void)h;
	if (++host.readings == host.fail_at) {
		complain("the module has gone");
		return -ENODEV;
	}
	*status = host.status;
	/* The module and its hooks have been there for as long as anything. */
	host.status.loaded_ns += S;
	host.status.armed_ns += S / 2;
	return 0;
}

int __wrap_host_list_bricks(struct host *h, const struct host_filter *filter,
			    struct host_brick **list, size_t *n);
int __wrap_host_list_bricks(struct host *h, const struct host_filter *filter,
			    struct host_brick **list, size_t *n)
{
	(void)h;
	LIST(host.bricks, filter);
	return 0;
}

int __wrap_host_list_threads(struct host *h, const struct host_filter *filter,
			     struct host_thread **list, size_t *n);
int __wrap_host_list_threads(struct host *h, const struct host_filter *filter,
			     struct host_thread **list, size_t *n)
{
	(void)h;
	LIST(host.threads, filter);
	return 0;
}

static int reset(void **state)
{
	int i;

	(void)state;
	memset(&host, 0, sizeof(host));
	host.status = (struct host_status){ .hooks = BRICKTRACE_HOOKS_QUIET,
					    .loaded_ns = S,
					    .arms = 1,
					    .sessions = 2,
					    .threads = 5,
					    .threads_lost = 3,
					    .stream_lost = 4 };
	for (i = 0; i < 16; i++) {
		struct host_brick *b = &host.bricks[i];
		struct host_thread *t = &host.threads[i];

		b->session = t->session = 1 + i / 4;
		b->pid = t->pid = 100 + i;
		t->tid = 200 + i;
		b->get.brick = 1 + i;
		b->get.budget_ns = MS;
		snprintf(b->get.name, sizeof(b->get.name), "brick %d", i);
		strcpy(b->comm, "player");
		strcpy(t->comm, "worker");
	}
	host.n = 1;
	return 0;
}

static const struct host_filter everything;

/* Takes a reading that is made two seconds after @before. */
static void take(struct rates *now, enum rates_view view, const struct rates *before)
{
	assert_int_equal(rates_read(now, view, NULL, &everything), 0);
	now->unix_ns = 0;
	now->read_ns = before ? before->read_ns + 2 * S : S;
	if (before)
		rates_compare(now, before);
}

/* Adds what some runs of a brick add to its statistics. */
static void add_runs(int brick, uint64_t runs, uint64_t ns)
{
	struct bricktrace_statistics *s = host.bricks[brick].room.statistics;
	uint64_t i;

	s->runs += runs;
	for (i = 0; i < runs; i++) {
		bkt_u128 square = (bkt_u128)ns * ns;
		bkt_u128 all = ((bkt_u128)s->squares.high << 64 | s->squares.low) + square;

		bkt_sum_add(&s->sum_ns, ns);
		s->squares.low = (uint64_t)all;
		s->squares.high = (uint64_t)(all >> 64);
		s->over_budget += ns > MS;
	}
}

/* Makes the sums of categories that the list may have. */
static void add_category(int brick, uint32_t category, uint64_t ns)
{
	struct host_brick *b = &host.bricks[brick];

	b->get.categories = (struct bricktrace_array){ .cap = 64, .count = 2 };
	b->room.categories[category == BRICKTRACE_CAT_IOCTL].category = category;
	bkt_sum_add(&b->room.categories[category == BRICKTRACE_CAT_IOCTL].ns, ns);
}

static void assert_unknown(const struct rates *r, size_t i)
{
	int j;

	for (j = 0; j < RATES; j++)
		if (!isnan(r->item[i].rate[j]))
			fail_msg("rate %d of item %zu is %g", j, i, r->item[i].rate[j]);
	assert_int_equal(r->item[i].most, BT_CAT_UNMEASURED);
}

static void rates_of_a_brick(void **state)
{
	struct rates a, b;
	const struct rates_item *item;

	(void)state;
	add_runs(0, 3, 7 * MS);
	add_category(0, BRICKTRACE_CAT_READ, 50);
	take(&a, RATES_BRICKS, NULL);
	assert_unknown(&a, 0);
	assert_true(a.elapsed_ns == BT_NONE && isnan(a.armed_percent));

	/* The sum of the squares has more than 64 bits. */
	add_runs(0, 2, 40 * S);
	add_runs(0, 2, 20 * S);
	add_runs(0, 4, MS / 2);
	add_runs(0, 4, MS / 2);
	host.bricks[0].room.statistics->traced += 5;
	add_category(0, BRICKTRACE_CAT_READ, 9);
	add_category(0, BRICKTRACE_CAT_IOCTL, 10);
	take(&b, RATES_BRICKS, &a);
	item = &b.item[0];
	assert_double(item->rate[RATE_RUNS], 6);
	assert_double(item->rate[RATE_MEAN_NS], (120.0 * S + 8 * (MS / 2)) / 12);
	assert_double(item->rate[RATE_OVER_BUDGET], 100.0 * 4 / 12);
	assert_double(item->rate[RATE_TRACED], 2.5);
	assert_true(fabs(item->rate[RATE_CV] - 152.7) < 0.1);
	assert_int_equal(item->most, BT_CAT_IOCTL);
	assert_int_equal(b.elapsed_ns, 2 * S);
	assert_double(b.armed_percent, 50);
	rates_free(&a);
	rates_free(&b);
}

static void what_was_not_measured_is_unknown(void **state)
{
	struct rates a, b;

	(void)state;
	host.n = 3;
	host.bricks[2].get.budget_ns = BRICKTRACE_NONE;
	take(&a, RATES_BRICKS, NULL);
	add_runs(1, 1, MS);
	add_runs(2, 2, MS);
	take(&b, RATES_BRICKS, &a);
	/* Without a run ... */
	assert_double(b.item[0].rate[RATE_RUNS], 0);
	assert_double(b.item[0].rate[RATE_TRACED], 0);
	assert_true(isnan(b.item[0].rate[RATE_MEAN_NS]));
	assert_true(isnan(b.item[0].rate[RATE_OVER_BUDGET]));
	assert_true(isnan(b.item[0].rate[RATE_CV]));
	/* ... with one ... */
	assert_double(b.item[1].rate[RATE_MEAN_NS], MS);
	assert_double(b.item[1].rate[RATE_OVER_BUDGET], 0);
	assert_true(isnan(b.item[1].rate[RATE_CV]));
	/* ... without a budget, and without a traced run. */
	assert_true(isnan(b.item[2].rate[RATE_OVER_BUDGET]));
	assert_double(b.item[2].rate[RATE_CV], 0);
	assert_int_equal(b.item[2].most, BT_CAT_UNMEASURED);
	rates_free(&a);
	rates_free(&b);
}

static void counters_that_went_back_are_unknown_once(void **state)
{
	struct rates a, b, c;

	(void)state;
	host.n = 2;
	add_runs(0, 9, MS);
	add_runs(1, 9, MS);
	take(&a, RATES_BRICKS, NULL);
	/* More runs than before, which together took less time than before. */
	memset(host.bricks[0].room.statistics, 0, sizeof(host.bricks[0].room.statistics));
	add_runs(0, 10, 5);
	add_runs(1, 2, MS);
	take(&b, RATES_BRICKS, &a);
	assert_unknown(&b, 0);
	assert_double(b.item[1].rate[RATE_RUNS], 1);
	add_runs(0, 4, 5);
	take(&c, RATES_BRICKS, &b);
	assert_double(c.item[0].rate[RATE_RUNS], 2);
	assert_double(c.item[0].rate[RATE_MEAN_NS], 5);
	rates_free(&b);

	/* The same number in another session is another brick. */
	host.bricks[0].session = 7;
	take(&b, RATES_BRICKS, &c);
	assert_double(b.item[0].rate[RATE_RUNS], 0);
	assert_int_equal(b.item[1].session, 7);
	assert_unknown(&b, 1);
	rates_free(&c);

	/* Another load of the module, although everything has grown. */
	host.status.loaded_ns = 1;
	take(&c, RATES_BRICKS, &b);
	assert_unknown(&c, 0);
	assert_true(c.elapsed_ns == BT_NONE && isnan(c.armed_percent));
	rates_free(&b);

	/* The other view. */
	take(&b, RATES_THREADS, &c);
	assert_unknown(&b, 0);
	assert_int_equal(b.elapsed_ns, 2 * S);
	rates_free(&b);
	rates_free(&c);
	rates_free(&a);
}

static void add_calls(int thread, int category, uint64_t n, uint64_t ns, uint64_t errors)
{
	struct bricktrace_figures *f = &host.threads[thread].calls[category];

	f->count += n;
	f->ns += ns;
	f->errors += errors;
}

static void rates_of_threads(void **state)
{
	struct rates a, b;

	(void)state;
	host.n = 3;
	add_calls(0, BRICKTRACE_CAT_MMAP, 1000, 100 * S, 7);
	host.threads[2].tid = 0;
	take(&a, RATES_THREADS, NULL);
	assert_unknown(&a, 0);
	add_calls(0, BRICKTRACE_CAT_FUTEX, 30, S, 0);
	add_calls(0, BRICKTRACE_CAT_OTHER, 10, S / 2, 5);
	host.threads[0].thread_ns += 2 * S;
	host.threads[0].offcpu_ns += S / 2;
	take(&b, RATES_THREADS, &a);
	/* A thread without a number comes first, and may be another one each time. */
	assert_unknown(&b, 0);
	assert_double(b.item[1].rate[RATE_CALLS], 20);
	assert_double(b.item[1].rate[RATE_IN_CALLS], 75);
	assert_double(b.item[1].rate[RATE_OFFCPU], 25);
	assert_double(b.item[1].rate[RATE_ERRORS], 2.5);
	assert_int_equal(b.item[1].most, BT_CAT_FUTEX);
	assert_double(b.item[2].rate[RATE_CALLS], 0);
	assert_int_equal(b.item[2].most, BT_CAT_NONE);
	rates_free(&a);

	/* Another thread has got the number. */
	host.threads[0].thread_ns = 1;
	take(&a, RATES_THREADS, &b);
	assert_unknown(&a, 1);
	rates_free(&b);

	/* The hooks were away for a while, and then for good. */
	host.status.arms++;
	take(&b, RATES_THREADS, &a);
	assert_unknown(&b, 1);
	rates_free(&a);
	take(&a, RATES_THREADS, &b);
	assert_double(a.item[1].rate[RATE_CALLS], 0);
	rates_free(&b);
	host.status.hooks = BRICKTRACE_HOOKS_OFF;
	take(&b, RATES_THREADS, &a);
	assert_unknown(&b, 1);
	assert_double(b.armed_percent, 50);
	rates_free(&a);
	rates_free(&b);
}

static void texts_match(void **state)
{
	const struct rates_item item = {
		.pid = 123, .tid = 45, .comm = "Player", .name = "decode"
	};

	(void)state;
	assert_true(rates_matches(&item, ""));
	assert_true(rates_matches(&item, "player"));
	assert_true(rates_matches(&item, "COD"));
	assert_true(rates_matches(&item, "123"));
	assert_true(rates_matches(&item, "45"));
	assert_false(rates_matches(&item, "12"));
	assert_false(rates_matches(&item, "x"));
}

/* Returns the order of the items as a text of their bricks' numbers. */
static const char *sorted(enum rates_view view, const char *key, bool reverse)
{
	static const struct rates_item items[] = {
		{ .session = 2,
		  .pid = 1,
		  .brick = 1,
		  .rate = { 5 },
		  .name = "b",
		  .mode = BT_MODE_TAIL },
		{ .session = 1,
		  .pid = 0,
		  .brick = 2,
		  .rate = { NAN },
		  .name = "c",
		  .most = BT_CAT_UNMEASURED },
		{ .session = 3,
		  .pid = 9,
		  .brick = 3,
		  .rate = { 7 },
		  .name = "a",
		  .mode = BT_MODE_NEXT,
		  .escalated = true },
		{ .session = 3,
		  .pid = 9,
		  .brick = 4,
		  .rate = { 5 },
		  .name = "a",
		  .mode = BT_MODE_NEXT,
		  .most = BT_CAT_FUTEX },
	};
	const struct rates_item *list[] = { &items[3], &items[0], &items[2], &items[1] };
	static char order[5];
	int i;

	column_sort(column_named(view, key), reverse, list, 4);
	for (i = 0; i < 4; i++)
		order[i] = (char)('0' + list[i]->brick);
	return order;
}

static void rows_are_sorted(void **state)
{
	(void)state;
	assert_string_equal(sorted(RATES_BRICKS, "runs", false), "3142");
	assert_string_equal(sorted(RATES_BRICKS, "runs", true), "1432");
	assert_string_equal(sorted(RATES_THREADS, "calls", false), "3142");
	assert_string_equal(sorted(RATES_BRICKS, "session", false), "3412");
	assert_string_equal(sorted(RATES_BRICKS, "pid", true), "1342");
	assert_string_equal(sorted(RATES_BRICKS, "brick", false), "3412");
	assert_string_equal(sorted(RATES_BRICKS, "brick", true), "2134");
	/* By the names measure, escalated, next and tail. */
	assert_string_equal(sorted(RATES_BRICKS, "mode", false), "3241");
	assert_string_equal(sorted(RATES_BRICKS, "most", false), "4132");
	assert_string_equal(sorted(RATES_BRICKS, "most", true), "1342");
	assert_null(column_named(RATES_BRICKS, "calls"));
	assert_null(column_named(RATES_THREADS, "runs"));
}

static const char *cell(const char *text, int width, bool left)
{
	static char buffer[256];
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	cell_print(out, text, width, left);
	fclose(out);
	return buffer;
}

static void texts_are_cut_by_columns(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_string_equal(cell("abc", 5, true), "abc  ");
	assert_string_equal(cell("abc", 5, false), "  abc");
	assert_string_equal(cell("abcde", 5, true), "abcde");
	assert_string_equal(cell("abcdef", 5, true), "abcd+");
	assert_string_equal(cell("abcdef", 1, true), "+");
	assert_string_equal(cell("abcdef", CELL_WHOLE, true), "abcdef");
	/* Ideographs have two columns. */
	assert_string_equal(cell("界界", 4, true), "界界");
	assert_string_equal(cell("界界", 5, false), " 界界");
	assert_string_equal(cell("界界界", 5, true), "界界+");
	assert_string_equal(cell("界界界", 4, true), "界+ ");
	assert_string_equal(cell("界界", 2, true), "+ ");
	/* Controls, no UTF-8, a change of direction, an accent, and no character at all. */
	assert_string_equal(cell("a\x1b[mb", 9, true), "a\\x1b[mb ");
	assert_string_equal(cell("a\x1b[mb", 3, true), "a\\+");
	assert_string_equal(cell("a\xff", 9, true), "a\\xff    ");
	assert_string_equal(cell("a\u202ebe\u0301", 4, true), "abe ");
	assert_string_equal(cell("a\uffff", 3, true), "a? ");
	assert_string_equal(cell("a\nb", CELL_WHOLE, true), "a\\x0ab");
	setlocale(LC_CTYPE, "C");
	assert_string_equal(cell("a界b", 5, true), "a?b  ");
	setlocale(LC_CTYPE, "C.UTF-8");
}

/* What is shown in the following tests. */
static struct rates_item items[] = {
	{ .session = 1,
	  .pid = 100,
	  .tid = 200,
	  .brick = 1,
	  .mode = BT_MODE_TAIL,
	  .comm = "player",
	  .name = "decode",
	  .rate = { 12.5, 1234567, 3.25, 0.01, 100 },
	  .most = BT_CAT_IOCTL },
	{ .session = 22,
	  .pid = 4194304,
	  .tid = 4194303,
	  .brick = 2,
	  .mode = BT_MODE_NEXT,
	  .escalated = true,
	  .comm = "a\x1b[1m",
	  .name = "名前の長いブリックでございます",
	  .rate = { 123456789, 2e13, 100, 1e12, 2345 },
	  .most = BT_CAT_FUTEX },
	{ .session = 3,
	  .brick = 3,
	  .comm = "abcdefghijklmno",
	  .name = "idle",
	  .rate = { NAN, NAN, NAN, NAN, NAN },
	  .most = BT_CAT_UNMEASURED },
};

#define ITEMS (sizeof(items) / sizeof(*items))

static const struct rates_item *rows[ITEMS];

static struct top shown(enum rates_view view)
{
	struct top top = {
		.view = view,
		.by = &columns_of[view][3],
		.delay_ns = 2500 * MS,
		.now = { .view = view,
			 .item = items,
			 .n = ITEMS,
			 .armed_percent = 99.94,
			 .elapsed_ns = 2 * S,
			 .unix_ns = 3723 * S + 4 * MS },
		.rows = rows,
	};

	top.now.status = host.status;
	top_choose(&top);
	return top;
}

static const char *listing(const struct top *top, int width)
{
	static char buffer[4096];
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	listing_print_head(out, top, width);
	listing_print(out, top, width, 0, ALL);
	fclose(out);
	return buffer;
}

static void listings(void **state)
{
	struct top top = shown(RATES_BRICKS);

	(void)state;
	assert_string_equal(
		listing(&top, CELL_WHOLE),
		"01:02:03.004 3 of 3 bricks by runs, every 2.5 s\n"
		"hooks quiet, in place for 99.9 %\n"
		"lost 3 threads and 4 runs, 2 sessions, 5 threads\n"
		"SESSION     PID PROGRAM           RUNS/S      MEAN S %OVER TRACED/S   %CV MODE      MOST  BRICK\n"
		"     22 4194304 a\\x1b[1m           1e+08   20000.000 100.0    1e+12  2345 escalated futex 名前の長いブリックでございます\n"
		"      1     100 player              12.5 0.001234567   3.2    0.010 100.0 tail      ioctl decode\n"
		"      3       - abcdefghijklmno        -           -     -        -     - measure   -     idle\n");
	strcpy(top.text, "A\x1b");
	top.reverse = top.paused = true;
	top_choose(&top);
	assert_string_equal(listing(&top, 50),
			    "01:02:03.004 1 of 3 bricks by runs reversed, ever+\n"
			    "hooks quiet, in place for 99.9 %                  \n"
			    "lost 3 threads and 4 runs, 2 sessions, 5 threads  \n"
			    "  RUNS/S      MEAN S %OVER   %CV MOST  BRICK      \n"
			    "   1e+08   20000.000 100.0  2345 futex 名前の長い+\n");
	top = shown(RATES_THREADS);
	host.status.hooks = BRICKTRACE_HOOKS_OFF;
	top.now.status = host.status;
	top.now.armed_percent = NAN;
	assert_string_equal(
		listing(&top, CELL_WHOLE),
		"01:02:03.004 3 of 3 threads by calls, every 2.5 s\n"
		"hooks off, in place for - %\n"
		"lost 3 threads and 4 runs, 2 sessions, 5 threads\n"
		"SESSION     PID     TID  CALLS/S %CALL  %OFF ERRORS/S MOST  PROGRAM\n"
		"     22 4194304 4194303    1e+08 2e+13 100.0    1e+12 futex a\\x1b[1m\n"
		"      1     100     200     12.5 1e+06   3.2    0.010 ioctl player\n"
		"      3       -       -        -     -     -        - -     abcdefghijklmno\n");
}

/* Each line has exactly as many columns as the terminal, whatever is in it. */
static void lines_fit(void **state)
{
	wchar_t wide[512];
	const char *line, *end;
	int view, width;

	(void)state;
	for (view = 0; view < RATES_VIEWS; view++)
		for (width = 1; width <= 200; width++) {
			struct top top = shown((enum rates_view)view);
			size_t n = 0;

			for (line = listing(&top, width); *line; line = end + 1, n++) {
				char text[1024];

				end = strchr(line, '\n');
				snprintf(text, sizeof(text), "%.*s", (int)(end - line),
					 line);
				mbstowcs(wide, text, 512);
				if (wcswidth(wide, 512) != width)
					fail_msg("%d columns: '%s'", width, text);
			}
			assert_int_equal(n, LISTING_HEAD + 1 + ITEMS);
		}
}

static const char *headings(enum rates_view view, int width)
{
	static char buffer[256];
	FILE *out = fmemopen(buffer, sizeof(buffer), "w");

	columns_print(out, view, NULL, width);
	fclose(out);
	return buffer;
}

static void narrow_terminals_have_fewer_columns(void **state)
{
	(void)state;
	assert_string_equal(headings(RATES_BRICKS, 9), "BRICK    \n");
	assert_string_equal(headings(RATES_BRICKS, 40),
			    "  RUNS/S      MEAN S %OVER BRICK        \n");
	assert_string_equal(
		headings(RATES_BRICKS, 80),
		"PROGRAM           RUNS/S      MEAN S %OVER   %CV MODE      MOST  BRICK          \n");
	assert_string_equal(headings(RATES_THREADS, 40),
			    "    TID  CALLS/S %CALL MOST  PROGRAM    \n");
	assert_string_equal(
		headings(RATES_THREADS, 80),
		"SESSION     PID     TID  CALLS/S %CALL  %OFF ERRORS/S MOST  PROGRAM             \n");
}

static void json(void **state)
{
	const struct json_options options = { 0 };
	struct top top = shown(RATES_BRICKS);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	strcpy(top.text, "e");
	top_choose(&top);
	listing_print_json(out, &top, &options);
	top = shown(RATES_THREADS);
	top.now.armed_percent = NAN;
	top.now.elapsed_ns = BT_NONE;
	strcpy(top.text, "4194304");
	top_choose(&top);
	listing_print_json(out, &top, &options);
	fclose(out);
	assert_string_equal(
		text,
		"{\"schema\":1,\"unix_ns\":3723004000000,\"elapsed_ns\":2000000000,\"host\":{\"hooks\":\"quiet\",\"armed_percent\":99.94,"
		"\"sessions\":2,\"threads\":5,\"runs\":0,\"threads_lost\":3,\"stream_lost\":4},\"bricks\":["
		"{\"session\":1,\"pid\":100,\"comm\":\"player\",\"runs_per_s\":12.5,\"mean_ns\":1234567.0,\"over_budget_percent\":3.25,"
		"\"traced_per_s\":0.01,\"cv_percent\":100.0,\"mode\":\"tail\",\"dominant\":\"ioctl\",\"brick\":\"decode\",\"escalated\":false},"
		"{\"session\":3,\"pid\":null,\"comm\":\"abcdefghijklmno\",\"runs_per_s\":null,\"mean_ns\":null,\"over_budget_percent\":null,"
		"\"traced_per_s\":null,\"cv_percent\":null,\"mode\":\"measure\",\"dominant\":null,\"brick\":\"idle\",\"escalated\":false}]}\n"
		"{\"schema\":1,\"unix_ns\":3723004000000,\"elapsed_ns\":null,\"host\":{\"hooks\":\"quiet\",\"armed_percent\":null,"
		"\"sessions\":2,\"threads\":5,\"runs\":0,\"threads_lost\":3,\"stream_lost\":4},\"threads\":["
		"{\"session\":22,\"pid\":4194304,\"tid\":4194303,\"calls_per_s\":123456789.0,\"in_calls_percent\":2e13,\"offcpu_percent\":100.0,"
		"\"errors_per_s\":1e12,\"dominant\":\"futex\",\"comm\":\"a\\u001B[1m\"}]}\n");
	free(text);
}

/* Runs the command in a process of its own. Returns the other end of its terminal, or of a pipe. */
static int start(pid_t *pid, const char *terminal, char *const *argv)
{
	const struct winsize size = { .ws_row = 16, .ws_col = 80 };
	int fds[2], argc = 0;

	if (!terminal)
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*pid = terminal ? forkpty(&fds[0], NULL, NULL, &size) : fork();
	assert_true(*pid >= 0);
	if (*pid) {
		if (!terminal)
			close(fds[1]);
		return fds[0];
	}
	/* A command that does not end fails the test. */
	alarm(20);
	if (terminal)
		setenv("TERM", terminal, 1);
	else
		dup2(fds[1], STDOUT_FILENO);
	while (argv[argc])
		argc++;
	optind = 1;
	argc = cmd_top(argc, (char **)argv);
	fflush(stdout);
	_exit(argc);
}

/* Reads until @text comes, or until the end if it is NULL. */
static void expect(int fd, const char *text)
{
	size_t n = strlen(output);
	ssize_t got;

	while (!text || !strstr(output, text)) {
		got = read(fd, output + n, sizeof(output) - 1 - n);
		if (got <= 0)
			break;
		n += got;
		output[n] = 0;
	}
	if (text)
		assert_says(text);
}

static int finish(pid_t pid, int fd)
{
	int status;

	expect(fd, NULL);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("signal %d: %s", WTERMSIG(status), output);
	return WEXITSTATUS(status);
}

static pid_t begin(int *fd, const char *terminal, char *const *argv)
{
	pid_t pid;

	*output = 0;
	*fd = start(&pid, terminal, argv);
	return pid;
}

#define BEGIN(terminal, ...) \
	begin(&fd, terminal, (char *const[]){ "top", __VA_ARGS__, NULL })

static void without_a_terminal_tables_are_printed(void **state)
{
	const char *second;
	int fd, width;
	pid_t pid = BEGIN(NULL, "-n", "2", "-d", "20ms", "--filter", "brick");

	(void)state;
	assert_int_equal(finish(pid, fd), 0);
	second = strstr(output, "\n\n");
	assert_non_null(second);
	assert_null(strstr(second + 1, "\n\n"));
	assert_says(
		" 1 of 1 bricks by runs, every 0.02 s, with 'brick'\nhooks quiet, in place for 50.0 %\n"
		"lost 3 threads and 4 runs, 2 sessions, 5 threads\nSESSION     PID PROGRAM ");
	assert_says(
		"\n      1     100 player               0.0           -     -      0.0     - measure   -     brick 0\n");
	/* A terminal that has no cursor has lines of its width. */
	pid = BEGIN("dumb", "-n", "1", "-d", "20ms", "-t");
	assert_int_equal(finish(pid, fd), 0);
	width = (int)(strchr(output, '\r') - output);
	assert_int_equal(width, 80);
	assert_null(strchr(output, 0x1b));
	pid = BEGIN("xterm", "-n", "1", "-d", "20ms", "--plain");
	assert_int_equal(finish(pid, fd), 0);
	assert_null(strchr(output, 0x1b));
}

static void each_update_is_an_object(void **state)
{
	json_t *one;
	char *end;
	int fd;
	pid_t pid;

	(void)state;
	host.n = 16;
	pid = BEGIN(NULL, "-n", "2", "-d", "20ms", "-j", "-t", "--session", "2", "--pid",
		    "105");
	assert_int_equal(finish(pid, fd), 0);
	assert_says("{\"session\":2,\"pid\":105,\"tid\":205,");
	end = strchr(output, '\n');
	one = json_loadb(output, end - output, 0, NULL);
	assert_true(json_integer_value(json_object_get(one, "elapsed_ns")) >= 20000000);
	assert_int_equal(json_array_size(json_object_get(one, "threads")), 1);
	json_decref(one);
	assert_non_null(strchr(end + 1, '\n'));
	assert_null(strchr(strchr(end + 1, '\n') + 1, '\n'));
	pid = BEGIN(NULL, "-n", "1", "-d", "20ms", "--pretty");
	assert_int_equal(finish(pid, fd), 0);
	assert_says("{\n  \"schema\":1,\n");
}

static void keys(void **state)
{
	int fd;
	pid_t pid;

	(void)state;
	host.n = 16;
	strcpy(host.bricks[15].get.name, "last");
	pid = BEGIN("xterm", "-d", "50ms");
	/* The alternate screen; there is room for twelve rows. */
	expect(fd, "\x1b[?1049h");
	expect(fd, "brick 11");
	assert_null(strstr(output, "last"));
	assert_says("\x1b[0;7m");
	dprintf(fd, "\x1b[6~");
	expect(fd, "last");
	dprintf(fd, "t");
	expect(fd, "CALLS/S");
	expect(fd, "worker");
	/* Control-L has the whole screen drawn, and not only what has changed. */
	dprintf(fd, "h\x0c");
	expect(fd, "this help");
	dprintf(fd, "xb/\x0c");
	expect(fd, "show only rows with:");
	dprintf(fd, "brick 3z\x7f\r");
	expect(fd, "with 'brick 3'");
	dprintf(fd, "d\x0c");
	expect(fd, "time between updates:");
	/* What is wrong is refused, and can be corrected. */
	dprintf(fd, "1ms\r");
	expect(fd, "\a");
	dprintf(fd, "\x15"
		    "70ms\r");
	expect(fd, "0.07 s");
	dprintf(fd, " ");
	expect(fd, "paused");
	dprintf(fd, "q");
	assert_int_equal(finish(pid, fd), 0);
	assert_says("\x1b[?1049l");
}

static void the_terminal_is_given_back(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	const char *end;
	size_t i;
	int fd;
	pid_t pid;

	(void)state;
	for (i = 0; i < 3; i++) {
		pid = BEGIN("xterm", "-d", "1000");
		expect(fd, "brick 0");
		kill(pid, signals[i]);
		assert_int_equal(finish(pid, fd), 0);
		assert_says("\x1b[?1049l");
	}
	/* What went wrong is said after that. */
	host.fail_at = 3;
	setenv("NO_COLOR", "1", 1);
	pid = BEGIN("xterm", "-d", "20ms");
	assert_int_equal(finish(pid, fd), 1);
	unsetenv("NO_COLOR");
	end = strstr(output, "\x1b[?1049l");
	assert_non_null(end);
	assert_non_null(strstr(end, "bricktrace: the module has gone"));
	assert_null(strstr(output, ";7m"));
	pid = BEGIN(NULL, "-d", "20ms");
	assert_int_equal(finish(pid, fd), 1);
}

static void another_size(void **state)
{
	const struct winsize size = { .ws_row = 10, .ws_col = 40 };
	int fd;
	pid_t pid = BEGIN("xterm", "-d", "1000");

	(void)state;
	expect(fd, "PROGRAM");
	*output = 0;
	ioctl(fd, TIOCSWINSZ, &size);
	/* There is no room between these columns for another one any more. */
	expect(fd, "MEAN S %OVER BRICK");
	dprintf(fd, "q");
	assert_int_equal(finish(pid, fd), 0);
}

static void wrong_arguments_are_refused(void **state)
{
	static const struct {
		const char *arguments, *says;
	} wrong[] = {
		{ "--sort calls", "unknown sort key 'calls'" },
		{ "-t --sort runs", "unknown sort key 'runs'" },
		{ "-d 1ms", "bad delay '1ms': the least time is 10 ms" },
		{ "-d x", "bad delay 'x': it must be a number" },
		{ "-n 0", "--count needs a whole number" },
		{ "--pid x", "bad process 'x': --pid needs" },
		{ "--session 0",
		  "bad session '0': the number of a session is 1 or greater" },
		{ "--filter $(printf %064d 0)", "no name has more than 63 bytes" },
		{ "4711", "unexpected argument '4711'" },
		{ "--what", "--what" },
	};
	char line[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(line, sizeof(line), "$B top %s 2>&1", wrong[i].arguments);
		assert_int_equal(run(line), 125);
		assert_says(wrong[i].says);
	}
	assert_int_equal(run("$B top --help"), 0);
	assert_says("Usage: bricktrace top");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rates_of_a_brick, reset),
		cmocka_unit_test_setup(what_was_not_measured_is_unknown, reset),
		cmocka_unit_test_setup(counters_that_went_back_are_unknown_once, reset),
		cmocka_unit_test_setup(rates_of_threads, reset),
		cmocka_unit_test(texts_match),
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(texts_are_cut_by_columns),
		cmocka_unit_test_setup(listings, reset),
		cmocka_unit_test_setup(lines_fit, reset),
		cmocka_unit_test(narrow_terminals_have_fewer_columns),
		cmocka_unit_test_setup(json, reset),
		cmocka_unit_test_setup(without_a_terminal_tables_are_printed, reset),
		cmocka_unit_test_setup(each_update_is_an_object, reset),
		cmocka_unit_test_setup(keys, reset),
		cmocka_unit_test_setup(the_terminal_is_given_back, reset),
		cmocka_unit_test_setup(another_size, reset),
		cmocka_unit_test(wrong_arguments_are_refused),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, enter, leave);
}
