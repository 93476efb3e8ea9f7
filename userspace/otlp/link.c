// SPDX-License-Identifier: MIT
/* Links between the spans of runs that overlapped although neither is inside the other. */
#include <string.h>

#include "link.h"

static otlp_any_value link_value = {
	PROTOBUF_C_MESSAGE_INIT(&opentelemetry__proto__common__v1__any_value__descriptor),
	.value_case = OTLP_STRING,
	.string_value = "overlaps",
};
static otlp_key_value link_attribute = {
	PROTOBUF_C_MESSAGE_INIT(&opentelemetry__proto__common__v1__key_value__descriptor),
	.key = "bricktrace.link",
	.value = &link_value,
};
static otlp_key_value *link_attributes[] = { &link_attribute };

/* Returns what is remembered of a session, in place of the one that was not used for longest. */
static struct otlp_link_session *link_session(struct otlp_links *links, uint64_t number)
{
	uint32_t i = links->latest, oldest = 0;

	if (!links->used[i] || links->numbers[i] != number) {
		for (i = 0; i < OTLP_LINK_SESSIONS; i++) {
			if (links->used[i] && links->numbers[i] == number)
				break;
			if (links->used[i] < links->used[oldest])
				oldest = i;
		}
		if (i == OTLP_LINK_SESSIONS) {
			i = oldest;
			links->numbers[i] = number;
			memset(&links->sessions[i], 0, sizeof(links->sessions[i]));
		}
		links->latest = i;
	}
	links->used[i] = ++links->uses;
	return &links->sessions[i];
}

static void link_run_set(struct otlp_link_run *run, const struct bt_record *record)
{
	const struct bt_result *result = record->result;

	*run = (struct otlp_link_run){
		.start_ns = result->start_ns,
		.context = record->context,
		.over_threads = record->scope == BT_SCOPE_TRACER,
	};
	/* A recording may say anything about times. */
	if (__builtin_add_overflow(result->start_ns, result->wall_ns, &run->end_ns))
		run->end_ns = UINT64_MAX;
}

/*
 * Whether a run overlapped one that ended before it and is not inside it. The kernel opens each
 * run of a session inside a run over threads if there is one, so those that began later are
 * inside it. A run over threads is never inside a run of one thread.
 */
static bool link_overlaps(const struct otlp_link_run *run,
			  const struct otlp_link_run *before)
{
	return (run->over_threads || before->over_threads) &&
	       before->end_ns > run->start_ns && before->start_ns < run->end_ns &&
	       !(run->over_threads && before->start_ns >= run->start_ns);
}

static void link_add(struct otlp_links *links, struct otlp_link_run *to, otlp_span *span)
{
	otlp_link *link = &links->messages[span->n_links];

	if (span->n_links == OTLP_LINKS) {
		span->dropped_links_count++;
		return;
	}
	opentelemetry__proto__trace__v1__span__link__init(link);
	link->trace_id = (ProtobufCBinaryData){ sizeof(to->context.trace_id),
						to->context.trace_id };
	link->span_id =
		(ProtobufCBinaryData){ sizeof(to->context.span_id), to->context.span_id };
	link->flags = to->context.flags;
	link->n_attributes = 1;
	link->attributes = link_attributes;
	links->pointers[span->n_links++] = link;
	span->links = links->pointers;
}

void otlp_links_set(struct otlp_links *links, const struct bt_record *record,
		    otlp_span *span)
{
	struct otlp_link_session *s = link_session(links, record->session);
	struct otlp_link_run run;
	uint32_t i;

	if (record->scope != BT_SCOPE_TRACER && !s->over_threads)
		return;
	link_run_set(&run, record);
	/* The latest run comes first. An element without a run overlaps nothing. */
	for (i = 1; i <= OTLP_LINK_RUNS; i++) {
		struct otlp_link_run *before = &s->runs[(s->next - i) % OTLP_LINK_RUNS];

		if (link_overlaps(&run, before))
			link_add(links, before, span);
	}
}

void otlp_links_remember(struct otlp_links *links, const struct bt_record *record)
{
	struct otlp_link_session *s = link_session(links, record->session);
	struct otlp_link_run *run = &s->runs[s->next++ % OTLP_LINK_RUNS];

	s->over_threads -= run->over_threads;
	link_run_set(run, record);
	s->over_threads += run->over_threads;
}
