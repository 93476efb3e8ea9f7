// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include "chardev.h"
#include "clock.h"
#include "compat.h"
#include "hooks.h"
#include "member.h"
#include "run.h"
#include "session.h"

#define MAX_STRUCT 4096

union arg {
	struct {
		u32 size;
		u32 flags;
	} head;
	struct bricktrace_info info;
	struct bricktrace_thread thread;
	struct bricktrace_brick brick;
	struct bricktrace_open open;
	struct bricktrace_close close;
	struct bricktrace_session session;
};

/* What the ioctls take; each structure begins with its size and flags. */
static const struct {
	u16 size_v0;
	u16 size;
	u32 flags;	/* known ones */
} ioctls[] = {
#define TAKES(name, type, version0, known) \
	[_IOC_NR(name)] = { version0, sizeof(struct type), known }
	TAKES(BRICKTRACE_INFO, bricktrace_info, BRICKTRACE_INFO_SIZE_V0, 0),
	TAKES(BRICKTRACE_THREAD_REGISTER, bricktrace_thread,
	      BRICKTRACE_THREAD_SIZE_V0,
	      BRICKTRACE_INHERIT_THREADS | BRICKTRACE_INHERIT_CHILDREN |
	      BRICKTRACE_PROCESS),
	TAKES(BRICKTRACE_THREAD_UNREGISTER, bricktrace_thread,
	      BRICKTRACE_THREAD_SIZE_V0, BRICKTRACE_PROCESS),
	TAKES(BRICKTRACE_BRICK_DEFINE, bricktrace_brick,
	      BRICKTRACE_BRICK_SIZE_V0, 0),
	TAKES(BRICKTRACE_RUN_OPEN, bricktrace_open,
	      BRICKTRACE_OPEN_SIZE_V0, 0),
	TAKES(BRICKTRACE_RUN_CLOSE, bricktrace_close,
	      BRICKTRACE_CLOSE_SIZE_V0, 0),
	TAKES(BRICKTRACE_SESSION_GET, bricktrace_session,
	      BRICKTRACE_SESSION_SIZE_V0, 0),
	TAKES(BRICKTRACE_SESSION_SET, bricktrace_session,
	      BRICKTRACE_SESSION_SIZE_V0, BRICKTRACE_SET_EDGE),
};

static int info(struct bt_session *s, struct bricktrace_info *arg,
		const struct bt_uarg *uarg)
{
	struct bt_hooks_state state;

	bt_hooks_state(&state);
	arg->abi_version = BRICKTRACE_ABI_VERSION;
	arg->clock = static_key_enabled(&bt_clock_is_tsc) ?
		     BRICKTRACE_CLOCK_TSC : BRICKTRACE_CLOCK_MONOTONIC;
	arg->armed = state.hooks != BRICKTRACE_HOOKS_OFF;
	arg->slots = BT_SLOTS - BT_SLOT_FIRST;
	arg->linger_ms = state.linger_ms;
	arg->reserved = 0;
	arg->arms = state.arms;
	arg->threads_lost = bt_task_lost();
	arg->enabled = state.enabled;
	arg->hooks = state.hooks;
	arg->tested = bt_kernel_tested;
	arg->max_followers = BT_MAX_FOLLOWERS;
	bt_user_info(s->user, arg);
	arg->armed_ns = state.armed_ns;
	arg->loaded_ns = state.loaded_ns;
	return bt_uarg_put(uarg, arg, sizeof(*arg));
}

static long handle(struct bt_session *s, unsigned int cmd, union arg *arg,
		   const struct bt_uarg *uarg, u64 entered)
{
	switch (cmd) {
	case BRICKTRACE_THREAD_REGISTER:
		return bt_member_register(s, &arg->thread, uarg);
	case BRICKTRACE_THREAD_UNREGISTER:
		return bt_member_unregister(s, &arg->thread, uarg);
	case BRICKTRACE_BRICK_DEFINE:
		return bt_session_define(s, &arg->brick, uarg);
	case BRICKTRACE_RUN_OPEN:
		return bt_run_open(s, &arg->open, uarg);
	case BRICKTRACE_RUN_CLOSE:
		return bt_run_close(s, &arg->close, entered);
	case BRICKTRACE_SESSION_GET:
		return bt_session_get(s, &arg->session, uarg);
	case BRICKTRACE_SESSION_SET:
		return bt_session_set(s, &arg->session);
	}
	return -ENOTTY;
}

static long chardev_ioctl(struct file *file, unsigned int cmd,
			  unsigned long ptr)
{
	struct bt_session *s = file->private_data;
	struct bt_uarg uarg = { .ptr = (void __user *)ptr };
	u64 entered = bt_task_control();
	union arg arg = {};
	unsigned int nr = _IOC_NR(cmd);
	int ret;

	if (!entered)
		entered = bt_clock_now();
	if (nr >= ARRAY_SIZE(ioctls) || cmd != _IO(BRICKTRACE_IOC, nr))
		return -ENOTTY;
	if (get_user(uarg.size, (u32 __user *)uarg.ptr))
		return -EFAULT;
	if (uarg.size < ioctls[nr].size_v0 || uarg.size > MAX_STRUCT)
		return -EINVAL;
	ret = copy_struct_from_user(&arg, ioctls[nr].size, uarg.ptr, uarg.size);
	if (ret)
		return ret;
	if (arg.head.flags & ~ioctls[nr].flags)
		return -EINVAL;

	/* Whoever asks what the host does must not wait for a session that does it. */
	if (cmd == BRICKTRACE_INFO)
		return info(s, &arg.info, &uarg);
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	ret = handle(s, cmd, &arg, &uarg, entered);
	mutex_unlock(&s->lock);
	return ret;
}

static int chardev_open(struct inode *inode, struct file *file)
{
	struct bt_session *s = bt_session_alloc(file);

	if (IS_ERR(s))
		return PTR_ERR(s);
	file->private_data = s;
	return nonseekable_open(inode, file);
}

static int chardev_release(struct inode *inode, struct file *file)
{
	bt_session_release(file->private_data);
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.unlocked_ioctl = chardev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "bricktrace",
	.fops = &fops,
	.mode = 0660,
};

int bt_chardev_init(void)
{
	BUILD_BUG_ON(sizeof(struct bricktrace_info) != BRICKTRACE_INFO_SIZE_V1);
	BUILD_BUG_ON(sizeof(struct bricktrace_thread) != BRICKTRACE_THREAD_SIZE_V0);
	BUILD_BUG_ON(sizeof(struct bricktrace_brick) != BRICKTRACE_BRICK_SIZE_V0);
	BUILD_BUG_ON(sizeof(struct bricktrace_open) != BRICKTRACE_OPEN_SIZE_V0);
	BUILD_BUG_ON(sizeof(struct bricktrace_close) != BRICKTRACE_CLOSE_SIZE_V0);
	BUILD_BUG_ON(sizeof(struct bricktrace_result) != BRICKTRACE_RESULT_SIZE_V0);
	BUILD_BUG_ON(sizeof(struct bricktrace_session) != BRICKTRACE_SESSION_SIZE_V0);
	return misc_register(&misc);
}

void bt_chardev_exit(void)
{
	misc_deregister(&misc);
}
