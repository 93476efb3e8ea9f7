// SPDX-License-Identifier: MIT
/* Threads of a tracer. */
#include <errno.h>
#include <string.h>

#include "internal.h"

int bt_thread_register(struct bt_tracer *t, unsigned int inherit)
{
	struct bricktrace_thread thread = {
		.size = sizeof(thread),
		.flags = inherit,
	};
	int err;

	if (inherit & ~(BT_INHERIT_THREADS | BT_INHERIT_CHILDREN))
		return bti_fail(EINVAL, "unknown inherit bits 0x%x; use BT_INHERIT_*",
				inherit);
	if (t->fd < 0)
		return 0;
	err = bti_ioctl(t, BRICKTRACE_THREAD_REGISTER, &thread);
	switch (-err) {
	case 0:
		return 0;
	case EEXIST:
		return bti_fail(EEXIST,
				"the thread is registered with this tracer already");
	case EDQUOT:
		return bti_fail(
			EDQUOT,
			"the limit of threads of a session is reached; unregister threads or use a second tracer");
	default:
		return bti_fail(-err, "cannot register the thread: %s", strerror(-err));
	}
}

int bt_thread_unregister(struct bt_tracer *t)
{
	struct bricktrace_thread thread = { .size = sizeof(thread) };
	int err;

	if (t->fd < 0)
		return 0;
	err = bti_ioctl(t, BRICKTRACE_THREAD_UNREGISTER, &thread);
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
