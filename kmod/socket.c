// SPDX-License-Identifier: GPL-2.0
/* Sessions that belong to a socket, and end with it. */
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "compat.h"
#include "context.h"
#include "host.h"
#include "member.h"
#include "message.h"
#include "name.h"
#include "netlink.h"
#include "run.h"

/*
 * The session of a socket. A socket is known to be released when its port is (see
 * socket_released()), but by then another one may have the same port.
 */
struct socket_owner {
	struct hlist_node node;	/* sockets_lock */
	const struct sock *sk;	/* constant, no reference: the owner is removed before it goes */
	u32 port;		/* constant */
	struct bkt_session *session;	/* constant */
};

static DEFINE_SPINLOCK(sockets_lock);
static DEFINE_HASHTABLE(sockets, 8);	/* sockets_lock; by port */

/* What an error of the ioctls that do the same means, and the attribute at fault. */
struct socket_refusal {
	int error;
	u8 attr;
	const char *text;
};

static int socket_refuse(const struct bkt_command *c, const struct socket_refusal *table,
			 int error)
{
	for (; table->error; table++)
		if (table->error == error)
			return bkt_netlink_refuse(c, table->attr, table->text, error);
	return error;
}

static struct socket_owner *socket_find(const struct sock *sk, u32 port)
{
	struct socket_owner *o;

	lockdep_assert_held(&sockets_lock);
	hash_for_each_possible(sockets, o, node, port)
		if (o->sk == sk)
			return o;
	return NULL;
}

struct bkt_session *bkt_socket_session(struct sk_buff *skb)
{
	struct bkt_session *s = NULL;
	struct socket_owner *o;

	spin_lock(&sockets_lock);
	o = socket_find(NETLINK_CB(skb).sk, NETLINK_CB(skb).portid);
	if (o)
		s = o->session;
	spin_unlock(&sockets_lock);
	/* The socket is open while it is sent to, and so is its session. */
	return s;
}

/* Takes the owner of a released socket with this port from the table, or returns NULL. */
static struct socket_owner *socket_take_released(u32 port)
{
	struct socket_owner *o;

	spin_lock(&sockets_lock);
	hash_for_each_possible(sockets, o, node, port)
		if (o->port == port && sock_flag(o->sk, SOCK_DEAD)) {
			hash_del(&o->node);
			break;
		}
	spin_unlock(&sockets_lock);
	return o;
}

/*
 * Called before a socket is freed. If two sockets with the same port are released at a time,
 * either call may end the sessions of both.
 */
static int socket_released(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;
	struct socket_owner *o;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC ||
	    !net_eq(n->net, &init_net))
		return NOTIFY_DONE;
	while ((o = socket_take_released(n->portid))) {
		bkt_host_close(o->session);
		kfree(o);
		/* bkt_socket_exit() waits until this function has returned. */
		module_put(THIS_MODULE);
	}
	return NOTIFY_DONE;
}

static struct notifier_block socket_nb = { .notifier_call = socket_released };

/* The numbers that set something; each attribute has as many bytes as its member. */
#define SOCKET_SETTING(attribute, flag, member) \
	{ BRICKTRACE_A_SESSION_##attribute, BRICKTRACE_SESSION_##flag, \
	  offsetof(struct bricktrace_session, member) }

static const struct {
	u8 attr;
	u32 flag;
	u16 offset;
} socket_settings[] = {
	SOCKET_SETTING(EDGE_PS, EDGE, edge_ps),
	SOCKET_SETTING(CV_THRESHOLD, CV, cv_threshold),
	SOCKET_SETTING(EFFICIENCY_THRESHOLD, EFFICIENCY, efficiency_threshold),
	SOCKET_SETTING(TRACE_LIMIT, LIMIT, trace_limit),
	SOCKET_SETTING(OUTLIERS, OUTLIERS, outliers),
	SOCKET_SETTING(ENABLED, ENABLED, enabled),
	SOCKET_SETTING(SLOW_NS, SLOW, slow_ns),
};

/* Reads the attributes that set something about a session. */
static int socket_read_settings(const struct bkt_command *c, struct bricktrace_session *to)
{
	struct nlattr **a = c->info->attrs;
	bool context = a[BRICKTRACE_A_SESSION_TRACE_ID];
	u32 i, named = BRICKTRACE_A_SESSION_TRACE_FLAGS;

	if (context)
		named = BRICKTRACE_A_SESSION_TRACE_ID;
	else if (a[BRICKTRACE_A_SESSION_SPAN_ID])
		named = BRICKTRACE_A_SESSION_SPAN_ID;
	if (context != !!a[BRICKTRACE_A_SESSION_SPAN_ID] ||
	    context != !!a[BRICKTRACE_A_SESSION_TRACE_FLAGS])
		return bkt_netlink_refuse(c, named,
					  "trace-id, span-id and trace-flags come together",
					  -EINVAL);
	for (i = 0; i < ARRAY_SIZE(socket_settings); i++) {
		if (!a[socket_settings[i].attr])
			continue;
		nla_memcpy((u8 *)to + socket_settings[i].offset, a[socket_settings[i].attr],
			   nla_len(a[socket_settings[i].attr]));
		to->flags |= socket_settings[i].flag;
	}
	if (a[BRICKTRACE_A_SESSION_LABEL]) {
		nla_strscpy(to->label, a[BRICKTRACE_A_SESSION_LABEL], sizeof(to->label));
		to->flags |= BRICKTRACE_SESSION_LABEL;
	}
	if (context) {
		nla_memcpy(to->context.trace_id, a[BRICKTRACE_A_SESSION_TRACE_ID],
			   sizeof(to->context.trace_id));
		nla_memcpy(to->context.span_id, a[BRICKTRACE_A_SESSION_SPAN_ID],
			   sizeof(to->context.span_id));
		to->context.flags = nla_get_u32(a[BRICKTRACE_A_SESSION_TRACE_FLAGS]);
		to->flags |= BRICKTRACE_SESSION_CONTEXT;
	}
	return 0;
}

/* Checks what the policy cannot, so that the attribute at fault is known. */
static int socket_check_settings(const struct bkt_command *c, const struct bricktrace_session *s)
{
	if (s->outliers > BRICKTRACE_MAX_OUTLIERS && s->outliers != BRICKTRACE_OUTLIERS_KEEP)
		return bkt_netlink_refuse(c, BRICKTRACE_A_SESSION_OUTLIERS,
					  "outliers is above 1000000", -ERANGE);
	if (s->slow_ns && s->slow_ns < BRICKTRACE_MIN_SLOW)
		return bkt_netlink_refuse(c, BRICKTRACE_A_SESSION_SLOW_NS,
					  "slow-ns is below 10000", -ERANGE);
	if (!bkt_name_valid(s->label))
		return bkt_netlink_refuse(c, BRICKTRACE_A_SESSION_LABEL,
					  "the label is not UTF-8 or has control characters",
					  -EINVAL);
	if (!bkt_context_valid(&s->context) && !bkt_context_is_none(&s->context))
		return bkt_netlink_refuse(c, BRICKTRACE_A_SESSION_TRACE_ID,
					  "only one of the IDs is zero", -EINVAL);
	return 0;
}

static int socket_set(const struct bkt_command *c, struct bkt_session *s)
{
	static const struct socket_refusal errors[] = {
		{ -ESHUTDOWN, BRICKTRACE_A_SESSION_ENABLED,
		  "the operator has detached the session" },
		{}
	};
	struct bricktrace_session settings = {};
	int ret = socket_read_settings(c, &settings) ?: socket_check_settings(c, &settings);

	if (ret)
		return ret;
	return socket_refuse(c, errors, bkt_member_set(s, &settings));
}

int bkt_socket_session_set(struct bkt_command *c)
{
	return socket_set(c, c->session);
}

static struct socket_owner *socket_own(const struct bkt_command *c)
{
	struct socket_owner *o = kzalloc(sizeof(*o), GFP_KERNEL_ACCOUNT);
	struct bkt_session *s;
	int ret;

	if (!o)
		return ERR_PTR(-ENOMEM);
	s = bkt_host_open(bkt_netlink_opener(c->skb), BRICKTRACE_OWNER_SOCKET);
	if (IS_ERR(s)) {
		kfree(o);
		return ERR_CAST(s);
	}
	o->sk = NETLINK_CB(c->skb).sk;
	o->port = NETLINK_CB(c->skb).portid;
	o->session = s;
	ret = socket_set(c, s);
	if (ret)
		goto err;
	spin_lock(&sockets_lock);
	ret = socket_find(o->sk, o->port) ? -EBUSY : 0;
	if (!ret)
		hash_add(sockets, &o->node, o->port);
	spin_unlock(&sockets_lock);
	if (!ret)
		return o;
err:
	bkt_host_close(s);
	kfree(o);
	return ERR_PTR(ret);
}

int bkt_socket_session_open(struct bkt_command *c)
{
	static const struct socket_refusal errors[] = {
		{ -EBUSY, 0, "the socket has a session already" },
		{ -EDQUOT, 0, "the user's limit of sessions or memory is reached" },
		{ -ENODEV, 0, "the module is being loaded or unloaded" },
		{}
	};
	struct socket_owner *o;
	struct sk_buff *skb;
	void *header;

	if (c->session)
		return socket_refuse(c, errors, -EBUSY);
	skb = bkt_netlink_reply(c, NLMSG_DEFAULT_SIZE, &header);
	if (!skb)
		return -ENOMEM;
	/*
	 * For the session, which is released as late as its socket. While the module is being
	 * loaded, that may still fail.
	 */
	if (READ_ONCE(THIS_MODULE->state) != MODULE_STATE_LIVE || !try_module_get(THIS_MODULE)) {
		nlmsg_free(skb);
		return socket_refuse(c, errors, -ENODEV);
	}
	o = socket_own(c);
	if (IS_ERR(o)) {
		module_put(THIS_MODULE);
		nlmsg_free(skb);
		return socket_refuse(c, errors, PTR_ERR(o));
	}
	bkt_message_put_u64(skb, BRICKTRACE_A_SESSION_ID, o->session->id);
	return bkt_netlink_send(c, skb, header);
}

/* Returns 0 if the attribute is absent. */
static u32 socket_get_u32(const struct bkt_command *c, u32 attr)
{
	return c->info->attrs[attr] ? nla_get_u32(c->info->attrs[attr]) : 0;
}

/* A reply with one number, for which there is memory before the command is carried out. */
struct socket_reply {
	struct sk_buff *skb;
	void *header;
};

static int reply_begin(const struct bkt_command *c, struct socket_reply *r)
{
	r->skb = bkt_netlink_reply(c, NLMSG_DEFAULT_SIZE, &r->header);
	return r->skb ? 0 : -ENOMEM;
}

/* Sends the number @n, or refuses the command if that is an error of @errors. */
static int reply_end(const struct bkt_command *c, struct socket_reply *r, u32 attr, int n,
		     const struct socket_refusal *errors)
{
	if (n < 0) {
		nlmsg_free(r->skb);
		return socket_refuse(c, errors, n);
	}
	nla_put_u32(r->skb, attr, n);
	return bkt_netlink_send(c, r->skb, r->header);
}

int bkt_socket_thread_register(struct bkt_command *c)
{
	static const struct socket_refusal errors[] = {
		{ -EEXIST, BRICKTRACE_A_THREAD_TID, "the thread is registered already" },
		{ -EDQUOT, 0,
		  "a limit is reached: of the session's or the user's threads, or of memory" },
		{ -EBUSY, BRICKTRACE_A_THREAD_TID,
		  "the thread is executing a program, which takes long" },
		{ -EUSERS, BRICKTRACE_A_THREAD_TID, "too many sessions follow the thread already" },
		{ -EPERM, BRICKTRACE_A_THREAD_TID,
		  "the sender or the opener of the socket may not trace the thread" },
		{ -ESRCH, BRICKTRACE_A_THREAD_TID, "there is no such thread, or it is exiting" },
		{ -ESHUTDOWN, 0, "the operator has detached the session" },
		{}
	};
	struct socket_reply r;
	int ret = reply_begin(c, &r);

	if (ret)
		return ret;
	ret = bkt_member_register(c->session, socket_get_u32(c, BRICKTRACE_A_THREAD_TID),
				  socket_get_u32(c, BRICKTRACE_A_THREAD_FLAGS));
	return reply_end(c, &r, BRICKTRACE_A_THREAD_THREADS, ret, errors);
}

int bkt_socket_thread_unregister(struct bkt_command *c)
{
	static const struct socket_refusal errors[] = {
		{ -ESRCH, BRICKTRACE_A_THREAD_TID, "no such thread is registered" },
		{ -EBUSY, BRICKTRACE_A_THREAD_TID, "a run of scope thread is open on the thread" },
		{}
	};
	u32 flags = socket_get_u32(c, BRICKTRACE_A_THREAD_FLAGS);
	struct socket_reply r;
	int ret;

	if (flags & ~BRICKTRACE_THREAD_WHOLE_PROCESS)
		return bkt_netlink_refuse(c, BRICKTRACE_A_THREAD_FLAGS,
					  "only whole-process is a flag here", -EINVAL);
	ret = reply_begin(c, &r);
	if (ret)
		return ret;
	ret = bkt_member_unregister(c->session, socket_get_u32(c, BRICKTRACE_A_THREAD_TID),
				    flags);
	return reply_end(c, &r, BRICKTRACE_A_THREAD_THREADS, ret, errors);
}

/* The kernel has validated the nest by its policy. */
static int socket_read_assertion(const struct bkt_command *c, const struct nlattr *nest,
				 struct bricktrace_assertion *to)
{
	struct nlattr *a[BRICKTRACE_A_ASSERTION_MAX + 1];
	int ret = nla_parse_nested(a, BRICKTRACE_A_ASSERTION_MAX, nest, NULL, c->info->extack);

	if (ret)
		return ret;
	if (!a[BRICKTRACE_A_ASSERTION_KIND] || !a[BRICKTRACE_A_ASSERTION_LIMIT] ||
	    !a[BRICKTRACE_A_ASSERTION_NAME]) {
		NL_SET_BAD_ATTR(c->info->extack, nest);
		return bkt_netlink_refuse(c, 0, "an assertion needs kind, limit and name", -EINVAL);
	}
	to->kind = nla_get_u32(a[BRICKTRACE_A_ASSERTION_KIND]);
	if (a[BRICKTRACE_A_ASSERTION_SUBJECT])
		to->subject = nla_get_u32(a[BRICKTRACE_A_ASSERTION_SUBJECT]);
	if (a[BRICKTRACE_A_ASSERTION_ARCH])
		to->arch = nla_get_u32(a[BRICKTRACE_A_ASSERTION_ARCH]);
	to->limit = nla_get_u64(a[BRICKTRACE_A_ASSERTION_LIMIT]);
	nla_strscpy(to->name, a[BRICKTRACE_A_ASSERTION_NAME], sizeof(to->name));
	return 0;
}

/* Returns the number of assertions in the request, or an error. */
static int socket_read_assertions(const struct bkt_command *c, struct bricktrace_assertion *to)
{
	const struct nlattr *a;
	int rem, ret, n = 0;

	nlmsg_for_each_attr(a, c->info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(a) != BRICKTRACE_A_BRICK_ASSERTION)
			continue;
		if (n == BRICKTRACE_MAX_ASSERTIONS) {
			NL_SET_BAD_ATTR(c->info->extack, a);
			return bkt_netlink_refuse(c, 0, "a brick has at most 16 assertions",
						  -EINVAL);
		}
		ret = socket_read_assertion(c, a, &to[n++]);
		if (ret)
			return ret;
	}
	return n;
}

static int socket_define(struct bkt_command *c, struct bricktrace_assertion *assertions)
{
	static const struct socket_refusal errors[] = {
		{ -EINVAL, BRICKTRACE_A_BRICK_ASSERTION,
		  "an assertion's subject is not valid, or its name is not" },
		{ -EDQUOT, 0,
		  "the session's limit of bricks or the user's limit of memory is reached" },
		{}
	};
	struct nlattr **a = c->info->attrs;
	struct bricktrace_brick_define d = {
		.budget_ns = nla_get_u64(a[BRICKTRACE_A_BRICK_BUDGET_NS]),
		.mode = socket_get_u32(c, BRICKTRACE_A_BRICK_MODE),
		.baseline = socket_get_u32(c, BRICKTRACE_A_BRICK_BASELINE),
	};
	int ret, n = socket_read_assertions(c, assertions);
	struct socket_reply r;

	if (n < 0)
		return n;
	if (n && a[BRICKTRACE_A_BRICK_NO_ASSERTIONS])
		return bkt_netlink_refuse(c, BRICKTRACE_A_BRICK_NO_ASSERTIONS,
					  "there are assertions", -EINVAL);
	nla_strscpy(d.name, a[BRICKTRACE_A_BRICK_NAME], sizeof(d.name));
	ret = bkt_brick_check(d.name, d.budget_ns);
	if (ret)
		return bkt_netlink_refuse(c, BRICKTRACE_A_BRICK_NAME,
					  "the name is empty, not UTF-8, or has control characters",
					  ret);
	if (a[BRICKTRACE_A_BRICK_MODE])
		d.flags |= BRICKTRACE_BRICK_MODE;
	if (a[BRICKTRACE_A_BRICK_BASELINE])
		d.flags |= BRICKTRACE_BRICK_BASELINE;
	if (n || a[BRICKTRACE_A_BRICK_NO_ASSERTIONS])
		d.flags |= BRICKTRACE_BRICK_ASSERTIONS;
	ret = reply_begin(c, &r);
	if (ret)
		return ret;
	return reply_end(c, &r, BRICKTRACE_A_BRICK_BRICK,
			 bkt_session_define(c->session, &d, assertions, n), errors);
}

int bkt_socket_brick_define(struct bkt_command *c)
{
	struct bricktrace_assertion *assertions;
	int ret;

	assertions = kcalloc(BRICKTRACE_MAX_ASSERTIONS, sizeof(*assertions), GFP_KERNEL_ACCOUNT);
	if (!assertions)
		return -ENOMEM;
	ret = socket_define(c, assertions);
	kfree(assertions);
	return ret;
}

static int socket_read_run(const struct bkt_command *c, struct bricktrace_run_open *to)
{
	struct nlattr **a = c->info->attrs;

	to->brick = nla_get_u32(a[BRICKTRACE_A_RUN_BRICK]);
	to->level = socket_get_u32(c, BRICKTRACE_A_RUN_LEVEL);
	to->scope = socket_get_u32(c, BRICKTRACE_A_RUN_SCOPE);
	to->why = socket_get_u32(c, BRICKTRACE_A_RUN_WHY);
	to->flags = socket_get_u32(c, BRICKTRACE_A_RUN_FLAGS);
	to->context.flags = socket_get_u32(c, BRICKTRACE_A_RUN_TRACE_FLAGS);
	if (to->why & ~BKT_RUN_CALLERS_WHY || (to->why && to->level != BRICKTRACE_LEVEL_TRACE))
		return bkt_netlink_refuse(c, BRICKTRACE_A_RUN_WHY,
					  "a sender cannot have this reason at this level",
					  -EINVAL);
	if (!(to->flags & BRICKTRACE_RUN_CONTEXT)) {
		if (!a[BRICKTRACE_A_RUN_TRACE_ID] && !a[BRICKTRACE_A_RUN_SPAN_ID] &&
		    !a[BRICKTRACE_A_RUN_TRACE_FLAGS])
			return 0;
		return bkt_netlink_refuse(c, BRICKTRACE_A_RUN_FLAGS,
					  "the flag context is missing", -EINVAL);
	}
	if (!a[BRICKTRACE_A_RUN_TRACE_ID] || !a[BRICKTRACE_A_RUN_SPAN_ID])
		return bkt_netlink_refuse(c, BRICKTRACE_A_RUN_FLAGS,
					  "a context needs trace-id and span-id", -EINVAL);
	nla_memcpy(to->context.trace_id, a[BRICKTRACE_A_RUN_TRACE_ID],
		   sizeof(to->context.trace_id));
	nla_memcpy(to->context.span_id, a[BRICKTRACE_A_RUN_SPAN_ID], sizeof(to->context.span_id));
	if (!bkt_context_valid(&to->context))
		return bkt_netlink_refuse(c, BRICKTRACE_A_RUN_TRACE_ID, "an ID is zero", -EINVAL);
	return 0;
}

static const struct bkt_message_field socket_run_fields[] = {
	BKT_MESSAGE_FIELD(U64, RUN_RUN, bricktrace_run_open, run),
	BKT_MESSAGE_FIELD(U64, RUN_PARENT, bricktrace_run_open, parent),
	BKT_MESSAGE_FIELD(U32, RUN_EFFECTIVE_LEVEL, bricktrace_run_open, effective_level),
	BKT_MESSAGE_FIELD(U32, RUN_REASON, bricktrace_run_open, reason),
	BKT_MESSAGE_FIELD(U32, RUN_MODE, bricktrace_run_open, mode),
	{}
};

int bkt_socket_run_open(struct bkt_command *c)
{
	static const struct socket_refusal errors[] = {
		{ -EINVAL, BRICKTRACE_A_RUN_FLAGS, "only runs at level trace are charged" },
		{ -ENOENT, BRICKTRACE_A_RUN_BRICK, "the session has no such brick" },
		{ -ESRCH, BRICKTRACE_A_RUN_LEVEL, "no thread of the run is registered" },
		{ -ELOOP, 0, "runs are nested too deeply" },
		{ -EDQUOT, 0,
		  "a limit is reached: of the session's or the user's runs, or of memory" },
		{}
	};
	struct bricktrace_run_open a = {};
	struct sk_buff *skb;
	void *header;
	int ret = socket_read_run(c, &a);

	if (ret)
		return ret;
	skb = bkt_netlink_reply(c, NLMSG_DEFAULT_SIZE, &header);
	if (!skb)
		return -ENOMEM;
	ret = bkt_run_open(c->session, &a);
	if (ret) {
		nlmsg_free(skb);
		return socket_refuse(c, errors, ret);
	}
	bkt_message_put(skb, 0, socket_run_fields, &a);
	if (a.flags & BRICKTRACE_RUN_IDS)
		bkt_message_put_context(skb, BRICKTRACE_A_RUN_TRACE_ID, &a.context);
	ret = bkt_netlink_send(c, skb, header);
	/* The sender has not got the number of the run, so it could not close the run. */
	if (ret)
		bkt_run_cancel(c->session, a.run);
	return ret;
}

/* A reply in several messages, since a breakdown may be larger than one. */
struct socket_parts {
	const struct bkt_command *c;
	struct sk_buff_head done;
	struct sk_buff *skb;	/* the message that is being filled, or NULL */
	void *header;
	u32 n;
};

/* With its header, each buffer is allocated as 16 KiB. */
#define SOCKET_PART	(SKB_WITH_OVERHEAD(16384) - NLMSG_HDRLEN - GENL_HDRLEN)

static int parts_begin(struct socket_parts *p)
{
	p->skb = bkt_netlink_reply(p->c, SOCKET_PART, &p->header);
	return p->skb ? 0 : -ENOMEM;
}

static void parts_end(struct socket_parts *p)
{
	genlmsg_end(p->skb, p->header);
	__skb_queue_tail(&p->done, p->skb);
	p->skb = NULL;
	p->n++;
}

static int parts_put(struct socket_parts *p, u32 attr, const struct bkt_message_field *table,
		     const void *from)
{
	int ret = bkt_message_put(p->skb, attr, table, from);

	if (ret != -EMSGSIZE)
		return ret;
	parts_end(p);
	return parts_begin(p) ?: bkt_message_put(p->skb, attr, table, from);
}

static int parts_put_all(struct socket_parts *p, u32 attr, const struct bkt_message_field *table,
			 const void *from, size_t size, u32 n)
{
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < n; i++)
		ret = parts_put(p, attr, table, from + i * size);
	return ret;
}

static int parts_put_breakdown(struct socket_parts *p, const struct bkt_breakdown *b)
{
	return parts_put_all(p, BRICKTRACE_A_RUN_TIMES, bkt_message_times, b->times,
			     sizeof(b->times[0]), BKT_VIEWS) ?:
	       parts_put_all(p, BRICKTRACE_A_RUN_CATEGORY, bkt_message_category, b->categories,
			     sizeof(b->categories[0][0]), BKT_CATEGORIES * BKT_VIEWS) ?:
	       parts_put_all(p, BRICKTRACE_A_RUN_SYSCALL, bkt_message_syscall, b->syscalls,
			     sizeof(b->syscalls[0][0]), b->nr_syscalls * BKT_VIEWS) ?:
	       parts_put_all(p, BRICKTRACE_A_RUN_IOCTL, bkt_message_ioctl, b->ioctls,
			     sizeof(b->ioctls[0][0]), b->nr_ioctls * BKT_VIEWS);
}

static int parts_put_record(struct socket_parts *p, const struct bkt_record *rec)
{
	struct bricktrace_failed f;
	u32 i, next = 0;
	int ret;

	ret = parts_put(p, BRICKTRACE_A_RUN_RESULT, bkt_message_result, &rec->result);
	if (!ret && rec->breakdown)
		ret = parts_put_breakdown(p, rec->breakdown);
	for (i = 0; !ret && i < rec->result.failed; i++) {
		bkt_record_failed(rec, &next, &f);
		ret = parts_put(p, BRICKTRACE_A_RUN_FAILED, bkt_message_failed, &f);
	}
	return ret ?: parts_put_all(p, BRICKTRACE_A_RUN_SLOW_CALL, bkt_message_slow_call,
				    rec->slow_calls, sizeof(rec->slow_calls[0]),
				    rec->nr_slow_calls);
}

/* Sends the messages, of which the first says how many there are, or frees them. */
static int parts_send(struct socket_parts *p, struct nlattr *messages, int ret)
{
	struct sk_buff *skb;

	if (ret) {
		nlmsg_free(p->skb);
	} else {
		parts_end(p);
		*(u32 *)nla_data(messages) = p->n;
	}
	while ((skb = __skb_dequeue(&p->done))) {
		if (ret)
			nlmsg_free(skb);
		else if (genlmsg_reply(skb, p->c->info))
			ret = -ENOBUFS;
	}
	return ret;
}

int bkt_socket_run_close(struct bkt_command *c)
{
	static const struct socket_refusal errors[] = {
		{ -ENOENT, BRICKTRACE_A_RUN_RUN, "no such run is open" },
		{ -EBUSY, BRICKTRACE_A_RUN_RUN,
		  "the run encloses a run that must be closed first" },
		{}
	};
	struct socket_parts p = { .c = c };
	struct nlattr *messages;
	struct bkt_record *rec;
	int ret;

	__skb_queue_head_init(&p.done);
	ret = parts_begin(&p);
	if (ret)
		return ret;
	messages = nla_reserve(p.skb, BRICKTRACE_A_RUN_MESSAGES, sizeof(u32));
	rec = bkt_run_close(c->session, nla_get_u64(c->info->attrs[BRICKTRACE_A_RUN_RUN]),
			    c->entered);
	if (IS_ERR(rec)) {
		nlmsg_free(p.skb);
		return socket_refuse(c, errors, PTR_ERR(rec));
	}
	ret = parts_send(&p, messages, parts_put_record(&p, rec));
	bkt_run_done(rec);
	/* The run is closed, unlike after other errors. */
	return ret ? -ENOBUFS : 0;
}

int bkt_socket_init(void)
{
	return netlink_register_notifier(&socket_nb);
}

/* No session is left, since each has a reference to the module. */
void bkt_socket_exit(void)
{
	netlink_unregister_notifier(&socket_nb);
}
