// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "check.h"
#include "clock.h"
#include "device.h"
#include "result.h"
#include "session.h"

int fd;
uint32_t brick;
static int keeper;

void begin(const char *name)
{
	fd = device();
	brick = brick_define(fd, name, 0);
}

void register_tid(pid_t tid, uint32_t flags)
{
	int err = try_register(fd, tid, flags);

	if (err)
		bail("register %d: %s", tid, strerror(-err));
}

void unregister_tid(pid_t tid)
{
	int err = try_unregister(fd, tid);

	if (err)
		bail("unregister %d: %s", tid, strerror(-err));
}

unsigned int threads_become(unsigned int n)
{
	for (int i = 0; session(fd).threads != n && i < 3000; i++)
		sleep_ns(10 * MS);
	return session(fd).threads;
}

void keep_armed(void)
{
	keeper = device();
	thread_register(keeper, 0);
	run_open(keeper, brick_define(keeper, "keeper", 0), TRACE_THREAD);
}

void keep_no_longer(void)
{
	close(keeper);
}

void wait_disarmed(void)
{
	for (int i = 0; info(fd).armed; i++) {
		if (i > 6000)
			bail("the hooks stay armed");
		sleep_ns(10 * MS);
	}
}

struct apart {
	void (*body)(void);
	struct run *run;
};

static void *apart(void *arg)
{
	struct apart *a = arg;
	u64 number;

	thread_register(fd, 0);
	number = run_open(fd, brick, TRACE_THREAD);
	a->body();
	run_close(fd, number, a->run);
	thread_unregister(fd);
	return NULL;
}

void run_apart(void (*body)(void), struct run *run)
{
	struct apart a = { body, run };
	pthread_t t;

	if (pthread_create(&t, NULL, apart, &a))
		bail("pthread_create");
	pthread_join(t, NULL);
}
