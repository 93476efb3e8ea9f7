// SPDX-License-Identifier: MIT
/* bricktrace list, which lists the sessions, threads or bricks of the host. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "cli.h"
#include "form.h"
#include "grid.h"
#include "host.h"
#include "json_options.h"
#include "table.h"
#include "user.h"

struct list {
	const struct list_kind *kind;
	const char *sort;
	struct json_options json;
	struct host_filter filter;
	struct host *host;
	struct grid *grid;
};

struct list_kind {
	const char *name;
	const struct grid_column *columns;
	/* Sets @grid, to NULL without memory. Returns 0, or what a function of host.h did. */
	int (*read)(struct list *list);
};

/* Sets the cells of a process and its user; 0 is a process that is not in this namespace. */
static void list_add_pid(struct grid *g, int32_t pid)
{
	grid_number(g, pid > 0 ? (uint64_t)pid : BT_NONE);
}

static void list_add_user(struct grid *g, uint32_t uid)
{
	char user[USER_NAME_LEN];

	grid_json(g, json_integer(uid));
	grid_text(g, user_name(uid, user));
}

static const struct grid_column list_session_columns[] = {
	GRID_ID("id", "id"),
	GRID_NAME("owner", "owner", .spare = true),
	GRID_ID("pid", "pid"),
	GRID_HIDDEN("uid"),
	GRID_NAME("user", "user"),
	GRID_NAME("comm", "program"),
	GRID_NAME("label", "label"),
	GRID_AMOUNT("threads", "threads"),
	GRID_AMOUNT("bricks", "bricks", .spare = true),
	GRID_AMOUNT("runs", "runs"),
	GRID_AMOUNT("runs_opened", "opened", .spare = true),
	GRID_AMOUNT("escalated", "escalated", .spare = true),
	GRID_AMOUNT("holds_ns", "holding", .spare = true),
	GRID_NAME("state", "state"),
	GRID_HIDDEN("holds"),
	GRID_HIDDEN("threads_lost"),
	GRID_HIDDEN("granted"),
	GRID_HIDDEN("refused"),
	GRID_HIDDEN("trace_limit"),
	GRID_HIDDEN("cv_threshold_percent"),
	GRID_HIDDEN("efficiency_threshold_percent"),
	GRID_HIDDEN("slow_ns"),
	GRID_HIDDEN("edge_ps"),
	{ 0 },
};

/* Returns NULL if that is not known: the device does not say that a session was detached. */
static const char *list_state(const struct list *l, const struct host_session *s)
{
	if (s->detached)
		return "detached";
	if (!s->s.enabled)
		return "off";
	return host_is_device(l->host) ? NULL : "on";
}

static void list_add_session(struct list *l, const struct host_session *one)
{
	const struct bricktrace_session *s = &one->s;
	/* The device does not say who holds the hooks. */
	uint64_t holds = host_is_device(l->host) ? BT_NONE : one->holds;
	struct grid *g = l->grid;

	grid_number(g, s->id);
	grid_text(g, one->owner == BRICKTRACE_OWNER_SOCKET ? "socket" : "device");
	list_add_pid(g, one->pid);
	list_add_user(g, one->uid);
	grid_text(g, one->comm);
	grid_text(g, s->label);
	grid_number(g, s->threads);
	grid_number(g, s->bricks);
	grid_number(g, s->runs);
	grid_number(g, s->runs_opened);
	grid_number(g, s->escalated);
	grid_ns(g, holds && holds != BT_NONE ? one->holds_ns : BT_NONE);
	grid_text(g, list_state(l, one));
	grid_colour(g, one->detached || !s->enabled ? COLOUR_YELLOW : COLOUR_NONE);
	grid_number(g, holds);
	grid_number(g, s->threads_lost);
	grid_number(g, s->granted);
	grid_number(g, s->refused);
	grid_number(g, s->trace_limit);
	grid_percent(g, s->cv_threshold / 1000.0);
	grid_percent(g, s->efficiency_threshold / 1000.0);
	grid_number(g, s->slow_ns);
	grid_number(g, s->edge_ps);
}

static int list_read_sessions(struct list *l)
{
	struct host_session *all = NULL;
	size_t n = 0, i;
	int err = host_list_sessions(l->host, &l->filter, &all, &n);

	l->grid = err ? NULL : grid_new(l->kind->columns, n);
	for (i = 0; l->grid && i < n; i++)
		list_add_session(l, &all[i]);
	free(all);
	return err;
}

static const struct grid_column list_thread_columns[] = {
	GRID_ID("session", "session", .spare = true),
	GRID_ID("pid", "pid"),
	GRID_ID("tid", "tid"),
	GRID_NAME("comm", "thread"),
	GRID_AMOUNT("thread_ns", "followed"),
	GRID_AMOUNT("calls_percent", "call%"),
	GRID_AMOUNT("offcpu_percent", "off%"),
	GRID_AMOUNT("calls", "calls"),
	GRID_AMOUNT("errors", "errors", .spare = true),
	GRID_NAME("dominant", "dominant"),
	GRID_HIDDEN("runs"),
	GRID_HIDDEN("offcpu_ns"),
	GRID_HIDDEN("inherit_threads"),
	GRID_HIDDEN("inherit_children"),
	GRID_HIDDEN("categories"),
	{ 0 },
};

static double list_share(uint64_t ns, uint64_t all_ns)
{
	bool known = ns != BT_NONE && all_ns != BT_NONE && all_ns;

	return known ? 100.0 * ns / all_ns : NAN;
}

/* A sum is not known if a part of it is not. */
static uint64_t list_sum(uint64_t a, uint64_t b)
{
	return a == BT_NONE || b == BT_NONE ? BT_NONE : a + b;
}

static json_t *list_categories_json(const struct host_thread *t)
{
	json_t *all = json_object();
	int c;

	for (c = 0; c < HOST_CATEGORIES; c++) {
		const struct bricktrace_figures *f = &t->calls[c];

		json_object_set_new(all, bt_category_name((enum bt_category)c),
				    json_pack("{s:o,s:o,s:o,s:o}", "count",
					      number_json(f->count), "errors",
					      number_json(f->errors), "ns",
					      number_json(f->ns), "offcpu_ns",
					      number_json(f->offcpu_ns)));
	}
	return all;
}

static void list_add_thread(struct list *l, const struct host_thread *t)
{
	uint64_t count = 0, errors = 0, ns = 0, most = 0;
	enum bt_category dominant = BT_CAT_NONE;
	struct grid *g = l->grid;
	int c;

	for (c = 0; c < HOST_CATEGORIES; c++) {
		count = list_sum(count, t->calls[c].count);
		errors = list_sum(errors, t->calls[c].errors);
		ns = list_sum(ns, t->calls[c].ns);
		if (t->calls[c].ns != BT_NONE && t->calls[c].ns > most) {
			most = t->calls[c].ns;
			dominant = (enum bt_category)c;
		}
	}
	grid_number(g, t->session);
	list_add_pid(g, t->pid);
	list_add_pid(g, t->tid);
	grid_text(g, t->comm);
	grid_ns(g, t->thread_ns);
	grid_percent(g, list_share(ns, t->thread_ns));
	grid_percent(g, list_share(t->offcpu_ns, t->thread_ns));
	grid_number(g, count);
	grid_number(g, errors);
	grid_text(g, bt_category_name(dominant));
	grid_number(g, t->runs);
	grid_number(g, t->offcpu_ns);
	grid_json(g, json_boolean(t->flags & BRICKTRACE_THREAD_INHERIT_THREADS));
	grid_json(g, json_boolean(t->flags & BRICKTRACE_THREAD_INHERIT_CHILDREN));
	grid_json(g, list_categories_json(t));
}

static int list_read_threads(struct list *l)
{
	struct host_thread *all = NULL;
	size_t n = 0, i;
	int err = host_list_threads(l->host, &l->filter, &all, &n);

	l->grid = err ? NULL : grid_new(l->kind->columns, n);
	for (i = 0; l->grid && i < n; i++)
		list_add_thread(l, &all[i]);
	free(all);
	return err;
}

static const struct grid_column list_brick_columns[] = {
	GRID_NAME("brick", "brick"),
	GRID_ID("session", "session", .spare = true),
	GRID_ID("pid", "pid", .spare = true),
	GRID_HIDDEN("uid"),
	GRID_HIDDEN("user"),
	GRID_NAME("comm", "program"),
	GRID_HIDDEN("label"),
	GRID_HIDDEN("name"),
	GRID_HIDDEN("number"),
	GRID_NAME("mode", "mode"),
	GRID_HIDDEN("escalated"),
	GRID_HIDDEN("baseline"),
	GRID_AMOUNT("runs", "runs"),
	GRID_AMOUNT("traced", "traced", .spare = true),
	GRID_HIDDEN("partial"),
	GRID_HIDDEN("runs_over_budget"),
	GRID_AMOUNT("over_percent", "over%"),
	GRID_AMOUNT("mean_ns", "mean"),
	GRID_AMOUNT("cv_percent", "cv%", .spare = true),
	GRID_HIDDEN("min_ns"),
	GRID_AMOUNT("p95_ns", "p95", .spare = true),
	GRID_AMOUNT("max_ns", "max"),
	GRID_AMOUNT("budget_ns", "budget"),
	GRID_HIDDEN("calls_percent"),
	GRID_NAME("dominant", "dominant"),
	GRID_HIDDEN("granted"),
	GRID_HIDDEN("refused"),
	{ 0 },
};

static void list_add_mode(struct grid *g, const struct bt_statistics *s)
{
	char mode[32];

	snprintf(mode, sizeof(mode), "%s%s", bt_mode_name(s->mode),
		 s->escalated ? "*" : "");
	grid_figure(g, mode, 0, json_string(bt_mode_name(s->mode)));
	grid_colour(g, s->escalated ? COLOUR_YELLOW : COLOUR_NONE);
	grid_json(g, json_boolean(s->escalated));
	grid_number(g, s->baseline);
}

static void list_add_origin(struct grid *g, const struct host_brick *b, const char *form)
{
	grid_text(g, form);
	grid_number(g, b->session);
	list_add_pid(g, b->pid);
	list_add_user(g, b->uid);
	grid_text(g, b->comm);
	grid_text(g, b->label);
	grid_text(g, b->get.name);
	grid_number(g, b->get.brick);
}

static void list_add_statistics(struct grid *g, const struct bt_statistics *s)
{
	list_add_mode(g, s);
	grid_number(g, s->runs);
	grid_number(g, s->traced);
	grid_number(g, s->partial);
	grid_number(g, s->budget_ns == BT_NONE ? BT_NONE : s->over_budget);
	grid_percent(g, books_over_percent(s));
	grid_colour(g, books_over_percent(s) > 0 ? COLOUR_RED : COLOUR_NONE);
	grid_ns(g, table_ns(s->mean_ns));
	grid_percent(g, s->cv_percent);
	grid_number(g, s->min_ns);
	grid_ns(g, table_ns(bt_statistics_percentile(s, 95)));
	grid_ns(g, s->max_ns);
	grid_ns(g, s->budget_ns);
	grid_percent(g, books_overhead_percent(s));
	grid_text(g, bt_category_name(books_dominant(s)));
	grid_number(g, s->granted);
	grid_number(g, s->refused);
}

static bool list_selects(const struct list *l, const struct host_brick *b)
{
	return (!l->filter.session || b->session == l->filter.session) &&
	       (!l->filter.pid || b->pid == l->filter.pid);
}

/* Adds the bricks that are selected; the others only decide about the forms. */
static int list_add_bricks(struct list *l, const struct host_brick *all, size_t n)
{
	char(*forms)[FORM_BRICK] = form_bricks(all, n);
	struct books books;
	size_t i;
	int err = 0;

	for (i = 0; forms && !err && i < n; i++) {
		if (!list_selects(l, &all[i]))
			continue;
		err = books_read(&books, &all[i]);
		if (err)
			break;
		list_add_origin(l->grid, &all[i], forms[i]);
		list_add_statistics(l->grid, books.statistics);
		books_free(&books);
	}
	free(forms);
	return forms ? err : -ENOMEM;
}

static int list_read_bricks(struct list *l)
{
	/* The short form of a name must be the only one on the host, not only in this list. */
	struct host_filter filter = { .name = l->filter.name, .books = true };
	struct host_brick *all = NULL;
	size_t n = 0, i, selected = 0;
	int err = host_list_bricks(l->host, &filter, &all, &n);

	for (i = 0; !err && i < n; i++)
		selected += list_selects(l, &all[i]);
	l->grid = err ? NULL : grid_new(l->kind->columns, selected);
	if (l->grid && list_add_bricks(l, all, n)) {
		grid_free(l->grid);
		l->grid = NULL;
	}
	free(all);
	return err;
}

static const struct list_kind list_kinds[] = {
	{ "sessions", list_session_columns, list_read_sessions },
	{ "threads", list_thread_columns, list_read_threads },
	{ "bricks", list_brick_columns, list_read_bricks },
	{ 0 },
};

static void list_help(void)
{
	puts("Usage: bricktrace list [OPTIONS] [sessions|threads|bricks]\n\n"
	     "Lists the sessions of the host, the threads that they follow, or their bricks, as far\n"
	     "as the user may see them. Times are in seconds; - is what is not known.\n\n"
	     "      --brick NAME   list only the bricks with this name\n"
	     "      --pid PID      list only what belongs to this process\n"
	     "      --session ID   list only this session, or what belongs to it\n"
	     "      --sort KEY     sort by this column, such as runs\n"
	     "  -j, --json         print JSON, which has more figures\n" JSON_HELP
	     "Exits with 0, 1 if the module cannot be asked, 125 if bricktrace itself fails.");
}

enum { LIST_BRICK = 512, LIST_PID, LIST_SESSION, LIST_SORT };

static int list_parse_option(int c, struct list *l)
{
	uint32_t pid = 0;
	int status;

	switch (c) {
	case LIST_BRICK:
		l->filter.name = optarg;
		return -1;
	case LIST_PID:
		status = parse_number("process", "--pid", 1, INT32_MAX, &pid);
		l->filter.pid = (int32_t)pid;
		return status;
	case LIST_SESSION:
		return host_parse_session(optarg, &l->filter.session);
	case LIST_SORT:
		l->sort = optarg;
		return -1;
	default:
		return json_options_parse(c, &l->json, list_help);
	}
}

static int list_complain_sort(const struct list *l)
{
	const struct grid_column *column;
	char keys[256] = "";
	size_t length = 0;

	for (column = l->kind->columns; column->member; column++)
		if (column->order != GRID_AS_IT_IS && length < sizeof(keys))
			length += snprintf(keys + length, sizeof(keys) - length, " %s",
					   column->head);
	complain("'%s' is no column of the %s; the columns are:%s", l->sort,
		 l->kind->name, keys);
	return EXIT_OWN;
}

/* Takes the word that says what to list. Returns -1, or the status to exit with. */
static int list_parse_kind(struct list *l, char **words)
{
	for (l->kind = list_kinds; *words && l->kind->name; l->kind++)
		if (!strcmp(*words, l->kind->name))
			break;
	if (!l->kind->name)
		complain("cannot list '%s': bricktrace list takes sessions, threads or bricks",
			 *words);
	else if (*words && words[1])
		complain("unexpected argument '%s': bricktrace list takes one of sessions, threads and bricks",
			 words[1]);
	else if (l->filter.name && l->kind->read != list_read_bricks)
		complain("--brick selects bricks, not %s: use bricktrace list bricks",
			 l->kind->name);
	else if (l->sort && !grid_key(l->kind->columns, l->sort))
		return list_complain_sort(l);
	else
		return -1;
	return EXIT_OWN;
}

static int list_parse(int argc, char **argv, struct list *l)
{
	static const struct option words[] = {
		OPTION("brick", required_argument, LIST_BRICK),
		JSON_WORDS,
		OPTION("pid", required_argument, LIST_PID),
		OPTION("session", required_argument, LIST_SESSION),
		OPTION("sort", required_argument, LIST_SORT),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 && (c = next_option(argc, argv, ":" JSON_LETTERS, words)) != -1)
		status = list_parse_option(c, l);
	return status < 0 ? list_parse_kind(l, argv + optind) : status;
}

static void list_print(const struct list *l)
{
	if (l->sort)
		grid_sort(l->grid, grid_key(l->kind->columns, l->sort));
	if (l->json.wanted)
		json_options_print(stdout, &l->json, grid_as_json(l->grid));
	else
		grid_print(stdout, l->grid);
}

int cmd_list(int argc, char **argv)
{
	struct list l = { 0 };
	int status = list_parse(argc, argv, &l), err;

	if (status >= 0)
		return status;
	status = host_open(&l.host, true);
	if (status)
		return status;
	err = l.kind->read(&l);
	if (err) {
		status = host_exit(err);
	} else if (!l.grid) {
		complain("no memory");
		status = EXIT_OWN;
	} else {
		list_print(&l);
	}
	grid_free(l.grid);
	host_close(l.host);
	return status;
}
