// SPDX-License-Identifier: MIT
/*
 * A run of TEST_SECONDS (10) with a hundred event loops beside it, each of which waits for 1
 * to 20 ms again and again. Ten calls of those threads take far longer, most of them early in
 * the run, and even longer ones precede the run. The ten slowest calls of the result are those
 * ten, as the threads' own log has them, and the list has no call that nobody made.
 *
 * Rules: slow.
 */
#include <sys/epoll.h>
#include "test.h"

#define LOOPS 100
#define TEN   10
#define WAITS (1 << 16) /* more than a loop can make in ten minutes */

/* What a thread has waited for, and clock readings around its wait. */
struct wait {
	pid_t tid;
	u64 least, before, after;
};

static struct loop {
	unsigned int n;
	struct wait log[WAITS];
} * loops;
static struct wait slowest[TEN];
static atomic_int before_run, waiting, stop;
static u64 began, lasts;

static void wait_ms(int epoll, struct wait *w, int ms)
{
	struct epoll_event e;

	w->tid = gettid();
	w->least = ms * MS;
	w->before = now();
	epoll_wait(epoll, &e, 1, ms);
	w->after = now();
}

/*
 * Wait number @n of the ten is made at a time of its own: the first eight in the first
 * half, and two of them, the first and the ninth one, by the same thread.
 */
static u64 time_of(int n)
{
	return lasts * (n < 8 ? n : 4 + n) / 16;
}

static int ms_of(int n)
{
	return 600 + n * 7 % TEN * 50;
}

static void *event_loop(void *arg)
{
	struct loop *l = arg;
	unsigned int who = l - loops, seed = who, next = who % 8;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	thread_register(fd, 0);
	wait_ms(epoll, &l->log[0], 1500);
	atomic_fetch_add(&before_run, 1);
	atomic_fetch_add(&waiting, 1);
	while (before_run != LOOPS + 1)
		wait_ms(epoll, &l->log[0], 1 + rand_r(&seed) % 20);
	while (!stop) {
		if (who < 8 && next < TEN && now() - began > time_of(next)) {
			wait_ms(epoll, &slowest[next], ms_of(next));
			next += 8;
			continue;
		}
		if (l->n == WAITS)
			bail("more than %d waits", WAITS);
		wait_ms(epoll, &l->log[l->n++], 1 + rand_r(&seed) % 20);
	}
	return NULL;
}

static const struct wait *wait_of(const struct bricktrace_slow_call *s)
{
	for (int i = 0; i < TEN; i++)
		if (s->tid == slowest[i].tid &&
		    s->start_ns + CLOCKS_APART >= slowest[i].before &&
		    s->start_ns + s->ns <= slowest[i].after + CLOCKS_APART)
			return &slowest[i];
	for (int k = 0; k < LOOPS; k++)
		for (unsigned int i = 0; i < loops[k].n; i++) {
			const struct wait *w = &loops[k].log[i];

			if (s->tid == w->tid && s->start_ns + CLOCKS_APART >= w->before &&
			    s->start_ns + s->ns <= w->after + CLOCKS_APART)
				return w;
		}
	return NULL;
}

int main(void)
{
	struct run *run = run_new();
	bool good = true, made = true;
	u64 waits = 0, number;
	pthread_t t[LOOPS];

	lasts = atoi(getenv("TEST_SECONDS") ?: "10") * S;
	loops = calloc(LOOPS, sizeof(*loops));
	begin("slow-crowd");
	keep_armed();
	for (int i = 0; i < LOOPS; i++)
		pthread_create(&t[i], NULL, event_loop, &loops[i]);
	wait_value(&waiting, LOOPS);
	number = run_open(fd, brick, TRACE_SESSION);
	began = now();
	atomic_fetch_add(&before_run, 1);
	sleep_ns(lasts);
	run_close(fd, number, run);
	atomic_store(&stop, 1);
	for (int i = 0; i < LOOPS; i++) {
		pthread_join(t[i], NULL);
		waits += loops[i].n;
	}
	printf("# %llu waits of the event loops in %llu s\n", waits, lasts / S);
	ok(consistent(run), "the figures add up");
	is(run->slow_calls, BRICKTRACE_RUN_SLOW, "the list is full");
	for (uint32_t i = 0; i < run->slow_calls; i++) {
		const struct wait *w = wait_of(&run->slow[i]);

		if (!w)
			no(&made, "nobody made call %u: thread %d, %llu ns", i,
			   run->slow[i].tid, run->slow[i].ns);
		else if (i < TEN && (w < slowest || w >= slowest + TEN))
			no(&good, "number %u, %llu ns, is that of an event loop", i,
			   run->slow[i].ns);
	}
	for (int i = 0; i < TEN; i++)
		if (slowest[i].least != (u64)ms_of(i) * MS)
			no(&good, "wait %d was not made", i);
	ok(good, "its ten slowest calls are the ten slowest");
	ok(made, "and all others were made, too");
	keep_no_longer();
	return done();
}
