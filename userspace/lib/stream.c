// SPDX-License-Identifier: MIT
/* The stream of finished runs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define RIGHT "the capability CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace"

struct bt_stream {
	struct bt_tracer *tracer;
	struct bti_source source;
};

static int stream_open_error(struct bt_tracer *t, int err, size_t ring_bytes)
{
	switch (err) {
	case ERANGE:
		return bti_fail(err, "the ring, %zu bytes, is not from %u to %u bytes",
				ring_bytes, BRICKTRACE_RING_MIN, BRICKTRACE_RING_MAX);
	case EBUSY:
		return bti_fail(
			err,
			"the tracer has had a stream already; make another tracer for another stream");
	case EPERM:
		return bti_fail(
			err,
			"a stream of the whole host needs " RIGHT
			", both of the process that made the tracer and of this one; be root, or have root run: setcap cap_perfmon+ep PROGRAM");
	case EUSERS:
		return bti_fail(
			err,
			"there are %d streams of the whole host, the largest allowed number; end a program that has one",
			BRICKTRACE_MAX_HOST_STREAMS);
	case EDQUOT:
		return bti_fail_quota(t, BTI_QUOTA_MEMORY,
				      "cannot open a stream with a ring of %zu bytes",
				      ring_bytes ? ring_bytes :
						   (size_t)BRICKTRACE_RING_DEFAULT);
	default:
		return bti_fail(err, "cannot open a stream: %s", strerror(err));
	}
}

int bt_stream_open(struct bt_tracer *t, enum bt_stream_scope scope, unsigned int flags,
		   size_t ring_bytes, struct bt_stream **out)
{
	const unsigned int levels = BT_STREAM_MEASURE | BT_STREAM_TRACE;
	struct bricktrace_stream_open open = {
		.size = sizeof(open),
		.flags = flags & BT_STREAM_GRANTED ? BRICKTRACE_STREAM_GRANTED : 0,
		.scope = scope,
		.levels = flags & levels,
		.ring_bytes = ring_bytes,
	};
	struct bt_stream *stream;
	int err;

	if (!out)
		return bti_fail_null("address for the stream");
	*out = NULL;
	if (!t)
		return bti_fail_null("tracer");
	if (scope != BT_STREAM_TRACER && scope != BT_STREAM_HOST)
		return bti_fail(EINVAL, "invalid scope %d of a stream", scope);
	if (flags & ~(levels | BT_STREAM_GRANTED | BT_STREAM_NONBLOCK))
		return bti_fail(EINVAL, "invalid flags 0x%x of a stream", flags);
	if (!open.levels)
		return bti_fail(
			EINVAL,
			"the stream has no runs; pass BT_STREAM_MEASURE, BT_STREAM_TRACE or both");
	if (t->fd < 0)
		return bti_fail(ENOTSUP, "%s", t->reason_text);
	err = bti_need_streams(t);
	if (err)
		return err;
	/* The buffer need not be zero. */
	stream = malloc(sizeof(*stream));
	if (!stream)
		return bti_fail(ENOMEM, "no memory for a stream");
	err = bti_ioctl(t, BRICKTRACE_STREAM_OPEN, &open);
	if (!err && flags & BT_STREAM_NONBLOCK &&
	    fcntl(t->fd, F_SETFL, fcntl(t->fd, F_GETFL) | O_NONBLOCK) < 0)
		err = -errno;
	if (err) {
		free(stream);
		return stream_open_error(t, -err, ring_bytes);
	}
	stream->tracer = t;
	bti_source_init(&stream->source, t->ops, t->fd, "stream");
	strcpy(stream->source.machine, bti_host);
	*out = stream;
	return 0;
}

int bt_stream_fd(const struct bt_stream *stream)
{
	return stream ? stream->tracer->fd : -1;
}

int bt_stream_read(struct bt_stream *stream, struct bt_record **record)
{
	int err;

	if (!record)
		return bti_fail_null("address for the record");
	*record = NULL;
	if (!stream)
		return bti_fail_null("stream");
	err = bti_source_next(&stream->source, record);
	if (!err && !*record)
		return bti_fail(EPROTO,
				"the stream has ended, which is an error of the module");
	/* The other errors have their texts. */
	switch (-err) {
	case EAGAIN:
		return bti_fail(EAGAIN,
				"there is no record at the moment; poll the stream");
	case EINTR:
		return bti_fail(EINTR, "a signal arrived before a record");
	case EPERM:
		return bti_fail(EPERM,
				"reading the runs of the whole host needs " RIGHT
				"; be root, or let the process keep that capability");
	}
	return err;
}

int bt_stream_counts(struct bt_stream *stream, struct bt_counts *counts)
{
	struct bricktrace_stream now = { .size = sizeof(now) };
	struct bricktrace_record head;
	const struct bti_source *s;
	size_t at;
	int err;

	if (!counts)
		return bti_fail_null("address for the counts");
	memset(counts, 0, sizeof(*counts));
	if (!stream)
		return bti_fail_null("stream");
	err = bti_ioctl(stream->tracer, BRICKTRACE_STREAM_GET, &now);
	if (err)
		return bti_fail(-err, "cannot read the counts of the stream: %s",
				strerror(-err));
	*counts = (struct bt_counts){
		.matched = now.matched,
		.delivered = now.delivered,
		.lost = now.lost,
		.waiting = now.waiting,
		.waiting_bytes = now.waiting_bytes,
		.ring_bytes = now.ring_bytes,
	};
	/* For the program, what this library has read ahead waits still. */
	s = &stream->source;
	for (at = s->begin; s->end - at >= sizeof(head); at += head.size) {
		memcpy(&head, s->buffer + at, sizeof(head));
		if (head.size < sizeof(head) || head.size > s->end - at)
			break;
		if (head.type != BRICKTRACE_RECORD_RUN)
			continue;
		counts->delivered--;
		counts->waiting++;
		counts->waiting_bytes += head.size;
	}
	return 0;
}

void bt_stream_close(struct bt_stream *stream)
{
	free(stream);
}
