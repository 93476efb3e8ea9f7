// SPDX-License-Identifier: MIT
/*
 * The output "csv": a line for each row of the tables, all with the same columns. A field is
 * empty if the figure was not measured, or if the row has no such figure.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../decode/decode.h"
#include "cli.h"
#include "filter.h"
#include "ioctls.h"
#include "slow.h"

/* The columns; the first one is there with --interval only. */
enum csv_column {
	CSV_ELAPSED_NS,
	CSV_BRICK,
	CSV_PROVENANCE,
	CSV_REASON,
	CSV_TABLE,
	CSV_NAME,
	CSV_ARCH,
	CSV_DEVICE,
	CSV_REQUEST,
	CSV_COMMAND,
	CSV_COUNT,
	CSV_IN_FLIGHT,
	CSV_ERRORS,
	CSV_NS,
	CSV_OFFCPU_NS,
	CSV_RUNNABLE_NS,
	CSV_MAX_NS,
	CSV_TID,
	CSV_START_UNIX_NS,
	CSV_ARG0,
	CSV_RET,
	CSV_PATH,
	CSV_COLUMNS,
};

static const char csv_first[] = "elapsed_ns,";
static const char csv_names[] =
	"brick,provenance,reason,table,name,arch,device,request,command,count,in_flight,errors,ns,"
	"offcpu_ns,runnable_ns,max_ns,tid,start_unix_ns,arg0,ret,path\n";

/* One line; a field that is NULL is empty. */
struct csv_line {
	const char *field[CSV_COLUMNS];
	char number[CSV_COLUMNS][32];
};

/* What the lines of a report have in common. */
struct csv {
	FILE *out;
	const struct report *report;
	const char *brick, *provenance, *reason;
};

/*
 * Prints a text with its control characters escaped as in tables, so that each row is one line.
 * The first character is escaped, too, if it would make a spreadsheet take the text for a
 * formula.
 */
static void csv_print_text(FILE *out, const char *text)
{
	char *escaped = escape(text), *c = escaped ?: (char *)"";
	bool quotes = strpbrk(c, ",\"");

	if (quotes)
		fputc('"', out);
	if (*c && strchr("=+-@", *c))
		fprintf(out, "\\x%02x", *c++);
	for (; *c; c++)
		fputs(*c == '"' ? "\"\"" : (char[]){ *c, 0 }, out);
	if (quotes)
		fputc('"', out);
	free(escaped);
}

static void csv_print(const struct csv *csv, const struct csv_line *line)
{
	int first = csv->report->intervals ? CSV_ELAPSED_NS : CSV_BRICK, i;

	for (i = first; i < CSV_COLUMNS; i++) {
		if (i > first)
			fputc(',', csv->out);
		if (line->field[i] == line->number[i])
			fputs(line->field[i], csv->out);
		else if (line->field[i])
			csv_print_text(csv->out, line->field[i]);
	}
	fputc('\n', csv->out);
}

static void csv_set(struct csv_line *line, enum csv_column column, uint64_t n)
{
	if (n == BT_NONE)
		return;
	snprintf(line->number[column], sizeof(line->number[column]), "%" PRIu64, n);
	line->field[column] = line->number[column];
}

static void csv_set_signed(struct csv_line *line, enum csv_column column, int64_t n)
{
	snprintf(line->number[column], sizeof(line->number[column]), "%" PRId64, n);
	line->field[column] = line->number[column];
}

static void csv_set_real(struct csv_line *line, enum csv_column column, double n)
{
	if (isnan(n))
		return;
	snprintf(line->number[column], sizeof(line->number[column]), "%.15g", n);
	line->field[column] = line->number[column];
}

static void csv_begin(const struct csv *csv, struct csv_line *line, const char *table,
		      const char *name)
{
	*line = (struct csv_line){ .field = { [CSV_BRICK] = csv->brick,
					      [CSV_PROVENANCE] = csv->provenance,
					      [CSV_REASON] = csv->reason,
					      [CSV_TABLE] = table,
					      [CSV_NAME] = name } };
	csv_set(line, CSV_ELAPSED_NS, csv->report->elapsed_ns);
}

static void csv_set_figures(struct csv_line *line, const struct bt_figures *f)
{
	csv_set(line, CSV_COUNT, f->count);
	csv_set(line, CSV_IN_FLIGHT, f->in_flight);
	csv_set(line, CSV_ERRORS, f->errors);
	csv_set(line, CSV_NS, f->ns);
	csv_set(line, CSV_OFFCPU_NS, f->offcpu_ns);
	csv_set(line, CSV_RUNNABLE_NS, f->runnable_ns);
	csv_set(line, CSV_MAX_NS, f->max_ns);
}

/* Prints a row that has a number and times, or BT_NONE in their place, but no call. */
static void csv_print_part(const struct csv *csv, const char *name, uint64_t count,
			   uint64_t ns, uint64_t offcpu_ns, uint64_t runnable_ns)
{
	struct csv_line line;

	csv_begin(csv, &line, "run", name);
	csv_set(&line, CSV_COUNT, count);
	csv_set(&line, CSV_NS, ns);
	csv_set(&line, CSV_OFFCPU_NS, offcpu_ns);
	csv_set(&line, CSV_RUNNABLE_NS, runnable_ns);
	csv_print(csv, &line);
}

static void csv_print_whole(const struct csv *csv, const struct bt_result *r)
{
	const struct bt_times *t = bt_result_times(r, BT_INCLUSIVE);

	csv_print_part(csv, "wall", BT_NONE, r->wall_ns, BT_NONE, BT_NONE);
	if (r->budget_ns != BT_NONE)
		csv_print_part(csv, "budget", BT_NONE, r->budget_ns, BT_NONE, BT_NONE);
	if (r->provenance == BT_NOT_INSTRUMENTED)
		return;
	csv_print_part(csv, "threads", r->threads, t->thread_ns, BT_NONE, BT_NONE);
	csv_print_part(csv, "compute", BT_NONE, t->compute_ns, t->compute_offcpu_ns,
		       t->compute_runnable_ns);
	csv_print_part(csv, "edge", BT_NONE, t->edge_ns, BT_NONE, BT_NONE);
	csv_print_part(csv, "control", BT_NONE, t->control_ns, BT_NONE, BT_NONE);
	csv_print_part(csv, "minor_faults", t->minor_faults, BT_NONE, BT_NONE, BT_NONE);
	csv_print_part(csv, "major_faults", t->major_faults, BT_NONE, BT_NONE, BT_NONE);
	if (bt_result_has_slow_calls(r) && csv->report->slow_ns)
		csv_print_part(csv, "slow_calls_incomplete", r->slow_incomplete, BT_NONE,
			       BT_NONE, BT_NONE);
}

static void csv_print_categories(const struct csv *csv, const struct bt_result *r)
{
	struct csv_line line;
	uint32_t i;

	for (i = 0; i < r->n_categories; i++) {
		enum bt_category c = bt_result_category_at(r, i);

		if (!filter_category(csv->report->filter, c, r))
			continue;
		csv_begin(csv, &line, "category", bt_category_name(c));
		csv_set_figures(&line, bt_result_category(r, c, BT_INCLUSIVE));
		csv_print(csv, &line);
	}
}

static void csv_print_syscalls(const struct csv *csv, const struct bt_syscall **list)
{
	struct csv_line line;

	for (; *list; list++) {
		csv_begin(csv, &line, "syscall", (*list)->name);
		line.field[CSV_ARCH] = (*list)->arch_name;
		csv_set_figures(&line, bt_syscall_figures(*list, BT_INCLUSIVE));
		csv_print(csv, &line);
	}
}

static void csv_set_ioctl(struct csv_line *line, const struct bt_ioctl *ioctl,
			  struct decoded *decoded)
{
	decode_ioctl(ioctl, decoded);
	line->field[CSV_DEVICE] = decoded->device;
	line->field[CSV_REQUEST] = decoded->request;
	line->field[CSV_COMMAND] = decoded->command;
}

static void csv_print_ioctls(const struct csv *csv, const struct bt_ioctl **list)
{
	struct decoded decoded;
	struct csv_line line;

	for (; *list; list++) {
		csv_begin(csv, &line, "ioctl", "ioctl");
		line.field[CSV_ARCH] = (*list)->arch_name;
		csv_set_ioctl(&line, *list, &decoded);
		csv_set_figures(&line, bt_ioctl_figures(*list, BT_INCLUSIVE));
		csv_print(csv, &line);
	}
}

static void csv_print_slow_call(const struct csv *csv, const struct bt_slow_call *call)
{
	struct decoded decoded;
	struct csv_line line;
	char path[PATH_MAX];

	csv_begin(csv, &line, "slow", call->name);
	line.field[CSV_ARCH] = call->arch_name;
	if (call->ioctl)
		csv_set_ioctl(&line, call->ioctl, &decoded);
	csv_set(&line, CSV_NS, call->ns);
	csv_set(&line, CSV_OFFCPU_NS, call->offcpu_ns);
	if (call->tid > 0)
		csv_set(&line, CSV_TID, call->tid);
	csv_set(&line, CSV_START_UNIX_NS, call->start_unix_ns);
	csv_set_signed(&line, CSV_ARG0, call->arg0);
	csv_set_signed(&line, CSV_RET, call->ret);
	if (slow_file(call, csv->report, path))
		line.field[CSV_PATH] = path;
	csv_print(csv, &line);
}

static void csv_print_slow_calls(const struct csv *csv, const struct bt_result *r)
{
	const struct bt_slow_call *call;
	uint32_t i;

	for (i = 0; (call = bt_result_slow_call(r, i)); i++)
		if (filter_slow_call(csv->report->filter, call))
			csv_print_slow_call(csv, call);
}

static int csv_print_result(FILE *out, const struct bt_result *r,
			    const struct report *report)
{
	const struct bt_syscall **syscalls =
		sorted_syscalls(r, report->sort, report->filter);
	const struct bt_ioctl **ioctls = ioctls_shown(r, report->filter);
	int err = syscalls && ioctls ? 0 : -1;
	/* The functions that return names may use one buffer. */
	char provenance[32];
	struct csv csv = { out, report, r->brick, provenance, bt_reason_name(r->reason) };

	snprintf(provenance, sizeof(provenance), "%s", bt_provenance_name(r->provenance));
	if (!err) {
		csv_print_whole(&csv, r);
		if (r->provenance != BT_NOT_INSTRUMENTED)
			csv_print_categories(&csv, r);
		csv_print_syscalls(&csv, syscalls);
		csv_print_ioctls(&csv, ioctls);
		csv_print_slow_calls(&csv, r);
	}
	free(syscalls);
	free(ioctls);
	return err;
}

/* Prints the names of the columns, and what the filter selects. */
static void csv_print_head(FILE *out, const struct report *report)
{
	const struct csv csv = { .out = out, .report = report };
	struct csv_line line;

	if (report->continued)
		return;
	fprintf(out, "%s%s", report->intervals ? csv_first : "", csv_names);
	if (!report->filter)
		return;
	csv_begin(&csv, &line, "filter", report->filter);
	line.field[CSV_ELAPSED_NS] = NULL;
	csv_print(&csv, &line);
}

static int print_csv(FILE *out, const struct bt_result *r, const struct report *report)
{
	csv_print_head(out, report);
	return csv_print_result(out, r, report);
}

/* Prints a row of the statistics, with NAN in place of what it does not have. */
static void csv_print_statistic(const struct csv *csv, const char *table,
				const char *name, double count, double ns)
{
	struct csv_line line;

	csv_begin(csv, &line, table, name);
	csv_set_real(&line, CSV_COUNT, count);
	csv_set_real(&line, CSV_NS, ns);
	csv_print(csv, &line);
}

static void csv_print_durations(const struct csv *csv, const struct bt_statistics *s)
{
	const struct {
		const char *name;
		double ns;
	} rows[] = {
		{ "mean", s->mean_ns },
		{ "deviation", s->deviation_ns },
		{ "min", s->runs ? s->min_ns : NAN },
		{ "p50", bt_statistics_percentile(s, 50) },
		{ "p90", bt_statistics_percentile(s, 90) },
		{ "p99", bt_statistics_percentile(s, 99) },
		{ "p99.9", bt_statistics_percentile(s, 99.9) },
		{ "max", s->runs ? s->max_ns : NAN },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		csv_print_statistic(csv, "statistics", rows[i].name, NAN, rows[i].ns);
}

static void csv_print_histogram(const struct csv *csv, const struct bt_statistics *s)
{
	double up_to_ns;
	uint64_t runs;
	uint32_t i;

	if (s->zero)
		csv_print_statistic(csv, "histogram", "up_to", s->zero, 0);
	for (i = 0; i < BT_BUCKETS; i++) {
		runs = bt_statistics_bucket(s, i, NULL, &up_to_ns);
		if (runs)
			csv_print_statistic(csv, "histogram", "up_to", runs, up_to_ns);
	}
}

static void csv_print_means(const struct csv *csv, const struct repetition *r)
{
	const struct bt_statistics *s = r->statistics;
	const struct bt_mean_times *t = bt_statistics_times(s);
	struct csv_line line;
	uint32_t i;

	csv_print_statistic(csv, "mean", "threads", NAN, t->thread_ns);
	csv_begin(csv, &line, "mean", "compute");
	csv_set_real(&line, CSV_NS, t->compute_ns);
	csv_set_real(&line, CSV_OFFCPU_NS, t->compute_offcpu_ns);
	csv_set_real(&line, CSV_RUNNABLE_NS, t->compute_runnable_ns);
	csv_print(csv, &line);
	csv_print_statistic(csv, "mean", "edge", NAN, t->edge_ns);
	csv_print_statistic(csv, "mean", "control", NAN, t->control_ns);
	csv_print_statistic(csv, "mean", "minor_faults", t->minor_faults, NAN);
	csv_print_statistic(csv, "mean", "major_faults", t->major_faults, NAN);
	for (i = 0; i < s->n_categories; i++) {
		enum bt_category c = bt_statistics_category_at(s, i);
		const struct bt_mean_figures *f = bt_statistics_category(s, c);

		if (!filter_category(csv->report->filter, c, r->longest))
			continue;
		csv_begin(csv, &line, "mean", bt_category_name(c));
		csv_set_real(&line, CSV_COUNT, f->count);
		csv_set_real(&line, CSV_ERRORS, f->errors);
		csv_set_real(&line, CSV_NS, f->ns);
		csv_set_real(&line, CSV_OFFCPU_NS, f->offcpu_ns);
		csv_set_real(&line, CSV_RUNNABLE_NS, f->runnable_ns);
		csv_print(csv, &line);
	}
}

static int print_statistics_csv(FILE *out, const struct repetition *r,
				const struct report *report)
{
	const struct bt_statistics *s = r->statistics;
	enum bt_provenance provenance = !s->traced ? BT_NOT_INSTRUMENTED :
					s->traced < s->runs || s->partial ? BT_PARTIAL :
									    BT_MEASURED;
	const struct csv csv = { out, report, s->name, bt_provenance_name(provenance),
				 bt_reason_name(r->reason) };
	char status[16];
	int i;

	csv_print_head(out, report);
	csv_print_statistic(&csv, "statistics", "runs", s->runs, NAN);
	csv_print_statistic(&csv, "statistics", "traced", s->traced, NAN);
	if (s->budget_ns != BT_NONE)
		csv_print_statistic(&csv, "statistics", "over_budget", s->over_budget,
				    s->budget_ns);
	csv_print_durations(&csv, s);
	for (i = 0; i < STATUSES; i++) {
		snprintf(status, sizeof(status), "%d", i);
		if (r->statuses[i])
			csv_print_statistic(&csv, "status", status, r->statuses[i], NAN);
	}
	csv_print_histogram(&csv, s);
	if (s->traced)
		csv_print_means(&csv, r);
	return r->longest ? csv_print_result(out, r->longest, report) : 0;
}

const struct output output_csv = { "csv", "comma-separated values, a line for each row",
				   print_csv, print_statistics_csv };
