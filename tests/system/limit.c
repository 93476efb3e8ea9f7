// SPDX-License-Identifier: MIT
/*
 * In no second does a session grant more runs than its limit says, however many threads
 * ask at once and whenever that second begins. The counters of grants and refusals are
 * exact. What host-wide readers are given has a limit of its own, for all sessions.
 */
#include "test.h"

#define THREADS 8
#define LIMIT	5
#define MOST	4096

/* When a grant was taken, at the earliest and at the latest. */
struct grant {
	u64 before, after;
};

static struct grant grants[MOST];
static atomic_uint granted, refused, recorded, host_refused;
static atomic_bool stop;
static pthread_barrier_t begins;
static struct bricktrace_run_open wanted;
static int fds[2]; /* the sessions whose runs the threads open */

static void take(const struct run *run, u64 before, u64 after)
{
	unsigned int n;

	refused += !!(run->r.flags & BRICKTRACE_RESULT_REFUSED);
	if (!(run->r.flags & BRICKTRACE_RESULT_GRANTED))
		return;
	granted++;
	if (!(run->r.flags & BRICKTRACE_RESULT_HOST)) {
		host_refused++;
		/* With two sessions only the grants of the host are recorded. */
		if (fds[0] != fds[1])
			return;
	}
	n = recorded++;
	if (n < MOST)
		grants[n] = (struct grant){ before, after };
}

/* Opens and closes runs until it is told to stop. */
static void *runs(void *arg)
{
	int f = fds[(long)arg % 2];
	struct run *run = run_new();
	u64 before, after;

	thread_register(f, 0);
	pthread_barrier_wait(&begins);
	while (!stop) {
		struct bricktrace_run_open o;

		before = now();
		o = run_request(f, wanted);
		after = now();
		/* In mode tail the grant is taken by the close. */
		if (o.mode == BRICKTRACE_MODE_TAIL)
			before = now();
		run_close(f, o.run, run);
		if (o.mode == BRICKTRACE_MODE_TAIL)
			after = now();
		take(run, before, after);
	}
	thread_unregister(f);
	free(run);
	return NULL;
}

static int compare_times(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * The shortest time in which more grants than @limit were perhaps taken: between the
 * earliest time of the first one and the latest time of the last one.
 */
static u64 shortest(unsigned int limit)
{
	unsigned int n = recorded < MOST ? recorded : MOST, later;
	static u64 after[MOST];
	u64 least = ~0ULL;

	for (unsigned int i = 0; i < n; i++) {
		later = 0;
		for (unsigned int k = 0; k < n; k++)
			if (grants[k].before >= grants[i].before)
				after[later++] = grants[k].after;
		if (later <= limit)
			continue;
		qsort(after, later, sizeof(after[0]), compare_times);
		if (after[limit] - grants[i].before < least)
			least = after[limit] - grants[i].before;
	}
	return least;
}

/*
 * All threads open and close runs for @seconds, beginning late in a second of the clock, so
 * that a limit that counts in each second of the clock would grant twice as many.
 */
static void storm(const char *what, unsigned int limit, unsigned int seconds)
{
	pthread_t t[THREADS];
	u64 began;

	granted = refused = recorded = host_refused = 0;
	stop = false;
	pthread_barrier_init(&begins, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, runs, (void *)i);
	sleep_ns((19 * S / 10 - now() % S) % S);
	began = now();
	pthread_barrier_wait(&begins);
	sleep_ns(seconds * S);
	stop = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	printf("# %u granted, %u refused, %u and %u for the host\n", granted, refused,
	       recorded, host_refused);
	ok(shortest(limit) >= S, "%s: no second has more than %u", what, limit);
	between(recorded, (u64)limit * seconds, (u64)limit * ((now() - began) / S + 1),
		"%s: but each has as many", what);
	pthread_barrier_destroy(&begins);
}

/* Lets a second pass, so that the next grants do not depend on those before. */
static void rest(void)
{
	sleep_ns(S + S / 10);
}

static void session_limit(const char *what, struct bricktrace_run_open o)
{
	struct bricktrace_session was, is_now;

	fds[0] = fds[1] = fd;
	wanted = o;
	rest();
	was = session(fd);
	storm(what, LIMIT, 2);
	is_now = session(fd);
	ok(is_now.granted == was.granted + granted &&
		   is_now.refused == was.refused + refused && !host_refused,
	   "%s: the session counts them", what);
	ok(refused > 0, "%s: the others are refused", what);
}

/* Runs the brick twenty times; returns the number of grants. */
static unsigned int twenty(struct run *run)
{
	unsigned int n = 0;

	for (int i = 0; i < 20; i++) {
		run_close(fd, run_auto(fd, brick).run, run);
		n += !!(run->r.flags & BRICKTRACE_RESULT_GRANTED);
	}
	return n;
}

static void settings(void)
{
	struct run *run = run_new();
	unsigned int first, more, fewer;
	u64 began;

	thread_register(fd, 0);
	do {
		rest();
		began = now();
		SET(fd, LIMIT, .trace_limit = LIMIT);
		first = twenty(run);
		SET(fd, LIMIT, .trace_limit = LIMIT + 2);
		more = twenty(run);
		SET(fd, LIMIT, .trace_limit = LIMIT - 2);
		fewer = twenty(run);
		/* Only within a second do the numbers depend on nothing but the limit. */
	} while (now() - began > 9 * S / 10);
	is(first, LIMIT, "twenty runs in a row: as many grants as the limit says");
	is(more, 2, "a limit that is larger by two grants two more in the same second");
	is(fewer, 0, "a smaller one counts those that were granted before");
	rest();
	between(twenty(run), LIMIT - 2, LIMIT, "in the next second it grants again");
	SET(fd, LIMIT, .trace_limit = 0);
	rest();
	is(twenty(run), 0, "the limit 0 grants nothing");
	SET(fd, LIMIT, .trace_limit = LIMIT);
	thread_unregister(fd);
	free(run);
}

static void host_limit(void)
{
	unsigned int was = parameter("max_host_grants", LIMIT);
	struct bricktrace_info before, after;
	int other = device();

	if (brick_mode(other, "limit", 0, BRICKTRACE_MODE_TAIL) != brick)
		bail("the bricks of two sessions have different numbers");
	SET(fd, LIMIT, .trace_limit = BRICKTRACE_MAX_LIMIT);
	SET(other, LIMIT, .trace_limit = BRICKTRACE_MAX_LIMIT);
	fds[0] = fd;
	fds[1] = other;
	rest();
	before = info(fd);
	is(before.max_host_grants, LIMIT, "INFO has the limit of the host");
	storm("two sessions", LIMIT, 2);
	after = info(fd);
	ok(after.host_granted == before.host_granted + recorded &&
		   after.host_refused == before.host_refused + host_refused,
	   "INFO counts what host-wide readers get, and what they do not get");
	is(recorded + host_refused, granted, "each granted run is one of the two");
	ok(host_refused > 0, "a run beyond the host's limit is granted all the same");
	parameter("max_host_grants", was);
	close(other);
}

int main(void)
{
	struct bricktrace_run_open o = { .level = BRICKTRACE_LEVEL_AUTO };

	fd = device();
	/* With the budget 0 each run is interesting when it is closed. */
	brick = o.brick = brick_mode(fd, "limit", 0, BRICKTRACE_MODE_TAIL);
	SET(fd, LIMIT, .trace_limit = LIMIT);
	session_limit("mode tail", o);
	settings();
	host_limit();
	SET(fd, LIMIT, .trace_limit = LIMIT);
	/* This brick keeps the hooks armed. */
	brick_mode(fd, "holder", 0, BRICKTRACE_MODE_TAIL);
	/* After ten runs the efficiency of the budget 0 is an anomaly. */
	brick_mode(fd, "limit", 0, BRICKTRACE_MODE_NEXT);
	session_limit("mode next", o);
	brick_mode(fd, "limit", 0, BRICKTRACE_MODE_MEASURE);
	o.level = BRICKTRACE_LEVEL_TRACE;
	o.flags = BRICKTRACE_RUN_CHARGE;
	session_limit("charged runs", o);
	return done();
}
