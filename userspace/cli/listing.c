// SPDX-License-Identifier: MIT
/* What bricktrace top shows, as lines of text and as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cell.h"
#include "cli.h"
#include "top.h"

static const char *const listing_views[] = {
	[RATES_BRICKS] = "bricks", [RATES_THREADS] = "threads"
};

static void listing_print_choice(FILE *out, const struct top *top)
{
	print_daytime(out, top->now.unix_ns, false);
	fprintf(out, " %zu of %zu %s by %s%s, every %g s", top->n, top->now.n,
		listing_views[top->view], top->by->key, top->reverse ? " reversed" : "",
		top->delay_ns / 1e9);
	if (*top->text)
		fprintf(out, ", with '%s'", top->text);
	if (top->paused)
		fputs(", paused", out);
}

static void listing_print_hooks(FILE *out, const struct top *top)
{
	fprintf(out, "hooks %s, in place for ", host_hooks_name(top->now.status.hooks));
	if (isnan(top->now.armed_percent))
		fputs("- %", out);
	else
		fprintf(out, "%.1f %%", top->now.armed_percent);
}

static void listing_print_numbers(FILE *out, const struct top *top)
{
	const struct host_status *s = &top->now.status;

	fprintf(out,
		"lost %" PRIu64 " threads and %" PRIu64 " runs, %" PRIu64
		" sessions, %" PRIu64 " threads",
		s->threads_lost, s->stream_lost, s->sessions, s->threads);
}

void listing_print_head(FILE *out, const struct top *top, int width)
{
	static void (*const lines[LISTING_HEAD])(FILE * out, const struct top *top) = {
		listing_print_choice, listing_print_hooks, listing_print_numbers
	};
	size_t i, size;
	char *text;
	FILE *line;

	for (i = 0; i < LISTING_HEAD; i++) {
		text = NULL;
		line = open_memstream(&text, &size);
		if (line) {
			lines[i](line, top);
			fclose(line);
		}
		cell_print(out, text ?: "", width, true);
		fputc('\n', out);
		free(text);
	}
}

void listing_print(FILE *out, const struct top *top, int width, size_t first, size_t rows)
{
	size_t i;

	columns_print(out, top->view, NULL, width);
	for (i = first; i < top->n && i - first < rows; i++)
		columns_print(out, top->view, top->rows[i], width);
}

void listing_print_json(FILE *out, const struct top *top, const struct json_options *options)
{
	const struct rates *r = &top->now;
	const struct host_status *s = &r->status;
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < top->n; i++)
		json_array_append_new(rows, columns_json(top->view, top->rows[i]));
	json_options_print(
		out, options,
		json_pack("{s:i,s:o,s:o,s:{s:s,s:o,s:o,s:o,s:o,s:o,s:o},s:o}", "schema",
			  1, "unix_ns", number_json(r->unix_ns), "elapsed_ns",
			  number_json(r->elapsed_ns), "host", "hooks",
			  host_hooks_name(s->hooks), "armed_percent",
			  real_json(r->armed_percent), "sessions", number_json(s->sessions),
			  "threads", number_json(s->threads), "runs", number_json(s->runs),
			  "threads_lost", number_json(s->threads_lost), "stream_lost",
			  number_json(s->stream_lost), listing_views[top->view], rows));
}
