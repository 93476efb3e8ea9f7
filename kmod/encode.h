/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The encoding of records for streams: struct bricktrace_record_run and its parts. The
 * first members of struct bkt_record are the beginning of a record as user space gets it,
 * so that most of the work is one copy. No function sleeps or takes a lock.
 */
#ifndef BKT_ENCODE_H
#define BKT_ENCODE_H

#include <linux/bits.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include "compat.h"
#include "record.h"

#define BKT_ENCODE_ORIGIN	offsetof(struct bkt_record, origin)
#define BKT_ENCODE_RESULT	offsetof(struct bkt_record, result)
#define BKT_ENCODE_END		offsetofend(struct bkt_record, result)

static_assert(offsetof(struct bkt_record, origin) == sizeof(struct bricktrace_record_run));
static_assert(offsetofend(struct bkt_record, origin) == offsetof(struct bkt_record, result));

/*
 * A flag in @context of a record whose trace ID is yet to be derived, from the number of a
 * run that is in its place.
 */
#define BKT_ENCODE_DERIVE	BIT_ULL(63)

/*
 * The functions that each run of a stream needs are inline, since runs end often.
 *
 * Sets the trace of the run @run. The run @root encloses it or is the same; if somebody gave
 * @root a context (@given), that is in @o already, otherwise @root is the outermost run. The
 * IDs that nobody gave are left to bkt_encode_ids().
 */
static inline void bkt_encode_trace(struct bricktrace_origin *o, bool given, u64 root, u64 run)
{
	memset(o->parent_span, 0, sizeof(o->parent_span));
	if (likely(!given)) {
		o->context.flags = BKT_ENCODE_DERIVE;
		memcpy(o->context.trace_id, &root, sizeof(root));
	} else if (root == run) {
		memcpy(o->parent_span, o->context.span_id, sizeof(o->parent_span));
	}
}

/* Derives IDs that a record, whose own and enclosing run have these numbers, still lacks. */
void bkt_encode_ids(struct bricktrace_origin *o, u64 run, u64 parent);

/* Sets the size of a record and the places of its parts, where bkt_encode_begin() must. */
void bkt_encode_head(struct bkt_record *rec);

/*
 * A run has ended: fills in what only its last moment shows of the thread that opened it,
 * and sets the size of its record and the places of its parts. The caller holds the RCU
 * read lock, here and below.
 */
static inline void bkt_encode_begin(struct bkt_record *rec, struct task_struct *owner)
{
	struct bricktrace_origin *o = &rec->origin;

	o->cgroup = bkt_cgroup_id(owner);
	/* The name may change meanwhile. As elsewhere in the kernel, its last byte stays NUL. */
	data_race(__builtin_memcpy(o->comm, owner->comm, sizeof(o->comm)));
	o->comm[sizeof(o->comm) - 1] = '\0';
	/* Otherwise the head is that of the last run with this memory, which was alike. */
	if (rec->breakdown || rec->result.failed || rec->head.record.size != BKT_ENCODE_END)
		bkt_encode_head(rec);
}

/* Writes the parts after the result. */
void bkt_encode_arrays(void *to, const struct bkt_record *rec);

/* As pid_nr_ns(), which is no inline function. */
static inline pid_t bkt_encode_pid(const struct pid *pid, const struct pid_namespace *ns)
{
	if (!pid || ns->level > pid->level || pid->numbers[ns->level].ns != ns)
		return 0;
	return pid->numbers[ns->level].nr;
}

/*
 * Writes the record but for its sequence to @to, where @rec->head.record.size bytes are
 * free. @uid is in the user namespace, and the owner's IDs are in the namespace @ns, of a
 * reader.
 */
static inline void bkt_encode(struct bricktrace_record *to, const struct bkt_record *rec,
			      struct task_struct *owner, struct pid_namespace *ns, u32 uid)
{
	struct bricktrace_origin *o = (void *)to + BKT_ENCODE_ORIGIN;

	__builtin_memcpy(to, rec, BKT_ENCODE_END);
	o->uid = uid;
	if (!ns->level) {
		/* The IDs in the initial namespace outlive the thread. */
		o->tid = READ_ONCE(owner->pid);
		o->tgid = READ_ONCE(owner->tgid);
	} else {
		o->tid = bkt_encode_pid(READ_ONCE(owner->thread_pid), ns);
		o->tgid = bkt_encode_pid(READ_ONCE(owner->signal->pids[PIDTYPE_TGID]), ns);
	}
	if (rec->head.record.size != BKT_ENCODE_END)
		bkt_encode_arrays(to, rec);
}

#endif /* BKT_ENCODE_H */
