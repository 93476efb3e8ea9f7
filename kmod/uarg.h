/* SPDX-License-Identifier: GPL-2.0 */
/* The caller's structure, where an ioctl writes its answer. */
#ifndef BT_UARG_H
#define BT_UARG_H

#include <linux/minmax.h>
#include <linux/uaccess.h>

struct bt_uarg {
	void __user *ptr;
	u32 size;	/* as the caller gave it */
};

/* 0 or -EFAULT. A handler calls it before it changes anything. */
static inline int bt_uarg_put(const struct bt_uarg *u, const void *from,
			      size_t size)
{
	if (copy_to_user(u->ptr, from, min_t(size_t, size, u->size)))
		return -EFAULT;
	return 0;
}

#endif /* BT_UARG_H */
