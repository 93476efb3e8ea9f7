// SPDX-License-Identifier: MIT
/* The stream of the host's granted runs, as the source of the service. */
#include <errno.h>

#include "cli.h"
#include "service.h"
#include "signals.h"

/* So many runs are taken, at most, before signals are looked for again. */
#define LIVE_BATCH 256

int live_open(struct service *s)
{
	unsigned int flags = BT_STREAM_MEASURE | BT_STREAM_TRACE | BT_STREAM_GRANTED |
			     BT_STREAM_NONBLOCK;

	if (bt_tracer_new(&s->tracer)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	if (!bt_tracer_instrumented(s->tracer)) {
		explain_absence(s->tracer);
		return EXIT_LOSS;
	}
	if (!bt_stream_open(s->tracer, BT_STREAM_HOST, flags, s->ring_bytes, &s->stream))
		return 0;
	complain("%s", bt_error_text());
	return EXIT_LOSS;
}

/* Takes up to @n runs. Sets @more to whether there may be others now. */
static int live_take(struct service *s, uint64_t n, bool *more)
{
	struct bt_record *record;
	int err = 0;

	while (n && !(err = bt_stream_read(s->stream, &record))) {
		n -= record->result != NULL;
		service_take(s, record, true);
		bt_record_free(record);
	}
	*more = !err;
	if (!err || err == -EAGAIN || err == -EINTR)
		return 0;
	complain("%s", bt_error_text());
	return err == -ENOMEM ? EXIT_OWN : EXIT_LOSS;
}

/* After a signal, the records that wait are taken, and no later ones, which might never end. */
int live_follow(struct service *s)
{
	struct bt_counts counts = { 0 };
	bool more = false;
	int status = 0;

	while (!status && !signals_ends()) {
		service_attend(s, bt_stream_fd(s->stream), more ? 0 : UINT64_MAX);
		if (s->stream && !signals_ends())
			status = live_take(s, LIVE_BATCH, &more);
	}
	if (status || !s->stream)
		return status;
	bt_stream_counts(s->stream, &counts);
	return live_take(s, counts.waiting, &more);
}

void live_close(struct service *s)
{
	bt_stream_close(s->stream);
	bt_tracer_free(s->tracer);
}
