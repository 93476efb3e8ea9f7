/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader: what an open file streams, which are the finished runs of its session, or of
 * all sessions of the host. It has a ring of its own, so that it can neither delay nor rob
 * other readers. Whoever ends a run only writes to the ring: it wakes nobody, but leaves
 * that to a worker, so that its cost does not depend on what the reader does.
 *
 * The file's session owns the reader and frees it when the file is released. The readers
 * of the host are in a list, which runs that end pass under RCU.
 */
#ifndef BKT_READER_H
#define BKT_READER_H

#include <linux/fs.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "encode.h"
#include "limit.h"
#include "ring.h"
#include "user.h"

struct bkt_reader {
	struct list_head node;		/* in the list of host-wide readers: reader_mutex */

	/* Constant. */
	u32 scope;			/* these are as in struct bricktrace_stream */
	u32 levels;
	bool granted;
	const struct cred *opener;	/* no reference: the session has one */
	struct pid_namespace *ns;	/* likewise: the session has one */
	struct bkt_user *user;		/* is charged for the reader */
	u32 uid;			/* the session's, in the opener's user namespace */
	wait_queue_head_t *wait;	/* threads that wait for a record */

	struct bkt_ring ring;
	struct bkt_limit limit;		/* of a host-wide reader that is not @granted */
	struct fasync_struct *fasync;	/* those that want SIGIO; fasync_helper() locks it */
	struct delayed_work wake;
};

/* The number of host-wide readers. */
extern u32 bkt_reader_hosts;

/*
 * Makes a reader as BRICKTRACE_STREAM_OPEN says, which gets the runs that end from now on
 * if it is host-wide. @opener are the opener's credentials, and @ns is the opener's pid
 * namespace. Returns an ERR_PTR() of an error of that ioctl.
 */
struct bkt_reader *bkt_reader_alloc(const struct bricktrace_stream_open *a,
				    const struct cred *opener, struct pid_namespace *ns,
				    struct bkt_user *user, wait_queue_head_t *wait);

/* May sleep. Nobody reads, and the reader is no session's own any more. */
void bkt_reader_free(struct bkt_reader *r);

/* Whether a run's record is wanted by its session's reader @own, if there is one, or others. */
static inline bool bkt_reader_wants(const struct bkt_reader *own)
{
	return own || READ_ONCE(bkt_reader_hosts);
}

/*
 * A run that @owner had opened has ended. Bound: its record is copied once for each reader
 * that wants it.
 */
void bkt_reader_publish(struct bkt_reader *own, struct bkt_record *rec,
			struct task_struct *owner);

/* As bkt_ring_untake(); what the ring then has to say wakes those that wait. */
void bkt_reader_untake(struct bkt_reader *r, const void *from, u32 size);

/*
 * Waits until there is a record, and returns 0 or -ERESTARTSYS. A thread that waits in
 * @wait is woken by the worker.
 */
int bkt_reader_wait(struct bkt_reader *r);

/* Returns how many runs the present host-wide readers have lost. */
u64 bkt_reader_lost(void);

/* Fills in the settings and counters. */
void bkt_reader_get(struct bkt_reader *r, struct bricktrace_stream *to);

#endif /* BKT_READER_H */
