// SPDX-License-Identifier: MIT
/*
 * A close that fails changes nothing: threads that are born meanwhile are in the
 * run when it is closed for good, with all that they did.
 */
#include "rule.h"

#define CALLS 50

static struct run *run;
static u64 number;
static atomic_int created;
static int threads_of_it = 600;

static void *newborn(void *arg)
{
	for (int i = 0; i < CALLS; i++)
		getppid_raw();
	return arg;
}

static void *creates(void *arg)
{
	pthread_t t;

	while (created < threads_of_it) {
		if (pthread_create(&t, NULL, newborn, NULL))
			bail("pthread_create");
		pthread_join(t, NULL);
		created++;
	}
	return arg;
}

/* Tries to close until all threads were created; returns how often. */
static int close_badly(void *result, void *array)
{
	struct bricktrace_close c = {
		.size = sizeof(c),
		.run = number,
		.result = (uintptr_t)result,
		.syscalls = (uintptr_t)array,
		.syscalls_cap = CALLS_CAP,
		.syscall_size = sizeof(struct bricktrace_syscall),
	};
	int n = 0;

	for (; created < threads_of_it; n++)
		if (!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) || errno != EFAULT)
			bail("a bad close");
	return n;
}

static void closed(const char *what, void *result, void *array)
{
	pthread_t t;
	int n;

	created = 0;
	thread_register(fd, BRICKTRACE_INHERIT_THREADS);
	number = run_open(fd, brick, TRACE_SESSION);
	/* Two different calls at least. */
	syscall(SYS_getuid);
	syscall(SYS_getgid);
	if (pthread_create(&t, NULL, creates, NULL))
		bail("pthread_create");
	n = close_badly(result, array);
	pthread_join(t, NULL);
	threads_become(1);
	run_close(fd, number, run);
	ok(n > 0 && consistent(run), "%s: after %d closes the figures add up", what, n);
	/* Main, the creator. */
	is(run->r.threads, threads_of_it + 2, "%s: each thread is there", what);
	is(count_of(run, SYS_getppid), (u64)threads_of_it * CALLS, "%s: and each call",
	   what);
	thread_unregister(fd);
}

int main(void)
{
	char *page = mmap(NULL, 4096 * 3, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bricktrace_result *result = (void *)page;

	if (getenv("ROUNDS"))
		threads_of_it = 3000;
	run = run_new();
	result->size = sizeof(*result);
	if (page == MAP_FAILED || mprotect(page, 4096, PROT_READ) ||
	    mprotect(page + 8192, 4096, PROT_NONE))
		bail("mmap");
	begin("closing");
	closed("a result that cannot be written", result, run->calls);
	closed("an array that cannot be", &run->r, page);
	run->r.size = sizeof(run->r);
	/* There is room for one call. */
	closed("an array that ends too early", &run->r,
	       page + 8192 - sizeof(struct bricktrace_syscall));
	return done(9);
}
