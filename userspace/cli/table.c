// SPDX-License-Identifier: MIT
/* A result as tables, in the shape that strace -c has made familiar. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "output.h"

#define LINE "----------------"

/* Seconds in 11 columns, as exact as they fit. */
static const char *seconds(char *buf, uint64_t ns)
{
	double s = ns / 1e9;

	if (ns == BT_NONE)
		return "-";
	snprintf(buf, 32, "%.*f", s < 9.9 ? 9 : s < 9999 ? 6 : 3, s);
	return buf;
}

static const char *errors_or_blank(char *buf, uint64_t n)
{
	snprintf(buf, 32, n ? "%" PRIu64 : "", n);
	return buf;
}

static double percent(uint64_t ns, uint64_t total)
{
	return total ? 100.0 * ns / total : 0;
}

static void part(FILE *out, const char *name, uint64_t ns, uint64_t offcpu_ns,
		 uint64_t total, const struct bt_figures *f)
{
	char share[32] = "-", s[32], on[32], off[32], calls[32] = "", errors[32] = "";
	bool split = offcpu_ns != BT_NONE;

	if (ns != BT_NONE)
		snprintf(share, sizeof(share), "%.2f", percent(ns, total));
	if (f) {
		snprintf(calls, sizeof(calls), "%" PRIu64, f->count);
		errors_or_blank(errors, f->errors);
	}
	fprintf(out, "%6s %11s %11s %11s %9s %9s %s\n", share, seconds(s, ns),
		split ? seconds(on, ns > offcpu_ns ? ns - offcpu_ns : 0) : "",
		split ? seconds(off, offcpu_ns) : "", calls, errors, name);
}

static void print_categories(FILE *out, const struct bt_result *result)
{
	const struct bt_times *t = bt_result_times(result, BT_INCLUSIVE);
	uint32_t i;

	fprintf(out, "%6s %11s %11s %11s %9s %9s %s\n", "% time", "seconds", "on-CPU",
		"off-CPU", "calls", "errors", "category");
	fprintf(out, "%.6s %.11s %.11s %.11s %.9s %.9s %s\n", LINE, LINE, LINE, LINE,
		LINE, LINE, LINE);
	for (i = 0; i < result->n_categories; i++) {
		enum bt_category c = bt_result_category_at(result, i);
		const struct bt_figures *f = bt_result_category(result, c, BT_INCLUSIVE);

		part(out, bt_category_name(c), f->ns, f->offcpu_ns, t->thread_ns, f);
	}
	part(out, t->edge_ns == BT_NONE ? "edge (not calibrated)" : "edge (estimated)",
	     t->edge_ns, BT_NONE, t->thread_ns, NULL);
	part(out, "control", t->control_ns, BT_NONE, t->thread_ns, NULL);
	part(out, "compute", t->compute_ns, t->compute_offcpu_ns, t->thread_ns, NULL);
	fprintf(out, "%.6s %.11s %.11s %.11s %.9s %.9s %s\n", LINE, LINE, LINE, LINE,
		LINE, LINE, LINE);
	part(out, "thread time", t->thread_ns, BT_NONE, t->thread_ns, NULL);
}

static void row(FILE *out, uint64_t total, const struct bt_figures *f, const char *name,
		const char *arch)
{
	char s[32], errors[32];

	fprintf(out, "%6.2f %11s %11.3f %9" PRIu64 " %9s %s%s%s%s\n",
		percent(f->ns, total), seconds(s, f->ns), average_ns(f) / 1000, f->count,
		errors_or_blank(errors, f->errors), name, arch ? " (" : "",
		arch ? arch : "", arch ? ")" : "");
}

static void print_syscalls(FILE *out, const struct bt_result *result, enum sort_key sort)
{
	const struct bt_syscall **list = sorted_syscalls(result, sort);
	struct bt_figures total = { 0 };
	const char *separator = "Under way at the end:";
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
	fprintf(out, "%.6s %.11s %.11s %.9s %.9s %s\n", LINE, LINE, LINE, LINE, LINE, LINE);
	for (i = 0; list && i < result->n_syscalls; i++)
		row(out, total.ns, bt_syscall_figures(list[i], BT_INCLUSIVE), list[i]->name,
		    list[i]->arch == BT_ARCH_NATIVE ? NULL : bt_arch_name(list[i]->arch));
	fprintf(out, "%.6s %.11s %.11s %.9s %.9s %s\n", LINE, LINE, LINE, LINE, LINE, LINE);
	row(out, total.ns, &total, "total", NULL);
	if (result->n_missing)
		fprintf(out, "%" PRIu32 " more system calls are in the categories only.\n",
			result->n_missing);
	for (i = 0; list && i < result->n_syscalls; i++) {
		f = bt_syscall_figures(list[i], BT_INCLUSIVE);
		if (f->in_flight) {
			fprintf(out, "%s %s %" PRIu64, separator, list[i]->name,
				f->in_flight);
			separator = ",";
		}
	}
	if (*separator == ',')
		fputc('\n', out);
	free(list);
}

static const char *partial_text(enum bt_reason reason)
{
	switch (reason) {
	case BT_REASON_DISARMED:
		return "the hooks were released meanwhile: tracing was switched off on this host, or the machine was suspended";
	case BT_REASON_CLOCK:
		return "the clock became unstable meanwhile";
	case BT_REASON_THREADS_LOST:
		return "a thread could not be followed, or left the run by executing a set-user-ID program";
	case BT_REASON_OUT_OF_REACH:
		return "the thread executed a program that may not be followed without CAP_SYS_PTRACE or CAP_PERFMON, and left the run";
	case BT_REASON_DISABLED:
		return "tracing is switched off on this host; root can switch it on: echo 1 >/sys/module/bricktrace/parameters/enabled";
	case BT_REASON_LEVEL:
		return "the run was not traced";
	default:
		return bt_reason_name(reason) ?: "reason unknown";
	}
}

static int print_table(FILE *out, const struct bt_result *r, enum sort_key sort,
		       const char *reason_text)
{
	char a[32], b[32];

	fputs("brick:     ", out);
	print_escaped(out, r->brick);
	fputc('\n', out);
	fprintf(out, "wall time: %s s\n", seconds(a, r->wall_ns));
	if (r->budget_ns != BT_NONE) {
		bool over = bt_result_over_budget(r);
		uint64_t by = over ? r->wall_ns - r->budget_ns : r->budget_ns - r->wall_ns;

		fprintf(out, "budget:    %s s, %s by %s s\n", seconds(a, r->budget_ns),
			over ? "exceeded" : "kept", seconds(b, by));
	}
	switch (r->provenance) {
	case BT_NOT_INSTRUMENTED:
		fprintf(out, "breakdown: not measured: %s\n",
			*reason_text ? reason_text : partial_text(r->reason));
		return 0;
	case BT_PARTIAL:
		fprintf(out, "threads:   %" PRIu32 "\n", r->threads);
		fprintf(out, "breakdown: partial, these are lower bounds: %s\n",
			partial_text(r->reason));
		break;
	case BT_MEASURED:
		fprintf(out, "threads:   %" PRIu32 "\n", r->threads);
		fprintf(out, "breakdown: measured\n");
		break;
	default:
		/* A newer module's. */
		fprintf(out, "breakdown: %s\n", bt_provenance_name(r->provenance));
		break;
	}
	fputc('\n', out);
	print_categories(out, r);
	fputs("Page faults, vDSO calls and polling a GPU are in compute; what io_uring does\n"
	      "for a program is in none of these figures.\n\n",
	      out);
	print_syscalls(out, r, sort);
	return 0;
}

const struct output output_table = { "table", "tables, as strace -c has them", print_table };
