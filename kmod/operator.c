// SPDX-License-Identifier: GPL-2.0
/* The commands of the host's operator, and what others may see of the host. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include "access.h"
#include "clock.h"
#include "compat.h"
#include "context.h"
#include "host.h"
#include "message.h"
#include "netlink.h"
#include "quiet.h"
#include "reader.h"
#include "roster.h"

/* The messages of the dump of bricks: the largest one takes less. */
#define OPERATOR_MESSAGE	16384

static u32 operator_uid(void)
{
	return from_kuid_munged(&init_user_ns, current_euid());
}

/* The ID in the reader's pid namespace of a process that exists, or 0. */
static u32 operator_pid(struct pid *pid)
{
	u32 nr = 0;

	rcu_read_lock();
	if (pid_task(pid, PIDTYPE_TGID))
		nr = pid_nr_ns(pid, task_active_pid_ns(current));
	rcu_read_unlock();
	return nr;
}

static u32 operator_cause_pid(pid_t pid)
{
	u32 nr;

	rcu_read_lock();
	nr = operator_pid(find_pid_ns(pid, &init_pid_ns));
	rcu_read_unlock();
	return nr;
}

static enum bricktrace_loud operator_put_loud(const struct bkt_command *c, struct sk_buff *skb,
					      bool loud)
{
	struct bkt_quiet_cause cause;

	if (!loud)
		return BRICKTRACE_LOUD_NO;
	if (!bkt_quiet_get_cause(&cause))
		return bkt_quiet_watching() ? BRICKTRACE_LOUD_BEFORE : BRICKTRACE_LOUD_BLIND;
	if (bkt_netlink_is_operator(c->skb)) {
		nla_put_u32(skb, BRICKTRACE_A_STATUS_CAUSE_PID, operator_cause_pid(cause.pid));
		nla_put_string(skb, BRICKTRACE_A_STATUS_CAUSE_COMM, cause.comm);
	}
	return BRICKTRACE_LOUD_TRACER;
}

/* The message has room for all of these. */
static void operator_put_status(const struct bkt_command *c, struct sk_buff *skb)
{
	struct bkt_hooks_state state;
	u64 granted, refused;
	struct bkt_usage sum;
	bool tsc = static_key_enabled(&bkt_clock_is_tsc);
	u32 max;

	bkt_hooks_state(&state);
	bkt_user_sum(&sum);
	bkt_limit_get(&bkt_limit_host, &max, &granted, &refused);
	nla_put_string(skb, BRICKTRACE_A_STATUS_VERSION, BKT_VERSION);
	nla_put_u32(skb, BRICKTRACE_A_STATUS_TESTED, bkt_kernel_tested);
	nla_put_u32(skb, BRICKTRACE_A_STATUS_CLOCK,
		    tsc ? BRICKTRACE_CLOCK_TSC : BRICKTRACE_CLOCK_MONOTONIC);
	nla_put_u32(skb, BRICKTRACE_A_STATUS_HOOKS, state.hooks);
	nla_put_u32(skb, BRICKTRACE_A_STATUS_LOUD,
		    operator_put_loud(c, skb, state.hooks == BRICKTRACE_HOOKS_LOUD));
	nla_put_u32(skb, BRICKTRACE_A_STATUS_STREAMS, READ_ONCE(bkt_reader_hosts));
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_FEATURES, bkt_host_features());
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_SINCE_NS, state.since_ns);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_LOADED_NS, state.loaded_ns);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_ARMED_NS, state.armed_ns);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_ARMS, state.arms);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_SESSIONS, sum.sessions);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_THREADS, sum.threads);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_RUNS, sum.runs);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_MEMORY, sum.memory);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_THREADS_LOST, bkt_task_lost());
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_HOST_GRANTED, granted);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_HOST_REFUSED, refused);
	bkt_message_put_u64(skb, BRICKTRACE_A_STATUS_STREAM_LOST, bkt_reader_lost());
}

int bkt_operator_status_get(struct bkt_command *c)
{
	void *header;
	struct sk_buff *skb = bkt_netlink_reply(c, NLMSG_DEFAULT_SIZE, &header);

	if (!skb)
		return -ENOMEM;
	operator_put_status(c, skb);
	return bkt_netlink_send(c, skb, header);
}

static u32 operator_attr(enum bkt_setting i)
{
	return BRICKTRACE_A_CONFIG_ENABLED + i;
}

static bool operator_is_wide(enum bkt_setting i)
{
	return i == BKT_SETTING_SLOW;
}

int bkt_operator_config_get(struct bkt_command *c)
{
	void *header;
	struct sk_buff *skb = bkt_netlink_reply(c, NLMSG_DEFAULT_SIZE, &header);
	u32 i;

	BUILD_BUG_ON(BRICKTRACE_A_CONFIG_ENABLED + BKT_SETTINGS - 1 != BRICKTRACE_A_CONFIG_MAX);
	if (!skb)
		return -ENOMEM;
	for (i = 0; i < BKT_SETTINGS; i++)
		if (operator_is_wide(i))
			bkt_message_put_u64(skb, operator_attr(i), bkt_host_get(i));
		else
			nla_put_u32(skb, operator_attr(i), bkt_host_get(i));
	return bkt_netlink_send(c, skb, header);
}

int bkt_operator_config_set(struct bkt_command *c)
{
	struct nlattr **a = c->info->attrs;
	u64 value[BKT_SETTINGS];
	u32 i;

	for (i = 0; i < BKT_SETTINGS; i++) {
		if (!a[operator_attr(i)])
			continue;
		value[i] = operator_is_wide(i) ? nla_get_u64(a[operator_attr(i)]) :
						 nla_get_u32(a[operator_attr(i)]);
		if (!bkt_host_valid(i, value[i]))
			return bkt_netlink_refuse(c, operator_attr(i),
						  "the value is out of its range", -ERANGE);
	}
	for (i = 0; i < BKT_SETTINGS; i++) {
		if (!a[operator_attr(i)])
			continue;
		bkt_host_set(i, value[i]);
		pr_notice("uid %u, pid %d has set %s to %llu\n", operator_uid(),
			  task_tgid_nr(current), bkt_host_name(i), value[i]);
	}
	return 0;
}

int bkt_operator_session_detach(struct bkt_command *c)
{
	struct bkt_session *s =
		bkt_host_find(nla_get_u64(c->info->attrs[BRICKTRACE_A_SESSION_ID]));
	int ret;

	if (!s)
		return bkt_netlink_refuse(c, BRICKTRACE_A_SESSION_ID, "there is no such session",
					  -ENOENT);
	ret = bkt_host_detach(s);
	pr_notice("uid %u, pid %d has detached session %llu\n", operator_uid(),
		  task_tgid_nr(current), s->id);
	bkt_session_put(s);
	return ret;
}

/* Returns the session whose bricks are to be reset, with a reference, or an ERR_PTR(). */
static struct bkt_session *operator_reset_session(const struct bkt_command *c)
{
	struct nlattr *id = c->info->attrs[BRICKTRACE_A_BRICK_SESSION];
	struct bkt_session *s;

	if (!id) {
		if (c->session) {
			refcount_inc(&c->session->refs);
			return c->session;
		}
		return ERR_PTR(bkt_netlink_refuse(c, 0, "the socket has no session: name one",
						  -ENOTCONN));
	}
	if (!bkt_netlink_is_operator(c->skb))
		return ERR_PTR(bkt_netlink_refuse(c, BRICKTRACE_A_BRICK_SESSION,
						  BKT_NETLINK_NOT_OPERATOR, -EPERM));
	s = bkt_host_find(nla_get_u64(id));
	return s ?: ERR_PTR(bkt_netlink_refuse(c, BRICKTRACE_A_BRICK_SESSION,
					       "there is no such session", -ENOENT));
}

static int operator_reset(const struct bkt_command *c, struct bkt_session *s)
{
	struct nlattr *number = c->info->attrs[BRICKTRACE_A_BRICK_BRICK];
	struct bkt_brick *b;
	u32 i;

	if (number) {
		b = bkt_session_brick(s, nla_get_u32(number));
		if (!b)
			return bkt_netlink_refuse(c, BRICKTRACE_A_BRICK_BRICK,
						  "there is no such brick", -ENOENT);
		bkt_brick_reset(b);
		return 0;
	}
	for (i = 1; (b = bkt_session_brick(s, i)); i++)
		bkt_brick_reset(b);
	return 0;
}

int bkt_operator_brick_reset(struct bkt_command *c)
{
	struct bkt_session *s = operator_reset_session(c);
	int ret;

	if (IS_ERR(s))
		return PTR_ERR(s);
	ret = operator_reset(c, s);
	if (!ret && s != c->session)
		pr_notice("uid %u, pid %d has reset bricks of session %llu\n", operator_uid(),
			  task_tgid_nr(current), s->id);
	bkt_session_put(s);
	return ret;
}

/* A step of a dump, and what netlink_callback keeps from one step to the next. */
struct operator_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct nlattr **attrs;
	bool all;	/* of all users */
	u64 session;	/* filters; 0: none */
	u32 pid;
};

enum {
	OPERATOR_NEXT,		/* number of the next session, or ID of the next user */
	OPERATOR_INSIDE,	/* how far its bricks or members are done */
	OPERATOR_WHOM,		/* whether the dump is of all users: 0 before the first step */
};

/* Looks whether anything came or went; also for the end of the dump, which the kernel marks. */
static void dump_look(struct netlink_callback *cb)
{
	cb->seq = atomic_read(&bkt_session_changes) + READ_ONCE(bkt_member_changes);
}

/* An operator who loses the right while the dump is under way gets no more. */
static int dump_begin(struct operator_dump *d, struct sk_buff *skb, struct netlink_callback *cb,
		      u32 session, u32 pid)
{
	bool all = bkt_netlink_is_operator(cb->skb);

	if (!cb->args[OPERATOR_WHOM])
		cb->args[OPERATOR_WHOM] = 1 + all;
	if (cb->args[OPERATOR_WHOM] == 2 && !all) {
		NL_SET_ERR_MSG(cb->extack, BKT_NETLINK_NOT_OPERATOR);
		return -EPERM;
	}
	*d = (struct operator_dump){
		.skb = skb,
		.cb = cb,
		.attrs = bkt_dump_attrs(cb),
		.all = cb->args[OPERATOR_WHOM] == 2,
	};
	if (session && d->attrs[session])
		d->session = nla_get_u64(d->attrs[session]);
	if (pid && d->attrs[pid])
		d->pid = nla_get_u32(d->attrs[pid]);
	dump_look(cb);
	return 0;
}

static void *dump_put_header(const struct operator_dump *d, u8 cmd)
{
	void *header = genlmsg_put(d->skb, NETLINK_CB(d->cb->skb).portid, d->cb->nlh->nlmsg_seq,
				   &bkt_netlink_family, NLM_F_MULTI, cmd);

	if (header)
		genl_dump_check_consistent(d->cb, header);
	return header;
}

/* Ends a message. If it does not fit, that is an error only if it is the first one. */
static int dump_end(const struct operator_dump *d, void *header, int ret)
{
	if (header && !ret) {
		genlmsg_end(d->skb, header);
		return 0;
	}
	if (header)
		genlmsg_cancel(d->skb, header);
	return -EMSGSIZE;
}

/* Others than operators see no sessions of other pid namespaces, as with ptrace(2). */
static bool dump_shows(const struct operator_dump *d, const struct bkt_session *s)
{
	return (!d->session || s->id == d->session) &&
	       (d->all || (pid_nr_ns(s->tgid, task_active_pid_ns(current)) &&
			   bkt_access_same(bkt_netlink_opener(d->cb->skb), s->opener)));
}

/* Passes the sessions to @fn, which returns an error if the message is full. */
static int dump_sessions(struct operator_dump *d, u64 pid,
			 int (*fn)(struct operator_dump *d, struct bkt_session *s))
{
	long *args = d->cb->args;
	struct bkt_session *s;
	int ret = 0;

	if ((u64)args[OPERATOR_NEXT] < d->session)
		args[OPERATOR_NEXT] = d->session;
	while (!ret && (s = bkt_host_next(args[OPERATOR_NEXT]))) {
		/* The session in which the last step ended may be gone. */
		if (s->id != args[OPERATOR_NEXT])
			args[OPERATOR_INSIDE] = 0;
		args[OPERATOR_NEXT] = s->id;
		if (dump_shows(d, s) && (!pid || operator_pid(s->tgid) == pid))
			ret = fn(d, s);
		if (!ret) {
			args[OPERATOR_NEXT]++;
			args[OPERATOR_INSIDE] = 0;
		}
		if (d->session && s->id >= d->session && !ret)
			ret = 1;
		bkt_session_put(s);
		cond_resched();
	}
	if (ret == 1)
		args[OPERATOR_NEXT] = LONG_MAX;
	dump_look(d->cb);
	return d->skb->len ?: min(ret, 0);
}

int bkt_operator_dump_users(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct operator_dump d;
	struct bkt_usage u;
	void *header;
	int ret = dump_begin(&d, skb, cb, 0, 0);
	u64 own = operator_uid();

	if (ret)
		return ret;
	if (!d.all && !uid_eq(bkt_netlink_opener(cb->skb)->euid, current_euid()))
		return 0;
	if (!d.all)
		cb->args[OPERATOR_NEXT] = max_t(u64, cb->args[OPERATOR_NEXT], own);
	while (!ret && bkt_user_next(cb->args[OPERATOR_NEXT], &u) && (d.all || u.uid == own)) {
		header = dump_put_header(&d, BRICKTRACE_CMD_USER_GET);
		ret = !header ||
		      nla_put_u32(skb, BRICKTRACE_A_USER_UID, u.uid) ||
		      nla_put_u32(skb, BRICKTRACE_A_USER_SESSIONS, u.sessions) ||
		      bkt_message_put_u64(skb, BRICKTRACE_A_USER_THREADS, u.threads) ||
		      bkt_message_put_u64(skb, BRICKTRACE_A_USER_RUNS, u.runs) ||
		      bkt_message_put_u64(skb, BRICKTRACE_A_USER_MEMORY, u.memory);
		ret = dump_end(&d, header, ret);
		if (!ret)
			cb->args[OPERATOR_NEXT] = (u64)u.uid + 1;
		cond_resched();
	}
	dump_look(cb);
	return skb->len ?: ret;
}

static const struct bkt_message_field operator_session[] = {
	BKT_MESSAGE_FIELD(U64, SESSION_ID, bricktrace_session, id),
	BKT_MESSAGE_FIELD(TEXT, SESSION_LABEL, bricktrace_session, label),
	BKT_MESSAGE_FIELD(U32, SESSION_THREADS, bricktrace_session, threads),
	BKT_MESSAGE_FIELD(U32, SESSION_BRICKS, bricktrace_session, bricks),
	BKT_MESSAGE_FIELD(U32, SESSION_RUNS, bricktrace_session, runs),
	BKT_MESSAGE_FIELD(U64, SESSION_RUNS_OPENED, bricktrace_session, runs_opened),
	BKT_MESSAGE_FIELD(U64, SESSION_THREADS_LOST, bricktrace_session, threads_lost),
	BKT_MESSAGE_FIELD(U64, SESSION_EDGE_PS, bricktrace_session, edge_ps),
	BKT_MESSAGE_FIELD(U32, SESSION_CV_THRESHOLD, bricktrace_session, cv_threshold),
	BKT_MESSAGE_FIELD(U32, SESSION_EFFICIENCY_THRESHOLD, bricktrace_session,
			  efficiency_threshold),
	BKT_MESSAGE_FIELD(U32, SESSION_TRACE_LIMIT, bricktrace_session, trace_limit),
	BKT_MESSAGE_FIELD(U32, SESSION_OUTLIERS, bricktrace_session, outliers),
	BKT_MESSAGE_FIELD(RAW, SESSION_SLOW_NS, bricktrace_session, slow_ns),
	BKT_MESSAGE_FIELD(U32, SESSION_ENABLED, bricktrace_session, enabled),
	BKT_MESSAGE_FIELD(U32, SESSION_ESCALATED, bricktrace_session, escalated),
	BKT_MESSAGE_FIELD(U64, SESSION_GRANTED, bricktrace_session, granted),
	BKT_MESSAGE_FIELD(U64, SESSION_REFUSED, bricktrace_session, refused),
	{}
};

static int operator_put_session(struct operator_dump *d, struct bkt_session *s)
{
	struct bricktrace_session settings = {};
	struct sk_buff *skb = d->skb;
	u64 since;
	void *header = dump_put_header(d, BRICKTRACE_CMD_SESSION_GET);
	u32 holds = bkt_hooks_holds(&s->holder, &since);
	/* The session may have begun to hold the hooks just now, so this comes after @since. */
	u64 now = ktime_get_ns();
	int ret;

	bkt_session_get(s, &settings);
	ret = !header || bkt_message_put(skb, 0, operator_session, &settings) ||
	      nla_put_u32(skb, BRICKTRACE_A_SESSION_OWNER, s->owner) ||
	      nla_put_u32(skb, BRICKTRACE_A_SESSION_UID, s->uid) ||
	      nla_put_u32(skb, BRICKTRACE_A_SESSION_PID, operator_pid(s->tgid)) ||
	      nla_put_string(skb, BRICKTRACE_A_SESSION_COMM, s->comm) ||
	      nla_put_u32(skb, BRICKTRACE_A_SESSION_DETACHED,
			  bkt_hooks_is_detached(&s->holder)) ||
	      nla_put_u32(skb, BRICKTRACE_A_SESSION_HOLDS, holds) ||
	      (holds && bkt_message_put_u64(skb, BRICKTRACE_A_SESSION_HOLDS_NS, now - since));
	if (!ret && !bkt_context_is_none(&settings.context))
		ret = bkt_message_put_context(skb, BRICKTRACE_A_SESSION_TRACE_ID,
					      &settings.context);
	return dump_end(d, header, ret);
}

int bkt_operator_dump_sessions(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct operator_dump d;

	return dump_begin(&d, skb, cb, BRICKTRACE_A_SESSION_ID, BRICKTRACE_A_SESSION_PID) ?:
	       dump_sessions(&d, d.pid, operator_put_session);
}

static int operator_put_calls(struct sk_buff *skb, u32 category, const struct bkt_roster_calls *c)
{
	struct nlattr *nest;

	if (!c->count && !c->time)
		return 0;
	nest = nla_nest_start(skb, BRICKTRACE_A_THREAD_CALLS);
	if (!nest || nla_put_u32(skb, BRICKTRACE_A_CALLS_CATEGORY, category) ||
	    bkt_message_put_u64(skb, BRICKTRACE_A_CALLS_COUNT, c->count) ||
	    bkt_message_put_u64(skb, BRICKTRACE_A_CALLS_ERRORS, c->errors) ||
	    bkt_message_put_u64(skb, BRICKTRACE_A_CALLS_NS, c->time) ||
	    bkt_message_put_u64(skb, BRICKTRACE_A_CALLS_OFFCPU_NS, c->offcpu))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int operator_put_thread(struct operator_dump *d, const struct bkt_session *s,
			       const struct bkt_roster_entry *m)
{
	struct sk_buff *skb = d->skb;
	void *header = dump_put_header(d, BRICKTRACE_CMD_THREAD_GET);
	int ret;
	u32 i;

	ret = !header || bkt_message_put_u64(skb, BRICKTRACE_A_THREAD_SESSION, s->id) ||
	      nla_put_u32(skb, BRICKTRACE_A_THREAD_PID, m->pid) ||
	      nla_put_u32(skb, BRICKTRACE_A_THREAD_TID, m->tid) ||
	      nla_put_u32(skb, BRICKTRACE_A_THREAD_FLAGS, m->inherit) ||
	      nla_put_string(skb, BRICKTRACE_A_THREAD_COMM, m->comm) ||
	      nla_put_u32(skb, BRICKTRACE_A_THREAD_RUNS, m->runs) ||
	      bkt_message_put_u64(skb, BRICKTRACE_A_THREAD_THREAD_NS, m->thread) ||
	      bkt_message_put_u64(skb, BRICKTRACE_A_THREAD_OFFCPU_NS, m->offcpu);
	for (i = 0; !ret && i < BKT_CATEGORIES; i++)
		ret = operator_put_calls(skb, i, &m->calls[i]);
	return dump_end(d, header, ret);
}

static int operator_put_threads(struct operator_dump *d, struct bkt_session *s)
{
	struct pid *tgid = d->pid ? find_get_pid(d->pid) : NULL;
	long *inside = &d->cb->args[OPERATOR_INSIDE];
	struct bkt_roster_entry m;
	struct bkt_snapshot *v;
	int ret = 0;

	if (d->pid && !tgid)
		return 0;
	v = kmalloc(sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v)
		ret = -ENOMEM;
	while (!ret && bkt_roster_next(s, *inside, tgid, v, &m)) {
		if (d->all || m.tid)
			ret = operator_put_thread(d, s, &m);
		if (!ret)
			*inside = m.number;
	}
	kfree(v);
	put_pid(tgid);
	return ret;
}

int bkt_operator_dump_threads(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct operator_dump d;

	return dump_begin(&d, skb, cb, BRICKTRACE_A_THREAD_SESSION, BRICKTRACE_A_THREAD_PID) ?:
	       dump_sessions(&d, 0, operator_put_threads);
}

static int operator_put_brick(struct operator_dump *d, struct bkt_session *s, struct bkt_brick *b,
			      struct bkt_brick_copy *copy)
{
	struct sk_buff *skb = d->skb;
	void *header = dump_put_header(d, BRICKTRACE_CMD_BRICK_GET);
	char label[BRICKTRACE_LABEL_LEN];
	int ret;

	bkt_session_label(s, label);
	bkt_brick_get(b, copy);
	ret = !header || bkt_message_put_u64(skb, BRICKTRACE_A_BRICK_SESSION, s->id) ||
	      nla_put_u32(skb, BRICKTRACE_A_BRICK_PID, operator_pid(s->tgid)) ||
	      nla_put_u32(skb, BRICKTRACE_A_BRICK_UID, s->uid) ||
	      nla_put_string(skb, BRICKTRACE_A_BRICK_COMM, s->comm) ||
	      nla_put_string(skb, BRICKTRACE_A_BRICK_LABEL, label) ||
	      nla_put_u32(skb, BRICKTRACE_A_BRICK_OUTLIERS,
			  READ_ONCE(s->thresholds.outliers)) ||
	      nla_put_u32(skb, BRICKTRACE_A_BRICK_BRICK, b->id) ||
	      nla_put_string(skb, BRICKTRACE_A_BRICK_NAME, b->name) ||
	      bkt_message_put_u64(skb, BRICKTRACE_A_BRICK_BUDGET_NS, copy->budget_ns) ||
	      nla_put_u32(skb, BRICKTRACE_A_BRICK_MODE, copy->mode) ||
	      nla_put_u32(skb, BRICKTRACE_A_BRICK_BASELINE, copy->baseline) ||
	      nla_put_u32(skb, BRICKTRACE_A_BRICK_ESCALATED, copy->escalated) ||
	      bkt_message_put_brick(skb, copy, d->attrs[BRICKTRACE_A_BRICK_BOOKS]);
	bkt_assertions_put(copy->assertions);
	return dump_end(d, header, ret);
}

static bool operator_wants_brick(const struct operator_dump *d, const struct bkt_brick *b)
{
	struct nlattr *number = d->attrs[BRICKTRACE_A_BRICK_BRICK];
	struct nlattr *name = d->attrs[BRICKTRACE_A_BRICK_NAME];

	return (!number || nla_get_u32(number) == b->id) && (!name || !nla_strcmp(name, b->name));
}

static int operator_put_bricks(struct operator_dump *d, struct bkt_session *s)
{
	long *inside = &d->cb->args[OPERATOR_INSIDE];
	struct bkt_brick_copy *copy;
	struct bkt_brick *b;
	int ret = 0;

	if (!bkt_session_brick(s, *inside + 1))
		return 0;
	copy = kvmalloc(sizeof(*copy), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	while (!ret && (b = bkt_session_brick(s, *inside + 1))) {
		if (operator_wants_brick(d, b))
			ret = operator_put_brick(d, s, b, copy);
		if (!ret)
			(*inside)++;
		cond_resched();
	}
	kvfree(copy);
	return ret;
}

/* The reader's buffer may be too small for a brick, but a socket's buffer must not be. */
int bkt_operator_dump_bricks_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = OPERATOR_MESSAGE;
	return 0;
}

int bkt_operator_dump_bricks(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct operator_dump d;

	return dump_begin(&d, skb, cb, BRICKTRACE_A_BRICK_SESSION, BRICKTRACE_A_BRICK_PID) ?:
	       dump_sessions(&d, d.pid, operator_put_bricks);
}
