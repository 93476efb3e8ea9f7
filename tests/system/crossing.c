// SPDX-License-Identifier: MIT
/*
 * Opening and closing a run at level auto waits for nobody. Eight threads do so in each
 * mode, while another thread registers a process of 10,000 threads again and again, and
 * another one opens and closes runs over all of these. The eight threads never leave the
 * CPU of their own accord, which is exact wherever the test runs. Under -icount no opening
 * or closing takes more than 1 ms, which includes the time in which the kernel cannot be
 * preempted because one of the other threads holds a lock: the eight threads have
 * real-time priority, and preemption is full.
 */
#include <sys/resource.h>
#include "test.h"

#define THREADS	   8
#define MOST	   MS
#define PREEMPTION "/sys/kernel/debug/sched/preempt"

static bool exact; /* there is one CPU, and an instruction takes a nanosecond */
static int crowd;  /* threads of the process that is registered */
static pid_t target;
static uint32_t everybody; /* the brick of the runs over all threads */
static atomic_bool stop;
static atomic_uint registrations, wide_runs;

/* What the eight threads see. */
struct seen {
	u64 runs, traced, busy, busy_at_close, refused, other;
	u64 waits;			/* how often an ioctl has slept */
	u64 open_ns, close_ns, late_ns; /* the longest ones */
	uint32_t brick;
};

static pthread_barrier_t registered;

static u64 waits_of_thread(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_nvcsw;
}

static void longest(u64 *most, u64 since)
{
	u64 ns = now() - since;

	if (ns > *most)
		*most = ns;
}

static void once(struct seen *s, struct run *run, uint32_t scope)
{
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .brick = s->brick,
					 .level = BRICKTRACE_LEVEL_AUTO,
					 .scope = scope };
	struct bricktrace_run_close c = close_args(0, run);
	u64 waits = waits_of_thread(), began = now();

	if (ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
		bail("RUN_OPEN");
	longest(&s->open_ns, began);
	c.run = o.run;
	if (scope == BRICKTRACE_SCOPE_SESSION) {
		s->waits += waits_of_thread() - waits;
		/* Long enough for another thread to begin a registration. */
		sleep_ns(MS);
		waits = waits_of_thread();
	}
	began = now();
	if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		bail("RUN_CLOSE");
	longest(&s->close_ns, began);
	s->waits += waits_of_thread() - waits;
	s->runs++;
	if (run->r.reason == BRICKTRACE_REASON_BUSY) {
		s->busy++;
		s->busy_at_close += !o.reason;
	} else if (o.effective_level == BRICKTRACE_LEVEL_TRACE) {
		s->traced++;
	} else if (o.reason == BRICKTRACE_REASON_RATE_LIMIT) {
		s->refused++;
	} else {
		s->other++;
	}
}

static void *opens_and_closes(void *arg)
{
	struct sched_param fifo = { .sched_priority = 1 };
	struct run *run = run_new();
	struct seen *s = arg;
	struct timespec ts;
	u64 at;

	thread_register(fd, 0);
	if (exact && sched_setscheduler(0, SCHED_FIFO, &fifo))
		bail("SCHED_FIFO");
	pthread_barrier_wait(&registered);
	for (at = now() + 20 * MS; !stop; at += 2 * MS) {
		if (exact) {
			/* The timer's interrupt comes at any point of the other threads' work. */
			at += (s->runs * 7919 + (uintptr_t)s) % MS;
			ts = (struct timespec){ at / S, at % S };
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
			longest(&s->late_ns, at);
		}
		once(s, run, BRICKTRACE_SCOPE_THREAD);
	}
	thread_unregister(fd);
	free(run);
	return NULL;
}

static void *registers(void *arg)
{
	struct bricktrace_thread t = { .size = sizeof(t),
				       .flags = BRICKTRACE_THREAD_WHOLE_PROCESS,
				       .tid = target };

	while (!stop) {
		if (ioctl(fd, BRICKTRACE_THREAD_REGISTER, &t) ||
		    t.threads != (uint32_t)crowd)
			bail("THREAD_REGISTER: %u threads", t.threads);
		registrations++;
		if (ioctl(fd, BRICKTRACE_THREAD_UNREGISTER, &t))
			bail("THREAD_UNREGISTER");
		sleep_ns(5 * MS);
	}
	return arg;
}

static void *opens_widely(void *arg)
{
	while (!stop) {
		u64 number = run_open(fd, everybody, TRACE_SESSION);

		/* A run that encloses one of the eight threads' cannot be closed yet. */
		while (try_close(fd, number, arg))
			sched_yield();
		wide_runs++;
	}
	return arg;
}

static void cross(const char *what, uint32_t mode)
{
	struct seen seen[THREADS] = { 0 }, all = { 0 };
	pthread_t t[THREADS + 2];
	struct run *run = run_new();

	pthread_barrier_init(&registered, NULL, THREADS + 1);
	stop = false;
	registrations = wide_runs = 0;
	/* With the budget 0 a brick of mode next has an anomaly, and one of mode tail a grant. */
	brick = brick_mode(fd, what, 0, mode);
	for (int i = 0; i < THREADS; i++) {
		seen[i].brick = brick;
		pthread_create(&t[i], NULL, opens_and_closes, &seen[i]);
	}
	pthread_barrier_wait(&registered);
	pthread_create(&t[THREADS], NULL, registers, NULL);
	pthread_create(&t[THREADS + 1], NULL, opens_widely, run);
	for (int i = 0; i < 6000 && (registrations < 8 || wide_runs < 8); i++)
		sleep_ns(10 * MS);
	stop = true;
	for (int i = 0; i < THREADS + 2; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		struct seen *s = &seen[i];

		all.runs += s->runs;
		all.traced += s->traced;
		all.busy += s->busy;
		all.refused += s->refused;
		all.other += s->other;
		all.waits += s->waits;
		all.open_ns = s->open_ns > all.open_ns ? s->open_ns : all.open_ns;
		all.close_ns = s->close_ns > all.close_ns ? s->close_ns : all.close_ns;
		all.late_ns = s->late_ns > all.late_ns ? s->late_ns : all.late_ns;
	}
	printf("# %s: %llu runs, %llu traced, %llu refused, %llu other; %u registrations, %u wide runs; open %llu, close %llu, late %llu ns\n",
	       what, all.runs, all.traced, all.refused, all.other, registrations,
	       wide_runs, all.open_ns, all.close_ns, all.late_ns);
	ok(registrations >= 8 && wide_runs >= 8 && all.runs > 100,
	   "%s: %d threads open and close runs meanwhile", what, THREADS);
	is(all.waits, 0, "%s: no opening or closing has slept", what);
	is(all.busy, 0, "%s: nor given up tracing instead", what);
	if (mode == BRICKTRACE_MODE_MEASURE)
		is(all.traced, 0, "%s: no run is traced", what);
	else
		ok(all.traced > 0, "%s: runs are traced", what);
	if (exact) {
		between(all.open_ns, 1, MOST, "%s: the longest opening", what);
		between(all.close_ns, 1, MOST, "%s: the longest closing", what);
		/* The kernel's own interrupts may take a millisecond or two. */
		between(all.late_ns, 0, 3 * MOST, "%s: the longest wait for the CPU", what);
	}
	free(run);
}

/* Opens and closes runs over all threads, while another thread registers them. */
static void *crosses_widely(void *arg)
{
	struct sched_param fifo = { .sched_priority = 1 };
	struct run *run = run_new();
	struct seen *s = arg;

	if (exact && sched_setscheduler(0, SCHED_FIFO, &fifo))
		bail("SCHED_FIFO");
	while (!stop) {
		once(s, run, BRICKTRACE_SCOPE_SESSION);
		sleep_ns(MS);
	}
	free(run);
	return NULL;
}

static void cross_widely(void)
{
	struct seen s = { .brick = brick_mode(fd, "wide", 0, BRICKTRACE_MODE_TAIL) };
	pthread_t t[2];

	stop = false;
	registrations = 0;
	pthread_create(&t[0], NULL, crosses_widely, &s);
	pthread_create(&t[1], NULL, registers, NULL);
	for (int i = 0; i < 6000 && (registrations < 8 || !s.traced || !s.busy_at_close ||
				     s.busy == s.busy_at_close);
	     i++)
		sleep_ns(10 * MS);
	stop = true;
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	printf("# %llu runs over all threads, %llu traced, %llu busy, %llu of these at the closing, %llu other\n",
	       s.runs, s.traced, s.busy, s.busy_at_close, s.other);
	ok(s.traced && s.busy > s.busy_at_close && !s.other,
	   "runs over all threads: those that would have to wait are not traced");
	ok(s.busy_at_close,
	   "runs over all threads: nor measured, if the closing would have to wait");
	is(s.waits, 0, "runs over all threads: no opening or closing has slept");
}

int main(void)
{
	exact = sysconf(_SC_NPROCESSORS_ONLN) == 1;
	crowd = exact ? 10000 : 300;
	write_text("/proc/sys/vm/max_map_count", "100000");
	write_text("/proc/sys/kernel/threads-max", "100000");
	write_text("/proc/sys/kernel/pid_max", "100000");
	if (exact && !access(PREEMPTION, F_OK))
		write_text(PREEMPTION, "full");
	target = create_sleeping_process(crowd);
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		bail("mlockall");
	begin("crossing");
	everybody = brick_define(fd, "everybody", 0);
	SET(fd, LIMIT, .trace_limit = BRICKTRACE_MAX_LIMIT);
	/* The opener of a run over all threads arms the hooks, but is not always one of them. */
	thread_register(fd, 0);
	cross("mode measure", BRICKTRACE_MODE_MEASURE);
	cross("mode tail", BRICKTRACE_MODE_TAIL);
	/* The runs of mode tail may have taken all grants of this second. */
	sleep_ns(S);
	cross("mode next", BRICKTRACE_MODE_NEXT);
	cross_widely();
	if (exact && !access(PREEMPTION, F_OK))
		write_text(PREEMPTION, "voluntary");
	kill(target, SIGKILL);
	wait_for(target);
	return done();
}
