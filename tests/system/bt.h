/* SPDX-License-Identifier: MIT */
/* What the C programs of the system tests share: TAP, the ioctls, raw calls. */
#ifndef BT_TEST_H
#define BT_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <linux/bricktrace.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As the kernel defines __u64: printed with %llu. */
typedef unsigned long long u64;

#define MS 1000000ULL
#define S  1000000000ULL
/* More than a thread's account tells apart, so that nothing is missing. */
#define CALLS_CAP 256

static int tap_n, tap_failed;
static pthread_mutex_t tap_lock = PTHREAD_MUTEX_INITIALIZER;

/* Ends the test: what follows would say nothing. */
static void __attribute__((noreturn, unused, format(printf, 1, 2)))
bail(const char *format, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf(" (errno: %s)\n", strerror(errno));
	fflush(stdout);
	_exit(1);
}

static bool __attribute__((unused, format(printf, 2, 3)))
ok(bool good, const char *format, ...)
{
	va_list ap;

	pthread_mutex_lock(&tap_lock);
	printf("%sok %d - ", good ? "" : "not ", ++tap_n);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	tap_failed += !good;
	pthread_mutex_unlock(&tap_lock);
	return good;
}

static bool __attribute__((unused, format(printf, 3, 4)))
is(u64 got, u64 wanted, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (ok(got == wanted, "%s", text))
		return true;
	printf("# got %lld, wanted %lld\n", got, wanted);
	return false;
}

/* Both bounds count as good. */
static bool __attribute__((unused, format(printf, 4, 5)))
between(u64 got, u64 low, u64 high, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (ok(got >= low && got <= high, "%s", text))
		return true;
	printf("# got %lld, wanted %lld to %lld\n", got, low, high);
	return false;
}

/* Last line of main(): the plan, by the number of tests that there are. */
static int __attribute__((unused)) done(int planned)
{
	printf("1..%d\n", planned);
	return tap_failed || tap_n != planned;
}

static u64 __attribute__((unused)) now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * S + ts.tv_nsec;
}

static void __attribute__((unused)) sleep_ns(u64 ns)
{
	struct timespec ts = { .tv_sec = ns / S, .tv_nsec = ns % S };

	syscall(SYS_nanosleep, &ts, NULL);
}

/* The cheapest call that there is, without the C library around it. */
static inline long getppid_raw(void)
{
#ifdef __aarch64__
	register long nr __asm__("x8") = SYS_getppid;
	register long ret __asm__("x0") = 0;

	__asm__ volatile("svc 0" : "+r"(ret) : "r"(nr) : "memory");
#else
	long ret = SYS_getppid;

	__asm__ volatile("syscall" : "+a"(ret) : : "rcx", "r11", "memory");
#endif
	return ret;
}

/* The same instructions but for the call. */
static inline long getppid_not(void)
{
	long ret = SYS_getppid;

#ifdef __aarch64__
	__asm__ volatile("" : "+r"(ret) : : "memory");
#else
	__asm__ volatile("" : "+a"(ret) : : "rcx", "r11", "memory");
#endif
	return ret;
}

static int __attribute__((unused)) device(void)
{
	int fd = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bail("open /dev/bricktrace");
	return fd;
}

static void __attribute__((unused)) thread_register(int fd, unsigned int inherit)
{
	struct bricktrace_thread t = { .size = sizeof(t), .flags = inherit };

	if (ioctl(fd, BRICKTRACE_THREAD_REGISTER, &t))
		bail("THREAD_REGISTER");
}

static void __attribute__((unused)) thread_unregister(int fd)
{
	struct bricktrace_thread t = { .size = sizeof(t) };

	if (ioctl(fd, BRICKTRACE_THREAD_UNREGISTER, &t))
		bail("THREAD_UNREGISTER");
}

static uint32_t __attribute__((unused))
brick_define(int fd, const char *name, u64 budget_ns)
{
	struct bricktrace_brick b = { .size = sizeof(b), .budget_ns = budget_ns };

	strcpy(b.name, name);
	if (ioctl(fd, BRICKTRACE_BRICK_DEFINE, &b))
		bail("BRICK_DEFINE %s", name);
	return b.brick;
}

static struct bricktrace_info __attribute__((unused)) info(int fd)
{
	struct bricktrace_info i = { .size = sizeof(i) };

	if (ioctl(fd, BRICKTRACE_INFO, &i))
		bail("INFO");
	return i;
}

static struct bricktrace_session __attribute__((unused)) session(int fd)
{
	struct bricktrace_session s = { .size = sizeof(s) };

	if (ioctl(fd, BRICKTRACE_SESSION_GET, &s))
		bail("SESSION_GET");
	return s;
}

static void __attribute__((unused)) set_edge(int fd, u64 edge_ps)
{
	struct bricktrace_session s = {
		.size = sizeof(s),
		.flags = BRICKTRACE_SET_EDGE,
		.edge_ps = edge_ps,
	};

	if (ioctl(fd, BRICKTRACE_SESSION_SET, &s))
		bail("SESSION_SET");
}

static u64 __attribute__((unused))
run_open(int fd, uint32_t brick, uint32_t level, uint32_t scope)
{
	struct bricktrace_open o = {
		.size = sizeof(o),
		.brick = brick,
		.level = level,
		.scope = scope,
	};

	if (ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
		bail("RUN_OPEN");
	return o.run;
}

#define TRACE_THREAD  BRICKTRACE_LEVEL_TRACE, BRICKTRACE_SCOPE_THREAD
#define TRACE_SESSION BRICKTRACE_LEVEL_TRACE, BRICKTRACE_SCOPE_SESSION

struct run {
	struct bricktrace_result r;
	struct bricktrace_syscall calls[CALLS_CAP];
};

/* To be made before the run, since making it makes system calls. */
static struct run __attribute__((unused)) * run_new(void)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		bail("no memory");
	memset(run, 0xee, sizeof(*run));
	return run;
}

static void __attribute__((unused)) run_close(int fd, u64 number, struct run *run)
{
	struct bricktrace_close c = {
		.size = sizeof(c),
		.run = number,
		.result = (uintptr_t)&run->r,
		.syscalls = (uintptr_t)run->calls,
		.syscalls_cap = CALLS_CAP,
		.syscall_size = sizeof(run->calls[0]),
	};

	run->r.size = sizeof(run->r);
	if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		bail("RUN_CLOSE");
	if (run->r.syscalls > CALLS_CAP)
		bail("%u system calls in a result", run->r.syscalls);
}

static const struct bricktrace_syscall __attribute__((unused)) *
	call_of(const struct run *run, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < run->r.syscalls; i++)
		if (run->calls[i].nr == nr && run->calls[i].abi == BRICKTRACE_ABI_NATIVE)
			return &run->calls[i];
	return NULL;
}

/* Completed calls of a number, inclusive. */
static u64 __attribute__((unused)) count_of(const struct run *run, uint32_t nr)
{
	const struct bricktrace_syscall *c = call_of(run, nr);

	return c ? c->all.count : 0;
}

static bool __attribute__((unused, format(printf, 2, 3)))
no(bool *good, const char *format, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	*good = false;
	return false;
}

/*
 * Does a measured result say the same everywhere? Its parts sum up to the
 * thread time, its system calls to the categories, no part is larger than what
 * it is a part of, self is in all, and nothing is left as it was.
 */
static bool __attribute__((unused)) consistent(const struct run *run)
{
	const struct bricktrace_result *r = &run->r;
	u64 sum, self, offcpu = 0;
	bool good = true;
	int c;

	if (r->size != sizeof(*r) || r->provenance != BRICKTRACE_MEASURED || r->reason)
		return no(&good, "size %u, provenance %u, reason %u", r->size,
			  r->provenance, r->reason);
	sum = r->all.compute_ns + r->all.control_ns;
	self = r->self.compute_ns + r->self.control_ns;
	if (r->all.edge_ns != BRICKTRACE_NONE) {
		sum += r->all.edge_ns;
		self += r->self.edge_ns;
	}
	for (c = 0; c < BRICKTRACE_CATEGORIES; c++) {
		struct bricktrace_figures f = { 0 }, g = { 0 };
		u64 max = 0;
		bool unknown = false;
		uint32_t i;

		for (i = 0; i < r->syscalls; i++) {
			const struct bricktrace_syscall *s = &run->calls[i];

			if (s->category >= BRICKTRACE_CATEGORIES || s->reserved)
				no(&good, "call %u: category %u", s->nr, s->category);
			if ((int)s->category != c)
				continue;
			f.count += s->all.count;
			f.errors += s->all.errors;
			f.in_flight += s->all.in_flight;
			f.ns += s->all.ns;
			f.offcpu_ns += s->all.offcpu_ns;
			if (s->all.count && s->all.max_ns == BRICKTRACE_NONE)
				unknown = true;
			else if (s->all.count && s->all.max_ns > max)
				max = s->all.max_ns;
			g.count += s->self.count;
			g.errors += s->self.errors;
			g.ns += s->self.ns;
			g.offcpu_ns += s->self.offcpu_ns;
			if (s->all.offcpu_ns > s->all.ns || s->all.errors > s->all.count ||
			    s->self.ns > s->all.ns || s->self.count > s->all.count ||
			    s->self.errors > s->all.errors ||
			    s->self.offcpu_ns > s->all.offcpu_ns)
				no(&good,
				   "call %u: a part is larger than all of it: %llu calls, %llu errors, %llu in flight, %llu ns, %llu off-CPU",
				   s->nr, s->all.count, s->all.errors, s->all.in_flight,
				   s->all.ns, s->all.offcpu_ns);
			if (s->self.in_flight || s->self.max_ns != BRICKTRACE_NONE)
				no(&good, "call %u: self has what it cannot have", s->nr);
			if (s->all.count && s->all.max_ns != BRICKTRACE_NONE &&
			    (s->all.max_ns > s->all.ns ||
			     (!s->all.in_flight && s->all.max_ns < s->all.ns / s->all.count)))
				no(&good, "call %u: longest %llu of %llu", s->nr,
				   s->all.max_ns, s->all.ns);
			if (!s->all.count && !s->all.in_flight)
				no(&good, "call %u was not made", s->nr);
		}
		if (f.count != r->category[c].count || f.errors != r->category[c].errors ||
		    f.in_flight != r->category[c].in_flight ||
		    f.ns != r->category[c].ns || f.offcpu_ns != r->category[c].offcpu_ns)
			no(&good, "category %d is not the sum of its calls", c);
		if (r->category[c].max_ns != (unknown || !max ? BRICKTRACE_NONE : max))
			no(&good, "category %d: longest %lld, not %llu", c,
			   r->category[c].max_ns, max);
		if (g.count != r->self_category[c].count ||
		    g.errors != r->self_category[c].errors ||
		    g.ns != r->self_category[c].ns ||
		    g.offcpu_ns != r->self_category[c].offcpu_ns)
			no(&good, "self: category %d is not the sum of its calls", c);
		sum += r->category[c].ns;
		self += r->self_category[c].ns;
		offcpu += r->category[c].offcpu_ns;
	}
	if (sum != r->all.thread_ns)
		no(&good, "the parts sum up to %llu, not %llu", sum, r->all.thread_ns);
	if (self != r->self.thread_ns)
		no(&good, "self: the parts sum up to %llu, not %llu", self,
		   r->self.thread_ns);
	if (r->all.compute_offcpu_ns > r->all.compute_ns ||
	    r->self.compute_offcpu_ns > r->self.compute_ns ||
	    r->self.compute_ns > r->all.compute_ns ||
	    offcpu + r->all.compute_offcpu_ns > r->all.thread_ns)
		no(&good, "compute or off-CPU time is larger than what it is a part of");
	return good;
}

/* Off its CPU anywhere but in bricktrace's own calls. */
static u64 __attribute__((unused)) offcpu_of(const struct run *run)
{
	u64 sum = run->r.all.compute_offcpu_ns;
	int c;

	for (c = 0; c < BRICKTRACE_CATEGORIES; c++)
		sum += run->r.category[c].offcpu_ns;
	return sum;
}

#endif /* BT_TEST_H */
