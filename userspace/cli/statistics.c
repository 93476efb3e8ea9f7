// SPDX-License-Identifier: MIT
/* The statistics of a brick as text, which the output "table" prints for --repeat. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "filter.h"
#include "table.h"

static void statistics_runs(FILE *out, const struct repetition *r)
{
	fprintf(out, "runs:      %" PRIu64, r->statistics->runs);
	if (r->statistics->runs < r->planned)
		fprintf(out, " of %" PRIu32, r->planned);
	if (r->warm_up)
		fprintf(out, ", after %" PRIu32 " for warming up", r->warm_up);
	fputc('\n', out);
}

static void statistics_budget(FILE *out, const struct bt_statistics *s)
{
	char budget[32], median[32];

	if (s->budget_ns == BT_NONE)
		return;
	fprintf(out, "budget:    %s s, exceeded by %" PRIu64 " of %" PRIu64 " runs\n",
		table_seconds(budget, 11, s->budget_ns), s->over_budget, s->runs);
	fprintf(out, "grade:     %c, score %.1f, by the median of the last runs, %s s\n",
		s->grade, s->score,
		table_seconds(median, 11, table_ns(s->window_median_ns)));
}

static void statistics_statuses(FILE *out, const uint32_t *statuses)
{
	const char *label = "statuses:";
	int i;

	for (i = 0; i < STATUSES; i++)
		if (statuses[i]) {
			fprintf(out, "%-10s %d: %" PRIu32 "\n", label, i, statuses[i]);
			label = "";
		}
}

static void statistics_breakdown(FILE *out, const struct repetition *r,
				 const char *reason_text)
{
	const struct bt_statistics *s = r->statistics;
	const char *why = *reason_text ? reason_text : table_reason(r->reason);
	char how[128];

	if (s->traced == s->runs && !s->partial) {
		table_breakdown(out, "measured", "");
		return;
	}
	if (!s->traced)
		snprintf(how, sizeof(how), "not measured:");
	else
		snprintf(how, sizeof(how),
			 "%" PRIu64 " of %" PRIu64 " runs measured, %" PRIu64
			 " of them partially:",
			 s->traced, s->runs, s->partial);
	table_breakdown(out, how, why);
}

static void statistics_percentiles(FILE *out, const struct bt_statistics *s)
{
	static const double percent[] = { 50, 90, 99, 99.9 };
	char text[32];
	size_t i;

	fprintf(out, "%11s %11s %11s %11s %11s %11s\n", "min", "p50", "p90", "p99",
		"p99.9", "max");
	fprintf(out, "%.11s %.11s %.11s %.11s %.11s %.11s\n", TABLE_LINE, TABLE_LINE,
		TABLE_LINE, TABLE_LINE, TABLE_LINE, TABLE_LINE);
	fprintf(out, "%11s", table_seconds(text, 11, s->min_ns));
	for (i = 0; i < sizeof(percent) / sizeof(*percent); i++)
		fprintf(out, " %11s",
			table_seconds(text, 11,
				      table_ns(bt_statistics_percentile(s, percent[i]))));
	fprintf(out, " %11s\n", table_seconds(text, 11, s->max_ns));
}

static void statistics_categories(FILE *out, const struct repetition *r, const char *filter)
{
	const struct bt_statistics *s = r->statistics;
	const struct bt_mean_times *mean = bt_statistics_times(s);
	const struct bt_times t = {
		.thread_ns = table_ns(mean->thread_ns),
		.compute_ns = table_ns(mean->compute_ns),
		.compute_offcpu_ns = table_ns(mean->compute_offcpu_ns),
		.edge_ns = table_ns(mean->edge_ns),
		.control_ns = table_ns(mean->control_ns),
		.compute_runnable_ns = table_ns(mean->compute_runnable_ns),
		.minor_faults = table_ns(mean->minor_faults),
	};
	uint32_t i;

	table_head(out, &t);
	for (i = 0; i < s->n_categories; i++) {
		enum bt_category c = bt_statistics_category_at(s, i);
		const struct bt_mean_figures *f = bt_statistics_category(s, c);

		if (filter_category(filter, c, r->longest))
			table_part(out, &t, bt_category_name(c), table_ns(f->ns),
				   table_ns(f->offcpu_ns), table_ns(f->runnable_ns),
				   f->count, f->errors);
	}
	table_foot(out, &t, mean->minor_faults, mean->major_faults);
}

int table_print_statistics(FILE *out, const struct repetition *r,
			   const struct report *report)
{
	const struct bt_statistics *s = r->statistics;
	char mean[32], deviation[32];

	fputs("brick:     ", out);
	print_escaped(out, s->name);
	fputc('\n', out);
	statistics_runs(out, r);
	if (!s->runs)
		return 0;
	fprintf(out, "wall time: %s s +- %s s, CV %.2f %%\n",
		table_seconds(mean, 11, table_ns(s->mean_ns)),
		table_seconds(deviation, 11, table_ns(s->deviation_ns)), s->cv_percent);
	statistics_budget(out, s);
	statistics_statuses(out, r->statuses);
	statistics_breakdown(out, r, report->reason_text);
	table_filter(out, report->filter);
	fputc('\n', out);
	statistics_percentiles(out, s);
	fputc('\n', out);
	table_histogram(out, s);
	if (!s->traced)
		return 0;
	fprintf(out, "\nMeans of %" PRIu64 " runs:\n", s->traced);
	statistics_categories(out, r, report->filter);
	if (r->longest) {
		fprintf(out, "\nThe longest run, %s s:\n",
			table_seconds(mean, 11, r->longest->wall_ns));
		table_syscalls(out, r->longest, report);
		table_ioctls(out, r->longest, report);
		table_slow_calls(out, r->longest, report);
	}
	return 0;
}
