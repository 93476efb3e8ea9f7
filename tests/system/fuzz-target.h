/* SPDX-License-Identifier: MIT */
/*
 * The targets of the fuzzer's sessions: processes of an ordinary user that create
 * threads and processes, exit, move between CPUs and execute a set-user-ID program. They
 * run until they are killed.
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <grp.h>
#include "test.h"

#define USER	       1000
#define SETUID_PROGRAM "/tmp/fuzz-setuid"
/* Calls that only a set-user-ID program makes, and only threads that are new in a run. */
#define PRIVILEGED_CALL SYS_getsid
#define NEW_CALL	SYS_getpgid

/* Descriptors that every process of the fuzzer has: shared memory and root's session. */
enum { SHARED_FD = 900, OPERATOR_FD };

#define TARGETS 2

enum { IDLE, THREADS, FORKS, SETUID, KINDS };

/* Memory that the processes of a claim share, see fuzz-claim.h. */
struct scene {
	atomic_int stage;
	atomic_ullong run;
	atomic_ullong calls; /* marked calls that were made */
	atomic_int checked, wrong;
	atomic_ullong in_result; /* marked calls in the result */
	atomic_int provenance;
};

static struct shared {
	atomic_int pid[TARGETS];
	atomic_int newest[TARGETS]; /* its newest thread or child */
	struct scene scene[2];
} * shared;

static void map_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      SHARED_FD, 0);
	if (shared == MAP_FAILED)
		bail("the shared page");
}

static int kept_at(int f, int number, int flags)
{
	if (f < 0 || dup3(f, number, flags) != number)
		bail("descriptor %d", number);
	close(f);
	return number;
}

/* Changes the ids of the calling thread only; the C library changes all threads. */
static void become(uid_t uid)
{
	if (geteuid() == 0 && uid &&
	    (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, uid, uid, uid) ||
	     syscall(SYS_setresuid, uid, uid, uid)))
		bail("setresuid");
	/* The kernel resets both when the ids change. */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The main() of the set-user-ID program, which is this program again. */
static int privileged(int scene, int calls)
{
	map_shared();
	for (int i = 0; !geteuid() && i < calls; i++) {
		syscall(PRIVILEGED_CALL, 0);
		if (scene >= 0)
			atomic_fetch_add(&shared->scene[scene].calls, 1);
		sleep_ns(MS / 4);
	}
	return 0;
}

static void execute_setuid(int scene, int calls)
{
	char text[2][12];

	snprintf(text[0], sizeof(text[0]), "%d", scene);
	snprintf(text[1], sizeof(text[1]), "%d", calls);
	execl(SETUID_PROGRAM, "fuzz", text[0], text[1], NULL);
}

static pid_t process(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static int slot;
static u64 pace; /* nanoseconds between two actions of a target */

/* The commands are more than a thread and a session have separate figures for. */
static void some_ioctl(void)
{
	static atomic_uint n;
	unsigned int i = atomic_fetch_add(&n, 1);

	syscall(SYS_ioctl, i % 2 ? SHARED_FD : -1, 0x7e110000 + i % 500, 0);
}

static void *new_thread(void *arg)
{
	atomic_store(&shared->newest[slot], gettid());
	some_ioctl();
	return arg;
}

static void *creates(void *arg)
{
	pthread_t t;

	for (;; sleep_ns(pace))
		if (!pthread_create(&t, NULL, new_thread, NULL))
			pthread_join(t, NULL);
	return arg;
}

static void *sleeps(void *arg)
{
	for (;;) {
		some_ioctl();
		sleep_ns(50 * MS);
	}
	return arg;
}

static void run_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu % 2, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* Runs on one CPU for a while, and then moves to the other one. */
static void moves(int from)
{
	run_on(from);
	for (u64 end = now() + 4 * MS; now() < end; some_ioctl())
		getppid_raw();
	run_on(from + 1);
}

static void child(int kind, u64 n)
{
	getppid_raw();
	if (kind == SETUID)
		execute_setuid(-1, 3);
	else if (n % 4)
		moves(n % 2);
	_exit(0);
}

static void target(int kind)
{
	pthread_t t;
	pid_t pid;

	/* A target must not keep the sessions open. */
	close_range(3, SHARED_FD - 1, 0);
	become(USER);
	/* Root follows every target and everything that it creates, without a run. */
	try_register(OPERATOR_FD, 0,
		     BRICKTRACE_THREAD_INHERIT_THREADS | BRICKTRACE_THREAD_INHERIT_CHILDREN);
	close(OPERATOR_FD);
	/* In an emulator the targets would leave too little time to the fuzzer. */
	nice(10);
	if (kind == THREADS) {
		for (int i = 0; i < 24; i++)
			pthread_create(&t, NULL, i ? sleeps : creates, NULL);
		creates(NULL);
	}
	if (kind == IDLE)
		sleeps(NULL);
	for (u64 n = 0;; n++) {
		pid = process();
		if (!pid)
			child(kind, n);
		atomic_store(&shared->newest[slot], pid);
		waitpid(pid, NULL, 0);
		sleep_ns(pace);
	}
}

/* Replaces a target by a new one. */
static void spawn(int which, int kind, u64 its_pace)
{
	pid_t pid = process();

	if (!pid) {
		slot = which;
		pace = its_pace;
		target(kind);
	}
	pid = atomic_exchange(&shared->pid[which], pid);
	/* The user cannot kill the target until it has become the user's. */
	for (; pid > 0 && !waitpid(pid, NULL, WNOHANG); sleep_ns(MS))
		kill(pid, SIGKILL);
}

/* A thread that can be followed: the caller (0), a target, the newest of one. */
static pid_t some_thread(uint8_t v)
{
	switch (v % 4) {
	case 0:
		return 0;
	case 1:
		return atomic_load(&shared->newest[v / 4 % TARGETS]);
	default:
		return atomic_load(&shared->pid[v / 4 % TARGETS]);
	}
}

#endif /* FUZZ_TARGET_H */
