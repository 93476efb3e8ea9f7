// SPDX-License-Identifier: MIT
/*
 * A close whose answer cannot be written closes the run. Threads that are born
 * meanwhile are in the run around it, with all that they did.
 */
#include "test.h"

#define CALLS 50

static struct run *run;
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

/*
 * Opens and closes runs until all threads were created, and nobody is told what
 * the runs were; returns how many there were.
 */
static int close_untold(size_t array, void *addr)
{
	struct bricktrace_run_close c;
	int n = 0;

	for (; created < threads_of_it; n++) {
		c = close_args(run_open(fd, brick, TRACE_SESSION), run);
		syscall(SYS_getuid);
		((struct bricktrace_array *)((char *)&c + array))->addr = (uintptr_t)addr;
		if (!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) || errno != EFAULT)
			bail("a close that cannot be told");
		if (!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) || errno != ENOENT)
			bail("and the run is there");
	}
	return n;
}

static void closed(const char *what, size_t array, void *addr)
{
	pthread_t t;
	u64 number;
	int n;

	created = 0;
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	number = run_open(fd, brick, TRACE_SESSION);
	/* Two different calls at least. */
	syscall(SYS_getuid);
	syscall(SYS_getgid);
	if (pthread_create(&t, NULL, creates, NULL))
		bail("pthread_create");
	n = close_untold(array, addr);
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

	if (getenv("ROUNDS"))
		threads_of_it = 3000;
	run = run_new();
	if (page == MAP_FAILED || mprotect(page, 4096, PROT_READ) ||
	    mprotect(page + 8192, 4096, PROT_NONE))
		bail("mmap");
	begin("closing");
	closed("a result that cannot be written",
	       offsetof(struct bricktrace_run_close, result), page);
	closed("times that cannot be", offsetof(struct bricktrace_run_close, times), page);
	/* There is room for one call. */
	closed("an array that ends too early",
	       offsetof(struct bricktrace_run_close, syscalls),
	       page + 8192 - sizeof(struct bricktrace_syscall));
	return done();
}
