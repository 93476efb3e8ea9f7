// SPDX-License-Identifier: MIT
/*
 * The vDSO's clock_gettime() and the work of io_uring's kernel threads are no system
 * calls of the thread, and are not counted.
 *
 * Rules: not-a-call.
 */
#include <linux/io_uring.h>
#include "test.h"

#define CALLS	100000
#define ENTRIES 8
#define READS	50

static struct run *run;

/* Whether the vDSO can read the clock that the kernel uses. */
static bool clock_is_readable(void)
{
	char text[32] = "";
	int f = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		     O_RDONLY | O_CLOEXEC);

	if (f < 0 || read(f, text, sizeof(text) - 1) <= 0)
		bail("current_clocksource");
	close(f);
	return !strncmp(text, "tsc", 3) || !strncmp(text, "arch_sys_counter", 16);
}

static void vdso_calls(void)
{
	struct timespec ts;
	u64 number, t0, t1;
	int n = clock_is_readable() ? CALLS : 1000, i;

	number = run_open(fd, brick, TRACE_THREAD);
	for (i = 0; i < 5; i++)
		getppid_raw();
	clock_gettime(CLOCK_MONOTONIC, &ts);
	t0 = ts.tv_sec * S + ts.tv_nsec;
	for (i = 0; i < n; i++)
		clock_gettime(CLOCK_MONOTONIC, &ts);
	t1 = ts.tv_sec * S + ts.tv_nsec;
	run_close(fd, number, run);
	ok(consistent(run), "clock_gettime: the figures add up");
	is(count_of(run, SYS_getppid), 5, "clock_gettime: other calls are counted");
	if (clock_is_readable()) {
		is(all_counts(run), 5, "clock_gettime: the vDSO makes no system calls");
		between(run->all.compute_ns, t1 - t0, run->all.thread_ns,
			"clock_gettime: the vDSO's time is compute");
	} else {
		is(count_of(run, SYS_clock_gettime), n + 1,
		   "clock_gettime: without a clock the vDSO makes system calls");
		between(figures(run, SYS_clock_gettime).ns, n, run->all.thread_ns,
			"clock_gettime: those system calls take time");
	}
}

static int ring;
static char *sq, *cq;
static struct io_uring_sqe *sqes;
static struct io_uring_params params;

static bool ring_new(void)
{
	size_t sq_size, cq_size;

	ring = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring < 0)
		return false;
	sq_size = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
	cq_size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	sq = mmap(NULL, sq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_SQ_RING);
	cq = mmap(NULL, cq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		  IORING_OFF_CQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE,
		    MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
		bail("io_uring's rings");
	return true;
}

/* One read through the ring, in one io_uring_enter. */
static int ring_read(int file, char *buffer, uint32_t size, uint8_t flags)
{
	_Atomic uint32_t *tail = (void *)(sq + params.sq_off.tail);
	_Atomic uint32_t *head = (void *)(cq + params.cq_off.head);
	uint32_t mask = *(uint32_t *)(sq + params.sq_off.ring_mask);
	uint32_t cq_mask = *(uint32_t *)(cq + params.cq_off.ring_mask);
	struct io_uring_cqe *cqes = (void *)(cq + params.cq_off.cqes);
	uint32_t *array = (void *)(sq + params.sq_off.array);
	uint32_t i = *tail & mask;
	int ret;

	memset(&sqes[i], 0, sizeof(sqes[i]));
	sqes[i].opcode = IORING_OP_READ;
	sqes[i].fd = file;
	sqes[i].addr = (uintptr_t)buffer;
	sqes[i].len = size;
	sqes[i].flags = flags;
	array[i] = i;
	atomic_store(tail, *tail + 1);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		bail("io_uring_enter");
	ret = cqes[*head & cq_mask].res;
	atomic_store(head, *head + 1);
	return ret;
}

static void io_uring(uint8_t flags, const char *what)
{
	char buffer[64];
	u64 number;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), good = 0, i;

	/* The first read creates the workers. */
	ring_read(file, buffer, sizeof(buffer), flags);
	number = run_open(fd, brick, TRACE_SESSION);
	for (i = 0; i < READS; i++)
		good += ring_read(file, buffer, sizeof(buffer), flags) == sizeof(buffer);
	run_close(fd, number, run);
	close(file);
	is(good, READS, "io_uring, %s: each read succeeds", what);
	ok(consistent(run), "io_uring, %s: the figures add up", what);
	is(count_of(run, SYS_io_uring_enter), READS,
	   "io_uring, %s: io_uring_enter is counted", what);
	is(all_counts(run), READS, "io_uring, %s: no other call", what);
	is(run->category[BRICKTRACE_CAT_READ].count, 0,
	   "io_uring, %s: no read is counted", what);
	is(run->r.threads, 1, "io_uring, %s: one thread, no worker", what);
}

static void io_urings(void)
{
	int err;
	u64 number;

	thread_unregister(fd);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS |
				    BRICKTRACE_THREAD_INHERIT_CHILDREN);
	if (!ring_new()) {
		skip("io_uring", "this kernel has none");
		return;
	}
	io_uring(0, "by the caller");
	io_uring(IOSQE_ASYNC, "by a worker");
	is(session(fd).threads, 1, "io_uring: workers are not inherited");

	/* Following the whole process must leave out the workers, too. */
	thread_unregister(fd);
	err = try_register(fd, getpid(),
			   BRICKTRACE_THREAD_WHOLE_PROCESS |
				   BRICKTRACE_THREAD_INHERIT_THREADS);
	is(err, 0, "io_uring: the process is registered");
	is(session(fd).threads, 1, "io_uring: without its workers");
	number = run_open(fd, brick, TRACE_SESSION);
	run_close(fd, number, run);
	is(run->r.threads, 1, "io_uring: workers are in no run");
}

int main(void)
{
	begin("rule-none");
	run = run_new();
	thread_register(fd, 0);
	vdso_calls();
	io_urings();
	return done();
}
