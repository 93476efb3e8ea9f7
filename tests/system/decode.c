// SPDX-License-Identifier: MIT
/*
 * In a decode loop of 196 bricks a token, the system call of one brick begins to take twice
 * its time. In mode next that brick is traced and its breakdown names the call's category
 * within 20 runs, while all other bricks stay untraced. In mode tail the first late run is
 * explained. A single late run among 10,000 others is explained in mode tail, and is no
 * anomaly in mode next. This test runs under -icount, where times are exact.
 */
#include <sched.h>
#include <sys/mman.h>
#include "decode.h"
#include "test.h"

#define WARM   70 /* tokens, more than a window has runs */
#define RUNS   20
#define SPAN   (20 * MS)
#define VICTIM (7 * 7 + 3) /* layer07.attention */

static struct run *run;
static struct brick state;
static struct bricktrace_run_open o;
static u64 closed_at, opened_at, longest_open;

/* Executes a brick; its result is in @run. */
static void once(const struct decode_brick *b, unsigned int times)
{
	opened_at = now();
	o = run_auto(fd, b->number);
	if (now() - opened_at > longest_open)
		longest_open = now() - opened_at;
	decode_work(b, times);
	run_close(fd, o.run, run);
	closed_at = now();
}

/*
 * Executes a token; the call of the victim takes @times times its usual time. Returns
 * whether all other runs were traced, or not, and none of them is interesting. The victim
 * is the last brick, so that @run and @o are about its run.
 */
static bool token(unsigned int times, bool traced)
{
	bool good = true;

	for (int i = 0; i < DECODE_BRICKS; i++) {
		const struct decode_brick *b =
			&decode_bricks[(VICTIM + 1 + i) % DECODE_BRICKS];

		once(b, b == &decode_bricks[VICTIM] ? times : 1);
		if (b == &decode_bricks[VICTIM])
			break;
		if ((o.effective_level == BRICKTRACE_LEVEL_TRACE) != traced || run->r.why)
			no(&good, "%s, run %llu of %llu ns: level %u, reasons 0x%x",
			   b->name, run->r.brick_run, run->r.wall_ns, o.effective_level,
			   run->r.why);
	}
	return good;
}

/* Is the run measured, and is the time in futex() what it took, and most of the run? */
static bool explained(const struct decode_brick *b, unsigned int times)
{
	u64 wanted = b->call_ns * times, futex = run->category[BRICKTRACE_CAT_FUTEX].ns;
	bool good = true;

	if (!consistent(run) || futex < wanted * 98 / 100 || futex > wanted * 105 / 100 ||
	    futex < run->r.wall_ns * 6 / 10)
		no(&good, "%llu of %llu ns in futex(), not %llu", futex, run->r.wall_ns,
		   wanted);
	return good;
}

/* Lets all bricks forget their runs, and waits until the hooks are released. */
static void afresh(uint32_t mode)
{
	decode_define(fd, BRICKTRACE_MODE_MEASURE);
	for (int i = 0; i < DECODE_BRICKS; i++)
		brick_reset(fd, decode_bricks[i].number);
	wait_disarmed();
	decode_define(fd, mode);
}

/* Counts runs until one is traced, and how long the hooks are pending. */
struct found {
	unsigned int runs;
	u64 pending_at, pending_ns;
};

/* Counts the last run; true if it was traced. */
static bool found(struct found *f)
{
	if (o.reason == BRICKTRACE_REASON_HOOKS_PENDING) {
		if (!f->pending_at)
			f->pending_at = opened_at;
		f->pending_ns = closed_at - f->pending_at;
		return false;
	}
	f->runs++;
	return o.effective_level == BRICKTRACE_LEVEL_TRACE;
}

static void in_time(const struct found *f, const char *what)
{
	between(f->runs, 1, RUNS, "%s: traced within %d of its runs", what, RUNS);
	between(f->pending_ns, 1, SPAN,
		"%s: a run does not wait for the hooks, which are in place within 20 ms",
		what);
	ok(explained(&decode_bricks[VICTIM], 2),
	   "%s: the breakdown names the category of the call that is late", what);
	ok(run->r.why & BRICKTRACE_WHY_CV_EXCEEDED &&
		   run->r.flags & BRICKTRACE_RESULT_INTERESTING &&
		   run->r.flags & BRICKTRACE_RESULT_GRANTED,
	   "%s: the run is interesting and granted", what);
}

static void next(void)
{
	static const char what[] = "mode next";
	struct found f = { 0 };
	bool good = true;
	unsigned int traced = 0;
	u64 arms;

	afresh(BRICKTRACE_MODE_NEXT);
	arms = info(fd).arms;
	for (int i = 0; i < WARM; i++)
		good &= token(1, false) && o.reason == BRICKTRACE_REASON_LEVEL;
	ok(good && info(fd).arms == arms && !session(fd).granted,
	   "%s: no run is traced while all is normal", what);
	do
		good &= token(2, false);
	while (!found(&f) && f.runs <= RUNS);
	in_time(&f, what);
	good = true;
	for (int i = 0; i < 5; i++)
		good &= token(2, false) && explained(&decode_bricks[VICTIM], 2);
	ok(good, "%s: its next runs are traced, too, and no other brick", what);
	for (int i = 0; i < DECODE_BRICKS; i++) {
		brick_get(fd, decode_bricks[i].number, &state);
		traced += i != VICTIM && (state.s.traced || state.s.granted);
	}
	is(traced, 0, "%s: all other bricks have stayed at measure", what);
	is(session(fd).escalated, 1, "%s: one brick is escalated", what);
	between(longest_open, 1, MS, "%s: no opening takes more than 1 ms", what);
}

/* The brick alone, so that runs follow each other without a pause. */
static void next_alone(void)
{
	static const char what[] = "mode next, one brick alone";
	const struct decode_brick *b = &decode_bricks[VICTIM];
	struct found f = { 0 };
	bool good = true;

	afresh(BRICKTRACE_MODE_NEXT);
	for (int i = 0; i < WARM; i++) {
		once(b, 1);
		good &= o.reason == BRICKTRACE_REASON_LEVEL && !run->r.why;
	}
	ok(good, "%s: no run is traced while all is normal", what);
	do
		once(b, 2);
	while (!found(&f) && f.runs <= RUNS);
	in_time(&f, what);
}

static void tail(void)
{
	static const char what[] = "mode tail";
	const struct decode_brick *b = &decode_bricks[VICTIM];
	const struct bricktrace_session was = session(fd);
	bool good = true;

	afresh(BRICKTRACE_MODE_TAIL);
	for (int i = 0; i < 12; i++)
		good &= token(1, true) && explained(b, 1) && !run->r.why;
	ok(good && session(fd).granted == was.granted,
	   "%s: each run is traced, and none is granted while all is normal", what);
	good = token(2, true);
	ok(explained(b, 2), "%s: the first late run has a breakdown that explains it",
	   what);
	is(run->r.why, BRICKTRACE_WHY_OVER_BUDGET, "%s: that run is over its budget", what);
	ok(run->r.flags & BRICKTRACE_RESULT_INTERESTING &&
		   run->r.flags & BRICKTRACE_RESULT_GRANTED,
	   "%s: and granted", what);
	ok(good && session(fd).granted == was.granted + 1, "%s: no other run is", what);
}

static void single(void)
{
	static const char what[] = "one late run among 10,000";
	const struct decode_brick *b = &decode_bricks[2]; /* the shortest one */
	const struct bricktrace_session was = session(fd);
	struct decode_brick twin = *b;
	unsigned int interesting = 0, other = 0, anomalies = 0;
	bool good = false;

	afresh(BRICKTRACE_MODE_MEASURE);
	brick_mode(fd, b->name, b->budget_ns, BRICKTRACE_MODE_TAIL);
	twin.number = brick_mode(fd, "twin", b->budget_ns, BRICKTRACE_MODE_NEXT);
	for (int i = 0; i < 10000; i++) {
		once(b, i == 5000 ? 2 : 1);
		interesting += !!run->r.why;
		if (i == 5000)
			good = explained(b, 2) && run->r.flags & BRICKTRACE_RESULT_GRANTED;
		once(&twin, i == 5000 ? 2 : 1);
		other += o.reason != BRICKTRACE_REASON_LEVEL;
		anomalies += !!(run->r.why & (BRICKTRACE_WHY_CV_EXCEEDED |
					      BRICKTRACE_WHY_EFFICIENCY_LOW));
	}
	ok(good, "%s: explained and granted in mode tail", what);
	is(interesting, 1, "%s: it alone is interesting", what);
	is(other, 0, "%s: no run is traced in mode next", what);
	is(anomalies, 0, "%s: and no anomaly is seen there", what);
	is(session(fd).granted, was.granted + 1, "%s: one run was granted", what);
	ok(!session(fd).escalated, "%s: no brick is escalated", what);
}

/* Durations repeat here, so that a run can have the one that its budget was set to. */
static void exactly(void)
{
	brick = brick_define(fd, "exactly", 0);
	for (int i = 0; i < 1000; i++) {
		u64 id = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				  BRICKTRACE_SCOPE_THREAD);

		run_close(fd, id, run);
		if (run->r.wall_ns == run->r.budget_ns)
			break;
		brick_define(fd, "exactly", run->r.wall_ns);
	}
	is(run->r.wall_ns, run->r.budget_ns, "a run takes exactly its budget");
	ok(!(run->r.flags & BRICKTRACE_RESULT_OVER_BUDGET) &&
		   !(run->r.why & BRICKTRACE_WHY_OVER_BUDGET),
	   "that run is not over its budget");
}

/*
 * A run is late if another task has the CPU or the host's disk is read, so neither may
 * happen. The kernel's workers, which install the hooks, run while this test waits.
 */
static void alone(void)
{
	struct sched_param fifo = { .sched_priority = 1 };

	write_text("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) || sched_setscheduler(0, SCHED_FIFO, &fifo))
		bail("SCHED_FIFO");
}

int main(void)
{
	run = run_new();
	alone();
	decode_calibrate();
	linger(0);
	fd = device();
	thread_register(fd, 0);
	next();
	next_alone();
	tail();
	single();
	exactly();
	close(fd);
	linger(1000);
	return done();
}
