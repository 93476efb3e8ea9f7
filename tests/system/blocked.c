// SPDX-License-Identifier: MIT
/*
 * A thread sleeps inside each ioctl on a slow page: while the ioctl reads its argument,
 * while it writes its answer, and in each array that it reads or writes. Meanwhile all
 * other threads can use the same session, and each command of netlink is answered at once,
 * those of other families too. An ioctl has had its effect before it writes its answer.
 */
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include "netlink.h"
#include "slowpage.h"
#include "test.h"

/* The test is killed if it waits for the sleeper for longer, in seconds. */
#define PATIENCE 60

static struct run *run, *inner;
static struct brick state, meanwhile;
/* The brick has run, and each of its runs fails this assertion. */
static const struct bricktrace_assertion fails = { .kind = BRICKTRACE_ASSERT_DURATION,
						   .name = "fails" };
static pid_t target;  /* a process for the sleeper to follow */
static pid_t another; /* a process for the other threads to follow */
static char *page;
static atomic_int sleeper_ret;
static u64 number; /* the run that the sleeper closes */

/* An ioctl for the sleeper, and the effect that the session shows once it is done. */
struct op {
	const char *name;
	unsigned long cmd;
	void (*prepare)(void *args);
	bool (*is_done)(const struct bricktrace_session *before);
};

static void info_args(void *args)
{
	*(struct bricktrace_info *)args =
		(struct bricktrace_info){ .size = sizeof(struct bricktrace_info) };
}

static void thread_args(void *args)
{
	*(struct bricktrace_thread *)args =
		(struct bricktrace_thread){ .size = sizeof(struct bricktrace_thread),
					    .tid = target };
}

static void unregister_args(void *args)
{
	register_tid(target, 0);
	thread_args(args);
}

static void define_args(void *args)
{
	static int n;
	struct bricktrace_brick_define b = { .size = sizeof(b) };

	snprintf(b.name, sizeof(b.name), "brick %d", n++);
	*(struct bricktrace_brick_define *)args = b;
}

static void open_args(void *args)
{
	*(struct bricktrace_run_open *)args = (struct bricktrace_run_open){
		.size = sizeof(struct bricktrace_run_open),
		.brick = brick,
		.level = BRICKTRACE_LEVEL_TRACE,
		.scope = BRICKTRACE_SCOPE_SESSION,
	};
}

static void close_args_of(void *args)
{
	number = run_open(fd, brick, TRACE_SESSION);
	getppid_raw();
	ioctl(-1, 0);
	sleep_ns(2 * MS);
	*(struct bricktrace_run_close *)args = close_args(number, inner);
}

static void get_args(void *args)
{
	*(struct bricktrace_session *)args =
		(struct bricktrace_session){ .size = sizeof(struct bricktrace_session) };
}

static void set_args(void *args)
{
	*(struct bricktrace_session *)args = (struct bricktrace_session){
		.size = sizeof(struct bricktrace_session),
		.flags = BRICKTRACE_SESSION_EDGE,
		.edge_ps = 4711,
	};
}

static void brick_get_args(void *args)
{
	*(struct bricktrace_brick_get *)args = brick_args(brick, &state);
}

static void reset_args(void *args)
{
	run_discard(fd, run_open(fd, brick, TRACE_THREAD));
	run_discard(fd, run_open(fd, brick, TRACE_THREAD));
	*(struct bricktrace_brick_reset *)args = (struct bricktrace_brick_reset){
		.size = sizeof(struct bricktrace_brick_reset),
		.brick = brick,
	};
}

static bool anything(const struct bricktrace_session *before)
{
	return before->size;
}

static bool one_more_thread(const struct bricktrace_session *before)
{
	return threads_become(before->threads + 1) == before->threads + 1;
}

static bool one_thread_less(const struct bricktrace_session *before)
{
	return threads_become(before->threads - 1) == before->threads - 1;
}

static bool one_more_brick(const struct bricktrace_session *before)
{
	return session(fd).bricks == before->bricks + 1;
}

static bool one_more_run(const struct bricktrace_session *before)
{
	return session(fd).runs == before->runs + 1;
}

static bool one_run_less(const struct bricktrace_session *before)
{
	return session(fd).runs == before->runs - 1;
}

static bool edge_is_set(const struct bricktrace_session *before)
{
	return before->edge_ps != 4711 && session(fd).edge_ps == 4711;
}

/* The other threads run the brick once meanwhile. */
static bool is_reset(const struct bricktrace_session *before)
{
	static struct brick now;

	brick_get(fd, brick, &now);
	return before->size && now.s.runs <= 1;
}

static const struct op ops[] = {
	{ "INFO", BRICKTRACE_INFO, info_args, anything },
	{ "THREAD_REGISTER", BRICKTRACE_THREAD_REGISTER, thread_args, one_more_thread },
	{ "THREAD_UNREGISTER", BRICKTRACE_THREAD_UNREGISTER, unregister_args,
	  one_thread_less },
	{ "BRICK_DEFINE", BRICKTRACE_BRICK_DEFINE, define_args, one_more_brick },
	{ "RUN_OPEN", BRICKTRACE_RUN_OPEN, open_args, one_more_run },
	{ "RUN_CLOSE", BRICKTRACE_RUN_CLOSE, close_args_of, one_run_less },
	{ "SESSION_GET", BRICKTRACE_SESSION_GET, get_args, anything },
	{ "SESSION_SET", BRICKTRACE_SESSION_SET, set_args, edge_is_set },
	{ "BRICK_GET", BRICKTRACE_BRICK_GET, brick_get_args, anything },
	{ "BRICK_RESET", BRICKTRACE_BRICK_RESET, reset_args, is_reset },
};
#define OPS ((int)(sizeof(ops) / sizeof(ops[0])))

static unsigned long cmd;
static void *args;

static void *sleeper(void *unused)
{
	sleeper_ret = ioctl(fd, cmd, args) ? errno : 0;
	return unused;
}

static void nothing(void)
{
}

static struct netlink_reply reply;
static u64 asked, slowest;

static void answered(const char *command, int err, unsigned int least)
{
	u64 ns = now() - asked;

	if (err || reply.messages < least)
		bail("%s: %d, %u messages", command, err, reply.messages);
	if (ns > slowest)
		slowest = ns;
	if (ns > S)
		printf("# %s took %llu ms\n", command, ns / MS);
	asked = now();
}

/* Makes a command, which @least messages answer, and keeps the longest time. */
#define ANSWERED(s, command, least, ...) \
	answered(#command, NETLINK(s, command, &reply, ##__VA_ARGS__), least)

/* What the operator asks of the session in which the sleeper sleeps. */
static void use_as_operator(int s)
{
	const u64 id = session(fd).id;
	const uint32_t number = brick_define(fd, "meanwhile", 1);

	asked = now();
	ANSWERED(s, STATUS_GET, 1);
	ANSWERED(s, CONFIG_GET, 1);
	ANSWERED(s, CONFIG_SET, 0, U32(CONFIG_DECODE, 1));
	ANSWERED(s, USER_GET, 1);
	ANSWERED(s, SESSION_GET, 1, U64(SESSION_ID, id));
	ANSWERED(s, THREAD_GET, 1, U64(THREAD_SESSION, id));
	ANSWERED(s, BRICK_GET, 2, U64(BRICK_SESSION, id), FLAG(BRICK_BOOKS));
	ANSWERED(s, BRICK_RESET, 0, U64(BRICK_SESSION, id), U32(BRICK_BRICK, number));
}

static void use_by_netlink(int s)
{
	u64 id;

	asked = now();
	ANSWERED(s, SESSION_OPEN, 1);
	id = netlink_number(&reply, BRICKTRACE_A_SESSION_ID);
	ANSWERED(s, SESSION_SET, 0, TEXT(SESSION_LABEL, "meanwhile"));
	ANSWERED(s, THREAD_REGISTER, 1, U32(THREAD_TID, another));
	ANSWERED(s, BRICK_DEFINE, 1, TEXT(BRICK_NAME, "meanwhile"),
		 U64(BRICK_BUDGET_NS, 1));
	ANSWERED(s, RUN_OPEN, 1, U32(RUN_BRICK, 1), U32(RUN_LEVEL, BRICKTRACE_LEVEL_TRACE),
		 U32(RUN_SCOPE, BRICKTRACE_SCOPE_SESSION));
	ANSWERED(s, RUN_CLOSE, 1,
		 U64(RUN_RUN, netlink_number(&reply, BRICKTRACE_A_RUN_RUN)));
	ANSWERED(s, THREAD_UNREGISTER, 1, U32(THREAD_TID, another));
	ANSWERED(s, BRICK_RESET, 0, U32(BRICK_BRICK, 1));
	ANSWERED(s, SESSION_DETACH, 0, U64(SESSION_ID, id));
}

/* What `ip link` asks. */
static void use_other_families(int s)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} links = { .header = { .nlmsg_len = sizeof(links),
				.nlmsg_type = RTM_GETLINK,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	int route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	asked = now();
	netlink_family(s);
	answered("CTRL_CMD_GETFAMILY", 0, 0);
	netlink_send(route, &links.header);
	answered("RTM_GETLINK", netlink_receive(route, &reply), 1);
	close(route);
}

static void netlink_meanwhile(const char *what)
{
	int s = netlink_open();

	slowest = 0;
	use_as_operator(s);
	use_by_netlink(s);
	use_other_families(s);
	close(s);
	ok(slowest < S, "%s: netlink answers at once", what);
}

/* Makes every ioctl in this session and another one, and creates and ends a thread. */
static void use_meanwhile(const char *what)
{
	int other = device();
	bool good;
	u64 mine;

	info(fd);
	session(fd);
	brick_reset(fd, brick_define(fd, "meanwhile", 1));
	brick_get(fd, brick, &meanwhile);
	register_tid(another, 0);
	/* This run is opened last, so it is inside a run that the sleeper has opened. */
	mine = run_open(fd, brick, TRACE_SESSION);
	wait_for(child_of(nothing));
	getppid_raw();
	run_close(fd, mine, run);
	good = consistent(run) && count_of(run, SYS_getppid) == 1;
	unregister_tid(another);
	thread_register(other, 0);
	mine = run_open(other, brick_define(other, "elsewhere", 1), TRACE_THREAD);
	getppid_raw();
	run_close(other, mine, run);
	good &= consistent(run) && count_of(run, SYS_getppid) == 1;
	close(other);
	ok(good, "%s: other threads can use the module", what);
}

/* The sleeper sleeps on @slow, the page of its argument, its answer or an array. */
static void blocked(const struct op *op, const char *what, void *slow, bool missing,
		    void *contents, const struct bricktrace_session *before)
{
	pthread_t t;

	alarm(PATIENCE);
	slow_page(slow, missing);
	cmd = op->cmd;
	if (pthread_create(&t, NULL, sleeper, NULL))
		bail("pthread_create");
	slow_wait();
	use_meanwhile(what);
	netlink_meanwhile(what);
	if (!contents)
		ok(op->is_done(before), "%s: the ioctl has had its effect", what);
	slow_serve(slow, contents);
	pthread_join(t, NULL);
	alarm(0);
	is(sleeper_ret, 0, "%s: the ioctl succeeds in the end", what);
}

/* The session's counters before the ioctl, with the sleeper, which it follows too. */
static struct bricktrace_session counters(const struct op *op)
{
	struct bricktrace_session s;

	/* The previous sleeper may still be leaving the session. */
	threads_become(op->cmd == BRICKTRACE_THREAD_UNREGISTER ? 2 : 1);
	s = session(fd);
	s.threads++;
	return s;
}

static void settle(const struct op *op)
{
	if (op->cmd == BRICKTRACE_THREAD_REGISTER)
		unregister_tid(target);
	else if (op->cmd == BRICKTRACE_RUN_OPEN)
		run_close(fd, ((struct bricktrace_run_open *)page)->run, run);
	set_edge(fd, BRICKTRACE_NONE);
}

static char *slow_array(void)
{
	char *slow = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	if (slow == MAP_FAILED)
		bail("mmap");
	return slow;
}

/* The array at this offset of the argument lies on a slow page. */
static void output_array(const struct op *op, const char *name, size_t offset)
{
	struct bricktrace_session before;
	struct bricktrace_array *a;
	u64 *slow = (void *)slow_array();
	char what[64];

	snprintf(what, sizeof(what), "%s, %s", op->name, name);
	op->prepare(page);
	a = (void *)(page + offset);
	a->addr = (uintptr_t)slow;
	a->cap = 4096 / a->size;
	memset(slow, 0xee, 4096);
	args = page;
	before = counters(op);
	blocked(op, what, slow, false, NULL, &before);
	ok(a->count && *slow != 0xeeeeeeeeeeeeeeee, "%s: the array is written", what);
}

/* On a busy host, another run may take longer than the one that has slept. */
static void make_slow_call_of_longest(void)
{
	brick_get(fd, brick, &state);
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(state.longest.wall_ns + 2 * MS);
	run_discard(fd, number);
}

static void output_arrays(void)
{
#define CLOSE_ARRAY(field) offsetof(struct bricktrace_run_close, field)
#define GET_ARRAY(field)   offsetof(struct bricktrace_brick_get, field)
	const struct op *close_op = &ops[5], *get_op = &ops[8];

	output_array(close_op, "the result", CLOSE_ARRAY(result));
	output_array(close_op, "the times", CLOSE_ARRAY(times));
	output_array(close_op, "the categories", CLOSE_ARRAY(categories));
	output_array(close_op, "the system calls", CLOSE_ARRAY(syscalls));
	output_array(close_op, "the failed assertions", CLOSE_ARRAY(failed));
	output_array(close_op, "the ioctls", CLOSE_ARRAY(ioctls));
	output_array(close_op, "the slow calls", CLOSE_ARRAY(slow_calls));
	output_array(get_op, "the statistics", GET_ARRAY(statistics));
	output_array(get_op, "the histogram", GET_ARRAY(histogram));
	output_array(get_op, "the categories", GET_ARRAY(categories));
	output_array(get_op, "the window", GET_ARRAY(window));
	output_array(get_op, "the assertions", GET_ARRAY(assertions));
	output_array(get_op, "their counts", GET_ARRAY(counts));
	output_array(get_op, "the longest run", GET_ARRAY(longest));
	output_array(get_op, "its times", GET_ARRAY(longest_times));
	output_array(get_op, "its categories", GET_ARRAY(longest_categories));
	make_slow_call_of_longest();
	output_array(get_op, "its slow calls", GET_ARRAY(longest_slow));
}

/* The assertions of a new brick lie on a slow page. */
static void input_array(const struct op *op, char *contents)
{
	struct bricktrace_brick_define *b = (void *)page;
	struct bricktrace_session before;
	char *slow = slow_array();

	op->prepare(page);
	b->flags = BRICKTRACE_BRICK_ASSERTIONS;
	b->assertions =
		(struct bricktrace_array){ (uintptr_t)slow, sizeof(fails), 1, 0, 0 };
	memset(contents, 0, 4096);
	memcpy(contents, &fails, sizeof(fails));
	args = page;
	before = counters(op);
	blocked(op, "BRICK_DEFINE, the assertions", slow, true, contents, &before);
	brick_get(fd, b->brick, &state);
	ok(state.assertions == 1 && !memcmp(state.assertion, &fails, sizeof(fails)),
	   "BRICK_DEFINE, the assertions: the brick has them");
}

/*
 * RUN_OPEN cannot write its answer, after another thread has opened runs inside the new
 * run and closed one of them. Those runs then belong to the run around the new run.
 */
static void answer_fails(void)
{
	static const char what[] = "RUN_OPEN, no answer";
	u64 outer, first, second, third;
	pthread_t t;

	outer = run_open(fd, brick, TRACE_SESSION);
	open_args(page);
	args = page;
	cmd = BRICKTRACE_RUN_OPEN;
	alarm(PATIENCE);
	slow_page(page, false);
	if (pthread_create(&t, NULL, sleeper, NULL))
		bail("pthread_create");
	slow_wait();
	first = run_open(fd, brick, TRACE_SESSION);
	getppid_raw();
	run_close(fd, first, inner);
	second = run_open(fd, brick, TRACE_SESSION);
	third = run_open(fd, brick, TRACE_SESSION);
	if (mprotect(page, 4096, PROT_READ))
		bail("mprotect");
	slow_serve(page, NULL);
	pthread_join(t, NULL);
	alarm(0);
	threads_become(1);
	is(sleeper_ret, EFAULT, "%s: it fails", what);
	is(session(fd).runs, 3, "%s: its run is gone", what);
	run_close(fd, third, inner);
	ok(inner->r.parent == second && inner->r.depth == 2,
	   "%s: the run inside is one level less deep", what);
	getppid_raw();
	getppid_raw();
	run_close(fd, second, inner);
	is(count_of(inner, SYS_getppid), 2, "%s: a run inside continues", what);
	ok(inner->r.parent == outer && inner->r.depth == 1,
	   "%s: its parent is the run around both", what);
	getppid_raw();
	run_close(fd, outer, run);
	ok(consistent(run), "%s: the figures of the run around both add up", what);
	is(count_of(run, SYS_getppid), 4, "%s: that run has all calls", what);
	is(call_of(run, SYS_getppid)->self.count, 1,
	   "%s: its exclusive count is without those of the inner runs", what);
	mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

int main(void)
{
	char *contents = aligned_alloc(4096, 4096);
	struct bricktrace_session before;
	char what[64];

	run = run_new();
	inner = run_new();
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || !contents)
		bail("mmap");
	target = child_of((void (*)(void))pause);
	another = child_of((void (*)(void))pause);
	begin("blocked");
	register_tid(0, BRICKTRACE_THREAD_INHERIT_THREADS |
				BRICKTRACE_THREAD_INHERIT_CHILDREN);
	try_brick(fd, "blocked",
		  (struct bricktrace_brick_define){ .flags = BRICKTRACE_BRICK_ASSERTIONS,
						    .assertions = ARRAY(&fails, 1) });
	run_discard(fd, run_open(fd, brick, TRACE_THREAD));
	for (int i = 0; i < OPS; i++) {
		args = page;
		snprintf(what, sizeof(what), "%s, its argument", ops[i].name);
		memset(contents, 0, 4096);
		ops[i].prepare(contents);
		before = counters(&ops[i]);
		blocked(&ops[i], what, page, true, contents, &before);
		settle(&ops[i]);
		snprintf(what, sizeof(what), "%s, its answer", ops[i].name);
		ops[i].prepare(page);
		before = counters(&ops[i]);
		blocked(&ops[i], what, page, false, NULL, &before);
		settle(&ops[i]);
	}
	output_arrays();
	input_array(&ops[3], contents);
	answer_fails();
	kill(target, SIGKILL);
	kill(another, SIGKILL);
	return done();
}
