// SPDX-License-Identifier: MIT
/* Where a recorded run comes from. */
#include <string.h>

#include "cli.h"
#include "origin.h"

void print_process(FILE *out, const char *comm, int pid)
{
	print_escaped(out, comm);
	/* One that has ended, or is in another pid namespace, has no number. */
	if (pid <= 0)
		fputs("[-]", out);
	else
		fprintf(out, "[%d]", pid);
}

void print_program(FILE *out, const struct bt_record *r)
{
	if (r->tgid <= 0 || r->tid <= 0 || r->tid == r->tgid) {
		print_process(out, r->comm, r->tgid);
		return;
	}
	print_escaped(out, r->comm);
	fprintf(out, "[%d/%d]", r->tgid, r->tid);
}

/* Returns the bytes of an ID as hexadecimal digits; null if all are 0. */
static json_t *id_json(const uint8_t *id, size_t size)
{
	char text[2 * sizeof(((struct bt_context *)0)->trace_id) + 1];
	bool some = false;
	size_t i;

	for (i = 0; i < size; i++) {
		some |= id[i];
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	}
	return some ? json_string(text) : json_null();
}

#define ID_JSON(id) id_json(id, sizeof(id))

static json_t *origin_json(const struct bt_record *r)
{
	json_t *j = json_object();

	json_object_set_new(j, "session", json_integer((json_int_t)r->session));
	json_object_set_new(j, "run", json_integer((json_int_t)r->run));
	json_object_set_new(j, "parent", some_json(r->parent));
	json_object_set_new(j, "depth", json_integer(r->depth));
	json_object_set_new(j, "level",
			    json_string(r->level == BT_TRACE ? "trace" : "measure"));
	json_object_set_new(j, "scope",
			    json_string(r->scope == BT_SCOPE_THREAD ? "thread" : "session"));
	json_object_set_new(j, "label", nonempty_json(r->label));
	json_object_set_new(j, "comm", text_json(r->comm));
	json_object_set_new(j, "tgid", some_json(r->tgid));
	json_object_set_new(j, "tid", some_json(r->tid));
	json_object_set_new(j, "uid", json_integer(r->uid));
	json_object_set_new(j, "cgroup", some_json(r->cgroup));
	json_object_set_new(j, "start_unix_ns", json_integer((json_int_t)r->start_unix_ns));
	json_object_set_new(j, "end_unix_ns", json_integer((json_int_t)r->end_unix_ns));
	json_object_set_new(j, "trace_id", ID_JSON(r->context.trace_id));
	json_object_set_new(j, "span_id", ID_JSON(r->context.span_id));
	json_object_set_new(j, "trace_flags", json_integer(r->context.flags));
	json_object_set_new(j, "parent_span_id", ID_JSON(r->parent_span_id));
	json_object_set_new(j, "machine", text_json(r->machine));
	json_object_set_new(j, "released", json_boolean(r->released));
	json_object_set_new(j, "abandoned", json_boolean(r->abandoned));
	json_object_set_new(j, "missing", json_integer(r->missing));
	return j;
}

static json_t *why_json(uint32_t why)
{
	json_t *all = json_array();

	for (; why; why &= why - 1)
		json_array_append_new(all, text_json(bt_why_name(why)));
	return all;
}

static json_t *failed_json(const struct bt_result *result)
{
	json_t *all = json_array();
	const struct bt_failed *f;
	uint32_t i;

	for (i = 0; (f = bt_result_failed(result, i)); i++)
		json_array_append_new(all, json_pack("{s:o,s:s,s:o,s:o}", "name",
						     text_json(f->name), "kind",
						     bt_assertion_kind_name(f->kind),
						     "value", number_json(f->value),
						     "limit", number_json(f->limit)));
	return all;
}

json_t *record_json(const struct bt_record *r, const struct report *report)
{
	json_t *j;

	if (!r->result)
		return json_pack("{s:i,s:I,s:I}", "schema", 1, "sequence",
				 (json_int_t)r->sequence, "lost", (json_int_t)r->lost);
	j = result_json(r->result, report);
	json_object_set_new(j, "sequence", json_integer((json_int_t)r->sequence));
	json_object_set_new(j, "why", why_json(r->result->why));
	json_object_set_new(j, "granted", json_boolean(r->result->granted));
	json_object_set_new(j, "refused", json_boolean(r->result->refused));
	json_object_set_new(j, "failed", failed_json(r->result));
	json_object_set_new(j, "origin", origin_json(r));
	return j;
}
