/* SPDX-License-Identifier: MIT */
/*
 * The series of metrics: what is remembered of bricks from one collection to the next.
 *
 * A series is one set of a resource and attributes, whichever metrics have it. The runs of a brick
 * are one series, and its calls of each category that it has used are another one. At most
 * OTLP_MAX_SERIES series are exported by themselves, and the others are added up. A series is
 * never moved from one to the other, because the sums would count its past twice or not at all.
 */
#ifndef OTLP_SERIES_H
#define OTLP_SERIES_H

#include "metric.h"

/* The bits of a brick's series. */
#define OTLP_SERIES_RUNS	1U
#define OTLP_SERIES_CATEGORY(c) (2U << (c))

struct otlp_series {
	struct otlp_brick last; /* the figures of the last collection, and the name */
	char name[BT_NAME_LEN];
	uint64_t since_unix_ns; /* the figures are about what came after this time, ... */
	bool reset;		/* ... because the brick was reset then */
	uint32_t within, beyond; /* the series that are exported alone, and the others */
	const struct otlp_brick *old; /* during an update: what the figures were before */
};

/* A collection. The bricks have the order in which they were collected. */
struct otlp_collection {
	struct otlp_series *series;
	size_t n;
	uint32_t used; /* the number of series that are exported alone */
	uint64_t at_unix_ns;
	/* The sums of the others, also of those that have gone; since when, or 0 without any. */
	struct otlp_brick sums;
	uint64_t sums_since_unix_ns;
};

/*
 * Makes the collection of bricks, which are sorted by session and name, from the one before.
 * Returns 0 or -ENOMEM.
 */
int otlp_collection_make(const struct otlp_collection *before,
			 const struct otlp_brick *bricks, size_t n, uint64_t now_unix_ns,
			 struct otlp_collection *after);
void otlp_collection_free(struct otlp_collection *collection);

#endif
