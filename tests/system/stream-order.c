// SPDX-License-Identifier: MIT
/*
 * A run has its place in a stream before the run around it, also if another thread closes
 * that one as soon as the module lets it: nobody may close a run that encloses one whose
 * record is not in all streams yet. The streams are those of the session and of the host.
 * The module of tests/vm/perturb makes the record of the inner run slow to write.
 */
#include "test.h"

#define ROUNDS	100 /* fewer than a host-wide stream gets in a second */
#define SLOW_US 5000

static pthread_barrier_t both;
static u64 inner;

/* Opens a run inside the outer one, which is session-wide, and closes it. */
static void *opens_inside(void *arg)
{
	(void)arg;
	thread_register(fd, 0);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&both);
		inner = run_open(fd, brick, TRACE_THREAD);
		pthread_barrier_wait(&both);
		run_discard(fd, inner);
		pthread_barrier_wait(&both);
	}
	return NULL;
}

/* Closes a run that may still enclose another one, as soon as that is possible. */
static void close_soon(u64 run)
{
	struct bricktrace_run_close c = { .size = sizeof(c), .run = run };

	while (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		if (errno != EBUSY)
			bail("RUN_CLOSE");
}

struct pair {
	u64 inner, outer;
};

/* Whether the next two runs of a stream are those of the pair, and the stream has no others. */
static bool in_order(struct reader *r, const struct pair *p)
{
	bool right = record_result(reader_run(r))->run == p->inner;

	right &= record_result(reader_run(r))->run == p->outer;
	return right && !reader_next(r);
}

int main(void)
{
	int host = device(), wrong_own = 0, wrong_host = 0;
	struct reader of_own, of_host;
	struct pair pair;
	pthread_t t;

	perturb("encode_us", SLOW_US);
	begin("order");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	stream_begin(host, BRICKTRACE_STREAM_HOST, 0);
	of_own = reader_new(fd, BRICKTRACE_RECORD_MAX);
	of_host = reader_new(host, BRICKTRACE_RECORD_MAX);
	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&t, NULL, opens_inside, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		pair.outer = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				      BRICKTRACE_SCOPE_SESSION);
		pthread_barrier_wait(&both);
		pthread_barrier_wait(&both);
		pair.inner = inner;
		close_soon(pair.outer);
		pthread_barrier_wait(&both);
		wrong_own += !in_order(&of_own, &pair);
		wrong_host += !in_order(&of_host, &pair);
	}
	pthread_join(t, NULL);
	perturb("encode_us", 0);
	is(wrong_own, 0, "rounds in which the session's stream has the outer run first");
	is(wrong_host, 0, "rounds in which the host's stream has the outer run first");
	ok(of_own.good && of_host.good, "the sequences have no gap");
	return done();
}
