// SPDX-License-Identifier: MIT
/* Reading the stream of the host's finished runs. */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "stream.h"

/* The exit status when the runs of the host cannot be read. */
#define EXIT_STREAM 1
/* The bricks by which bricktrace itself calibrates, and divides a run into intervals. */
#define STREAM_OWN "bricktrace-"
/* So many records are taken, at most, before signals are looked for again. */
#define STREAM_BATCH 256

int stream_parse_option(int c, struct stream_options *o)
{
	const char *wrong;

	switch (c) {
	case 'a':
		o->all = true;
		return -1;
	case 'd':
		wrong = parse_duration(optarg, &o->duration_ns);
		if (!wrong)
			return -1;
		complain("bad duration '%s': %s", optarg, wrong);
		return EXIT_OWN;
	case 'n':
		return parse_number("number of runs", "--count", 1, UINT32_MAX, &o->count);
	case STREAM_BRICK:
		o->brick = optarg;
		return -1;
	case STREAM_BUFFER:
		return parse_size("--buffer-size", 128 << 10, 16 << 20, &o->ring_bytes);
	case STREAM_GRANTED:
		o->flags |= BT_STREAM_GRANTED;
		return -1;
	case STREAM_OVER_BUDGET:
		o->over_budget = true;
		return -1;
	case STREAM_TRACED:
		o->flags &= ~BT_STREAM_MEASURE;
		return -1;
	default:
		/* next_option() has printed the reason. */
		return EXIT_OWN;
	}
}

int stream_open(struct stream *s)
{
	const struct stream_options *o = s->options;

	/* A signal that comes from now on ends the command in good order. */
	s->signals = watch_signals();
	if (s->signals < 0) {
		complain("cannot wait for signals: %s", strerror(errno));
		return EXIT_OWN;
	}
	if (bt_tracer_new(&s->tracer)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	if (!bt_tracer_instrumented(s->tracer)) {
		explain_absence(s->tracer);
		return EXIT_STREAM;
	}
	if (bt_stream_open(s->tracer, BT_STREAM_HOST, o->flags, o->ring_bytes, &s->stream)) {
		complain("%s", bt_error_text());
		return EXIT_STREAM;
	}
	if (o->all)
		complain("reading the runs of all users");
	else
		complain("reading the runs of user %u; -a reads those of all users",
			 geteuid());
	/* A reader that has gone ends a command like a signal does, but without a message. */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static bool stream_matches(const struct stream_options *o, const struct bt_record *r)
{
	const char *brick = r->result->brick;

	return (o->all || r->uid == geteuid()) &&
	       (!o->over_budget || bt_result_over_budget(r->result)) &&
	       (o->brick ? !fnmatch(o->brick, brick, 0) :
			   strncmp(brick, STREAM_OWN, strlen(STREAM_OWN)) != 0);
}

static enum stream_next stream_take(struct stream *s, const struct bt_record *record)
{
	bool run = record->result;
	enum stream_next next;

	if (run && !stream_matches(s->options, record))
		return STREAM_GO_ON;
	next = s->take(s, record);
	if (next == STREAM_GO_ON && run && ++s->taken == s->options->count)
		return STREAM_END;
	return next;
}

/* Takes up to @runs runs. Sets @more to whether there may be others now. */
static enum stream_next stream_take_some(struct stream *s, uint64_t runs, bool *more)
{
	enum stream_next next = STREAM_GO_ON;
	struct bt_record *record;
	int err = 0;

	while (runs && next == STREAM_GO_ON && !(err = bt_stream_read(s->stream, &record))) {
		runs -= record->result != NULL;
		next = stream_take(s, record);
		bt_record_free(record);
	}
	*more = !err;
	if (!err || err == -EAGAIN || err == -EINTR)
		return next;
	complain("%s", bt_error_text());
	return STREAM_FAIL;
}

/* Waits, unless there is @more, until @left_ns have passed or one of the descriptors is ready. */
static int stream_wait(struct pollfd *fds, bool more, uint64_t left_ns)
{
	const struct timespec none = { 0 };
	const struct timespec left = { .tv_sec = (time_t)(left_ns / 1000000000),
				       .tv_nsec = (long)(left_ns % 1000000000) };

	if (ppoll(fds, 3, more ? &none : &left, NULL) >= 0)
		return 0;
	complain("cannot wait: %s", strerror(errno));
	return -1;
}

/* Takes the records that wait now, and no later ones, which might never end. */
static enum stream_next stream_drain(struct stream *s)
{
	struct bt_counts counts = { 0 };
	bool more;

	bt_stream_counts(s->stream, &counts);
	return stream_take_some(s, counts.waiting, &more);
}

static void stream_summarize(struct stream *s)
{
	struct bt_counts counts;

	if (bt_stream_counts(s->stream, &counts))
		return;
	complain("%" PRIu64 " runs %s, of %" PRIu64 " that were read; %" PRIu64
		 " were lost, %" PRIu64 " were not read",
		 s->taken, s->done, counts.delivered, counts.lost, counts.waiting);
}

int stream_follow(struct stream *s)
{
	uint64_t begin = monotonic_ns(), passed;
	enum stream_next next = STREAM_GO_ON;
	struct pollfd fds[] = {
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = bt_stream_fd(s->stream), .events = POLLIN },
		{ .fd = s->out },
	};
	bool more = true;

	while (next == STREAM_GO_ON) {
		passed = monotonic_ns() - begin;
		if (stream_wait(fds, more,
				s->options->duration_ns -
					MIN(passed, s->options->duration_ns)))
			next = STREAM_FAIL;
		else if (fds[2].revents)
			next = STREAM_END;
		else if (fds[0].revents || passed >= s->options->duration_ns)
			break;
		else
			next = stream_take_some(s, STREAM_BATCH, &more);
	}
	if (next == STREAM_GO_ON)
		next = stream_drain(s);
	stream_summarize(s);
	return next == STREAM_FAIL ? EXIT_OWN : 0;
}

void stream_close(struct stream *s)
{
	if (s->signals > 0)
		close(s->signals);
	bt_stream_close(s->stream);
	bt_tracer_free(s->tracer);
}
