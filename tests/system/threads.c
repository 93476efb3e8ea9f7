// SPDX-License-Identifier: MIT
/*
 * What each thread does is, exactly once, in its own run and in the session-wide one,
 * whichever threads open and close runs, and whichever are created or end meanwhile.
 *
 * Rules: asleep, in-flight, inherit, longest, nested, provenance, scope, sums.
 */
#include <linux/futex.h>
#include "test.h"

#define THREADS 8
#define EDGE_PS 250000 /* any value: a known edge takes part in the sums */

static long futex(atomic_int *word, int op, int value)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* Checks that a run's inclusive figures are its exclusive ones and its children's. */
static bool adds_up(const struct run *parent, const struct run *child, int n)
{
	static const char *const what[] = { "count", "errors", "ns", "offcpu_ns" };
	bool good = true;
	uint32_t i, k;
	int j;

	for (i = 0; i < parent->syscalls; i++) {
		const struct call *p = &parent->calls[i];
		u64 sum[4] = { p->self.count, p->self.errors, p->self.ns,
			       p->self.offcpu_ns };
		u64 all[4] = { p->all.count, p->all.errors, p->all.ns, p->all.offcpu_ns };

		for (j = 0; j < n; j++) {
			const struct call *c = call_of(&child[j], p->nr);

			if (!c)
				continue;
			sum[0] += c->all.count;
			sum[1] += c->all.errors;
			sum[2] += c->all.ns;
			sum[3] += c->all.offcpu_ns;
		}
		for (k = 0; k < 4; k++)
			if (sum[k] != all[k])
				no(&good, "call %u: %s is %llu, the sum of its parts %llu",
				   p->nr, what[k], all[k], sum[k]);
	}
	for (j = 0; j < n; j++)
		for (i = 0; i < child[j].syscalls; i++)
			if (!call_of(parent, child[j].calls[i].nr))
				no(&good, "call %u is in a child only",
				   child[j].calls[i].nr);
	{
		u64 thread = parent->self.thread_ns;
		u64 compute = parent->self.compute_ns;
		u64 offcpu = parent->self.compute_offcpu_ns;
		u64 control = parent->self.control_ns;
		u64 edge = parent->self.edge_ns;

		for (j = 0; j < n; j++) {
			thread += child[j].all.thread_ns;
			compute += child[j].all.compute_ns;
			offcpu += child[j].all.compute_offcpu_ns;
			control += child[j].all.control_ns;
			edge += child[j].all.edge_ns;
		}
		if (thread != parent->all.thread_ns)
			no(&good, "thread_ns");
		if (compute != parent->all.compute_ns)
			no(&good, "compute_ns");
		if (offcpu != parent->all.compute_offcpu_ns)
			no(&good,
			   "compute_offcpu_ns %llu, the sum of its parts %llu, self %llu of %llu",
			   parent->all.compute_offcpu_ns, offcpu,
			   parent->self.compute_offcpu_ns, parent->self.compute_ns);
		if (control != parent->all.control_ns)
			no(&good, "control_ns");
		if (edge != parent->all.edge_ns)
			no(&good, "edge_ns");
	}
	return good;
}

/* Eight threads, in pairs, pass a turn to each other with futexes for a second. */

static struct worker {
	pthread_t thread;
	atomic_int *word;
	int side;
	u64 before, after;   /* clock readings around its run */
	u64 opened, closing; /* clock readings inside its run */
	u64 created, ended;  /* clock readings around its life */
	u64 futexes;	     /* futex calls that it has made in its run */
	u64 futexes_outside;
	u64 errors;
	u64 run;
} workers[THREADS];
static struct run *own;
static atomic_bool stop;
static pthread_barrier_t barrier;

static void *pass_turn(void *arg)
{
	struct worker *w = arg;
	int turn;

	pthread_barrier_wait(&barrier);
	w->before = now();
	w->run = run_open(fd, brick, TRACE_THREAD);
	w->opened = now();
	/* The words count up; even values are side 0's turn. */
	for (;;) {
		while (((turn = atomic_load(w->word)) & 1) != w->side) {
			if (turn < 0)
				goto out;
			w->futexes++;
			if (futex(w->word, FUTEX_WAIT, turn) < 0)
				w->errors++;
		}
		if (turn < 0 || atomic_load(&stop))
			break;
		atomic_store(w->word, turn + 1);
		w->futexes++;
		futex(w->word, FUTEX_WAKE, 1);
	}
out:
	atomic_store(w->word, -2 - !w->side);
	w->futexes++;
	futex(w->word, FUTEX_WAKE, 1);
	w->closing = now();
	run_close(fd, w->run, &own[w - workers]);
	w->after = now();
	return NULL;
}

static void eight_threads(void)
{
	struct run *session_run = run_new(), *outer = run_new();
	static atomic_int words[THREADS / 2];
	u64 t0, t1, run, total = 0, errors = 0, least = 0, most = 0, inner_number;
	const struct call *c;
	bool sums = true, futexes = true, times = true, parents = true, wait = true;
	int i;

	own = calloc(THREADS, sizeof(*own));
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	set_edge(fd, EDGE_PS);
	/* One run is opened before the threads are created, one afterwards. */
	t0 = now();
	run = run_open(fd, brick, TRACE_SESSION);
	for (i = 0; i < THREADS; i++) {
		workers[i].word = &words[i / 2];
		workers[i].side = i & 1;
		workers[i].created = now();
		if (pthread_create(&workers[i].thread, NULL, pass_turn, &workers[i]))
			bail("pthread_create");
	}
	is(session(fd).threads, THREADS + 1, "the session has 8 threads and main");
	inner_number = run_open(fd, brick, TRACE_SESSION);
	pthread_barrier_wait(&barrier);
	sleep_ns(S);
	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		workers[i].ended = now();
	}
	run_close(fd, inner_number, session_run);
	run_close(fd, run, outer);
	t1 = now();
	is(threads_become(1), 1, "ended threads leave the session");

	for (i = 0; i < THREADS; i++) {
		const struct worker *w = &workers[i];
		const struct bricktrace_result *r = &own[i].r;

		if (!consistent(&own[i]))
			no(&sums, "thread %d", i);
		c = call_of(&own[i], SYS_futex);
		if (!c || c->all.count != w->futexes || c->all.errors != w->errors ||
		    c->all.in_flight)
			no(&futexes,
			   "thread %d: %llu of %llu futex calls, %llu of %llu errors", i,
			   c ? c->all.count : 0, w->futexes, c ? c->all.errors : 0,
			   w->errors);
		/* The module's clock and ours may differ by 0.1 %. */
		if (own[i].all.thread_ns > (w->after - w->before) * 1.001 ||
		    own[i].all.thread_ns < (w->closing - w->opened) * 0.999 ||
		    r->wall_ns != own[i].all.thread_ns || r->threads != 1)
			no(&times, "thread %d: %llu ns, %llu on the wall, %llu seen", i,
			   own[i].all.thread_ns, r->wall_ns, w->after - w->before);
		if (r->parent != inner_number || r->depth != 2 || r->run != w->run)
			no(&parents, "thread %d: parent %llu, depth %u", i, r->parent,
			   r->depth);
		/*
		 * At any time one thread of a pair waits, in the call or, preempted by
		 * the thread that it woke, on its way there.
		 */
		if (i & 1) {
			u64 off = own[i].category[BRICKTRACE_CAT_FUTEX].offcpu_ns +
				  own[i - 1].category[BRICKTRACE_CAT_FUTEX].offcpu_ns;

			if (off < S * 0.25)
				no(&wait, "pair %d: off-CPU in futex for %llu", i / 2, off);
		}
		total += w->futexes;
		errors += w->errors;
		least += w->after - w->before;
		most += w->ended - w->created;
	}
	ok(sums, "each thread's figures add up");
	ok(futexes, "each thread's futex calls are counted one by one");
	ok(times, "each thread's time is that of its run");
	ok(parents, "each thread's run is enclosed by the session's");
	ok(wait, "one of each two threads waits in futex");

	ok(consistent(session_run), "session: the figures add up");
	is(session_run->r.threads, THREADS + 1, "session: it has 8 threads and main");
	ok(adds_up(session_run, own, THREADS), "session: all = self + the threads' runs");
	ok(consistent(outer), "around it: the figures add up");
	is(outer->r.threads, THREADS + 1, "around it: it has the threads created inside");
	ok(adds_up(outer, session_run, 1), "around it: all = self + the inner one");
	/* Main and the C library's joining make some futex calls too. */
	between(count_of(outer, SYS_futex), total, total + 10 * THREADS,
		"around it: futex calls");
	between(outer->category[BRICKTRACE_CAT_FUTEX].errors, errors,
		errors + 10 * THREADS, "around it: failed futex calls");
	between(outer->all.thread_ns, least + (t1 - t0) * 0.97,
		(most + (t1 - t0)) * 1.001, "around it: thread time");
	between(outer->r.wall_ns, S, (t1 - t0) * 1.001, "around it: wall time");
	thread_unregister(fd);
	set_edge(fd, BRICKTRACE_NONE);
	free(own);
	free(session_run);
	free(outer);
}

/* Twenty nested runs, each with calls of its own. */

#define DEEP 20
#define NAP  (100 * MS)

static void twenty_deep(void)
{
	struct run *runs = calloc(DEEP, sizeof(*runs));
	struct run *two = calloc(2, sizeof(*two)), *last = run_new();
	u64 number[DEEP], top, inner[2];
	bool consist = true, sums = true, counts = true, shape = true, off = true;
	u64 calls = 0, slept = 0;
	char byte;
	int i, j;

	memset(runs, 0xee, DEEP * sizeof(*runs));
	set_edge(fd, EDGE_PS);
	thread_register(fd, 0);
	for (i = 0; i < DEEP; i++) {
		number[i] = run_open(fd, brick, TRACE_THREAD);
		for (j = 0; j <= i; j++)
			getppid_raw();
		if (read(-1, &byte, 1) >= 0)
			bail("read from nowhere");
		if (i % 4 == 0)
			sleep_ns(NAP);
	}
	for (i = DEEP - 1; i >= 0; i--) {
		getppid_raw();
		run_close(fd, number[i], &runs[i]);
	}
	for (i = DEEP - 1; i >= 0; i--) {
		const struct call *p = call_of(&runs[i], SYS_getppid);
		const struct call *r = call_of(&runs[i], SYS_read);
		const struct call *n = call_of(&runs[i], SYS_nanosleep);

		calls += i + 2;
		slept += i % 4 == 0;
		if (!consistent(&runs[i]))
			no(&consist, "run %d", i);
		if (i < DEEP - 1 && !adds_up(&runs[i], &runs[i + 1], 1))
			no(&sums, "run %d", i);
		if (!p || p->all.count != calls || p->self.count != (u64)i + 2 || !r ||
		    r->all.count != (u64)DEEP - i || r->all.errors != (u64)DEEP - i ||
		    r->self.count != 1 || r->self.errors != 1 ||
		    (n ? n->all.count : 0) != slept ||
		    (n ? n->self.count : 0) != (u64)(i % 4 == 0))
			no(&counts, "run %d: %llu and %llu of %llu and %d", i,
			   p ? p->all.count : 0, p ? p->self.count : 0, calls, i + 2);
		/* On a busy machine part may pass before the thread is off its CPU. */
		if (n && (n->all.offcpu_ns < slept * NAP * 0.5 ||
			  n->self.offcpu_ns < (i % 4 == 0) * NAP * 0.5 ||
			  n->all.ns < slept * NAP || n->self.ns < (i % 4 == 0) * NAP ||
			  (i % 4 && n->self.ns)))
			no(&off, "run %d: slept %llu of %llu", i, n->all.offcpu_ns,
			   slept * NAP);
		if (runs[i].r.depth != (unsigned int)i ||
		    runs[i].r.parent != (i ? number[i - 1] : 0) ||
		    runs[i].r.run != number[i])
			no(&shape, "run %d: depth %u, parent %llu", i, runs[i].r.depth,
			   runs[i].r.parent);
	}
	ok(consist, "20 deep: the figures of each add up");
	ok(sums, "20 deep: all = self + the inner one");
	ok(counts, "20 deep: counts and errors, inclusive and self");
	ok(off, "20 deep: sleep is off-CPU time of the run that slept");
	ok(shape, "20 deep: numbers, parents and depths");
	ok(runs[DEEP - 1].all.thread_ns == runs[DEEP - 1].self.thread_ns &&
		   runs[DEEP - 1].all.compute_ns == runs[DEEP - 1].self.compute_ns,
	   "20 deep: inclusive and self are the same in the innermost");

	/* Two inner runs in one outer run; then one that is closed without a result. */
	top = run_open(fd, brick, TRACE_THREAD);
	for (i = 0; i < 2; i++) {
		inner[i] = run_open(fd, brick, TRACE_THREAD);
		for (j = 0; j < 5 + i; j++)
			getppid_raw();
		run_close(fd, inner[i], &two[i]);
	}
	run_close(fd, top, &runs[0]);
	ok(adds_up(&runs[0], two, 2) && consistent(&runs[0]),
	   "two inner runs: all = self + both");
	is(two[1].r.parent, top, "the second one's parent is the outer one");

	top = run_open(fd, brick, TRACE_THREAD);
	inner[0] = run_open(fd, brick, TRACE_THREAD);
	for (j = 0; j < 7; j++)
		getppid_raw();
	run_discard(fd, inner[0]);
	getppid_raw();
	run_close(fd, top, last);
	is(call_of(last, SYS_getppid)->all.count, 8, "a discarded inner run is in all");
	is(call_of(last, SYS_getppid)->self.count, 1,
	   "a discarded inner run is not in self");

	/* An inner run of level measure takes nothing from self. */
	top = run_open(fd, brick, TRACE_THREAD);
	inner[0] = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	for (j = 0; j < 7; j++)
		getppid_raw();
	run_close(fd, inner[0], &two[0]);
	run_close(fd, top, last);
	is(call_of(last, SYS_getppid)->self.count, 7,
	   "a measured inner run is part of self");
	ok(two[0].r.provenance == BRICKTRACE_NOT_INSTRUMENTED &&
		   two[0].r.reason == BRICKTRACE_REASON_LEVEL && !two[0].r.threads &&
		   !two[0].syscalls && two[0].r.wall_ns != BRICKTRACE_NONE &&
		   two[0].r.wall_ns > 0 && two[0].r.wall_ns < last->r.wall_ns &&
		   two[0].r.parent == top,
	   "a measured run has its wall time and its parent");
	/* run_read() has checked that the arrays are empty. */
	is(two[0].all.thread_ns, BRICKTRACE_NONE, "a measured run has no breakdown");

	thread_unregister(fd);
	set_edge(fd, BRICKTRACE_NONE);
	free(runs);
	free(two);
	free(last);
}

/* Another thread closes the run; in the next test the run's thread ends first. */

static atomic_int ready, finish;
static pid_t reader;
static u64 other_run, other_start;

static void *open_and_read(void *arg)
{
	int *pipe_fd = arg;
	char c;

	thread_register(fd, 0);
	reader = syscall(SYS_gettid);
	other_start = now();
	other_run = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 100; i++)
		getppid_raw();
	atomic_store(&ready, 1);
	while (read(*pipe_fd, &c, 1) != 1)
		;
	while (!atomic_load(&finish))
		sched_yield();
	return NULL;
}

static void closed_by_another(void)
{
	const struct call *c;
	struct run *run = run_new();
	u64 asleep, closing, end;
	pthread_t t;
	int fds[2];

	if (pipe(fds) || pthread_create(&t, NULL, open_and_read, &fds[0]))
		bail("pipe, pthread_create");
	while (!atomic_load(&ready))
		sleep_ns(MS);
	wait_state(getpid(), reader, "S");
	asleep = now();
	sleep_ns(200 * MS);
	closing = now();
	run_close(fd, other_run, run);
	end = now();
	ok(consistent(run), "closed by another: the figures add up");
	is(run->r.flags & BRICKTRACE_RESULT_ABANDONED, 0,
	   "closed by another: not abandoned");
	is(run->r.threads, 1, "closed by another: the opener only");
	is(count_of(run, SYS_getppid), 100, "closed by another: its calls");
	c = call_of(run, SYS_read);
	ok(c && c->all.in_flight == 1 && c->all.count == 0 &&
		   c->all.max_ns == BRICKTRACE_NONE,
	   "closed by another: the call under way is in flight");
	between(c ? c->all.ns : 0, (closing - asleep) * 0.999, end - other_start,
		"closed by another: that call has its time so far");
	between(c ? c->all.offcpu_ns : 0, (closing - asleep) * 0.999, c ? c->all.ns : 0,
		"closed by another: off its CPU");
	between(run->all.thread_ns, 200 * MS, end - other_start,
		"closed by another: thread time");
	if (write(fds[1], "x", 1) != 1)
		bail("write");
	atomic_store(&finish, 1);
	pthread_join(t, NULL);
	close(fds[0]);
	close(fds[1]);
	free(run);
}

static void *open_and_end(void *arg)
{
	(void)arg;
	thread_register(fd, 0);
	other_run = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 123; i++)
		getppid_raw();
	sleep_ns(20 * MS);
	return NULL;
}

static void thread_ends_first(void)
{
	struct run *run = run_new();
	const struct call *c;
	u64 before = now(), after;
	uint32_t opened = session(fd).runs;
	pthread_t t;

	if (pthread_create(&t, NULL, open_and_end, NULL))
		bail("pthread_create");
	pthread_join(t, NULL);
	after = now();
	is(threads_become(0), 0, "abandoned: the thread has left the session");
	is(session(fd).runs, opened + 1, "abandoned: its run is still open");
	sleep_ns(100 * MS);
	run_close(fd, other_run, run);
	ok(run->r.flags & BRICKTRACE_RESULT_ABANDONED, "abandoned: the result says so");
	ok(consistent(run), "abandoned: the figures add up");
	is(count_of(run, SYS_getppid), 123, "abandoned: its calls are counted");
	c = call_of(run, SYS_exit);
	ok(c && c->all.in_flight == 1 && c->all.count == 0,
	   "abandoned: exit is in flight when the thread ends");
	between(run->r.wall_ns, 20 * MS, after - before,
		"abandoned: the run ended with its thread");
	is(run->all.thread_ns, run->r.wall_ns,
	   "abandoned: thread time ended with the thread");
	free(run);
}

/* Inheritance with each bit by itself, with both and with none. */

static void *thread_calls(void *arg)
{
	int n = *(int *)arg;

	for (int i = 0; i < n; i++)
		getppid_raw();
	return NULL;
}

/* The child makes calls, and has a thread and a child that make calls. */
static void child_calls(void)
{
	int many = 1000, more = 10000;
	pthread_t t;
	pid_t pid;

	for (int i = 0; i < 100; i++)
		getppid_raw();
	pthread_create(&t, NULL, thread_calls, &many);
	pthread_join(t, NULL);
	pid = fork();
	if (!pid) {
		thread_calls(&more);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void inheritance(void)
{
	/* Main makes 1 call, its thread 10, its child 100, that one's thread and child more. */
	static const struct {
		unsigned int inherit;
		u64 calls;
		unsigned int threads;
		const char *name;
	} cases[] = {
		{ 0, 1, 1, "none" },
		{ BRICKTRACE_THREAD_INHERIT_THREADS, 11, 2, "threads" },
		{ BRICKTRACE_THREAD_INHERIT_CHILDREN, 10101, 3, "children" },
		{ BRICKTRACE_THREAD_INHERIT_THREADS | BRICKTRACE_THREAD_INHERIT_CHILDREN,
		  11111, 5, "both" },
	};
	struct run *run = run_new();
	int ten = 10;
	pthread_t t;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		u64 number;
		pid_t pid;

		thread_register(fd, cases[i].inherit);
		number = run_open(fd, brick, TRACE_SESSION);
		getppid_raw();
		pthread_create(&t, NULL, thread_calls, &ten);
		pthread_join(t, NULL);
		fflush(stdout);
		pid = fork();
		if (!pid) {
			child_calls();
			_exit(0);
		}
		if (waitpid(pid, NULL, 0) != pid)
			bail("waitpid");
		run_close(fd, number, run);
		is(count_of(run, SYS_getppid), cases[i].calls, "inherit %s: calls",
		   cases[i].name);
		is(run->r.threads, cases[i].threads, "inherit %s: threads", cases[i].name);
		ok(consistent(run), "inherit %s: the figures add up", cases[i].name);
		is(threads_become(1), 1, "inherit %s: the others have left", cases[i].name);
		thread_unregister(fd);
	}
	free(run);
}

/* A thread has slept since before the hooks were armed. */

static void *sleep_in_read(void *arg)
{
	int *fds = arg;
	char c;

	thread_register(fd, 0);
	reader = syscall(SYS_gettid);
	atomic_store(&ready, 1);
	if (read(fds[0], &c, 1) != 1)
		bail("read");
	for (int i = 0; i < 5; i++)
		getppid_raw();
	atomic_store(&ready, 2);
	if (read(fds[0], &c, 1) != 1)
		bail("read");
	return NULL;
}

static void asleep_before_arming(void)
{
	const struct call *c;
	struct run *run = run_new();
	u64 number, start;
	pthread_t t;
	int fds[2];

	atomic_store(&ready, 0);
	if (pipe(fds) || pthread_create(&t, NULL, sleep_in_read, fds))
		bail("pipe, pthread_create");
	while (!atomic_load(&ready))
		sleep_ns(MS);
	wait_state(getpid(), reader, "S");
	wait_disarmed();

	/* This thread is not registered: the sleeper is the only member. */
	start = now();
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(100 * MS);
	run_close(fd, number, run);
	c = call_of(run, SYS_read);
	ok(consistent(run), "asleep since before: the figures add up");
	is(run->r.threads, 1, "asleep since before: one thread");
	ok(c && c->all.in_flight == 1 && !c->all.count,
	   "asleep since before: its call is known, and in flight");
	between(run->all.thread_ns, 100 * MS, (now() - start) * 1.001,
		"asleep since before: thread time");
	between(c ? c->all.offcpu_ns : 0, run->all.thread_ns * 0.99, run->all.thread_ns,
		"asleep since before: off its CPU in the call");
	between(run->all.compute_ns, 0, run->all.thread_ns / 100,
		"asleep since before: almost no compute");

	/* The thread wakes up inside a run; its call began before the arming. */
	wait_disarmed();
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(100 * MS);
	if (write(fds[1], "x", 1) != 1)
		bail("write");
	while (atomic_load(&ready) != 2)
		sleep_ns(MS);
	wait_state(getpid(), reader, "S");
	sleep_ns(50 * MS);
	run_close(fd, number, run);
	c = call_of(run, SYS_read);
	ok(consistent(run), "woken inside: the figures add up");
	ok(c && c->all.count == 1 && c->all.in_flight == 1,
	   "woken inside: the call is completed, the next one in flight");
	is(count_of(run, SYS_getppid), 5, "woken inside: its calls after that");
	between(c ? c->all.offcpu_ns : 0, 149 * MS, run->all.thread_ns,
		"woken inside: off its CPU in both");
	is(c ? c->all.max_ns : 0, BRICKTRACE_NONE,
	   "woken inside: a call from before the run is not the longest");
	if (write(fds[1], "x", 1) != 1)
		bail("write");
	pthread_join(t, NULL);
	close(fds[0]);
	close(fds[1]);
	free(run);
}

/* Many runs that all threads open and close at once lose no call. */

#define ROUNDS 200

static void *open_close(void *arg)
{
	struct run *run = run_new();
	u64 *bad = arg;

	thread_register(fd, 0);
	for (int i = 0; i < ROUNDS; i++) {
		u64 outer = run_open(fd, brick, TRACE_THREAD);
		u64 inner;

		for (int j = 0; j < i % 7; j++)
			getppid_raw();
		inner = run_open(fd, brick, TRACE_THREAD);
		getppid_raw();
		run_close(fd, inner, run);
		*bad += count_of(run, SYS_getppid) != 1 || run->r.parent != outer ||
			!consistent(run);
		run_close(fd, outer, run);
		*bad += count_of(run, SYS_getppid) != (u64)i % 7 + 1 || !consistent(run);
	}
	thread_unregister(fd);
	free(run);
	return NULL;
}

static void all_open_and_close(void)
{
	u64 bad[THREADS] = { 0 }, all = 0;
	pthread_t t[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, open_close, &bad[i]);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		all += bad[i];
	}
	is(all, 0, "8 threads open and close 3200 runs at once: each is right");
	is(session(fd).runs, 0, "no run is left open");
	is(session(fd).threads, 0, "no thread is left in the session");
}

static pthread_barrier_t both;

static void *be_member(void *arg)
{
	thread_register(*(int *)arg, 0);
	pthread_barrier_wait(&both);
	pthread_barrier_wait(&both);
	return NULL;
}

/* What a thread does while it is only in another session is not in this session. */
static void joins_during_a_run(void)
{
	int other = device();
	uint32_t late = brick_define(other, "late", 0);
	struct run *run = run_new();
	u64 before, across;
	pthread_t t;

	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&t, NULL, be_member, &other);
	pthread_barrier_wait(&both);
	thread_register(fd, 0);
	before = run_open(fd, brick, TRACE_SESSION);
	for (int i = 0; i < 100; i++)
		getppid_raw();
	across = run_open(other, late, TRACE_SESSION);
	thread_register(other, 0);
	for (int i = 0; i < 50; i++)
		getppid_raw();
	run_close(other, across, run);
	is(count_of(run, SYS_getppid), 50,
	   "a thread joins during a run: its calls since then count");
	is(run->r.threads, 2, "a thread joins during a run: the run has both threads");
	ok(consistent(run), "a thread joins during a run: the figures add up");
	run_close(fd, before, run);
	is(count_of(run, SYS_getppid), 150,
	   "the session that had it before: all its calls count");
	pthread_barrier_wait(&both);
	pthread_join(t, NULL);
	thread_unregister(fd);
	close(other);
	free(run);
}

int main(void)
{
	fd = device();
	brick = brick_define(fd, "threads", 0);
	eight_threads();
	twenty_deep();
	closed_by_another();
	thread_ends_first();
	inheritance();
	asleep_before_arming();
	joins_during_a_run();
	all_open_and_close();
	return done();
}
