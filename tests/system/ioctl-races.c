// SPDX-License-Identifier: MIT
/*
 * Threads make ioctls on descriptors that other threads close and replace meanwhile, and
 * threads with ioctls come and go. Each run over all of them adds up, and a run from the
 * beginning to the end has exactly the calls and errors that the threads have counted.
 *
 * Rules: inherit, ioctl, sums.
 */
#include <sys/eventfd.h>
#include <sys/socket.h>
#include "test.h"

#define PLACES 4 /* descriptors that are replaced, from FIRST on */
#define FIRST  900

static atomic_bool stop;
static atomic_ullong calls, errors;
static pthread_barrier_t stopped, closed;
static int sources[6];

static void ask(unsigned int n, unsigned int times)
{
	u64 failed = 0;

	for (unsigned int i = 0; i < times; i++)
		failed += syscall(SYS_ioctl, FIRST + (n + i) % PLACES,
				  i % 3 ? FIOCLEX : 0xdead0000, 0) < 0;
	atomic_fetch_add(&calls, times);
	atomic_fetch_add(&errors, failed);
}

static void *end(void)
{
	pthread_barrier_wait(&stopped);
	pthread_barrier_wait(&closed);
	return NULL;
}

static void *asker(void *arg)
{
	for (unsigned int n = (long)arg; !stop; n++)
		ask(n, 20);
	return end();
}

static void *short_lived(void *arg)
{
	ask((long)arg, 50);
	return NULL;
}

static void *creator(void *arg)
{
	pthread_t t;

	for (unsigned long n = (long)arg; !stop; n++)
		if (!pthread_create(&t, NULL, short_lived, (void *)n))
			pthread_join(t, NULL);
	return end();
}

static void *churner(void *arg)
{
	for (unsigned int n = (long)arg; !stop; n += 3)
		if (n % 5)
			dup2(sources[n % 6], FIRST + n / 7 % PLACES);
		else
			close(FIRST + n / 7 % PLACES);
	return end();
}

int main(void)
{
	static void *(*const bodies[])(void *) = { asker,   asker,   asker,
						   creator, churner, churner };
	const int n = sizeof(bodies) / sizeof(bodies[0]);
	u64 seconds = atoi(getenv("TEST_SECONDS") ?: "5"), whole, number, until;
	struct run *run = run_new();
	int ends[2], rounds = 0;
	bool good = true;
	pthread_t t[6];

	begin("ioctl-races");
	if (pipe2(ends, O_CLOEXEC))
		bail("pipe");
	sources[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	sources[1] = eventfd(0, EFD_CLOEXEC);
	sources[2] = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sources[3] = memfd_create("ioctl-races", MFD_CLOEXEC);
	sources[4] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	sources[5] = ends[0];
	pthread_barrier_init(&stopped, NULL, n + 1);
	pthread_barrier_init(&closed, NULL, n + 1);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	whole = run_open(fd, brick, TRACE_SESSION);
	for (long i = 0; i < n; i++)
		pthread_create(&t[i], NULL, bodies[i], (void *)i);
	for (until = now() + seconds * S; now() < until; rounds++) {
		number = run_open(fd, brick, TRACE_SESSION);
		sleep_ns(10 * MS);
		run_close(fd, number, run);
		good &= consistent(run);
	}
	atomic_store(&stop, true);
	pthread_barrier_wait(&stopped);
	run_close(fd, whole, run);
	pthread_barrier_wait(&closed);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	ok(good, "%d runs meanwhile: the figures add up", rounds);
	ok(consistent(run), "the whole run: the figures add up");
	is(session(fd).threads_lost, 0, "no thread is lost");
	is(figures(run, SYS_ioctl).count, calls, "the calls are those of the threads");
	is(figures(run, SYS_ioctl).errors, errors, "and so are the errors");
	ok(calls > 1000 && errors > 100 && errors < calls, "there are many of both");
	between(run->ioctls, 10, 14, "each kind of file was met, with both requests");
	return done();
}
