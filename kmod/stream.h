/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Streams, the interface to user space for finished runs: read and poll on the device, and
 * SIGIO. As in chardev.c, no function holds a lock while it copies to user memory.
 */
#ifndef BKT_STREAM_H
#define BKT_STREAM_H

#include <linux/fs.h>
#include <linux/poll.h>
#include "session.h"

/*
 * Opens the stream of a file as BRICKTRACE_STREAM_OPEN says, whose flags are checked
 * already, and fills in what @a returns. Returns 0 or an error of that ioctl.
 */
int bkt_stream_open(struct bkt_session *s, struct bricktrace_stream_open *a);

/* Fills in what BRICKTRACE_STREAM_GET returns. Returns 0, -EINVAL or -EPERM. */
int bkt_stream_get(struct bkt_session *s, struct bricktrace_stream *to);

/* Closes the stream of a file that is being released, if it has one. */
void bkt_stream_close(struct bkt_session *s);

/* File operations. */
ssize_t bkt_stream_read(struct file *file, char __user *to, size_t size, loff_t *offset);
__poll_t bkt_stream_poll(struct file *file, poll_table *table);
int bkt_stream_fasync(int fd, struct file *file, int on);

#endif /* BKT_STREAM_H */
