// SPDX-License-Identifier: MIT
/* The output "json". Figures that were not measured are null, never 0. */
#include <stdlib.h>

#include <jansson.h>

#include "../lib/utf8.h"
#include "output.h"

static json_t *number_json(uint64_t n)
{
	return n == BT_NONE ? json_null() : json_integer(n);
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

static int print_json(FILE *out, const struct bt_result *r, enum sort_key sort,
		      const char *reason_text)
{
	json_t *json = result_json(r, sort);
	int err = json_dumpf(json, out, JSON_COMPACT | JSON_REAL_PRECISION(9));

	(void)reason_text;
	fputc('\n', out);
	json_decref(json);
	return err;
}

const struct output output_json = { "json", "one JSON object", print_json };
