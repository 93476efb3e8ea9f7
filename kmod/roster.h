/* SPDX-License-Identifier: GPL-2.0 */
/* The roster of a session: its members as they are listed for others. */
#ifndef BKT_ROSTER_H
#define BKT_ROSTER_H

#include "member.h"

/* What a member's task did in one category, in nanoseconds. */
struct bkt_roster_calls {
	u64 count;
	u64 errors;
	u64 time;
	u64 offcpu;
};

/* A member, for who lists them. Times are since anybody has followed the task. */
struct bkt_roster_entry {
	u64 number;
	pid_t pid;		/* of its process; this and @tid in the reader's pid namespace */
	pid_t tid;
	u32 inherit;
	u32 runs;
	char comm[TASK_COMM_LEN];
	u64 thread;
	u64 offcpu;
	struct bkt_roster_calls calls[BKT_CATEGORIES];
};

/*
 * Describes the first member with a number above @after, of the process @tgid unless that is
 * NULL. @v is a buffer. Returns false if there is none. Takes no lock of the session; a step
 * under bkt_tasks_lock finds one member in a tree of at most BKT_MAX_THREADS.
 */
bool bkt_roster_next(struct bkt_session *s, u64 after, const struct pid *tgid,
		     struct bkt_snapshot *v, struct bkt_roster_entry *to);

#endif /* BKT_ROSTER_H */
