/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quiet hooks: whoever is not followed pays nothing.
 *
 * The kernel sets a flag in every thread of the host when the first probe is
 * registered on sys_enter or sys_exit, and a thread with that flag takes the
 * slow path into each of its system calls. While the hooks are quiet only
 * followed threads have the flag. They become loud, which means that every
 * thread has the flag again, before anybody else's probe is in place on either
 * tracepoint; they stay loud until they are armed the next time.
 *
 * bkt_tasks_lock serialises who follows a thread and therefore who clears its flag, and
 * when the state begins and ends. Only that quiet hooks become loud has no lock:
 * whoever clears a flag looks at the state afterwards, and whoever makes the hooks
 * loud changes the state before setting flags.
 */
#ifndef BKT_QUIET_H
#define BKT_QUIET_H

#include <linux/bricktrace.h>
#include <linux/sched.h>

struct tracepoint;

/* Who made the hooks loud; an empty @comm means that nobody is known. */
struct bkt_quiet_cause {
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* Watches for other users of the two tracepoints; without kprobes, always loud. */
void bkt_quiet_init(struct tracepoint *enter, struct tracepoint *exit);
void bkt_quiet_exit(void);

/*
 * Around the time in which our probes are registered, which hooks.c serialises; under
 * bkt_tasks_lock. The check comes when they are, without the lock: kprobes may be switched
 * off, so that nobody watches, and the kernel sets no flags if another tracer was
 * there before; flags may be missing then that an earlier arming has cleared.
 */
void bkt_quiet_begin(void);
void bkt_quiet_check(void);
void bkt_quiet_end(void);

/* enum bricktrace_hooks. May be outdated as soon as it is read. */
int bkt_quiet_state(void);
bool bkt_quiet_watching(void);
bool bkt_quiet_because(struct bkt_quiet_cause *cause);

/* @p is followed, or no longer followed or never was. Under bkt_tasks_lock. */
void bkt_quiet_follow(struct task_struct *p);
void bkt_quiet_unfollow(struct task_struct *p);

#endif /* BKT_QUIET_H */
