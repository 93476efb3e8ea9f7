// SPDX-License-Identifier: MIT
/*
 * Ioctls are counted by what their descriptor was open for, and by request: every kind of
 * file, bad descriptors, 32-bit callers, a file that is replaced or closed during the call,
 * calls under way when a run opens or closes, more commands than a thread or a session has
 * separate figures for, nested runs, threads that end. In each result the commands sum up to
 * the ioctl system call: consistent() checks that.
 *
 * Rules: asleep, in-flight, ioctl, nested, table.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include "listener.h"
#include "test.h"

/* The kernel executes this request for each file; no file knows the other one. */
#define FINE	FIOCLEX
#define UNKNOWN 0xdead0000U
/* Requests that the files below do not know either: OTHER(0), OTHER(1), ... */
#define OTHER(n) (0x7e110000U + (n))

#define X32_BIT	  0x40000000UL
#define X32_IOCTL 514

/* A command; members that are left out are 0. */
#define COMMAND(...)                                    \
	(struct bricktrace_ioctl)                       \
	{                                               \
		.command = BRICKTRACE_NONE, __VA_ARGS__ \
	}
#define NULL_DEVICE .file = BRICKTRACE_FILE_CHAR, .major = 1, .minor = 3
#define REST	    .file = BRICKTRACE_FILE_MORE

static struct run *run, *inner;
static int null_fd;

static struct bricktrace_figures of(const struct run *r, struct bricktrace_ioctl like)
{
	const struct bricktrace_ioctl *i = ioctl_of(r, &like);

	return i ? i->figures : (struct bricktrace_figures){ 0 };
}

/* The number of commands in the result that have separate figures. */
static uint32_t separate(const struct run *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->ioctls; i++)
		n += r->ioctl[2 * i].file != BRICKTRACE_FILE_MORE;
	return n;
}

static void expect(struct bricktrace_ioctl like, u64 count, u64 errors, const char *what)
{
	struct bricktrace_figures f = of(run, like);

	if (!ok(f.count == count && f.errors == errors && !f.in_flight,
		"%s: %llu calls, %llu errors", what, count, errors)) {
		printf("# %llu calls, %llu errors, %llu in flight\n", f.count, f.errors,
		       f.in_flight);
		for (uint32_t i = 0; i < run->ioctls; i++)
			printf("# %s: %llu\n", ioctl_text(&run->ioctl[2 * i]),
			       run->ioctl[2 * i].figures.count);
	}
}

static void ask(int f, unsigned int request, int times)
{
	while (times--)
		syscall(SYS_ioctl, f, request, 0);
}

static void play(void (*body)(void), const char *what)
{
	run_apart(body, run);
	ok(consistent(run), "%s: the figures add up", what);
}

static struct file {
	const char *what;
	int fd;
	struct bricktrace_ioctl command;
} files[64];
static int n_files;

/* Kernels without such a file leave it out. */
static void add(const char *what, int f, struct bricktrace_ioctl command)
{
	struct stat st;

	if (f < 0 && command.file != BRICKTRACE_FILE_BAD) {
		printf("# there is no %s here: %s\n", what, strerror(errno));
		return;
	}
	if (command.file == BRICKTRACE_FILE_CHAR || command.file == BRICKTRACE_FILE_BLOCK) {
		if (fstat(f, &st))
			bail("fstat");
		command.major = major(st.st_rdev);
		command.minor = minor(st.st_rdev);
	}
	files[n_files++] = (struct file){ what, f, command };
}

static void files_open(void)
{
	static const char *const directories[][2] = { { "/", "overlay" },
						      { "/proc", "proc" },
						      { "/dev/shm", "tmpfs" } };
	static const int families[] = { AF_UNIX, AF_INET, AF_NETLINK };
	sigset_t signals;
	int ends[2];

	sigemptyset(&signals);
	if (pipe2(ends, O_CLOEXEC))
		bail("pipe");
	mkfifo("/dev/shm/fifo", 0600);
	mknod("/dev/shm/null", S_IFCHR | 0600, makedev(1, 3));
	if (system("modprobe -q loop; modprobe -q tun"))
		puts("# some kernels have no modules");
	close(dup2(null_fd, 900));
#define BAD	    COMMAND(.file = BRICKTRACE_FILE_BAD)
#define CHAR	    COMMAND(.file = BRICKTRACE_FILE_CHAR)
#define DRIVER(of)  COMMAND(.file = BRICKTRACE_FILE_CHAR, .owner = of)
#define ANON(named) COMMAND(.file = BRICKTRACE_FILE_ANON, .name = named)
#define REGULAR(fs) COMMAND(.file = BRICKTRACE_FILE_REGULAR, .name = fs)
	add("descriptor -1", -1, BAD);
	add("the largest descriptor", INT32_MAX, BAD);
	add("a closed descriptor", 900, BAD);
	add("O_PATH", open("/dev/null", O_PATH | O_CLOEXEC), BAD);
	add("eventfd", eventfd(0, EFD_CLOEXEC), ANON("[eventfd]"));
	add("epoll", epoll_create1(EPOLL_CLOEXEC), ANON("[eventpoll]"));
	add("timerfd", timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), ANON("[timerfd]"));
	add("signalfd", syscall(SYS_signalfd4, -1, &signals, 8, 0), ANON("[signalfd]"));
	add("inotify", inotify_init1(IN_CLOEXEC), ANON("inotify"));
	/* The name has 18 bytes; SYS_landlock_create_ruleset is not in each libc-dev. */
	add("landlock", syscall(444, &(u64[]){ 1 }, 8, 0), ANON("[landlock-rules"));
	for (int i = 0; i < 3; i++)
		add("socket", socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0),
		    COMMAND(.file = BRICKTRACE_FILE_SOCKET));
	add("pipe, to read", ends[0], COMMAND(.file = BRICKTRACE_FILE_PIPE));
	add("pipe, to write", ends[1], COMMAND(.file = BRICKTRACE_FILE_PIPE));
	add("FIFO", open("/dev/shm/fifo", O_RDWR | O_CLOEXEC),
	    COMMAND(.file = BRICKTRACE_FILE_PIPE));
	for (int i = 0; i < 3; i++) {
		struct bricktrace_ioctl c = COMMAND(.file = BRICKTRACE_FILE_DIRECTORY);

		strcpy(c.name, directories[i][1]);
		add("directory", open(directories[i][0], O_RDONLY | O_CLOEXEC), c);
	}
	add("memfd", memfd_create("ioctl-files", MFD_CLOEXEC), REGULAR("tmpfs"));
	add("file of procfs", open("/proc/self/stat", O_RDONLY | O_CLOEXEC),
	    REGULAR("proc"));
	add("file of an overlay", open("/etc/passwd", O_RDONLY | O_CLOEXEC),
	    REGULAR("overlay"));
	add("built-in driver", null_fd, CHAR);
	add("another node of the same device", open("/dev/shm/null", O_RDWR | O_CLOEXEC),
	    CHAR);
	add("another device of the same driver", open("/dev/full", O_RDWR | O_CLOEXEC),
	    CHAR);
	add("tty", open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), CHAR);
	add("loop-control", open("/dev/loop-control", O_RDWR | O_CLOEXEC), DRIVER("loop"));
	add("tun", open("/dev/net/tun", O_RDWR | O_CLOEXEC), DRIVER("tun"));
	add("block device", open("/dev/loop0", O_RDONLY | O_CLOEXEC),
	    COMMAND(.file = BRICKTRACE_FILE_BLOCK));
}

static void ask_all(void)
{
	for (int i = 0; i < n_files; i++) {
		ask(files[i].fd, FINE, 2);
		ask(files[i].fd, UNKNOWN, 3);
	}
}

static void every_kind(void)
{
	files_open();
	play(ask_all, "kinds of files");
	for (int i = 0; i < n_files; i++) {
		struct bricktrace_ioctl c = files[i].command;
		bool bad = c.file == BRICKTRACE_FILE_BAD;
		int same = 0;

		for (int k = 0; k < n_files; k++)
			same += !memcmp(&c, &files[k].command, sizeof(c));
		c.request = FINE;
		expect(c, 2 * same, bad ? 2 * same : 0, files[i].what);
		c.request = UNKNOWN;
		expect(c, 3 * same, 3 * same, files[i].what);
	}
	is(figures(run, SYS_ioctl).count, 5 * n_files, "kinds of files: all ioctls");
}

/* The last reference of a pipe's end is that of its descriptor. */

static int pipe_ends[2];

static void ask_pipe(void)
{
	ask(pipe_ends[1], FINE, 100);
}

static void no_reference(void)
{
	char c;

	if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK))
		bail("pipe");
	play(ask_pipe, "a pipe");
	close(pipe_ends[1]);
	is(read(pipe_ends[0], &c, 1), 0, "a pipe: no reference to its end is left");
	close(pipe_ends[0]);
}

/* The kernel takes the lower half of the registers; the 32-bit tables have other numbers. */

static void wide(void)
{
	syscall(SYS_ioctl, 1UL << 32 | null_fd, 1UL << 32 | FINE, 0);
}

#ifdef __x86_64__
static void ask_32(void)
{
	for (int i = 0; i < 7; i++) {
		long ret = 54;

		__asm__ volatile("int $0x80"
				 : "+a"(ret)
				 : "b"((long)null_fd), "c"((long)FINE), "d"(0L)
				 : "memory", "r8", "r9", "r10", "r11");
	}
	for (int i = 0; i < 5; i++)
		syscall(X32_BIT | X32_IOCTL, null_fd, FINE, 0);
	ask(null_fd, FINE, 3);
}
#endif

static void arches(void)
{
	play(wide, "upper halves of arguments");
	expect(COMMAND(NULL_DEVICE, .request = FINE), 1, 0, "upper halves of arguments");
#ifdef __x86_64__
	play(ask_32, "32-bit calls");
	if (figures_arch(run, 54, BRICKTRACE_ARCH_COMPAT).count)
		expect(COMMAND(NULL_DEVICE, .request = FINE, .arch = BRICKTRACE_ARCH_COMPAT),
		       7, figures_arch(run, 54, BRICKTRACE_ARCH_COMPAT).errors, "int 0x80");
	expect(COMMAND(NULL_DEVICE, .request = FINE, .arch = BRICKTRACE_ARCH_X32), 5,
	       figures_arch(run, X32_IOCTL, BRICKTRACE_ARCH_X32).errors, "x32");
	expect(COMMAND(NULL_DEVICE, .request = FINE), 3, 0, "the native call beside them");
#endif
}

/* More commands than a thread has separate figures for. */

#define EACH(n) ((n) % 3 + 1)

static void ask_hundred(void)
{
	for (int i = 0; i < 100; i++)
		ask(null_fd, OTHER(i), EACH(i));
	for (int i = 0; i < 100; i++)
		ask(null_fd, OTHER(i), 1);
}

static void ask_ten_thousand(void)
{
	for (int i = 0; i < 10000; i++)
		ask(i % 2 ? null_fd : files[4].fd, OTHER(i), 1);
}

static void overflow_inside(void)
{
	u64 number;

	for (int i = 0; i < 80; i++)
		ask(null_fd, OTHER(i), 1);
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 60; i < 90; i++)
		ask(null_fd, OTHER(i), 2);
	run_close(fd, number, inner);
	ask(null_fd, OTHER(95), 3);
}

static void a_threads_limit(void)
{
	u64 rest = 0;
	bool exact = true;

	play(ask_hundred, "100 commands");
	for (int i = 0; i < 100; i++) {
		u64 wanted = EACH(i) + 1, got;

		got = of(run, COMMAND(NULL_DEVICE, .request = OTHER(i))).count;
		if (i >= BRICKTRACE_THREAD_IOCTLS)
			rest += wanted;
		else if (got != wanted)
			no(&exact, "request %d: %llu, not %llu", i, got, wanted);
	}
	ok(exact, "100 commands: the first 64 have separate figures");
	is(separate(run), BRICKTRACE_THREAD_IOCTLS, "100 commands: no other has");
	expect(COMMAND(REST), rest, rest, "100 commands: the others");

	play(ask_ten_thousand, "10,000 commands");
	is(separate(run), BRICKTRACE_THREAD_IOCTLS, "10,000 commands: 64 are separate");
	expect(COMMAND(REST), 10000 - BRICKTRACE_THREAD_IOCTLS,
	       10000 - BRICKTRACE_THREAD_IOCTLS, "10,000 commands: the others");
	is(figures(run, SYS_ioctl).count, 10000, "10,000 commands: all");

	play(overflow_inside, "90 commands around and in an inner run");
	ok(consistent(inner), "90 commands, the inner run: the figures add up");
	is(of(run, COMMAND(REST)).count, 16 + 2 * 26 + 3, "90 commands: the rest");
	is(of(inner, COMMAND(REST)).count, 2 * 26,
	   "90 commands: the rest of the inner run");
	is(of(inner, COMMAND(NULL_DEVICE, .request = OTHER(63))).count, 2,
	   "90 commands: a separate one of the inner run");
	is(separate(inner), 4, "90 commands: a command that it did not make is not in it");
}

/* More commands than a session has separate figures for: each thread has its own. */

#define THREADS 6
#define PER	60

static pthread_barrier_t asked, closed;

static void *ask_sixty(void *arg)
{
	long n = (long)arg;

	thread_register(fd, 0);
	for (int i = 0; i < PER; i++)
		ask(null_fd, OTHER(1000 + n * PER + i), EACH(i));
	/* Every other thread ends before the run does. */
	if (n % 2)
		return NULL;
	pthread_barrier_wait(&asked);
	pthread_barrier_wait(&closed);
	return NULL;
}

static void a_sessions_limit(void)
{
	const int was = fd;
	u64 number, all = 0;
	bool exact = true;
	pthread_t t[THREADS];

	fd = device();
	brick_define(fd, "ioctl-files", 0);
	thread_register(fd, 0);
	for (int i = 0; i < THREADS * PER; i++)
		all += EACH(i % PER);
	/* The second run meets the commands of the first one again. */
	for (int round = 0; round < 2; round++) {
		number = run_open(fd, brick, TRACE_SESSION);
		pthread_barrier_init(&asked, NULL, THREADS / 2 + 1);
		pthread_barrier_init(&closed, NULL, THREADS / 2 + 1);
		for (long i = 0; i < THREADS; i++)
			pthread_create(&t[i], NULL, ask_sixty, (void *)i);
		pthread_barrier_wait(&asked);
		for (int i = 1; i < THREADS; i += 2)
			pthread_join(t[i], NULL);
		run_close(fd, number, run);
		pthread_barrier_wait(&closed);
		for (int i = 0; i < THREADS; i += 2)
			pthread_join(t[i], NULL);
		ok(consistent(run),
		   "360 commands of a session, run %d: the figures add up", round);
		is(figures(run, SYS_ioctl).count, all, "360 commands, run %d: all", round);
		for (uint32_t i = 0; i < run->ioctls; i++) {
			const struct bricktrace_ioctl *c = &run->ioctl[2 * i];
			uint32_t n = c->request - OTHER(1000);

			if (c->file == BRICKTRACE_FILE_CHAR &&
			    c->figures.count != EACH(n % PER))
				no(&exact, "%s: %llu calls", ioctl_text(c),
				   c->figures.count);
		}
		ok(exact, "360 commands, run %d: no call of another one", round);
		/* The main thread has perhaps made another ioctl before the session followed it. */
		between(separate(run), BRICKTRACE_SESSION_IOCTLS - 1,
			BRICKTRACE_SESSION_IOCTLS,
			"360 commands, run %d: 256 are separate", round);
	}
	close(fd);
	fd = was;
}

static void nested_asks(void)
{
	u64 number;

	ask(null_fd, FINE, 2);
	number = run_open(fd, brick, TRACE_THREAD);
	ask(null_fd, FINE, 3);
	ask(null_fd, UNKNOWN, 1);
	run_close(fd, number, inner);
	ask(null_fd, FINE, 1);
	ask(null_fd, OTHER(0), 1);
}

static void nested(void)
{
	const struct bricktrace_ioctl fine = COMMAND(NULL_DEVICE, .request = FINE),
				      unknown = COMMAND(NULL_DEVICE, .request = UNKNOWN);

	play(nested_asks, "nested runs");
	ok(consistent(inner), "nested runs: the figures of the inner run add up");
	is(inner->ioctls, 2, "nested runs: two commands inside");
	is(of(inner, fine).count, 3, "nested runs: one of them");
	is(of(inner, unknown).errors, 1, "nested runs: the other one");
	is(run->ioctls, 3, "nested runs: three commands in all");
	expect(fine, 6, 0, "nested runs: inclusive");
	expect(unknown, 1, 1, "nested runs: inclusive");
	is(ioctl_of(run, &fine)[1].figures.count, 3, "nested runs: exclusive");
	is(ioctl_of(run, &unknown)[1].figures.count, 0, "nested runs: exclusive");
	is(ioctl_of(run, &unknown)[1].figures.errors, 0, "nested runs: exclusive errors");
}

/* Calls under way: a thread sleeps in the ioctl of a listener. */

static int listener;
static atomic_int asleep_tid, awake;

static void *sleep_once(void *arg)
{
	atomic_store(&asleep_tid, gettid());
	while (!atomic_load(&awake))
		sleep_ns(MS);
	listener_sleep(listener);
	atomic_store(&awake, 0);
	while (!atomic_load(&awake))
		sleep_ns(MS);
	return arg;
}

/* A new thread, which the session follows if @followed, falls asleep in its ioctl. */
static pthread_t fall_asleep(bool followed)
{
	pthread_t t;

	atomic_store(&asleep_tid, 0);
	atomic_store(&awake, 0);
	pthread_create(&t, NULL, sleep_once, NULL);
	while (!atomic_load(&asleep_tid))
		sleep_ns(MS);
	if (followed)
		register_tid(asleep_tid, 0);
	atomic_store(&awake, 1);
	/* Of its sleeps, only the ioctl lasts that long. */
	sleep_ns(20 * MS);
	wait_state(getpid(), asleep_tid, "S");
	if (!followed)
		register_tid(asleep_tid, 0);
	return t;
}

static void wake_up(int through)
{
	listener_wake(through);
	wait_value(&awake, 0);
}

static void end(pthread_t t)
{
	atomic_store(&awake, 1);
	pthread_join(t, NULL);
	threads_become(0);
}

/* Closes the run, in which that ioctl must be the only one. */
static void close_with(u64 number, struct bricktrace_ioctl like, bool ended,
		       const char *what)
{
	struct bricktrace_figures f;

	run_close(fd, number, run);
	f = of(run, like);
	ok(consistent(run), "%s: the figures add up", what);
	is(run->ioctls, 1, "%s: one command", what);
	ok(f.count == ended && f.in_flight == !ended && !f.errors && f.ns >= 10 * MS,
	   "%s: the call is %s", what, ended ? "completed" : "in flight");
	if (!f.count && !f.in_flight && run->ioctls)
		printf("# %s\n", ioctl_text(&run->ioctl[0]));
	is(f.max_ns, BRICKTRACE_NONE, "%s: its whole time is not known", what);
}

/* The result has the file only if the thread was followed when its call began. */
static void across_runs(bool followed, const char *what)
{
	const struct bricktrace_ioctl like =
		followed ? listener_ioctl : COMMAND(.request = listener_ioctl.request);
	pthread_t t = fall_asleep(followed);
	u64 number = run_open(fd, brick, TRACE_SESSION);

	sleep_ns(10 * MS);
	close_with(number, like, false, what);
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(10 * MS);
	wake_up(listener);
	close_with(number, like, true, what);
	end(t);
}

/* Another file takes the place of the listener, or its descriptor is closed. */
static void replaced(bool closes, const char *what)
{
	int copy = fcntl(listener, F_DUPFD_CLOEXEC, 0);
	struct bricktrace_figures f;
	pthread_t t;
	u64 number;

	thread_register(fd, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	t = fall_asleep(true);
	if (closes)
		close(listener);
	else
		dup2(null_fd, listener);
	thread_unregister(fd);
	wake_up(copy);
	run_close(fd, number, run);
	ok(consistent(run), "%s: the figures add up", what);
	f = of(run, listener_ioctl);
	ok(f.count == 1 && !f.errors, "%s: counted for what was open at its beginning",
	   what);
	dup2(copy, listener);
	close(copy);
	end(t);
}

static void under_way(void)
{
	listener = listener_new();
	keep_armed();
	across_runs(true, "asleep since before the run");
	across_runs(false, "asleep since before it was followed");
	replaced(false, "replaced during the call");
	replaced(true, "closed during the call");
	keep_no_longer();
}

/* A call that seccomp refuses has no entry. */
static atomic_int phase;

static void *refused(void *arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		bail("seccomp");
	atomic_store(&asleep_tid, gettid());
	wait_value(&phase, 1);
	ask(null_fd, FINE, 5);
	atomic_store(&phase, 2);
	wait_value(&phase, 3);
	return arg;
}

/* A thread that has used up its figures of system calls before its first ioctl. */
static void *late_ioctls(void *arg)
{
	atomic_store(&asleep_tid, gettid());
	wait_value(&phase, 1);
	for (int i = 0; i < 60; i++)
		syscall(340 + i, 0, 0, 0);
	ask(null_fd, FINE, 4);
	ask(null_fd, UNKNOWN, 2);
	atomic_store(&phase, 2);
	wait_value(&phase, 3);
	return arg;
}

static void attached(void *(*body)(void *), const char *what)
{
	pthread_t t;
	u64 number;

	atomic_store(&asleep_tid, 0);
	atomic_store(&phase, 0);
	pthread_create(&t, NULL, body, NULL);
	while (!atomic_load(&asleep_tid))
		sleep_ns(MS);
	register_tid(asleep_tid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	atomic_store(&phase, 1);
	wait_value(&phase, 2);
	run_close(fd, number, run);
	atomic_store(&phase, 3);
	pthread_join(t, NULL);
	threads_become(0);
	ok(consistent(run), "%s: the figures add up", what);
}

int main(void)
{
	begin("ioctl-files");
	ok(info(fd).features & BRICKTRACE_FEATURE_IOCTLS,
	   "the module says that it reports ioctls by file and command");
	run = run_new();
	inner = run_new();
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	every_kind();
	no_reference();
	arches();
	a_threads_limit();
	a_sessions_limit();
	nested();
	under_way();
	attached(refused, "refused by seccomp");
	expect(COMMAND(REST), 5, 5, "refused by seccomp: they have no command");
	attached(late_ioctls, "after 60 other system calls");
	expect(COMMAND(NULL_DEVICE, .request = FINE), 4, 0, "after 60 other system calls");
	expect(COMMAND(NULL_DEVICE, .request = UNKNOWN), 2, 2,
	       "after 60 other system calls");
	is(run->category[BRICKTRACE_CAT_IOCTL].count, 6,
	   "after 60 other system calls: the category");
	return done();
}
