// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "chardev.h"
#include "clock.h"
#include "compat.h"
#include "hooks.h"
#include "host.h"
#include "ioctl.h"
#include "limit.h"
#include "member.h"
#include "run.h"
#include "session.h"
#include "stream.h"

#define CHARDEV_MAX_STRUCT	4096
#define CHARDEV_MAX_ELEMENTS	4096

/*
 * An ioctl under way. No function of this file holds a lock, since it may access user
 * memory, and a page fault may last for as long as user space likes.
 */
struct bkt_ioctl {
	struct bkt_session *session;
	void __user *ptr;	/* the caller's structure */
	u32 size;	/* bytes of the structure that both caller and module know */
	u64 entered;	/* ticks: entry of the call or, if not traced, of chardev_ioctl() */
	union {
		struct {
			u32 size;
			u32 flags;
		} head;
		struct bricktrace_info info;
		struct bricktrace_thread thread;
		struct bricktrace_brick_define brick_define;
		struct bricktrace_run_open run_open;
		struct bricktrace_run_close run_close;
		struct bricktrace_session session;
		struct bricktrace_brick_get brick_get;
		struct bricktrace_brick_reset brick_reset;
		struct bricktrace_stream_open stream_open;
		struct bricktrace_stream stream;
	} arg;
};

/*
 * Reads the caller's structure of @size bytes, of which the module knows @known. Here and
 * in chardev_put(), the structures of the ioctls that open and close a run are copied with
 * a constant size, since for other sizes the kernel checks at length whether the copy
 * lies within its object (CONFIG_HARDENED_USERCOPY).
 */
static int chardev_get(struct bkt_ioctl *c, u32 size, u32 known)
{
	struct bricktrace_run_close *close = &c->arg.run_close;
	struct bricktrace_run_open *open = &c->arg.run_open;

	/* CHARDEV_IOCTL() makes sure that no other structure has these two sizes. */
	if (size == BRICKTRACE_RUN_OPEN_SIZE_V1 && known == sizeof(*open)) {
		if (copy_from_user(open, c->ptr, BRICKTRACE_RUN_OPEN_SIZE_V1))
			return -EFAULT;
		/* Only a flag makes anybody read the context. */
		if (open->flags)
			memset(&open->context, 0, sizeof(open->context));
		return 0;
	}
	if (size == sizeof(*close) && size == known)
		return copy_from_user(close, c->ptr, sizeof(*close)) ? -EFAULT : 0;
	return copy_struct_from_user(&c->arg, known, c->ptr, size);
}

/* Copies the answer to the caller's structure. */
static int chardev_put(struct bkt_ioctl *c)
{
	struct bricktrace_run_close *close = &c->arg.run_close;
	struct bricktrace_run_open *open = &c->arg.run_open;

	c->arg.head.size = c->size;
	if (c->size == BRICKTRACE_RUN_OPEN_SIZE_V1)
		return copy_to_user(c->ptr, open, BRICKTRACE_RUN_OPEN_SIZE_V1) ? -EFAULT : 0;
	if (c->size == sizeof(*close))
		return copy_to_user(c->ptr, close, sizeof(*close)) ? -EFAULT : 0;
	return copy_to_user(c->ptr, &c->arg, c->size) ? -EFAULT : 0;
}

/* This and chardev_put_array() are inline, since most callers want few of the arrays. */
static __always_inline int chardev_check_array(const struct bricktrace_array *a, u32 size_v0)
{
	if (!a->cap)
		return 0;
	if (!a->addr || a->cap > CHARDEV_MAX_ELEMENTS || a->size < size_v0 ||
	    a->size > CHARDEV_MAX_STRUCT)
		return -EINVAL;
	return 0;
}

/* Copies the element number @i, of @size bytes; the caller's elements may be larger or smaller. */
static int chardev_put_element(const struct bricktrace_array *a, u32 i, const void *from,
			       u32 size)
{
	u8 __user *to = (u8 __user *)u64_to_user_ptr(a->addr) + (size_t)i * a->size;
	u32 known = min(a->size, size);

	if (copy_to_user(to, from, known) ||
	    (a->size > known && clear_user(to + known, a->size - known)))
		return -EFAULT;
	return 0;
}

/* Copies @n elements of @size bytes to an array whose elements may have another size. */
static noinline int chardev_put_elements(const struct bricktrace_array *a, const void *from,
					 u32 size, u32 n)
{
	int ret = 0;
	u32 i;

	if (a->size == size)
		return copy_to_user(u64_to_user_ptr(a->addr), from, n * size) ? -EFAULT : 0;
	for (i = 0; !ret && i < n; i++)
		ret = chardev_put_element(a, i, from + (size_t)i * size, size);
	return ret;
}

static __always_inline int chardev_put_array(struct bricktrace_array *a, const void *from,
					     u32 size, u32 count)
{
	u32 n = min(a->cap, count);

	a->count = count;
	a->known = min(a->size, size);
	return n ? chardev_put_elements(a, from, size, n) : 0;
}

/* Waits neither for @session->lock nor for hooks_mutex, which may be held for long. */
static int chardev_info(struct bkt_ioctl *c)
{
	struct bricktrace_info *a = &c->arg.info;
	struct bkt_hooks_state state;

	bkt_hooks_state(&state);
	a->abi_version = BRICKTRACE_ABI_VERSION;
	a->clock = static_key_enabled(&bkt_clock_is_tsc) ?
			   BRICKTRACE_CLOCK_TSC : BRICKTRACE_CLOCK_MONOTONIC;
	a->armed = state.hooks != BRICKTRACE_HOOKS_OFF;
	a->slots = BKT_SLOTS - BKT_SLOT_FIRST;
	a->linger_ms = state.linger_ms;
	a->tested = bkt_kernel_tested;
	a->features = bkt_host_features();
	a->arms = state.arms;
	a->threads_lost = bkt_task_lost();
	a->enabled = state.enabled;
	a->hooks = state.hooks;
	a->max_followers = BKT_MAX_FOLLOWERS;
	a->reserved = 0;
	bkt_user_info(c->session->user, a);
	a->armed_ns = state.armed_ns;
	a->loaded_ns = state.loaded_ns;
	bkt_limit_get(&bkt_limit_host, &a->max_host_grants, &a->host_granted,
		      &a->host_refused);
	a->decode = bkt_ioctl_decodes();
	return chardev_put(c);
}

static int chardev_thread_register(struct bkt_ioctl *c)
{
	int n = bkt_member_register(c->session, c->arg.thread.tid, c->arg.thread.flags);

	if (n < 0)
		return n;
	c->arg.thread.threads = n;
	return chardev_put(c);
}

static int chardev_thread_unregister(struct bkt_ioctl *c)
{
	int n = bkt_member_unregister(c->session, c->arg.thread.tid,
				      c->arg.thread.flags);

	if (n < 0)
		return n;
	c->arg.thread.threads = n;
	return chardev_put(c);
}

/* Reads the @a->cap assertions of the caller into @to, which the caller of this frees. */
static int chardev_get_assertions(struct bricktrace_array *a,
				  struct bricktrace_assertion **to)
{
	const u8 __user *from = u64_to_user_ptr(a->addr);
	struct bricktrace_assertion *all;
	int ret = 0;
	u32 i;

	if (!a->cap)
		return 0;
	ret = chardev_check_array(a, BRICKTRACE_ASSERTION_SIZE_V0);
	if (ret || a->cap > BRICKTRACE_MAX_ASSERTIONS)
		return ret ?: -EINVAL;
	all = kcalloc(a->cap, sizeof(*all), GFP_KERNEL_ACCOUNT);
	if (!all)
		return -ENOMEM;
	*to = all;
	for (i = 0; !ret && i < a->cap; i++)
		ret = copy_struct_from_user(&all[i], sizeof(*all), from + i * a->size,
					    a->size);
	a->count = a->cap;
	a->known = min_t(u32, a->size, sizeof(*all));
	return ret;
}

static int chardev_brick_define(struct bkt_ioctl *c)
{
	struct bricktrace_brick_define *a = &c->arg.brick_define;
	struct bricktrace_assertion *assertions = NULL;
	int ret = 0;

	if (a->flags & BRICKTRACE_BRICK_ASSERTIONS)
		ret = chardev_get_assertions(&a->assertions, &assertions);
	if (!ret)
		ret = bkt_session_define(c->session, a, assertions, a->assertions.cap);
	kfree(assertions);
	if (ret < 0)
		return ret;
	a->brick = ret;
	return chardev_put(c);
}

static int chardev_brick_get(struct bkt_ioctl *c)
{
	struct bricktrace_brick_get *a = &c->arg.brick_get;
	struct bkt_brick *b = bkt_session_brick(c->session, a->brick);
	const struct bkt_brick_statistics *st;
	const struct bkt_assertions *set;
	struct bkt_brick_copy *copy;
	bool traced;
	int ret;
	u32 n;

	ret = chardev_check_array(&a->statistics, BRICKTRACE_STATISTICS_SIZE_V0) ?:
	      chardev_check_array(&a->histogram, BRICKTRACE_BUCKET_SIZE_V0) ?:
	      chardev_check_array(&a->categories,
				  BRICKTRACE_CATEGORY_STATISTICS_SIZE_V0) ?:
	      chardev_check_array(&a->window, BRICKTRACE_WINDOW_RUN_SIZE_V0) ?:
	      chardev_check_array(&a->assertions, BRICKTRACE_ASSERTION_SIZE_V0) ?:
	      chardev_check_array(&a->counts, BRICKTRACE_ASSERTION_COUNTS_SIZE_V0) ?:
	      chardev_check_array(&a->longest, BRICKTRACE_RESULT_SIZE_V0) ?:
	      chardev_check_array(&a->longest_times, BRICKTRACE_TIMES_SIZE_V0) ?:
	      chardev_check_array(&a->longest_categories,
				  BRICKTRACE_CATEGORY_FIGURES_SIZE_V0) ?:
	      chardev_check_array(&a->longest_slow, BRICKTRACE_SLOW_CALL_SIZE_V0);
	if (ret)
		return ret;
	if (!b)
		return -ENOENT;
	copy = kvzalloc(sizeof(*copy), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	bkt_brick_get(b, copy);
	st = &copy->st;
	traced = st->sums.traced;
	a->mode = copy->mode;
	a->budget_ns = copy->budget_ns;
	memcpy(a->name, b->name, sizeof(a->name));
	a->baseline = copy->baseline;
	a->escalated = copy->escalated;
	set = copy->assertions;
	n = set ? set->n : 0;
	ret = chardev_put_array(&a->statistics, &st->sums, sizeof(st->sums), 1) ?:
	      chardev_put_array(&a->histogram, st->durations.bucket,
				sizeof(st->durations.bucket[0]), BRICKTRACE_BUCKETS) ?:
	      chardev_put_array(&a->categories, st->categories,
				sizeof(st->categories[0]), BKT_CATEGORIES) ?:
	      chardev_put_array(&a->window, copy->window, sizeof(copy->window[0]),
				copy->window_runs) ?:
	      chardev_put_array(&a->assertions, set ? set->a : NULL, sizeof(set->a[0]), n) ?:
	      chardev_put_array(&a->counts, copy->counts, sizeof(copy->counts[0]), n) ?:
	      chardev_put_array(&a->longest, &st->longest.result,
				sizeof(st->longest.result), traced) ?:
	      chardev_put_array(&a->longest_times, &st->longest.times,
				sizeof(st->longest.times), traced) ?:
	      chardev_put_array(&a->longest_categories, st->longest.categories,
				sizeof(st->longest.categories[0]),
				traced ? BKT_CATEGORIES : 0) ?:
	      chardev_put_array(&a->longest_slow, copy->slow, sizeof(copy->slow[0]),
				st->nr_slow) ?:
	      chardev_put(c);
	bkt_assertions_put(copy->assertions);
	kvfree(copy);
	return ret;
}

static int chardev_brick_reset(struct bkt_ioctl *c)
{
	struct bkt_brick *b = bkt_session_brick(c->session, c->arg.brick_reset.brick);

	if (!b)
		return -ENOENT;
	bkt_brick_reset(b);
	return chardev_put(c);
}

static int chardev_run_open(struct bkt_ioctl *c)
{
	struct bricktrace_run_open *a = &c->arg.run_open;
	int ret;

	ret = bkt_run_open(c->session, a);
	if (ret)
		return ret;
	ret = chardev_put(c);
	/* The caller has not got the number of the run, so it could not close the run. */
	if (ret)
		bkt_run_cancel(c->session, a->run);
	return ret;
}

static int chardev_put_failed(struct bricktrace_array *a, const struct bkt_record *rec)
{
	struct bricktrace_failed f;
	u32 i, next = 0;
	int ret = 0;

	a->count = rec->result.failed;
	a->known = min_t(u32, a->size, sizeof(f));
	for (i = 0; !ret && i < min(a->cap, a->count); i++) {
		bkt_record_failed(rec, &next, &f);
		ret = chardev_put_element(a, i, &f, sizeof(f));
	}
	return ret;
}

static int chardev_put_result(struct bricktrace_array *a,
			      const struct bricktrace_result *result)
{
	if (!a->cap || a->size != sizeof(*result))
		return chardev_put_array(a, result, sizeof(*result), 1);
	a->count = 1;
	a->known = sizeof(*result);
	return copy_to_user(u64_to_user_ptr(a->addr), result, sizeof(*result)) ? -EFAULT : 0;
}

static int chardev_run_close(struct bkt_ioctl *c)
{
	struct bricktrace_run_close *a = &c->arg.run_close;
	const struct bkt_breakdown *b;
	struct bkt_record *rec;
	int ret;

	ret = chardev_check_array(&a->result, BRICKTRACE_RESULT_SIZE_V0) ?:
	      chardev_check_array(&a->times, BRICKTRACE_TIMES_SIZE_V0) ?:
	      chardev_check_array(&a->categories,
				  BRICKTRACE_CATEGORY_FIGURES_SIZE_V0) ?:
	      chardev_check_array(&a->syscalls, BRICKTRACE_SYSCALL_SIZE_V0) ?:
	      chardev_check_array(&a->failed, BRICKTRACE_FAILED_SIZE_V0) ?:
	      chardev_check_array(&a->ioctls, BRICKTRACE_IOCTL_SIZE_V0) ?:
	      chardev_check_array(&a->slow_calls, BRICKTRACE_SLOW_CALL_SIZE_V0);
	if (ret)
		return ret;
	rec = bkt_run_close(c->session, a->run, c->entered);
	if (IS_ERR(rec))
		return PTR_ERR(rec);
	b = rec->breakdown;
	ret = chardev_put_result(&a->result, &rec->result) ?:
	      chardev_put_array(&a->times, b ? b->times : NULL, sizeof(b->times[0]),
				b ? BKT_VIEWS : 0) ?:
	      chardev_put_array(&a->categories, b ? b->categories : NULL,
				sizeof(b->categories[0][0]),
				b ? BKT_CATEGORIES * BKT_VIEWS : 0) ?:
	      chardev_put_array(&a->syscalls, b ? b->syscalls : NULL,
				sizeof(b->syscalls[0][0]),
				b ? b->nr_syscalls * BKT_VIEWS : 0) ?:
	      chardev_put_failed(&a->failed, rec) ?:
	      chardev_put_array(&a->ioctls, b ? b->ioctls : NULL, sizeof(b->ioctls[0][0]),
				b ? b->nr_ioctls * BKT_VIEWS : 0) ?:
	      chardev_put_array(&a->slow_calls, rec->slow_calls, sizeof(rec->slow_calls[0]),
				rec->nr_slow_calls) ?:
	      chardev_put(c);
	bkt_run_done(rec);
	return ret;
}

static int chardev_session_get(struct bkt_ioctl *c)
{
	bkt_session_get(c->session, &c->arg.session);
	return chardev_put(c);
}

static int chardev_session_set(struct bkt_ioctl *c)
{
	return bkt_member_set(c->session, &c->arg.session) ?: chardev_put(c);
}

static int chardev_stream_open(struct bkt_ioctl *c)
{
	return bkt_stream_open(c->session, &c->arg.stream_open) ?: chardev_put(c);
}

static int chardev_stream_get(struct bkt_ioctl *c)
{
	return bkt_stream_get(c->session, &c->arg.stream) ?: chardev_put(c);
}

/* chardev_ioctl() checks an ioctl's structure by its row before it calls @fn. */
static const struct {
	unsigned int cmd;
	u16 size_v0;	/* bytes of the structure's first version */
	u16 size;	/* bytes of the structure's newest version */
	u16 reserved;	/* offset of a word that must be zero, 0: there is no such word */
	u32 flags;	/* mask of the known flags */
	int (*fn)(struct bkt_ioctl *c);
} chardev_ioctls[] = {
#define CHARDEV_IS_LIKE_RUN_OPEN(name, type, version0) \
	(BRICKTRACE_##name != BRICKTRACE_RUN_OPEN && \
	 sizeof(struct bricktrace_##type) == sizeof(struct bricktrace_run_open) && \
	 BRICKTRACE_##version0##_SIZE_V0 <= BRICKTRACE_RUN_OPEN_SIZE_V1)
#define CHARDEV_IOCTL(name, type, version0) \
	[_IOC_NR(BRICKTRACE_##name)] = { \
		.cmd = BRICKTRACE_##name, \
		.size_v0 = BRICKTRACE_##version0##_SIZE_V0, \
		.size = sizeof(struct bricktrace_##type) + \
			BUILD_BUG_ON_ZERO(CHARDEV_IS_LIKE_RUN_OPEN(name, type, version0))
	CHARDEV_IOCTL(INFO, info, INFO), .fn = chardev_info },
	CHARDEV_IOCTL(THREAD_REGISTER, thread, THREAD), .fn = chardev_thread_register,
		.flags = BRICKTRACE_THREAD_INHERIT_THREADS |
			 BRICKTRACE_THREAD_INHERIT_CHILDREN |
			 BRICKTRACE_THREAD_WHOLE_PROCESS },
	CHARDEV_IOCTL(THREAD_UNREGISTER, thread, THREAD), .fn = chardev_thread_unregister,
		.flags = BRICKTRACE_THREAD_WHOLE_PROCESS },
	CHARDEV_IOCTL(BRICK_DEFINE, brick_define, BRICK_DEFINE), .fn = chardev_brick_define,
		.reserved = offsetof(struct bricktrace_brick_define, reserved),
		.flags = BRICKTRACE_BRICK_MODE | BRICKTRACE_BRICK_BASELINE |
			 BRICKTRACE_BRICK_ASSERTIONS },
	CHARDEV_IOCTL(RUN_OPEN, run_open, RUN_OPEN), .fn = chardev_run_open,
		.reserved = offsetof(struct bricktrace_run_open, reserved),
		.flags = BRICKTRACE_RUN_CHARGE | BRICKTRACE_RUN_IDS |
			 BRICKTRACE_RUN_CONTEXT },
	CHARDEV_IOCTL(RUN_CLOSE, run_close, RUN_CLOSE), .fn = chardev_run_close },
	CHARDEV_IOCTL(SESSION_GET, session, SESSION), .fn = chardev_session_get,
		.reserved = offsetof(struct bricktrace_session, reserved) },
	CHARDEV_IOCTL(SESSION_SET, session, SESSION), .fn = chardev_session_set,
		.reserved = offsetof(struct bricktrace_session, reserved),
		.flags = BRICKTRACE_SESSION_EDGE | BRICKTRACE_SESSION_CV |
			 BRICKTRACE_SESSION_EFFICIENCY | BRICKTRACE_SESSION_LIMIT |
			 BRICKTRACE_SESSION_OUTLIERS | BRICKTRACE_SESSION_ENABLED |
			 BRICKTRACE_SESSION_SLOW | BRICKTRACE_SESSION_LABEL |
			 BRICKTRACE_SESSION_CONTEXT },
	CHARDEV_IOCTL(BRICK_GET, brick_get, BRICK_GET), .fn = chardev_brick_get },
	CHARDEV_IOCTL(BRICK_RESET, brick_reset, BRICK_RESET), .fn = chardev_brick_reset,
		.reserved = offsetof(struct bricktrace_brick_reset, reserved) },
	CHARDEV_IOCTL(STREAM_OPEN, stream_open, STREAM_OPEN), .fn = chardev_stream_open,
		.flags = BRICKTRACE_STREAM_GRANTED },
	CHARDEV_IOCTL(STREAM_GET, stream, STREAM), .fn = chardev_stream_get,
		.reserved = offsetof(struct bricktrace_stream, reserved) },
};

static long chardev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long ptr)
{
	unsigned int nr = _IOC_NR(cmd);
	/* chardev_get() writes what is read; zeros would take as long as the rest here. */
	struct bkt_ioctl c BKT_UNINITIALIZED;
	u32 size;
	int ret;

	c.session = file->private_data;
	c.ptr = (void __user *)ptr;
	c.entered = bkt_task_control() ?: bkt_clock_now();
	if (nr >= ARRAY_SIZE(chardev_ioctls))
		return -ENOTTY;
	nr = array_index_nospec(nr, ARRAY_SIZE(chardev_ioctls));
	if (cmd != chardev_ioctls[nr].cmd)
		return -ENOTTY;
	if (get_user(size, (u32 __user *)c.ptr))
		return -EFAULT;
	if (size < chardev_ioctls[nr].size_v0 || size > CHARDEV_MAX_STRUCT)
		return -EINVAL;
	ret = chardev_get(&c, size, chardev_ioctls[nr].size);
	if (ret)
		return ret;
	if (c.arg.head.flags & ~chardev_ioctls[nr].flags)
		return -EINVAL;
	if (chardev_ioctls[nr].reserved &&
	    *(u32 *)((u8 *)&c.arg + chardev_ioctls[nr].reserved))
		return -EINVAL;
	c.size = min_t(u32, size, chardev_ioctls[nr].size);
	return chardev_ioctls[nr].fn(&c);
}

static int chardev_open(struct inode *inode, struct file *file)
{
	struct bkt_session *s = bkt_host_open(file->f_cred, BRICKTRACE_OWNER_DEVICE);

	if (IS_ERR(s))
		return PTR_ERR(s);
	file->private_data = s;
	return nonseekable_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	struct bkt_session *s = file->private_data;

	bkt_stream_close(s);
	bkt_host_close(s);
	return 0;
}

static const struct file_operations chardev_fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.read = bkt_stream_read,
	.poll = bkt_stream_poll,
	.fasync = bkt_stream_fasync,
	.unlocked_ioctl = chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/*
 * The number is fixed, so that opening the device can load the module. The numbers from
 * 240 to 254 are for local use (Documentation/admin-guide/devices.txt), and the kernel
 * has given away those up to 242 (linux/miscdevice.h).
 */
#define CHARDEV_MINOR	250

static u8 chardev_minor = CHARDEV_MINOR;
module_param_named(minor, chardev_minor, byte, 0444);
MODULE_PARM_DESC(minor, "minor number of the device; 255 takes any that is free, and opening the device then loads no module (250)");
MODULE_ALIAS_MISCDEV(CHARDEV_MINOR);
MODULE_ALIAS("devname:bricktrace");

static struct miscdevice chardev_misc = {
	.name = "bricktrace",
	.fops = &chardev_fops,
	.mode = 0660,
};

/* If an assertion fails, a structure has changed: it needs a constant for its new size. */
int bkt_chardev_init(void)
{
	int ret;

#define SIZE(type, version) \
	BUILD_BUG_ON(sizeof(struct bricktrace_##type) != BRICKTRACE_##version)
	SIZE(info, INFO_SIZE_V1);
	SIZE(thread, THREAD_SIZE_V0);
	SIZE(assertion, ASSERTION_SIZE_V0);
	SIZE(brick_define, BRICK_DEFINE_SIZE_V1);
	SIZE(run_open, RUN_OPEN_SIZE_V2);
	SIZE(run_close, RUN_CLOSE_SIZE_V2);
	SIZE(result, RESULT_SIZE_V1);
	SIZE(times, TIMES_SIZE_V1);
	SIZE(category_figures, CATEGORY_FIGURES_SIZE_V1);
	SIZE(syscall, SYSCALL_SIZE_V1);
	SIZE(failed, FAILED_SIZE_V0);
	SIZE(session, SESSION_SIZE_V3);
	SIZE(ioctl, IOCTL_SIZE_V0);
	SIZE(slow_call, SLOW_CALL_SIZE_V0);
	SIZE(brick_get, BRICK_GET_SIZE_V1);
	SIZE(brick_reset, BRICK_RESET_SIZE_V0);
	SIZE(statistics, STATISTICS_SIZE_V0);
	SIZE(bucket, BUCKET_SIZE_V0);
	SIZE(category_statistics, CATEGORY_STATISTICS_SIZE_V0);
	SIZE(window_run, WINDOW_RUN_SIZE_V0);
	SIZE(assertion_counts, ASSERTION_COUNTS_SIZE_V0);
	SIZE(stream_open, STREAM_OPEN_SIZE_V0);
	SIZE(stream, STREAM_SIZE_V0);
	SIZE(record, RECORD_SIZE_V0);
	SIZE(record_loss, RECORD_LOSS_SIZE_V0);
	SIZE(record_run, RECORD_RUN_SIZE_V0);
	SIZE(origin, ORIGIN_SIZE_V0);
	chardev_misc.minor = chardev_minor;
	ret = misc_register(&chardev_misc);
	if (ret)
		pr_err("cannot have the minor number %d (%d): try minor=%d\n",
		       chardev_minor, ret, MISC_DYNAMIC_MINOR);
	return ret;
}

void bkt_chardev_exit(void)
{
	misc_deregister(&chardev_misc);
}
