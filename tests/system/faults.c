// SPDX-License-Identifier: MIT
/*
 * Each allocation and each access to user memory of each ioctl fails in turn (fail-nth in
 * the kernel's Documentation/fault-injection). The ioctl returns an error, has changed
 * nothing, and succeeds when it is made again. So does a read of a stream, except that the
 * record is lost if user memory fails. A child that cannot be followed is counted
 * as lost. kmemleak searches for leaks at the end of the guest.
 *
 * Rules: provenance, inherit.
 */
#include <limits.h>
#include "busy.h"
#include "test.h"

#define SITES	2000
#define MORE	20
#define HELPERS 3
#define PASSES	10

static const char *const attributes[] = { "failslab", "fail_page_alloc", "fail_usercopy" };

static int fail_fd;
static struct run *run;
static pid_t target, busy_target, child;
static u64 number;
static struct bricktrace_thread thread;
static struct bricktrace_brick_define one;
static atomic_int *helpers;

static void setting(const char *attribute, const char *name, const char *value)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", attribute, name);
	write_text(path, value);
}

/* A fault does not happen below @function of the kernel, and its sites are not counted. */
static void spare(const char *attribute, const char *function)
{
	unsigned long start = 0, end = ULONG_MAX, address;
	char line[512], name[256], text[20];
	FILE *f = fopen("/proc/kallsyms", "re");

	while (f && !start && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx %*c %255s", &address, name) == 2 &&
		    !strcmp(name, function))
			start = address;
	if (!start)
		bail("/proc/kallsyms has no %s", function);
	rewind(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx", &address) == 1 && address > start && address < end)
			end = address;
	fclose(f);
	snprintf(text, sizeof(text), "0x%lx", start);
	setting(attribute, "reject-start", text);
	snprintf(text, sizeof(text), "0x%lx", end);
	setting(attribute, "reject-end", text);
}

static void fail_the(int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", nth);
	if (pwrite(fail_fd, text, strlen(text), 0) < 0)
		bail("fail-nth");
}

/* Returns whether the fault has happened, and cancels it; this read itself may fail. */
static bool has_failed(void)
{
	char text[16] = "";
	bool failed = pread(fail_fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;

	while (pwrite(fail_fd, "0", 1, 0) < 0)
		;
	return failed;
}

static int try(unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static int try_info(void)
{
	struct bricktrace_info i = { .size = sizeof(i) };

	return try(BRICKTRACE_INFO, &i);
}

static int try_open_device(void)
{
	int f = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);

	if (f < 0)
		return -errno;
	close(f);
	return 0;
}

/* A name can be defined once in a session, so each attempt has a session of its own. */
static void new_session(void)
{
	fd = device();
}

static void old_session(void)
{
	close(fd);
}

static int try_define(void)
{
	one = (struct bricktrace_brick_define){ .size = sizeof(one), .name = "faults" };
	return try(BRICKTRACE_BRICK_DEFINE, &one);
}

/* The hooks are armed for the brick, and a brick with assertions allocates more. */
static int try_define_tail(void)
{
	static const struct bricktrace_assertion assertions[2] = { { .name = "first" },
								   { .name = "second" } };

	one = (struct bricktrace_brick_define){
		.size = sizeof(one),
		.flags = BRICKTRACE_BRICK_MODE | BRICKTRACE_BRICK_ASSERTIONS,
		.name = "faults",
		.mode = BRICKTRACE_MODE_TAIL,
		.assertions = ARRAY(assertions, 2),
	};
	return try(BRICKTRACE_BRICK_DEFINE, &one);
}

static void new_disarmed_session(void)
{
	new_session();
	wait_disarmed();
}

static int try_self(void)
{
	thread = (struct bricktrace_thread){ .size = sizeof(thread) };
	return try(BRICKTRACE_THREAD_REGISTER, &thread);
}

static int try_with(pid_t pid, uint32_t inherit)
{
	thread = (struct bricktrace_thread){
		.size = sizeof(thread),
		.tid = pid,
		.flags = BRICKTRACE_THREAD_WHOLE_PROCESS | inherit,
	};
	return try(BRICKTRACE_THREAD_REGISTER, &thread);
}

static int try_process(void)
{
	return try_with(target, BRICKTRACE_THREAD_INHERIT_THREADS);
}

/* New threads join during the registration, and leave again if it fails. */
static int try_busy(void)
{
	return try_with(busy_target, BRICKTRACE_THREAD_INHERIT_THREADS |
					     BRICKTRACE_THREAD_INHERIT_CHILDREN);
}

static int try_unregister_process(void)
{
	thread = (struct bricktrace_thread){ .size = sizeof(thread),
					     .tid = target,
					     .flags = BRICKTRACE_THREAD_WHOLE_PROCESS };
	return try(BRICKTRACE_THREAD_UNREGISTER, &thread);
}

static void with_process(void)
{
	new_session();
	if (try_process())
		bail("the process");
}

static void ready_to_run(void)
{
	new_session();
	brick = brick_define(fd, "faults", 0);
	thread_register(fd, 0);
	if (try_process())
		bail("the process");
	/* Each attempt is to arm the hooks. */
	wait_disarmed();
}

static int try_run(uint32_t scope)
{
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .brick = brick,
					 .level = BRICKTRACE_LEVEL_TRACE,
					 .scope = scope };
	int ret = try(BRICKTRACE_RUN_OPEN, &o);

	if (!ret)
		number = o.run;
	return ret;
}

static int try_run_thread(void)
{
	return try_run(BRICKTRACE_SCOPE_THREAD);
}

static int try_run_session(void)
{
	return try_run(BRICKTRACE_SCOPE_SESSION);
}

static void running(void)
{
	ready_to_run();
	if (try_run_session())
		bail("a run");
	getppid_raw();
}

static int try_run_close(void)
{
	struct bricktrace_run_close c = close_args(number, run);

	return try(BRICKTRACE_RUN_CLOSE, &c);
}

/* A brick with statistics, of mode tail, whose hooks are armed. */
static void with_statistics(void)
{
	new_session();
	thread_register(fd, 0);
	if (try_define_tail())
		bail("BRICK_DEFINE");
	brick = one.brick;
	run_close(fd, run_auto(fd, brick).run, run);
}

static int try_brick_get(void)
{
	static struct brick state;
	struct bricktrace_brick_get g = brick_args(brick, &state);

	return try(BRICKTRACE_BRICK_GET, &g);
}

static int try_brick_reset(void)
{
	struct bricktrace_brick_reset r = { .size = sizeof(r), .brick = brick };

	return try(BRICKTRACE_BRICK_RESET, &r);
}

static int try_run_auto(void)
{
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .brick = brick,
					 .level = BRICKTRACE_LEVEL_AUTO };

	return try(BRICKTRACE_RUN_OPEN, &o);
}

static void running_auto(void)
{
	with_statistics();
	number = run_auto(fd, brick).run;
	getppid_raw();
}

/* A stream whose answer could not be written is open; it needs no second attempt. */
static int try_open_stream(void)
{
	struct bricktrace_stream s = { .size = sizeof(s) };
	int ret = try_stream(
		fd, (struct bricktrace_stream_open){ .levels = STREAM_ALL,
						     .ring_bytes = BRICKTRACE_RING_MIN });

	return ret == -EFAULT && !ioctl(fd, BRICKTRACE_STREAM_GET, &s) ? 0 : ret;
}

static void with_record(void)
{
	new_session();
	brick = brick_define(fd, "faults", 0);
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, BRICKTRACE_RING_MIN);
	run_discard(fd, run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				 BRICKTRACE_SCOPE_THREAD));
}

/* A record that could not be copied is lost, which the next attempt gets to know. */
static int try_read(void)
{
	static char buffer[4096];

	return read(fd, buffer, sizeof(buffer)) < 0 ? -errno : 0;
}

/* Streams whose counters are wrong, and runs that were open at a release without a record. */
static u64 inexact, without_record;

static void have_read(void)
{
	struct bricktrace_stream s = stream_get(fd);

	inexact += !stream_exact(&s) || s.matched != 1 || s.waiting;
	close(fd);
}

static struct reader host;
static int another; /* a session that takes the place of the released one */

static void running_streamed(void)
{
	int f = device();

	another = device();
	running();
	stream_begin(f, BRICKTRACE_STREAM_HOST, 0);
	host = reader_new(f, BRICKTRACE_RECORD_MAX);
}

static int try_release(void)
{
	return dup2(another, fd) < 0 ? -errno : 0;
}

static void released(void)
{
	const struct bricktrace_record_run *r = (const void *)reader_next(&host);

	without_record += !r || r->record.type != BRICKTRACE_RECORD_RUN ||
			  !(record_result(r)->flags & BRICKTRACE_RESULT_RELEASED) ||
			  reader_next(&host) || !host.good;
	close(host.fd);
	free(host.buffer);
	close(another);
	close(fd);
}

/* The number of runs around a busy process that are inconsistent. */
static u64 odd_runs;

static void forking(void)
{
	new_session();
	brick = brick_define(fd, "faults", 0);
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_CHILDREN);
	number = run_open(fd, brick, TRACE_SESSION);
}

static void forking_busy(void)
{
	busy_target = child_of(busy);
	forking();
	sleep_ns(10 * MS);
}

static void forked_busy(void)
{
	kill(busy_target, SIGKILL);
	wait_for(busy_target);
	run_close(fd, number, run);
	odd_runs += session(fd).threads_lost ? run->r.provenance != BRICKTRACE_PARTIAL :
					       !consistent(run);
	close(fd);
}

/* From now on a fault needs a function between these addresses on its stack. */
static void count_sites(unsigned long start, unsigned long end)
{
	char from[20], to[20];

	snprintf(from, sizeof(from), "0x%lx", start);
	snprintf(to, sizeof(to), "0x%lx", end);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		setting(attributes[i], "require-start", from);
		setting(attributes[i], "require-end", to);
	}
}

static void only_ours(void)
{
	unsigned long start = 0, size = 0;
	char line[256];
	FILE *f = fopen("/proc/modules", "re");

	while (f && !start && fgets(line, sizeof(line), f))
		sscanf(line, "bricktrace %lu %*s %*s %*s 0x%lx", &size, &start);
	if (!start)
		bail("/proc/modules");
	fclose(f);
	count_sites(start, start + size);
}

static void forking_ours(void)
{
	only_ours();
	forking();
}

static int try_fork(void)
{
	child = fork();
	if (!child)
		_exit(0);
	return child < 0 ? -errno : 0;
}

/* Runs that hide a lost child, and the number of lost children. */
static u64 hidden, not_followed;

static void forked(void)
{
	u64 lost;

	wait_for(child);
	lost = session(fd).threads_lost;
	run_close(fd, number, run);
	not_followed += lost;
	if (run->r.threads + lost != 2 ||
	    (lost ? run->r.provenance != BRICKTRACE_PARTIAL : !consistent(run)))
		hidden++;
	close(fd);
}

static const struct op {
	const char *name;
	void (*before)(void);
	int (*try)(void);
	void (*after)(void);
	int least; /* the least number of sites whose fault makes it fail */
} ops[] = {
	{ "open", new_session, try_open_device, old_session, 4 },
	{ "INFO", new_session, try_info, old_session, 2 },
	{ "BRICK_DEFINE", new_session, try_define, old_session, 4 },
	{ "BRICK_DEFINE, mode tail", new_disarmed_session, try_define_tail, old_session,
	  15 },
	{ "BRICK_GET", with_statistics, try_brick_get, old_session, 11 },
	{ "BRICK_RESET", with_statistics, try_brick_reset, old_session, 2 },
	{ "THREAD_REGISTER, self", new_session, try_self, old_session, 8 },
	{ "THREAD_REGISTER, a process", new_session, try_process, old_session, 15 },
	{ "THREAD_UNREGISTER, a process", with_process, try_unregister_process,
	  old_session, 3 },
	{ "RUN_OPEN, thread", ready_to_run, try_run_thread, old_session, 8 },
	{ "RUN_OPEN, session", ready_to_run, try_run_session, old_session, 8 },
	{ "RUN_OPEN, inside a run", running, try_run_thread, old_session, 4 },
	{ "RUN_CLOSE", running, try_run_close, old_session, 7 },
	{ "RUN_OPEN, level auto", with_statistics, try_run_auto, old_session, 2 },
	{ "RUN_CLOSE, level auto", running_auto, try_run_close, old_session, 9 },
	{ "STREAM_OPEN", with_process, try_open_stream, old_session, 40 },
	{ "read", with_record, try_read, have_read, 2 },
	{ "a release with a run open", running_streamed, try_release, released, 0 },
	{ "THREAD_REGISTER, a busy process", forking_busy, try_busy, forked_busy, 6 },
	{ "fork", forking, try_fork, forked, 3 },
	/* This is last, since it excludes all sites outside the module for good. */
	{ "fork, the module's own sites", forking_ours, try_fork, forked, 0 },
};

static struct bricktrace_session counters(void)
{
	struct bricktrace_session s = session(fd);

	/* Failed attempts may change the first two, and each session has a number. */
	s.threads_lost = 0;
	s.runs_opened = 0;
	s.id = 0;
	return s;
}

/* How often each outcome was seen, over the sites of a call. */
struct tally {
	int sites, failed, survived;
	int changed, odd, stuck;	/* over all passes */
	struct bricktrace_session done; /* the counters after success */
};

/* Has the ioctl had its whole effect, although its answer could not be written? */
static bool has_effect(const struct op *op, int ret,
		       const struct bricktrace_session *after, const struct tally *t)
{
	struct bricktrace_session done = t->done;

	/* The busy process has another number of threads each time. */
	if (op->try == try_busy && after->threads > 1)
		done.threads = after->threads;
	return ret == -EFAULT && !memcmp(after, &done, sizeof(done));
}

static void try_site(const struct op *op, int n, struct tally *t)
{
	struct bricktrace_session before, after;
	bool injected;
	u64 memory;
	int ret;

	op->before();
	before = counters();
	memory = info(fd).user_memory;
	fail_the(n);
	ret = op->try();
	injected = has_failed();
	if (injected)
		t->sites = n;
	if (!ret) {
		t->survived += injected;
		goto out;
	}
	after = counters();
	if (memcmp(&before, &after, sizeof(before)) && has_effect(op, ret, &after, t)) {
		t->failed++;
		goto out;
	}
	/*
	 * The first thread of a session, its first traced run of scope thread and the first
	 * inner run of a run allocate memory that stays for the next ones.
	 */
	if (before.threads && !before.runs && op->try != try_run_thread)
		t->changed += info(fd).user_memory != memory;
	t->failed++;
	t->odd += !injected || (ret != -ENOMEM && ret != -EFAULT &&
				!(op->try == try_fork && ret == -EAGAIN));
	if (t->odd == 1 || memcmp(&before, &after, sizeof(before)))
		printf("# %s: site %d: %d, %u threads, %u bricks, %u runs\n", op->name, n,
		       ret, after.threads, after.bricks, after.runs);
	t->changed += !!memcmp(&before, &after, sizeof(before));
	ret = op->try();
	t->stuck += !!ret;
	if (ret)
		printf("# %s: after site %d: %d\n", op->name, n, ret);
out:
	op->after();
}

/*
 * The number of a site may vary, since the kernel around the module allocates as well. A
 * pass in which too few sites have failed is therefore repeated.
 */
static void each_site(const struct op *op)
{
	/* A busy process has new threads in each pass, and no last site. */
	int most = op->try == try_busy ? 50 : SITES;
	int pass = 0, n;
	struct tally t = { 0 };

	op->before();
	if (op->try())
		bail("%s", op->name);
	t.done = counters();
	op->after();
	do {
		t.sites = t.failed = t.survived = 0;
		for (n = 1; n < t.sites + MORE && n < most; n++)
			try_site(op, n, &t);
		printf("# %s: %d sites, %d made the call fail, %d did not\n", op->name,
		       t.sites, t.failed, t.survived);
	} while (t.failed < op->least && ++pass < PASSES);
	ok(n < SITES && t.failed >= op->least, "%s: faults at its sites make it fail",
	   op->name);
	is(t.odd, 0, "%s: the error is that of the fault", op->name);
	is(t.changed, 0, "%s: a failed call has changed nothing", op->name);
	is(t.stuck, 0, "%s: the next call succeeds", op->name);
}

static void *helper(void *arg)
{
	atomic_fetch_add(helpers, 1);
	for (;;)
		pause();
	return arg;
}

static void process(void)
{
	pthread_t t;

	for (int i = 0; i < HELPERS; i++)
		pthread_create(&t, NULL, helper, NULL);
	for (;;)
		pause();
}

int main(void)
{
	run = run_new();
	helpers = shared_page();
	target = child_of(process);
	wait_value(helpers, HELPERS);
	for (int i = 0; i < 2; i++) {
		setting(attributes[i], "ignore-gfp-wait", "N");
		setting(attributes[i], "verbose", "0");
	}
	setting("fail_page_alloc", "min-order", "0");
	setting("fail_usercopy", "verbose", "0");
	/*
	 * kmemleak and slabs take memory of their own, at some allocations and not at others.
	 * In the next attempt the number of a site is then another one, so that one site may
	 * fail twice in a pass and the next one never.
	 */
	spare("failslab", "__alloc_object");
	spare("fail_page_alloc", "allocate_slab");
	fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_fd < 0)
		bail("fail-nth");
	linger(0);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		each_site(&ops[i]);
	/* The site at which a child is lost has another number each time, and may be missed. */
	for (int i = 0; !not_followed && i < 10 * PASSES; i++)
		try_site(&ops[sizeof(ops) / sizeof(ops[0]) - 1], 1 + i % 10,
			 &(struct tally){ 0 });
	count_sites(0, ULONG_MAX);
	linger(1000);
	is(hidden, 0,
	   "each child that could not be followed is counted as lost, and its run is partial");
	ok(not_followed > 0, "some children could not be followed: %llu", not_followed);
	is(inexact, 0, "a record that could not be copied is counted as lost");
	is(without_record, 0, "a run that is open at a release has a record, once");
	is(odd_runs, 0,
	   "runs around the registration of a busy process add up or are partial");
	kill(target, SIGKILL);
	wait_for(target);
	return done();
}
