// SPDX-License-Identifier: MIT
/*
 * bench-stream none|own|waited|full|host|hosts: prints the nanoseconds of opening and closing a run while nobody reads
 * the finished runs, or: its session does; a thread waits in that stream; that stream's ring
 * is full; one or the most possible host-wide streams exist. What the readers do is not
 * measured: the rings are emptied in between. Under -icount a nanosecond is an instruction.
 */
#include <sys/epoll.h>

#include "bench.h"

#define ROUNDS 1000

/* The descriptors whose streams are to be emptied. */
static int streams[BRICKTRACE_MAX_HOST_STREAMS];
static int n_streams;

static void stream_open(int file, uint32_t scope, bool nobody_reads)
{
	struct bricktrace_stream_open o = {
		.size = sizeof(o),
		.scope = scope,
		.levels = BRICKTRACE_STREAM_MEASURE | BRICKTRACE_STREAM_TRACE,
		.ring_bytes = nobody_reads ? BRICKTRACE_RING_MIN : BRICKTRACE_RING_MAX,
	};

	if (ioctl(file, BRICKTRACE_STREAM_OPEN, &o))
		bail("STREAM_OPEN");
	if (!nobody_reads)
		streams[n_streams++] = file;
}

static void empty_streams(void)
{
	static char buffer[1 << 20];

	for (int i = 0; i < n_streams; i++) {
		fcntl(streams[i], F_SETFL, O_NONBLOCK);
		while (read(streams[i], buffer, sizeof(buffer)) > 0)
			;
	}
}

static void of_runs(const char *readers, const char *what, uint32_t level)
{
	struct bricktrace_run_open o = { .size = BRICKTRACE_RUN_OPEN_SIZE_V1,
					 .level = level };
	struct bricktrace_result result;
	struct bricktrace_run_close c = { .size = sizeof(c), .result = ARRAY(&result, 1) };
	u64 start, least = ~0ULL;

	o.brick = brick_define(fd, what, BRICKTRACE_MAX_BUDGET);
	for (int i = 0; i < 5; i++) {
		empty_streams();
		start = now();
		for (int j = 0; j < ROUNDS; j++) {
			if (ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
				bail("RUN_OPEN");
			c.run = o.run;
			if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
				bail("RUN_CLOSE");
		}
		start = now() - start;
		if (start < least)
			least = start;
	}
	printf("stream-%s %s %.3f\n", readers, what, (double)least / ROUNDS);
}

/* Leaves somebody in the wait queue of a stream, who does nothing when woken. */
static void wait_in(int file)
{
	struct epoll_event e = { .events = EPOLLIN };
	int epoll = epoll_create1(0);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, file, &e))
		bail("epoll");
}

int main(int argc, char **argv)
{
	const char *readers = argc > 1 ? argv[1] : "none";
	int hosts = 0;

	fd = device();
	if (!strcmp(readers, "own") || !strcmp(readers, "waited"))
		stream_open(fd, BRICKTRACE_STREAM_SESSION, false);
	if (!strcmp(readers, "full"))
		stream_open(fd, BRICKTRACE_STREAM_SESSION, true);
	if (!strcmp(readers, "waited"))
		wait_in(fd);
	if (!strcmp(readers, "host"))
		hosts = 1;
	if (!strcmp(readers, "hosts"))
		hosts = BRICKTRACE_MAX_HOST_STREAMS;
	while (hosts--)
		stream_open(device(), BRICKTRACE_STREAM_HOST, false);
	keep_armed();
	thread_register(fd, 0);
	of_runs(readers, "measure", BRICKTRACE_LEVEL_MEASURE);
	of_runs(readers, "trace", BRICKTRACE_LEVEL_TRACE);
	return 0;
}
