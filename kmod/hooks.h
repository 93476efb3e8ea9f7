/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints: found by name. Those of system calls and switches are hooked
 * while a traced run is open, those of threads' lives while a task is followed,
 * each for a linger time after that.
 */
#ifndef BKT_HOOKS_H
#define BKT_HOOKS_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>

/* Whoever has traced runs, embedded in its session. hooks.c's lock protects it. */
struct bkt_holder {
	struct list_head node;
	u32 runs;
	u32 uid;		/* the session's user, initial namespace; never changes */
	pid_t pid;		/* who opened the first of them, initial namespace */
	char comm[TASK_COMM_LEN];
	u64 since_ns;		/* ktime_get_ns() then */
};

/* Finds the tracepoints. */
int bkt_hooks_init(void);
void bkt_hooks_exit(void);

/*
 * A traced run begins: it needs the hooks, which are armed unless they are. That
 * takes milliseconds. The caller is a holder until bkt_hooks_put(), but not if this
 * fails. May sleep. Errors: -ECANCELED if the operator has switched tracing off,
 * -ESTALE while the host is being suspended, -EINTR on a fatal signal, and those
 * of tracepoint_probe_register().
 */
int bkt_hooks_get(struct bkt_holder *h);
void bkt_hooks_put(struct bkt_holder *h);

/*
 * Around what makes tasks followed: the probes of their lives are in place. Errors
 * as above but for -ECANCELED and -ESTALE.
 */
int bkt_hooks_follow_begin(void);
void bkt_hooks_follow_end(void);

/* Perhaps nobody is followed any more. Any context but the switch probe's. */
void bkt_hooks_idle(void);

struct bkt_hooks_state {
	bool enabled;
	int hooks;		/* enum bricktrace_hooks */
	u64 since_ns;		/* how long the hooks are in place, or not */
	u64 arms;		/* since load */
	u64 armed_ns;		/* how long in all since load */
	u64 loaded_ns;		/* how long ago that was */
	unsigned int linger_ms;
};

/* Takes no lock that is held while probes are registered. */
void bkt_hooks_state(struct bkt_hooks_state *state);

#endif /* BKT_HOOKS_H */
