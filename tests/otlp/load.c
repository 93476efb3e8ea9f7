// SPDX-License-Identifier: MIT
/*
 * load RECORDING RATE SECONDS: plays a recording in a loop, RATE records a second, into an
 * exporter that the environment configures, as bricktrace-otlp(7) says. Prints as JSON what
 * became of the spans, and how much CPU a span took in this thread, which reads records and
 * makes spans, and in the exporter's threads. RATE may be 0: as fast as the exporter takes them
 * without a loss.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bricktrace.h"
#include "exporter.h"

#define SECOND UINT64_C(1000000000)
#define TICK   (SECOND / 100)

struct player {
	int fd;
	struct bt_recording *recording;
	uint64_t records, bytes;
};

static uint64_t clock_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* Returns the next record; after the last one, the recording begins anew. */
static struct bt_record *player_next(struct player *p)
{
	struct bt_record *record;

	for (int i = 0; i < 2; i++) {
		if (!p->recording) {
			lseek(p->fd, 0, SEEK_SET);
			if (bt_recording_open(p->fd, &p->recording))
				errx(1, "%s", bt_error_text());
		}
		if (bt_recording_read(p->recording, &record))
			errx(1, "%s", bt_error_text());
		if (record) {
			p->records++;
			p->bytes += record->size;
			return record;
		}
		bt_recording_free(p->recording);
		p->recording = NULL;
	}
	errx(1, "the recording has no records");
}

/* Returns how long it takes to read a record alone, in ns of CPU. */
static double player_cost(struct player *p)
{
	uint64_t start = clock_now(CLOCK_THREAD_CPUTIME_ID);
	const uint64_t records = 50000;

	for (uint64_t i = 0; i < records; i++)
		bt_record_free(player_next(p));
	return (double)(clock_now(CLOCK_THREAD_CPUTIME_ID) - start) / records;
}

static void wait_until(uint64_t ns)
{
	struct timespec until = { ns / SECOND, ns % SECOND };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void play(struct player *p, struct otlp_exporter *exporter, uint64_t records)
{
	while (records--) {
		struct bt_record *record = player_next(p);

		otlp_exporter_take(exporter, record, false);
		bt_record_free(record);
	}
}

/* Plays the records that are due, each time 10 ms are over. */
static void play_at(struct player *p, struct otlp_exporter *exporter, uint64_t rate,
		    uint64_t seconds)
{
	uint64_t start = clock_now(CLOCK_MONOTONIC), i;

	for (i = 1; i <= seconds * SECOND / TICK; i++) {
		play(p, exporter, rate * i / (SECOND / TICK) - p->records);
		wait_until(start + i * TICK);
	}
}

/* Plays as many records as the receiver takes. */
static void play_all(struct player *p, struct otlp_exporter *exporter, uint64_t seconds)
{
	uint64_t end = clock_now(CLOCK_MONOTONIC) + seconds * SECOND;

	while (clock_now(CLOCK_MONOTONIC) < end) {
		if (!otlp_exporter_wait_room(exporter, 10 * SECOND))
			errx(1, "the receiver takes nothing");
		play(p, exporter, 256);
	}
}

/* Returns how many threads the process has. */
static unsigned int threads(void)
{
	struct stat tasks;

	return stat("/proc/self/task", &tasks) ? 0 : (unsigned int)tasks.st_nlink - 2;
}

/* Plays for @seconds, and prints how long it took and what it cost, in microseconds a run. */
static void measure(struct player *p, struct otlp_exporter *exporter, uint64_t rate,
		    uint64_t seconds)
{
	double parse = player_cost(p) / 1e3, take, all;
	uint64_t took = clock_now(CLOCK_MONOTONIC);
	uint64_t thread = clock_now(CLOCK_THREAD_CPUTIME_ID);
	uint64_t process = clock_now(CLOCK_PROCESS_CPUTIME_ID);

	p->records = p->bytes = 0;
	if (rate)
		play_at(p, exporter, rate, seconds);
	else
		play_all(p, exporter, seconds);
	took = clock_now(CLOCK_MONOTONIC) - took;
	printf("{\"senders\": %u, \"produced\": %" PRIu64 ", \"seconds\": %.3f",
	       threads() - 1, p->records, (double)took / SECOND);
	otlp_exporter_flush(exporter, 30 * SECOND);
	take = (clock_now(CLOCK_THREAD_CPUTIME_ID) - thread) / 1e3 / p->records;
	all = (clock_now(CLOCK_PROCESS_CPUTIME_ID) - process) / 1e3 / p->records;
	printf(", \"record_bytes\": %.1f, \"cpu_us\": %.3f, \"parse_us\": %.3f, \"take_us\": %.3f, \"send_us\": %.3f",
	       (double)p->bytes / p->records, all, parse, take - parse, all - take);
}

static void print_counts(const struct bt_otlp_counts *c)
{
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
		{ "runs", c->runs },
		{ "lost", c->lost },
		{ "spans", c->spans },
		{ "unsampled", c->unsampled },
		{ "exported", c->exported },
		{ "rejected", c->rejected },
		{ "dropped", c->dropped },
		{ "queued", c->queued },
		{ "requests", c->requests },
		{ "failures", c->failures },
		{ "sent_bytes", c->sent_bytes },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		printf(", \"%s\": %" PRIu64, all[i].name, all[i].value);
	printf("}\n");
}

static void log_line(void *context, const char *text)
{
	(void)context;
	fprintf(stderr, "load: %s\n", text);
}

int main(int argc, char **argv)
{
	uint64_t seconds = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	struct player p = { .fd = seconds ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1 };
	struct otlp_exporter *exporter;
	struct bt_otlp_counts counts;
	struct otlp_config *config;
	char problem[512];

	if (!seconds)
		errx(2, "usage: load RECORDING RATE SECONDS");
	if (p.fd < 0)
		err(2, "%s", argv[1]);
	if (otlp_config_read(otlp_get_environment, NULL, &config, problem, sizeof(problem)) ||
	    otlp_exporter_new(config, log_line, NULL, &exporter, problem, sizeof(problem)))
		errx(2, "%s", problem);
	measure(&p, exporter, strtoull(argv[2], NULL, 10), seconds);
	otlp_exporter_free(exporter, 30 * SECOND, &counts);
	print_counts(&counts);
	bt_recording_free(p.recording);
	close(p.fd);
	return 0;
}
