// SPDX-License-Identifier: MIT
/* The histogram of the durations of runs. */
#include <inttypes.h>

#include "cli.h"
#include "table.h"

/* So many lines, at most, are seen at a glance. */
#define HISTOGRAM_LINES 20

/* The columns of a line before its bar. */
#define HISTOGRAM_BAR 22

/* The lines of a histogram; each is about @step buckets. */
struct histogram {
	const struct bt_statistics *statistics;
	uint32_t first, end, step;
};

static struct histogram histogram_of(const struct bt_statistics *s)
{
	struct histogram h = { s, 0, BT_BUCKETS, 0 };

	while (h.first < h.end && !bt_statistics_bucket(s, h.first, NULL, NULL))
		h.first++;
	while (h.first < h.end && !bt_statistics_bucket(s, h.end - 1, NULL, NULL))
		h.end--;
	h.step = (h.end - h.first + HISTOGRAM_LINES - 1) / HISTOGRAM_LINES;
	return h;
}

static uint64_t histogram_runs(const struct histogram *h, uint32_t from, double *up_to_ns)
{
	uint64_t runs = 0;
	uint32_t i;

	for (i = from; i < from + h->step && i < BT_BUCKETS; i++)
		runs += bt_statistics_bucket(h->statistics, i, NULL, up_to_ns);
	return runs;
}

static void histogram_line(FILE *out, double up_to_ns, uint64_t runs, uint64_t most)
{
	char s[32];

	fprintf(out, "%11s %9" PRIu64, table_seconds(s, 11, table_ns(up_to_ns)), runs);
	if (runs)
		fputc(' ', out);
	print_bar(out, runs, most, terminal_columns(out) - HISTOGRAM_BAR);
	fputc('\n', out);
}

void table_histogram(FILE *out, const struct bt_statistics *s)
{
	struct histogram h = histogram_of(s);
	uint64_t most = s->zero, runs;
	double up_to_ns;
	uint32_t i;

	for (i = h.first; i < h.end; i += h.step) {
		runs = histogram_runs(&h, i, &up_to_ns);
		most = runs > most ? runs : most;
	}
	fprintf(out, "%11s %9s\n%.11s %.9s %.16s\n", "<= seconds", "runs", TABLE_LINE,
		TABLE_LINE, TABLE_LINE);
	if (s->zero)
		histogram_line(out, 0, s->zero, most);
	for (i = h.first; i < h.end; i += h.step) {
		runs = histogram_runs(&h, i, &up_to_ns);
		histogram_line(out, up_to_ns, runs, most);
	}
}
