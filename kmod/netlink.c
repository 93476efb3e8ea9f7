// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/net.h>
#include <linux/nospec.h>
#include <net/sock.h>
#include "access.h"
#include "clock.h"
#include "compat.h"
#include "host.h"
#include "netlink.h"
#include "policy.h"
#include "task.h"

/* Who may give a command. */
enum netlink_right {
	NETLINK_ANYBODY,
	NETLINK_OPENER,		/* operators and the members of netlink_group */
	NETLINK_OPERATOR,
	NETLINK_OWNER,		/* whose socket has a session */
};

/* A command as netlink_doit() carries it out; @needs are attributes that must be there. */
static const struct {
	int (*fn)(struct bkt_command *c);
	u8 right;
	u8 needs[2];
} netlink_commands[BRICKTRACE_CMD_MAX + 1] = {
	[BRICKTRACE_CMD_STATUS_GET] = { bkt_operator_status_get },
	[BRICKTRACE_CMD_CONFIG_GET] = { bkt_operator_config_get },
	[BRICKTRACE_CMD_CONFIG_SET] = { bkt_operator_config_set, NETLINK_OPERATOR },
	[BRICKTRACE_CMD_SESSION_DETACH] = { bkt_operator_session_detach, NETLINK_OPERATOR,
					    { BRICKTRACE_A_SESSION_ID } },
	[BRICKTRACE_CMD_BRICK_RESET] = { bkt_operator_brick_reset },
	[BRICKTRACE_CMD_SESSION_OPEN] = { bkt_socket_session_open, NETLINK_OPENER },
	[BRICKTRACE_CMD_SESSION_SET] = { bkt_socket_session_set, NETLINK_OWNER },
	[BRICKTRACE_CMD_THREAD_REGISTER] = { bkt_socket_thread_register, NETLINK_OWNER },
	[BRICKTRACE_CMD_THREAD_UNREGISTER] = { bkt_socket_thread_unregister, NETLINK_OWNER },
	[BRICKTRACE_CMD_BRICK_DEFINE] = { bkt_socket_brick_define, NETLINK_OWNER,
					  { BRICKTRACE_A_BRICK_NAME,
					    BRICKTRACE_A_BRICK_BUDGET_NS } },
	[BRICKTRACE_CMD_RUN_OPEN] = { bkt_socket_run_open, NETLINK_OWNER,
				      { BRICKTRACE_A_RUN_BRICK } },
	[BRICKTRACE_CMD_RUN_CLOSE] = { bkt_socket_run_close, NETLINK_OWNER,
				       { BRICKTRACE_A_RUN_RUN } },
};

/* What an error of the functions below means, unless the command has said so. */
static const struct {
	int error;
	const char *text;
} netlink_errors[] = {
	{ -ENOMEM, "there is no memory, or the memory control group's limit is reached" },
	{ -ENOBUFS, "the reply does not fit into the socket's receive buffer" },
	{ -EMSGSIZE, "the reply does not fit into a message" },
};

const struct cred *bkt_netlink_opener(const struct sk_buff *skb)
{
	/* The file is open while the request is handled. */
	return NETLINK_CB(skb).sk->sk_socket->file->f_cred;
}

bool bkt_netlink_is_operator(struct sk_buff *skb)
{
	/*
	 * netlink_capable() would not ask about the opener if the sender has named the kernel as
	 * the destination, as sendto() can.
	 */
	return bkt_access_host(bkt_netlink_opener(skb));
}

struct sk_buff *bkt_netlink_reply(const struct bkt_command *c, size_t size, void **header)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL_ACCOUNT);

	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, c->info, &bkt_netlink_family, 0, c->info->genlhdr->cmd);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

int bkt_netlink_send(const struct bkt_command *c, struct sk_buff *skb, void *header)
{
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, c->info) ? -ENOBUFS : 0;
}

int bkt_netlink_refuse(const struct bkt_command *c, u32 attr, const char *text, int error)
{
	struct netlink_ext_ack *extack = c->info->extack;

	if (!extack)
		return error;
	extack->_msg = text;
	if (attr)
		NL_SET_BAD_ATTR(extack, c->info->attrs[attr]);
	return error;
}

static int netlink_check_right(const struct bkt_command *c, enum netlink_right right)
{
	kgid_t group;

	if (right == NETLINK_ANYBODY)
		return 0;
	if (right == NETLINK_OWNER) {
		if (c->session)
			return 0;
		return bkt_netlink_refuse(c, 0, "the socket has no session: open one first",
					  -ENOTCONN);
	}
	if (bkt_netlink_is_operator(c->skb))
		return 0;
	group = make_kgid(&init_user_ns, bkt_host_get(BKT_SETTING_GROUP));
	if (right == NETLINK_OPERATOR)
		return bkt_netlink_refuse(c, 0, BKT_NETLINK_NOT_OPERATOR, -EPERM);
	if (gid_valid(group) && bkt_access_group(bkt_netlink_opener(c->skb), group))
		return 0;
	return bkt_netlink_refuse(c, 0, "sender and opener need CAP_PERFMON or netlink_group",
				  -EPERM);
}

static int netlink_carry_out(struct bkt_command *c)
{
	u32 i, cmd = array_index_nospec(c->info->genlhdr->cmd, BRICKTRACE_CMD_MAX + 1);
	int ret = netlink_check_right(c, netlink_commands[cmd].right);

	for (i = 0; !ret && i < ARRAY_SIZE(netlink_commands[cmd].needs); i++)
		if (netlink_commands[cmd].needs[i] &&
		    bkt_attr_missing(c->info, netlink_commands[cmd].needs[i]))
			ret = bkt_netlink_refuse(c, 0, "an attribute is missing", -EINVAL);
	return ret ?: netlink_commands[cmd].fn(c);
}

static const char *netlink_error_text(int error)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(netlink_errors); i++)
		if (error == netlink_errors[i].error)
			return netlink_errors[i].text;
	return "the hooks cannot be installed";
}

#define NETLINK_NOT_ALONE "there is more than one message in the datagram"

/*
 * The kernel handles all messages of a datagram before others that wait for its lock. The
 * first message begins where its buffer does, and a message that has been handled is cut off.
 */
static bool netlink_is_alone(const struct sk_buff *skb)
{
	return skb->len <= NLMSG_ALIGN(nlmsg_hdr(skb)->nlmsg_len) && !skb_headroom(skb);
}

static int netlink_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct bkt_command c = {
		.info = info,
		.skb = skb,
		.session = bkt_socket_session(skb),
		.entered = bkt_task_control() ?: bkt_clock_now(),
	};
	int ret = netlink_is_alone(skb) ? netlink_carry_out(&c) :
					  bkt_netlink_refuse(&c, 0, NETLINK_NOT_ALONE, -EINVAL);

	if (ret && info->extack && !info->extack->_msg)
		info->extack->_msg = netlink_error_text(ret);
	return ret;
}

#define NETLINK_DO(name, accepts) \
	{ \
		.cmd = BRICKTRACE_CMD_##name, \
		.doit = netlink_doit, \
		.policy = bkt_policy_##accepts, \
		.maxattr = ARRAY_SIZE(bkt_policy_##accepts) - 1, \
	}
#define NETLINK_DUMP(name, accepts, dump) \
	{ \
		.cmd = BRICKTRACE_CMD_##name, \
		.dumpit = bkt_operator_##dump, \
		.policy = bkt_policy_##accepts, \
		.maxattr = ARRAY_SIZE(bkt_policy_##accepts) - 1, \
	}

static const struct genl_ops netlink_ops[] = {
	NETLINK_DO(STATUS_GET, none),
	NETLINK_DO(CONFIG_GET, none),
	NETLINK_DO(CONFIG_SET, config_set),
	NETLINK_DUMP(USER_GET, none, dump_users),
	NETLINK_DUMP(SESSION_GET, session_get, dump_sessions),
	NETLINK_DO(SESSION_DETACH, session_detach),
	NETLINK_DUMP(THREAD_GET, thread_get, dump_threads),
	{
		.cmd = BRICKTRACE_CMD_BRICK_GET,
		.start = bkt_operator_dump_bricks_start,
		.dumpit = bkt_operator_dump_bricks,
		.policy = bkt_policy_brick_get,
		.maxattr = ARRAY_SIZE(bkt_policy_brick_get) - 1,
	},
	NETLINK_DO(BRICK_RESET, brick_reset),
	NETLINK_DO(SESSION_OPEN, session_set),
	NETLINK_DO(SESSION_SET, session_set),
	NETLINK_DO(THREAD_REGISTER, thread_register),
	NETLINK_DO(THREAD_UNREGISTER, thread_register),
	NETLINK_DO(BRICK_DEFINE, brick_define),
	NETLINK_DO(RUN_OPEN, run_open),
	NETLINK_DO(RUN_CLOSE, run_close),
};

struct genl_family bkt_netlink_family __ro_after_init = {
	.name = BRICKTRACE_FAMILY_NAME,
	.version = BRICKTRACE_FAMILY_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = netlink_ops,
	.n_ops = ARRAY_SIZE(netlink_ops),
};

int __init bkt_netlink_init(void)
{
	int ret = bkt_socket_init();

	if (ret)
		return ret;
	ret = genl_register_family(&bkt_netlink_family);
	if (ret)
		bkt_socket_exit();
	return ret;
}

void bkt_netlink_exit(void)
{
	genl_unregister_family(&bkt_netlink_family);
	bkt_socket_exit();
}
