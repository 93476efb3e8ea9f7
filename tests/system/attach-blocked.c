// SPDX-License-Identifier: MIT
/*
 * A process does not notice that it is followed and left 1,000 times: no blocking call
 * returns early, and no thread is woken, stopped or signalled. Each time the result has
 * the call in which each thread sleeps.
 *
 * Rules: asleep, in-flight.
 */
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include "test.h"

#define ROUNDS 1000

enum {
	EPOLL,
	FUTEX,
	READ,
	NAP,
	POLL,
	WAIT4,
	SIGWAIT,
	SLEEPERS,
	NAPS = SLEEPERS,
	POLLS,
	ALL
};

static const struct {
	const char *name;
	uint32_t nr;
} call[ALL] = {
	{ "epoll_pwait", SYS_epoll_pwait },
	{ "futex", SYS_futex },
	{ "read", SYS_read },
	{ "nanosleep", SYS_nanosleep },
	{ "ppoll", SYS_ppoll },
	{ "wait4", SYS_wait4 },
	{ "sigtimedwait", SYS_rt_sigtimedwait },
	{ "nanosleep of 2 ms", SYS_nanosleep },
	{ "ppoll of 3 ms", SYS_ppoll },
};

/* Memory that the target's threads share with the test. */
static struct {
	atomic_int ready, stop;
	struct {
		atomic_int tid;
		atomic_int returned; /* how many blocking calls have returned */
		long ret;
		int error;
		atomic_int early; /* how many calls of a loop failed or were short */
	} of[ALL];
	atomic_int word;
	atomic_int waited_for; /* the child that wait4() waits for */
	u64 signals;
} * t;
static int pipe_fd[2], poll_fd[2], epoll_pipe[2];
static pid_t target;

static void caught(int sig)
{
	(void)sig;
	t->signals++;
}

static long block(int which)
{
	struct timespec longest = { .tv_sec = 100000 };
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd pfd = { .fd = poll_fd[0], .events = POLLIN };
	sigset_t set;
	int fd, status;
	char c;

	switch (which) {
	case EPOLL:
		fd = epoll_create1(0);
		epoll_ctl(fd, EPOLL_CTL_ADD, epoll_pipe[0], &event);
		atomic_fetch_add(&t->ready, 1);
		return syscall(SYS_epoll_pwait, fd, &event, 1, -1, NULL);
	case FUTEX:
		atomic_fetch_add(&t->ready, 1);
		return syscall(SYS_futex, &t->word, FUTEX_WAIT, 0, NULL, NULL, 0);
	case READ:
		atomic_fetch_add(&t->ready, 1);
		return syscall(SYS_read, pipe_fd[0], &c, 1);
	case NAP:
		atomic_fetch_add(&t->ready, 1);
		return syscall(SYS_nanosleep, &longest, NULL);
	case POLL:
		atomic_fetch_add(&t->ready, 1);
		return syscall(SYS_ppoll, &pfd, 1, NULL, NULL);
	case WAIT4:
		atomic_fetch_add(&t->ready, 1);
		return syscall(SYS_wait4, t->waited_for, &status, 0, NULL);
	default:
		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		atomic_fetch_add(&t->ready, 1);
		return syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8);
	}
}

static void *blocked(void *arg)
{
	long which = (long)arg;

	atomic_store(&t->of[which].tid, syscall(SYS_gettid));
	t->of[which].ret = block(which);
	t->of[which].error = errno;
	atomic_fetch_add(&t->of[which].returned, 1);
	return NULL;
}

/* Makes calls with a time limit in a loop; each is to last until its limit. */
static void *timed(void *arg)
{
	long which = (long)arg;
	struct timespec nap = { .tv_nsec = 2 * MS }, three;
	u64 wanted = which == NAPS ? 2 * MS : 3 * MS;

	atomic_store(&t->of[which].tid, syscall(SYS_gettid));
	atomic_fetch_add(&t->ready, 1);
	while (!atomic_load(&t->stop)) {
		u64 start = now();
		long ret;

		/* The kernel has written the remaining time to the last call's limit. */
		three = (struct timespec){ .tv_nsec = 3 * MS };
		ret = which == NAPS ? syscall(SYS_nanosleep, &nap, NULL) :
				      syscall(SYS_ppoll, NULL, 0, &three, NULL);

		if (ret || now() - start < wanted)
			atomic_fetch_add(&t->of[which].early, 1);
		atomic_fetch_add(&t->of[which].returned, 1);
	}
	return NULL;
}

static void target_main(void)
{
	struct sigaction sa = { .sa_handler = caught };
	pthread_t thread;
	sigset_t set;
	pid_t pid;

	/* The target has a handler for every signal that could be sent by mistake. */
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGUSR1)
			sigaction(sig, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	atomic_store(&t->waited_for, pid);
	for (long i = 0; i < ALL; i++)
		pthread_create(&thread, NULL, i < SLEEPERS ? blocked : timed, (void *)i);
	/* The main thread is the eighth sleeper, in a call that no other thread makes. */
	for (;;)
		sigsuspend(&set);
}

/* Collects the lines of a thread's status that show whether it was touched. */
static void status_of(pid_t tid, char *to, size_t size)
{
	static const char *const names[] = { "State:",
					     "TracerPid:",
					     "SigQ:",
					     "SigPnd:",
					     "ShdPnd:",
					     "SigBlk:",
					     "SigIgn:",
					     "SigCgt:",
					     "voluntary_ctxt_switches:",
					     "nonvoluntary_ctxt_switches:" };
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", target, tid);
	f = fopen(path, "r");
	if (!f)
		bail("%s", path);
	*to = 0;
	while (fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (!strncmp(line, names[i], strlen(names[i])))
				strncat(to, line, size - strlen(to) - 1);
	fclose(f);
}

static void statuses(char to[SLEEPERS + 1][1024])
{
	for (int i = 0; i < SLEEPERS; i++)
		status_of(t->of[i].tid, to[i], 1024);
	status_of(target, to[SLEEPERS], 1024);
}

static int try_process(int fd, unsigned long request, uint32_t *n)
{
	struct bricktrace_thread thread = {
		.size = sizeof(thread),
		.flags = BRICKTRACE_THREAD_WHOLE_PROCESS |
			 (request == BRICKTRACE_THREAD_REGISTER ?
				  BRICKTRACE_THREAD_INHERIT_THREADS :
				  0),
		.tid = target,
	};
	int ret = ioctl(fd, request, &thread) ? -errno : 0;

	*n = thread.threads;
	return ret;
}

/*
 * Follows the target, reads a result and stops following; every other round does so by
 * closing the session.
 */
static bool attach(int round, struct run *run)
{
	bool good = true;
	uint32_t n;
	u64 number;
	int ret;

	if (fd < 0)
		begin("blocked");
	ret = try_process(fd, BRICKTRACE_THREAD_REGISTER, &n);
	if (ret || n != ALL + 1)
		return no(&good, "round %d: register: %d, %u threads", round, ret, n);
	number = run_open(fd, brick, TRACE_SESSION);
	if (round % 10 == 0)
		sleep_ns(5 * MS);
	run_close(fd, number, run);
	if (!consistent(run) || run->r.threads != ALL + 1)
		no(&good, "round %d: %u threads", round, run->r.threads);
	for (int i = 0; i < SLEEPERS; i++) {
		struct bricktrace_figures f = figures(run, call[i].nr);
		/* The loops make the same two calls, and may complete some. */
		bool shared = i == NAP || i == POLL;

		if (f.in_flight < 1 || f.in_flight > 1u + shared || (f.count && !shared))
			no(&good, "round %d: %s: %llu in flight, %llu completed", round,
			   call[i].name, f.in_flight, f.count);
		else if (!shared && (f.ns < run->r.wall_ns || f.offcpu_ns != f.ns))
			no(&good, "round %d: %s: %llu ns, %llu off the CPU, of %llu",
			   round, call[i].name, f.ns, f.offcpu_ns, run->r.wall_ns);
	}
	if (round & 1) {
		ret = try_process(fd, BRICKTRACE_THREAD_UNREGISTER, &n);
		if (ret || n != ALL + 1 || session(fd).threads)
			no(&good, "round %d: unregister: %d, %u threads", round, ret, n);
	} else {
		close(fd);
		fd = -1;
	}
	return good;
}

/* The number of sleepers that no longer sleep in their call. */
static int woken(void)
{
	int n = 0;

	for (int i = 0; i < SLEEPERS; i++)
		n += t->of[i].returned || state_of(target, t->of[i].tid) != 'S';
	return n;
}

int main(void)
{
	static char before[SLEEPERS + 1][1024], after[SLEEPERS + 1][1024];
	struct run *run = run_new();
	int naps, polls, bad = 0, same = 0;
	u64 begun, took;

	t = shared_page();
	if (pipe(pipe_fd) || pipe(poll_fd) || pipe(epoll_pipe))
		bail("pipe");
	target = child_of(target_main);
	wait_value(&t->ready, ALL);
	for (int i = 0; i < SLEEPERS; i++)
		wait_state(target, t->of[i].tid, "S");
	wait_state(target, target, "S");
	/* The threads may still be on their way to sleep. */
	sleep_ns(50 * MS);
	statuses(before);
	naps = t->of[NAPS].returned;
	polls = t->of[POLLS].returned;

	fd = -1;
	begin("blocked");
	begun = now();
	for (int i = 0; i < ROUNDS && bad < 5; i++) {
		/* The first ten rounds arm and release the hooks each time. */
		if (i == 0 || i == 10)
			linger(i ? 1000 : 0);
		bad += !attach(i, run);
	}
	took = now() - begun;
	printf("# %d rounds in %llu ms\n", ROUNDS, took / MS);
	is(bad, 0, "%d rounds: the result has each sleeper in its call, off the CPU",
	   ROUNDS);
	is(woken(), 0, "no call of 7 returned");
	statuses(after);
	for (int i = 0; i <= SLEEPERS; i++) {
		same += !strcmp(before[i], after[i]);
		if (strcmp(before[i], after[i]))
			printf("# %s: %s-- %s", i < SLEEPERS ? call[i].name : "main",
			       before[i], after[i]);
	}
	is(same, SLEEPERS + 1, "no thread was woken, stopped, traced or signalled");
	is(t->signals, 0, "no signal handler ran");
	is(t->of[NAPS].early, 0, "nanosleep of 2 ms: no call was short or failed");
	is(t->of[POLLS].early, 0, "poll of 3 ms: no call was short or failed");
	between(t->of[NAPS].returned - naps, took / (40 * MS), took / (2 * MS),
		"nanosleep of 2 ms: the loop continues all the time");
	between(t->of[POLLS].returned - polls, took / (40 * MS), took / (3 * MS),
		"poll of 3 ms: the loop continues all the time");

	/* Each blocking call still returns upon its event, with the right result. */
	if (write(pipe_fd[1], "x", 1) != 1 || write(poll_fd[1], "x", 1) != 1 ||
	    write(epoll_pipe[1], "x", 1) != 1)
		bail("write");
	atomic_store(&t->word, 1);
	is(syscall(SYS_futex, &t->word, FUTEX_WAKE, 1, NULL, NULL, 0), 1,
	   "futex: the thread waits to be woken");
	for (int i = 0; i < SLEEPERS; i++)
		if (i != NAP && i != WAIT4 && i != SIGWAIT)
			wait_value(&t->of[i].returned, 1);
	is(t->of[EPOLL].ret, 1, "epoll_wait returns an event");
	is(t->of[FUTEX].ret, 0, "futex returns");
	is(t->of[READ].ret, 1, "read returns a byte");
	is(t->of[POLL].ret, 1, "poll returns a descriptor");
	kill(t->waited_for, SIGKILL);
	wait_value(&t->of[WAIT4].returned, 1);
	is(t->of[WAIT4].ret, t->waited_for, "wait4 returns the child");
	/* The end of the child sends a signal, which shows that the handlers work. */
	wait_value(&t->of[SIGWAIT].returned, 0);
	for (int i = 0; !t->signals && i < 5000; i++)
		sleep_ns(MS);
	is(t->signals, 1, "control: a signal is seen");
	kill(target, SIGUSR1);
	wait_value(&t->of[SIGWAIT].returned, 1);
	is(t->of[SIGWAIT].ret, SIGUSR1, "sigtimedwait returns the signal");
	is(t->of[NAP].returned, 0, "nanosleep still sleeps");
	/* The thread may be about to sleep again, when its status is as it was. */
	for (int i = 0; same && i < 5000; i++) {
		sleep_ns(MS);
		status_of(target, after[SLEEPERS], sizeof(after[SLEEPERS]));
		same = !strcmp(before[SLEEPERS], after[SLEEPERS]);
	}
	ok(strcmp(before[SLEEPERS], after[SLEEPERS]),
	   "control: the comparison sees that a thread was woken");
	kill(target, SIGKILL);
	wait_for(target);
	return done();
}
