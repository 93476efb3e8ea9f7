// SPDX-License-Identifier: MIT
/*
 * bench-hold [-d] THREADS: creates a process of that many sleeping threads and does
 * with it what the words on standard input say. After "ready" each is answered with
 * the nanoseconds that it took, which under -icount are instructions, or with -d by
 * how long it kept a thread of the highest priority from running.
 *	arm	put the hooks in place, by a run over this thread
 *	disarm	close that run and its session
 *	follow	register all threads with a session
 *	leave	unregister one of them
 *	join	register it again
 *	open	a traced run over them all
 *	close	it
 *	drop	the session
 *	tracer	let somebody else trace all system calls
 *	silence	end that
 *	nothing	compute for 2 ms
 *	rest	until the hooks are released
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "../system/bt.h"

#define STACK  16384
#define PERIOD 5000

static atomic_int *ready;
static atomic_bool watching;
static u64 worst;
static struct run *result;
static uint32_t brick;
static int keeper = -1, fd = -1;
static u64 number;
static pid_t target;

static void *sleeper(void *arg)
{
	atomic_fetch_add(ready, 1);
	for (;;)
		pause();
	return arg;
}

static void sleepers(int threads)
{
	pthread_attr_t attr;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	/* So that their stacks are one mapping. */
	pthread_attr_setguardsize(&attr, 0);
	while (--threads)
		if (pthread_create(&thread, &attr, sleeper, NULL))
			bail("pthread_create");
	sleeper(NULL);
}

/* Notes how late it is woken up at the worst. */
static void *watcher(void *arg)
{
	struct sched_param param = { .sched_priority = 99 };
	u64 before, late;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		bail("sched_setscheduler");
	for (;;) {
		before = now();
		sleep_ns(PERIOD);
		late = now() - before - PERIOD;
		if (watching && late > worst)
			worst = late;
	}
	return arg;
}

static void thread_ioctl(unsigned long request, uint32_t flags)
{
	struct bricktrace_thread t = {
		.size = sizeof(t),
		.flags = flags,
		.tid = target,
	};

	if (ioctl(fd, request, &t))
		bail("register or unregister");
}

static void tracer(char on)
{
	int file = open("/sys/kernel/tracing/events/raw_syscalls/sys_enter/enable",
			O_WRONLY | O_CLOEXEC);

	if (write(file, &on, 1) != 1)
		bail("no tracing");
	close(file);
}

static void act(const char *word)
{
	u64 start = now();
	int hooks;

	if (!strcmp(word, "arm")) {
		keeper = device();
		thread_register(keeper, 0);
		run_open(keeper, brick_define(keeper, "keeper", 0), TRACE_THREAD);
	} else if (!strcmp(word, "disarm")) {
		close(keeper);
	} else if (!strcmp(word, "follow")) {
		fd = device();
		brick = brick_define(fd, "held", 0);
		thread_ioctl(BRICKTRACE_THREAD_REGISTER,
			     BRICKTRACE_THREAD_WHOLE_PROCESS |
				     BRICKTRACE_THREAD_INHERIT_THREADS);
	} else if (!strcmp(word, "leave")) {
		thread_ioctl(BRICKTRACE_THREAD_UNREGISTER, 0);
	} else if (!strcmp(word, "join")) {
		thread_ioctl(BRICKTRACE_THREAD_REGISTER, BRICKTRACE_THREAD_INHERIT_THREADS);
	} else if (!strcmp(word, "open")) {
		number = run_open(fd, brick, TRACE_SESSION);
	} else if (!strcmp(word, "close")) {
		run_close(fd, number, result);
	} else if (!strcmp(word, "drop")) {
		close(fd);
	} else if (!strcmp(word, "tracer")) {
		tracer('1');
	} else if (!strcmp(word, "silence")) {
		tracer('0');
	} else if (!strcmp(word, "nothing")) {
		while (now() - start < 2 * MS)
			;
	} else if (!strcmp(word, "rest")) {
		hooks = device();
		while (info(hooks).armed)
			sleep_ns(10 * MS);
		close(hooks);
	} else {
		bail("%s?", word);
	}
}

int main(int argc, char **argv)
{
	bool delays = argc == 3 && !strcmp(argv[1], "-d");
	int threads = atoi(argv[argc - 1]);
	pthread_t thread;
	char word[16];
	u64 took;

	if (threads < 1)
		bail("usage");
	ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	result = run_new();
	target = fork();
	if (!target)
		sleepers(threads);
	while (atomic_load(ready) < threads) {
		if (waitpid(target, NULL, WNOHANG))
			bail("no such many threads");
		sleep_ns(50 * MS);
	}
	if (mlockall(MCL_CURRENT) ||
	    (delays && pthread_create(&thread, NULL, watcher, NULL)))
		bail("mlockall or pthread_create");
	sleep_ns(200 * MS);
	puts("ready");
	fflush(stdout);
	while (scanf("%15s", word) == 1) {
		sleep_ns(50 * MS);
		worst = 0;
		watching = true;
		took = now();
		act(word);
		took = now() - took;
		/* What came due meanwhile comes now. */
		sleep_ns(MS);
		watching = false;
		printf("%llu\n", delays ? worst : took);
		fflush(stdout);
	}
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	return 0;
}
