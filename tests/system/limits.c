// SPDX-License-Identifier: MIT
/*
 * The limits of a user on sessions, threads, runs and memory hold, also in a user
 * namespace. They do not affect another user, and what a user releases can be used again.
 *
 * Rules: provenance.
 */
#include <sys/stat.h>
#include "test.h"

#define FEW 4

/* The results of the children, which are other users. */
static struct {
	atomic_int stage;
	int err[16];
	u64 n[16];
	struct bricktrace_info info[4];
	struct run run;
} * found;

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

/* Reports a stage, and waits until the test allows the next one. */
static void report_stage(int stage)
{
	found->stage = stage;
	wait_value(&found->stage, stage + 1);
}

/* Enters a new user namespace as its root, who may create another one inside. */
static void enter_namespace(const char *map)
{
	if (unshare(CLONE_NEWUSER))
		bail("unshare");
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", map);
	write_text("/proc/self/gid_map", map);
}

static void opens(void)
{
	int f[FEW + 1];

	become_uid(1000);
	for (int i = 0; i <= FEW; i++)
		f[i] = try_device();
	found->err[0] = f[FEW - 1] < 0 ? -f[FEW - 1] : 0;
	found->err[1] = f[FEW] < 0 ? -f[FEW] : 0;
	found->info[0] = info(f[0]);
	report_stage(1);
	/* A session that is opened in a user namespace still counts for the same user. */
	close(f[0]);
	if (!fork()) {
		enter_namespace("0 1000 1");
		f[0] = try_device();
		found->err[2] = f[0] < 0 ? -f[0] : 0;
		f[FEW] = try_device();
		found->err[3] = f[FEW] < 0 ? -f[FEW] : 0;
		if (f[0] >= 0)
			found->info[1] = info(f[0]);
		enter_namespace("0 0 1");
		f[FEW] = try_device();
		found->err[4] = f[FEW] < 0 ? -f[FEW] : 0;
		_exit(0);
	}
	wait(NULL);
	f[FEW] = try_device();
	found->err[5] = f[FEW] < 0 ? -f[FEW] : 0;
}

static void opens_one(void)
{
	int f;

	become_uid(1001);
	f = try_device();
	found->err[6] = f < 0 ? -f : 0;
	if (f >= 0)
		found->info[2] = info(f);
}

/* A user namespace may map several users, all of which count for its owner. */
static void opens_as_another(void)
{
	int f;

	become_uid(1000);
	for (int i = 0; i < FEW; i++)
		if (try_device() < 0)
			bail("a session");
	if (unshare(CLONE_NEWUSER))
		bail("unshare");
	report_stage(1);
	if (setresuid(1, 1, 1))
		bail("uid 1");
	f = try_device();
	found->err[0] = f < 0 ? -f : 0;
}

static void sessions_of_another(void)
{
	char path[64];
	pid_t pid;

	memset(found, 0, sizeof(*found));
	pid = child_of(opens_as_another);
	wait_value(&found->stage, 1);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	write_text(path, "0 1000 1\n1 100000 1\n");
	found->stage = 2;
	wait_for(pid);
	is(found->err[0], EDQUOT,
	   "sessions: another user of a namespace may not open one more");
}

static void limit_sessions(void)
{
	unsigned int was = parameter("max_user_sessions", FEW);
	pid_t pid;

	memset(found, 0, sizeof(*found));
	pid = child_of(opens);
	wait_value(&found->stage, 1);
	is(found->err[0], 0, "sessions: the last one within the limit can be opened");
	is(found->err[1], EDQUOT, "sessions: the next one gets EDQUOT");
	is(found->info[0].user_sessions, FEW, "sessions: INFO has their number");
	is(found->info[0].max_user_sessions, FEW, "sessions: INFO has the limit");
	wait_for(child_of(opens_one));
	is(found->err[6], 0, "sessions: another user can open one");
	is(found->info[2].user_sessions, 1, "sessions: INFO has one for the other user");
	found->stage = 2;
	wait_for(pid);
	is(found->err[2], 0, "sessions: one more can be opened in a user namespace");
	is(found->err[3], EDQUOT,
	   "sessions: the next one in the user namespace gets EDQUOT");
	is(found->info[1].user_sessions, FEW,
	   "sessions: INFO counts those inside and outside the namespace");
	is(found->err[4], EDQUOT, "sessions: in a namespace inside that one, EDQUOT");
	is(found->err[5], 0, "sessions: one more can be opened after one was closed");
	sessions_of_another();
	parameter("max_user_sessions", was);
}

static void *waits(void *arg)
{
	atomic_fetch_add(&found->stage, 1);
	wait_value(&found->stage, 100);
	return arg;
}

static void *new_thread(void *arg)
{
	return arg;
}

static void follows(void)
{
	pthread_t t[FEW];
	int a, b;
	u64 number;

	become_uid(1000);
	a = fd = try_device();
	b = try_device();
	for (int i = 0; i < FEW; i++)
		pthread_create(&t[i], NULL, waits, NULL);
	wait_value(&found->stage, FEW);
	/* The process has one thread more than allowed. */
	found->err[0] = -try_register(a, getpid(), BRICKTRACE_THREAD_WHOLE_PROCESS);
	found->n[0] = session(a).threads;
	found->err[1] = -try_register(a, 0, BRICKTRACE_THREAD_INHERIT_THREADS);
	found->stage = 100;
	for (int i = 0; i < FEW; i++)
		pthread_join(t[i], NULL);
	found->info[0] = info(a);
	/* A thread counts once for each session that follows it. */
	found->err[2] = -try_register(b, 0, BRICKTRACE_THREAD_INHERIT_THREADS);
	found->info[1] = info(a);
	brick = brick_define(a, "limits", 0);
	number = run_open(a, brick, TRACE_SESSION);
	found->stage = 0;
	for (int i = 0; i < FEW; i++)
		pthread_create(&t[i], NULL, waits, NULL);
	wait_value(&found->stage, FEW);
	found->stage = 100;
	for (int i = 0; i < FEW; i++)
		pthread_join(t[i], NULL);
	run_close(a, number, &found->run);
	found->n[1] = session(a).threads_lost + session(b).threads_lost;
	found->n[3] = session(a).threads_lost;
	close(b);
	for (int i = 0; info(a).user_threads > 1 && i < 500; i++)
		sleep_ns(10 * MS);
	found->n[2] = info(a).user_threads;
	/* There is room for one more thread at a time. */
	number = run_open(a, brick, TRACE_SESSION);
	pthread_create(&t[0], NULL, new_thread, NULL);
	pthread_join(t[0], NULL);
	run_close(a, number, &found->run);
	found->err[3] = found->run.r.provenance;
}

static void threads(void)
{
	unsigned int was = parameter("max_user_threads", FEW);

	memset(found, 0, sizeof(*found));
	wait_for(child_of(follows));
	is(found->err[0], EDQUOT, "threads: a process with too many gets EDQUOT");
	is(found->n[0], 0, "threads: none of them is registered");
	is(found->err[1], 0, "threads: one can be registered");
	is(found->info[0].user_threads, 1, "threads: INFO has their number");
	is(found->info[0].max_user_threads, FEW, "threads: INFO has the limit");
	is(found->err[2], 0, "threads: another session can follow the same thread");
	is(found->info[1].user_threads, 2,
	   "threads: the thread counts once for each session");
	/* Two sessions of the user are to follow each new thread. */
	is(found->n[1], 2 * FEW - (FEW - 2), "threads: new ones beyond the limit are lost");
	ok(found->n[3] > 0, "threads: the first session has lost some, too");
	is(found->n[2], 1, "threads: closing a session releases its threads");
	is(found->err[3], BRICKTRACE_MEASURED, "threads: afterwards a new one is followed");
	parameter("max_user_threads", was);
}

static void loses(void)
{
	pthread_t t[FEW];
	u64 number;

	become_uid(1000);
	fd = try_device();
	brick = brick_define(fd, "limits", 0);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	number = run_open(fd, brick, TRACE_SESSION);
	for (int i = 0; i < FEW; i++)
		pthread_create(&t[i], NULL, waits, NULL);
	wait_value(&found->stage, FEW);
	found->stage = 100;
	for (int i = 0; i < FEW; i++)
		pthread_join(t[i], NULL);
	run_close(fd, number, &found->run);
	found->n[0] = session(fd).threads_lost;
}

static void inherited(void)
{
	unsigned int was = parameter("max_user_threads", FEW);

	memset(found, 0, sizeof(*found));
	wait_for(child_of(loses));
	is(found->run.r.provenance, BRICKTRACE_PARTIAL,
	   "a run that lost a thread: partial");
	is(found->run.r.reason, BRICKTRACE_REASON_THREADS_LOST,
	   "a run that lost a thread: the reason");
	is(found->run.r.threads, FEW, "a run that lost a thread: it has the others");
	is(found->n[0], 1, "a run that lost a thread: the session counts it");
	parameter("max_user_threads", was);
}

static void runs_of_1000(void)
{
	int a, b, last = 0;

	become_uid(1000);
	a = try_device();
	b = try_device();
	brick_define(a, "limits", 0);
	brick_define(b, "limits", 0);
	for (int i = 0; i < FEW && last >= 0; i++)
		last = try_measure(i % 2 ? b : a);
	found->err[0] = last < 0 ? -last : 0;
	found->err[1] = -try_measure(a);
	found->err[2] = -try_measure(b);
	found->info[0] = info(a);
	report_stage(1);
	run_close(b, 2, &found->run);
	found->err[3] = try_measure(a) < 0;
	found->err[4] = -try_measure(b);
	close(a);
	found->err[5] = try_measure(b) < 0;
	found->info[1] = info(b);
}

static void run_of_1001(void)
{
	int f;

	become_uid(1001);
	f = try_device();
	brick_define(f, "limits", 0);
	found->err[6] = try_measure(f) < 0;
}

static void runs(void)
{
	unsigned int was = parameter("max_user_runs", FEW);
	pid_t pid;

	memset(found, 0, sizeof(*found));
	pid = child_of(runs_of_1000);
	wait_value(&found->stage, 1);
	is(found->err[0], 0, "runs: the last one within the limit can be opened");
	is(found->err[1], EDQUOT, "runs: the next one gets EDQUOT");
	is(found->err[2], EDQUOT, "runs: in another session, too, EDQUOT");
	is(found->info[0].user_runs, FEW, "runs: INFO has their number");
	is(found->info[0].max_user_runs, FEW, "runs: INFO has the limit");
	wait_for(child_of(run_of_1001));
	is(found->err[6], 0, "runs: another user can open one");
	found->stage = 2;
	wait_for(pid);
	is(found->err[3], 0, "runs: one more can be opened after one was closed");
	is(found->err[4], EDQUOT, "runs: the next one gets EDQUOT again");
	is(found->err[5], 0, "runs: one can be opened after a session was closed");
	is(found->info[1].user_runs, FEW / 2,
	   "runs: closing a session has released all of its runs");
	parameter("max_user_runs", was);
}

/* Opens sessions and defines bricks until the user's memory is used up. */
static void uses(void)
{
	int f[1000], n, err = 0;

	become_uid(1000);
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
	found->err[0] = err;
	found->info[0] = info(fd);
	report_stage(1);
	while (n >= 0)
		close(f[n--]);
	found->info[1] = info(fd);
	f[0] = try_device();
	found->err[1] = f[0] < 0;
}

static void memory(void)
{
	unsigned int was = parameter("max_user_memory", 1);
	pid_t pid;

	memset(found, 0, sizeof(*found));
	pid = child_of(uses);
	wait_value(&found->stage, 1);
	is(found->err[0], EDQUOT, "memory: when it is used up, EDQUOT");
	is(found->info[0].max_user_memory, 1 << 20, "memory: INFO has the limit");
	between(found->info[0].user_memory, 900 << 10, 1 << 20,
		"memory: INFO has what is in use");
	wait_for(child_of(run_of_1001));
	is(found->err[6], 0, "memory: another user can open a run");
	found->stage = 2;
	wait_for(pid);
	between(found->info[1].user_memory, 1, found->info[0].user_memory / 4,
		"memory: closing the sessions releases it");
	is(found->err[1], 0, "memory: a session can be opened again");
	parameter("max_user_memory", was);
}

int main(void)
{
	allow_user_namespaces();
	if (chmod("/dev/bricktrace", 0666))
		bail("chmod");
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (found == MAP_FAILED)
		bail("mmap");
	limit_sessions();
	threads();
	inherited();
	runs();
	memory();
	chmod("/dev/bricktrace", 0660);
	return done();
}
