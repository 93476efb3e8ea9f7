// SPDX-License-Identifier: MIT
/*
 * attach10k [THREADS]: prints what it costs to attach to a process of 10,000 sleeping
 * threads: to register the process, to open and to close a run over it, and to release
 * the session, each in nanoseconds for a thread. Under -icount a nanosecond is an
 * instruction. It also prints the bytes of kernel memory that a followed thread takes.
 */
#include "bench.h"

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 10000;
	struct bricktrace_thread t = {
		.size = sizeof(t),
		.flags = BRICKTRACE_THREAD_WHOLE_PROCESS | BRICKTRACE_THREAD_INHERIT_THREADS,
	};
	struct run *run = run_new();
	u64 start, registered, opened, closing, closed, released;
	u64 number, armed, memory;
	uint32_t brick;
	int fd, keeper;

	t.tid = create_sleeping_process(threads);

	/* Another session arms the hooks, so that the figures below do not contain that. */
	keeper = device();
	thread_register(keeper, 0);
	start = now();
	run_open(keeper, brick_define(keeper, "keeper", 0), TRACE_THREAD);
	armed = now() - start;

	fd = device();
	brick = brick_define(fd, "attach", 0);
	memory = slab_bytes();
	start = now();
	if (ioctl(fd, BRICKTRACE_THREAD_REGISTER, &t))
		bail("THREAD_REGISTER");
	registered = now();
	memory = slab_bytes() - memory;
	number = run_open(fd, brick, TRACE_SESSION);
	opened = now();
	sleep_ns(100 * MS);
	closing = now();
	run_close(fd, number, run);
	closed = now();
	close(fd);
	released = now();
	if (t.threads != (uint32_t)threads || run->r.threads != (uint32_t)threads ||
	    !consistent(run) || !call_of(run, SYS_futex) ||
	    call_of(run, SYS_futex)->all.in_flight != (u64)threads)
		bail("%u threads were registered, %u in the run", t.threads,
		     run->r.threads);
	printf("attach register %.0f\nattach open %.0f\nattach close %.0f\nattach release %.0f\nattach memory %.0f\nattach all_ms %.1f\nattach arm_us %.0f\n",
	       (double)(registered - start) / threads,
	       (double)(opened - registered) / threads,
	       (double)(closed - closing) / threads,
	       (double)(released - closed) / threads, (double)memory / threads,
	       (released - start - (closing - opened)) / 1e6, armed / 1e3);
	kill(t.tid, SIGKILL);
	waitpid(t.tid, NULL, 0);
	return 0;
}
