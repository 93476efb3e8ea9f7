// SPDX-License-Identifier: MIT
/*
 * Each ioctl answers wrong input with the error that the ABI's header documents, changes
 * nothing then, and accepts every argument within the documented limits. An ioctl whose
 * answer cannot be written fails with EFAULT, but keeps its effect.
 */
#include "test.h"

#define UNKNOWN_FLAG (1U << 31)
#define BIG	     4096

static char *page, *hole; /* a page, and the end of mapped memory */
static char *readonly;	  /* a page without write permission */
static struct bricktrace_session before;
static u64 arms;

/* The session's counters after the last ioctl that was to change them. */
static void settle(void)
{
	before = session(fd);
	arms = info(fd).arms;
}

static bool unchanged(void)
{
	struct bricktrace_session after = session(fd);

	return !memcmp(&before, &after, sizeof(after)) && info(fd).arms == arms;
}

static void fails(int error, unsigned long cmd, const void *arg, const char *what)
{
	int ret = ioctl(fd, cmd, arg), got = ret < 0 ? errno : 0;
	bool same = unchanged();

	ok(got == error && same, "%s: %s", what, strerrorname_np(error));
	if (got != error)
		printf("# got %s\n", got ? strerrorname_np(got) : "success");
	if (!same)
		puts("# and it changed the session's counters");
	settle();
}

/* The arguments of all ioctls have a size, a tail and unknown bits in common. */

static const struct {
	unsigned long cmd;
	const char *name;
	unsigned int v0;       /* size in the first version */
	unsigned int size;     /* size in this version */
	unsigned int reserved; /* offset of a reserved input word, or 0 */
	unsigned int flags;    /* known flags */
} ioctls[] = {
	{ BRICKTRACE_INFO, "INFO", BRICKTRACE_INFO_SIZE_V0,
	  sizeof(struct bricktrace_info), 0, 0 },
	{ BRICKTRACE_THREAD_REGISTER, "REGISTER", BRICKTRACE_THREAD_SIZE_V0,
	  sizeof(struct bricktrace_thread), 0,
	  BRICKTRACE_THREAD_INHERIT_THREADS | BRICKTRACE_THREAD_INHERIT_CHILDREN |
		  BRICKTRACE_THREAD_WHOLE_PROCESS },
	{ BRICKTRACE_THREAD_UNREGISTER, "UNREGISTER", BRICKTRACE_THREAD_SIZE_V0,
	  sizeof(struct bricktrace_thread), 0, 0 },
	{ BRICKTRACE_BRICK_DEFINE, "DEFINE", BRICKTRACE_BRICK_DEFINE_SIZE_V0,
	  sizeof(struct bricktrace_brick_define),
	  offsetof(struct bricktrace_brick_define, reserved),
	  BRICKTRACE_BRICK_MODE | BRICKTRACE_BRICK_BASELINE | BRICKTRACE_BRICK_ASSERTIONS },
	{ BRICKTRACE_RUN_OPEN, "OPEN", BRICKTRACE_RUN_OPEN_SIZE_V0,
	  sizeof(struct bricktrace_run_open), offsetof(struct bricktrace_run_open, reserved),
	  BRICKTRACE_RUN_CHARGE | BRICKTRACE_RUN_IDS | BRICKTRACE_RUN_CONTEXT },
	{ BRICKTRACE_RUN_CLOSE, "CLOSE", BRICKTRACE_RUN_CLOSE_SIZE_V0,
	  sizeof(struct bricktrace_run_close), 0, 0 },
	{ BRICKTRACE_SESSION_GET, "GET", BRICKTRACE_SESSION_SIZE_V0,
	  sizeof(struct bricktrace_session),
	  offsetof(struct bricktrace_session, reserved), 0 },
	{ BRICKTRACE_SESSION_SET, "SET", BRICKTRACE_SESSION_SIZE_V0,
	  sizeof(struct bricktrace_session), offsetof(struct bricktrace_session, reserved),
	  BRICKTRACE_SESSION_EDGE | BRICKTRACE_SESSION_CV | BRICKTRACE_SESSION_EFFICIENCY |
		  BRICKTRACE_SESSION_LIMIT | BRICKTRACE_SESSION_OUTLIERS |
		  BRICKTRACE_SESSION_ENABLED | BRICKTRACE_SESSION_SLOW |
		  BRICKTRACE_SESSION_LABEL | BRICKTRACE_SESSION_CONTEXT },
	{ BRICKTRACE_BRICK_GET, "BRICK_GET", BRICKTRACE_BRICK_GET_SIZE_V0,
	  sizeof(struct bricktrace_brick_get), 0, 0 },
	{ BRICKTRACE_BRICK_RESET, "BRICK_RESET", BRICKTRACE_BRICK_RESET_SIZE_V0,
	  sizeof(struct bricktrace_brick_reset),
	  offsetof(struct bricktrace_brick_reset, reserved), 0 },
	{ BRICKTRACE_STREAM_OPEN, "STREAM_OPEN", BRICKTRACE_STREAM_OPEN_SIZE_V0,
	  sizeof(struct bricktrace_stream_open), 0, BRICKTRACE_STREAM_GRANTED },
	{ BRICKTRACE_STREAM_GET, "STREAM_GET", BRICKTRACE_STREAM_SIZE_V0,
	  sizeof(struct bricktrace_stream), offsetof(struct bricktrace_stream, reserved),
	  0 },
};
#define IOCTLS ((int)(sizeof(ioctls) / sizeof(ioctls[0])))

static u64 victim; /* an open run, level measure, that CLOSE could close */

/*
 * Writes an argument to @to with which the ioctl would succeed, except that UNREGISTER
 * needs a registered thread.
 */
static void valid(int i, void *to, unsigned int size)
{
	struct bricktrace_brick_define b = { .budget_ns = 7, .name = "valid" };
	struct bricktrace_run_open o = { .brick = brick };
	struct bricktrace_run_close c = { .run = victim };
	struct bricktrace_brick_get g = { .brick = brick };
	struct bricktrace_brick_reset r = { .brick = brick };
	struct bricktrace_stream_open so = { .levels = STREAM_ALL };

	memset(to, 0, size);
	if (ioctls[i].cmd == BRICKTRACE_BRICK_DEFINE)
		memcpy(to, &b, sizeof(b));
	else if (ioctls[i].cmd == BRICKTRACE_RUN_OPEN)
		memcpy(to, &o, sizeof(o));
	else if (ioctls[i].cmd == BRICKTRACE_RUN_CLOSE)
		memcpy(to, &c, sizeof(c));
	else if (ioctls[i].cmd == BRICKTRACE_BRICK_GET)
		memcpy(to, &g, sizeof(g));
	else if (ioctls[i].cmd == BRICKTRACE_BRICK_RESET)
		memcpy(to, &r, sizeof(r));
	else if (ioctls[i].cmd == BRICKTRACE_STREAM_OPEN)
		memcpy(to, &so, sizeof(so));
	*(uint32_t *)to = size;
}

static const char *label(int i, const char *what)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s: %s", ioctls[i].name, what);
	return text;
}

static void common(void)
{
	char *buf = page;

	victim = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	settle();
	for (int i = 0; i < IOCTLS; i++) {
		unsigned long cmd = ioctls[i].cmd;
		unsigned int size = ioctls[i].size, bit;
		char *at;

		valid(i, buf, size);
		*(uint32_t *)buf = 0;
		fails(EINVAL, cmd, buf, label(i, "size 0"));
		*(uint32_t *)buf = 4;
		fails(EINVAL, cmd, buf, label(i, "size 4"));
		*(uint32_t *)buf = ioctls[i].v0 - 1;
		fails(EINVAL, cmd, buf, label(i, "a byte less than the first version"));
		*(uint32_t *)buf = BIG + 1;
		fails(EINVAL, cmd, buf, label(i, "size 4097"));
		*(uint32_t *)buf = ~0U;
		fails(EINVAL, cmd, buf, label(i, "size 2^32 - 1"));
		valid(i, buf, BIG);
		buf[size] = 1;
		fails(E2BIG, cmd, buf, label(i, "an unknown tail that begins with 1"));
		valid(i, buf, BIG);
		buf[BIG - 1] = 1;
		fails(E2BIG, cmd, buf, label(i, "an unknown tail that ends with 1"));
		for (bit = 0; ioctls[i].flags & (1U << bit); bit++)
			;
		valid(i, buf, size);
		((uint32_t *)buf)[1] = 1U << bit;
		fails(EINVAL, cmd, buf, label(i, "the first unknown flag"));
		((uint32_t *)buf)[1] = UNKNOWN_FLAG;
		fails(EINVAL, cmd, buf, label(i, "the last unknown flag"));
		if (ioctls[i].reserved) {
			valid(i, buf, size);
			*(uint32_t *)(buf + ioctls[i].reserved) = 1;
			fails(EINVAL, cmd, buf, label(i, "reserved is 1"));
		}
		fails(EFAULT, cmd, NULL, label(i, "no argument"));
		fails(EFAULT, cmd, hole, label(i, "an unmapped argument"));
		fails(EFAULT, cmd, (void *)(1UL << 63), label(i, "a kernel address"));
		at = hole - size + 1;
		valid(i, buf, size);
		memmove(at, buf, size - 1);
		fails(EFAULT, cmd, at, label(i, "its last byte is unmapped"));
		at = hole - 2;
		at[0] = at[1] = 0;
		fails(EFAULT, cmd, at, label(i, "its size is half unmapped"));
		valid(i, buf, BIG);
		memmove(hole - size, buf, size);
		fails(EFAULT, cmd, hole - size, label(i, "its tail is unmapped"));
	}
	run_close(fd, victim, run_new());

	/* A newer caller passes a larger structure, in which the new fields are zero. */
	thread_register(fd, 0);
	for (int i = 0; i < IOCTLS; i++) {
		bool last = ioctls[i].cmd == BRICKTRACE_RUN_CLOSE;

		/* REGISTER needs an unregistered thread; UNREGISTER comes after it. */
		if (ioctls[i].cmd == BRICKTRACE_THREAD_REGISTER)
			thread_unregister(fd);
		if (last)
			victim = session(fd).runs_opened;
		valid(i, buf, BIG);
		ok(!ioctl(fd, ioctls[i].cmd, buf),
		   "%s: size 4096 with a zero tail is accepted", ioctls[i].name);
		is(*(uint32_t *)buf, ioctls[i].size,
		   "%s: the answer has the size that the module knows", ioctls[i].name);
		for (unsigned int k = ioctls[i].size; k < BIG; k++)
			if (buf[k])
				bail("%s: byte %u of the tail was written",
				     ioctls[i].name, k);
	}
	is(session(fd).runs, 0, "the run that OPEN opened that way is closed");
	is(session(fd).threads, 0, "the thread that REGISTER registered is unregistered");
	is(session(fd).bricks, 2, "the brick that DEFINE defined exists");
	settle();
}

/* Makes an ioctl whose answer cannot be written; @arg begins with its size. */
static void answer_fails(unsigned long cmd, const void *arg, const char *what)
{
	mprotect(readonly, BIG, PROT_READ | PROT_WRITE);
	memcpy(readonly, arg, *(const uint32_t *)arg);
	mprotect(readonly, BIG, PROT_READ);
	ok(ioctl(fd, cmd, readonly) < 0 && errno == EFAULT, "%s: EFAULT", what);
}

/* Only a run whose number could not be returned is closed again. */
static void answers(void)
{
	struct bricktrace_info i = { .size = sizeof(i) };
	struct bricktrace_thread t = { .size = sizeof(t) };
	struct bricktrace_brick_define b = { .size = sizeof(b), .name = "answer_fails" };
	struct bricktrace_run_open o = { .size = sizeof(o), .brick = brick };
	struct bricktrace_run_close c = { .size = sizeof(c) };
	struct bricktrace_session s = { .size = sizeof(s) };
	struct bricktrace_brick_get g = { .size = sizeof(g), .brick = brick };
	struct bricktrace_brick_reset r = { .size = sizeof(r), .brick = brick };
	struct bricktrace_stream_open so = { .size = sizeof(so), .levels = STREAM_ALL };
	struct bricktrace_stream st = { .size = sizeof(st) };
	static struct brick b_now;
	u64 inner[2];
	int first = fd;

	settle();
	answer_fails(BRICKTRACE_INFO, &i, "INFO: its answer cannot be written");
	answer_fails(BRICKTRACE_SESSION_GET, &s, "GET: its answer cannot be written");
	answer_fails(BRICKTRACE_BRICK_GET, &g, "BRICK_GET: its answer cannot be written");
	answer_fails(BRICKTRACE_STREAM_GET, &st,
		     "STREAM_GET: its answer cannot be written");
	ok(unchanged(), "and nothing has changed");
	s.flags = BRICKTRACE_SESSION_EDGE;
	s.edge_ps = 77;
	answer_fails(BRICKTRACE_SESSION_SET, &s, "SET: its answer cannot be written");
	is(session(fd).edge_ps, 77, "and the edge is set");
	set_edge(fd, BRICKTRACE_NONE);
	answer_fails(BRICKTRACE_THREAD_REGISTER, &t,
		     "REGISTER: its answer cannot be written");
	is(session(fd).threads, 1, "and the thread is registered");
	answer_fails(BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: its answer cannot be written");
	is(session(fd).bricks, before.bricks + 1, "and the brick is defined");
	c.run = run_open(fd, brick, TRACE_THREAD);
	answer_fails(BRICKTRACE_RUN_CLOSE, &c, "CLOSE: its answer cannot be written");
	is(session(fd).runs, 0, "and the run is closed");
	for (o.scope = 0; o.scope < 2; o.scope++)
		for (o.level = 0; o.level < 2; o.level++) {
			answer_fails(BRICKTRACE_RUN_OPEN, &o,
				     "OPEN: its answer cannot be written");
			is(session(fd).runs, 0, "and the run is closed again");
		}
	/* The failed OPEN changes nothing for the runs around it and after it. */
	inner[0] = run_open(fd, brick, TRACE_THREAD);
	o.scope = 0;
	o.level = 1;
	answer_fails(BRICKTRACE_RUN_OPEN, &o,
		     "OPEN: inside a run, its answer cannot be written");
	inner[1] = run_open(fd, brick, TRACE_THREAD);
	{
		struct run *run = run_new();

		run_close(fd, inner[1], run);
		is(run->r.parent, inner[0],
		   "and the parent of the next run is the outer one");
		run_close(fd, inner[0], run);
		ok(consistent(run), "the figures of the outer run add up");
		free(run);
	}
	answer_fails(BRICKTRACE_THREAD_UNREGISTER, &t,
		     "UNREGISTER: its answer cannot be written");
	is(session(fd).threads, 0, "and the thread is not registered");
	answer_fails(BRICKTRACE_BRICK_RESET, &r,
		     "BRICK_RESET: its answer cannot be written");
	brick_get(fd, brick, &b_now);
	is(b_now.s.runs, 0, "and the brick has forgotten its runs");
	fd = device();
	answer_fails(BRICKTRACE_STREAM_OPEN, &so,
		     "STREAM_OPEN: its answer cannot be written");
	is(stream_get(fd).levels, STREAM_ALL, "and the stream is open");
	close(fd);
	fd = first;
	settle();
}

static void numbers(void)
{
	static const unsigned long wrong[] = {
		_IO(BRICKTRACE_IOC, 0x80),
		_IO(BRICKTRACE_IOC, 0xff),
		_IO(BRICKTRACE_IOC + 1, 0),
		_IO(0, 0),
		_IO(BRICKTRACE_IOC, 0),
		_IOWR(BRICKTRACE_IOC, 0, struct bricktrace_info),
		_IOC(_IOC_WRITE, BRICKTRACE_IOC, 4, 0),
		_IOC(_IOC_READ, BRICKTRACE_IOC, 6, 0),
		BRICKTRACE_IOWR(12),
		~0UL,
	};
	struct bricktrace_info i = { .size = sizeof(i) };

	for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++) {
		char what[64];

		snprintf(what, sizeof(what), "ioctl number 0x%lx", wrong[k] & 0xffffffff);
		fails(ENOTTY, wrong[k], &i, what);
	}
}

static void bricks(void)
{
	struct bricktrace_brick_define b = { .size = sizeof(b) };
	unsigned int limit = session(fd).max_bricks, n;
	struct run *run = run_new();
	char *name = b.name;
	uint32_t first, same;
	u64 number;

	memset(name, 'x', BRICKTRACE_NAME_LEN);
	fails(ENAMETOOLONG, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a name without its end");
	memset(name, 0, BRICKTRACE_NAME_LEN);
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: an empty name");
	strcpy(name, "new\nline");
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a name with a line feed");
	strcpy(name, "\x1b[31mred");
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a name with an escape");
	strcpy(name, "delete\x7f");
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a name with a DEL");
	strcpy(name, "\xc2\x9b"
		     "31mred");
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a name with a U+009B");
	strcpy(name, "Gr\xfc\xdf"
		     "e");
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a name in Latin 1");
	strcpy(name, "budget");
	b.budget_ns = BRICKTRACE_MAX_BUDGET + 1;
	fails(ERANGE, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a budget above 2^62");
	b.budget_ns = ~0ULL;
	fails(ERANGE, BRICKTRACE_BRICK_DEFINE, &b,
	      "DEFINE: the largest number as a budget");
	b.budget_ns = 0;
	b.flags = BRICKTRACE_BRICK_MODE;
	b.mode = BRICKTRACE_MODE_TAIL + 1;
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: no such mode");
	b.mode = ~0U;
	fails(EINVAL, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: mode 2^32 - 1");
	b.flags = b.mode = 0;

	memset(name, 0, BRICKTRACE_NAME_LEN);
	memset(name, 'x', BRICKTRACE_NAME_LEN - 1);
	b.budget_ns = BRICKTRACE_MAX_BUDGET;
	b.brick = 0xdeadbeef;
	ok(!ioctl(fd, BRICKTRACE_BRICK_DEFINE, &b) && b.brick == before.bricks + 1,
	   "DEFINE: 63 bytes and a budget of 2^62, and the next number");
	first = b.brick;
	first = brick_define(fd, "\xc3\xbc \xe2\x82\xac", 5);
	ok(first == before.bricks + 2, "DEFINE: a name beyond ASCII");
	same = brick_define(fd, "\xc3\xbc \xe2\x82\xac", 6);
	ok(same == first && session(fd).bricks == before.bricks + 2,
	   "DEFINE: the same name again has the same number");
	number = run_open(fd, first, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	brick_define(fd, "\xc3\xbc \xe2\x82\xac", S);
	run_close(fd, number, run);
	ok(run->r.budget_ns == 6 && run->r.flags & BRICKTRACE_RESULT_OVER_BUDGET,
	   "a run keeps the budget that it was opened with");
	number = run_open(fd, first, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	run_close(fd, number, run);
	ok(run->r.budget_ns == S && !(run->r.flags & BRICKTRACE_RESULT_OVER_BUDGET),
	   "the next one has the new budget");
	is(run->r.brick, first, "the run belongs to that brick");

	is(limit, 1024, "the limit of bricks");
	for (n = session(fd).bricks; n < limit; n++) {
		char each[32];

		snprintf(each, sizeof(each), "brick %u", n);
		if (brick_define(fd, each, 0) != n + 1)
			bail("brick %u has another number", n);
	}
	settle();
	strcpy(name, "one more");
	b.budget_ns = 0;
	fails(EDQUOT, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: more than the limit");
	is(brick_define(fd, "brick 500", 0), 501, "DEFINE: a known name at the limit");
	free(run);
}

static void threads(void)
{
	struct bricktrace_thread t = { .size = sizeof(t) };
	u64 number;

	fails(ESRCH, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: not registered");
	t.flags = BRICKTRACE_THREAD_WHOLE_PROCESS;
	fails(ESRCH, BRICKTRACE_THREAD_UNREGISTER, &t,
	      "UNREGISTER: no thread of the process is registered");
	t.flags = 0;
	t.tid = -1;
	fails(EINVAL, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: tid -1");
	fails(EINVAL, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: tid -1");
	t.tid = INT32_MIN;
	fails(EINVAL, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: tid -2^31");
	t.tid = INT32_MAX;
	fails(ESRCH, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: no such thread");
	fails(ESRCH, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: no such thread");
	t.tid = 2;
	fails(EPERM, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: a kernel thread");
	t.flags = BRICKTRACE_THREAD_WHOLE_PROCESS;
	fails(EPERM, BRICKTRACE_THREAD_REGISTER, &t,
	      "REGISTER: a kernel thread as a process");
	t.flags = 0;
	t.tid = 0;
	thread_register(fd, 0);
	settle();
	fails(EEXIST, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: twice");
	t.flags = BRICKTRACE_THREAD_INHERIT_THREADS;
	fails(EEXIST, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: twice, other flags");
	t.flags = 0;
	t.flags = BRICKTRACE_THREAD_WHOLE_PROCESS;
	fails(EEXIST, BRICKTRACE_THREAD_REGISTER, &t,
	      "REGISTER: the process, all of its threads are registered");
	t.flags = 0;
	number = run_open(fd, brick, TRACE_THREAD);
	settle();
	fails(EBUSY, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: its run is open");
	run_close(fd, number, run_new());
	thread_unregister(fd);
	settle();
	fails(ESRCH, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: twice");
}

static pthread_barrier_t all_open, all_closed;

/* Opens the deepest nesting of runs that is allowed. */
static void *fill(void *arg)
{
	u64 runs[BRICKTRACE_MAX_DEPTH];
	int i;

	(void)arg;
	for (i = 0; i < BRICKTRACE_MAX_DEPTH; i++)
		runs[i] = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				   BRICKTRACE_SCOPE_THREAD);
	pthread_barrier_wait(&all_open);
	pthread_barrier_wait(&all_closed);
	while (i--) {
		struct bricktrace_run_close c = { .size = sizeof(c), .run = runs[i] };

		if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
			bail("RUN_CLOSE");
	}
	return NULL;
}

static void runs(void)
{
	struct bricktrace_run_open o = { .size = sizeof(o), .brick = brick };
	unsigned int limit = session(fd).max_runs, n, i;
	u64 open[BRICKTRACE_MAX_DEPTH];
	struct run *run = run_new();
	pthread_t *t;

	o.brick = 0;
	fails(ENOENT, BRICKTRACE_RUN_OPEN, &o, "OPEN: brick 0");
	o.brick = 1025;
	fails(ENOENT, BRICKTRACE_RUN_OPEN, &o, "OPEN: no such brick");
	o.brick = ~0U;
	fails(ENOENT, BRICKTRACE_RUN_OPEN, &o, "OPEN: brick 2^32 - 1");
	o.brick = brick;
	o.level = 3;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: no such level");
	o.level = ~0U;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: level 2^32 - 1");
	o.level = 0;
	o.scope = 2;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: no such scope");
	o.scope = 0;
	o.level = BRICKTRACE_LEVEL_TRACE;
	fails(ESRCH, BRICKTRACE_RUN_OPEN, &o, "OPEN: traced, the caller is not registered");
	o.scope = BRICKTRACE_SCOPE_SESSION;
	fails(ESRCH, BRICKTRACE_RUN_OPEN, &o, "OPEN: traced, no thread is registered");
	o.level = 0;
	o.scope = 0;
	o.flags = BRICKTRACE_RUN_CHARGE;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: charged, but not traced");
	o.level = BRICKTRACE_LEVEL_AUTO;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: charged, at level auto");
	o.flags = 0;
	o.why = BRICKTRACE_WHY_MANUAL;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: a reason at level auto");
	o.level = BRICKTRACE_LEVEL_TRACE;
	o.why = BRICKTRACE_WHY_OVER_BUDGET;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o,
	      "OPEN: a reason that only the module can have");
	o.why = BRICKTRACE_WHY_MANUAL << 1;
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: an unknown reason");
	o.why = 0;
	o.scope = BRICKTRACE_SCOPE_SESSION;

	/* A traced run whose number could not be returned keeps no hooks armed. */
	while (info(fd).armed)
		sleep_ns(50 * MS);
	thread_register(fd, 0);
	for (o.scope = 0; o.scope < 2; o.scope++) {
		answer_fails(BRICKTRACE_RUN_OPEN, &o,
			     "OPEN: traced, its answer cannot be written");
		for (n = 0; info(fd).armed && n < 100; n++)
			sleep_ns(50 * MS);
		is(info(fd).armed, 0, "and the hooks go away");
	}
	thread_unregister(fd);

	o.level = o.scope = 0;
	for (n = 0; n < BRICKTRACE_MAX_DEPTH; n++)
		open[n] = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				   BRICKTRACE_SCOPE_THREAD);
	settle();
	fails(ELOOP, BRICKTRACE_RUN_OPEN, &o, "OPEN: 33 deep");
	{
		struct bricktrace_run_close c = { .size = sizeof(c), .run = open[30] };

		fails(EBUSY, BRICKTRACE_RUN_CLOSE, &c, "CLOSE: a run around an open run");
		c.run = open[0];
		fails(EBUSY, BRICKTRACE_RUN_CLOSE, &c, "CLOSE: the outermost of 32");
	}
	while (n--) {
		run_close(fd, open[n], run);
		if (run->r.depth != n)
			bail("depth %u, not %u", run->r.depth, n);
	}

	is(limit, 1024, "the limit of open runs");
	n = limit / BRICKTRACE_MAX_DEPTH;
	t = calloc(n, sizeof(*t));
	pthread_barrier_init(&all_open, NULL, n + 1);
	pthread_barrier_init(&all_closed, NULL, n + 1);
	for (i = 0; i < n; i++)
		pthread_create(&t[i], NULL, fill, NULL);
	pthread_barrier_wait(&all_open);
	settle();
	is(before.runs, 1024, "that many can be open");
	fails(EDQUOT, BRICKTRACE_RUN_OPEN, &o, "OPEN: more than the limit");
	pthread_barrier_wait(&all_closed);
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	is(session(fd).runs, 0, "and be closed");
	settle();
	free(t);
	free(run);
}

/* The test's arrays for a result have more and larger elements than necessary. */
#define ROOM	64
#define ELEMENT 256
static struct bricktrace_result *result;
static char *calls;

static struct bricktrace_run_close good_close(u64 number)
{
	return (struct bricktrace_run_close){
		.size = sizeof(struct bricktrace_run_close),
		.run = number,
		.result = ARRAY(result, 1),
		.syscalls = { (uintptr_t)calls, sizeof(struct bricktrace_syscall), ROOM,
			      0, 0 },
	};
}

#define WRONG(error, what, ...)                                         \
	do {                                                            \
		c = good_close(number);                                 \
		__VA_ARGS__;                                            \
		fails(error, BRICKTRACE_RUN_CLOSE, &c, "CLOSE: " what); \
	} while (0)

static void close_wrongly(u64 number)
{
	struct bricktrace_run_close c;

	WRONG(ENOENT, "run 0", c.run = 0);
	WRONG(ENOENT, "a run that does not exist yet", c.run = number + 1);
	WRONG(ENOENT, "run 2^64 - 1", c.run = ~0ULL);
	WRONG(EINVAL, "an array of 4097 calls", c.syscalls.cap = 4097);
	WRONG(EINVAL, "an array of 2^32 - 1 calls", c.syscalls.cap = ~0U);
	WRONG(EINVAL, "an array with elements of size 0", c.syscalls.size = 0);
	WRONG(EINVAL, "calls smaller than in the first version",
	      c.syscalls.size = BRICKTRACE_SYSCALL_SIZE_V0 - 1);
	WRONG(EINVAL, "calls of 4097 bytes", c.syscalls.size = 4097);
	WRONG(EINVAL, "an array at address 0", c.syscalls.addr = 0);
	WRONG(EINVAL, "a result of size 0", c.result.size = 0);
	WRONG(EINVAL, "a result a byte too small",
	      c.result.size = BRICKTRACE_RESULT_SIZE_V0 - 1);
	WRONG(EINVAL, "a result of 4097 bytes", c.result.size = 4097);
	WRONG(EINVAL, "times a byte too small", c.times = c.result;
	      c.times.size = BRICKTRACE_TIMES_SIZE_V0 - 1);
	WRONG(EINVAL, "categories a byte too small", c.categories = c.result;
	      c.categories.size = BRICKTRACE_CATEGORY_FIGURES_SIZE_V0 - 1);
	WRONG(EINVAL, "failed assertions a byte too small", c.failed = c.result;
	      c.failed.size = BRICKTRACE_FAILED_SIZE_V0 - 1);
	WRONG(EINVAL, "an array of 4097 failed assertions", c.failed = c.result;
	      c.failed.cap = 4097);
	WRONG(EINVAL, "ioctls a byte too small", c.ioctls = c.result;
	      c.ioctls.size = BRICKTRACE_IOCTL_SIZE_V0 - 1);
	WRONG(EINVAL, "an array of 4097 ioctls", c.ioctls = c.result; c.ioctls.cap = 4097);
	WRONG(EINVAL, "slow calls a byte too small", c.slow_calls = c.result;
	      c.slow_calls.size = BRICKTRACE_SLOW_CALL_SIZE_V0 - 1);
	WRONG(EINVAL, "an array of 4097 slow calls", c.slow_calls = c.result;
	      c.slow_calls.cap = 4097);
}

#undef WRONG

/* Closes a run with an array at a wrong address: the ioctl fails, but closes the run. */
static void close_nowhere(const char *what, size_t array, const void *addr)
{
	struct bricktrace_run_close c = good_close(run_open(fd, brick, TRACE_THREAD));

	getppid_raw();
	ioctl(-1, 0);
	sleep_ns(2 * MS);
	c.times = c.categories = c.ioctls = c.slow_calls = c.result;
	((struct bricktrace_array *)((char *)&c + array))->addr = (uintptr_t)addr;
	ok(ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) < 0 && errno == EFAULT,
	   "CLOSE: %s: EFAULT", what);
	is(session(fd).runs, 0, "and the run is closed");
}

static void closing(void)
{
	struct bricktrace_run_close c;
	int other = device();
	unsigned int i, n;
	u64 number;

	calls = calloc(ROOM, ELEMENT);
	result = (void *)page;
	thread_register(fd, 0);
	number = run_open(fd, brick, TRACE_THREAD);
	for (i = 0; i < 10; i++)
		getppid_raw();
	close(-1);
	settle();
	close_wrongly(number);
	c = good_close(number);
	ok(ioctl(other, BRICKTRACE_RUN_CLOSE, &c) < 0 && errno == ENOENT,
	   "CLOSE: another session's run: ENOENT");
	close(other);

	/*
	 * The failed calls have not changed the run. A newer caller passes elements that
	 * are larger than this module's.
	 */
	memset(page, 0xee, BIG);
	memset(calls, 0xee, ROOM * ELEMENT);
	c.result.size = BIG;
	c.syscalls.size = ELEMENT;
	ok(!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c),
	   "CLOSE: after all failures the run can be closed");
	is(c.result.known, sizeof(*result), "the answer has the known size of the result");
	is(c.syscalls.known, sizeof(struct bricktrace_syscall),
	   "and the known size of a call");
	for (i = sizeof(*result); i < BIG && !page[i]; i++)
		;
	is(i, BIG, "the tail of the result is zero");
	n = c.syscalls.count;
	ok(result->run == number && result->provenance == BRICKTRACE_MEASURED && n > 2 &&
		   n <= ROOM,
	   "the result has the run's number, is measured and has its calls");
	{
		u64 count = 0, tails = 0, beyond = 0, failed = 0;

		for (i = 0; i < ROOM; i++) {
			const char *at = calls + i * ELEMENT;
			const struct bricktrace_syscall *s = (void *)at;

			for (int k = sizeof(*s); k < ELEMENT; k++)
				tails += i < n ? at[k] != 0 : (at[k] & 0xff) != 0xee;
			if (i >= n)
				beyond += s->nr != 0xeeeeeeee;
			else if (s->view != BRICKTRACE_VIEW_INCLUSIVE)
				continue;
			else if (s->nr == SYS_getppid)
				count += s->figures.count;
			else if (s->nr == SYS_close)
				failed += s->figures.errors;
		}
		is(count, 10, "with the calls from before the failed closings");
		is(failed, 2 - 1, "and their errors, but not that of CLOSE");
		is(tails, 0, "each call is in an element of its own with a zero tail");
		is(beyond, 0, "and nothing is written behind the last call");
	}
	settle();
	fails(ENOENT, BRICKTRACE_RUN_CLOSE, &c, "CLOSE: twice");

	close_nowhere("calls at an unmapped address",
		      offsetof(struct bricktrace_run_close, syscalls), hole);
	close_nowhere("calls that cannot be written",
		      offsetof(struct bricktrace_run_close, syscalls), readonly);
	close_nowhere("the second call is unmapped",
		      offsetof(struct bricktrace_run_close, syscalls),
		      hole - sizeof(struct bricktrace_syscall));
	close_nowhere("calls at a kernel address",
		      offsetof(struct bricktrace_run_close, syscalls), (void *)(1UL << 63));
	close_nowhere("the result is unmapped",
		      offsetof(struct bricktrace_run_close, result), hole);
	close_nowhere("the result is at a kernel address",
		      offsetof(struct bricktrace_run_close, result), (void *)(1UL << 63));
	close_nowhere("the end of the result is unmapped",
		      offsetof(struct bricktrace_run_close, result), hole - 8);
	close_nowhere("the times cannot be written",
		      offsetof(struct bricktrace_run_close, times), readonly);
	close_nowhere("the categories cannot be written",
		      offsetof(struct bricktrace_run_close, categories), readonly);
	close_nowhere("the ioctls cannot be written",
		      offsetof(struct bricktrace_run_close, ioctls), readonly);
	close_nowhere("the slow calls cannot be written",
		      offsetof(struct bricktrace_run_close, slow_calls), readonly);

	/* If the array is too short, the answer has the number of all elements. */
	number = run_open(fd, brick, TRACE_THREAD);
	getppid_raw();
	close(-1);
	syscall(SYS_getuid);
	c = good_close(number);
	c.syscalls.cap = 1;
	memset(calls, 0xee, ROOM * ELEMENT);
	ok(!ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) && c.syscalls.count == 6,
	   "CLOSE: an array of one element for three calls: 6 elements");
	ok((calls[sizeof(struct bricktrace_syscall) - 1] & 0xff) != 0xee &&
		   (calls[sizeof(struct bricktrace_syscall)] & 0xff) == 0xee,
	   "one element is written");
	number = run_open(fd, brick, TRACE_THREAD);
	run_discard(fd, number);
	is(session(fd).runs, 0, "CLOSE: without a result");
	thread_unregister(fd);
	settle();
	free(calls);
}

/* BRICKTRACE_SESSION_*. */
#define ALL_SETTINGS 0x1ff

/* Each setting takes its largest value and no larger one; a SET sets all or nothing. */
static void thresholds(void)
{
	static const struct {
		const char *name;
		uint32_t flag, most;
		size_t offset;
	} settings[] = {
#define SETTING(flag, field, most)                 \
	{ #field, BRICKTRACE_SESSION_##flag, most, \
	  offsetof(struct bricktrace_session, field) }
		SETTING(CV, cv_threshold, BRICKTRACE_MAX_CV),
		SETTING(EFFICIENCY, efficiency_threshold, BRICKTRACE_MAX_EFFICIENCY),
		SETTING(LIMIT, trace_limit, BRICKTRACE_MAX_LIMIT),
		SETTING(OUTLIERS, outliers, BRICKTRACE_MAX_OUTLIERS),
		SETTING(ENABLED, enabled, 1),
	};
	const struct bricktrace_session was = session(fd);
	struct bricktrace_session s, now;
	char what[64];

	settle();
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		uint32_t *value = (void *)((char *)&s + settings[i].offset);

		s = (struct bricktrace_session){ .size = sizeof(s),
						 .flags = settings[i].flag };
		*value = settings[i].most + 1;
		snprintf(what, sizeof(what), "SET: %s above its largest value",
			 settings[i].name);
		fails(ERANGE, BRICKTRACE_SESSION_SET, &s, what);
		/* Another setting of the same call is not set either. */
		s.flags |= BRICKTRACE_SESSION_EDGE;
		s.edge_ps = 5;
		snprintf(what, sizeof(what), "SET: the edge and such a %s",
			 settings[i].name);
		fails(ERANGE, BRICKTRACE_SESSION_SET, &s, what);
		s.flags = settings[i].flag;
		*value = settings[i].most;
		is(-try_set(fd, s), 0, "SET: the largest %s", settings[i].name);
		s = was;
		*value = settings[i].most;
		now = session(fd);
		ok(!memcmp(&s, &now, sizeof(s)), "and no other setting has changed");
		*value = 0;
		s.flags = settings[i].flag;
		is(-try_set(fd, s), 0, "SET: %s 0", settings[i].name);
		s = was;
		*value = 0;
		now = session(fd);
		ok(!memcmp(&s, &now, sizeof(s)), "and no other setting has changed");
		s = was;
		s.flags = settings[i].flag;
		try_set(fd, s);
		settle();
	}
	s = (struct bricktrace_session){ .outliers = BRICKTRACE_OUTLIERS_KEEP };
	s.flags = BRICKTRACE_SESSION_OUTLIERS;
	is(-try_set(fd, s), 0, "SET: no run is left out");
	is(session(fd).outliers, BRICKTRACE_OUTLIERS_KEEP, "and GET says so");
	s = (struct bricktrace_session){ .edge_ps = 1,
					 .cv_threshold = 2,
					 .efficiency_threshold = 3,
					 .trace_limit = 4,
					 .outliers = 5,
					 .enabled = 0,
					 .slow_ns = 6 * MS,
					 .label = "seven",
					 .context = { { 8 }, { 9 }, 10 },
					 .flags = ALL_SETTINGS };
	is(-try_set(fd, s), 0, "SET: all settings at once");
	now = session(fd);
	ok(now.edge_ps == 1 && now.cv_threshold == 2 && now.efficiency_threshold == 3 &&
		   now.trace_limit == 4 && now.outliers == 5 && !now.enabled &&
		   now.slow_ns == 6 * MS && !strcmp(now.label, "seven") &&
		   !memcmp(&now.context, &s.context, sizeof(s.context)),
	   "and GET has all of them");
	s = was;
	s.flags = ALL_SETTINGS;
	is(-try_set(fd, s), 0, "SET: all of them as they were");
	settle();
	ok(!memcmp(&was, &before, sizeof(was)), "and GET says so");
}

static void slow(void)
{
	static const u64 good[] = { 0, BRICKTRACE_MIN_SLOW, ~0ULL, MS },
			 wrong[] = { 1, BRICKTRACE_MIN_SLOW - 1 };
	struct bricktrace_session s = { .size = sizeof(s),
					.flags = BRICKTRACE_SESSION_SLOW };
	char what[64];

	settle();
	for (int i = 0; i < 2; i++) {
		s.slow_ns = wrong[i];
		snprintf(what, sizeof(what), "SET: slow calls of %llu ns", wrong[i]);
		fails(ERANGE, BRICKTRACE_SESSION_SET, &s, what);
	}
	for (int i = 0; i < 4; i++) {
		SET(fd, SLOW, .slow_ns = good[i]);
		is(session(fd).slow_ns, good[i],
		   "SET: slow calls of %llu ns are accepted", good[i]);
	}
	settle();
}

static void labels(void)
{
	static const char *const wrong[] = { "line\nfeed", "\x1b[31mred", "delete\x7f",
					     "\xc2\x9b"
					     "31mred",
					     "Gr\xfc\xdf"
					     "e" };
	static const char *const good[] = {
		"\xc3\xbc \xe2\x82\xac", "",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", ""
	};
	struct bricktrace_session s = { .size = sizeof(s),
					.flags = BRICKTRACE_SESSION_LABEL |
						 BRICKTRACE_SESSION_EDGE,
					.edge_ps = 5 };

	settle();
	memset(s.label, 'x', sizeof(s.label));
	fails(ENAMETOOLONG, BRICKTRACE_SESSION_SET, &s, "SET: a label without its end");
	for (int i = 0; i < 5; i++) {
		char what[64];

		memset(s.label, 0, sizeof(s.label));
		strcpy(s.label, wrong[i]);
		snprintf(what, sizeof(what), "SET: label %d that is not valid", i);
		fails(EINVAL, BRICKTRACE_SESSION_SET, &s, what);
	}
	for (int i = 0; i < 4; i++) {
		s = (struct bricktrace_session){ .flags = BRICKTRACE_SESSION_LABEL };
		/* What is behind the NUL does not count. */
		memset(s.label, '\n', sizeof(s.label));
		strcpy(s.label, good[i]);
		is(-try_set(fd, s), 0, "SET: a label of %zu bytes", strlen(good[i]));
		memset(page, 0, sizeof(s.label));
		strcpy(page, good[i]);
		s = session(fd);
		ok(!memcmp(s.label, page, sizeof(s.label)), "and GET has that one");
	}
	settle();
}

static const struct bricktrace_context none, wrong_contexts[] = {
	{ .flags = 1 },
	{ .trace_id = { [15] = 1 } },
	{ .trace_id = { 1 }, .flags = 1 },
	{ .span_id = { [7] = 1 } },
	{ { 1 }, { 1 }, 256 },
	{ { 1 }, { 1 }, 1ULL << 32 },
	{ { 1 }, { 1 }, ~0ULL },
}, good_contexts[] = {
	{ { 1 }, { 1 }, 0 },
	{ { [15] = 1 }, { [7] = 1 }, 255 },
};

static void contexts(void)
{
	struct bricktrace_session s = { .size = sizeof(s),
					.flags = BRICKTRACE_SESSION_CONTEXT |
						 BRICKTRACE_SESSION_EDGE,
					.edge_ps = 5 };
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .brick = brick,
					 .flags = BRICKTRACE_RUN_CONTEXT };
	char what[64];

	settle();
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: a context that is all zero");
	for (size_t i = 0; i < sizeof(wrong_contexts) / sizeof(wrong_contexts[0]); i++) {
		s.context = o.context = wrong_contexts[i];
		snprintf(what, sizeof(what), "SET: context %zu that is not valid", i);
		fails(EINVAL, BRICKTRACE_SESSION_SET, &s, what);
		snprintf(what, sizeof(what), "OPEN: context %zu that is not valid", i);
		fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, what);
		/* Without its flag a context is not looked at. */
		o.flags = 0;
		run_discard(fd, run_request(fd, o).run);
		o.flags = BRICKTRACE_RUN_CONTEXT;
		settle();
	}
	for (int i = 0; i < 2; i++) {
		o.context = good_contexts[i];
		o = run_request(fd, o);
		run_discard(fd, o.run);
		ok(!memcmp(&o.context, &good_contexts[i], sizeof(none)),
		   "OPEN: a context is accepted, and unchanged without RUN_IDS");
		SET(fd, CONTEXT, .context = good_contexts[i]);
		s = session(fd);
		ok(!memcmp(&s.context, &good_contexts[i], sizeof(none)),
		   "SET: a context is accepted");
	}
	SET(fd, CONTEXT, .context = none);
	s = session(fd);
	ok(!memcmp(&s.context, &none, sizeof(none)), "SET: no context is accepted");
	o.size = BRICKTRACE_RUN_OPEN_SIZE_V1;
	settle();
	fails(EINVAL, BRICKTRACE_RUN_OPEN, &o, "OPEN: a context beyond the structure");
}

static void settings(void)
{
	struct bricktrace_session s = { .size = sizeof(s),
					.flags = BRICKTRACE_SESSION_EDGE };

	set_edge(fd, 123456);
	settle();
	is(before.edge_ps, 123456, "SET: the edge is kept");
	s.edge_ps = BRICKTRACE_MAX_EDGE_PS + 1;
	fails(ERANGE, BRICKTRACE_SESSION_SET, &s, "SET: an edge above 1 ms");
	s.edge_ps = BRICKTRACE_NONE - 1;
	fails(ERANGE, BRICKTRACE_SESSION_SET, &s, "SET: an edge of 2^64 - 2");
	s.flags = 0;
	s.edge_ps = 5;
	ok(!ioctl(fd, BRICKTRACE_SESSION_SET, &s) && unchanged(),
	   "SET: without a flag nothing is set");
	set_edge(fd, BRICKTRACE_MAX_EDGE_PS);
	is(session(fd).edge_ps, BRICKTRACE_MAX_EDGE_PS, "SET: 1 ms is accepted");
	set_edge(fd, BRICKTRACE_NONE);
	is(session(fd).edge_ps, BRICKTRACE_NONE, "SET: unknown is accepted");
	is(session(fd).max_depth, BRICKTRACE_MAX_DEPTH, "GET: the limit of depth");
	slow();
	labels();
	contexts();
	thresholds();
	{
		int other = device();
		struct bricktrace_session fresh = session(other);

		ok(fresh.edge_ps == BRICKTRACE_NONE && !fresh.threads && !fresh.bricks &&
			   !fresh.runs && !fresh.runs_opened && !fresh.threads_lost,
		   "GET: a new session is empty");
		ok(fresh.cv_threshold == 15000 && fresh.efficiency_threshold == 25000 &&
			   fresh.trace_limit == 100 && fresh.outliers == 1500 &&
			   fresh.enabled == 1 && !fresh.escalated && !fresh.granted &&
			   !fresh.refused && fresh.slow_ns == MS && !fresh.label[0] &&
			   !memcmp(&fresh.context, &none, sizeof(none)),
		   "GET: a new session has the documented settings");
		ok(fresh.id > session(fd).id, "GET: a new session has a new number");
		close(other);
	}
	settle();
}

int main(void)
{
	struct bricktrace_info i;
	char *map = mmap(NULL, 4 * BIG, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		bail("mmap");
	/* Two pages, which a structure may straddle, then a hole, then a page. */
	munmap(map + 2 * BIG, BIG);
	page = map;
	hole = map + 2 * BIG;
	readonly = map + 3 * BIG;
	fd = device();
	i = info(fd);
	ok(i.size == sizeof(i) && i.abi_version == BRICKTRACE_ABI_VERSION &&
		   i.armed <= 1 && i.slots >= 32 && !i.reserved && !i.threads_lost,
	   "INFO: the module's version and state are valid");
	brick = brick_define(fd, "abi", 0);
	is(brick, 1, "the first brick is 1");
	settle();
	common();
	answers();
	numbers();
	threads();
	settings();
	closing();
	runs();
	bricks();
	return done();
}
