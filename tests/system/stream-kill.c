// SPDX-License-Identifier: MIT
/*
 * Programs that read streams and programs that close runs are killed at any moment, for
 * ROUNDS rounds (40 by default): readers that read, that sleep, that let their ring
 * overflow, that keep half of a record's bytes, and writers with runs open. Afterwards
 * nothing of them is left. A run that was open when its session was released is in the
 * host-wide stream once, with what was measured until then, and inner runs come before those
 * around them.
 *
 * Rules: nested, provenance, scope.
 */
#include <poll.h>
#include "test.h"

#define READERS 2
#define WRITERS 2

static struct reader host;

static void host_stream(int f, uint64_t ring_bytes)
{
	const struct bricktrace_stream_open o = { .scope = BRICKTRACE_STREAM_HOST,
						  .levels = STREAM_ALL,
						  .ring_bytes = ring_bytes };

	if (try_stream(f, o))
		bail("STREAM_OPEN");
}

/* Runs that are open when their session is released. */
#define OPEN  4
#define CALLS 5

static struct shared {
	atomic_int stage;
	u64 session, runs[OPEN];
} * shared;

static void opens(void)
{
	begin("stream-kill");
	thread_register(fd, 0);
	shared->session = session(fd).id;
	shared->runs[0] = run_open(fd, brick, TRACE_SESSION);
	getppid_raw();
	shared->runs[1] = run_open(fd, brick, TRACE_THREAD);
	getppid_raw();
	shared->runs[2] = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < CALLS; i++)
		getppid_raw();
	shared->runs[3] =
		run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	shared->stage = 1;
}

static void opens_and_waits(void)
{
	opens();
	for (;;)
		sleep_ns(S);
}

static void opens_and_closes_session(void)
{
	opens();
	close(fd);
	wait_value(&shared->stage, 2);
}

static void opens_and_executes(void)
{
	opens();
	execl("/bin/true", "true", NULL);
}

/* @pid is that of the program, or 0 if its threads have ended. */
static void released(pid_t pid, const char *what)
{
	const u64 calls[OPEN] = { CALLS + 2, CALLS + 1, CALLS, 0 };
	bool good = true, flags = true, origin = true, breakdown = true;

	for (int i = OPEN - 1; i >= 0; i--) {
		const struct bricktrace_record_run *r = reader_run(&host);
		const struct bricktrace_result *result = record_result(r);
		const struct bricktrace_origin *o = record_origin(r);
		/* Only traced runs of scope thread follow a thread until it ends. */
		bool abandoned = !pid && (i == 1 || i == 2);

		if (o->session != shared->session || result->run != shared->runs[i] ||
		    result->parent != (i ? shared->runs[i - 1] : 0))
			no(&good, "run %llu of session %llu instead of run %llu",
			   (u64)result->run, (u64)o->session, shared->runs[i]);
		if (!(result->flags & BRICKTRACE_RESULT_RELEASED) ||
		    !(result->flags & BRICKTRACE_RESULT_ABANDONED) == abandoned)
			no(&flags, "run %d has the flags %x", i, result->flags);
		if (o->level != (uint32_t)(i < 3) || o->scope != (uint32_t)(i == 0) ||
		    strcmp(o->brick, "stream-kill") || (pid && o->tid != pid))
			no(&origin, "run %d: level %u, scope %u, thread %d", i, o->level,
			   o->scope, o->tid);
		if (i == 3 ? result->provenance != BRICKTRACE_NOT_INSTRUMENTED :
			     result->provenance != BRICKTRACE_MEASURED ||
				     record_calls(r, SYS_getppid) != calls[i])
			no(&breakdown, "run %d: provenance %u, reason %u, %llu calls", i,
			   result->provenance, result->reason,
			   record_calls(r, SYS_getppid));
	}
	ok(good, "%s: each open run has a record, the innermost first", what);
	ok(flags, "%s: the results say that the session was released", what);
	ok(origin, "%s: the origin is that of the runs", what);
	ok(breakdown, "%s: the results have what was measured until then", what);
	sleep_ns(50 * MS);
	ok(!reader_next(&host), "%s: no run has two records", what);
}

static void open_at_release(void)
{
	pid_t pid;

	shared->stage = 0;
	pid = child_of(opens_and_closes_session);
	released(pid, "the session is closed");
	shared->stage = 2;
	wait_for(pid);

	pid = child_of(opens_and_executes);
	released(pid, "the program executes another one");
	wait_for(pid);

	shared->stage = 0;
	pid = child_of(opens_and_waits);
	wait_value(&shared->stage, 1);
	kill(pid, SIGKILL);
	wait_for(pid);
	released(0, "the program is killed");
}

static unsigned int seed;

static void *writes(void *arg)
{
	thread_register(fd, 0);
	for (;;) {
		u64 outer = run_open(fd, brick, TRACE_THREAD), inner;

		getppid_raw();
		inner = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				 BRICKTRACE_SCOPE_THREAD);
		run_discard(fd, inner);
		run_discard(fd, outer);
	}
	return arg;
}

/* Closes runs in two threads; perhaps the session has a stream, which nobody reads. */
static void writer(void)
{
	struct run *run = run_new();
	pthread_t t;

	begin("killed");
	if (seed & 1)
		stream_begin(fd, BRICKTRACE_STREAM_SESSION, BRICKTRACE_RING_MIN);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_CHILDREN);
	run_open(fd, brick, TRACE_SESSION);
	if (seed & 2)
		run_open(fd, brick, TRACE_THREAD);
	pthread_create(&t, NULL, writes, NULL);
	for (;;) {
		u64 number = run_open(fd, brick, TRACE_SESSION);

		/* It cannot be closed while a run of the other thread is inside it. */
		while (try_close(fd, number, run))
			sched_yield();
	}
}

static void sleeps_in_read(void)
{
	char buffer[64 << 10];

	for (;;)
		if (read(fd, buffer, sizeof(buffer)) < 0)
			bail("read");
}

static pid_t parent;

static void child_sleeps_in_read(void)
{
	/* The parent may be dead already, so that nobody would kill this child. */
	if (getppid() == parent)
		sleeps_in_read();
}

static void *thread_sleeps_in_read(void *arg)
{
	sleeps_in_read();
	return arg;
}

/* Reads the host's runs in one of six ways. */
static void reader(void)
{
	char *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pollfd p = { .events = POLLIN };
	unsigned int way = seed % 6;
	ssize_t n;
	pthread_t t;

	if (pages == MAP_FAILED || munmap(pages + 4096, 4096))
		bail("mmap");
	fd = device();
	host_stream(fd, way == 0 ? BRICKTRACE_RING_MIN : 0);
	p.fd = fd;
	/* Two threads and a child have the stream. */
	if (way == 5) {
		pthread_create(&t, NULL, thread_sleeps_in_read, NULL);
		parent = getpid();
		child_of(child_sleeps_in_read);
	}
	for (;;)
		switch (way) {
		case 0: /* never, so that the ring overflows */
			sleep_ns(S);
			break;
		case 1: /* one record after another */
			n = read(fd, pages, 4096);
			break;
		case 2: /* into a buffer that is too small for some */
			n = read(fd, pages, 700);
			break;
		case 3: /* into a buffer that ends amid a record */
			n = read(fd, pages + 4096 - 1300, 8192);
			break;
		case 4: /* when poll says so, and the rest is left behind */
			poll(&p, 1, -1);
			n = read(fd, pages, 2000);
			break;
		default:
			sleeps_in_read();
		}
	(void)n;
}

/* What the module keeps for this user, without the sessions of this process. */
static bool nothing_left(const struct bricktrace_info *was)
{
	struct bricktrace_info now;

	for (int i = 0; i < 600; i++) {
		now = info(host.fd);
		if (now.user_sessions == was->user_sessions &&
		    now.user_runs == was->user_runs &&
		    now.user_threads == was->user_threads &&
		    now.user_memory == was->user_memory)
			return true;
		sleep_ns(50 * MS);
	}
	printf("# %u sessions, %u runs, %u threads, %llu bytes; before %u, %u, %u, %llu\n",
	       now.user_sessions, now.user_runs, now.user_threads, (u64)now.user_memory,
	       was->user_sessions, was->user_runs, was->user_threads,
	       (u64)was->user_memory);
	return false;
}

static void rounds(void)
{
	const struct bricktrace_info was = info(host.fd);
	const unsigned int rounds = atoi(getenv("ROUNDS") ?: "40");
	unsigned int i, random = 1;
	struct bricktrace_stream s;
	bool good = true;

	for (i = 0; i < rounds; i++) {
		pid_t pids[READERS + WRITERS];

		for (int k = 0; k < READERS + WRITERS; k++) {
			seed = rand_r(&random);
			pids[k] = child_of(k < READERS ? reader : writer);
		}
		sleep_ns((5 + rand_r(&random) % 40) * MS);
		for (int k = rand_r(&random) % 4, n = 0; n < READERS + WRITERS; n++, k++) {
			kill(pids[k % 4], SIGKILL);
			if (rand_r(&random) % 2)
				sleep_ns(rand_r(&random) % 4 * MS);
		}
		for (int k = 0; k < READERS + WRITERS; k++)
			wait_for(pids[k]);
		/* This reader sleeps in some rounds. */
		if (rand_r(&random) % 3)
			reader_drain(&host);
		s = stream_get(host.fd);
		good &= stream_exact(&s);
	}
	printf("# %u rounds\n", i);
	ok(nothing_left(&was), "no session, run, thread or memory of the killed is left");
	ok(good && host.good, "a reader that lives has valid records, and exact counts");
	is(sessions_become(1), 1, "the module has one session");
}

int main(void)
{
	int f = device();

	shared = shared_page();
	host_stream(f, 4 << 20);
	if (fcntl(f, F_SETFL, O_NONBLOCK))
		bail("O_NONBLOCK");
	host = reader_new(f, 256 << 10);
	open_at_release();
	rounds();
	/* The runs of the last second may have used up what a host-wide reader gets. */
	sleep_ns(S + 100 * MS);
	begin("last");
	run_discard(fd, run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				 BRICKTRACE_SCOPE_THREAD));
	close(fd);
	reader_drain(&host);
	open_at_release();
	return done();
}
