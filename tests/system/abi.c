// SPDX-License-Identifier: MIT
/*
 * Wrong input to every ioctl: each gives the error that the ABI's header
 * documents, and changes nothing. What is allowed at the edges works.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include "bt.h"

#define UNKNOWN_FLAG (1U << 31)
#define BIG	     4096

static int fd;
static uint32_t brick;
static char *page, *hole; /* a page, and where the one behind it is missing */
static char *readonly;	  /* a page that cannot be written */
static struct bricktrace_session before;
static u64 arms;

/* The session's counters, as of the last time that all was well. */
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

/* Each structure in turn: all that the ioctls have in common. */

static const struct {
	unsigned long cmd;
	const char *name;
	unsigned int v0;       /* size of the first version */
	unsigned int size;     /* and of this one */
	unsigned int reserved; /* offset of the reserved word that is "in" */
	unsigned int flags;    /* known */
	bool out;	       /* writes to it */
} ioctls[] = {
	{ BRICKTRACE_INFO, "INFO", BRICKTRACE_INFO_SIZE_V0, BRICKTRACE_INFO_SIZE_V1, 0, 0,
	  true },
	{ BRICKTRACE_THREAD_REGISTER, "REGISTER", BRICKTRACE_THREAD_SIZE_V0,
	  BRICKTRACE_THREAD_SIZE_V0, 0,
	  BRICKTRACE_INHERIT_THREADS | BRICKTRACE_INHERIT_CHILDREN | BRICKTRACE_PROCESS,
	  true },
	/* Written to as well, but only if there is anything to unregister. */
	{ BRICKTRACE_THREAD_UNREGISTER, "UNREGISTER", BRICKTRACE_THREAD_SIZE_V0,
	  BRICKTRACE_THREAD_SIZE_V0, 0, 0, false },
	{ BRICKTRACE_BRICK_DEFINE, "DEFINE", BRICKTRACE_BRICK_SIZE_V0,
	  BRICKTRACE_BRICK_SIZE_V0, offsetof(struct bricktrace_brick, reserved), 0, true },
	{ BRICKTRACE_RUN_OPEN, "OPEN", BRICKTRACE_OPEN_SIZE_V0, BRICKTRACE_OPEN_SIZE_V0,
	  offsetof(struct bricktrace_open, reserved), 0, true },
	{ BRICKTRACE_RUN_CLOSE, "CLOSE", BRICKTRACE_CLOSE_SIZE_V0,
	  BRICKTRACE_CLOSE_SIZE_V0, 0, 0, false },
	{ BRICKTRACE_SESSION_GET, "GET", BRICKTRACE_SESSION_SIZE_V0,
	  BRICKTRACE_SESSION_SIZE_V0, offsetof(struct bricktrace_session, reserved), 0,
	  true },
	{ BRICKTRACE_SESSION_SET, "SET", BRICKTRACE_SESSION_SIZE_V0,
	  BRICKTRACE_SESSION_SIZE_V0, offsetof(struct bricktrace_session, reserved),
	  BRICKTRACE_SET_EDGE, false },
};
#define IOCTLS ((int)(sizeof(ioctls) / sizeof(ioctls[0])))

/*
 * An argument that would succeed, in @to. A measured run is open for CLOSE.
 * Unregistering may succeed only if the thread is registered: it is not.
 */
static u64 victim;

static void valid(int i, void *to, unsigned int size)
{
	struct bricktrace_brick b = { .budget_ns = 7, .name = "valid" };
	struct bricktrace_open o = { .brick = brick };
	struct bricktrace_close c = { .run = victim };

	memset(to, 0, size);
	if (ioctls[i].cmd == BRICKTRACE_BRICK_DEFINE)
		memcpy(to, &b, sizeof(b));
	else if (ioctls[i].cmd == BRICKTRACE_RUN_OPEN)
		memcpy(to, &o, sizeof(o));
	else if (ioctls[i].cmd == BRICKTRACE_RUN_CLOSE)
		memcpy(to, &c, sizeof(c));
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
		if (ioctls[i].out) {
			mprotect(readonly, BIG, PROT_READ | PROT_WRITE);
			valid(i, readonly, size);
			mprotect(readonly, BIG, PROT_READ);
			fails(EFAULT, cmd, readonly, label(i, "it cannot be written"));
		}
	}
	run_close(fd, victim, run_new());

	/* Larger with a zero tail is what a newer caller passes. */
	thread_register(fd, 0);
	for (int i = 0; i < IOCTLS; i++) {
		bool last = ioctls[i].cmd == BRICKTRACE_RUN_CLOSE;

		/* UNREGISTER comes before what needs no thread, and after REGISTER. */
		if (ioctls[i].cmd == BRICKTRACE_THREAD_REGISTER)
			thread_unregister(fd);
		if (last)
			victim = session(fd).runs_opened;
		valid(i, buf, BIG);
		ok(!ioctl(fd, ioctls[i].cmd, buf),
		   "%s: size 4096 with a zero tail is accepted", ioctls[i].name);
		for (unsigned int k = ioctls[i].size; k < BIG; k++)
			if (buf[k])
				bail("%s: byte %u of the tail was written",
				     ioctls[i].name, k);
	}
	/* An older caller's INFO is written no further than it knows. */
	valid(0, buf, BRICKTRACE_INFO_SIZE_V0);
	memset(buf + BRICKTRACE_INFO_SIZE_V0, 0xee, 8);
	ok(!ioctl(fd, BRICKTRACE_INFO, buf) && !((struct bricktrace_info *)buf)->reserved &&
		   (unsigned char)buf[BRICKTRACE_INFO_SIZE_V0] == 0xee,
	   "INFO: the first version's size is accepted, and nothing behind it written");
	is(session(fd).runs, 0, "what was opened that way is closed that way");
	is(session(fd).threads, 0, "what was registered is unregistered");
	is(session(fd).bricks, 2, "and the brick is there");
	settle();
}

static void numbers(void)
{
	static const unsigned long wrong[] = {
		_IO(BRICKTRACE_IOC, 0x80),
		_IO(BRICKTRACE_IOC, 0xff),
		_IO(BRICKTRACE_IOC + 1, 0),
		_IO(0, 0),
		_IOWR(BRICKTRACE_IOC, 0, struct bricktrace_info),
		_IOW(BRICKTRACE_IOC, 4, struct bricktrace_open),
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
	struct bricktrace_brick b = { .size = sizeof(b) };
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
	strcpy(name, "budget");
	b.budget_ns = BRICKTRACE_MAX_BUDGET + 1;
	fails(ERANGE, BRICKTRACE_BRICK_DEFINE, &b, "DEFINE: a budget above 2^62");
	b.budget_ns = ~0ULL;
	fails(ERANGE, BRICKTRACE_BRICK_DEFINE, &b,
	      "DEFINE: the largest number as a budget");

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
	   "DEFINE: a name again keeps its number");
	number = run_open(fd, first, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	brick_define(fd, "\xc3\xbc \xe2\x82\xac", S);
	settle();
	/* A failed one leaves the budget too. */
	mprotect(readonly, BIG, PROT_READ | PROT_WRITE);
	memcpy(readonly,
	       &(struct bricktrace_brick){ .size = sizeof(b),
					   .budget_ns = 99,
					   .name = "\xc3\xbc \xe2\x82\xac" },
	       sizeof(b));
	mprotect(readonly, BIG, PROT_READ);
	fails(EFAULT, BRICKTRACE_BRICK_DEFINE, readonly,
	      "DEFINE: again, cannot be written");
	run_close(fd, number, run);
	ok(run->r.budget_ns == 6 && run->r.flags & BRICKTRACE_RESULT_OVER_BUDGET,
	   "a run keeps the budget that it was opened with");
	number = run_open(fd, first, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	run_close(fd, number, run);
	ok(run->r.budget_ns == S && !(run->r.flags & BRICKTRACE_RESULT_OVER_BUDGET),
	   "the next one has the new budget, not the one of the failed call");
	is(run->r.brick, first, "and is of that brick");

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
	t.flags = BRICKTRACE_PROCESS;
	fails(ESRCH, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: nobody of the process");
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
	t.flags = BRICKTRACE_PROCESS;
	fails(EPERM, BRICKTRACE_THREAD_REGISTER, &t,
	      "REGISTER: a kernel thread as a process");
	t.flags = 0;
	t.tid = 0;
	thread_register(fd, 0);
	settle();
	fails(EEXIST, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: twice");
	t.flags = BRICKTRACE_INHERIT_THREADS;
	fails(EEXIST, BRICKTRACE_THREAD_REGISTER, &t, "REGISTER: twice, other flags");
	t.flags = 0;
	t.flags = BRICKTRACE_PROCESS;
	fails(EEXIST, BRICKTRACE_THREAD_REGISTER, &t,
	      "REGISTER: the process, each is registered");
	t.flags = 0;
	mprotect(readonly, BIG, PROT_READ | PROT_WRITE);
	memcpy(readonly, &t, sizeof(t));
	mprotect(readonly, BIG, PROT_READ);
	fails(EFAULT, BRICKTRACE_THREAD_UNREGISTER, readonly,
	      "UNREGISTER: it cannot be written");
	number = run_open(fd, brick, TRACE_THREAD);
	settle();
	fails(EBUSY, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: its run is open");
	run_close(fd, number, run_new());
	thread_unregister(fd);
	settle();
	fails(ESRCH, BRICKTRACE_THREAD_UNREGISTER, &t, "UNREGISTER: twice");
}

static pthread_barrier_t all_open, all_closed;

/* As deep as it goes; the results say how deep that was. */
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
		struct bricktrace_close c = { .size = sizeof(c), .run = runs[i] };

		if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
			bail("RUN_CLOSE");
	}
	return NULL;
}

static void runs(void)
{
	struct bricktrace_open o = { .size = sizeof(o), .brick = brick };
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
	o.level = 2;
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
	fails(ESRCH, BRICKTRACE_RUN_OPEN, &o, "OPEN: traced, nobody is registered");

	/* A traced run that cannot be told of leaves no hooks behind. */
	while (info(fd).armed)
		sleep_ns(50 * MS);
	thread_register(fd, 0);
	for (i = 0; i < 2; i++) {
		o.scope = i;
		mprotect(readonly, BIG, PROT_READ | PROT_WRITE);
		memcpy(readonly, &o, sizeof(o));
		mprotect(readonly, BIG, PROT_READ);
		before = session(fd);
		ok(ioctl(fd, BRICKTRACE_RUN_OPEN, readonly) < 0 && errno == EFAULT,
		   "OPEN: traced, scope %u, cannot be written: EFAULT", i);
		ok(!memcmp(&before, &(struct bricktrace_session[]){ session(fd) }[0],
			   sizeof(before)),
		   "and nothing is open");
		for (n = 0; info(fd).armed && n < 100; n++)
			sleep_ns(50 * MS);
		is(info(fd).armed, 0, "and the hooks go away");
	}
	thread_unregister(fd);

	/* Depth: 32 inside each other. */
	o.level = o.scope = 0;
	for (n = 0; n < BRICKTRACE_MAX_DEPTH; n++)
		open[n] = run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
				   BRICKTRACE_SCOPE_THREAD);
	settle();
	fails(ELOOP, BRICKTRACE_RUN_OPEN, &o, "OPEN: 33 deep");
	{
		struct bricktrace_close c = { .size = sizeof(c), .run = open[30] };

		fails(EBUSY, BRICKTRACE_RUN_CLOSE, &c, "CLOSE: around an open one");
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

static void closing(void)
{
	struct bricktrace_close good = { .size = sizeof(good) }, c;
	struct bricktrace_result *r = (void *)page;
	struct bricktrace_syscall *calls;
	int other = device();
	unsigned int i;
	u64 number;

	calls = calloc(64, 256);
	thread_register(fd, 0);
	number = run_open(fd, brick, TRACE_THREAD);
	for (i = 0; i < 10; i++)
		getppid_raw();
	close(-1);
	settle();
	r->size = sizeof(*r);
	good.run = number;
	good.result = (uintptr_t)r;
	good.syscalls = (uintptr_t)calls;
	good.syscalls_cap = 64;
	good.syscall_size = sizeof(*calls);
#define WRONG(error, what, ...)                                         \
	do {                                                            \
		c = good;                                               \
		__VA_ARGS__;                                            \
		fails(error, BRICKTRACE_RUN_CLOSE, &c, "CLOSE: " what); \
		r->size = sizeof(*r);                                   \
	} while (0)
	WRONG(ENOENT, "run 0", c.run = 0);
	WRONG(ENOENT, "a run to come", c.run = number + 1);
	WRONG(ENOENT, "run 2^64 - 1", c.run = ~0ULL);
	WRONG(EINVAL, "room for 4097 calls", c.syscalls_cap = 4097);
	WRONG(EINVAL, "room for 2^32 - 1 calls", c.syscalls_cap = ~0U);
	WRONG(EINVAL, "room without a size of each", c.syscall_size = 0);
	WRONG(EINVAL, "a size of each without room", c.syscalls_cap = 0);
	WRONG(EINVAL, "calls smaller than the first version",
	      c.syscall_size = sizeof(*calls) - 1);
	WRONG(EINVAL, "calls of 4097 bytes", c.syscall_size = 4097);
	WRONG(EINVAL, "room at no address", c.syscalls = 0);
	WRONG(EFAULT, "calls at an unmapped address", c.syscalls = (uintptr_t)hole);
	WRONG(EFAULT, "calls that cannot be written", c.syscalls = (uintptr_t)readonly);
	WRONG(EFAULT, "the second call is unmapped",
	      c.syscalls = (uintptr_t)hole - sizeof(*calls));
	WRONG(EFAULT, "calls at a kernel address", c.syscalls = 1ULL << 63);
	WRONG(EFAULT, "the result is unmapped", c.result = (uintptr_t)hole);
	WRONG(EFAULT, "the result is at a kernel address", c.result = 1ULL << 63);
	WRONG(EINVAL, "a result of size 0", r->size = 0);
	WRONG(EINVAL, "a result a byte too small", r->size = BRICKTRACE_RESULT_SIZE_V0 - 1);
	WRONG(EINVAL, "a result of 4097 bytes", r->size = 4097);
	mprotect(readonly, BIG, PROT_READ | PROT_WRITE);
	((struct bricktrace_result *)readonly)->size = sizeof(*r);
	mprotect(readonly, BIG, PROT_READ);
	WRONG(EFAULT, "a result that cannot be written", c.result = (uintptr_t)readonly);
	memcpy(hole - sizeof(*r) + 8, r, sizeof(*r) - 8);
	WRONG(EFAULT, "the end of the result is unmapped",
	      ((struct bricktrace_result *)(hole - sizeof(*r) + 8))->size = sizeof(*r);
	      c.result = (uintptr_t)(hole - sizeof(*r) + 8));
#undef WRONG
	ok(ioctl(other, BRICKTRACE_RUN_CLOSE, &good) < 0 && errno == ENOENT,
	   "CLOSE: another session's run: ENOENT");
	close(other);

	/* After all of this it is as it was. Larger structures are for newer callers. */
	memset(page, 0xee, BIG);
	memset(calls, 0xee, 64 * 256);
	r->size = BIG;
	good.syscall_size = 256;
	ok(!ioctl(fd, BRICKTRACE_RUN_CLOSE, &good), "CLOSE: then it is closed");
	is(r->size, sizeof(*r), "the result says how much was written");
	for (i = sizeof(*r); i < BIG && !page[i]; i++)
		;
	is(i, BIG, "and its tail is zero");
	ok(r->run == number && r->provenance == BRICKTRACE_MEASURED && r->syscalls > 1 &&
		   r->syscalls <= 64,
	   "it is the whole run");
	{
		u64 count = 0, tails = 0, beyond = 0, failed = 0;

		for (i = 0; i < 64; i++) {
			const char *at = (char *)calls + i * 256;
			const struct bricktrace_syscall *s = (void *)at;

			for (int k = sizeof(*s); k < 256; k++)
				tails += i < r->syscalls ? at[k] != 0 :
							   (at[k] & 0xff) != 0xee;
			if (i >= r->syscalls)
				beyond += s->nr != 0xeeeeeeee;
			else if (s->nr == SYS_getppid)
				count += s->all.count;
			else if (s->nr == SYS_close)
				failed += s->all.errors;
		}
		is(count, 10, "with the calls from before the failed closings");
		is(failed, 2 - 1, "and their errors, and not its own");
		is(tails, 0, "each call has its own place and a zero tail");
		is(beyond, 0, "and nothing is written behind the last");
	}
	settle();
	fails(ENOENT, BRICKTRACE_RUN_CLOSE, &good, "CLOSE: twice");

	/* Less room than calls: the rest is in the categories only. */
	number = run_open(fd, brick, TRACE_THREAD);
	getppid_raw();
	close(-1);
	syscall(SYS_getuid);
	good.run = number;
	good.syscalls_cap = 1;
	memset(calls, 0xee, 64 * 256);
	r->size = BRICKTRACE_RESULT_SIZE_V0;
	ok(!ioctl(fd, BRICKTRACE_RUN_CLOSE, &good) && r->syscalls == 3 &&
		   r->category[BRICKTRACE_CAT_OTHER].count == 3,
	   "CLOSE: room for one of three calls");
	is(((unsigned char *)calls)[256], 0xee, "one is written");
	number = run_open(fd, brick, TRACE_THREAD);
	ok(!ioctl(fd, BRICKTRACE_RUN_CLOSE,
		  &(struct bricktrace_close){ .size = sizeof(c), .run = number }),
	   "CLOSE: without a result");
	thread_unregister(fd);
	settle();
	free(calls);
}

static void settings(void)
{
	struct bricktrace_session s = { .size = sizeof(s), .flags = BRICKTRACE_SET_EDGE };

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
	/* An unregistered thread has its counters from zero on each file. */
	{
		int other = device();
		struct bricktrace_session fresh = session(other);

		ok(fresh.edge_ps == BRICKTRACE_NONE && !fresh.threads && !fresh.bricks &&
			   !fresh.runs && !fresh.runs_opened && !fresh.threads_lost,
		   "GET: a new session is empty");
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
	/* Two pages, so that a structure may straddle; then nothing; then one. */
	munmap(map + 2 * BIG, BIG);
	page = map;
	hole = map + 2 * BIG;
	readonly = map + 3 * BIG;
	fd = device();
	i = info(fd);
	ok(i.size == sizeof(i) && i.abi_version == BRICKTRACE_ABI_VERSION &&
		   i.armed <= 1 && i.slots >= 32 && !i.reserved && !i.threads_lost,
	   "INFO: the module's own words");
	brick = brick_define(fd, "abi", 0);
	is(brick, 1, "the first brick is 1");
	settle();
	common();
	numbers();
	threads();
	settings();
	closing();
	runs();
	bricks();
	return done(245);
}
