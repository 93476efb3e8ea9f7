/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/bricktrace, a door: the only file that knows user memory. It takes the ioctls
 * apart, hands plain values to the core, and copies what that answers when the core
 * has let go of its locks.
 */
#ifndef BKT_CHARDEV_H
#define BKT_CHARDEV_H

int bkt_chardev_init(void);
void bkt_chardev_exit(void);

#endif /* BKT_CHARDEV_H */
