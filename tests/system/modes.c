// SPDX-License-Identifier: MIT
/*
 * What a run at level auto measures is what its brick's mode says, and the answer of
 * RUN_OPEN says why a run is not traced. A brick of mode next is traced from an anomaly on
 * until 64 runs in a row had none; one of mode tail always is, and takes a grant for a run
 * that turns out to be interesting. While all is normal nothing is granted. A session holds
 * the hooks only while a brick needs them, and not while tracing is switched off.
 *
 * Rules: provenance.
 */
#include "test.h"

/* How long a run that is well in its budget takes, and one that is late. */
#define CALM   (2 * MS)
#define BUDGET (10 * MS)
#define LATE   (60 * MS)

#define ANOMALY (BRICKTRACE_WHY_CV_EXCEEDED | BRICKTRACE_WHY_EFFICIENCY_LOW)

static struct run *run;
static struct brick state;
static struct bricktrace_run_open o; /* the answer of the last RUN_OPEN */

/* On a busy host any run may be late, which its wall time shows. */
static uint32_t over_budget(void)
{
	return run->r.wall_ns > run->r.budget_ns ? BRICKTRACE_WHY_OVER_BUDGET : 0;
}

/* Does the result say what the answer of RUN_OPEN said? */
static bool agrees(void)
{
	bool traced = o.effective_level == BRICKTRACE_LEVEL_TRACE, good = true;

	if (o.effective_level > BRICKTRACE_LEVEL_TRACE || traced != !o.reason)
		no(&good, "opened at level %u, reason %u", o.effective_level, o.reason);
	if (run->r.mode != o.mode ||
	    run->r.provenance !=
		    (traced ? BRICKTRACE_MEASURED : BRICKTRACE_NOT_INSTRUMENTED) ||
	    run->r.reason != o.reason)
		no(&good, "opened in mode %u, reason %u, but closed in %u, %u", o.mode,
		   o.reason, run->r.mode, run->r.reason);
	if (traced && !consistent(run))
		no(&good, "the figures do not add up");
	if (!(run->r.flags & BRICKTRACE_RESULT_INTERESTING) != !run->r.why)
		no(&good, "reasons 0x%x, flags 0x%x", run->r.why, run->r.flags);
	return good;
}

/* A run at level auto that takes so long. */
static bool once(u64 ns)
{
	o = run_auto(fd, brick);
	if (ns)
		sleep_ns(ns);
	run_close(fd, o.run, run);
	return agrees();
}

/* The same so many times; true if none was traced, for this reason, and all agree. */
static bool all_measured(int runs, u64 ns, uint32_t reason)
{
	bool good = true;

	for (int i = 0; i < runs; i++)
		if (!once(ns) || o.reason != reason)
			no(&good, "run %llu: reason %u", run->r.brick_run, o.reason);
	return good;
}

/* Runs the brick until a run is traced; until then no reason but this one may be given. */
static bool traced_after(uint32_t reason, u64 ns)
{
	bool good = true;
	u64 began = now();

	for (;;) {
		good &= once(ns);
		if (o.effective_level == BRICKTRACE_LEVEL_TRACE)
			return good;
		if (o.reason != reason)
			return no(&good, "reason %u, not %u", o.reason, reason);
		if (now() - began > 20 * S)
			return no(&good, "no run is traced");
	}
}

static void mode(const char *name, uint32_t wanted)
{
	brick = brick_mode(fd, name, BUDGET, wanted);
}

static bool armed(void)
{
	return info(fd).hooks != BRICKTRACE_HOOKS_OFF;
}

static void measures(void)
{
	u64 arms = info(fd).arms;

	mode("measure", BRICKTRACE_MODE_MEASURE);
	ok(all_measured(20, CALM, BRICKTRACE_REASON_LEVEL) &&
		   o.mode == BRICKTRACE_MODE_MEASURE,
	   "mode measure: no run is traced");
	is(info(fd).arms, arms, "mode measure: the hooks are not armed");
}

static void traces(void)
{
	mode("trace", BRICKTRACE_MODE_TRACE);
	ok(armed(), "mode trace: the hooks are armed when it is set");
	ok(once(CALM) && o.effective_level == BRICKTRACE_LEVEL_TRACE &&
		   o.mode == BRICKTRACE_MODE_TRACE,
	   "mode trace: the first run is traced");
	is(count_of(run, SYS_nanosleep), 1, "mode trace: its calls are counted");
	is(run->r.why, over_budget(), "mode trace: that alone is no reason");
	once(LATE);
	ok(run->r.why == BRICKTRACE_WHY_OVER_BUDGET &&
		   !(run->r.flags & (BRICKTRACE_RESULT_GRANTED | BRICKTRACE_RESULT_REFUSED)),
	   "mode trace: a late run takes no grant");
	mode("trace", BRICKTRACE_MODE_MEASURE);
	once(0);
	is(o.reason, BRICKTRACE_REASON_LEVEL, "mode trace: it can be changed");
	wait_disarmed();
	ok(!armed(), "mode trace: then the hooks are released");
}

static void *opens_elsewhere(void *arg)
{
	(void)arg;
	o = run_auto(fd, brick);
	run_close(fd, o.run, run);
	return NULL;
}

static void tails(void)
{
	const u64 on_host = info(fd).host_granted;
	bool good = true;
	u64 granted = 0;
	uint32_t second;
	pthread_t t;

	mode("tail", BRICKTRACE_MODE_TAIL);
	ok(armed(), "mode tail: the hooks are armed when it is set");
	for (int i = 1; i <= 10; i++) {
		if (!once(CALM) || o.effective_level != BRICKTRACE_LEVEL_TRACE ||
		    run->r.brick_run != (u64)i || run->r.why != over_budget())
			no(&good, "run %d: level %u, reasons 0x%x", i, o.effective_level,
			   run->r.why);
		granted += !!over_budget();
	}
	ok(good, "mode tail: each run is traced, from the first one on");
	brick_get(fd, brick, &state);
	ok(state.s.traced == 10 && state.s.granted == granted && !state.s.refused,
	   "mode tail: none is granted while all is normal");
	is(session(fd).granted, granted, "mode tail: the session has granted nothing");
	ok(once(LATE) && run->r.why == BRICKTRACE_WHY_OVER_BUDGET,
	   "mode tail: the first late run is interesting");
	is(run->r.flags & ~BRICKTRACE_RESULT_OVER_BUDGET,
	   BRICKTRACE_RESULT_INTERESTING | BRICKTRACE_RESULT_GRANTED |
		   BRICKTRACE_RESULT_HOST,
	   "mode tail: and granted");
	between(figures(run, SYS_nanosleep).ns, LATE, ~0ULL,
		"mode tail: and its breakdown explains it");
	granted++;
	is(session(fd).granted, granted, "mode tail: the session has granted it");
	brick_get(fd, brick, &state);
	ok(state.s.granted == granted && state.s.over_budget == granted,
	   "mode tail: and so has the brick");
	is(info(fd).host_granted, on_host + granted, "mode tail: and the host");
	SET(fd, LIMIT, .trace_limit = 0);
	ok(once(LATE) && o.effective_level == BRICKTRACE_LEVEL_TRACE &&
		   run->r.flags ==
			   (BRICKTRACE_RESULT_OVER_BUDGET |
			    BRICKTRACE_RESULT_INTERESTING | BRICKTRACE_RESULT_REFUSED),
	   "mode tail: without a grant it is traced all the same, but refused");
	SET(fd, LIMIT, .trace_limit = 100);
	ok(session(fd).granted == granted && session(fd).refused == 1,
	   "mode tail: the session has refused one");

	o = run_request(fd,
			(struct bricktrace_run_open){ .brick = brick,
						      .level = BRICKTRACE_LEVEL_AUTO,
						      .scope = BRICKTRACE_SCOPE_SESSION });
	getppid_raw();
	run_close(fd, o.run, run);
	ok(agrees() && o.effective_level == BRICKTRACE_LEVEL_TRACE &&
		   count_of(run, SYS_getppid) == 1,
	   "mode tail: a run of scope session is traced, too");
	pthread_create(&t, NULL, opens_elsewhere, NULL);
	pthread_join(t, NULL);
	ok(agrees() && o.reason == BRICKTRACE_REASON_NOT_REGISTERED,
	   "mode tail: a run of a thread that is not registered is not traced");
	thread_unregister(fd);
	o = run_request(fd,
			(struct bricktrace_run_open){ .brick = brick,
						      .level = BRICKTRACE_LEVEL_AUTO,
						      .scope = BRICKTRACE_SCOPE_SESSION });
	run_close(fd, o.run, run);
	ok(agrees() && o.reason == BRICKTRACE_REASON_NOT_REGISTERED,
	   "mode tail: nor a run of scope session without a thread");
	thread_register(fd, 0);

	second = brick_mode(fd, "tail 2", BUDGET, BRICKTRACE_MODE_TAIL);
	mode("tail", BRICKTRACE_MODE_NEXT);
	sleep_ns(S);
	ok(armed(), "two bricks of mode tail: one is enough to hold the hooks");
	o = run_auto(fd, second);
	run_close(fd, o.run, run);
	is(o.effective_level, BRICKTRACE_LEVEL_TRACE, "and its runs are traced");
	brick_mode(fd, "tail 2", BUDGET, BRICKTRACE_MODE_MEASURE);
	wait_disarmed();
	ok(!armed(), "without a brick of mode tail the hooks are released");
}

/*
 * Late runs, until one is traced; then calm ones, until none is. A run is calm if no anomaly
 * showed when it was opened, so the kernel's count of calm runs can be repeated here.
 */
static void escalates(const char *what, uint32_t why, u64 late, u64 other)
{
	const struct bricktrace_session was = session(fd);
	u64 arms = info(fd).arms, traced;
	bool good = true;
	int calm = 0;

	mode(what, BRICKTRACE_MODE_NEXT);
	ok(all_measured(30, CALM, BRICKTRACE_REASON_LEVEL) && o.mode == BRICKTRACE_MODE_NEXT,
	   "%s: no run is traced while all is normal", what);
	brick_get(fd, brick, &state);
	ok(!state.s.traced && !state.get.escalated && session(fd).granted == was.granted &&
		   !session(fd).escalated && info(fd).arms == arms,
	   "%s: nothing is granted, and the hooks are not armed", what);
	for (int i = 0; i < 64 && o.reason == BRICKTRACE_REASON_LEVEL; i++)
		good &= once(i % 2 ? late : other);
	ok(good && o.reason != BRICKTRACE_REASON_LEVEL, "%s: late runs are an anomaly",
	   what);
	ok(o.effective_level == BRICKTRACE_LEVEL_TRACE ||
		   traced_after(BRICKTRACE_REASON_HOOKS_PENDING, late),
	   "%s: a run is traced as soon as the hooks are in place", what);
	is(run->r.flags & ~BRICKTRACE_RESULT_OVER_BUDGET,
	   BRICKTRACE_RESULT_INTERESTING | BRICKTRACE_RESULT_GRANTED |
		   BRICKTRACE_RESULT_HOST,
	   "%s: it is interesting and granted", what);
	is(run->r.why & ANOMALY, why, "%s: for this reason", what);
	brick_get(fd, brick, &state);
	ok(state.get.escalated == 1 && session(fd).escalated == 1,
	   "%s: brick and session say that it is escalated", what);
	is(session(fd).granted, was.granted + 1, "%s: the run took a grant", what);
	traced = state.s.traced;

	/* Each run until the 64th calm one is traced, and takes a grant. */
	for (int i = 0; i < 1000 && calm < BRICKTRACE_WINDOW; i++) {
		good &= once(CALM);
		if (o.effective_level != BRICKTRACE_LEVEL_TRACE ||
		    !(run->r.flags & BRICKTRACE_RESULT_GRANTED))
			no(&good, "after %d calm runs: reason %u, flags 0x%x", calm,
			   o.reason, run->r.flags);
		calm = run->r.why & ANOMALY ? 0 : calm + 1;
		traced++;
	}
	ok(good && calm == BRICKTRACE_WINDOW,
	   "%s: runs are traced until 64 in a row had no anomaly", what);
	ok(all_measured(10, CALM, BRICKTRACE_REASON_LEVEL), "%s: and then no more", what);
	brick_get(fd, brick, &state);
	ok(!state.get.escalated && !session(fd).escalated,
	   "%s: brick and session are no longer escalated", what);
	ok(state.s.traced == traced && state.s.granted == traced &&
		   session(fd).granted == was.granted + traced &&
		   session(fd).refused == was.refused,
	   "%s: each traced run has taken one grant", what);
	wait_disarmed();
	ok(!armed(), "%s: the hooks are released", what);
}

static void thresholds(void)
{
	/* A calm run is in its budget, and a late one has less than 25 % of efficiency. */
	SET(fd, LIMIT, .trace_limit = BRICKTRACE_MAX_LIMIT);
	escalates("efficiency", BRICKTRACE_WHY_EFFICIENCY_LOW, LATE, LATE);

	/* Runs of very different length: a coefficient of variation of 94 %. */
	SET(fd, CV, .cv_threshold = 50000);
	SET(fd, EFFICIENCY, .efficiency_threshold = 0);
	escalates("variation", BRICKTRACE_WHY_CV_EXCEEDED, LATE, CALM);

	SET(fd, CV, .cv_threshold = BRICKTRACE_MAX_CV);
	mode("never", BRICKTRACE_MODE_NEXT);
	ok(all_measured(9, LATE, BRICKTRACE_REASON_LEVEL) &&
		   all_measured(20, CALM, BRICKTRACE_REASON_LEVEL),
	   "with the thresholds at their ends there is no anomaly");
	SET(fd, EFFICIENCY, .efficiency_threshold = 100000);
	ok(all_measured(5, CALM, BRICKTRACE_REASON_LEVEL),
	   "an efficiency of 100 %% is not below 100 %%");

	mode("ten", BRICKTRACE_MODE_NEXT);
	ok(all_measured(10, BUDGET + CALM, BRICKTRACE_REASON_LEVEL),
	   "the first ten runs are not traced");
	ok(!(run->r.why & ANOMALY),
	   "and without ten runs in the window there is no anomaly");
	once(BUDGET + CALM);
	ok(o.reason != BRICKTRACE_REASON_LEVEL &&
		   run->r.why & BRICKTRACE_WHY_EFFICIENCY_LOW &&
		   run->r.window_runs == BRICKTRACE_WINDOW_LEAST,
	   "the eleventh is, if its efficiency is below 100 %%");
	is(session(fd).escalated, 1, "the brick is escalated");
	brick_reset(fd, brick);
	is(session(fd).escalated, 0, "BRICK_RESET takes that back");
	ok(all_measured(10, BUDGET + CALM, BRICKTRACE_REASON_LEVEL),
	   "after BRICK_RESET there are ten untraced runs again");
	once(BUDGET + CALM);
	is(session(fd).escalated, 1, "and the brick is escalated again");
	ok(traced_after(BRICKTRACE_REASON_HOOKS_PENDING, BUDGET + CALM), "and traced");

	SET(fd, LIMIT, .trace_limit = 0);
	ok(all_measured(3, BUDGET + CALM, BRICKTRACE_REASON_RATE_LIMIT) &&
		   run->r.flags & BRICKTRACE_RESULT_REFUSED,
	   "without a grant no run of mode next is traced");
	brick_get(fd, brick, &state);
	is(state.s.refused, 3, "and the brick says how many were refused");
	SET(fd, LIMIT, .trace_limit = BRICKTRACE_MAX_LIMIT);
	mode("ten", BRICKTRACE_MODE_MEASURE);
	is(session(fd).escalated, 0, "another mode ends the escalation");
	ok(all_measured(1, 0, BRICKTRACE_REASON_LEVEL), "and the tracing");
	wait_disarmed();
	SET(fd, EFFICIENCY, .efficiency_threshold = 25000);
	SET(fd, LIMIT, .trace_limit = 100);
}

static void at(uint32_t level, uint32_t flags, uint32_t why)
{
	o = run_request(
		fd, (struct bricktrace_run_open){
			    .brick = brick, .level = level, .flags = flags, .why = why });
	run_close(fd, o.run, run);
}

static void reasons(void)
{
	struct bricktrace_assertion assertion = { .kind = BRICKTRACE_ASSERT_DURATION,
						  .limit = LATE / 2,
						  .name = "short" };
	bool good = true;

	if (try_brick(fd, "reasons",
		      (struct bricktrace_brick_define){
			      .flags = BRICKTRACE_BRICK_BASELINE | BRICKTRACE_BRICK_ASSERTIONS,
			      .budget_ns = BUDGET,
			      .baseline = 3,
			      .assertions = ARRAY(&assertion, 1) }) < 0)
		bail("BRICK_DEFINE");
	mode("reasons", BRICKTRACE_MODE_MEASURE);
	for (int i = 1; i <= 9; i++) {
		good &= once(i == 4 ? BUDGET + CALM : i == 5 ? LATE : CALM);
		if (run->r.why != (i % 3 ? 0 : BRICKTRACE_WHY_BASELINE) + over_budget() +
					  (run->r.failed ? BRICKTRACE_WHY_ASSERTION : 0))
			no(&good, "run %d: reasons 0x%x", i, run->r.why);
		if (run->r.flags & (BRICKTRACE_RESULT_GRANTED | BRICKTRACE_RESULT_REFUSED))
			no(&good, "run %d: flags 0x%x", i, run->r.flags);
	}
	ok(good, "budget, assertion and baseline are reasons, in mode measure, too");
	brick_mode(fd, "reasons", 0, BRICKTRACE_MODE_MEASURE);
	once(0);
	once(0);
	is(run->r.why, BRICKTRACE_WHY_OVER_BUDGET | BRICKTRACE_WHY_EFFICIENCY_LOW,
	   "with the budget 0 each run is over it, and its efficiency low");
	is(run->r.flags, BRICKTRACE_RESULT_OVER_BUDGET | BRICKTRACE_RESULT_INTERESTING,
	   "in mode measure nothing is granted");

	mode("manual", BRICKTRACE_MODE_MEASURE);
	at(BRICKTRACE_LEVEL_TRACE, 0, 0);
	ok(agrees() && run->r.why == BRICKTRACE_WHY_MANUAL &&
		   run->r.flags == BRICKTRACE_RESULT_INTERESTING,
	   "level trace is the reason \"manual\", and not granted");
	at(BRICKTRACE_LEVEL_TRACE, 0, BRICKTRACE_WHY_CV_EXCEEDED);
	is(run->r.why, BRICKTRACE_WHY_CV_EXCEEDED,
	   "level trace with a reason has that one");
	at(BRICKTRACE_LEVEL_MEASURE, 0, 0);
	is(run->r.why, 0, "level measure is no reason");
}

static void charges(void)
{
	const struct bricktrace_session was = session(fd);

	mode("charge", BRICKTRACE_MODE_MEASURE);
	do
		at(BRICKTRACE_LEVEL_TRACE, BRICKTRACE_RUN_CHARGE, 0);
	while (o.reason == BRICKTRACE_REASON_HOOKS_PENDING);
	ok(agrees() && o.effective_level == BRICKTRACE_LEVEL_TRACE &&
		   run->r.why == BRICKTRACE_WHY_MANUAL &&
		   run->r.flags == (BRICKTRACE_RESULT_INTERESTING |
				    BRICKTRACE_RESULT_GRANTED | BRICKTRACE_RESULT_HOST),
	   "a charged run is traced and granted");
	is(session(fd).granted, was.granted + 1, "and takes one grant");
	SET(fd, LIMIT, .trace_limit = 0);
	at(BRICKTRACE_LEVEL_TRACE, BRICKTRACE_RUN_CHARGE, BRICKTRACE_WHY_CV_EXCEEDED);
	ok(agrees() && o.reason == BRICKTRACE_REASON_RATE_LIMIT &&
		   run->r.why == BRICKTRACE_WHY_CV_EXCEEDED &&
		   run->r.flags ==
			   (BRICKTRACE_RESULT_INTERESTING | BRICKTRACE_RESULT_REFUSED),
	   "without a grant it is not traced");
	at(BRICKTRACE_LEVEL_TRACE, 0, 0);
	ok(agrees() && o.effective_level == BRICKTRACE_LEVEL_TRACE,
	   "a run that is not charged is traced without a grant");
	SET(fd, LIMIT, .trace_limit = 100);
	thread_unregister(fd);
	at(BRICKTRACE_LEVEL_TRACE, BRICKTRACE_RUN_CHARGE, 0);
	ok(agrees() && o.reason == BRICKTRACE_REASON_NOT_REGISTERED,
	   "a charged run can be opened by a thread that is not registered");
	thread_register(fd, 0);
	SET(fd, ENABLED, .enabled = 0);
	at(BRICKTRACE_LEVEL_TRACE, BRICKTRACE_RUN_CHARGE, 0);
	ok(agrees() && o.reason == BRICKTRACE_REASON_DISABLED,
	   "and while tracing is switched off");
	SET(fd, ENABLED, .enabled = 1);
	ok(session(fd).granted == was.granted + 1 && session(fd).refused == was.refused + 1,
	   "which takes no grant");
}

static void *switches_off(void *arg)
{
	SET(fd, ENABLED, .enabled = 0);
	return arg;
}

static bool not_instrumented(u64 id, uint32_t reason)
{
	run_close(fd, id, run);
	return run->r.provenance == BRICKTRACE_NOT_INSTRUMENTED && run->r.reason == reason;
}

static void session_off(void)
{
	u64 first, tail, manual, across, arms, id;
	struct bricktrace_run_open other_run;
	int other = device();
	uint32_t other_brick;
	pthread_t t;

	linger(60000);
	mode("off", BRICKTRACE_MODE_TAIL);
	first = run_auto(fd, brick).run;
	tail = run_auto(fd, brick).run;
	manual = run_open(fd, brick, TRACE_SESSION);
	pthread_create(&t, NULL, switches_off, NULL);
	pthread_join(t, NULL);
	ok(!armed(), "session off: the hooks are off at once");
	arms = info(fd).arms;
	is(session(fd).enabled, 0, "session off: SESSION_GET says so");
	ok(not_instrumented(manual, BRICKTRACE_REASON_DISARMED),
	   "session off: a run that was open is not instrumented");
	ok(not_instrumented(tail, BRICKTRACE_REASON_DISARMED),
	   "session off: nor is one at level auto");
	ok(all_measured(3, CALM, BRICKTRACE_REASON_DISABLED),
	   "session off: no run at level auto is traced");
	across = run_auto(fd, brick).run;
	at(BRICKTRACE_LEVEL_TRACE, 0, 0);
	ok(agrees() && o.reason == BRICKTRACE_REASON_DISABLED,
	   "session off: a run at level trace can be opened, but is not instrumented");
	brick_mode(fd, "off 2", BUDGET, BRICKTRACE_MODE_TRACE);
	is(info(fd).arms, arms, "session off: nothing arms the hooks");

	/* Other sessions are not affected. */
	thread_register(other, 0);
	other_brick = brick_mode(other, "other", BUDGET, BRICKTRACE_MODE_TAIL);
	other_run = run_auto(other, other_brick);
	SET(fd, ENABLED, .enabled = 1);
	ok(traced_after(BRICKTRACE_REASON_HOOKS_PENDING, CALM),
	   "session on: beside another session runs are traced");
	id = run_auto(fd, brick).run;
	SET(fd, ENABLED, .enabled = 0);
	ok(armed(), "session off: another session has the hooks");
	ok(all_measured(1, CALM, BRICKTRACE_REASON_DISABLED),
	   "session off: no run of this session is traced");
	SET(fd, ENABLED, .enabled = 1);
	ok(not_instrumented(id, BRICKTRACE_REASON_DISARMED),
	   "session off and on: a run that was open is not instrumented");
	SET(fd, ENABLED, .enabled = 0);
	run_close(other, other_run.run, run);
	is(run->r.provenance, BRICKTRACE_MEASURED,
	   "session off: runs of the other session are measured");
	close(other);

	SET(fd, ENABLED, .enabled = 1);
	ok(not_instrumented(across, BRICKTRACE_REASON_DISABLED),
	   "session on: a run from before is not instrumented");
	ok(not_instrumented(first, BRICKTRACE_REASON_DISARMED),
	   "session on: nor is one that was open when tracing was switched off");
	ok(traced_after(BRICKTRACE_REASON_HOOKS_PENDING, CALM),
	   "session on: runs are traced again");

	/* The host's switch works in the same way. */
	id = run_auto(fd, brick).run;
	parameter("enabled", 0);
	ok(!armed(), "host off: the hooks are off at once");
	ok(not_instrumented(id, BRICKTRACE_REASON_DISARMED),
	   "host off: a run that was open is not instrumented");
	ok(all_measured(3, CALM, BRICKTRACE_REASON_DISABLED),
	   "host off: no run at level auto is traced");
	mode("off 3", BRICKTRACE_MODE_TAIL);
	ok(!armed(), "host off: a mode can be set, but arms no hooks");
	parameter("enabled", 1);
	ok(traced_after(BRICKTRACE_REASON_HOOKS_PENDING, CALM),
	   "host on: runs are traced again");
	linger(0);
	mode("off", BRICKTRACE_MODE_MEASURE);
	mode("off 2", BRICKTRACE_MODE_MEASURE);
	mode("off 3", BRICKTRACE_MODE_MEASURE);
	wait_disarmed();
}

int main(void)
{
	run = run_new();
	linger(0);
	begin("modes");
	thread_register(fd, 0);
	/* On a busy host the durations vary. */
	SET(fd, CV, .cv_threshold = BRICKTRACE_MAX_CV);
	measures();
	traces();
	tails();
	reasons();
	charges();
	wait_disarmed();
	thresholds();
	session_off();
	close(fd);
	linger(1000);
	return done();
}
