// SPDX-License-Identifier: GPL-2.0
/*
 * The fake driver behind /dev/kfd, which is a part of the module amdgpu. The driver neither
 * reads nor writes arguments.
 */
#include <linux/device.h>
#include <linux/kfd_ioctl.h>
#include <linux/module.h>
#include "fakegpu.h"

static int kfd_major;
static struct class kfd_class = { .name = "kfd" };

static int kfd_request(struct fakegpu_call *call)
{
	u32 nr = _IOC_NR(call->request);

	if (nr < AMDKFD_COMMAND_START || nr >= AMDKFD_COMMAND_END)
		return -ENOTTY;
	return fakegpu_answer(call, nr, FAKEGPU_NONE);
}

static long kfd_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	struct fakegpu_call call = fakegpu_begin(FAKEGPU_AMDGPU, file, request);

	return fakegpu_end(&call, kfd_request(&call));
}

static const struct file_operations kfd_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = kfd_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static int __init kfd_init(void)
{
	struct device *device;
	int err;

	kfd_major = register_chrdev(0, "kfd", &kfd_fops);
	if (kfd_major < 0)
		return kfd_major;
	err = class_register(&kfd_class);
	if (err)
		goto unregister;
	device = device_create(&kfd_class, NULL, MKDEV(kfd_major, 0), NULL, "kfd");
	err = PTR_ERR_OR_ZERO(device);
	if (!err)
		return 0;
	class_unregister(&kfd_class);
unregister:
	unregister_chrdev(kfd_major, "kfd");
	return err;
}

static void __exit kfd_exit(void)
{
	device_destroy(&kfd_class, MKDEV(kfd_major, 0));
	class_unregister(&kfd_class);
	unregister_chrdev(kfd_major, "kfd");
}

module_init(kfd_init);
module_exit(kfd_exit);
MODULE_DESCRIPTION("A fake of AMD's KFD, for the tests of bricktrace");
MODULE_LICENSE("GPL");
