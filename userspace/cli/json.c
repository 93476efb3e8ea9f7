// SPDX-License-Identifier: MIT
/* The output "json". Figures that were not measured are null, never 0. */
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "../lib/utf8.h"
#include "output.h"

static json_t *number_json(uint64_t n)
{
	return n == BT_NONE ? json_null() : json_integer(n);
}

static json_t *real_json(double n)
{
	return isnan(n) ? json_null() : json_real(n);
}

static json_t *text_json(const char *s)
{
	char valid[256];

	if (!s)
		return json_null();
	/* JSON must be UTF-8, and names of files and processes need not be. */
	bti_utf8_copy(valid, sizeof(valid), s, BTI_UTF8_KEEP_CONTROLS);
	return json_string(valid);
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

static json_t *categories_json(const struct bt_result *r)
{
	json_t *all = json_object();
	uint32_t i;

	for (i = 0; i < r->n_categories; i++) {
		enum bt_category c = bt_result_category_at(r, i);
		json_t *one = json_object();

		figures_json_add(one, bt_result_category(r, c, BT_INCLUSIVE));
		json_object_set_new(all, bt_category_name(c), one);
	}
	return all;
}

static json_t *syscalls_json(const struct bt_result *r, enum sort_key sort)
{
	const struct bt_syscall **list = sorted_syscalls(r, sort);
	json_t *all = json_array();
	uint32_t i;

	for (i = 0; list && i < r->n_syscalls; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "name", text_json(list[i]->name));
		json_object_set_new(one, "nr", json_integer(list[i]->nr));
		json_object_set_new(one, "arch", text_json(bt_arch_name(list[i]->arch)));
		figures_json_add(one, bt_syscall_figures(list[i], BT_INCLUSIVE));
		json_array_append_new(all, one);
	}
	free(list);
	return all;
}

static json_t *result_json(const struct bt_result *r, enum sort_key sort)
{
	const struct bt_times *t = bt_result_times(r, BT_INCLUSIVE);
	bool measured = r->provenance != BT_NOT_INSTRUMENTED;
	bool budget = r->budget_ns != BT_NONE;
	const char *edge = t->edge_ns == BT_NONE ? "not_calibrated" : "estimated";
	json_t *j = json_object();

	json_object_set_new(j, "schema", json_integer(1));
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
	json_object_set_new(j, "categories", categories_json(r));
	json_object_set_new(j, "syscalls", measured ? syscalls_json(r, sort) : json_null());
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

static json_t *mean_categories_json(const struct bt_statistics *s)
{
	json_t *all = json_object();
	uint32_t i;

	for (i = 0; i < s->n_categories; i++) {
		enum bt_category c = bt_statistics_category_at(s, i);
		const struct bt_mean_figures *f = bt_statistics_category(s, c);

		json_object_set_new(all, bt_category_name(c),
				    json_pack("{s:o,s:o,s:o,s:o,s:o}", "count",
					      real_json(f->count), "errors",
					      real_json(f->errors), "ns", real_json(f->ns),
					      "offcpu_ns", real_json(f->offcpu_ns),
					      "runnable_ns", real_json(f->runnable_ns)));
	}
	return all;
}

static json_t *mean_json(const struct bt_statistics *s)
{
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
			 "categories", mean_categories_json(s));
}

static json_t *repetition_json(const struct repetition *r, enum sort_key sort)
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
	json_object_set_new(j, "mean", mean_json(s));
	json_object_set_new(j, "longest",
			    r->longest ? result_json(r->longest, sort) : json_null());
	return j;
}

static int json_print(FILE *out, json_t *json, size_t flags)
{
	int err = json_dumpf(json, out, JSON_COMPACT | flags);

	fputc('\n', out);
	json_decref(json);
	return err;
}

static int print_json(FILE *out, const struct bt_result *r, enum sort_key sort,
		      const char *reason_text)
{
	(void)reason_text;
	return json_print(out, result_json(r, sort), JSON_REAL_PRECISION(9));
}

static int print_statistics_json(FILE *out, const struct repetition *r,
				 enum sort_key sort, const char *reason_text)
{
	(void)reason_text;
	return json_print(out, repetition_json(r, sort), 0);
}

const struct output output_json = { "json", "one JSON object", print_json,
				    print_statistics_json };
