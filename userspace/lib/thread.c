// SPDX-License-Identifier: MIT
/* The threads of a tracer: those that register themselves, and others that it follows. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int thread_ask(struct bt_tracer *t, unsigned long request, pid_t tid,
		      uint32_t flags, uint32_t *threads)
{
	struct bricktrace_thread thread = {
		.size = sizeof(thread),
		.flags = flags,
		.tid = tid,
	};
	int err = bti_ioctl(t, request, &thread);

	if (threads && !err)
		*threads = thread.threads;
	return err;
}

static int thread_check(const struct bt_tracer *t, unsigned int inherit)
{
	if (!t)
		return bti_fail_null("tracer");
	if (inherit & ~(BT_INHERIT_THREADS | BT_INHERIT_CHILDREN))
		return bti_fail(EINVAL, "unknown inherit bits 0x%x; use BT_INHERIT_*",
				inherit);
	return 0;
}

static int thread_too_many_followers(struct bt_tracer *t, const char *what, pid_t id)
{
	struct bricktrace_info info;

	bti_info(t, &info);
	return bti_fail(
		EUSERS,
		"cannot follow %s %d: %u sessions already follow it or one of its threads, which is the most that is allowed; end one of them",
		what, id, info.max_followers);
}

static int thread_detached(void)
{
	return bti_fail(
		ESHUTDOWN,
		"the operator of this host has detached this tracer, which follows no thread any more; open a new one");
}

int bt_thread_register(struct bt_tracer *t, unsigned int inherit)
{
	int err = thread_check(t, inherit);

	if (err || t->fd < 0)
		return err;
	err = thread_ask(t, BRICKTRACE_THREAD_REGISTER, 0, inherit, NULL);
	switch (-err) {
	case 0:
		return 0;
	case EEXIST:
		return bti_fail(EEXIST,
				"the thread is registered with this tracer already");
	case EDQUOT:
		return bti_fail_quota(t, BTI_QUOTA_THREADS, "cannot register the thread");
	case EUSERS:
		return thread_too_many_followers(t, "thread", gettid());
	case ESHUTDOWN:
		return thread_detached();
	case EPERM:
		return bti_fail(EPERM,
				"may not register the thread: the user who opened " BTI_DEVICE
				" may not trace this program; open a new tracer in it");
	default:
		return bti_fail(-err, "cannot register the thread: %s", strerror(-err));
	}
}

int bt_thread_unregister(struct bt_tracer *t)
{
	int err = thread_check(t, 0);

	if (err || t->fd < 0)
		return err;
	err = thread_ask(t, BRICKTRACE_THREAD_UNREGISTER, 0, 0, NULL);
	switch (-err) {
	case 0:
		return 0;
	case ESRCH:
		return bti_fail(ESRCH, "the thread is not registered with this tracer");
	case EBUSY:
		return bti_fail(EBUSY, "a run is open on the thread; close it first");
	default:
		return bti_fail(-err, "cannot unregister the thread: %s", strerror(-err));
	}
}

static int thread_check_id(const struct bt_tracer *t, const char *what, pid_t id,
			   unsigned int inherit)
{
	/* The kernel takes 0 for the calling thread, which this function does not mean. */
	if (id <= 0)
		return bti_fail(EINVAL, "invalid %s ID %d; it must be 1 or more", what, id);
	return thread_check(t, inherit);
}

static int thread_follow(struct bt_tracer *t, const char *what, pid_t id, uint32_t flags,
			 uint32_t *threads)
{
	int err = thread_ask(t, BRICKTRACE_THREAD_REGISTER, id, flags, threads);

	switch (-err) {
	case 0:
		return 0;
	case EPERM:
		return bti_fail(
			EPERM,
			"may not follow %s %d: it must have your user and group ids and be dumpable, which set-user-ID programs are not, or you and the user who opened " BTI_DEVICE
			" need CAP_SYS_PTRACE or CAP_PERFMON; try as root (kernel threads cannot be followed)",
			what, id);
	case ESRCH:
		return bti_fail(
			ESRCH,
			"no %s %d: it does not exist in this pid namespace, or it is ending; see ps -eL",
			what, id);
	case EEXIST:
		return bti_fail(
			EEXIST,
			"%s %d is followed by this tracer already; unfollow it first to change what is inherited",
			what, id);
	case EDQUOT:
		return bti_fail_quota(t, BTI_QUOTA_THREADS, "cannot follow %s %d", what,
				      id);
	case EUSERS:
		return thread_too_many_followers(t, what, id);
	case EBUSY:
		return bti_fail(
			EBUSY,
			"cannot follow %s %d: it is executing a program, which takes long; try again",
			what, id);
	case ESHUTDOWN:
		return thread_detached();
	default:
		return bti_fail(-err, "cannot follow %s %d: %s", what, id, strerror(-err));
	}
}

static int thread_unfollow(struct bt_tracer *t, const char *what, pid_t id,
			   uint32_t flags, uint32_t *threads)
{
	int err = thread_ask(t, BRICKTRACE_THREAD_UNREGISTER, id, flags, threads);

	switch (-err) {
	case 0:
		return 0;
	case ESRCH:
		return bti_fail(ESRCH, "%s %d is not followed by this tracer, or has ended",
				what, id);
	case EBUSY:
		return bti_fail(
			EBUSY,
			"cannot unfollow %s %d: it has opened a run of BT_SCOPE_THREAD; close that first",
			what, id);
	default:
		return bti_fail(-err, "cannot unfollow %s %d: %s", what, id,
				strerror(-err));
	}
}

int bt_thread_follow(struct bt_tracer *t, pid_t tid, unsigned int inherit)
{
	int err = thread_check_id(t, "thread", tid, inherit);

	if (err || t->fd < 0)
		return err;
	return thread_follow(t, "thread", tid, inherit, NULL);
}

int bt_thread_unfollow(struct bt_tracer *t, pid_t tid)
{
	int err = thread_check_id(t, "thread", tid, 0);

	if (err || t->fd < 0)
		return err;
	return thread_unfollow(t, "thread", tid, 0, NULL);
}

int bt_process_follow(struct bt_tracer *t, pid_t pid, unsigned int inherit,
		      uint32_t *threads)
{
	int err = thread_check_id(t, "process", pid, inherit);

	if (threads)
		*threads = 0;
	if (err || t->fd < 0)
		return err;
	return thread_follow(t, "process", pid, BRICKTRACE_THREAD_WHOLE_PROCESS | inherit,
			     threads);
}

int bt_process_unfollow(struct bt_tracer *t, pid_t pid, uint32_t *threads)
{
	int err = thread_check_id(t, "process", pid, 0);

	if (threads)
		*threads = 0;
	if (err || t->fd < 0)
		return err;
	return thread_unfollow(t, "process", pid, BRICKTRACE_THREAD_WHOLE_PROCESS, threads);
}
