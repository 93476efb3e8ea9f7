// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "access.h"
#include "encode.h"
#include "reader.h"
#include "stream.h"

#define STREAM_LEVELS (BRICKTRACE_STREAM_MEASURE | BRICKTRACE_STREAM_TRACE)

static struct bkt_reader *stream_reader(struct bkt_session *s)
{
	/* Pairs with bkt_stream_open(). */
	return smp_load_acquire(&s->reader);
}

int bkt_stream_open(struct bkt_session *s, struct bricktrace_stream_open *a)
{
	struct bkt_reader *r;

	if (a->scope > BRICKTRACE_STREAM_HOST || !a->levels || a->levels & ~STREAM_LEVELS)
		return -EINVAL;
	if (a->ring_bytes &&
	    (a->ring_bytes < BRICKTRACE_RING_MIN || a->ring_bytes > BRICKTRACE_RING_MAX))
		return -ERANGE;
	if (stream_reader(s))
		return -EBUSY;
	if (a->scope == BRICKTRACE_STREAM_HOST && !bkt_access_host(s->opener))
		return -EPERM;
	r = bkt_reader_alloc(a, s->opener, s->pid_ns, s->user, &s->readers);
	if (IS_ERR(r))
		return PTR_ERR(r);
	a->ring_bytes = r->ring.bytes;
	/* Pairs with stream_reader(); another thread may have been faster. */
	if (!cmpxchg_release(&s->reader, NULL, r))
		return 0;
	bkt_reader_free(r);
	return -EBUSY;
}

void bkt_stream_close(struct bkt_session *s)
{
	struct bkt_reader *r = s->reader;

	s->reader = NULL;
	if (r)
		bkt_reader_free(r);
}

/* Descriptors are passed on, and the right to see others' runs is not. */
static bool stream_permits(const struct bkt_reader *r)
{
	return r->scope == BRICKTRACE_STREAM_SESSION || bkt_access_host(r->opener);
}

static void stream_complete(struct bricktrace_record *record)
{
	const struct bricktrace_record_run *run =
		container_of(record, struct bricktrace_record_run, record);
	const struct bricktrace_result *result;

	if (record->type != BRICKTRACE_RECORD_RUN)
		return;
	result = (void *)record + run->result.offset;
	bkt_encode_ids((void *)record + run->origin.offset, result->run, result->parent);
}

int bkt_stream_get(struct bkt_session *s, struct bricktrace_stream *to)
{
	struct bkt_reader *r = stream_reader(s);

	if (!r)
		return -EINVAL;
	if (!stream_permits(r))
		return -EPERM;
	bkt_reader_get(r, to);
	return 0;
}

/*
 * Copies the @size bytes of records at @from, each of them wholly. Returns the number of
 * bytes that were copied; the reader counts the other records as lost.
 */
static u32 stream_copy(struct bkt_reader *r, char __user *to, void *from, u32 size)
{
	struct bricktrace_record *record;
	u32 i;

	for (i = 0; i < size; i += record->size) {
		record = from + i;
		stream_complete(record);
		if (copy_to_user(to + i, record, record->size)) {
			bkt_reader_untake(r, record, size - i);
			break;
		}
	}
	return i;
}

/*
 * Reads what there is. Returns 0 if there is nothing. The buffer is charged to the caller's
 * memory control group, but to no user's limit: nobody has one while there is nothing.
 */
static ssize_t stream_read(struct bkt_reader *r, char __user *to, size_t size)
{
	u32 n, room = min_t(size_t, size, BRICKTRACE_RECORD_MAX);
	size_t done = 0;
	void *buffer;
	int taken;

	if (!bkt_ring_ready(&r->ring))
		return 0;
	buffer = kvmalloc(room, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	do {
		n = 0;
		taken = bkt_ring_take(&r->ring, buffer, min_t(size_t, room, size - done));
		if (taken > 0)
			n = stream_copy(r, to + done, buffer, taken);
		done += n;
	} while (n && n == taken && done < size && !signal_pending(current));
	kvfree(buffer);
	return done ?: taken > 0 ? -EFAULT : taken;
}

ssize_t bkt_stream_read(struct file *file, char __user *to, size_t size, loff_t *offset)
{
	struct bkt_reader *r = stream_reader(file->private_data);
	ssize_t ret;

	bkt_task_control_seen();
	if (!r)
		return -EINVAL;
	if (!size)
		return 0;
	do {
		/* The caller may also lose the right while it waits. */
		ret = stream_permits(r) ? stream_read(r, to, size) : -EPERM;
		if (!ret && file->f_flags & O_NONBLOCK)
			ret = -EAGAIN;
	} while (!ret && !(ret = bkt_reader_wait(r)));
	return ret;
}

__poll_t bkt_stream_poll(struct file *file, poll_table *table)
{
	struct bkt_session *s = file->private_data;
	struct bkt_reader *r = stream_reader(s);

	bkt_task_control_seen();
	/* Epoll asks this only once, perhaps before there is a stream, or the right to read it. */
	poll_wait(file, &s->readers, table);
	if (!r || !stream_permits(r))
		return EPOLLERR;
	return bkt_ring_ready(&r->ring) ? EPOLLIN | EPOLLRDNORM : 0;
}

int bkt_stream_fasync(int fd, struct file *file, int on)
{
	struct bkt_reader *r = stream_reader(file->private_data);

	if (!r)
		return on ? -EINVAL : 0;
	if (on && !stream_permits(r))
		return -EPERM;
	return fasync_helper(fd, file, on, &r->fasync);
}
