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
	struct bricktrace_brick_define b = { .size = sizeof(b), .budget_ns = budget_ns };

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
		.flags = BRICKTRACE_SESSION_EDGE,
		.edge_ps = edge_ps,
	};

	if (ioctl(fd, BRICKTRACE_SESSION_SET, &s))
		bail("SESSION_SET");
}

static u64 __attribute__((unused))
run_open(int fd, uint32_t brick, uint32_t level, uint32_t scope)
{
	struct bricktrace_run_open o = {
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

#define CATEGORIES (BRICKTRACE_CAT_OTHER + 1)

/* A system call of a run: both sets of figures. */
struct call {
	uint32_t nr;
	uint32_t arch;
	uint32_t category;
	struct bricktrace_figures all;
	struct bricktrace_figures self;
};

/* A finished run; without a breakdown each figure is BRICKTRACE_NONE. */
struct run {
	struct bricktrace_result r;
	struct bricktrace_times all;
	struct bricktrace_times self;
	struct bricktrace_figures category[CATEGORIES];
	struct bricktrace_figures self_category[CATEGORIES];
	uint32_t syscalls;
	struct call calls[CALLS_CAP];
	/* As the kernel gave them. */
	struct bricktrace_times raw_times[2];
	struct bricktrace_category_figures raw_categories[2 * CATEGORIES];
	struct bricktrace_syscall raw_calls[2 * CALLS_CAP];
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

#define ARRAY(array, n)                                                            \
	{                                                                          \
		.addr = (uintptr_t)(array), .size = sizeof((array)[0]), .cap = (n) \
	}

/* Asks for everything that there is to know. */
static struct bricktrace_run_close __attribute__((unused))
close_args(u64 number, struct run *run)
{
	return (struct bricktrace_run_close){
		.size = sizeof(struct bricktrace_run_close),
		.run = number,
		.result = ARRAY(&run->r, 1),
		.times = ARRAY(run->raw_times, 2),
		.categories = ARRAY(run->raw_categories, 2 * CATEGORIES),
		.syscalls = ARRAY(run->raw_calls, 2 * CALLS_CAP),
	};
}

static bool is_array(const struct bricktrace_array *a, uint32_t count)
{
	return a->count == count && a->known == a->size;
}

/* The same call or category twice, inclusive and exclusive. */
static void run_read(struct run *run, const struct bricktrace_run_close *c)
{
	bool measured = run->r.provenance != BRICKTRACE_NOT_INSTRUMENTED;
	uint32_t i;

	if (c->size != sizeof(*c) || !is_array(&c->result, 1) ||
	    !is_array(&c->times, measured ? 2 : 0) ||
	    !is_array(&c->categories, measured ? 2 * CATEGORIES : 0) ||
	    !is_array(&c->syscalls, c->syscalls.count) || c->syscalls.count % 2 ||
	    c->syscalls.count > 2 * CALLS_CAP || (!measured && c->syscalls.count))
		bail("sizes of a result: %u, %u, %u, %u, %u", c->size, c->result.count,
		     c->times.count, c->categories.count, c->syscalls.count);
	run->syscalls = c->syscalls.count / 2;
	memset(&run->all, 0xff, offsetof(struct run, syscalls) - offsetof(struct run, all));
	if (!measured)
		return;
	run->all = run->raw_times[0];
	run->self = run->raw_times[1];
	if (run->all.view != BRICKTRACE_VIEW_INCLUSIVE || run->all.reserved ||
	    run->self.view != BRICKTRACE_VIEW_EXCLUSIVE || run->self.reserved)
		bail("views of the times: %u, %u", run->all.view, run->self.view);
	for (i = 0; i < CATEGORIES; i++) {
		const struct bricktrace_category_figures *f = &run->raw_categories[2 * i];

		if (f[0].category != i || f[0].view != BRICKTRACE_VIEW_INCLUSIVE ||
		    f[1].category != i || f[1].view != BRICKTRACE_VIEW_EXCLUSIVE)
			bail("category %u is %u and %u", i, f[0].category, f[1].category);
		run->category[i] = f[0].figures;
		run->self_category[i] = f[1].figures;
	}
	for (i = 0; i < run->syscalls; i++) {
		const struct bricktrace_syscall *f = &run->raw_calls[2 * i];

		if (f[0].nr != f[1].nr || f[0].arch != f[1].arch ||
		    f[0].category != f[1].category ||
		    f[0].view != BRICKTRACE_VIEW_INCLUSIVE ||
		    f[1].view != BRICKTRACE_VIEW_EXCLUSIVE)
			bail("calls %u and %u", f[0].nr, f[1].nr);
		run->calls[i] = (struct call){ f[0].nr, f[0].arch, f[0].category,
					       f[0].figures, f[1].figures };
	}
}

/* 0, or the error of closing a run. */
static int __attribute__((unused)) try_close(int fd, u64 number, struct run *run)
{
	struct bricktrace_run_close c = close_args(number, run);

	if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		return errno;
	run_read(run, &c);
	return 0;
}

static void __attribute__((unused)) run_close(int fd, u64 number, struct run *run)
{
	if (try_close(fd, number, run))
		bail("RUN_CLOSE");
}

/* Without a result. */
static void __attribute__((unused)) run_discard(int fd, u64 number)
{
	struct bricktrace_run_close c = { .size = sizeof(c), .run = number };

	if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		bail("RUN_CLOSE");
}

static const struct call __attribute__((unused)) *
	call_of(const struct run *run, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < run->syscalls; i++)
		if (run->calls[i].nr == nr && run->calls[i].arch == BRICKTRACE_ARCH_NATIVE)
			return &run->calls[i];
	return NULL;
}

/* Completed calls of a number, inclusive. */
static u64 __attribute__((unused)) count_of(const struct run *run, uint32_t nr)
{
	const struct call *c = call_of(run, nr);

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

	if (r->provenance != BRICKTRACE_MEASURED || r->reason)
		return no(&good, "provenance %u, reason %u", r->provenance, r->reason);
	sum = run->all.compute_ns + run->all.control_ns;
	self = run->self.compute_ns + run->self.control_ns;
	if (run->all.edge_ns != BRICKTRACE_NONE) {
		sum += run->all.edge_ns;
		self += run->self.edge_ns;
	}
	for (c = 0; c < CATEGORIES; c++) {
		struct bricktrace_figures f = { 0 }, g = { 0 };
		u64 max = 0;
		bool unknown = false;
		uint32_t i;

		for (i = 0; i < run->syscalls; i++) {
			const struct call *s = &run->calls[i];

			if (s->category >= CATEGORIES)
				no(&good, "call %u: category %u", s->nr, s->category);
			if ((int)s->category != c)
				continue;
			f.count += s->all.count;
			f.errors += s->all.errors;
			f.in_flight += s->all.in_flight;
			f.ns += s->all.ns;
			f.offcpu_ns += s->all.offcpu_ns;
			f.runnable_ns += s->all.runnable_ns;
			if (s->all.count && s->all.max_ns == BRICKTRACE_NONE)
				unknown = true;
			else if (s->all.count && s->all.max_ns > max)
				max = s->all.max_ns;
			g.count += s->self.count;
			g.errors += s->self.errors;
			g.ns += s->self.ns;
			g.offcpu_ns += s->self.offcpu_ns;
			g.runnable_ns += s->self.runnable_ns;
			if (s->all.offcpu_ns > s->all.ns || s->all.errors > s->all.count ||
			    s->self.ns > s->all.ns || s->self.count > s->all.count ||
			    s->self.errors > s->all.errors ||
			    s->self.offcpu_ns > s->all.offcpu_ns ||
			    s->self.runnable_ns > s->all.runnable_ns)
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
		if (f.count != run->category[c].count ||
		    f.errors != run->category[c].errors ||
		    f.in_flight != run->category[c].in_flight ||
		    f.ns != run->category[c].ns ||
		    f.offcpu_ns != run->category[c].offcpu_ns ||
		    f.runnable_ns != run->category[c].runnable_ns)
			no(&good, "category %d is not the sum of its calls", c);
		if (run->category[c].max_ns != (unknown || !max ? BRICKTRACE_NONE : max))
			no(&good, "category %d: longest %lld, not %llu", c,
			   run->category[c].max_ns, max);
		if (g.count != run->self_category[c].count ||
		    g.errors != run->self_category[c].errors ||
		    g.ns != run->self_category[c].ns ||
		    g.offcpu_ns != run->self_category[c].offcpu_ns ||
		    g.runnable_ns != run->self_category[c].runnable_ns)
			no(&good, "self: category %d is not the sum of its calls", c);
		sum += run->category[c].ns;
		self += run->self_category[c].ns;
		offcpu += run->category[c].offcpu_ns;
	}
	if (sum != run->all.thread_ns)
		no(&good, "the parts sum up to %llu, not %llu", sum, run->all.thread_ns);
	if (self != run->self.thread_ns)
		no(&good, "self: the parts sum up to %llu, not %llu", self,
		   run->self.thread_ns);
	if (run->all.compute_offcpu_ns > run->all.compute_ns ||
	    run->self.compute_runnable_ns > run->all.compute_runnable_ns ||
	    run->self.minor_faults > run->all.minor_faults ||
	    run->self.major_faults > run->all.major_faults ||
	    run->self.compute_offcpu_ns > run->self.compute_ns ||
	    run->self.compute_ns > run->all.compute_ns ||
	    offcpu + run->all.compute_offcpu_ns > run->all.thread_ns)
		no(&good, "compute or off-CPU time is larger than what it is a part of");
	return good;
}

/* Off its CPU and waiting for one, anywhere but in bricktrace's own calls. */
static u64 __attribute__((unused)) runnable_of(const struct run *run)
{
	u64 sum = run->all.compute_runnable_ns;
	int c;

	for (c = 0; c < CATEGORIES; c++)
		sum += run->category[c].runnable_ns;
	return sum;
}

/* Off its CPU anywhere but in bricktrace's own calls. */
static u64 __attribute__((unused)) offcpu_of(const struct run *run)
{
	u64 sum = run->all.compute_offcpu_ns;
	int c;

	for (c = 0; c < CATEGORIES; c++)
		sum += run->category[c].offcpu_ns;
	return sum;
}

#endif /* BT_TEST_H */
