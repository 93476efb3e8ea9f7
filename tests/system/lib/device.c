// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "check.h"
#include "device.h"

int device(void)
{
	int fd = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("open /dev/bricktrace");
	return fd;
}

unsigned int sessions(void)
{
	FILE *f = fopen("/sys/module/bricktrace/refcnt", "re");
	unsigned int n;

	if (!f || fscanf(f, "%u", &n) != 1)
		bail("refcnt");
	fclose(f);
	return n;
}

unsigned int sessions_become(unsigned int n)
{
	for (int i = 0; sessions() != n && i < 1200; i++)
		sleep_ns(100 * MS);
	return sessions();
}

struct bricktrace_info info(int fd)
{
	struct bricktrace_info i = { .size = sizeof(i) };

	if (ioctl(fd, BRICKTRACE_INFO, &i))
		bail("INFO");
	return i;
}

struct bricktrace_session session(int fd)
{
	struct bricktrace_session s = { .size = sizeof(s) };

	if (ioctl(fd, BRICKTRACE_SESSION_GET, &s))
		bail("SESSION_GET");
	return s;
}

int try_set(int fd, struct bricktrace_session s)
{
	s.size = sizeof(s);
	return ioctl(fd, BRICKTRACE_SESSION_SET, &s) ? -errno : 0;
}

void set_edge(int fd, u64 edge_ps)
{
	SET(fd, EDGE, .edge_ps = edge_ps);
}

int try_register(int fd, pid_t tid, uint32_t flags)
{
	struct bricktrace_thread t = { .size = sizeof(t), .flags = flags, .tid = tid };

	return ioctl(fd, BRICKTRACE_THREAD_REGISTER, &t) ? -errno : 0;
}

int try_unregister(int fd, pid_t tid)
{
	struct bricktrace_thread t = { .size = sizeof(t), .tid = tid };

	return ioctl(fd, BRICKTRACE_THREAD_UNREGISTER, &t) ? -errno : 0;
}

void thread_register(int fd, unsigned int inherit)
{
	if (try_register(fd, 0, inherit))
		bail("THREAD_REGISTER");
}

void thread_unregister(int fd)
{
	if (try_unregister(fd, 0))
		bail("THREAD_UNREGISTER");
}

int try_brick(int fd, const char *name, struct bricktrace_brick_define b)
{
	b.size = sizeof(b);
	strcpy(b.name, name);
	return ioctl(fd, BRICKTRACE_BRICK_DEFINE, &b) ? -errno : (int)b.brick;
}

static uint32_t define(int fd, const char *name, struct bricktrace_brick_define b)
{
	int ret = try_brick(fd, name, b);

	if (ret < 0)
		bail("BRICK_DEFINE %s", name);
	return ret;
}

uint32_t brick_define(int fd, const char *name, u64 budget_ns)
{
	return define(fd, name, (struct bricktrace_brick_define){ .budget_ns = budget_ns });
}

uint32_t brick_mode(int fd, const char *name, u64 budget_ns, uint32_t mode)
{
	return define(fd, name,
		      (struct bricktrace_brick_define){ .flags = BRICKTRACE_BRICK_MODE,
							.budget_ns = budget_ns,
							.mode = mode });
}

struct bricktrace_run_open run_request(int fd, struct bricktrace_run_open o)
{
	o.size = sizeof(o);
	if (ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
		bail("RUN_OPEN");
	return o;
}

struct bricktrace_run_open run_auto(int fd, uint32_t brick)
{
	return run_request(fd, (struct bricktrace_run_open){
				       .brick = brick, .level = BRICKTRACE_LEVEL_AUTO });
}

u64 run_open(int fd, uint32_t brick, uint32_t level, uint32_t scope)
{
	return run_request(fd, (struct bricktrace_run_open){ .brick = brick,
							     .level = level,
							     .scope = scope })
		.run;
}

void run_discard(int fd, u64 number)
{
	struct bricktrace_run_close c = { .size = sizeof(c), .run = number };

	if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		bail("RUN_CLOSE");
}
