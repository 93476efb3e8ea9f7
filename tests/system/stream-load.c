// SPDX-License-Identifier: MIT
/*
 * Streams account for each run under load. Eight threads of two sessions close runs as fast
 * as they can; one reader, of a session, stops half way, another one reads the host's runs,
 * and perhaps a third one those of the other session. Each run is delivered, lost or waiting,
 * none is delivered twice, and the sequence numbers have no gap. Under -icount the threads
 * close 200,000 runs a second with two readers. Streams that are opened and closed meanwhile
 * are exact, too. A ring that overflows keeps its records, and a host-wide reader gets no
 * more runs in any second than the host's operator allows.
 */
#include <poll.h>
#include "test.h"

#define SESSIONS 2
#define THREADS	 4 /* of a session */
#define FASTEST	 200000

static atomic_bool stop, stop_reading;

struct source {
	int fd;
	uint32_t brick;
	atomic_ullong closed;
};

static struct source sources[SESSIONS];

static void close_one(int f, uint32_t b)
{
	run_discard(f, run_open(f, b, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD));
}

static void *closes(void *arg)
{
	struct source *s = arg;
	u64 n;

	for (n = 0; !stop; n++)
		close_one(s->fd, s->brick);
	atomic_fetch_add(&s->closed, n);
	return NULL;
}

/* A reader of all runs, and the newest run that it has of each thread in each session. */
struct reading {
	struct reader r;
	struct newest {
		pid_t tid;
		u64 session, run;
	} newest[SESSIONS * (THREADS + 1)];
	bool ordered;
	atomic_bool paused;
};

/* A thread closes each run before the next, so its runs come in the order of their numbers. */
static void order(struct reading *reading, const struct bricktrace_record_run *record)
{
	const struct bricktrace_origin *o = record_origin(record);
	const u64 run = record_result(record)->run;
	struct newest *n = reading->newest;

	while (n->tid && (n->tid != o->tid || n->session != o->session))
		if (++n == reading->newest + SESSIONS * (THREADS + 1))
			bail("thread %d has a run", o->tid);
	if (run <= n->run)
		no(&reading->ordered, "run %llu of thread %d comes after %llu", run,
		   o->tid, n->run);
	*n = (struct newest){ o->tid, o->session, run };
}

static void read_all(struct reading *reading)
{
	const struct bricktrace_record *record;

	while (!reading->paused && (record = reader_next(&reading->r)))
		if (record->type == BRICKTRACE_RECORD_RUN)
			order(reading, (const void *)record);
}

static void *reads(void *arg)
{
	struct reading *reading = arg;
	struct pollfd p = { .fd = reading->r.fd, .events = POLLIN };

	while (!stop_reading) {
		read_all(reading);
		if (reading->paused)
			sleep_ns(MS);
		else
			poll(&p, 1, 20);
	}
	return NULL;
}

static struct reading reading_new(int f, uint32_t scope, u64 ring_bytes)
{
	stream_begin(f, scope, ring_bytes);
	return (struct reading){ .r = reader_new(f, 256 << 10), .ordered = true };
}

/* The first reader stops half way, and the second one has the host's runs. */
enum { STOPS, HOST, OTHER, READERS };
static const char *const names[READERS] = { "a reader that stops", "the host's reader",
					    "the other session's reader" };
static struct reading readings[READERS];

static void sources_open(void)
{
	for (int i = 0; i < SESSIONS; i++) {
		sources[i].fd = device();
		sources[i].brick = brick_define(sources[i].fd, "load", 0);
		sources[i].closed = 0;
	}
}

static void sources_close(void)
{
	for (int i = 0; i < SESSIONS; i++)
		close(sources[i].fd);
}

static pthread_t writers[SESSIONS * THREADS];

static void writers_start(void)
{
	stop = false;
	for (int i = 0; i < SESSIONS * THREADS; i++)
		pthread_create(&writers[i], NULL, closes, &sources[i % SESSIONS]);
}

static void writers_stop(void)
{
	stop = true;
	for (int i = 0; i < SESSIONS * THREADS; i++)
		pthread_join(writers[i], NULL);
}

/* Reads what is left, and a last run of each session, before which the last losses are. */
static void account(int n)
{
	u64 closed[READERS] = { 0 };

	readings[STOPS].paused = false;
	for (int i = 0; i < n; i++)
		read_all(&readings[i]);
	/* The host's reader gets runs again. */
	sleep_ns(S + 100 * MS);
	for (int i = 0; i < SESSIONS; i++) {
		close_one(sources[i].fd, sources[i].brick);
		closed[i ? OTHER : STOPS] = ++sources[i].closed;
		closed[HOST] += sources[i].closed;
	}
	for (int i = 0; i < n; i++) {
		struct reading *reading = &readings[i];

		read_all(reading);
		printf("# %s: %llu delivered, %llu lost\n", names[i], reading->r.runs,
		       reading->r.lost);
		ok(reader_exact(&reading->r, closed[i]),
		   "%s: each run that was closed is accounted for", names[i]);
		ok(reading->ordered, "%s: no run comes twice or too late", names[i]);
		ok(reading->r.runs > 100, "%s: it has read runs", names[i]);
		free(reading->r.buffer);
	}
	ok(readings[STOPS].r.lost > 0, "the reader that stopped has lost some");
	close(readings[HOST].r.fd);
}

static void load(int n, u64 ring_bytes, u64 fastest)
{
	const u64 lasts = atoi(getenv("TEST_SECONDS") ?: "1") * S;
	pthread_t readers[READERS];
	u64 began, rate, lost = 0;
	bool good = true;

	sources_open();
	readings[STOPS] = reading_new(sources[0].fd, BRICKTRACE_STREAM_SESSION, ring_bytes);
	readings[HOST] = reading_new(device(), BRICKTRACE_STREAM_HOST, 0);
	if (n > OTHER)
		readings[OTHER] = reading_new(sources[1].fd, BRICKTRACE_STREAM_SESSION, 0);
	stop_reading = false;
	for (int i = 0; i < n; i++)
		pthread_create(&readers[i], NULL, reads, &readings[i]);
	began = now();
	writers_start();
	/* On a slow kernel it takes longer until the reader that stops has lost a run. */
	while (now() - began < lasts || (!lost && now() - began < 60 * S)) {
		if (now() - began > lasts / 2)
			readings[STOPS].paused = true;
		for (int i = 0; i < n; i++) {
			struct bricktrace_stream s = stream_get(readings[i].r.fd);

			good &= stream_exact(&s);
			if (i == STOPS)
				lost = s.lost;
		}
		sleep_ns(10 * MS);
	}
	writers_stop();
	rate = (sources[0].closed + sources[1].closed) * S / (now() - began);
	stop_reading = true;
	for (int i = 0; i < n; i++)
		pthread_join(readers[i], NULL);
	ok(good, "%d readers: at each moment each run is delivered, lost or waiting", n);
	ok(rate >= fastest, "%d readers: %llu runs are closed in a second", n, rate);
	account(n);
	sources_close();
}

/* Streams are opened and closed while runs are. */
static void comings(void)
{
	bool good = true, ordered = true;
	u64 runs = 0;

	for (int k = 0; k < 20; k++) {
		sources_open();
		writers_start();
		sleep_ns(2 * MS);
		readings[HOST] = reading_new(device(), BRICKTRACE_STREAM_HOST, 0);
		readings[STOPS] = reading_new(sources[0].fd, BRICKTRACE_STREAM_SESSION, 0);
		sleep_ns(5 * MS);
		read_all(&readings[HOST]);
		runs += readings[HOST].r.runs;
		close(readings[HOST].r.fd);
		writers_stop();
		read_all(&readings[STOPS]);
		runs += readings[STOPS].r.runs;
		good &= reader_exact(&readings[STOPS].r,
				     stream_get(readings[STOPS].r.fd).matched);
		good &= readings[HOST].r.good;
		ordered &= readings[HOST].ordered && readings[STOPS].ordered;
		free(readings[HOST].r.buffer);
		free(readings[STOPS].r.buffer);
		sources_close();
	}
	ok(runs > 100, "streams that come and go have %llu runs", runs);
	ok(good, "streams that come and go are exact");
	ok(ordered, "and have no run twice or too late");
}

/* Records of several sizes in a ring that is often full: what is read is what was closed. */
#define ROUNDS 4000

static unsigned int seed = 1;

static u64 some_run(void)
{
	static const int numbers[] = { SYS_getppid, SYS_getuid, SYS_getgid, SYS_geteuid,
				       SYS_getegid, SYS_gettid, SYS_getsid, SYS_getpgid };
	int calls = rand_r(&seed) % 9;
	u64 number = run_open(fd, brick, rand_r(&seed) % 4 > 0, BRICKTRACE_SCOPE_THREAD);

	for (int i = 0; i < calls; i++) {
		syscall(numbers[i % 8], 0);
		ioctl(-1, 0x7e110000U + i, 0);
	}
	return number;
}

static void overrun(void)
{
	static struct bricktrace_result closed[ROUNDS];
	struct bricktrace_stream before, after;
	u64 matched = 0, sizes = 0, fill = 0;
	bool exact = true, same = true, room = true;
	struct run *run = run_new();
	struct reader r;

	begin("overrun");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, BRICKTRACE_RING_MIN);
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	thread_register(fd, 0);
	while (matched < ROUNDS) {
		/* It is full for a while, and then almost empty. */
		if (rand_r(&seed) % 256 < (matched / 500 % 2 ? 200 : 2)) {
			const struct bricktrace_record *record = reader_next(&r);
			const struct bricktrace_record_run *of = (const void *)record;

			if (record && record->type == BRICKTRACE_RECORD_RUN &&
			    memcmp(record_result(of), &closed[record->sequence - 1],
				   sizeof(closed[0])))
				no(&same, "record %llu is another run's",
				   (u64)record->sequence);
			continue;
		}
		before = stream_get(fd);
		run_close(fd, some_run(), run);
		closed[matched++] = run->r;
		after = stream_get(fd);
		exact &= stream_exact(&after) && after.matched == matched &&
			 after.delivered == before.delivered;
		if (after.lost == before.lost) {
			u64 size = after.waiting_bytes - before.waiting_bytes;

			sizes = size > sizes ? size : sizes;
		} else if (before.waiting_bytes + 8192 < after.ring_bytes) {
			no(&room, "lost with %llu bytes in the ring",
			   (u64)before.waiting_bytes);
		}
		if (after.waiting_bytes > fill)
			fill = after.waiting_bytes;
	}
	printf("# %llu of %llu runs lost, at most %llu bytes in the ring, a record at most %llu\n",
	       (u64)after.lost, matched, fill, sizes);
	ok(sizes > sizeof(struct bricktrace_record_run) && sizes < 8192 &&
		   after.lost > 100 && after.delivered > 100,
	   "overrun: the ring is often full");
	ok(exact, "overrun: STREAM_GET has each run once");
	ok(same, "overrun: each record is that of its run");
	ok(room, "overrun: no run is lost while the ring has room");
	reader_drain(&r);
	run_discard(fd, some_run());
	reader_drain(&r);
	ok(reader_exact(&r, matched + 1), "overrun: each run is accounted for");
	free(r.buffer);
	free(run);
	close(fd);
}

/* A ring that nobody reads keeps its oldest records. */
static void full(void)
{
	struct bricktrace_stream s;
	struct reader r;

	begin("full");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, BRICKTRACE_RING_MIN);
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	for (int i = 0; i < 1000; i++)
		close_one(fd, brick);
	s = stream_get(fd);
	ok(stream_exact(&s) && s.matched == 1000 && s.lost && s.waiting > 100,
	   "full: %llu runs wait, %llu are lost", (u64)s.waiting, (u64)s.lost);
	is(reader_drain(&r), s.waiting, "full: those that wait can be read");
	is(r.lost ? r.sequence - r.lost : r.sequence, s.waiting,
	   "full: they are the oldest ones");
	close_one(fd, brick);
	reader_drain(&r);
	ok(reader_exact(&r, 1001), "full: those that were lost are one loss behind them");
	free(r.buffer);
	close(fd);
}

/* The host's ceiling: in no second more than @most runs that were read. */
#define CEILING 40

static bool within(const u64 *ends, u64 n)
{
	bool good = true;

	/* A run's end is a little earlier than the moment at which it is put into the ring. */
	for (u64 i = CEILING; i < n; i++)
		if (ends[i] - ends[i - CEILING] < S - 100 * MS)
			no(&good, "%d runs in %llu ms", CEILING + 1,
			   (ends[i] - ends[i - CEILING]) / MS);
	return good;
}

static void ceiling(uint32_t flags, uint32_t limit, const char *what)
{
	const struct bricktrace_stream_open o = { .scope = BRICKTRACE_STREAM_HOST,
						  .levels = STREAM_ALL,
						  .flags = flags };
	static u64 ends[ROUNDS];
	u64 began, matched = 0, granted = 0, n = 0;
	struct run *run = run_new();
	struct reader r;
	int f = device();

	if (try_stream(f, o) || fcntl(f, F_SETFL, O_NONBLOCK))
		bail("STREAM_OPEN");
	r = reader_new(f, BRICKTRACE_RECORD_MAX);
	begin("ceiling");
	thread_register(fd, 0);
	SET(fd, LIMIT, .trace_limit = limit);
	brick = brick_mode(fd, "tail", 0, BRICKTRACE_MODE_TAIL);
	for (began = now(); now() - began < 2500 * MS; matched++) {
		const struct bricktrace_record *record;

		run_close(fd, run_auto(fd, brick).run, run);
		granted += !!(run->r.flags & BRICKTRACE_RESULT_GRANTED);
		while ((record = reader_next(&r)))
			if (record->type == BRICKTRACE_RECORD_RUN && n < ROUNDS) {
				const struct bricktrace_record_run *of =
					(const void *)record;

				ends[n++] = record_result(of)->start_ns +
					    record_result(of)->wall_ns;
			}
		sleep_ns(MS);
	}
	if (flags)
		matched = granted;
	/* The first run of the next second shows what was lost before it. */
	sleep_ns(S + 100 * MS);
	run_close(fd, run_auto(fd, brick).run, run);
	reader_drain(&r);
	printf("# %s: %llu runs, %llu delivered, %llu lost\n", what, matched, n, r.lost);
	ok(matched > 3 * CEILING && n >= 2 * CEILING && n <= 3 * CEILING,
	   "%s: the reader gets runs in each second", what);
	ok(within(ends, n), "%s: but in none more than allowed", what);
	ok(reader_exact(&r, matched + 1), "%s: the others are lost", what);
	free(r.buffer);
	free(run);
	close(f);
	close(fd);
}

static void ceilings(void)
{
	unsigned int was = parameter("max_host_grants", CEILING);
	struct bricktrace_stream s;
	int f = device();

	ceiling(0, 0, "runs without a grant");
	/* No second of those above may count for these. */
	sleep_ns(S);
	ceiling(BRICKTRACE_STREAM_GRANTED, BRICKTRACE_MAX_LIMIT, "runs with a grant");
	parameter("max_host_grants", 0);
	stream_begin(f, BRICKTRACE_STREAM_HOST, 0);
	begin("none");
	close_one(fd, brick);
	s = stream_get(f);
	ok(s.matched == 1 && s.lost == 1, "a ceiling of 0: each run is lost");
	parameter("max_host_grants", was);
	close_one(fd, brick);
	s = stream_get(f);
	ok(s.matched == 2 && s.waiting == 1, "and again none when it is raised");
	close(f);
	close(fd);
}

int main(void)
{
	bool exact = sysconf(_SC_NPROCESSORS_ONLN) == 1;

	if (exact) {
		load(2, 0, FASTEST);
	} else {
		/* A slow kernel overruns only a small ring. */
		load(2, BRICKTRACE_RING_MIN, 1);
		load(3, BRICKTRACE_RING_MIN, 1);
		comings();
		full();
		overrun();
		ceilings();
	}
	return done();
}
