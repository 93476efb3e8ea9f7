// SPDX-License-Identifier: GPL-2.0
/* The fake driver behind /dev/nvidia-uvm, whose node somebody must make. */
#include <linux/module.h>
#include <linux/uaccess.h>
#include "fakegpu.h"
#include "nvidia-uvm.h"

#define UVM_NAME	"nvidia-uvm"
#define UVM_MINORS	2 /* the second one is /dev/nvidia-uvm-tools */

static int uvm_major;

static const struct fakegpu_request *uvm_find(u32 number)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(uvm_requests); i++)
		if (uvm_requests[i].number == number)
			return &uvm_requests[i];
	return NULL;
}

/* The private data of a file is not NULL once UVM_INITIALIZE has succeeded. */
static int uvm_request(struct fakegpu_call *call, struct file *file, void __user *arg)
{
	const struct fakegpu_request *request = uvm_find(call->request);
	int err;

	/* The real driver takes the number for one of its own tests, which are switched off. */
	if (!request)
		return -ENOSYS;
	err = fakegpu_answer(call, call->request, FAKEGPU_NONE);
	if (err)
		return err;
	if (call->request == UVM_INITIALIZE && !call->status)
		WRITE_ONCE(file->private_data, file);
	if (!READ_ONCE(file->private_data) && !call->status && call->request != UVM_MM_INITIALIZE &&
	    call->request != UVM_DEINITIALIZE)
		call->status = NV_ERR_ILLEGAL_ACTION;
	if (request->status == NO_STATUS)
		return 0;
	return put_user(call->status, (u32 __user *)(arg + request->status));
}

static long uvm_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct fakegpu_call call = fakegpu_begin(FAKEGPU_NVIDIA_UVM, file, request);

	return fakegpu_end(&call, uvm_request(&call, file, (void __user *)arg));
}

static const struct file_operations uvm_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = uvm_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int __init uvm_init(void)
{
	uvm_major = __register_chrdev(0, 0, UVM_MINORS, UVM_NAME, &uvm_fops);
	return min(uvm_major, 0);
}

static void __exit uvm_exit(void)
{
	__unregister_chrdev(uvm_major, 0, UVM_MINORS, UVM_NAME);
}

module_init(uvm_init);
module_exit(uvm_exit);
MODULE_DESCRIPTION("A fake of NVIDIA's driver of unified memory, for the tests of bricktrace");
MODULE_LICENSE("GPL");
