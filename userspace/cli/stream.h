/* SPDX-License-Identifier: MIT */
/* The stream of the host's finished runs, which monitor and record read. */
#ifndef STREAM_H
#define STREAM_H

#include "cli.h"

struct stream_options {
	bool all;	   /* the runs of all users, not only of this one */
	bool over_budget;  /* only runs that exceeded their budget */
	const char *brick; /* only bricks that match this pattern; NULL: all but our own */
	unsigned int flags;  /* BT_STREAM_* */
	uint64_t ring_bytes; /* 0: as many as the module takes itself */
	uint32_t count;	     /* ends after that many runs; 0: never */
	uint64_t duration_ns;
};

#define NO_STREAM_OPTIONS                                                          \
	{                                                                          \
		.flags = BT_STREAM_MEASURE | BT_STREAM_TRACE | BT_STREAM_NONBLOCK, \
		.duration_ns = UINT64_MAX                                          \
	}

/* The letters come after the colon that getopt_long() wants first. */
#define STREAM_LETTERS "ad:n:"
enum {
	STREAM_BRICK = OPTION_SLOW + 1,
	STREAM_BUFFER,
	STREAM_GRANTED,
	STREAM_OVER_BUDGET,
	STREAM_TRACED,
	STREAM_LAST,
};
#define STREAM_WORDS                                                     \
	OPTION("all", no_argument, 'a'),                                 \
		OPTION("brick", required_argument, STREAM_BRICK),        \
		OPTION("buffer-size", required_argument, STREAM_BUFFER), \
		OPTION("count", required_argument, 'n'),                 \
		OPTION("duration", required_argument, 'd'),              \
		OPTION("granted", no_argument, STREAM_GRANTED),          \
		OPTION("over-budget", no_argument, STREAM_OVER_BUDGET),  \
		OPTION("traced", no_argument, STREAM_TRACED)
#define STREAM_HELP                                                                         \
	"  -a, --all          the runs of all users (default: only your own)\n"             \
	"      --brick PATTERN\n"                                                           \
	"                     only bricks whose names match, such as 'decode*'\n"           \
	"      --granted      only runs that took a grant, as interesting runs of bricks\n" \
	"                     in the modes next and tail do\n"                              \
	"      --over-budget  only runs that exceeded their budget\n"                       \
	"      --traced       only runs that were traced\n"                                 \
	"  -d, --duration TIME\n"                                                           \
	"                     end after this time: 10, 10s, 250ms (a plain number is\n"     \
	"                     seconds)\n"                                                   \
	"  -n, --count COUNT  end after that many runs\n"                                   \
	"      --buffer-size SIZE\n"                                                        \
	"                     keep up to SIZE bytes of runs that were not read yet: 128K\n" \
	"                     to 16M (default: 1M)\n"
#define STREAM_STATUS                                                                     \
	"Exits with 0, also after ^C; 1 if the runs of the host cannot be read; 125 if\n" \
	"bricktrace itself fails."

/* Handles the option that next_option() returned. Returns -1, or the status to exit with. */
int stream_parse_option(int c, struct stream_options *options);

/* What a command does with the records that it gets. */
enum stream_next {
	STREAM_GO_ON,
	STREAM_END,  /* end in good order, but without the records that wait */
	STREAM_FAIL, /* end, because of what was said */
};

struct stream {
	const struct stream_options *options;
	struct bt_tracer *tracer;
	struct bt_stream *stream;
	int signals;	  /* of watch_signals() */
	int out;	  /* the descriptor whose reader may end, or -1 */
	const char *done; /* what was done with runs, such as "shown" */
	enum stream_next (*take)(struct stream *stream, const struct bt_record *record);
	uint64_t taken; /* the number of runs that were passed to @take */
};

/* Opens the stream. Returns 0, or the status to exit with after saying why. */
int stream_open(struct stream *stream);

/*
 * Passes each record that matches, and each loss, to @take until a signal comes, the duration
 * or the count is reached, nobody reads @out, or @take wants the end. After a signal, that
 * includes what was waiting then. Returns the status to exit with.
 */
int stream_follow(struct stream *stream);

void stream_close(struct stream *stream);

#endif
