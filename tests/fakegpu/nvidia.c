// SPDX-License-Identifier: GPL-2.0
/*
 * The fake driver behind /dev/nvidiactl and /dev/nvidia0. As the real one, it ignores the type
 * of a request and has no devices in sysfs, so that somebody must make the nodes.
 */
#include <linux/module.h>
#include <linux/uaccess.h>
#include "fakegpu.h"
#include "nvidia.h"

static atomic_t last_handle = ATOMIC_INIT(0x5c000000);

static const struct fakegpu_request *nv_find(u32 number, u32 size)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nv_requests); i++)
		if (nv_requests[i].number == number &&
		    (!nv_requests[i].size || nv_requests[i].size == size))
			return &nv_requests[i];
	return NULL;
}

/* Which command is in the argument; FAKEGPU_NONE if the request has none. */
static int nv_command(u32 number, const void __user *arg, u64 *command)
{
	u32 value;

	*command = FAKEGPU_NONE;
	if (number != NV_ESC_RM_CONTROL && number != NV_ESC_RM_ALLOC)
		return 0;
	arg += number == NV_ESC_RM_CONTROL ? NV_CONTROL_COMMAND : NV_ALLOC_CLASS;
	if (get_user(value, (const u32 __user *)arg))
		return -EFAULT;
	*command = value;
	return 0;
}

/* An object whose creator has chosen no handle gets one. */
static int nv_name(void __user *arg)
{
	u32 __user *handle = arg + NV_ALLOC_HANDLE;
	u32 value;

	if (get_user(value, handle))
		return -EFAULT;
	return value ? 0 : put_user((u32)atomic_inc_return(&last_handle), handle);
}

static int nv_request(struct fakegpu_call *call, u32 number, u32 size, void __user *arg,
		      bool wrapped)
{
	const struct fakegpu_request *request;
	u64 command;
	int err = nv_command(number, arg, &command);

	/* A wrapped request is counted as the request that wraps it. */
	if (!wrapped)
		call->command = command;
	request = nv_find(number, size);
	if (!request)
		return -EINVAL;
	err = err ?: fakegpu_answer(call, number, command);
	if (!err && number == NV_ESC_RM_ALLOC && !call->status)
		err = nv_name(arg);
	if (!err && request->status != NO_STATUS)
		err = put_user(call->status, (u32 __user *)(arg + request->status));
	return err;
}

static int nv_xfer(struct fakegpu_call *call, u32 size, const void __user *arg)
{
	struct nv_xfer xfer;

	if (size != sizeof(xfer))
		return -EINVAL;
	if (copy_from_user(&xfer, arg, sizeof(xfer)))
		return -EFAULT;
	if (xfer.size > NV_XFER_MAX)
		return -EINVAL;
	return nv_request(call, xfer.number, xfer.size, u64_to_user_ptr(xfer.ptr), true);
}

static long nv_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct fakegpu_call call = fakegpu_begin(FAKEGPU_NVIDIA, file, request);
	void __user *user = (void __user *)arg;

	if (_IOC_NR(request) == NV_ESC_IOCTL_XFER_CMD)
		return fakegpu_end(&call, nv_xfer(&call, _IOC_SIZE(request), user));
	return fakegpu_end(&call, nv_request(&call, _IOC_NR(request), _IOC_SIZE(request), user,
					     false));
}

static const struct file_operations nv_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = nv_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int __init nv_init(void)
{
	int err = __register_chrdev(NV_MAJOR, 0, NV_MINORS, "nvidia", &nv_fops);

	if (err)
		return err;
	err = __register_chrdev(NV_MAJOR, NV_MINOR_CTL, 1, "nvidiactl", &nv_fops);
	if (err)
		__unregister_chrdev(NV_MAJOR, 0, NV_MINORS, "nvidia");
	return err;
}

static void __exit nv_exit(void)
{
	__unregister_chrdev(NV_MAJOR, NV_MINOR_CTL, 1, "nvidiactl");
	__unregister_chrdev(NV_MAJOR, 0, NV_MINORS, "nvidia");
}

module_init(nv_init);
module_exit(nv_exit);
MODULE_DESCRIPTION("A fake of NVIDIA's driver, for the tests of bricktrace");
MODULE_LICENSE("GPL");
