/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/bricktrace, the interface to programs that open it. Only chardev.c accesses their
 * memory: it passes the values in an ioctl's structure to functions of session.h, member.h
 * and run.h, and copies their answer when they have released their locks.
 */
#ifndef BKT_CHARDEV_H
#define BKT_CHARDEV_H

int bkt_chardev_init(void);
void bkt_chardev_exit(void);

#endif /* BKT_CHARDEV_H */
