// SPDX-License-Identifier: MIT
/*
 * A result lists the calls that took at least slow_ns, with thread, call, first argument, time,
 * part off the CPU and result. The test knows each call that it makes, and reads the clock
 * around the call. slow_ns is the session's own and may change meanwhile. Of many slow calls
 * the latest and the longest of each thread are there, also of threads that have ended, and
 * none that began before the run or ended after it.
 *
 * Rules: interrupted, nested, slow, table.
 */
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include "listener.h"
#include "test.h"

#define LATEST	32
#define LONGEST 16

/* A call that the test has made. */
struct made {
	pid_t tid;
	uint32_t nr, arch;
	u64 arg0, before, after;
	u64 least; /* the call takes at least so long */
	long ret;
};
static struct made made[512];
static atomic_int n_made;

static struct run *run, *inner;

static struct made *note(u64 least, uint32_t nr, u64 arg0, u64 before, long ret)
{
	struct made *m = &made[atomic_fetch_add(&n_made, 1)];

	*m = (struct made){ .tid = gettid(),
			    .nr = nr,
			    .arg0 = arg0,
			    .before = before,
			    .after = now(),
			    .least = least,
			    .ret = ret };
	return m;
}

static long call(u64 least, long nr, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	u64 before = now();
	long ret = syscall(nr, a, b, c, d, e, 0);

	note(least, nr, a, before, ret < 0 ? -errno : ret);
	return ret;
}

static void nap(u64 ns)
{
	struct timespec ts = { .tv_sec = ns / S, .tv_nsec = ns % S };

	call(ns, SYS_nanosleep, (uintptr_t)&ts, 0, 0, 0, 0);
}

static bool is_call(const struct bricktrace_slow_call *s, const struct made *m)
{
	return s->tid == m->tid && s->nr == m->nr && s->arch == m->arch &&
	       s->start_ns + CLOCKS_APART >= m->before &&
	       s->start_ns + s->ns <= m->after + CLOCKS_APART;
}

static const struct bricktrace_slow_call *listed(const struct made *m)
{
	for (uint32_t i = 0; i < run->slow_calls; i++)
		if (is_call(&run->slow[i], m))
			return &run->slow[i];
	return NULL;
}

/* The C library makes other calls for the threads of the test. */
static bool by_test(const struct bricktrace_slow_call *s)
{
	for (int i = 0; i < n_made; i++)
		if (made[i].nr == s->nr && made[i].arch == s->arch)
			return true;
	return false;
}

/* Is each listed call one that the test has made, and as the test knows it? */
static bool all_made(u64 slow_ns)
{
	bool good = true;

	for (uint32_t i = 0; i < run->slow_calls; i++) {
		const struct bricktrace_slow_call *s = &run->slow[i];
		int k = 0;

		while (k < n_made && !is_call(s, &made[k]))
			k++;
		if (k == n_made && by_test(s))
			no(&good, "nobody made call %u of thread %d, %llu ns", s->nr,
			   s->tid, s->ns);
		else if (k < n_made && (s->arg0 != made[k].arg0 || s->ret != made[k].ret ||
					s->ns < made[k].least || s->ns < slow_ns))
			no(&good,
			   "call %u: argument 0x%llx, result %lld, %llu ns, not 0x%llx, %ld, %llu ns",
			   s->nr, s->arg0, s->ret, s->ns, made[k].arg0, made[k].ret,
			   made[k].least);
	}
	return good;
}

/* Lists all calls that the test has made and that took that long, if there is room. */
static bool none_missing(u64 slow_ns)
{
	bool good = true;

	for (int i = 0; i < n_made; i++)
		if (made[i].least >= slow_ns && !listed(&made[i]))
			no(&good, "call %u of thread %d, at least %llu ns, is missing",
			   made[i].nr, made[i].tid, made[i].least);
	return good;
}

static void play(void (*body)(void), const char *what)
{
	n_made = 0;
	run_apart(body, run);
	ok(consistent(run) && all_made(session(fd).slow_ns),
	   "%s: the list has calls that were made", what);
}

/* Calls of each kind. */

static int listener, ends[2];

static void *write_later(void *ms)
{
	sleep_ns((long)ms * MS);
	if (write(ends[1], "x", 1) != 1)
		bail("write");
	return NULL;
}

static void *wake_later(void *ms)
{
	sleep_ns((long)ms * MS);
	listener_wake(listener);
	return NULL;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static struct made *waiting_ioctl;
static sigset_t alarm_set;

static void kinds(void)
{
	static char big[8 << 20];
	struct pollfd pfd = { .fd = ends[0], .events = POLLIN };
	struct timespec ts = { .tv_nsec = 6 * MS };
	struct timeval soon = { .tv_usec = 5000 };
	struct itimerval timer = { .it_value = soon };
	pthread_t t;
	int pair[2];
	char c;
	u64 before;

	getppid_raw();
	nap(5 * MS);
	call(6 * MS, SYS_ppoll, (uintptr_t)&pfd, 1, (uintptr_t)&ts, 0, 8);
	pthread_create(&t, NULL, write_later, (void *)20L);
	call(0, SYS_read, ends[0], (uintptr_t)&c, 1, 0, 0);
	pthread_join(t, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		bail("socketpair");
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	/* The kernel counts this in ticks of up to 4 ms. */
	call(1 * MS, SYS_recvfrom, pair[0], (uintptr_t)&c, 1, 0, 0);
	pthread_sigmask(SIG_UNBLOCK, &alarm_set, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	ts.tv_sec = 1000;
	call(1 * MS, SYS_ppoll, (uintptr_t)&pfd, 1, (uintptr_t)&ts, 0, 8);
	/* The program saw EINTR; this is the kernel's number for it. */
	made[n_made - 1].ret = -514;
	call(1 * MS, SYS_getrandom, (uintptr_t)big, sizeof(big), 0, 0, 0);
	pthread_create(&t, NULL, wake_later, (void *)20L);
	before = now();
	listener_sleep(listener);
	waiting_ioctl = note(0, SYS_ioctl, listener, before, 0);
	pthread_join(t, NULL);
	close(pair[0]);
	close(pair[1]);
}

#ifdef __x86_64__
static void nap_32(void)
{
	int32_t *ts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long ret = 162; /* nanosleep of the 32-bit table */
	u64 before;

	ts[1] = 5 * MS;
	before = now();
	__asm__ volatile("int $0x80"
			 : "+a"(ret)
			 : "b"(ts), "c"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	note(ret ? 0 : 5 * MS, 162, (uintptr_t)ts, before, ret)->arch =
		BRICKTRACE_ARCH_COMPAT;
}
#endif

static void each_kind(void)
{
	const struct bricktrace_slow_call *s;

	play(kinds, "each kind of call");
	ok(none_missing(MS), "each kind of call: all are there");
	for (int i = 0; i < n_made; i++) {
		s = listed(&made[i]);
		if (!s)
			continue;
		if (s->nr == SYS_getrandom)
			between(s->offcpu_ns, 0, s->ns / 2, "a long call: on the CPU");
		else
			between(s->offcpu_ns, s->ns / 4, s->ns, "call %u: off the CPU",
				s->nr);
	}
	s = listed(waiting_ioctl);
	ok(s && s->file == listener_ioctl.file && s->request == listener_ioctl.request &&
		   s->command == BRICKTRACE_NONE &&
		   !strcmp(s->name, listener_ioctl.name) && !s->owner[0],
	   "an ioctl: with its file and request");
#ifdef __x86_64__
	play(nap_32, "a 32-bit call");
	ok(none_missing(MS), "a 32-bit call is there");
#endif
}

/* slow_ns of several sessions on one thread. */

static int others[3];
static uint32_t other_brick[3];

static void naps(void)
{
	u64 number[3];

	for (int i = 0; i < 3; i++) {
		thread_register(others[i], 0);
		number[i] = run_open(others[i], other_brick[i], TRACE_THREAD);
	}
	nap(5 * MS);
	nap(120 * MS);
	nap(6 * MS);
	for (int i = 2; i >= 0; i--) {
		u64 slow_ns = session(others[i]).slow_ns;

		run_close(others[i], number[i], run);
		ok(consistent(run) && all_made(slow_ns) &&
			   (slow_ns ? none_missing(slow_ns) : !run->slow_calls),
		   "a session with calls of %llu ns", slow_ns);
		thread_unregister(others[i]);
	}
}

static void several_sessions(void)
{
	static const u64 slow_ns[] = { 2 * MS, 100 * MS, 0 };

	for (int i = 0; i < 3; i++) {
		others[i] = device();
		other_brick[i] = brick_define(others[i], "slow-calls", 0);
		SET(others[i], SLOW, .slow_ns = slow_ns[i]);
	}
	play(naps, "the default beside three other sessions");
	ok(none_missing(MS), "the default: all of them");
	for (int i = 0; i < 3; i++)
		close(others[i]);
}

/* slow_ns changes while the thread sleeps in a call, whose end decides. */

static void *set_later(void *value)
{
	sleep_ns(20 * MS);
	SET(fd, SLOW, .slow_ns = *(u64 *)value);
	return NULL;
}

static u64 set_to;

static void nap_meanwhile(void)
{
	pthread_t t;

	/* Afterwards a call of 100 ms is not the longest one. */
	nap(150 * MS);
	pthread_create(&t, NULL, set_later, &set_to);
	nap(100 * MS);
	pthread_join(t, NULL);
}

static void changes(void)
{
	static const u64 values[][2] = {
		{ 0, 50 * MS }, { 50 * MS, 2 * S }, { 2 * S, 50 * MS }, { 50 * MS, 0 }
	};

	for (int i = 0; i < 4; i++) {
		SET(fd, SLOW, .slow_ns = values[i][0]);
		set_to = values[i][1];
		play(nap_meanwhile, "slow_ns changes meanwhile");
		/* The thread that sets slow_ns is not followed. */
		is(run->slow_calls, set_to == 50 * MS,
		   "slow_ns becomes %llu during a call of 100 ms", set_to);
	}
	SET(fd, SLOW, .slow_ns = MS);
}

/* The latest and the longest calls of one thread. */

static u64 long_nap(int i)
{
	return (20 + i * 7 % LONGEST * 4) * MS;
}

static void many(void)
{
	/* Each long call is followed by two short ones, then there are short ones only. */
	for (int i = 0; i < LONGEST; i++) {
		nap(long_nap(i));
		nap(2 * MS);
		nap(2 * MS);
	}
	/* A run inside of this one, which begins later, lets none of the long calls go. */
	run_close(fd, run_open(fd, brick, TRACE_THREAD), inner);
	for (int i = 0; i < LATEST; i++)
		nap(2 * MS);
}

static void long_before_run(void)
{
	u64 number;

	for (int i = 0; i < LONGEST; i++)
		nap(150 * MS);
	n_made = 0;
	number = run_open(fd, brick, TRACE_THREAD);
	many();
	run_close(fd, number, run);
}

/*
 * Is each of the last @latest calls there, and each call that certainly took longer than the
 * last of the 16 longest ones?
 */
static bool has_longest(int latest)
{
	u64 shortest = run->slow_calls < LONGEST ? 0 : run->slow[LONGEST - 1].ns;
	bool good = true;

	for (int i = 0; i < n_made; i++)
		if ((i >= n_made - latest || made[i].least > shortest) && !listed(&made[i]))
			no(&good, "call %d of %d, %llu ns of thread %d, is missing", i,
			   n_made, made[i].least, made[i].tid);
	return good;
}

static void expect_many(const char *what)
{
	ok(consistent(run) && all_made(MS), "%s: calls that were made", what);
	ok(has_longest(LATEST) && !(run->r.flags & BRICKTRACE_RESULT_SLOW_INCOMPLETE),
	   "%s: the latest and the longest", what);
	/* On a busy host one of the latest calls may take as long as the longest ones. */
	between(run->slow_calls, LATEST, LATEST + LONGEST, "%s: no others", what);
}

static void *before_any_run(void *arg)
{
	thread_register(fd, 0);
	long_before_run();
	thread_unregister(fd);
	return arg;
}

static void latest_and_longest(void)
{
	static struct brick b;
	pthread_t t;

	/* The run is to be the brick's longest. */
	brick_reset(fd, brick);
	play(many, "80 slow calls");
	expect_many("80 slow calls");
	brick_get(fd, brick, &b);
	ok(b.longest.run == run->r.run && b.slow_calls == BRICKTRACE_BRICK_SLOW &&
		   !memcmp(b.slow, run->slow, sizeof(b.slow)),
	   "BRICK_GET has the first eight of the longest run");
	/* Calls of the time before the run, which are longer, hide none of the run's. */
	keep_armed();
	n_made = 0;
	pthread_create(&t, NULL, before_any_run, NULL);
	pthread_join(t, NULL);
	expect_many("longer ones before");
	keep_no_longer();
}

/* Runs inside a run with longer calls: the first one makes more calls than are the latest. */

static struct run *few;

static void inside_older(void)
{
	u64 number;

	for (int i = 0; i < LONGEST; i++)
		nap(20 * MS);
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < LATEST + 8; i++)
		nap(2 * MS);
	run_close(fd, number, inner);
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 3; i++)
		nap(2 * MS);
	run_close(fd, number, few);
}

static bool incomplete(const struct run *r)
{
	return r->r.flags & BRICKTRACE_RESULT_SLOW_INCOMPLETE;
}

static void inside_an_older_run(void)
{
	few = run_new();
	play(inside_older, "inside an older run");
	ok(!incomplete(run) && has_longest(LATEST), "the older run has its longest calls");
	ok(incomplete(inner) && consistent(inner),
	   "40 calls inside an older run: some are perhaps missing");
	between(inner->slow_calls, LATEST, LATEST + 8,
		"40 calls inside an older run: the latest are there");
	ok(!incomplete(few) && few->slow_calls >= 3 && consistent(few),
	   "3 calls inside an older run: none is missing");
}

/* Threads that have ended: each makes one slow call. */

static void *one_nap(void *ms)
{
	thread_register(fd, 0);
	nap((long)ms * MS);
	return NULL;
}

static void ended_threads(void)
{
	pthread_t t;
	u64 number;

	n_made = 0;
	thread_register(fd, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	/* The waits for the other threads are slow calls, too. */
	thread_unregister(fd);
	for (long i = 0; i < 80; i++) {
		/* Each fifth call is a long one. */
		pthread_create(&t, NULL, one_nap,
			       (void *)(i % 5 ? 2 : (long)(long_nap(i / 5) / MS)));
		pthread_join(t, NULL);
	}
	run_close(fd, number, run);
	/* Of all these threads together the latest and the longest are kept. */
	between(run->slow_calls, LATEST, LATEST + LONGEST,
		"80 ended threads: so many are there");
	ok(consistent(run) && has_longest(0), "80 ended threads: the 16 longest calls");
}

static void nested_naps(void)
{
	u64 number;

	nap(5 * MS);
	number = run_open(fd, brick, TRACE_THREAD);
	nap(6 * MS);
	run_close(fd, number, inner);
	nap(7 * MS);
}

/* A call that began before the run, or before its thread was followed, is not listed. */

static atomic_int asleep_tid;

static void *long_nap_of_another(void *arg)
{
	atomic_store(&asleep_tid, gettid());
	nap(100 * MS);
	atomic_store(&asleep_tid, 0);
	pause();
	return arg;
}

static void across(bool followed, const char *what)
{
	pthread_t t;
	int naps = 0;
	u64 number;

	n_made = 0;
	thread_register(fd, followed ? BRICKTRACE_THREAD_INHERIT_THREADS : 0);
	pthread_create(&t, NULL, long_nap_of_another, NULL);
	while (!atomic_load(&asleep_tid))
		sleep_ns(MS);
	wait_state(getpid(), asleep_tid, "S");
	if (!followed)
		register_tid(asleep_tid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	thread_unregister(fd);
	wait_value(&asleep_tid, 0);
	run_close(fd, number, run);
	ok(consistent(run), "%s: the figures add up", what);
	is(figures(run, SYS_nanosleep).count, 1, "%s: the call has completed", what);
	/* On a busy host another call may be slow. */
	for (uint32_t i = 0; i < run->slow_calls; i++)
		naps += run->slow[i].nr == SYS_nanosleep;
	is(naps, 0, "%s: and is not in the list", what);
	pthread_cancel(t);
	pthread_join(t, NULL);
	threads_become(0);
}

/* A process in a pid namespace, in its own session and in that of its parent. */

static void in_namespace(void)
{
	u64 number;

	fd = device();
	brick = brick_define(fd, "slow-calls", 0);
	thread_register(fd, 0);
	number = run_open(fd, brick, TRACE_THREAD);
	sleep_ns(5 * MS);
	run_close(fd, number, run);
	_exit(gettid() != 1 || !consistent(run) || run->slow_calls != 1 ||
	      run->slow[0].tid != 1);
}

static void namespaces(void)
{
	bool found = false;
	u64 number;
	pid_t pid;

	thread_register(fd, BRICKTRACE_THREAD_INHERIT_CHILDREN);
	number = run_open(fd, brick, TRACE_SESSION);
	if (unshare(CLONE_NEWPID))
		bail("unshare");
	pid = child_of(in_namespace);
	is(wait_for(pid), 0, "a pid namespace: its session has its number of the thread");
	run_close(fd, number, run);
	for (uint32_t i = 0; i < run->slow_calls; i++)
		found |= run->slow[i].tid == pid && run->slow[i].nr == SYS_nanosleep;
	ok(found, "a pid namespace: the session outside has that of its opener");
	thread_unregister(fd);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };

	begin("slow-calls");
	ok(info(fd).features & BRICKTRACE_FEATURE_SLOW_CALLS,
	   "the module says that it reports slow calls");
	run = run_new();
	inner = run_new();
	if (pipe2(ends, O_CLOEXEC))
		bail("pipe");
	sigaction(SIGALRM, &sa, NULL);
	/* One thread only is to receive it. */
	sigaddset(&alarm_set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm_set, NULL);
	listener = listener_new();
	each_kind();
	several_sessions();
	changes();
	latest_and_longest();
	inside_an_older_run();
	ended_threads();
	play(nested_naps, "nested runs");
	is(run->slow_calls, 3, "nested runs: all calls");
	is(inner->slow_calls, 1, "nested runs: one inside");
	ok(inner->slow_calls && is_call(&inner->slow[0], &made[1]),
	   "nested runs: the one that lies inside");
	across(true, "asleep since before the run");
	across(false, "asleep since before it was followed");
	namespaces();
	return done();
}
