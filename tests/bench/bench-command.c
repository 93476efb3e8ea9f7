// SPDX-License-Identifier: MIT
/*
 * bench-command [-t]: prints the nanoseconds that these calls take, the least of three
 * loops. Under -icount a nanosecond is an instruction.
 *	tty	the ioctl TIOCGWINSZ on a terminal
 *	control	the ioctl RM CONTROL on the fake GPU, whose argument has a command
 *	long	a pread of 16 KiB, which takes longer than BRICKTRACE_MIN_SLOW
 *	slow	with -t, the same once more while such calls are slow calls
 * With -t the thread is registered and in a traced run.
 */
#include <stdlib.h>
#include "bench.h"

#define UNITS 20000

static int tty, gpu, file;

static void call_tty(void)
{
	struct winsize size;

	if (ioctl(tty, TIOCGWINSZ, &size))
		bail("TIOCGWINSZ");
}

static void call_control(void)
{
	/* NVIDIA's NVOS54_PARAMETERS with NV2080_CTRL_CMD_GPU_GET_INFO_V2 in its third field. */
	uint32_t control[8] = { [2] = 0x20800102 };

	if (ioctl(gpu, _IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2a, sizeof(control)), control))
		bail("RM CONTROL");
}

static void call_long(void)
{
	static char data[16384];

	if (pread(file, data, sizeof(data), 0) != sizeof(data))
		bail("pread");
}

static void loop(const char *what, void (*call)(void))
{
	u64 best = ~0ULL, start;

	for (int i = 0; i < 3; i++) {
		start = now();
		for (int j = 0; j < UNITS; j++)
			call();
		start = now() - start;
		if (start < best)
			best = start;
	}
	printf("%s %.3f\n", what, (double)best / UNITS);
}

/* Closes the run, which has shown what was measured. */
static void finish(u64 number)
{
	struct bricktrace_run_close c = { .size = sizeof(c), .run = number };

	if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		bail("RUN_CLOSE");
	/* There are two views of each command. */
	if (c.ioctls.count != 2 * 2)
		bail("%u elements of ioctls", c.ioctls.count);
	if (c.slow_calls.count != BRICKTRACE_RUN_SLOW)
		bail("%u slow calls", c.slow_calls.count);
}

int main(int argc, char **argv)
{
	bool traced = argc == 2 && !strcmp(argv[1], "-t");
	u64 number = 0;

	tty = posix_openpt(O_RDWR | O_NOCTTY);
	gpu = open("/dev/nvidiactl", O_RDWR);
	file = memfd_create("bench", MFD_CLOEXEC);
	if (argc != 1 + traced || tty < 0 || gpu < 0 || ftruncate(file, 16384))
		bail("usage, /dev/ptmx, /dev/nvidiactl or a memfd");
	if (mlockall(MCL_CURRENT))
		bail("mlockall");
	if (traced) {
		fd = device();
		thread_register(fd, 0);
		SET(fd, SLOW, .slow_ns = 0);
		number = run_open(fd, brick_define(fd, "bench", 0), TRACE_THREAD);
	}
	loop("tty", call_tty);
	loop("control", call_control);
	loop("long", call_long);
	if (traced) {
		SET(fd, SLOW, .slow_ns = BRICKTRACE_MIN_SLOW);
		loop("slow", call_long);
		finish(number);
	}
	return 0;
}
