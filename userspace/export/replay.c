// SPDX-License-Identifier: MIT
/* A recording, as the source of the service. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "cli.h"
#include "service.h"
#include "signals.h"

/* How long to wait for room at once, as a signal may come meanwhile. */
#define REPLAY_SLICE_NS (SECOND / 10)
/* So often other things are done meanwhile: after so many records, and while none comes. */
#define REPLAY_BATCH	    256
#define REPLAY_INTERRUPT_NS (10 * SECOND)

/* The descriptor is a copy, since a signal puts another file in its place. */
int replay_open(struct service *s)
{
	bool input = !strcmp(s->from, "-");

	s->recording = input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
			       open(s->from, O_RDONLY | O_CLOEXEC);
	if (s->recording >= 0)
		return 0;
	complain("cannot open '%s': %s", s->from, strerror(errno));
	return EXIT_LOSS;
}

/* Returns 0, also at the end and after a signal to end, and then without a record. */
static int replay_next(struct service *s, struct bt_recording **recording,
		       struct bt_record **record)
{
	int err;

	*record = NULL;
	do {
		err = *recording ? bt_recording_read(*recording, record) :
				   bt_recording_open(s->recording, recording);
		/* While nothing comes, other things are done all the same. */
		if (err == -EINTR)
			service_attend(s, -1, 0);
	} while (err == -EINTR && !signals_ends());
	return signals_ends() ? 0 : err;
}

/* Takes the record when there is room for it. */
static void replay_take(struct service *s, const struct bt_record *record, bool local)
{
	bool room;

	while (!(room = otlp_exporter_wait_room(s->exporter, REPLAY_SLICE_NS)) &&
	       !signals_ends())
		service_attend(s, -1, 0);
	if (room)
		service_take(s, record, local);
}

static int replay_records(struct service *s, struct bt_recording **recording)
{
	unsigned int taken = 0;
	struct bt_record *record;
	bool local;
	int err = replay_next(s, recording, &record);

	local = bt_recording_local(*recording);
	while (!err && !(err = replay_next(s, recording, &record)) && record) {
		replay_take(s, record, local);
		bt_record_free(record);
		if (++taken % REPLAY_BATCH == 0)
			service_attend(s, -1, 0);
	}
	bt_record_free(record);
	return err;
}

int replay_follow(struct service *s)
{
	struct bt_recording *recording = NULL;
	int err;

	signals_let(s->recording, MIN(s->watchdog_ns / 2, REPLAY_INTERRUPT_NS));
	err = replay_records(s, &recording);
	signals_keep();
	bt_recording_free(recording);
	if (err)
		complain("%s: %s", strcmp(s->from, "-") ? s->from : "standard input",
			 bt_error_text());
	return err == -ENOMEM ? EXIT_OWN : err ? EXIT_LOSS : 0;
}

void replay_close(struct service *s)
{
	if (s->recording >= 0)
		close(s->recording);
}
