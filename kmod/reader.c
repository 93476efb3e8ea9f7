// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include "reader.h"

/* Changes of @reader_list and @bkt_reader_hosts. */
static DEFINE_MUTEX(reader_mutex);
static LIST_HEAD(reader_list);
u32 bkt_reader_hosts;

/* Ticks of the kernel's timer from a record to the waking of those that wait for one. */
#define READER_WAKE_TICKS 1

static void reader_wake(struct work_struct *work)
{
	struct bkt_reader *r = container_of(to_delayed_work(work), struct bkt_reader, wake);

	wake_up_interruptible_poll(r->wait, EPOLLIN | EPOLLRDNORM);
	kill_fasync(&r->fasync, SIGIO, POLL_IN);
}

static size_t reader_bytes(u32 ring_bytes)
{
	return sizeof(struct bkt_reader) + ring_bytes +
	       2 * ring_bytes / PAGE_SIZE * sizeof(struct page *);
}

static int reader_list_add(struct bkt_reader *r)
{
	int ret = 0;

	mutex_lock(&reader_mutex);
	if (bkt_reader_hosts < BRICKTRACE_MAX_HOST_STREAMS) {
		list_add_tail_rcu(&r->node, &reader_list);
		WRITE_ONCE(bkt_reader_hosts, bkt_reader_hosts + 1);
	} else {
		ret = -EUSERS;
	}
	mutex_unlock(&reader_mutex);
	return ret;
}

struct bkt_reader *bkt_reader_alloc(const struct bricktrace_stream_open *a,
				    const struct cred *opener, struct pid_namespace *ns,
				    struct bkt_user *user, wait_queue_head_t *wait)
{
	u32 bytes = PAGE_ALIGN(a->ring_bytes ?: BRICKTRACE_RING_DEFAULT);
	struct bkt_reader *r;
	int ret = -ENOMEM;

	if (!bkt_user_charge(user, reader_bytes(bytes)))
		return ERR_PTR(-EDQUOT);
	r = kvzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		goto err;
	r->scope = a->scope;
	r->levels = a->levels;
	r->granted = a->flags & BRICKTRACE_STREAM_GRANTED;
	r->opener = opener;
	r->ns = ns;
	r->user = user;
	r->uid = from_kuid_munged(opener->user_ns, opener->euid);
	bkt_limit_init(&r->limit, BRICKTRACE_MAX_LIMIT);
	r->wait = wait;
	INIT_DELAYED_WORK(&r->wake, reader_wake);
	ret = bkt_ring_init(&r->ring, bytes);
	if (ret)
		goto err_reader;
	if (r->scope == BRICKTRACE_STREAM_HOST)
		ret = reader_list_add(r);
	if (!ret)
		return r;
	bkt_ring_destroy(&r->ring);
err_reader:
	kvfree(r);
err:
	bkt_user_uncharge(user, reader_bytes(bytes));
	return ERR_PTR(ret);
}

void bkt_reader_free(struct bkt_reader *r)
{
	if (r->scope == BRICKTRACE_STREAM_HOST) {
		mutex_lock(&reader_mutex);
		list_del_rcu(&r->node);
		WRITE_ONCE(bkt_reader_hosts, bkt_reader_hosts - 1);
		mutex_unlock(&reader_mutex);
		/* For bkt_reader_publish(). */
		synchronize_rcu();
	}
	cancel_delayed_work_sync(&r->wake);
	bkt_ring_destroy(&r->ring);
	bkt_user_uncharge(r->user, reader_bytes(r->ring.bytes));
	kvfree(r);
}

/* Whether a run that matches is within the limit of what a host-wide reader gets. */
static bool reader_allows(struct bkt_reader *r, const struct bricktrace_result *res)
{
	u32 max;

	lockdep_assert_held(&r->ring.lock);
	if (r->scope == BRICKTRACE_STREAM_SESSION)
		return true;
	if (r->granted)
		return res->flags & BRICKTRACE_RESULT_HOST;
	max = READ_ONCE(bkt_limit_host.max);
	if (max != r->limit.max)
		bkt_limit_set(&r->limit, max);
	return bkt_limit_take(&r->limit);
}

static void reader_put(struct bkt_reader *r, const struct bkt_record *rec,
		       struct task_struct *owner, u32 uid)
{
	u32 size = rec->head.record.size;
	struct bricktrace_record *to;
	bool wake;

	if (!(r->levels & 1U << rec->origin.level) ||
	    (r->granted && !(rec->result.flags & BRICKTRACE_RESULT_GRANTED)))
		return;
	spin_lock(&r->ring.lock);
	to = bkt_ring_begin(&r->ring, reader_allows(r, &rec->result) ? size : 0);
	if (to) {
		bkt_encode(to, rec, owner, r->ns, uid);
		bkt_ring_end(&r->ring, size);
	}
	/*
	 * Both are asked under the lock that bkt_ring_ready() takes, too: a thread that found
	 * nothing there is seen here, and work that is pending here has yet to wake it.
	 */
	wake = (waitqueue_active(r->wait) || data_race(r->fasync)) &&
	       !delayed_work_pending(&r->wake);
	spin_unlock(&r->ring.lock);
	if (wake)
		schedule_delayed_work(&r->wake, READER_WAKE_TICKS);
}

void bkt_reader_publish(struct bkt_reader *own, struct bkt_record *rec,
			struct task_struct *owner)
{
	struct bkt_reader *r;

	rcu_read_lock();
	bkt_encode_begin(rec, owner);
	if (own && own->scope == BRICKTRACE_STREAM_SESSION)
		reader_put(own, rec, owner, own->uid);
	list_for_each_entry_rcu(r, &reader_list, node)
		reader_put(r, rec, owner, rec->origin.uid);
	rcu_read_unlock();
}

void bkt_reader_untake(struct bkt_reader *r, const void *from, u32 size)
{
	bkt_ring_untake(&r->ring, from, size);
	schedule_delayed_work(&r->wake, READER_WAKE_TICKS);
}

int bkt_reader_wait(struct bkt_reader *r)
{
	return wait_event_interruptible(*r->wait, bkt_ring_ready(&r->ring));
}

u64 bkt_reader_lost(void)
{
	struct bkt_reader *r;
	u64 lost = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(r, &reader_list, node) {
		spin_lock(&r->ring.lock);
		lost += r->ring.lost;
		spin_unlock(&r->ring.lock);
	}
	rcu_read_unlock();
	return lost;
}

void bkt_reader_get(struct bkt_reader *r, struct bricktrace_stream *to)
{
	to->scope = r->scope;
	to->levels = r->levels;
	to->granted = r->granted;
	to->ring_bytes = r->ring.bytes;
	spin_lock(&r->ring.lock);
	to->matched = r->ring.matched;
	to->delivered = r->ring.delivered;
	to->lost = r->ring.lost;
	to->waiting = r->ring.waiting;
	to->waiting_bytes = r->ring.used;
	spin_unlock(&r->ring.lock);
}
