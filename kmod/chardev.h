/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/bricktrace: takes the ioctls apart and hands them to the session. */
#ifndef BT_CHARDEV_H
#define BT_CHARDEV_H

int bt_chardev_init(void);
void bt_chardev_exit(void);

#endif /* BT_CHARDEV_H */
