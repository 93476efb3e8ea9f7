// SPDX-License-Identifier: MIT
/*
 * A RUN_CLOSE whose answer cannot be written closes its run. Threads that are created
 * meanwhile are in the run around it, with all of their calls.
 *
 * Rules: sums, inherit.
 */
#include "test.h"

#define CALLS 50

static struct run *run;
static atomic_int created;
static int threads = 600;

static void *new_thread(void *arg)
{
	for (int i = 0; i < CALLS; i++)
		getppid_raw();
	return arg;
}

static void *creates(void *arg)
{
	pthread_t t;

	while (created < threads) {
		if (pthread_create(&t, NULL, new_thread, NULL))
			bail("pthread_create");
		pthread_join(t, NULL);
		created++;
	}
	return arg;
}

/*
 * Opens and closes runs until all threads are created, and always fails to get the
 * result; returns the number of those runs.
 */
static int close_without_answer(size_t array, void *addr)
{
	struct bricktrace_run_close c;
	int n = 0;

	for (; created < threads; n++) {
		c = close_args(run_open(fd, brick, TRACE_SESSION), run);
		syscall(SYS_getuid);
		((struct bricktrace_array *)((char *)&c + array))->addr = (uintptr_t)addr;
		if (!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) || errno != EFAULT)
			bail("RUN_CLOSE: its answer cannot be written, but it is not EFAULT");
		if (!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) || errno != ENOENT)
			bail("RUN_CLOSE: EFAULT, but the run is still open");
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
	/* The array of calls is to have at least two elements. */
	syscall(SYS_getuid);
	syscall(SYS_getgid);
	if (pthread_create(&t, NULL, creates, NULL))
		bail("pthread_create");
	n = close_without_answer(array, addr);
	pthread_join(t, NULL);
	threads_become(1);
	run_close(fd, number, run);
	ok(n > 0 && consistent(run), "%s: after %d closes the figures add up", what, n);
	/* The main thread and the creator come on top. */
	is(run->r.threads, threads + 2, "%s: the outer run has each thread", what);
	is(count_of(run, SYS_getppid), (u64)threads * CALLS,
	   "%s: the outer run has each call", what);
	thread_unregister(fd);
}

int main(void)
{
	char *page = mmap(NULL, 4096 * 3, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (getenv("ROUNDS"))
		threads = 3000;
	run = run_new();
	if (page == MAP_FAILED || mprotect(page, 4096, PROT_READ) ||
	    mprotect(page + 8192, 4096, PROT_NONE))
		bail("mmap");
	begin("closing");
	closed("a result that cannot be written",
	       offsetof(struct bricktrace_run_close, result), page);
	closed("times that cannot be written",
	       offsetof(struct bricktrace_run_close, times), page);
	/* One element lies on the page, and the next one behind it. */
	closed("an array that ends too early",
	       offsetof(struct bricktrace_run_close, syscalls),
	       page + 8192 - sizeof(struct bricktrace_syscall));
	return done();
}
