// SPDX-License-Identifier: MIT
/*
 * The module survives STORM_SECONDS (60) at its limits, and nothing is left afterwards.
 * More sessions than allowed try to follow one busy process, a session follows MANY
 * (32768) threads, and the host keeps switching another tracer, bricktrace itself, the
 * limits of users and a CPU on and off.
 */
#include <sys/stat.h>
#include "busy.h"
#include "test.h"

#define CROWDS	 4
#define SESSIONS 24 /* of each crowd; all of them are 1.5 times the limit of followers */
#define STACK	 16384

static struct shared {
	atomic_int target, many_ready;
	atomic_ullong registered, no_answer, crowded, opened, refused, closed, failed,
		whole;
} * shared;

static uint64_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

static void put(const char *path, const char *text)
{
	int f = open(path, O_WRONLY | O_CLOEXEC);

	/* Some kernels lack a switch, and a busy switch may refuse. */
	if (f < 0)
		return;
	(void)!write(f, text, strlen(text));
	close(f);
}

/* Makes one valid or failing ioctl in a session of the crowd. */
static void crowd_step(int *f, struct bricktrace_thread *readonly, struct run *run)
{
	struct bricktrace_thread t = { .size = sizeof(t), .tid = shared->target };
	struct bricktrace_brick_define b = { .size = sizeof(b), .name = "crowd" };
	struct bricktrace_run_open o = { .size = sizeof(o), .brick = 1, .level = rnd() % 2 };
	struct bricktrace_run_close c = { .size = sizeof(c) };

	if (*f < 0 || rnd() % 64 == 0) {
		close(*f);
		*f = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
		ioctl(*f, BRICKTRACE_BRICK_DEFINE, &b);
		return;
	}
	t.flags = BRICKTRACE_THREAD_WHOLE_PROCESS;
	switch (rnd() % 6) {
	case 0:
		/* This is rare, so that the process reaches the limit of followers. */
		if (rnd() % 8 == 0)
			ioctl(*f, BRICKTRACE_THREAD_UNREGISTER, &t);
		break;
	case 1:
		/* The registration stays although its answer cannot be written. */
		if (ioctl(*f, BRICKTRACE_THREAD_REGISTER, readonly) && errno == EFAULT)
			atomic_fetch_add(&shared->no_answer, 1);
		break;
	case 2:
		t.flags |= rnd() % 4; /* inherit flags */
		if (!ioctl(*f, BRICKTRACE_THREAD_REGISTER, &t))
			atomic_fetch_add(&shared->registered, 1);
		else if (errno == EUSERS)
			atomic_fetch_add(&shared->crowded, 1);
		break;
	case 3:
		/* Scope thread fails, because the calling thread is not registered. */
		o.scope = rnd() % 4 ? BRICKTRACE_SCOPE_SESSION : BRICKTRACE_SCOPE_THREAD;
		if (!ioctl(*f, BRICKTRACE_RUN_OPEN, &o))
			atomic_fetch_add(&shared->opened, 1);
		else if (errno == EDQUOT)
			atomic_fetch_add(&shared->refused, 1);
		break;
	default:
		c = close_args(session(*f).runs_opened - rnd() % 3, run);
		if (rnd() % 4 == 0)
			c.result.addr = 8;
		if (!ioctl(*f, BRICKTRACE_RUN_CLOSE, &c))
			atomic_fetch_add(&shared->closed, 1);
		else if (errno == EFAULT)
			atomic_fetch_add(&shared->failed, 1);
	}
}

static void crowd(void)
{
	struct bricktrace_thread *readonly = shared_page();
	struct run *run = run_new();
	int f[SESSIONS];

	memset(f, -1, sizeof(f));
	state = 0x9e3779b97f4a7c15 * getpid();
	for (;;) {
		*readonly = (struct bricktrace_thread){
			.size = sizeof(*readonly),
			.tid = shared->target,
			.flags = BRICKTRACE_THREAD_WHOLE_PROCESS |
				 BRICKTRACE_THREAD_INHERIT_THREADS |
				 BRICKTRACE_THREAD_INHERIT_CHILDREN,
		};
		mprotect(readonly, 4096, PROT_READ);
		for (int i = 0; i < 100; i++)
			crowd_step(&f[rnd() % SESSIONS], readonly, run);
		mprotect(readonly, 4096, PROT_READ | PROT_WRITE);
	}
}

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* A process has as many threads as a session may follow, and follows itself. */
static void many(void)
{
	int n = atoi(getenv("MANY") ?: "32768") - 1;
	struct run *run = run_new();
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setguardsize(&attr, 0);
	for (int i = 0; i < n; i++)
		if (pthread_create(&t, &attr, sleeper, NULL))
			bail("thread %d", i);
	atomic_store(&shared->many_ready, 1);
	for (u64 round = 0;; round++) {
		int f = device();
		uint32_t b = brick_define(f, "many", 0);
		struct bricktrace_thread all = { .size = sizeof(all),
						 .flags = BRICKTRACE_THREAD_WHOLE_PROCESS };
		struct bricktrace_run_open o = { .size = sizeof(o),
						 .brick = b,
						 .level = BRICKTRACE_LEVEL_TRACE,
						 .scope = BRICKTRACE_SCOPE_SESSION };

		/* Both may fail while host() has lowered the limit of users. */
		if (!ioctl(f, BRICKTRACE_THREAD_REGISTER, &all) &&
		    !ioctl(f, BRICKTRACE_RUN_OPEN, &o)) {
			run_close(f, o.run, run);
			if ((int)run->r.threads == n + 1 || !run->r.provenance)
				atomic_fetch_add(&shared->whole, 1);
			else
				bail("%u threads, not %d", run->r.threads, n + 1);
		}
		close(f);
	}
}

static void *reader(void *arg)
{
	struct bricktrace_info i;
	char text[4096];
	int f = device();

	for (;;) {
		int h = open("/sys/module/bricktrace/parameters/hooks", O_RDONLY);

		i = info(f);
		if (read(h, text, sizeof(text)) <= 0 || i.armed > 1)
			bail("the state of the hooks");
		close(h);
		sleep_ns(20 * MS);
	}
	return arg;
}

/* The operator keeps changing the host. */
static void host(void)
{
	static const char *const what[][3] = {
		{ "/sys/module/bricktrace/parameters/enabled", "0", "1" },
		{ "/sys/module/bricktrace/parameters/linger_ms", "0", "200" },
		{ "/sys/module/bricktrace/parameters/max_user_runs", "3", "16384" },
		{ "/sys/kernel/tracing/events/raw_syscalls/enable", "1", "0" },
		{ "/sys/devices/system/cpu/cpu1/online", "0", "1" },
	};
	const int n = sizeof(what) / sizeof(what[0]);
	pthread_t t;

	pthread_create(&t, NULL, reader, NULL);
	state = 4711;
	for (;;) {
		int i = rnd() % n;

		put(what[i][0], what[i][1]);
		sleep_ns(rnd() % 300 * MS);
		put(what[i][0], what[i][2]);
		sleep_ns(rnd() % 1000 * MS);
	}
}

static void new_target(void)
{
	pid_t old = shared->target;

	shared->target = child_of(busy);
	if (old) {
		kill(old, SIGKILL);
		wait_for(old);
	}
}

int main(void)
{
	u64 end, number, seconds = atoi(getenv("STORM_SECONDS") ?: "60");
	pid_t pid[CROWDS + 2];
	struct run *run = run_new();
	int n = 0;

	put("/proc/sys/kernel/pid_max", "200000");
	put("/proc/sys/kernel/threads-max", "200000");
	put("/proc/sys/vm/max_map_count", "200000");
	shared = shared_page();
	new_target();
	pid[n++] = child_of(many);
	while (!shared->many_ready) {
		if (waitpid(pid[0], NULL, WNOHANG))
			bail("the process of many threads has ended");
		sleep_ns(100 * MS);
	}
	for (int i = 0; i < CROWDS; i++)
		pid[n++] = child_of(crowd);
	pid[n++] = child_of(host);
	end = now() + seconds * S;
	for (int second = 0; now() < end; second++, sleep_ns(S)) {
		/* A process of the storm ends by itself only if it has found an error. */
		for (int i = 0; i < n; i++)
			if (waitpid(pid[i], NULL, WNOHANG))
				bail("process %d of the storm has ended", i);
		/* In four seconds the target reaches the limit of followers. */
		if (second % 4 == 3)
			new_target();
	}
	for (int i = 0; i < n; i++) {
		kill(pid[i], SIGKILL);
		wait_for(pid[i]);
	}
	kill(shared->target, SIGKILL);
	wait_for(shared->target);
	put("/sys/devices/system/cpu/cpu1/online", "1");
	put("/sys/kernel/tracing/events/raw_syscalls/enable", "0");
	put("/sys/module/bricktrace/parameters/enabled", "1");
	put("/sys/module/bricktrace/parameters/max_user_runs", "16384");
	printf("# %llu s: registered %llu, registered without an answer %llu, too many followers %llu, runs %llu, too many runs %llu, closed %llu, closed without an answer %llu, runs with all threads %llu\n",
	       seconds, shared->registered, shared->no_answer, shared->crowded,
	       shared->opened, shared->refused, shared->closed, shared->failed,
	       shared->whole);
	ok(shared->registered && shared->no_answer && shared->crowded &&
		   shared->refused && shared->closed && shared->failed,
	   "each kind of ioctl has succeeded and failed");
	ok(shared->whole, "a run of the session with MANY threads had all of them");
	is(sessions_become(0), 0, "no session is left");
	begin("after");
	thread_register(fd, 0);
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 9; i++)
		getppid_raw();
	run_close(fd, number, run);
	ok(consistent(run) && count_of(run, SYS_getppid) == 9,
	   "the module measures a new run");
	return done();
}
