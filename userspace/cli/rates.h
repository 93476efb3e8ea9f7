/* SPDX-License-Identifier: MIT */
/* Readings of the bricks or threads of the host, and what happened between two of them. */
#ifndef RATES_H
#define RATES_H

#include "host.h"

enum rates_view { RATES_BRICKS, RATES_THREADS, RATES_VIEWS };

/* What a reading counts: it only grows, until somebody resets it. */
enum {
	/* Of a brick. */
	COUNT_RUNS = 0,
	COUNT_SUM_NS,
	COUNT_SQUARES,
	COUNT_OVER_BUDGET,
	COUNT_TRACED,
	/* Of a thread. */
	COUNT_CALLS = 0,
	COUNT_CALLS_NS,
	COUNT_THREAD_NS,
	COUNT_OFFCPU_NS,
	COUNT_ERRORS,
	/* The time in the calls of each category. */
	COUNT_CATEGORIES,
	COUNTS = COUNT_CATEGORIES + HOST_CATEGORIES,
};

/* What happened between two readings; NAN if that was not measured. */
enum {
	/* Of a brick. */
	RATE_RUNS = 0,	  /* per second; likewise the other rates */
	RATE_MEAN_NS,	  /* of the runs */
	RATE_OVER_BUDGET, /* percent of the runs */
	RATE_TRACED,
	RATE_CV, /* percent */
	/* Of a thread. */
	RATE_CALLS = 0,
	RATE_IN_CALLS, /* percent of the thread's time */
	RATE_OFFCPU,   /* likewise */
	RATE_ERRORS,
	RATES = RATE_CV + 1,
};

/* A brick or a thread. */
struct rates_item {
	uint64_t session;
	int32_t pid, tid; /* 0 outside the pid namespace of this process */
	uint32_t brick, mode;
	bool escalated;
	bool budgeted; /* the brick has a budget */
	char comm[BRICKTRACE_COMM_LEN];
	char name[BRICKTRACE_NAME_LEN]; /* of a brick */
	bkt_u128 count[COUNTS];
	double rate[RATES];
	enum bt_category most; /* the one with the most time; may be BT_CAT_UNMEASURED */
};

/* A reading. A structure of zeros is one of nothing. */
struct rates {
	enum rates_view view;
	struct host_status status;
	uint64_t read_ns; /* the CLOCK_MONOTONIC time in the middle of the reading */
	uint64_t unix_ns; /* the time of day then */
	struct rates_item *item;
	size_t n;
	/* What rates_compare() knows of the time since the other reading. */
	uint64_t elapsed_ns;  /* BT_NONE if there is none to compare with */
	double armed_percent; /* how much of it the hooks were in place */
};

/*
 * Reads what @filter selects. Returns 0, or the status to exit with after saying why it
 * failed.
 */
int rates_read(struct rates *rates, enum rates_view view, struct host *host,
	       const struct host_filter *filter);

/* Sets what is known of the time from @before to @now. */
void rates_compare(struct rates *now, const struct rates *before);

/* Whether the program or the brick has @text in its name, or a number of the item is @text. */
bool rates_matches(const struct rates_item *item, const char *text);

void rates_free(struct rates *rates);

#endif
