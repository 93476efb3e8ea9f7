/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The encoding of records for streams: struct bricktrace_record_run and its parts. No
 * function sleeps or takes a lock.
 */
#ifndef BKT_ENCODE_H
#define BKT_ENCODE_H

#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include "record.h"

/* Where a run comes from, besides what its record says. */
struct bkt_origin {
	u64 session;		/* its number */
	u64 cgroup;		/* these are as in struct bricktrace_origin, likewise the next four */
	u64 end_unix_ns;
	u32 uid;		/* in the initial user namespace */
	u32 level;
	u32 scope;
	struct task_struct *owner;	/* the thread that opened it */
	const char *brick;	/* BRICKTRACE_NAME_LEN bytes */
	char label[BRICKTRACE_LABEL_LEN];
	/* The context from which the run has its trace; if there is none, the ID is derived. */
	bool has_context;
	struct bricktrace_context context;
	u64 root;		/* the run to which that context belongs, or the outermost one */
	u64 run;		/* the number of the run itself */
};

/* Derives the IDs of a run's own span, where nobody has given them. */
void bkt_encode_context(struct bricktrace_context *to, const struct bkt_origin *o);

/* Sets @head to the beginning of a record: its size, and where its parts will be. */
void bkt_encode_head(struct bricktrace_record_run *head, const struct bkt_record *rec);

/*
 * Writes a record but for its sequence to @to, where @head->record.size bytes are free.
 * @uid is in the user namespace, and IDs of processes in the namespace @ns, of a reader.
 */
void bkt_encode(struct bricktrace_record *to, const struct bricktrace_record_run *head,
		const struct bkt_record *rec, const struct bkt_origin *o,
		struct pid_namespace *ns, u32 uid);

/* Derives the IDs that a record from bkt_encode() still lacks. */
void bkt_encode_ids(struct bricktrace_record *record);

#endif /* BKT_ENCODE_H */
