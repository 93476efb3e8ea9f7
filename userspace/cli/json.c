// SPDX-License-Identifier: MIT
/* The output "json". Figures that were not measured are null, never 0. */
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "../decode/decode.h"
#include "../lib/utf8.h"
#include "filter.h"
#include "ioctls.h"
#include "json.h"
#include "output.h"
#include "slow.h"

json_t *number_json(uint64_t n)
{
	return n == BT_NONE ? json_null() : json_integer(n);
}

json_t *some_json(uint64_t n)
{
	return n ? json_integer((json_int_t)n) : json_null();
}

json_t *real_json(double n)
{
	return isnan(n) ? json_null() : json_real(n);
}

json_t *text_json(const char *s)
{
	char valid[PATH_MAX];

	if (!s)
		return json_null();
	/* JSON must be UTF-8, and names of files and processes need not be. */
	bti_utf8_copy(valid, sizeof(valid), s, BTI_UTF8_KEEP_CONTROLS);
	return json_string(valid);
}

json_t *nonempty_json(const char *s)
{
	return text_json(*s ? s : NULL);
}

static void figures_json_add(json_t *to, const struct bt_figures *f)
{
	json_object_set_new(to, "count", number_json(f->count));
	json_object_set_new(to, "in_flight", number_json(f->in_flight));
	json_object_set_new(to, "errors", number_json(f->errors));
	json_object_set_new(to, "ns", number_json(f->ns));
	json_object_set_new(to, "offcpu_ns", number_json(f->offcpu_ns));
	json_object_set_new(to, "runnable_ns", number_json(f->runnable_ns));
	json_object_set_new(to, "max_ns", number_json(f->max_ns));
}

static json_t *categories_json(const struct bt_result *r, const char *filter)
{
	json_t *all = json_object();
	uint32_t i;

	for (i = 0; i < r->n_categories; i++) {
		enum bt_category c = bt_result_category_at(r, i);
		json_t *one;

		if (!filter_category(filter, c, r))
			continue;
		one = json_object();
		figures_json_add(one, bt_result_category(r, c, BT_INCLUSIVE));
		json_object_set_new(all, bt_category_name(c), one);
	}
	return all;
}

static json_t *syscalls_json(const struct bt_result *r, const struct report *report)
{
	const struct bt_syscall **list = sorted_syscalls(r, report->sort, report->filter);
	json_t *all = json_array();
	uint32_t i;

	for (i = 0; list && list[i]; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "name", text_json(list[i]->name));
		json_object_set_new(one, "nr", json_integer(list[i]->nr));
		json_object_set_new(one, "arch", text_json(list[i]->arch_name));
		figures_json_add(one, bt_syscall_figures(list[i], BT_INCLUSIVE));
		json_array_append_new(all, one);
	}
	free(list);
	return all;
}

/* Names the device and the command of an ioctl, with the numbers that the names stand for. */
static void ioctl_json_add(json_t *to, const struct bt_ioctl *ioctl)
{
	bool device = ioctl->file == BT_FILE_CHAR || ioctl->file == BT_FILE_BLOCK;
	bool known = ioctl->file != BT_FILE_MORE || ioctl->request;
	struct decoded decoded;

	decode_ioctl(ioctl, &decoded);
	json_object_set_new(to, "device", text_json(decoded.device));
	json_object_set_new(to, "file", text_json(bt_file_name(ioctl->file)));
	json_object_set_new(to, "major", device ? json_integer(ioctl->major) : json_null());
	json_object_set_new(to, "minor", device ? json_integer(ioctl->minor) : json_null());
	json_object_set_new(to, "owner", nonempty_json(ioctl->owner));
	json_object_set_new(to, "file_name", nonempty_json(ioctl->name));
	json_object_set_new(to, "request",
			    known ? json_integer(ioctl->request) : json_null());
	json_object_set_new(to, "request_name", nonempty_json(decoded.request));
	json_object_set_new(to, "command", number_json(ioctl->command));
	json_object_set_new(to, "command_name", nonempty_json(decoded.command));
}

static json_t *ioctls_json(const struct bt_result *r, const char *filter)
{
	const struct bt_ioctl **list = ioctls_shown(r, filter), **at;
	json_t *all = json_array();

	for (at = list; at && *at; at++) {
		json_t *one = json_object();

		ioctl_json_add(one, *at);
		json_object_set_new(one, "arch", text_json((*at)->arch_name));
		figures_json_add(one, bt_ioctl_figures(*at, BT_INCLUSIVE));
		json_array_append_new(all, one);
	}
	free(list);
	return all;
}

static json_t *slow_call_json(const struct bt_slow_call *call, const struct report *report)
{
	json_t *one = json_object(), *ioctl = json_null();
	char path[PATH_MAX];

	if (call->ioctl) {
		ioctl = json_object();
		ioctl_json_add(ioctl, call->ioctl);
	}
	json_object_set_new(one, "name", text_json(call->name));
	json_object_set_new(one, "nr", json_integer(call->nr));
	json_object_set_new(one, "arch", text_json(call->arch_name));
	json_object_set_new(one, "category", text_json(bt_category_name(call->category)));
	json_object_set_new(one, "tid",
			    call->tid > 0 ? json_integer(call->tid) : json_null());
	/* JSON's integers have a sign, as descriptors have one. */
	json_object_set_new(one, "arg0", json_integer((json_int_t)call->arg0));
	json_object_set_new(one, "path",
			    text_json(slow_file(call, report, path) ? path : NULL));
	json_object_set_new(one, "start_ns", number_json(call->start_ns));
	json_object_set_new(one, "start_unix_ns", number_json(call->start_unix_ns));
	json_object_set_new(one, "ns", number_json(call->ns));
	json_object_set_new(one, "offcpu_ns", number_json(call->offcpu_ns));
	json_object_set_new(one, "ret", json_integer(call->ret));
	json_object_set_new(one, "ioctl", ioctl);
	return one;
}

static json_t *slow_calls_json(const struct bt_result *r, const struct report *report)
{
	const struct bt_slow_call *call;
	json_t *all = json_array();
	uint32_t i;

	for (i = 0; (call = bt_result_slow_call(r, i)); i++)
		if (filter_slow_call(report->filter, call))
			json_array_append_new(all, slow_call_json(call, report));
	return all;
}

json_t *result_json(const struct bt_result *r, const struct report *report)
{
	bool ioctls = bt_result_has_ioctls(r);
	bool slow = bt_result_has_slow_calls(r) && report->slow_ns;
	const struct bt_times *t = bt_result_times(r, BT_INCLUSIVE);
	bool measured = r->provenance != BT_NOT_INSTRUMENTED;
	bool budget = r->budget_ns != BT_NONE;
	const char *edge = t->edge_ns == BT_NONE ? "not_calibrated" : "estimated";
	json_t *j = json_object();

	json_object_set_new(j, "schema", json_integer(1));
	if (report->intervals)
		json_object_set_new(j, "elapsed_ns", number_json(report->elapsed_ns));
	json_object_set_new(j, "brick", text_json(r->brick));
	json_object_set_new(j, "budget_ns", number_json(r->budget_ns));
	json_object_set_new(j, "provenance", text_json(bt_provenance_name(r->provenance)));
	json_object_set_new(j, "reason", text_json(bt_reason_name(r->reason)));
	json_object_set_new(j, "wall_ns", number_json(r->wall_ns));
	json_object_set_new(j, "thread_ns", number_json(t->thread_ns));
	json_object_set_new(j, "threads",
			    measured ? json_integer(r->threads) : json_null());
	json_object_set_new(j, "over_budget",
			    budget ? json_boolean(bt_result_over_budget(r)) : json_null());
	json_object_set_new(j, "efficiency",
			    budget ? json_real(bt_efficiency(r->budget_ns, r->wall_ns)) :
				     json_null());
	json_object_set_new(
		j, "overhead_percent",
		measured ? json_real(bt_breakdown_overhead_percent(r, BT_INCLUSIVE)) :
			   json_null());
	json_object_set_new(
		j, "dominant",
		text_json(bt_category_name(bt_breakdown_dominant(r, BT_INCLUSIVE))));
	json_object_set_new(j, "compute",
			    json_pack("{s:o,s:o,s:o}", "ns", number_json(t->compute_ns),
				      "offcpu_ns", number_json(t->compute_offcpu_ns),
				      "runnable_ns", number_json(t->compute_runnable_ns)));
	json_object_set_new(j, "edge",
			    json_pack("{s:o,s:o}", "ns", number_json(t->edge_ns),
				      "provenance", text_json(measured ? edge : NULL)));
	json_object_set_new(j, "control_ns", number_json(t->control_ns));
	json_object_set_new(j, "faults",
			    json_pack("{s:o,s:o}", "minor", number_json(t->minor_faults),
				      "major", number_json(t->major_faults)));
	json_object_set_new(j, "categories", categories_json(r, report->filter));
	json_object_set_new(j, "syscalls",
			    measured ? syscalls_json(r, report) : json_null());
	json_object_set_new(j, "filter", text_json(report->filter));
	json_object_set_new(j, "ioctls",
			    ioctls ? ioctls_json(r, report->filter) : json_null());
	json_object_set_new(j, "slow_ns",
			    slow ? number_json(report->slow_ns) : json_null());
	json_object_set_new(j, "slow_calls",
			    slow ? slow_calls_json(r, report) : json_null());
	json_object_set_new(j, "slow_calls_incomplete",
			    slow ? json_boolean(r->slow_incomplete) : json_null());
	return j;
}

static json_t *percentiles_json(const struct bt_statistics *s)
{
	static const struct {
		const char *name;
		double percent;
	} percentiles[] = { { "50", 50 }, { "90", 90 }, { "99", 99 }, { "99.9", 99.9 } };
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++)
		json_object_set_new(
			all, percentiles[i].name,
			real_json(bt_statistics_percentile(s, percentiles[i].percent)));
	return all;
}

static json_t *histogram_json(const struct bt_statistics *s)
{
	json_t *all = json_array();
	double above_ns, up_to_ns;
	uint32_t i;

	for (i = 0; i < BT_BUCKETS; i++) {
		uint64_t runs = bt_statistics_bucket(s, i, &above_ns, &up_to_ns);

		if (runs)
			json_array_append_new(all, json_pack("{s:i,s:f,s:f,s:I}", "bucket",
							     (int)i + BT_BUCKET_FIRST,
							     "above_ns", above_ns,
							     "up_to_ns", up_to_ns, "runs",
							     (json_int_t)runs));
	}
	return all;
}

static json_t *statuses_json(const uint32_t *statuses)
{
	json_t *all = json_object();
	char name[16];
	int i;

	for (i = 0; i < STATUSES; i++)
		if (statuses[i]) {
			snprintf(name, sizeof(name), "%d", i);
			json_object_set_new(all, name, json_integer(statuses[i]));
		}
	return all;
}

static json_t *mean_categories_json(const struct repetition *r, const char *filter)
{
	const struct bt_statistics *s = r->statistics;
	json_t *all = json_object();
	uint32_t i;

	for (i = 0; i < s->n_categories; i++) {
		enum bt_category c = bt_statistics_category_at(s, i);
		const struct bt_mean_figures *f = bt_statistics_category(s, c);

		if (!filter_category(filter, c, r->longest))
			continue;
		json_object_set_new(all, bt_category_name(c),
				    json_pack("{s:o,s:o,s:o,s:o,s:o}", "count",
					      real_json(f->count), "errors",
					      real_json(f->errors), "ns", real_json(f->ns),
					      "offcpu_ns", real_json(f->offcpu_ns),
					      "runnable_ns", real_json(f->runnable_ns)));
	}
	return all;
}

static json_t *mean_json(const struct repetition *r, const char *filter)
{
	const struct bt_statistics *s = r->statistics;
	const struct bt_mean_times *t = bt_statistics_times(s);

	if (!s->traced)
		return json_null();
	return json_pack("{s:o,s:{s:o,s:o,s:o},s:{s:o,s:s},s:o,s:{s:o,s:o},s:o}",
			 "thread_ns", real_json(t->thread_ns), "compute", "ns",
			 real_json(t->compute_ns), "offcpu_ns",
			 real_json(t->compute_offcpu_ns), "runnable_ns",
			 real_json(t->compute_runnable_ns), "edge", "ns",
			 real_json(t->edge_ns), "provenance",
			 isnan(t->edge_ns) ? "not_calibrated" : "estimated", "control_ns",
			 real_json(t->control_ns), "faults", "minor",
			 real_json(t->minor_faults), "major", real_json(t->major_faults),
			 "categories", mean_categories_json(r, filter));
}

json_t *repetition_json(const struct repetition *r, const struct report *report)
{
	const struct bt_statistics *s = r->statistics;
	const char grade[] = { s->grade, 0 };
	json_t *j = json_object();

	json_object_set_new(j, "schema", json_integer(1));
	json_object_set_new(j, "brick", text_json(s->name));
	json_object_set_new(j, "budget_ns", number_json(s->budget_ns));
	json_object_set_new(j, "planned", json_integer(r->planned));
	json_object_set_new(j, "warm_up", json_integer(r->warm_up));
	json_object_set_new(j, "runs", number_json(s->runs));
	json_object_set_new(j, "traced", number_json(s->traced));
	json_object_set_new(j, "partial", number_json(s->partial));
	json_object_set_new(j, "reason", text_json(bt_reason_name(r->reason)));
	json_object_set_new(j, "mean_ns", real_json(s->mean_ns));
	json_object_set_new(j, "deviation_ns", real_json(s->deviation_ns));
	json_object_set_new(j, "cv_percent", real_json(s->cv_percent));
	json_object_set_new(j, "min_ns", number_json(s->min_ns));
	json_object_set_new(j, "max_ns", number_json(s->max_ns));
	json_object_set_new(j, "percentiles_ns", percentiles_json(s));
	json_object_set_new(j, "runs_over_budget",
			    s->budget_ns == BT_NONE ? json_null() :
						      number_json(s->over_budget));
	json_object_set_new(j, "window",
			    json_pack("{s:i,s:o,s:o}", "runs", (int)s->window_runs,
				      "median_ns", real_json(s->window_median_ns),
				      "cv_percent", real_json(s->window_cv_percent)));
	json_object_set_new(j, "efficiency", real_json(s->efficiency));
	json_object_set_new(j, "score", real_json(s->score));
	json_object_set_new(j, "grade", text_json(s->grade ? grade : NULL));
	json_object_set_new(j, "statuses", statuses_json(r->statuses));
	json_object_set_new(j, "zero", number_json(s->zero));
	json_object_set_new(j, "histogram", histogram_json(s));
	json_object_set_new(j, "mean", mean_json(r, report->filter));
	json_object_set_new(j, "longest",
			    r->longest ? result_json(r->longest, report) : json_null());
	return j;
}

int json_print(FILE *out, json_t *json, size_t flags)
{
	int err = json_dumpf(json, out, JSON_COMPACT | flags);

	fputc('\n', out);
	json_decref(json);
	return err;
}

static int print_json(FILE *out, const struct bt_result *r, const struct report *report)
{
	return json_print(out, result_json(r, report), JSON_REAL_PRECISION(9));
}

static int print_statistics_json(FILE *out, const struct repetition *r,
				 const struct report *report)
{
	return json_print(out, repetition_json(r, report), 0);
}

const struct output output_json = { "json", "JSON, an object on one line", print_json,
				    print_statistics_json };
