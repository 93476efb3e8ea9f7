// SPDX-License-Identifier: MIT
/* Tests of the library over a kernel that this file imitates. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

static struct {
	int open_error;
	int error[16]; /* by ioctl number */
	int calls[16];
	struct bricktrace_info info;
	struct bricktrace_session limits;
	uint64_t clock, step;
	uint64_t next_run;
	struct bricktrace_thread thread;
	struct bricktrace_brick_define brick;
	struct bricktrace_run_open open;
	struct bricktrace_run_close close;
	struct bricktrace_session session;
	struct kernel_answer answer;
	uint32_t copies; /* how often a result has each of its system calls */
	/* Bytes at the end of elements and structures that an older module does not know. */
	uint32_t unknown, unknown_times, unknown_info, unknown_session;
	/* The times of each batch, used while @calibrating is true. */
	bool calibrating;
	unsigned int ticks, batch;
	uint64_t loop_ns[32], window_ns[32], empty_ns[32], offcpu_ns[32];
} kernel;

static int fake_open(const char *path)
{
	assert_string_equal(path, "/dev/bricktrace");
	/* The descriptor must be a real one, because the tracer closes it. */
	return kernel.open_error ? -kernel.open_error :
				   open("/dev/null", O_RDWR | O_CLOEXEC);
}

static uint64_t fake_now(void)
{
	if (kernel.calibrating) {
		unsigned int batch = kernel.ticks / 4;

		switch (kernel.ticks++ % 4) {
		case 1:
			kernel.clock += kernel.loop_ns[batch];
			break;
		case 3:
			kernel.clock += kernel.empty_ns[batch];
			break;
		}
		return kernel.clock;
	}
	return kernel.clock += kernel.step;
}

/* Fills an array with @count elements, repeating the @n of @elements. */
static void put(struct bricktrace_array *a, const void *elements, uint32_t size,
		uint32_t unknown, uint32_t n, uint32_t count)
{
	char *to = (char *)(uintptr_t)a->addr;
	uint32_t i;

	a->count = count;
	if (!a->cap)
		return;
	assert_true(a->cap <= 4096);
	assert_int_equal(a->size, size);
	a->known = size - unknown;
	for (i = 0; i < count && i < a->cap; i++, to += size) {
		memset(to, 0, size);
		memcpy(to, (const char *)elements + i % n * size, a->known);
	}
}

static void fake_close(struct bricktrace_run_close *close)
{
	struct kernel_answer *answer = &kernel.answer;

	assert_int_equal(close->size, sizeof(*close));
	assert_int_equal(close->flags, 0);
	answer->result.run = close->run;
	if (kernel.calibrating && close->result.cap) {
		answer->times[0].compute_offcpu_ns = kernel.offcpu_ns[kernel.batch];
		answer->syscalls[0].figures.ns = kernel.window_ns[kernel.batch++];
	}
	put(&close->result, &answer->result, sizeof(answer->result), 0, 1, 1);
	put(&close->times, answer->times, sizeof(answer->times[0]), kernel.unknown_times,
	    2, 2);
	put(&close->categories, answer->categories, sizeof(answer->categories[0]),
	    kernel.unknown, answer->n_categories, answer->n_categories);
	put(&close->syscalls, answer->syscalls, sizeof(answer->syscalls[0]),
	    kernel.unknown, answer->n_syscalls, answer->n_syscalls * kernel.copies);
	kernel.close = *close;
}

/* Copies only the part of a structure that both the module and the caller know. */
static void fake_answer(void *arg, const void *from, uint32_t size, uint32_t unknown)
{
	uint32_t *known = arg;

	assert_int_equal(*known, size);
	memcpy(arg, from, size - unknown);
	*known = size - unknown;
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	unsigned int nr = _IOC_NR(request);

	assert_true(fd >= 0);
	assert_int_equal(_IOC_TYPE(request), BRICKTRACE_IOC);
	assert_true(nr < 16);
	kernel.calls[nr]++;
	if (kernel.error[nr])
		return -kernel.error[nr];
	switch (request) {
	case BRICKTRACE_INFO:
		fake_answer(arg, &kernel.info, sizeof(kernel.info), kernel.unknown_info);
		break;
	case BRICKTRACE_THREAD_REGISTER:
	case BRICKTRACE_THREAD_UNREGISTER:
		kernel.thread = *(struct bricktrace_thread *)arg;
		((struct bricktrace_thread *)arg)->threads = 6;
		break;
	case BRICKTRACE_BRICK_DEFINE:
		((struct bricktrace_brick_define *)arg)->brick = 3;
		kernel.brick = *(struct bricktrace_brick_define *)arg;
		break;
	case BRICKTRACE_RUN_OPEN:
		((struct bricktrace_run_open *)arg)->run = ++kernel.next_run;
		kernel.open = *(struct bricktrace_run_open *)arg;
		kernel.ticks = 4 * kernel.batch;
		break;
	case BRICKTRACE_RUN_CLOSE:
		fake_close(arg);
		break;
	case BRICKTRACE_SESSION_GET:
		fake_answer(arg, &kernel.limits, sizeof(kernel.limits),
			    kernel.unknown_session);
		break;
	case BRICKTRACE_SESSION_SET:
		kernel.session = *(struct bricktrace_session *)arg;
		break;
	}
	return 0;
}

static const struct bti_ops fake = {
	.open = fake_open,
	.ioctl = fake_ioctl,
	.now = fake_now,
};

static struct bt_tracer *fake_tracer(void)
{
	struct bt_tracer *t;

	assert_int_equal(bti_tracer_new(&fake, &t), 0);
	return t;
}

/* Makes @nr the only system call of a run. */
static void answer_with_call(uint32_t nr, uint64_t count)
{
	struct bricktrace_syscall call = { .nr = nr,
					   .figures = { .count = count, .ns = 77 } };

	kernel.answer.n_syscalls = 2;
	kernel.answer.syscalls[0] = call;
	call.view = BRICKTRACE_VIEW_EXCLUSIVE;
	kernel.answer.syscalls[1] = call;
}

static int reset(void **state)
{
	uint32_t i;

	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.info = (struct bricktrace_info){
		.abi_version = BRICKTRACE_ABI_VERSION,
		.enabled = 1,
		.max_followers = 64,
		.user_threads = 70,
		.max_user_threads = 200,
		.user_runs = 30,
		.max_user_runs = 40,
		.user_memory = 3 << 20,
		.max_user_memory = 512 << 20,
	};
	kernel.limits = (struct bricktrace_session){
		.threads = 5,
		.max_threads = 100,
		.bricks = 7,
		.max_bricks = 10,
		.runs = 8,
		.max_runs = 20,
	};
	kernel.step = 10;
	kernel.copies = 1;
	kernel.answer.result.provenance = BRICKTRACE_MEASURED;
	kernel.answer.times[1].view = BRICKTRACE_VIEW_EXCLUSIVE;
	kernel.answer.n_categories = 2 * 6;
	for (i = 0; i < kernel.answer.n_categories; i++) {
		kernel.answer.categories[i].category = i / 2;
		kernel.answer.categories[i].view = i % 2;
	}
	return 0;
}

static void assert_unavailable(int open_error, enum bt_reason reason, const char *text)
{
	struct bt_tracer *t;

	kernel.open_error = open_error;
	t = fake_tracer();
	assert_false(bt_tracer_instrumented(t));
	assert_int_equal(bt_tracer_reason(t), reason);
	assert_non_null(strstr(bt_tracer_reason_text(t), text));
	bt_tracer_free(t);
}

static void without_module_it_says_why(void **state)
{
	(void)state;
	assert_unavailable(ENOENT, BT_REASON_NO_MODULE, "modprobe bricktrace");
	assert_unavailable(ENODEV, BT_REASON_NO_MODULE, "modprobe bricktrace");
	assert_unavailable(EACCES, BT_REASON_NO_PERMISSION, "group bricktrace");
	assert_unavailable(EMFILE, BT_REASON_DEVICE, "Too many open files");
	assert_unavailable(EDQUOT, BT_REASON_DEVICE, "max_user_sessions");
	kernel.info.abi_version = 99;
	assert_unavailable(0, BT_REASON_ABI, "99");
	kernel.error[0] = ENOTTY;
	assert_unavailable(0, BT_REASON_ABI, "BRICKTRACE_INFO");
}

static void without_module_wall_time_is_measured(void **state)
{
	struct bt_result *inner, *outer;
	struct bt_run *a, *b;
	struct bt_brick *brick;
	struct bt_tracer *t;

	(void)state;
	kernel.open_error = ENOENT;
	t = fake_tracer();
	assert_int_equal(bt_tracer_calibrate(t), 0);
	assert_int_equal(bt_thread_register(t, BT_INHERIT_THREADS), 0);
	assert_int_equal(bt_brick_define(t, "qkv", 5, &brick), 0);
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_THREAD, &a), 0);
	assert_int_equal(bt_run_number(a), 0);
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_TRACER, &b), 0);
	assert_int_equal(bt_run_close(b, &inner), 0);
	assert_int_equal(bt_run_close(a, &outer), 0);
	assert_int_equal(inner->wall_ns, 10);
	assert_int_equal(outer->wall_ns, 30);
	assert_string_equal(outer->brick, "qkv");
	assert_int_equal(outer->provenance, BT_NOT_INSTRUMENTED);
	assert_int_equal(outer->reason, BT_REASON_NO_MODULE);
	assert_true(bt_result_over_budget(outer));
	assert_true(bt_result_times(outer, BT_INCLUSIVE)->compute_ns == BT_NONE);
	assert_true(bt_result_category(outer, BT_CAT_OTHER, BT_EXCLUSIVE)->count == BT_NONE);
	assert_null(bt_result_syscall(outer, 0));
	assert_int_equal(bt_tracer_threads(t), 0);
	assert_int_equal(bt_run_adopt(t, brick, 1, &a), -ENOTSUP);
	assert_int_equal(bt_thread_unregister(t), 0);
	bt_result_free(inner);
	bt_result_free(outer);
	bt_tracer_free(t);
}

static void null_is_harmless(void **state)
{
	struct bt_result *result = (void *)1;

	(void)state;
	bt_tracer_free(NULL);
	bt_result_free(NULL);
	assert_int_equal(bt_run_close(NULL, &result), 0);
	assert_null(result);
	assert_int_equal(bt_run_close(NULL, NULL), 0);
}

static void assert_null_refused(int err, const char *what)
{
	assert_int_equal(err, -EINVAL);
	if (!strstr(bt_error_text(), what))
		fail_msg("'%s' lacks '%s'", bt_error_text(), what);
}

static void null_is_refused(void **state)
{
	struct bt_tracer *t = fake_tracer();
	struct bt_brick *brick, *no_brick = (void *)1;
	struct bt_run *run = (void *)1;
	uint32_t n = 99;

	(void)state;
	assert_null_refused(bt_tracer_new(NULL), "no address for the tracer");
	assert_null_refused(bt_tracer_calibrate(NULL), "no tracer");
	assert_null_refused(bt_tracer_threads(NULL), "no tracer");
	assert_null_refused(bt_thread_register(NULL, 0), "no tracer");
	assert_null_refused(bt_thread_unregister(NULL), "no tracer");
	assert_null_refused(bt_thread_follow(NULL, 1, 0), "no tracer");
	assert_null_refused(bt_thread_unfollow(NULL, 1), "no tracer");
	assert_null_refused(bt_process_follow(NULL, 1, 0, &n), "no tracer");
	assert_int_equal(n, 0);
	assert_null_refused(bt_process_unfollow(NULL, 1, NULL), "no tracer");
	assert_null_refused(bt_brick_define(t, "a", 1, NULL), "no address for the brick");
	assert_null_refused(bt_brick_define(t, NULL, 1, &no_brick), "no name");
	assert_null(no_brick);
	assert_null_refused(bt_brick_define(NULL, "a", 1, &no_brick), "no tracer");
	assert_int_equal(bt_brick_define(t, "a", 1, &brick), 0);
	assert_null_refused(bt_run_open(t, brick, BT_MEASURE, BT_SCOPE_THREAD, NULL),
			    "no address for the run");
	assert_null_refused(bt_run_open(t, NULL, BT_MEASURE, BT_SCOPE_THREAD, &run),
			    "no brick");
	assert_null(run);
	assert_null_refused(bt_run_open(NULL, brick, BT_MEASURE, BT_SCOPE_THREAD, &run),
			    "no tracer");
	assert_null_refused(bt_run_adopt(t, brick, 1, NULL), "no address for the run");
	assert_null_refused(bt_run_adopt(t, NULL, 1, &run), "no brick");
	assert_null_refused(bt_run_adopt(NULL, brick, 1, &run), "no tracer");
	bt_tracer_free(t);
}

static void null_has_no_figures(void **state)
{
	(void)state;
	assert_false(bt_tracer_instrumented(NULL));
	assert_int_equal(bt_tracer_reason(NULL), BT_REASON_DEVICE);
	assert_string_equal(bt_tracer_reason_text(NULL), "there is no tracer");
	assert_int_equal(bt_run_number(NULL), 0);
	assert_null(bt_result_times(NULL, BT_INCLUSIVE));
	assert_null(bt_result_category(NULL, BT_CAT_READ, BT_INCLUSIVE));
	assert_int_equal(bt_result_category_at(NULL, 0), BT_CAT_NONE);
	assert_null(bt_result_syscall(NULL, 0));
	assert_null(bt_syscall_figures(NULL, BT_INCLUSIVE));
	assert_false(bt_result_over_budget(NULL));
	assert_true(bt_breakdown_syscall_ns(NULL, BT_INCLUSIVE) == BT_NONE);
	assert_int_equal(bt_breakdown_dominant(NULL, BT_INCLUSIVE), BT_CAT_UNMEASURED);
	assert_double(bt_breakdown_overhead_percent(NULL, BT_INCLUSIVE), -1);
}

static void bricks_are_checked_and_reused(void **state)
{
	char longest[64], long_name[65];
	struct bt_brick *a, *b;
	struct bt_tracer *t = fake_tracer();

	(void)state;
	memset(longest, 'x', 63);
	longest[63] = 0;
	memset(long_name, 'x', 64);
	long_name[64] = 0;
	assert_int_equal(bt_brick_define(t, longest, BT_NONE, &a), 0);
	assert_string_equal(kernel.brick.name, longest);
	assert_true(kernel.brick.budget_ns == BT_MAX_BUDGET);
	assert_int_equal(bt_brick_define(t, longest, 7, &b), 0);
	assert_ptr_equal(a, b);
	assert_int_equal(kernel.brick.budget_ns, 7);
	assert_int_equal(kernel.calls[3], 2);

	assert_int_equal(bt_brick_define(t, "", 1, &a), -EINVAL);
	assert_null(a);
	assert_int_equal(bt_brick_define(t, long_name, 1, &a), -ENAMETOOLONG);
	assert_int_equal(bt_brick_define(t, "a\tb", 1, &a), -EINVAL);
	assert_non_null(strstr(bt_error_text(), "control character U+0009"));
	assert_int_equal(bt_brick_define(t, "a\x7f", 1, &a), -EINVAL);
	assert_non_null(strstr(bt_error_text(), "U+007F"));
	assert_int_equal(bt_brick_define(t, "é\xc2\x9b", 1, &a), -EINVAL);
	assert_non_null(strstr(bt_error_text(), "U+009B"));
	assert_int_equal(bt_brick_define(t, "caf\xe9", 1, &a), -EINVAL);
	assert_non_null(strstr(bt_error_text(), "not UTF-8: its byte 4 is 0xe9"));
	assert_int_equal(bt_brick_define(t, "\xed\xa0\x80", 1, &a), -EINVAL);
	assert_non_null(strstr(bt_error_text(), "not UTF-8: its byte 1 is 0xed"));
	assert_int_equal(bt_brick_define(t, "a", BT_MAX_BUDGET + 1, &a), -ERANGE);
	assert_int_equal(kernel.calls[3], 2);
	assert_int_equal(bt_brick_define(t, "\u00a0\U0010ffff", 1, &a), 0);
	assert_string_equal(kernel.brick.name, "\u00a0\U0010ffff");
	kernel.error[3] = EDQUOT;
	assert_int_equal(bt_brick_define(t, "a", 1, &a), -EDQUOT);
	assert_non_null(strstr(bt_error_text(), "7 of 10 bricks of this session"));
	kernel.limits.bricks = 10;
	assert_int_equal(bt_brick_define(t, "a", 1, &a), -EDQUOT);
	assert_non_null(strstr(bt_error_text(), "10 of at most 10 bricks"));
	bt_tracer_free(t);
}

static void threads_pass_their_bits(void **state)
{
	struct bt_tracer *t = fake_tracer();

	(void)state;
	assert_int_equal(bt_thread_register(t, BT_INHERIT_CHILDREN), 0);
	assert_int_equal(kernel.thread.flags, BRICKTRACE_THREAD_INHERIT_CHILDREN);
	assert_int_equal(kernel.thread.size, 16);
	assert_int_equal(bt_thread_register(t, 4), -EINVAL);
	assert_int_equal(bt_tracer_threads(t), 5);
	kernel.error[1] = EEXIST;
	assert_int_equal(bt_thread_register(t, 0), -EEXIST);
	kernel.error[2] = ESRCH;
	assert_int_equal(bt_thread_unregister(t), -ESRCH);
	assert_non_null(strstr(bt_error_text(), "not registered"));
	bt_tracer_free(t);
}

static void assert_thread(pid_t tid, uint32_t flags, int reg, int unreg)
{
	assert_int_equal(kernel.thread.size, 16);
	assert_int_equal(kernel.thread.tid, tid);
	assert_int_equal(kernel.thread.flags, flags);
	assert_int_equal(kernel.thread.threads, 0);
	assert_int_equal(kernel.calls[1], reg);
	assert_int_equal(kernel.calls[2], unreg);
}

static void others_are_followed_by_number(void **state)
{
	struct bt_tracer *t = fake_tracer();
	uint32_t n = 99;

	(void)state;
	assert_int_equal(bt_thread_follow(t, 1234, BT_INHERIT_THREADS), 0);
	assert_thread(1234, BRICKTRACE_THREAD_INHERIT_THREADS, 1, 0);
	assert_int_equal(bt_process_follow(t, 77, BT_INHERIT_CHILDREN, &n), 0);
	assert_thread(77,
		      BRICKTRACE_THREAD_INHERIT_CHILDREN | BRICKTRACE_THREAD_WHOLE_PROCESS,
		      2, 0);
	assert_int_equal(n, 6);
	assert_int_equal(bt_process_follow(t, 78, 0, NULL), 0);
	assert_thread(78, BRICKTRACE_THREAD_WHOLE_PROCESS, 3, 0);
	assert_int_equal(bt_thread_unfollow(t, 1234), 0);
	assert_thread(1234, 0, 3, 1);
	n = 99;
	assert_int_equal(bt_process_unfollow(t, 77, &n), 0);
	assert_thread(77, BRICKTRACE_THREAD_WHOLE_PROCESS, 3, 2);
	assert_int_equal(n, 6);
	assert_int_equal(bt_process_unfollow(t, 77, NULL), 0);
	assert_int_equal(kernel.calls[2], 3);

	/* The kernel takes 0 for the caller, which these functions do not mean. */
	assert_int_equal(bt_thread_follow(t, 0, 0), -EINVAL);
	assert_non_null(strstr(bt_error_text(), "invalid thread ID 0"));
	assert_int_equal(bt_thread_unfollow(t, 0), -EINVAL);
	assert_int_equal(bt_process_follow(t, -5, 0, &n), -EINVAL);
	assert_int_equal(n, 0);
	assert_non_null(strstr(bt_error_text(), "invalid process ID -5"));
	assert_int_equal(bt_process_unfollow(t, 0, NULL), -EINVAL);
	assert_int_equal(bt_thread_follow(t, 1, 4), -EINVAL);
	assert_non_null(strstr(bt_error_text(), "0x4"));
	assert_int_equal(bt_process_follow(t, 1, BRICKTRACE_THREAD_WHOLE_PROCESS, NULL),
			 -EINVAL);
	assert_thread(77, BRICKTRACE_THREAD_WHOLE_PROCESS, 3, 3);
	bt_tracer_free(t);
}

static void assert_follow_error(struct bt_tracer *t, int error, const char *const words[])
{
	uint32_t n = 99;

	kernel.error[1] = error;
	assert_int_equal(bt_process_follow(t, 4321, 0, &n), -error);
	assert_int_equal(n, 0);
	assert_non_null(strstr(bt_error_text(), "process 4321"));
	for (; *words; words++)
		if (!strstr(bt_error_text(), *words))
			fail_msg("'%s' lacks '%s'", bt_error_text(), *words);
	assert_int_equal(bt_thread_follow(t, 4321, 0), -error);
	assert_non_null(strstr(bt_error_text(), "thread 4321"));
}

static void errors_of_following_say_what_to_do(void **state)
{
	static const char *const eperm[] = { "user and group ids",
					     "dumpable",
					     "set-user-ID",
					     "CAP_SYS_PTRACE",
					     "CAP_PERFMON",
					     "/dev/bricktrace",
					     "kernel threads cannot be followed)",
					     NULL };
	static const char *const esrch[] = { "no process", "pid namespace", "ps -eL", NULL };
	static const char *const eexist[] = { "already", "unfollow", NULL };
	static const char *const edquot[] = { "limit", "5 of 100 threads", "3 of 512 MiB",
					      NULL };
	static const char *const eusers[] = { "64 sessions", "the most", "end one", NULL };
	static const char *const enomem[] = { "Cannot allocate memory", NULL };
	struct bt_tracer *t = fake_tracer();

	(void)state;
	assert_follow_error(t, EPERM, eperm);
	assert_follow_error(t, ESRCH, esrch);
	assert_follow_error(t, EEXIST, eexist);
	assert_follow_error(t, EDQUOT, edquot);
	assert_follow_error(t, EUSERS, eusers);
	assert_follow_error(t, ENOMEM, enomem);
	assert_int_equal(bt_thread_register(t, 0), -ENOMEM);
	kernel.error[1] = EUSERS;
	assert_int_equal(bt_thread_register(t, 0), -EUSERS);
	assert_non_null(strstr(bt_error_text(), "64 sessions"));
	/* A program may inherit the descriptor of another user, and then gets EPERM for itself. */
	kernel.error[1] = EPERM;
	assert_int_equal(bt_thread_register(t, 0), -EPERM);
	assert_non_null(strstr(bt_error_text(), "user who opened /dev/bricktrace"));
	kernel.error[2] = ESRCH;
	assert_int_equal(bt_thread_unfollow(t, 4321), -ESRCH);
	assert_non_null(strstr(bt_error_text(), "thread 4321 is not followed"));
	kernel.error[2] = EBUSY;
	assert_int_equal(bt_process_unfollow(t, 4321, NULL), -EBUSY);
	assert_non_null(strstr(bt_error_text(), "process 4321"));
	assert_non_null(strstr(bt_error_text(), "close"));
	bt_tracer_free(t);
}

static void assert_quota(struct bt_tracer *t, const char *words, const char *remedy)
{
	assert_int_equal(bt_thread_register(t, 0), -EDQUOT);
	if (!strstr(bt_error_text(), words) || !strstr(bt_error_text(), remedy))
		fail_msg("'%s' lacks '%s' or '%s'", bt_error_text(), words, remedy);
}

static void a_quota_says_which_limit(void **state)
{
	struct bt_tracer *t = fake_tracer();
	struct bt_brick *brick;
	struct bt_run *run;

	(void)state;
	t->calibrated = true;
	kernel.error[1] = EDQUOT;
	kernel.limits.threads = 100;
	assert_quota(t, "100 of at most 100 threads of this session are in use",
		     "second tracer");
	kernel.limits.threads = 99;
	kernel.info.user_threads = 201;
	assert_quota(t, "201 of at most 200 threads in this user's sessions",
		     "parameters/max_user_threads");
	kernel.info.user_threads = 199;
	kernel.info.user_memory = (511 << 20) + 1;
	assert_quota(t, "512 of at most 512 MiB of kernel memory",
		     "parameters/max_user_memory");
	kernel.info.user_memory = 511 << 20;
	assert_quota(t,
		     "99 of 100 threads of this session; 199 of 200 threads in this user's",
		     "; 511 of 512 MiB");
	/* A module that does not know limits by user; then a module that reports nothing. */
	kernel.unknown_info =
		sizeof(kernel.info) - offsetof(struct bricktrace_info, user_sessions);
	assert_quota(t, "in use are 99 of 100 threads of this session", "");
	assert_null(strstr(bt_error_text(), "user"));
	kernel.error[0] = kernel.error[6] = EINTR;
	assert_quota(t, "cannot register the thread", "does not report");
	kernel.error[0] = kernel.error[6] = 0;
	kernel.unknown_info = 0;
	kernel.unknown_session =
		sizeof(kernel.limits) - offsetof(struct bricktrace_session, max_threads);
	assert_quota(t, "in use are 199 of 200 threads in this user's", "512 MiB");
	kernel.unknown_session = 0;

	assert_int_equal(bt_brick_define(t, "ffn", 1, &brick), 0);
	kernel.error[4] = EDQUOT;
	kernel.limits.runs = 20;
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_THREAD, &run), -EDQUOT);
	assert_non_null(strstr(bt_error_text(), "run of brick 'ffn': 20 of at most 20"));
	kernel.limits.runs = 19;
	kernel.info.user_runs = kernel.info.max_user_runs = 40;
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_THREAD, &run), -EDQUOT);
	assert_non_null(strstr(bt_error_text(), "parameters/max_user_runs"));
	bt_tracer_free(t);
}

static void without_module_following_is_harmless(void **state)
{
	struct bt_tracer *t;
	uint32_t n = 99;

	(void)state;
	kernel.open_error = ENOENT;
	t = fake_tracer();
	assert_int_equal(bt_process_follow(t, 1, 0, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(bt_thread_follow(t, 1, 0), 0);
	assert_int_equal(bt_thread_unfollow(t, 1), 0);
	assert_int_equal(bt_process_unfollow(t, 1, &n), 0);
	/* Invalid arguments are refused without the module too. */
	assert_int_equal(bt_thread_follow(t, 0, 0), -EINVAL);
	bt_tracer_free(t);
}

static void runs_carry_the_kernels_result(void **state)
{
	struct bt_tracer *t = fake_tracer();
	const struct bt_syscall *call;
	struct bt_result *result;
	struct bt_brick *brick;
	struct bt_run *run;

	(void)state;
	t->calibrated = true;
	assert_int_equal(bt_brick_define(t, "ffn", 100, &brick), 0);
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_TRACER, &run), 0);
	assert_int_equal(kernel.open.brick, 3);
	assert_int_equal(kernel.open.level, BRICKTRACE_LEVEL_TRACE);
	assert_int_equal(kernel.open.scope, BRICKTRACE_SCOPE_SESSION);
	assert_int_equal(bt_run_number(run), 1);
	/* A budget that is changed during a run holds for later runs. */
	assert_int_equal(bt_brick_define(t, "ffn", 200, &brick), 0);
	kernel.answer.result.wall_ns = 150;
	kernel.answer.result.threads = 4;
	kernel.answer.result.flags = BRICKTRACE_RESULT_ABANDONED;
	kernel.answer.times[1].compute_ns = 9;
	answer_with_call(BRICKTRACE_NR_MORE, 1);
	kernel.answer.syscalls[1].figures.ns = 33;
	assert_int_equal(bt_run_close(run, &result), 0);
	assert_int_equal(kernel.close.run, 1);
	assert_int_equal(result->budget_ns, 100);
	assert_true(bt_result_over_budget(result));
	assert_true(result->abandoned);
	assert_int_equal(result->threads, 4);
	assert_int_equal(bt_result_times(result, BT_EXCLUSIVE)->compute_ns, 9);
	assert_int_equal(result->n_syscalls, 1);
	call = bt_result_syscall(result, 0);
	assert_string_equal(call->name, "(more mmap)");
	assert_int_equal(bt_syscall_figures(call, BT_INCLUSIVE)->ns, 77);
	assert_int_equal(bt_syscall_figures(call, BT_EXCLUSIVE)->ns, 33);
	assert_null(bt_syscall_figures(call, (enum bt_view)2));
	assert_null(bt_result_syscall(result, 1));
	bt_tracer_free(t);
	assert_string_equal(result->brick, "ffn");
	bt_result_free(result);
}

static struct bt_result *one_run(struct bt_tracer *t)
{
	struct bt_result *result;
	struct bt_brick *brick;
	struct bt_run *run;

	t->calibrated = true;
	assert_int_equal(bt_brick_define(t, "ffn", 100, &brick), 0);
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_THREAD, &run), 0);
	assert_int_equal(bt_run_close(run, &result), 0);
	return result;
}

static void the_module_reports_waiting_and_faults(void **state)
{
	struct bt_tracer *t = fake_tracer();
	const struct bt_times *times;
	struct bt_result *r;

	(void)state;
	kernel.answer.times[0].compute_runnable_ns = 4;
	kernel.answer.times[0].minor_faults = 5;
	kernel.answer.times[0].major_faults = 6;
	kernel.answer.categories[0].figures.runnable_ns = 7;
	answer_with_call(3, 9);
	kernel.answer.syscalls[1].figures.runnable_ns = 8;
	r = one_run(t);
	times = bt_result_times(r, BT_INCLUSIVE);
	assert_int_equal(times->compute_runnable_ns, 4);
	assert_int_equal(times->minor_faults, 5);
	assert_int_equal(times->major_faults, 6);
	assert_int_equal(bt_result_times(r, BT_EXCLUSIVE)->major_faults, 0);
	assert_int_equal(bt_result_category(r, BT_CAT_MMAP, BT_INCLUSIVE)->runnable_ns, 7);
	assert_int_equal(
		bt_syscall_figures(bt_result_syscall(r, 0), BT_EXCLUSIVE)->runnable_ns, 8);
	bt_result_free(r);
	bt_tracer_free(t);
}

/* The module has the first version of the ABI. */
static void an_older_module_reports_less(void **state)
{
	struct bt_tracer *t = fake_tracer();
	const struct bt_figures *f;
	const struct bt_times *times;
	struct bt_result *r;

	(void)state;
	kernel.unknown = BRICKTRACE_SYSCALL_SIZE_V1 - BRICKTRACE_SYSCALL_SIZE_V0;
	kernel.unknown_times = BRICKTRACE_TIMES_SIZE_V1 - BRICKTRACE_TIMES_SIZE_V0;
	kernel.answer.times[0].control_ns = kernel.answer.times[0].minor_faults = 5;
	kernel.answer.categories[0].figures =
		(struct bricktrace_figures){ .max_ns = 6, .runnable_ns = 6 };
	answer_with_call(3, 9);
	kernel.answer.syscalls[0].figures.runnable_ns = 7;
	r = one_run(t);
	times = bt_result_times(r, BT_INCLUSIVE);
	assert_int_equal(times->control_ns, 5);
	assert_true(times->compute_runnable_ns == BT_NONE);
	assert_true(times->minor_faults == BT_NONE);
	assert_true(times->major_faults == BT_NONE);
	f = bt_result_category(r, BT_CAT_MMAP, BT_INCLUSIVE);
	assert_int_equal(f->max_ns, 6);
	assert_true(f->runnable_ns == BT_NONE);
	f = bt_syscall_figures(bt_result_syscall(r, 0), BT_INCLUSIVE);
	assert_int_equal(f->count, 9);
	assert_true(f->runnable_ns == BT_NONE);
	assert_true(bt_result_category(r, BT_CAT_OTHER, BT_EXCLUSIVE)->runnable_ns ==
		    BT_NONE);
	bt_result_free(r);
	bt_tracer_free(t);
}

/* Unknown features, a category, a view and values, and more calls than there is room for. */
static void a_newer_module_reports_more(void **state)
{
	struct bricktrace_category_figures *c = &kernel.answer.categories[12];
	enum bt_category added = (enum bt_category)99;
	const struct bt_syscall *call;
	struct bt_tracer *t;
	struct bt_result *r;

	(void)state;
	kernel.info.features = ~UINT64_C(0);
	kernel.info.hooks = 9;
	t = fake_tracer();
	assert_true(bt_tracer_instrumented(t));
	kernel.answer.n_categories = 12 + 3;
	c[0].category = c[1].category = c[2].category = 99;
	c[1].view = BRICKTRACE_VIEW_EXCLUSIVE;
	c[2].view = 2;
	c[0].figures.ns = 70;
	c[1].figures.ns = 30;
	c[2].figures.ns = 9999;
	kernel.answer.categories[2 * BRICKTRACE_CAT_READ].figures.ns = 7;
	answer_with_call(3, 9);
	kernel.answer.syscalls[0].arch = kernel.answer.syscalls[1].arch = 3;
	kernel.answer.syscalls[0].category = kernel.answer.syscalls[1].category = 99;
	kernel.copies = BTI_SYSCALLS + 7;
	kernel.answer.result.provenance = 3;
	kernel.answer.result.reason = 17;
	kernel.answer.result.flags = ~BRICKTRACE_RESULT_ABANDONED;
	r = one_run(t);
	assert_int_equal(r->provenance, 3);
	assert_int_equal(r->reason, 17);
	assert_false(r->abandoned);
	assert_int_equal(r->n_categories, 7);
	assert_int_equal(bt_result_category_at(r, 6), added);
	assert_int_equal(bt_result_category(r, added, BT_INCLUSIVE)->ns, 70);
	assert_int_equal(bt_result_category(r, added, BT_EXCLUSIVE)->ns, 30);
	assert_int_equal(bt_breakdown_syscall_ns(r, BT_INCLUSIVE), 77);
	assert_int_equal(bt_breakdown_syscall_ns(r, BT_EXCLUSIVE), 30);
	assert_int_equal(bt_breakdown_dominant(r, BT_INCLUSIVE), added);
	assert_int_equal(r->n_syscalls, BTI_SYSCALLS);
	assert_int_equal(r->n_missing, 7);
	call = bt_result_syscall(r, BTI_SYSCALLS - 1);
	assert_string_equal(call->name, "syscall_3");
	assert_int_equal(call->category, added);
	assert_int_equal(bt_syscall_figures(call, BT_EXCLUSIVE)->count, 9);
	bt_result_free(r);
	bt_tracer_free(t);
}

static void run_errors_are_reported(void **state)
{
	struct bt_tracer *t = fake_tracer();
	struct bt_result *result;
	struct bt_brick *brick;
	struct bt_run *run;
	uint64_t clock;

	(void)state;
	t->calibrated = true;
	assert_int_equal(bt_brick_define(t, "ffn", 100, &brick), 0);
	assert_int_equal(bt_run_open(t, brick, (enum bt_level)3, BT_SCOPE_THREAD, &run),
			 -EINVAL);
	kernel.error[4] = ESRCH;
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_THREAD, &run), -ESRCH);
	assert_null(run);
	assert_non_null(strstr(bt_error_text(), "bt_thread_register"));
	kernel.error[4] = ELOOP;
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_THREAD, &run), -ELOOP);
	assert_non_null(strstr(bt_error_text(), "32"));
	kernel.error[4] = 0;
	kernel.step = 1;
	clock = kernel.clock;
	assert_int_equal(bt_run_open(t, brick, BT_MEASURE, BT_SCOPE_THREAD, &run), 0);
	/* A run stays open as long as it encloses another open run. */
	kernel.error[5] = EBUSY;
	assert_int_equal(bt_run_close(run, &result), -EBUSY);
	assert_null(result);
	kernel.error[5] = 0;
	assert_int_equal(bt_run_close(run, NULL), 0);
	assert_int_equal(kernel.close.result.cap, 0);
	assert_int_equal(kernel.close.syscalls.cap, 0);
	assert_int_equal(bt_run_adopt(t, brick, 0, &run), -EINVAL);
	assert_int_equal(bt_run_adopt(t, NULL, 42, &run), -EINVAL);
	assert_int_equal(bt_run_open(t, NULL, BT_MEASURE, BT_SCOPE_THREAD, &run), -EINVAL);
	assert_null(run);
	assert_non_null(strstr(bt_error_text(), "no brick"));
	assert_int_equal(bt_run_adopt(t, brick, 42, &run), 0);
	kernel.error[5] = ENOENT;
	assert_int_equal(bt_run_close(run, &result), -ENOENT);
	assert_int_equal(kernel.calls[5], 3);
	/* Reading a clock can be a system call, which the run around this one would count. */
	assert_int_equal(kernel.clock, clock);
	/* bt_tracer_free() frees a run that is still open. */
	assert_int_equal(bt_run_open(t, brick, BT_MEASURE, BT_SCOPE_THREAD, &run), 0);
	bt_tracer_free(t);
}

static void play_batches(void)
{
	int i;

	for (i = 0; i < 32; i++) {
		kernel.loop_ns[i] = 100000 + 256 * i;
		kernel.window_ns[i] = 40000;
		kernel.empty_ns[i] = 256;
	}
	kernel.calibrating = true;
	answer_with_call(SYS_getppid & ~0x40000000U, 256);
}

static void calibration_keeps_the_least(void **state)
{
	struct bt_tracer *t = fake_tracer();

	(void)state;
	play_batches();
	/* Batch 3 was not disturbed; the figures of batch 5 contradict each other. */
	kernel.loop_ns[3] = 40000 + 256 + 256 * 150;
	kernel.loop_ns[5] = 30000;
	assert_int_equal(bt_tracer_calibrate(t), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_EDGE);
	assert_int_equal(kernel.session.edge_ps, 150000);
	assert_string_equal(kernel.brick.name, "bricktrace-calibration");
	assert_int_equal(kernel.open.scope, BRICKTRACE_SCOPE_THREAD);
	assert_int_equal(kernel.calls[1], 1);
	assert_int_equal(kernel.calls[2], 1);
	assert_int_equal(kernel.calls[4], 8);
	assert_int_equal(kernel.calls[5], 8);
	assert_int_equal(kernel.calls[7], 2);
	/* A second call does not calibrate again. */
	assert_int_equal(bt_tracer_calibrate(t), 0);
	assert_int_equal(kernel.calls[4], 8);
	bt_tracer_free(t);
}

static void calibration_ignores_batches_that_were_stopped(void **state)
{
	struct bt_tracer *t = fake_tracer();
	int i;

	(void)state;
	play_batches();
	for (i = 0; i < 32; i++)
		kernel.offcpu_ns[i] = kernel.loop_ns[i] / 50 + 100;
	/* Batch 11 was off the CPU for less than 2 % of its loop. */
	kernel.offcpu_ns[11] = 1900;
	assert_int_equal(bt_tracer_calibrate(t), 0);
	assert_int_equal(kernel.session.edge_ps,
			 (kernel.loop_ns[11] - 40000 - 256) * 1000 / 256);
	assert_int_equal(kernel.calls[4], 12);
	bt_tracer_free(t);

	t = fake_tracer();
	kernel.batch = 0;
	kernel.offcpu_ns[11] = 2100;
	assert_int_equal(bt_tracer_calibrate(t), -EAGAIN);
	assert_true(kernel.session.edge_ps == BRICKTRACE_NONE);
	assert_int_equal(kernel.calls[4], 12 + 32);
	assert_non_null(strstr(bt_error_text(), "strace"));
	bt_tracer_free(t);
}

static void calibration_leaves_a_registered_thread(void **state)
{
	struct bt_tracer *t = fake_tracer();

	(void)state;
	kernel.error[1] = EEXIST;
	assert_int_equal(bt_tracer_calibrate(t), -EAGAIN);
	assert_int_equal(kernel.calls[2], 0);
	assert_true(kernel.session.edge_ps == BRICKTRACE_NONE);
	bt_tracer_free(t);
}

static void calibration_waits_for_the_switch(void **state)
{
	struct bt_tracer *t = fake_tracer();

	(void)state;
	play_batches();
	kernel.info.enabled = 0;
	assert_int_equal(bt_tracer_calibrate(t), -EAGAIN);
	assert_non_null(strstr(bt_error_text(), "switched off"));
	assert_int_equal(kernel.calls[4], 0);
	kernel.info.enabled = 1;
	assert_int_equal(bt_tracer_calibrate(t), 0);
	bt_tracer_free(t);
}

static void failed_calibration_is_no_failure(void **state)
{
	struct bt_tracer *t = fake_tracer();
	struct bt_brick *brick;
	struct bt_run *run;

	(void)state;
	/* A wrong number of counted calls gives no edge. */
	answer_with_call(SYS_getppid & ~0x40000000U, 255);
	assert_int_equal(bt_brick_define(t, "ffn", 100, &brick), 0);
	assert_int_equal(bt_run_open(t, brick, BT_TRACE, BT_SCOPE_THREAD, &run), 0);
	assert_int_equal(kernel.calls[4], 32 + 1);
	assert_true(kernel.session.edge_ps == BRICKTRACE_NONE);
	assert_int_equal(bt_run_close(run, NULL), 0);
	assert_int_equal(bt_tracer_calibrate(t), -EAGAIN);
	bt_tracer_free(t);
}

static void *many_runs(void *tracer)
{
	struct bt_brick *brick;
	struct bt_run *run[3];
	struct bt_result *r;
	int i, j;

	for (i = 0; i < 300; i++) {
		if (bt_brick_define(tracer, "shared", i, &brick))
			return tracer;
		for (j = 0; j < 3; j++)
			if (bt_run_open(tracer, brick, BT_MEASURE, BT_SCOPE_THREAD, &run[j]))
				return tracer;
		while (j--) {
			if (bt_run_close(run[j], &r))
				return tracer;
			bt_result_free(r);
		}
	}
	return NULL;
}

/* This test uses the real device where there is one. */
static void threads_share_a_tracer(void **state)
{
	pthread_t thread[4];
	struct bt_tracer *t;
	void *failed;
	int i;

	(void)state;
	assert_int_equal(bt_tracer_new(&t), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, many_runs, t), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	assert_null(t->open);
	bt_tracer_free(t);
}

static void edge_arithmetic(void **state)
{
	(void)state;
	assert_int_equal(bti_edge_ps(1000, 400, 100, 10), 50000);
	assert_int_equal(bti_edge_ps(500, 400, 100, 10), 0);
	assert_int_equal(bti_edge_ps(501, 400, 100, 256), 3);
	assert_true(bti_edge_ps(399, 400, 0, 10) == BT_NONE);
	assert_true(bti_edge_ps(450, 400, 51, 10) == BT_NONE);
	assert_true(bti_edge_ps(450, 400, 0, 0) == BT_NONE);
	assert_true(bti_edge_ps(UINT64_MAX, 0, 0, 1) == BT_NONE);
	assert_true(bti_edge_ps(BRICKTRACE_MAX_EDGE_PS / 1000 + 1, 0, 0, 1) == BT_NONE);
	assert_int_equal(bti_edge_ps(BRICKTRACE_MAX_EDGE_PS / 1000, 0, 0, 1),
			 BRICKTRACE_MAX_EDGE_PS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
		TEST(without_module_it_says_why),
		TEST(without_module_wall_time_is_measured),
		TEST(null_is_harmless),
		TEST(bricks_are_checked_and_reused),
		TEST(threads_pass_their_bits),
		TEST(others_are_followed_by_number),
		TEST(errors_of_following_say_what_to_do),
		TEST(a_quota_says_which_limit),
		TEST(without_module_following_is_harmless),
		TEST(runs_carry_the_kernels_result),
		TEST(the_module_reports_waiting_and_faults),
		TEST(an_older_module_reports_less),
		TEST(a_newer_module_reports_more),
		TEST(run_errors_are_reported),
		TEST(calibration_keeps_the_least),
		TEST(calibration_ignores_batches_that_were_stopped),
		TEST(calibration_leaves_a_registered_thread),
		TEST(calibration_waits_for_the_switch),
		TEST(failed_calibration_is_no_failure),
		TEST(threads_share_a_tracer),
		TEST(edge_arithmetic),
		TEST(null_is_refused),
		TEST(null_has_no_figures),
	};

	return cmocka_run_group_tests_name("library", tests, NULL, NULL);
}
