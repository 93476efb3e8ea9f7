// SPDX-License-Identifier: MIT
/*
 * No call is lost, counted twice or counted for another thread while traced threads move
 * between two CPUs. They move themselves between their calls, and another thread moves
 * them at any moment, even inside a probe if the kernel's probes can be preempted.
 *
 * Rules: sums.
 */
#include "test.h"

#define MOVERS 4
#define CALLS  20000

static struct mover {
	atomic_int tid;
	pthread_t thread;
	struct run *run;
	u64 moves, wrong;
} mover[MOVERS];
static atomic_int ready, go, finished, stop;

static void pin(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (syscall(SYS_sched_setaffinity, tid, sizeof(set), &set))
		bail("sched_setaffinity");
}

static void *move(void *arg)
{
	struct mover *m = arg;
	u64 number;

	m->run = run_new();
	thread_register(fd, 0);
	atomic_store(&m->tid, syscall(SYS_gettid));
	atomic_fetch_add(&ready, 1);
	while (!atomic_load(&go))
		;
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < CALLS; i++) {
		getppid_raw();
		/* The other half of the threads is moved by main() alone. */
		if (m - mover < MOVERS / 2 && i % 50 == 0)
			pin(0, m->moves++ & 1);
	}
	run_close(fd, number, m->run);
	m->wrong = count_of(m->run, SYS_getppid) != CALLS ||
		   count_of(m->run, SYS_sched_setaffinity) != m->moves ||
		   m->run->r.threads != 1 || !consistent(m->run);
	atomic_fetch_add(&finished, 1);
	while (!atomic_load(&stop))
		;
	return NULL;
}

static u64 switches(void)
{
	char path[64], line[128];
	u64 n = 0, v;

	for (int i = 0; i < MOVERS; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%d/status", mover[i].tid);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (sscanf(line, "nonvoluntary_ctxt_switches: %llu", &v) == 1 ||
			    sscanf(line, "voluntary_ctxt_switches: %llu", &v) == 1)
				n += v;
		if (f)
			fclose(f);
	}
	return n;
}

int main(void)
{
	struct run *run = run_new();
	u64 number, pushes = 0, moves = 0, wrong = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		bail("one CPU");
	begin("migrate");
	for (int i = 0; i < MOVERS; i++)
		pthread_create(&mover[i].thread, NULL, move, &mover[i]);
	wait_value(&ready, MOVERS);
	number = run_open(fd, brick, TRACE_SESSION);
	atomic_store(&go, 1);
	while (atomic_load(&finished) < MOVERS) {
		for (int i = MOVERS / 2; i < MOVERS; i++)
			pin(mover[i].tid, pushes & 1);
		pushes++;
		sleep_ns(MS / 5);
	}
	run_close(fd, number, run);
	printf("# %llu pushes, %llu switches\n", pushes, switches());
	for (int i = 0; i < MOVERS; i++) {
		wrong += mover[i].wrong;
		moves += mover[i].moves;
	}
	is(wrong, 0, "each thread's run has each of its calls once");
	ok(consistent(run), "the session's figures add up");
	is(count_of(run, SYS_getppid), MOVERS * CALLS,
	   "the session's run has the calls of all threads");
	is(count_of(run, SYS_sched_setaffinity), moves,
	   "the session's run has the calls that moved them");
	ok(pushes > 10 && switches() > 100, "control: the threads were moved");
	atomic_store(&stop, 1);
	for (int i = 0; i < MOVERS; i++)
		pthread_join(mover[i].thread, NULL);
	is(threads_become(0), 0, "no thread is left in the session");
	return done();
}
