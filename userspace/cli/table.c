// SPDX-License-Identifier: MIT
/* The output "table", in the form of the tables of strace -c. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "cli.h"
#include "filter.h"
#include "output.h"
#include "table.h"

/* The columns before a cell that stands on a line of its own. */
#define TABLE_INDENT 10

struct table_note table_note_begin(FILE *out, const char *label)
{
	int length = fprintf(out, "%s ", label);

	return (struct table_note){ out, length, length };
}

static void table_note_add(struct table_note *n, const char *piece, int length)
{
	if (n->column > n->indent && n->column + 1 + length > TEXT_COLUMNS) {
		fprintf(n->out, "\n%*s", n->indent, "");
		n->column = n->indent;
	}
	n->column +=
		fprintf(n->out, "%s%.*s", n->column > n->indent ? " " : "", length, piece);
}

void table_note_add_words(struct table_note *n, const char *text)
{
	int length;

	for (; *text; text += length + strspn(text + length, " ")) {
		length = strcspn(text, " ");
		table_note_add(n, text, length);
	}
}

void table_filter(FILE *out, const char *filter)
{
	char *text = filter ? escape(filter) : NULL;
	struct table_note n;

	if (!text)
		return;
	n = table_note_begin(out, "shown:    ");
	table_note_add_words(&n, text);
	table_note_add_words(&n, "(-e); sums and percentages refer to everything");
	fputc('\n', out);
	free(text);
}

void table_last_cell(FILE *out, int before, int column, const char *text)
{
	char *escaped = escape(text);
	int width = escaped ? strlen(escaped) : 0;
	int left = terminal_columns(out) - width;

	if (!width)
		fputc('\n', out);
	else if (left >= column)
		fprintf(out, "%*s%s\n", column - before, "", escaped);
	else
		fprintf(out, "\n%*s%s\n", left < 0 ? 0 : MIN(left, TABLE_INDENT), "",
			escaped);
	free(escaped);
}

void table_breakdown(FILE *out, const char *how, const char *why)
{
	struct table_note n = table_note_begin(out, "breakdown:");

	table_note_add_words(&n, how);
	table_note_add_words(&n, why);
	fputc('\n', out);
}

uint64_t table_ns(double ns)
{
	/* A recording may have any figure. */
	return isnan(ns) || ns >= 0x1p63 ? BT_NONE : (uint64_t)(ns + 0.5);
}

const char *table_seconds(char *buf, int width, uint64_t ns)
{
	double s = ns / 1e9;

	if (ns == BT_NONE)
		return "-";
	snprintf(buf, 32, "%.*f", width - (s < 9.9 ? 2 : s < 9999 ? 5 : 8), s);
	return buf;
}

const char *table_number(char *buf, double n)
{
	snprintf(buf, 32, "%.*f",
		 n == (uint64_t)n ? 0 :
		 n < 99		  ? 3 :
		 n < 9999	  ? 1 :
				    0,
		 n);
	return buf;
}

static const char *table_errors(char *buf, double n)
{
	return n > 0 ? table_number(buf, n) : "";
}

static double table_percent(uint64_t ns, uint64_t total)
{
	return total ? 100.0 * ns / total : 0;
}

/*
 * If the module reports the time that threads waited for a CPU, the first table has
 * one column more, and each column is narrower.
 */
static bool table_divides(const struct bt_times *t)
{
	return t->compute_runnable_ns != BT_NONE;
}

static int table_time_width(const struct bt_times *t)
{
	return table_divides(t) ? 9 : 11;
}

static void table_cells(FILE *out, const struct bt_times *t, const char *share,
			const char *s, const char *on, const char *off, const char *waiting,
			const char *calls, const char *errors, const char *name)
{
	int width = table_time_width(t);

	fprintf(out, "%6s %*s %*s %*s ", share, width, s, width, on, width, off);
	if (table_divides(t))
		fprintf(out, "%*s ", width, waiting);
	fprintf(out, "%9s %*s %s\n", calls, table_divides(t) ? 6 : 9, errors, name);
}

static void table_rule(FILE *out, const struct bt_times *t)
{
	const char *end = strchr(TABLE_LINE, 0), *time = end - table_time_width(t);

	table_cells(out, t, end - 6, time, time, time, time, end - 9,
		    end - (table_divides(t) ? 6 : 9), TABLE_LINE);
}

void table_part(FILE *out, const struct bt_times *t, const char *name, uint64_t ns,
		uint64_t offcpu_ns, uint64_t runnable_ns, double calls, double errors)
{
	char share[32] = "-", s[32], on[32], off[32], waiting[32], n[32], e[32];
	uint64_t blocked_ns =
		table_divides(t) ? bt_blocked_ns(offcpu_ns, runnable_ns) : offcpu_ns;
	bool split = offcpu_ns != BT_NONE;
	int width = table_time_width(t);

	if (ns != BT_NONE)
		snprintf(share, sizeof(share), "%.2f", table_percent(ns, t->thread_ns));
	table_cells(
		out, t, share, table_seconds(s, width, ns),
		split ? table_seconds(on, width, ns > offcpu_ns ? ns - offcpu_ns : 0) : "",
		split ? table_seconds(off, width, blocked_ns) : "",
		split ? table_seconds(waiting, width, runnable_ns) : "",
		isnan(calls) ? "" : table_number(n, calls), table_errors(e, errors), name);
}

/* Prints the row of a part that has neither calls nor a known time off the CPU. */
static void table_whole(FILE *out, const struct bt_times *t, const char *name, uint64_t ns)
{
	table_part(out, t, name, ns, BT_NONE, BT_NONE, NAN, NAN);
}

void table_head(FILE *out, const struct bt_times *t)
{
	table_cells(out, t, "% time", "seconds", "on-CPU",
		    table_divides(t) ? "blocked" : "off-CPU", "waiting", "calls",
		    "errors", "category");
	table_rule(out, t);
}

void table_foot(FILE *out, const struct bt_times *t, double minor_faults,
		double major_faults)
{
	char minor[32], major[32];

	table_whole(out, t, t->edge_ns == BT_NONE ? "edge (unknown)" : "edge (estimated)",
		    t->edge_ns);
	table_whole(out, t, "control", t->control_ns);
	table_part(out, t, "compute", t->compute_ns, t->compute_offcpu_ns,
		   t->compute_runnable_ns, NAN, NAN);
	table_rule(out, t);
	table_whole(out, t, "thread time", t->thread_ns);
	if (t->minor_faults != BT_NONE)
		fprintf(out, "Page faults: %s minor, %s major.\n",
			table_number(minor, minor_faults),
			table_number(major, major_faults));
	fputs("Compute contains page faults outside calls, vDSO calls and polling a GPU. None\n"
	      "of these figures contains the work that io_uring does for a program.\n",
	      out);
}

void table_categories(FILE *out, const struct bt_result *result, const char *filter)
{
	const struct bt_times *t = bt_result_times(result, BT_INCLUSIVE);
	uint32_t i;

	table_head(out, t);
	for (i = 0; i < result->n_categories; i++) {
		enum bt_category c = bt_result_category_at(result, i);
		const struct bt_figures *f = bt_result_category(result, c, BT_INCLUSIVE);

		if (filter_category(filter, c, result))
			table_part(out, t, bt_category_name(c), f->ns, f->offcpu_ns,
				   f->runnable_ns, f->count, f->errors);
	}
	table_foot(out, t, t->minor_faults, t->major_faults);
}

static void table_row(FILE *out, uint64_t total, const struct bt_figures *f,
		      const char *name, const char *arch)
{
	char s[32], errors[32];

	fprintf(out, "%6.2f %11s %11.3f %9" PRIu64 " %9s %s%s%s%s\n",
		table_percent(f->ns, total), table_seconds(s, 11, f->ns),
		average_ns(f) / 1000, f->count, table_errors(errors, f->errors), name,
		arch ? " (" : "", arch ? arch : "", arch ? ")" : "");
}

static uint64_t table_in_flight(const struct bt_syscall *syscall)
{
	return bt_syscall_figures(syscall, BT_INCLUSIVE)->in_flight;
}

static void table_print_in_flight(FILE *out, const struct bt_syscall **list)
{
	struct table_note note;
	char piece[128];
	uint32_t i, left = 0;

	for (i = 0; list[i]; i++)
		left += table_in_flight(list[i]) > 0;
	if (!left)
		return;
	note = table_note_begin(out, "Under way at the end:");
	for (i = 0; list[i]; i++)
		if (table_in_flight(list[i]))
			table_note_add(&note, piece,
				       snprintf(piece, sizeof(piece), "%s %" PRIu64 "%s",
						list[i]->name, table_in_flight(list[i]),
						--left ? "," : ""));
	fputc('\n', out);
}

void table_syscalls(FILE *out, const struct bt_result *result, const struct report *report)
{
	const struct bt_syscall **list =
		sorted_syscalls(result, report->sort, report->filter);
	struct bt_figures total = { 0 };
	const struct bt_figures *f;
	uint32_t i;

	for (i = 0; i < result->n_categories; i++) {
		f = bt_result_category(result, bt_result_category_at(result, i),
				       BT_INCLUSIVE);
		total.count += f->count;
		total.in_flight += f->in_flight;
		total.errors += f->errors;
		total.ns += f->ns;
	}
	fprintf(out, "%6s %11s %11s %9s %9s %s\n", "% time", "seconds", "usecs/call",
		"calls", "errors", "syscall");
	fprintf(out, "%.6s %.11s %.11s %.9s %.9s %s\n", TABLE_LINE, TABLE_LINE,
		TABLE_LINE, TABLE_LINE, TABLE_LINE, TABLE_LINE);
	for (i = 0; list && list[i]; i++)
		table_row(out, total.ns, bt_syscall_figures(list[i], BT_INCLUSIVE),
			  list[i]->name,
			  list[i]->arch == BT_ARCH_NATIVE ? NULL : list[i]->arch_name);
	fprintf(out, "%.6s %.11s %.11s %.9s %.9s %s\n", TABLE_LINE, TABLE_LINE,
		TABLE_LINE, TABLE_LINE, TABLE_LINE, TABLE_LINE);
	table_row(out, total.ns, &total, "total", NULL);
	if (result->n_missing)
		fprintf(out, "Only the categories contain %" PRIu32 " more system calls.\n",
			result->n_missing);
	if (list)
		table_print_in_flight(out, list);
	free(list);
}

const char *table_reason(enum bt_reason reason)
{
	switch (reason) {
	case BT_REASON_DISARMED:
		return "the hooks were removed during the run: tracing was switched off on this host, or the machine was suspended";
	case BT_REASON_CLOCK:
		return "the clock became unstable during the run";
	case BT_REASON_THREADS_LOST:
		return "a thread could not be followed, or left the run by executing a set-user-ID program";
	case BT_REASON_OUT_OF_REACH:
		return "the thread executed a program that only a user with CAP_SYS_PTRACE or CAP_PERFMON may follow, and left the run";
	case BT_REASON_DISABLED:
		return "tracing is switched off on this host; root can switch it on: echo 1 >/sys/module/bricktrace/parameters/enabled";
	case BT_REASON_DETACHED:
		return "the operator of this host has detached the session";
	case BT_REASON_LEVEL:
		return "the run was not traced";
	default:
		return bt_reason_name(reason) ?: "the reason is unknown";
	}
}

bool table_summary(FILE *out, const struct bt_result *r, const char *reason_text)
{
	char a[32], b[32];

	fputs("brick:     ", out);
	print_escaped(out, r->brick);
	fputc('\n', out);
	fprintf(out, "wall time: %s s\n", table_seconds(a, 11, r->wall_ns));
	if (r->budget_ns != BT_NONE) {
		bool over = bt_result_over_budget(r);
		uint64_t by = over ? r->wall_ns - r->budget_ns : r->budget_ns - r->wall_ns;

		fprintf(out, "budget:    %s s, %s by %s s\n",
			table_seconds(a, 11, r->budget_ns), over ? "exceeded" : "kept",
			table_seconds(b, 11, by));
	}
	switch (r->provenance) {
	case BT_NOT_INSTRUMENTED:
		table_breakdown(out, "not measured:",
				*reason_text ? reason_text : table_reason(r->reason));
		return false;
	case BT_PARTIAL:
		fprintf(out, "threads:   %" PRIu32 "\n", r->threads);
		table_breakdown(
			out, "partial, these are lower bounds:", table_reason(r->reason));
		break;
	case BT_MEASURED:
		fprintf(out, "threads:   %" PRIu32 "\n", r->threads);
		fprintf(out, "breakdown: measured\n");
		break;
	default:
		/* Only a newer module has other values. */
		fprintf(out, "breakdown: %s\n", bt_provenance_name(r->provenance));
		break;
	}
	return true;
}

static int table_print(FILE *out, const struct bt_result *r, const struct report *report)
{
	char end[32];

	if (report->continued)
		fputc('\n', out);
	if (report->elapsed_ns != BT_NONE)
		fprintf(out, "interval:  ends %s s after the start\n",
			table_seconds(end, 11, report->elapsed_ns));
	if (!table_summary(out, r, report->reason_text))
		return 0;
	table_filter(out, report->filter);
	fputc('\n', out);
	table_categories(out, r, report->filter);
	fputc('\n', out);
	table_syscalls(out, r, report);
	table_ioctls(out, r, report);
	table_slow_calls(out, r, report);
	return 0;
}

const struct output output_table = { "table", "tables, as strace -c has them",
				     table_print, table_print_statistics };
