// SPDX-License-Identifier: MIT
/*
 * What one user may have: sessions, threads, runs and memory. Another user is not
 * affected, a user namespace is no way around it, and what is given back is there
 * again.
 */
#include <grp.h>
#include <sys/stat.h>
#include "test.h"

#define FEW	      4
#define CLONE_ALLOWED "/proc/sys/kernel/unprivileged_userns_clone"

static void be(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		bail("uid %u", uid);
	prctl(PR_SET_DUMPABLE, 1);
}

/* What a child of another user found. */
static struct {
	atomic_int stage;
	int err[16];
	u64 n[16];
	struct bricktrace_info info[4];
	struct run run;
} * told;

static int try_device(void)
{
	int f = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);

	return f < 0 ? -errno : f;
}

static int try_run(int f, uint32_t level, uint32_t scope)
{
	struct bricktrace_run_open o = {
		.size = sizeof(o),
		.brick = 1,
		.level = level,
		.scope = scope,
	};

	return ioctl(f, BRICKTRACE_RUN_OPEN, &o) ? -errno : (int)o.run;
}

static int try_measure(int f)
{
	return try_run(f, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_SESSION);
}

/* Has @stage been reached? Waits for the other side to go on. */
static void meet(int stage)
{
	told->stage = stage;
	wait_value(&told->stage, stage + 1);
}

static void put(const char *path, const char *text)
{
	int f = open(path, O_WRONLY | O_CLOEXEC);

	if (f < 0 || write(f, text, strlen(text)) < 0)
		bail("%s", path);
	close(f);
}

/* Its root, who may create another one. */
static void enter_namespace(const char *map)
{
	if (unshare(CLONE_NEWUSER))
		bail("unshare");
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", map);
	put("/proc/self/gid_map", map);
}

static void opens(void)
{
	int f[FEW + 1];

	be(1000);
	for (int i = 0; i <= FEW; i++)
		f[i] = try_device();
	told->err[0] = f[FEW - 1] < 0 ? -f[FEW - 1] : 0;
	told->err[1] = f[FEW] < 0 ? -f[FEW] : 0;
	told->info[0] = info(f[0]);
	meet(1);
	/* Inside a user namespace it is still the same user's. */
	close(f[0]);
	if (!fork()) {
		enter_namespace("0 1000 1");
		f[0] = try_device();
		told->err[2] = f[0] < 0 ? -f[0] : 0;
		f[FEW] = try_device();
		told->err[3] = f[FEW] < 0 ? -f[FEW] : 0;
		if (f[0] >= 0)
			told->info[1] = info(f[0]);
		/* Nor in one inside that. */
		enter_namespace("0 0 1");
		f[FEW] = try_device();
		told->err[4] = f[FEW] < 0 ? -f[FEW] : 0;
		_exit(0);
	}
	wait(NULL);
	f[FEW] = try_device();
	told->err[5] = f[FEW] < 0 ? -f[FEW] : 0;
}

static void opens_one(void)
{
	int f;

	be(1001);
	f = try_device();
	told->err[6] = f < 0 ? -f : 0;
	if (f >= 0)
		told->info[2] = info(f);
}

/* A user namespace may give its owner more users than one. */
static void opens_as_another(void)
{
	int f;

	be(1000);
	for (int i = 0; i < FEW; i++)
		if (try_device() < 0)
			bail("a session");
	if (unshare(CLONE_NEWUSER))
		bail("unshare");
	meet(1);
	if (setresuid(1, 1, 1))
		bail("uid 1");
	f = try_device();
	told->err[0] = f < 0 ? -f : 0;
}

static void sessions_of_another(void)
{
	char path[64];
	pid_t pid;

	memset(told, 0, sizeof(*told));
	pid = child_of(opens_as_another);
	wait_value(&told->stage, 1);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	put(path, "0 1000 1\n1 100000 1\n");
	told->stage = 2;
	wait_for(pid);
	is(told->err[0], EDQUOT, "sessions: nor as another user of a namespace");
}

static void sessions(void)
{
	unsigned int was = parameter("max_user_sessions", FEW);
	pid_t pid;

	memset(told, 0, sizeof(*told));
	pid = child_of(opens);
	wait_value(&told->stage, 1);
	is(told->err[0], 0, "sessions: so many may be open");
	is(told->err[1], EDQUOT, "sessions: the next one may not");
	is(told->info[0].user_sessions, FEW, "sessions: INFO has how many there are");
	is(told->info[0].max_user_sessions, FEW, "sessions: and may be");
	wait_for(child_of(opens_one));
	is(told->err[6], 0, "sessions: another user may");
	is(told->info[2].user_sessions, 1, "sessions: and has one");
	told->stage = 2;
	wait_for(pid);
	is(told->err[2], 0, "sessions: there is room for one in a user namespace");
	is(told->err[3], EDQUOT, "sessions: and for no more");
	is(told->info[1].user_sessions, FEW, "sessions: INFO counts both");
	is(told->err[4], EDQUOT, "sessions: nor in a namespace inside that one");
	is(told->err[5], 0, "sessions: what was given back is there again");
	sessions_of_another();
	parameter("max_user_sessions", was);
}

static void *waits(void *arg)
{
	atomic_fetch_add(&told->stage, 1);
	wait_value(&told->stage, 100);
	return arg;
}

static void *newborn(void *arg)
{
	return arg;
}

static void follows(void)
{
	pthread_t t[FEW];
	int a, b;
	u64 number;

	be(1000);
	a = fd = try_device();
	b = try_device();
	for (int i = 0; i < FEW; i++)
		pthread_create(&t[i], NULL, waits, NULL);
	wait_value(&told->stage, FEW);
	/* FEW + 1 threads are one too many. */
	told->err[0] = -try_register(a, getpid(), BRICKTRACE_THREAD_WHOLE_PROCESS);
	told->n[0] = session(a).threads;
	told->err[1] = -try_register(a, 0, BRICKTRACE_THREAD_INHERIT_THREADS);
	told->stage = 100;
	for (int i = 0; i < FEW; i++)
		pthread_join(t[i], NULL);
	told->info[0] = info(a);
	/* In whichever session; main is in one already. */
	told->err[2] = -try_register(b, 0, BRICKTRACE_THREAD_INHERIT_THREADS);
	told->info[1] = info(a);
	brick = brick_define(a, "limits", 0);
	number = run_open(a, brick, TRACE_SESSION);
	told->stage = 0;
	for (int i = 0; i < FEW; i++)
		pthread_create(&t[i], NULL, waits, NULL);
	wait_value(&told->stage, FEW);
	told->stage = 100;
	for (int i = 0; i < FEW; i++)
		pthread_join(t[i], NULL);
	run_close(a, number, &told->run);
	told->n[1] = session(a).threads_lost + session(b).threads_lost;
	told->n[3] = session(a).threads_lost;
	close(b);
	for (int i = 0; info(a).user_threads > 1 && i < 500; i++)
		sleep_ns(10 * MS);
	told->n[2] = info(a).user_threads;
	/* Now there is room for one more after the other. */
	number = run_open(a, brick, TRACE_SESSION);
	pthread_create(&t[0], NULL, newborn, NULL);
	pthread_join(t[0], NULL);
	run_close(a, number, &told->run);
	told->err[3] = told->run.r.provenance;
}

static void threads(void)
{
	unsigned int was = parameter("max_user_threads", FEW);

	memset(told, 0, sizeof(*told));
	wait_for(child_of(follows));
	is(told->err[0], EDQUOT, "threads: a process that has too many is not registered");
	is(told->n[0], 0, "threads: nor is one of them");
	is(told->err[1], 0, "threads: one is");
	is(told->info[0].user_threads, 1, "threads: INFO has how many there are");
	is(told->info[0].max_user_threads, FEW, "threads: and may be");
	is(told->err[2], 0, "threads: another session follows it too");
	is(told->info[1].user_threads, 2, "threads: which counts");
	/* Two of its sessions follow each newborn. */
	is(told->n[1], 2 * FEW - (FEW - 2),
	   "threads: newborn ones beyond the limit are lost");
	ok(told->n[3] > 0, "threads: of the session's, too");
	is(told->n[2], 1, "threads: closing a session gives room");
	is(told->err[3], BRICKTRACE_MEASURED, "threads: and nobody is lost then");
	parameter("max_user_threads", was);
}

static void loses(void)
{
	pthread_t t[FEW];
	u64 number;

	be(1000);
	fd = try_device();
	brick = brick_define(fd, "limits", 0);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	number = run_open(fd, brick, TRACE_SESSION);
	for (int i = 0; i < FEW; i++)
		pthread_create(&t[i], NULL, waits, NULL);
	wait_value(&told->stage, FEW);
	told->stage = 100;
	for (int i = 0; i < FEW; i++)
		pthread_join(t[i], NULL);
	run_close(fd, number, &told->run);
	told->n[0] = session(fd).threads_lost;
}

static void inherited(void)
{
	unsigned int was = parameter("max_user_threads", FEW);

	memset(told, 0, sizeof(*told));
	wait_for(child_of(loses));
	is(told->run.r.provenance, BRICKTRACE_PARTIAL, "a run that lost a thread: partial");
	is(told->run.r.reason, BRICKTRACE_REASON_THREADS_LOST,
	   "a run that lost a thread: why");
	is(told->run.r.threads, FEW, "a run that lost a thread: the others are there");
	is(told->n[0], 1, "a run that lost a thread: the session counts it");
	parameter("max_user_threads", was);
}

static void runs_of_1000(void)
{
	int a, b, last = 0;

	be(1000);
	a = try_device();
	b = try_device();
	brick_define(a, "limits", 0);
	brick_define(b, "limits", 0);
	for (int i = 0; i < FEW && last >= 0; i++)
		last = try_measure(i % 2 ? b : a);
	told->err[0] = last < 0 ? -last : 0;
	told->err[1] = -try_measure(a);
	told->err[2] = -try_measure(b);
	told->info[0] = info(a);
	meet(1);
	run_close(b, 2, &told->run);
	told->err[3] = try_measure(a) < 0;
	told->err[4] = -try_measure(b);
	close(a);
	told->err[5] = try_measure(b) < 0;
	told->info[1] = info(b);
}

static void run_of_1001(void)
{
	int f;

	be(1001);
	f = try_device();
	brick_define(f, "limits", 0);
	told->err[6] = try_measure(f) < 0;
}

static void runs(void)
{
	unsigned int was = parameter("max_user_runs", FEW);
	pid_t pid;

	memset(told, 0, sizeof(*told));
	pid = child_of(runs_of_1000);
	wait_value(&told->stage, 1);
	is(told->err[0], 0, "runs: so many may be open");
	is(told->err[1], EDQUOT, "runs: the next one may not");
	is(told->err[2], EDQUOT, "runs: nor one of another session");
	is(told->info[0].user_runs, FEW, "runs: INFO has how many there are");
	is(told->info[0].max_user_runs, FEW, "runs: and may be");
	wait_for(child_of(run_of_1001));
	is(told->err[6], 0, "runs: another user may");
	told->stage = 2;
	wait_for(pid);
	is(told->err[3], 0, "runs: closing one gives room");
	is(told->err[4], EDQUOT, "runs: for one");
	is(told->err[5], 0, "runs: closing a session gives room");
	is(told->info[1].user_runs, FEW / 2, "runs: for all that it had");
	parameter("max_user_runs", was);
}

/* Sessions with bricks until the memory is used up. */
static void uses(void)
{
	int f[1000], n, err = 0;

	be(1000);
	fd = try_device();
	for (n = 0; n < 1000 && !err; n++) {
		f[n] = try_device();
		if (f[n] < 0) {
			err = -f[n];
			break;
		}
		for (int i = 0; i < 200 && !err; i++) {
			struct bricktrace_brick_define b = { .size = sizeof(b) };

			snprintf(b.name, sizeof(b.name), "brick %d", i);
			if (ioctl(f[n], BRICKTRACE_BRICK_DEFINE, &b))
				err = errno;
		}
	}
	told->err[0] = err;
	told->info[0] = info(fd);
	meet(1);
	while (n >= 0)
		close(f[n--]);
	told->info[1] = info(fd);
	f[0] = try_device();
	told->err[1] = f[0] < 0;
}

static void memory(void)
{
	unsigned int was = parameter("max_user_memory", 1);
	pid_t pid;

	memset(told, 0, sizeof(*told));
	pid = child_of(uses);
	wait_value(&told->stage, 1);
	is(told->err[0], EDQUOT, "memory: it is used up");
	is(told->info[0].max_user_memory, 1 << 20,
	   "memory: INFO has how much there may be");
	between(told->info[0].user_memory, 900 << 10, 1 << 20,
		"memory: and how much there is");
	wait_for(child_of(run_of_1001));
	is(told->err[6], 0, "memory: another user may");
	told->stage = 2;
	wait_for(pid);
	between(told->info[1].user_memory, 1, told->info[0].user_memory / 4,
		"memory: closing the sessions gives it back");
	is(told->err[1], 0, "memory: and there is room");
	parameter("max_user_memory", was);
}

int main(void)
{
	/* Debian's own; other kernels allow them. */
	if (!access(CLONE_ALLOWED, F_OK))
		put(CLONE_ALLOWED, "1");
	if (chmod("/dev/bricktrace", 0666))
		bail("chmod");
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		bail("mmap");
	sessions();
	threads();
	inherited();
	runs();
	memory();
	chmod("/dev/bricktrace", 0660);
	return done();
}
