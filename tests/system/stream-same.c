// SPDX-License-Identifier: MIT
/*
 * The record of a run is, byte by byte, the result that RUN_CLOSE gave, whatever kind of run
 * it was, also where the record is too large for all elements. Beside that it has where the
 * run comes from: session, process, thread, user, name, cgroup, time, label, and the IDs of
 * its span, which form a trace with those of the runs around it.
 *
 * Rules: ioctl, nested, provenance, scope, slow.
 */
#include <sys/eventfd.h>
#include <sys/stat.h>
#include "test.h"

#define CGROUP "/sys/fs/cgroup/stream-same"

static struct run *run;
static struct reader own, host;

static struct reader stream(int f, uint32_t scope)
{
	stream_begin(f, scope, 4 << 20);
	return reader_new(f, BRICKTRACE_RECORD_MAX);
}

static void session_begin(void)
{
	begin("stream-same");
	own = stream(fd, BRICKTRACE_STREAM_SESSION);
}

static void session_end(void)
{
	free(own.buffer);
	close(fd);
}

/* Closes a run, and compares both streams with the answer. */
static const struct bricktrace_record_run *same(u64 number, const char *what)
{
	const struct bricktrace_record_run *a, *b;
	const size_t head = sizeof(struct bricktrace_record);

	run_close(fd, number, run);
	a = reader_run(&own);
	b = reader_run(&host);
	ok(record_same(a, run), "%s: the record is the result", what);
	ok(a->record.size == b->record.size &&
		   !memcmp((char *)a + head, (char *)b + head, a->record.size - head),
	   "%s: the host-wide stream has the same record", what);
	return a;
}

/* Threads that make calls as long as the test wants. */
static atomic_int started, end;

static void *works(void *arg)
{
	atomic_fetch_add(&started, 1);
	do {
		for (int i = 0; i < 50; i++)
			getppid_raw();
		sleep_ns(2 * MS);
		close(-1);
	} while (!atomic_load(&end));
	return arg;
}

static void with_threads(pthread_t *t, int n)
{
	atomic_store(&started, 0);
	atomic_store(&end, 0);
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, works, NULL);
	wait_value(&started, n);
	sleep_ns(5 * MS);
}

static void without_threads(pthread_t *t, int n)
{
	atomic_store(&end, 1);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void some_ioctls(void)
{
	int event = eventfd(0, EFD_CLOEXEC), null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (unsigned int i = 0; i < 9; i++) {
		ioctl(event, 0x7e110000U + i, 0);
		ioctl(null, 0x7e110000U + i, 0);
		ioctl(-1, 0x7e110000U + i, 0);
	}
	ioctl(null, FIOCLEX);
	close(event);
	close(null);
}

static void kinds(void)
{
	static const struct bricktrace_assertion assertions[] = {
		{ .kind = BRICKTRACE_ASSERT_DURATION, .limit = 1, .name = "too long" },
		{ .kind = BRICKTRACE_ASSERT_DURATION, .limit = 600 * S, .name = "passes" },
		{ .kind = BRICKTRACE_ASSERT_SYSCALL_COUNT,
		  .subject = SYS_getppid,
		  .limit = 4,
		  .name = "too many" },
	};
	const struct bricktrace_record_run *r;
	unsigned int limit;
	pthread_t t[4];
	u64 number, inner[2];

	session_begin();
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	number = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	r = same(number, "level measure");
	ok(record_origin(r)->level == BRICKTRACE_LEVEL_MEASURE &&
		   record_origin(r)->scope == BRICKTRACE_SCOPE_THREAD,
	   "level measure: the origin has level and scope");
	is(r->times.total + r->categories.total + r->syscalls.total, 0,
	   "level measure: it has no breakdown");
	number = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_SESSION);
	same(number, "level measure, scope session");

	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 7; i++)
		getppid_raw();
	close(-1);
	r = same(number, "level trace");
	ok(record_calls(r, SYS_getppid) == 7 && consistent(run) &&
		   record_origin(r)->level == BRICKTRACE_LEVEL_TRACE,
	   "level trace: it has the calls");
	set_edge(fd, 50000);
	number = run_open(fd, brick, TRACE_THREAD);
	getppid_raw();
	same(number, "level trace, with an edge");

	number = run_open(fd, brick, TRACE_SESSION);
	with_threads(t, 4);
	r = same(number, "scope session, 5 threads");
	ok(run->r.threads == 5 && record_origin(r)->scope == BRICKTRACE_SCOPE_SESSION,
	   "scope session: it has the threads");
	without_threads(t, 4);

	number = run_open(fd, brick, TRACE_SESSION);
	inner[0] = run_open(fd, brick, TRACE_THREAD);
	getppid_raw();
	inner[1] = run_open(fd, brick, TRACE_THREAD);
	getppid_raw();
	same(inner[1], "nested, the innermost");
	same(inner[0], "nested, the middle one");
	r = same(number, "nested, the outermost");
	is(record_calls(r, SYS_getppid), 2, "nested, the outermost: it has all calls");

	try_brick(fd, "stream-same",
		  (struct bricktrace_brick_define){ .flags = BRICKTRACE_BRICK_ASSERTIONS,
						    .budget_ns = 1,
						    .assertions = ARRAY(assertions, 3) });
	number = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	r = same(number, "a failed assertion, level measure");
	is(r->failed.count, 1, "a failed assertion: it is in the record");
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 5; i++)
		getppid_raw();
	r = same(number, "failed assertions, level trace");
	is(r->failed.count, 2, "failed assertions: both are in the record");

	number = run_open(fd, brick, TRACE_THREAD);
	some_ioctls();
	r = same(number, "ioctls");
	ok(r->ioctls.count >= 2 * 28, "ioctls: the record has each command");

	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 1; i < 6; i++)
		sleep_ns(2 * i * MS);
	r = same(number, "slow calls");
	ok(r->slow_calls.count >= 5, "slow calls: the record has them");

	number = run_open(fd, brick, TRACE_SESSION);
	limit = parameter("max_user_threads", info(fd).user_threads + 2);
	with_threads(t, 4);
	parameter("max_user_threads", limit);
	same(number, "a partial run");
	is(run->r.provenance, BRICKTRACE_PARTIAL, "a partial run is partial");
	without_threads(t, 4);

	brick = brick_mode(fd, "tail", 0, BRICKTRACE_MODE_TAIL);
	SET(fd, LIMIT, .trace_limit = BRICKTRACE_MAX_LIMIT);
	for (int i = 0; i < 12; i++) {
		run_close(fd, run_auto(fd, brick).run, run);
		reader_run(&own);
		reader_run(&host);
	}
	number = run_auto(fd, brick).run;
	same(number, "level auto");
	ok(run->r.flags & BRICKTRACE_RESULT_GRANTED && run->r.window_runs == 12,
	   "level auto: the run has a grant and a window");
	number = run_open(fd, brick, TRACE_THREAD);
	parameter("enabled", 0);
	same(number, "a run whose hooks went away");
	parameter("enabled", 1);
	ok(own.good && host.good, "all records are valid and in their places");
	session_end();
}

/* One of 6 threads that together use more commands than a session has separate figures for. */
#define MANY 6
static pthread_barrier_t many_done;

static void *many_calls(void *arg)
{
	static const int numbers[] = {
		SYS_read,	SYS_write,	 SYS_fstat,	  SYS_lseek,
		SYS_pread64,	SYS_pwrite64,	 SYS_readv,	  SYS_writev,
		SYS_dup,	SYS_fcntl,	 SYS_flock,	  SYS_fsync,
		SYS_fdatasync,	SYS_ftruncate,	 SYS_fchmod,	  SYS_fchown,
		SYS_fchdir,	SYS_getdents64,	 SYS_sendto,	  SYS_recvfrom,
		SYS_listen,	SYS_accept4,	 SYS_bind,	  SYS_connect,
		SYS_shutdown,	SYS_getsockname, SYS_getpeername, SYS_setsockopt,
		SYS_getsockopt, SYS_fstatfs,	 SYS_fallocate,	  SYS_close,
		SYS_getuid,	SYS_geteuid,	 SYS_getgid,	  SYS_getegid,
	};
	unsigned int base = (uintptr_t)arg * 64;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		syscall(numbers[i], -1, 0, 0, 0, 0);
	for (unsigned int i = 0; i < 60; i++)
		ioctl(-1, 0x7e110000U + base + i, 0);
	for (int i = 0; i < 12; i++)
		sleep_ns(2 * MS);
	pthread_barrier_wait(&many_done);
	pthread_barrier_wait(&many_done);
	return NULL;
}

static void largest(void)
{
	const struct bricktrace_record_run *r;
	pthread_t t[MANY];
	u64 number;

	session_begin();
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	pthread_barrier_init(&many_done, NULL, MANY + 1);
	number = run_open(fd, brick, TRACE_SESSION);
	for (uintptr_t i = 0; i < MANY; i++)
		pthread_create(&t[i], NULL, many_calls, (void *)i);
	pthread_barrier_wait(&many_done);
	r = same(number, "more elements than fit into a record");
	pthread_barrier_wait(&many_done);
	for (int i = 0; i < MANY; i++)
		pthread_join(t[i], NULL);
	printf("# a record of %u bytes: %u of %u calls, %u of %u ioctls, %u of %u slow calls\n",
	       r->record.size, r->syscalls.count, r->syscalls.total, r->ioctls.count,
	       r->ioctls.total, r->slow_calls.count, r->slow_calls.total);
	between(r->record.size, BRICKTRACE_RECORD_MAX - 4096, BRICKTRACE_RECORD_MAX,
		"the largest record is full");
	ok(r->ioctls.total > 2 * 250 && r->slow_calls.total > 40 && r->syscalls.total > 60,
	   "the record counts all elements");
	ok(r->syscalls.count + r->ioctls.count + r->slow_calls.count <
		   r->syscalls.total + r->ioctls.total + r->slow_calls.total,
	   "and does not have all of them");
	is(r->syscalls.count % 2 + r->ioctls.count % 2, 0,
	   "but both figures of each call or command that it has");
	ok(own.good && host.good, "it is valid");
	session_end();
}

/* What a process of another user knows about its run, and the test's answers. */
static struct facts {
	atomic_int stage;
	u64 session, before, after, start, wall;
	pid_t tgid, tid;
	struct bricktrace_run_open o;
} * facts;

#define NAME  "b\xc3\xbc \x9b\n%s"
#define LABEL "a label of 63 bytes, \xe2\x82\xac, ....................................."
_Static_assert(sizeof(LABEL) == 64, "");

static u64 unix_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * S + ts.tv_nsec;
}

static void *opens(void *arg)
{
	prctl(PR_SET_NAME, "first name");
	facts->tid = gettid();
	facts->o = run_request(fd, (struct bricktrace_run_open){
					   .flags = BRICKTRACE_RUN_IDS, .brick = brick });
	facts->stage = 1;
	wait_value(&facts->stage, 2);
	prctl(PR_SET_NAME, NAME);
	facts->stage = 3;
	wait_value(&facts->stage, 4);
	return arg;
}

static void other_user(void)
{
	pthread_t t;

	become_uid(1000);
	fd = device();
	brick = brick_define(fd,
			     "br\xc3\xbc"
			     "ck",
			     5);
	if (try_set(fd, (struct bricktrace_session){ .flags = BRICKTRACE_SESSION_LABEL,
						     .label = LABEL }))
		bail("SESSION_SET");
	facts->session = session(fd).id;
	facts->tgid = getpid();
	pthread_create(&t, NULL, opens, NULL);
	wait_value(&facts->stage, 3);
	facts->before = unix_ns();
	run_close(fd, facts->o.run, run);
	facts->after = unix_ns();
	facts->start = run->r.start_ns;
	facts->wall = run->r.wall_ns;
	facts->stage = 4;
	pthread_join(t, NULL);
}

static void origin(void)
{
	const struct bricktrace_record_run *r;
	const struct bricktrace_origin *o;
	u64 offset;
	char text[16];
	struct stat st;
	pid_t pid;

	if ((mkdir(CGROUP, 0755) && errno != EEXIST) || stat(CGROUP, &st) ||
	    chmod("/dev/bricktrace", 0666))
		bail(CGROUP);
	facts = shared_page();
	pid = child_of(other_user);
	wait_value(&facts->stage, 1);
	/* The run ends in another cgroup than the one in which it began. */
	snprintf(text, sizeof(text), "%d", pid);
	write_text(CGROUP "/cgroup.procs", text);
	facts->stage = 2;
	wait_for(pid);
	offset = unix_ns() - now();
	r = reader_run(&host);
	o = record_origin(r);
	is(o->session, facts->session, "origin: the session's number");
	is(o->tgid, facts->tgid, "origin: the process");
	is(o->tid, facts->tid, "origin: the thread that opened the run");
	is(o->uid, 1000, "origin: the user");
	ok(!strcmp(o->comm, NAME), "origin: the thread's name at the end of the run");
	ok(!strcmp(o->brick, "br\xc3\xbc"
			     "ck"),
	   "origin: the brick's name");
	ok(!strcmp(o->label, LABEL), "origin: the session's label");
	is(o->cgroup, st.st_ino, "origin: the cgroup at the end of the run");
	between(o->end_unix_ns, facts->before - CLOCKS_APART, facts->after + CLOCKS_APART,
		"origin: the end is between two readings of the clock");
	between(o->end_unix_ns - facts->start - facts->wall, offset - 50 * CLOCKS_APART,
		offset + 50 * CLOCKS_APART,
		"origin: it is the end of the result on another clock");
	ok(!memcmp(&o->context, &facts->o.context, sizeof(o->context)),
	   "origin: the IDs are those that RUN_OPEN returned");
	is(record_result(r)->run, facts->o.run, "origin: it is the run's");
	chmod("/dev/bricktrace", 0660);
	rmdir(CGROUP);
}

static bool zero(const void *at, size_t n)
{
	const char *c = at;

	while (n && !*c)
		c++, n--;
	return !n;
}

/* Opens a run with @flags at level measure, and with the context @given, if there is one. */
static struct bricktrace_run_open span(const struct bricktrace_context *given)
{
	struct bricktrace_run_open o = { .flags = BRICKTRACE_RUN_IDS, .brick = brick };

	if (given) {
		o.flags |= BRICKTRACE_RUN_CONTEXT;
		o.context = *given;
	}
	return run_request(fd, o);
}

/* Closes a run, whose record must have the run's IDs and the parent span. */
static void ends_in(const struct bricktrace_run_open *o, const uint8_t *parent,
		    const char *what)
{
	static const uint8_t none[8];
	const struct bricktrace_origin *origin;

	run_discard(fd, o->run);
	origin = record_origin(reader_run(&own));
	ok(!memcmp(&origin->context, &o->context, sizeof(o->context)) &&
		   !zero(o->context.trace_id, 16) && !zero(o->context.span_id, 8),
	   "%s: the record has the IDs of RUN_OPEN", what);
	ok(!memcmp(origin->parent_span, parent ?: none, 8), "%s: the parent's span", what);
}

static bool one_trace(const struct bricktrace_context *a,
		      const struct bricktrace_context *b)
{
	return !memcmp(a->trace_id, b->trace_id, 16) && a->flags == b->flags &&
	       memcmp(a->span_id, b->span_id, 8);
}

static const struct bricktrace_context given = { { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, 1 },
				       another = { { 0, 0, 0, 9 }, { [7] = 1 }, 255 };

static struct bricktrace_run_open beside;

static void *opens_beside(void *arg)
{
	beside = span(NULL);
	return arg;
}

static void ids(void)
{
	struct bricktrace_run_open a, b, c;
	pthread_t t;

	session_begin();
	a = span(NULL);
	b = span(NULL);
	c = span(NULL);
	ok(one_trace(&a.context, &b.context) && one_trace(&b.context, &c.context) &&
		   one_trace(&a.context, &c.context),
	   "nested runs are spans of one trace");
	pthread_create(&t, NULL, opens_beside, NULL);
	pthread_join(t, NULL);
	ok(memcmp(a.context.trace_id, beside.context.trace_id, 16),
	   "a run that is not nested begins another one");
	ends_in(&beside, NULL, "not nested");
	ends_in(&c, b.context.span_id, "the innermost run");
	ends_in(&b, a.context.span_id, "the middle run");
	ends_in(&a, NULL, "the outermost run");

	a = span(NULL);
	ok(memcmp(a.context.trace_id, beside.context.trace_id, 16) &&
		   memcmp(a.context.span_id, beside.context.span_id, 8),
	   "each outermost run begins a trace");
	SET(fd, CONTEXT, .context = given);
	b = span(NULL);
	ok(one_trace(&a.context, &b.context), "a run that is open keeps its trace");
	ends_in(&b, a.context.span_id, "inside it");
	ends_in(&a, NULL, "that run");
	a = span(NULL);
	b = span(NULL);
	ok(one_trace(&a.context, &given) && one_trace(&b.context, &a.context),
	   "with the session's context: both runs are in that trace, with its flags");
	ends_in(&b, a.context.span_id, "with the session's context, inside");
	ends_in(&a, given.span_id, "with the session's context, outside");

	a = span(&another);
	ok(one_trace(&a.context, &another), "with the run's own context: its trace");
	b = span(NULL);
	c = span(&given);
	ok(one_trace(&a.context, &b.context) && one_trace(&c.context, &given),
	   "with the run's own context: inside it, unless a run has another one");
	ends_in(&c, given.span_id, "inside, with another context");
	ends_in(&b, a.context.span_id, "inside, with none");
	ends_in(&a, another.span_id, "with the run's own context");
	SET(fd, CONTEXT, .context = { .flags = 0 });
	a = span(NULL);
	ok(memcmp(a.context.trace_id, given.trace_id, 16), "the session's context is gone");
	ends_in(&a, NULL, "without it");
	{
		int first = fd;
		struct bricktrace_run_open o;

		begin("stream-same");
		own.fd = fd;
		o = span(NULL);
		/* The first run of this session, and that of the other one. */
		ok(memcmp(o.context.trace_id, beside.context.trace_id, 16) &&
			   memcmp(o.context.span_id, beside.context.span_id, 8),
		   "another session has other IDs");
		close(fd);
		own.fd = fd = first;
	}
	while (reader_next(&host))
		;
	session_end();
}

/* The record of a run at level measure, of which @label is set while the run is open. */
static void named(uint32_t b, const char *name, const char *label, uint32_t flags)
{
	struct bricktrace_session set = { .flags = BRICKTRACE_SESSION_LABEL };
	u64 number =
		run_request(fd, (struct bricktrace_run_open){ .flags = flags, .brick = b })
			.run;
	const struct bricktrace_origin *o;

	strcpy(set.label, label);
	if (try_set(fd, set))
		bail("SESSION_SET");
	run_discard(fd, number);
	o = record_origin(reader_run(&own));
	ok(!strcmp(o->brick, name) && zero(o->brick + strlen(name), 64 - strlen(name)),
	   "a run of the brick '%s' has its name", name);
	ok(!strcmp(o->label, label) && zero(o->label + strlen(label), 64 - strlen(label)),
	   "and the label '%s'", label);
}

/* The module keeps the memory of runs for the next ones, which may have other names. */
static void names(void)
{
	uint32_t other;

	session_begin();
	other = brick_define(fd, "x", 0);
	named(brick, "stream-same", "", 0);
	named(other, "x", "a long label", BRICKTRACE_RUN_IDS);
	named(other, "x", "b", BRICKTRACE_RUN_IDS);
	named(brick, "stream-same", "b", 0);
	named(brick, "stream-same", "", BRICKTRACE_RUN_IDS);
	while (reader_next(&host))
		;
	session_end();
}

/* A caller that knows less, or does not ask, gets no context, and its runs have one. */
static void old_callers(void)
{
	static const uint32_t sizes[] = { BRICKTRACE_RUN_OPEN_SIZE_V0,
					  BRICKTRACE_RUN_OPEN_SIZE_V1,
					  BRICKTRACE_RUN_OPEN_SIZE_V2 };
	const struct bricktrace_origin *o;

	session_begin();
	SET(fd, CONTEXT, .context = given);
	for (int i = 0; i < 3; i++) {
		struct bricktrace_run_open a;

		memset(&a, 0xee, sizeof(a));
		memset(&a, 0, BRICKTRACE_RUN_OPEN_SIZE_V1);
		a.size = sizes[i];
		a.brick = brick;
		ok(!ioctl(fd, BRICKTRACE_RUN_OPEN, &a) && a.size == sizes[i],
		   "RUN_OPEN of %u bytes opens a run", sizes[i]);
		ok(a.context.flags == 0xeeeeeeeeeeeeeeee && a.context.trace_id[0] == 0xee,
		   "and writes no context");
		run_discard(fd, a.run);
		o = record_origin(reader_run(&own));
		ok(one_trace(&o->context, &given) &&
			   !memcmp(o->parent_span, given.span_id, 8),
		   "but the run's record has one");
	}
	while (reader_next(&host))
		;
	session_end();
}

int main(void)
{
	run = run_new();
	host = stream(device(), BRICKTRACE_STREAM_HOST);
	kinds();
	largest();
	origin();
	ids();
	names();
	old_callers();
	ok(host.good, "all records of the host-wide stream are valid and in their places");
	return done();
}
