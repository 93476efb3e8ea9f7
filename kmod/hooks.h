/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hooks: probes on the kernel's tracepoints. The probes on system calls, switches
 * and signals are in place while a traced run is open, the lifecycle probes on fork,
 * exec and exit while a task is followed; both stay for a linger time after that.
 */
#ifndef BKT_HOOKS_H
#define BKT_HOOKS_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>

/*
 * A holder: a session keeps the hooks armed while it has an open traced run, or a brick
 * whose mode or escalation holds them, unless it is switched off. Embedded in struct
 * bkt_session; hooks_holders_lock of hooks.c protects all fields but @uid.
 */
struct bkt_holder {
	struct list_head node;	/* in the list of holders if @holds is not 0 and @off is false */
	u32 holds;		/* open traced runs, and bricks that hold the hooks */
	bool off;		/* the session is switched off */
	bool detached;		/* for good */
	u32 offs;		/* how often the holder was switched off */
	u32 uid;		/* the session's user, initial namespace; constant */
	pid_t pid;		/* the process that held the hooks first, initial namespace */
	char comm[TASK_COMM_LEN];	/* the name of that process */
	u64 since_ns;		/* ktime_get_ns() when that was */
};

/* Finds the tracepoints by their names. Errors: -ENODEV if one is missing. */
int bkt_hooks_init(void);
void bkt_hooks_exit(void);

/*
 * bkt_hooks_get() makes @h hold the hooks once more, and arms them, which takes
 * milliseconds, unless they are armed. It may sleep. If it fails, @h does not hold them.
 * Errors: -ECANCELED if the host's operator or the session has switched tracing off,
 * -ESTALE while the host is being suspended, -EINTR on a fatal signal, and those of
 * tracepoint_probe_register().
 *
 * bkt_hooks_try() does the same without waiting: if the hooks are not armed, it asks a
 * worker to arm them for the holders that there are, and fails with -EINPROGRESS.
 *
 * bkt_hooks_hold() makes @h a holder whether or not the hooks are armed, and has the
 * worker arm them. bkt_hooks_put() undoes one call of any of the three. Neither waits.
 */
int bkt_hooks_get(struct bkt_holder *h);
int bkt_hooks_try(struct bkt_holder *h);
void bkt_hooks_hold(struct bkt_holder *h);
void bkt_hooks_put(struct bkt_holder *h);

/*
 * Switches a holder off or on. When it is switched off, the hooks are removed at once if
 * nobody else holds them. Traced runs during which bkt_hooks_offs() changed have no
 * breakdown. May sleep.
 */
void bkt_hooks_switch(struct bkt_holder *h, bool on);
bool bkt_hooks_is_off(const struct bkt_holder *h);

/* Switches a holder off for good. */
void bkt_hooks_detach(struct bkt_holder *h);

static inline bool bkt_hooks_is_detached(const struct bkt_holder *h)
{
	return READ_ONCE(h->detached);
}

/* Returns how many holds there are, unless the holder is off, and since when in @since_ns. */
u32 bkt_hooks_holds(const struct bkt_holder *h, u64 *since_ns);

u32 bkt_hooks_offs(const struct bkt_holder *h);

/*
 * Enclose code that makes tasks followed, so that the lifecycle probes are in place.
 * Errors: those of bkt_hooks_get() other than -ECANCELED and -ESTALE.
 */
int bkt_hooks_follow_begin(void);
void bkt_hooks_follow_end(void);

/*
 * Schedules the release of the hooks that are not needed. Called when perhaps no task
 * is followed any more; in any context but the switch probe.
 */
void bkt_hooks_idle(void);

struct bkt_hooks_state {
	bool enabled;
	int hooks;		/* enum bricktrace_hooks */
	u64 since_ns;		/* for how long the hooks have been armed, or not */
	u64 arms;		/* how often they were armed since the module was loaded */
	u64 armed_ns;		/* for how long in all they were armed since then */
	u64 loaded_ns;		/* how long ago the module was loaded */
	unsigned int linger_ms;
};

/* Does not wait for arming: takes no lock that is held while probes are registered. */
void bkt_hooks_state(struct bkt_hooks_state *state);

/* The operator's settings; the parameters of the module have the same names. */
void bkt_hooks_set_enabled(bool on);
void bkt_hooks_set_linger(unsigned int ms);

#endif /* BKT_HOOKS_H */
