// SPDX-License-Identifier: MIT
/*
 * bench-hold [-d] THREADS: creates a process of so many sleeping threads, prints "ready"
 * and does with that process what the words on standard input say. It answers each word
 * with the nanoseconds that the action took, which under -icount are instructions; with
 * -d it prints by how much the action delayed a thread of the highest priority.
 *	arm	put the hooks in place, by a traced run over this thread
 *	disarm	close that run and its session
 *	follow	register all threads with a session
 *	leave	unregister one of them
 *	join	register that thread again
 *	slow	change the least time of a slow call for all threads
 *	open	open a traced run over all threads
 *	close	close that run
 *	drop	release the session
 *	tracer	let ftrace trace all system calls
 *	silence	stop ftrace
 *	nothing	compute for 2 ms
 *	rest	wait until the hooks are released
 */
#include <sched.h>
#include "bench.h"

#define PERIOD 5000

static atomic_bool watching;
static u64 worst;
static struct run *result;
static int keeper = -1;
static u64 number;
static pid_t target;

/* Records in @worst by how much a sleep of this thread took too long. */
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
		bail("THREAD_REGISTER or THREAD_UNREGISTER");
}

static void tracer(char on)
{
	int file = open("/sys/kernel/tracing/events/raw_syscalls/sys_enter/enable",
			O_WRONLY | O_CLOEXEC);

	if (write(file, &on, 1) != 1)
		bail("raw_syscalls/sys_enter/enable");
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
	} else if (!strcmp(word, "slow")) {
		SET(fd, SLOW, .slow_ns = BRICKTRACE_MIN_SLOW);
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
		bail("unknown word '%s'", word);
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
	result = run_new();
	target = create_sleeping_process(threads);
	if (mlockall(MCL_CURRENT) ||
	    (delays && pthread_create(&thread, NULL, watcher, NULL)))
		bail("mlockall or pthread_create");
	puts("ready");
	fflush(stdout);
	while (scanf("%15s", word) == 1) {
		sleep_ns(50 * MS);
		worst = 0;
		watching = true;
		took = now();
		act(word);
		took = now() - took;
		/* A delayed watcher runs during this sleep at the latest. */
		sleep_ns(MS);
		watching = false;
		printf("%llu\n", delays ? worst : took);
		fflush(stdout);
	}
	kill(target, SIGKILL);
	waitpid(target, NULL, 0);
	return 0;
}
