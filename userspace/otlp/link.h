/* SPDX-License-Identifier: MIT */
/*
 * Links between the spans of runs that overlapped although neither is inside the other. Such
 * runs are a run over all threads of a session and a run of one thread that began before it.
 */
#ifndef OTLP_LINK_H
#define OTLP_LINK_H

#include "bricktrace.h"
#include "message.h"

/* The most links of a span. */
#define OTLP_LINKS 32
/* For so many sessions that ended a run last, so many runs are remembered that ended last. */
#define OTLP_LINK_SESSIONS 64
#define OTLP_LINK_RUNS	   64

struct otlp_link_run {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC, which is not set */
	struct bt_context context;
	bool over_threads;
};

struct otlp_link_session {
	uint32_t next;	       /* the element of @runs that the next run takes */
	uint32_t over_threads; /* how many of @runs are */
	struct otlp_link_run runs[OTLP_LINK_RUNS];
};

/* All bytes are 0 at first. */
struct otlp_links {
	uint32_t latest; /* the session that was used last */
	uint64_t uses;
	/* The last use of each session, 0 for an element without one, and the session's number. */
	uint64_t used[OTLP_LINK_SESSIONS], numbers[OTLP_LINK_SESSIONS];
	struct otlp_link_session sessions[OTLP_LINK_SESSIONS];
	otlp_link messages[OTLP_LINKS], *pointers[OTLP_LINKS];
};

/* Gives the span of a run its links, which are valid until the next call on @links. */
void otlp_links_set(struct otlp_links *links, const struct bt_record *record,
		    otlp_span *span);

/* Remembers a run whose span was packed. */
void otlp_links_remember(struct otlp_links *links, const struct bt_record *record);

#endif
