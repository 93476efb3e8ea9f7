/* SPDX-License-Identifier: MIT */
/*
 * A kernel whose stream has the records that a test has put into it; included by the tests of
 * commands that read the stream of the host.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include <sys/mman.h>
#include <sys/socket.h>

#include "commands.h"
#include "records.h"

/* The kernel's side, which the process of the command shares with the test. */
static struct {
	int reader, writer; /* a packet is what one read() gets */
	bool absent;	    /* there is no module */
	int open_error;
	int read_error; /* after the last record */
	struct bricktrace_stream_open open;
	struct bricktrace_stream counts;
} * kernel;

static int fake_open(const char *path)
{
	(void)path;
	return kernel->absent ? -ENOENT : dup(kernel->reader);
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	struct bricktrace_stream *counts = arg;

	(void)fd;
	switch (request) {
	case BRICKTRACE_INFO:
		((struct bricktrace_info *)arg)->abi_version = BRICKTRACE_ABI_VERSION;
		((struct bricktrace_info *)arg)->features =
			BRICKTRACE_FEATURE_STATISTICS | BRICKTRACE_FEATURE_STREAM;
		return 0;
	case BRICKTRACE_STREAM_OPEN:
		kernel->open = *(const struct bricktrace_stream_open *)arg;
		return -kernel->open_error;
	case BRICKTRACE_STREAM_GET:
		*counts = kernel->counts;
		return 0;
	default:
		return 0;
	}
}

static ssize_t fake_read(int fd, void *buffer, size_t size)
{
	ssize_t n = read(fd, buffer, size);

	if (n >= 0) {
		kernel->counts.delivered++;
		kernel->counts.waiting -= kernel->counts.waiting > 0;
		return n;
	}
	return kernel->read_error ? -kernel->read_error : -errno;
}

static uint64_t fake_now(void)
{
	return 0;
}

static const struct bti_ops fake = {
	.open = fake_open,
	.ioctl = fake_ioctl,
	.read = fake_read,
	.now = fake_now,
};

/* The linker puts this function in the place of bt_tracer_new(). */
int __wrap_bt_tracer_new(struct bt_tracer **tracer);
int __wrap_bt_tracer_new(struct bt_tracer **tracer)
{
	return bti_tracer_new(&fake, tracer);
}

static inline void streams_open(void)
{
	int fds[2];

	if (kernel)
		munmap(kernel, sizeof(*kernel));
	kernel = mmap(NULL, sizeof(*kernel), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	kernel->reader = fds[0];
	kernel->writer = fds[1];
}

static inline void streams_close(void)
{
	close(kernel->reader);
	close(kernel->writer);
}

static inline void give(const void *record, size_t size)
{
	assert_int_equal(send(kernel->writer, record, size, 0), size);
}

static inline void give_run(struct run_record run)
{
	run.origin.uid = run.origin.uid == 1000 ? geteuid() : run.origin.uid;
	give(&run, sizeof(run));
}

static inline void give_loss(uint64_t sequence, uint64_t lost)
{
	struct bricktrace_record_loss loss = sample_loss(sequence, lost);

	give(&loss, sizeof(loss));
}

static inline void until_says(const char *name, const char *text)
{
	char now[sizeof(errors)] = "";
	int i;

	for (i = 0; i < 1000 && !strstr(now, text); i++) {
		usleep(10000);
		read_file(name, now, sizeof(now));
	}
	assert_non_null(strstr(now, text));
}

#endif
