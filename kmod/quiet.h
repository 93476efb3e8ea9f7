/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quiet hooks: threads that nobody follows pay nothing in their system calls.
 *
 * When the first probe is registered on sys_enter or sys_exit, the kernel sets a flag
 * in every thread of the host, and a thread with that flag takes the slow path into
 * each of its system calls. While the hooks are quiet, only followed threads have the
 * flag. The hooks become loud, that is, every thread has the flag again, before another
 * tracer's probe is in place on either tracepoint. They stay loud until they are armed
 * the next time.
 *
 * bkt_tasks_lock serializes who follows a thread. So it is held while a thread's flag is
 * cleared, and while the state leaves or returns to OFF. Quiet hooks become loud without
 * a lock: whoever clears a flag reads the state afterwards, and whoever makes the hooks
 * loud changes the state before it sets the flags.
 */
#ifndef BKT_QUIET_H
#define BKT_QUIET_H

#include <linux/bricktrace.h>
#include <linux/sched.h>

struct tracepoint;

/* The task that made the hooks loud. */
struct bkt_quiet_cause {
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/*
 * Starts to watch for other users of the two tracepoints, by kprobes. If that is not
 * possible, the hooks are always loud.
 */
void bkt_quiet_init(struct tracepoint *enter, struct tracepoint *exit);
void bkt_quiet_exit(void);

/*
 * Called when the hooks are armed and disarmed, which hooks.c serializes:
 * bkt_quiet_begin() before our probes are registered and bkt_quiet_end() when they are
 * gone, both under bkt_tasks_lock; bkt_quiet_check() without it when they are in place.
 * The check makes the hooks loud if kprobes are switched off and so cannot see other
 * tracers. If the hooks are loud, it sets the flag in every thread: the kernel does not
 * if another tracer was there first, and an earlier arming may have cleared flags.
 */
void bkt_quiet_begin(void);
void bkt_quiet_check(void);
void bkt_quiet_end(void);

/* Returns enum bricktrace_hooks, which may be outdated when it is returned. */
int bkt_quiet_state(void);
/* Whether kprobes see the registrations of other tracers. */
bool bkt_quiet_watching(void);
/* Returns false if no task is known to have made the hooks loud. */
bool bkt_quiet_get_cause(struct bkt_quiet_cause *cause);

/*
 * bkt_quiet_follow() sets the flag of @p, since @p is followed or the hooks are loud.
 * bkt_quiet_unfollow() clears it while the hooks are quiet, if nobody follows @p; the
 * caller holds bkt_tasks_lock.
 */
void bkt_quiet_follow(struct task_struct *p);
void bkt_quiet_unfollow(struct task_struct *p);

#endif /* BKT_QUIET_H */
