// SPDX-License-Identifier: MIT
/* bricktrace show, which shows what the module knows of all runs of a brick. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "cli.h"
#include "grid.h"
#include "json_options.h"
#include "origin.h"
#include "table.h"
#include "user.h"

struct show {
	struct options options;
	struct json_options json;
	const char *name;
	struct host_brick *brick;
	struct books books;
	struct grid *assertions;
};

static void show_help(void)
{
	puts("Usage: bricktrace show [OPTIONS] BRICK\n\n"
	     "Shows what the module knows of all runs of a brick: NAME, PID:NAME or\n"
	     "session#ID:NAME, such as bricktrace list bricks shows. Times are in seconds.\n\n"
	     "      --ioctl-names FILE\n"
	     "                     take names of ioctls from FILE, too\n"
	     "  -j, --json         print JSON\n" JSON_HELP
	     "Exits with 0, 1 if there is no such brick, or several, or if the module cannot be\n"
	     "asked, 125 if bricktrace itself fails.");
}

static int show_parse_option(int c, struct show *s)
{
	return c == OPTION_IOCTL_NAMES ? parse_option(c, &s->options) :
					 json_options_parse(c, &s->json, show_help);
}

/* Returns -1 to go on, or the status to exit with. */
static int show_parse(int argc, char **argv, struct show *s)
{
	static const struct option words[] = {
		JSON_WORDS,
		OPTION("ioctl-names", required_argument, OPTION_IOCTL_NAMES),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 && (c = next_option(argc, argv, ":" JSON_LETTERS, words)) != -1)
		status = show_parse_option(c, s);
	if (status >= 0)
		return status;
	s->name = argv[optind];
	if (s->name && !argv[optind + 1])
		return -1;
	if (s->name)
		complain("unexpected argument '%s': bricktrace show takes one brick",
			 argv[optind + 1]);
	else
		complain("no brick to show; bricktrace list bricks shows which there are");
	return EXIT_OWN;
}

static const struct grid_column show_assertion_columns[] = {
	GRID_NAME("name", "assertion"),
	GRID_NAME("kind", "limits"),
	GRID_NAME("subject", "of"),
	GRID_AMOUNT("limit", "to"),
	GRID_AMOUNT("passed", "passed"),
	GRID_AMOUNT("failed", "failed"),
	GRID_AMOUNT("not_evaluated", "unknown"),
	{ 0 },
};

/* Sets the cell of a limit: seconds, per cent or a number in the table, and as it is in JSON. */
static void show_add_limit(struct grid *g, const struct bt_assertion *a)
{
	char text[32];

	if (a->kind == BT_ASSERT_CATEGORY_SHARE) {
		snprintf(text, sizeof(text), "%.3f %%", a->limit / 1000.0);
		grid_figure(g, text, 0, number_json(a->limit));
	} else if (a->kind == BT_ASSERT_SYSCALL_COUNT) {
		grid_number(g, a->limit);
	} else {
		grid_ns(g, a->limit);
	}
}

static void show_add_assertion(struct grid *g, const struct bt_assertion *a)
{
	char syscall[64];

	grid_text(g, a->name);
	grid_text(g, bt_assertion_kind_name(a->kind));
	if (a->kind == BT_ASSERT_SYSCALL_COUNT) {
		bti_syscall_name(bti_machine(bti_host), a->nr, a->arch, BT_CAT_NONE,
				 syscall, sizeof(syscall));
		grid_text(g, syscall);
	} else {
		grid_text(g, a->category == BT_CAT_NONE ? NULL :
							  bt_category_name(a->category));
	}
	show_add_limit(g, a);
	grid_number(g, a->passed);
	grid_number(g, a->failed);
	grid_colour(g, a->failed ? COLOUR_RED : COLOUR_NONE);
	grid_number(g, a->not_evaluated);
}

/* Returns 0, or -1 without memory. */
static int show_read(struct show *s)
{
	const struct bt_statistics *statistics;
	uint32_t i;

	if (books_read(&s->books, s->brick))
		return -1;
	statistics = s->books.statistics;
	s->assertions = grid_new(show_assertion_columns, statistics->n_assertions);
	for (i = 0; s->assertions && i < statistics->n_assertions; i++)
		show_add_assertion(s->assertions, bt_statistics_assertion(statistics, i));
	return s->assertions ? 0 : -1;
}

static void show_print_origin(FILE *out, const struct show *s)
{
	const struct bt_statistics *statistics = s->books.statistics;
	char user[USER_NAME_LEN];

	fputs("program:   ", out);
	print_process(out, s->brick->comm, s->brick->pid);
	fputs(" of user ", out);
	print_escaped(out, user_name(s->brick->uid, user));
	fprintf(out, "\nsession:   %" PRIu64 "\n", s->brick->session);
	if (*s->brick->label) {
		fputs("label:     ", out);
		print_escaped(out, s->brick->label);
		fputc('\n', out);
	}
	fprintf(out, "mode:      %s", bt_mode_name(statistics->mode));
	if (statistics->escalated)
		fputs(", escalated", out);
	if (statistics->baseline)
		fprintf(out, ", baseline %" PRIu32, statistics->baseline);
	fputc('\n', out);
}

/* Says why runs may be without a breakdown. */
static const char *show_mode_text(enum bt_mode mode)
{
	switch (mode) {
	case BT_MODE_MEASURE:
		return "in mode measure, a run is traced only if its program asks for that";
	case BT_MODE_NEXT:
		return "in mode next, runs are traced from an anomaly on";
	default:
		return "the program asked for their durations only, or they could not be traced";
	}
}

static void show_print_calls(FILE *out, const struct bt_statistics *s)
{
	enum bt_category most = books_dominant(s);

	if (isnan(books_overhead_percent(s)))
		return;
	fprintf(out, "\nCalls took %.2f %% of the thread time", books_overhead_percent(s));
	if (most != BT_CAT_NONE)
		fprintf(out, ", most of it in %s", bt_category_name(most));
	fputs(".\n", out);
}

/* Prints the last runs as a line of bars, which are as high as the runs were long. */
static void show_print_window(FILE *out, const struct bt_statistics *s)
{
	char longest[32], median[32];
	uint64_t most = 0;
	uint32_t i;

	for (i = 0; i < s->window_runs; i++)
		most = bt_statistics_window(s, i) > most ? bt_statistics_window(s, i) :
							   most;
	if (!s->window_runs)
		return;
	fprintf(out, "\nThe last %" PRIu32 " runs: median %s s, CV %.2f %%",
		s->window_runs, table_seconds(median, 11, table_ns(s->window_median_ns)),
		s->window_cv_percent);
	if (!isnan(s->efficiency))
		fprintf(out, ", efficiency %.2f %%", 100 * s->efficiency);
	fputc('\n', out);
	for (i = 0; i < s->window_runs; i++)
		print_level(out, bt_statistics_window(s, i), most);
	fprintf(out, "\nThe oldest is at the left; the longest took %s s.\n",
		table_seconds(longest, 11, most));
}

static void show_print_longest(FILE *out, const struct bt_result *r,
			       const struct report *report)
{
	char wall[32];

	if (!r)
		return;
	fprintf(out, "\nThe longest traced run, %s s:\n",
		table_seconds(wall, 11, r->wall_ns));
	if (r->provenance == BT_PARTIAL)
		table_breakdown(
			out, "partial, these are lower bounds:", table_reason(r->reason));
	table_categories(out, r, NULL);
	table_slow_calls(out, r, report);
}

static void show_print(FILE *out, const struct show *s)
{
	const struct bt_statistics *statistics = s->books.statistics;
	const struct repetition runs = { .statistics = statistics };
	struct report report = s->options.report;

	report.reason_text = show_mode_text(statistics->mode);
	show_print_origin(out, s);
	table_print_statistics(out, &runs, &report);
	show_print_calls(out, statistics);
	show_print_window(out, statistics);
	if (statistics->n_assertions) {
		fputc('\n', out);
		grid_print(out, s->assertions);
	}
	show_print_longest(out, s->books.longest, &report);
}

static json_t *show_window_json(const struct bt_statistics *s)
{
	json_t *all = json_array();
	uint32_t i;

	for (i = 0; i < s->window_runs; i++)
		json_array_append_new(all, number_json(bt_statistics_window(s, i)));
	return all;
}

static void show_json_add_origin(json_t *j, const struct host_brick *b)
{
	json_object_set_new(j, "session", number_json(b->session));
	json_object_set_new(j, "number", json_integer(b->get.brick));
	json_object_set_new(j, "pid", some_json(b->pid));
	json_object_set_new(j, "uid", json_integer(b->uid));
	json_object_set_new(j, "user", user_json(b->uid));
	json_object_set_new(j, "comm", nonempty_json(b->comm));
	json_object_set_new(j, "label", nonempty_json(b->label));
}

static json_t *show_json(const struct show *s)
{
	/* What only run --repeat knows of runs. */
	static const char *const without[] = { "planned", "warm_up", "statuses", "reason" };
	const struct bt_statistics *statistics = s->books.statistics;
	const struct repetition runs = { .statistics = statistics,
					 .longest = s->books.longest };
	json_t *j = repetition_json(&runs, &s->options.report);
	size_t i;

	for (i = 0; i < sizeof(without) / sizeof(*without); i++)
		json_object_del(j, without[i]);
	show_json_add_origin(j, s->brick);
	json_object_set_new(j, "mode", json_string(bt_mode_name(statistics->mode)));
	json_object_set_new(j, "escalated", json_boolean(statistics->escalated));
	json_object_set_new(j, "baseline", json_integer(statistics->baseline));
	json_object_set_new(j, "granted", number_json(statistics->granted));
	json_object_set_new(j, "refused", number_json(statistics->refused));
	json_object_set_new(j, "overhead_percent",
			    real_json(books_overhead_percent(statistics)));
	json_object_set_new(j, "dominant",
			    text_json(bt_category_name(books_dominant(statistics))));
	json_object_set_new(json_object_get(j, "window"), "durations_ns",
			    show_window_json(statistics));
	json_object_set_new(j, "assertions", grid_as_json(s->assertions));
	/* The module keeps the categories of the longest run, and not its system calls. */
	json_object_set_new(json_object_get(j, "longest"), "syscalls", json_null());
	return j;
}

/* Returns the status to exit with. */
static int show(struct show *s)
{
	if (show_read(s)) {
		complain("no memory");
		return EXIT_OWN;
	}
	if (s->json.wanted)
		json_options_print(stdout, &s->json, show_json(s));
	else
		show_print(stdout, s);
	return 0;
}

int cmd_show(int argc, char **argv)
{
	struct show s = { .options = NO_OPTIONS };
	struct host *host = NULL;
	int status = show_parse(argc, argv, &s), err;

	if (status >= 0)
		return status;
	/* What the session takes for slow is not known, and the threads may be others today. */
	s.options.report.slow_ns = BT_NONE;
	s.options.report.recorded = true;
	status = host_open(&host, true);
	if (status)
		return status;
	err = host_find_brick(host, s.name, true, &s.brick);
	status = err ? host_exit(err) : show(&s);
	grid_free(s.assertions);
	books_free(&s.books);
	free(s.brick);
	host_close(host);
	return status;
}
