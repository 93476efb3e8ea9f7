/* SPDX-License-Identifier: MIT */
/*
 * What an exporter says: that something is wrong, how long it lasts, and that it is over. The
 * same is not said for each request: a state that lasts is told of when it begins, then every
 * minute, and when it ends; what happens to single spans is summed up.
 */
#ifndef OTLP_TROUBLE_H
#define OTLP_TROUBLE_H

#include "exporter.h"
#include "spool.h"
#include "transport.h"

#define OTLP_TROUBLE_REMIND (60 * OTLP_SECOND)
#define OTLP_TROUBLE_SUM    (10 * OTLP_SECOND)

/* Events that are summed up, so that there is at most one line in a time. */
struct otlp_sum {
	uint64_t n;	  /* those that were not told of yet */
	uint64_t next_ns; /* when the next line may follow */
};

struct otlp_trouble {
	otlp_log *log; /* NULL: nobody listens */
	void *context;
	bool lasts;
	uint64_t since_ns, reminder_ns;
	char text[256];		      /* what is wrong */
	struct bt_otlp_counts before; /* the counts when it began */
	struct otlp_spool_drops seen;
	struct otlp_sum full, no_memory, refusals, warnings;
};

/* A request was answered at @now_ns; @counts are those after it. */
void otlp_trouble_answer(struct otlp_trouble *trouble, uint64_t now_ns,
			 const struct otlp_answer *answer,
			 const struct bt_otlp_counts *counts);

/*
 * The receiver has refused @n spans. One of them is @span, as otlp_encode() wrote it, with @size
 * bytes, or it is not known which, and @span is NULL.
 */
void otlp_trouble_refused(struct otlp_trouble *trouble, uint64_t now_ns, uint64_t n,
			  const uint8_t *span, size_t size, const char *text);

/* Looks whether something is to be said. */
void otlp_trouble_check(struct otlp_trouble *trouble, uint64_t now_ns,
			const struct bt_otlp_counts *counts,
			const struct otlp_spool_drops *drops);

/* Says that @n spans were dropped because of @why, unless it is 0. */
void otlp_trouble_dropped(const struct otlp_trouble *trouble, uint64_t n, const char *why);

#endif
