/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The generic netlink family: the interface to the host's operator, and to programs whose
 * sessions belong to a socket. Its files are netlink.c, which receives commands and checks who
 * may give them, socket.c, which has the commands on the socket's own session, and operator.c,
 * which has the others. They pass plain values to the functions that the ioctls use, and
 * access no user memory.
 *
 * While a command is carried out, the kernel holds a lock (cb_lock) that lets commands of all
 * families run beside each other, but not while a family is being registered. So no command
 * may wait for what user space does.
 */
#ifndef BKT_NETLINK_H
#define BKT_NETLINK_H

#include <linux/bricktrace_netlink.h>
#include <net/genetlink.h>
#include "session.h"

/* A command under way. */
struct bkt_command {
	struct genl_info *info;
	struct sk_buff *skb;		/* the request */
	struct bkt_session *session;	/* of the socket, or NULL */
	u64 entered;			/* as in chardev.c */
};

extern struct genl_family bkt_netlink_family;

/* The credentials of who opened the socket that a request comes from. */
const struct cred *bkt_netlink_opener(const struct sk_buff *skb);

/* Whether both the sender and the opener of the socket may see and change all of the host. */
bool bkt_netlink_is_operator(struct sk_buff *skb);

/*
 * Begins a reply, with room for @size bytes, and sets @header to where it begins. Returns NULL
 * without memory. bkt_netlink_send() sends and frees it, and returns 0 or -ENOBUFS.
 */
struct sk_buff *bkt_netlink_reply(const struct bkt_command *c, size_t size, void **header);
int bkt_netlink_send(const struct bkt_command *c, struct sk_buff *skb, void *header);

#define BKT_NETLINK_NOT_OPERATOR "the sender or the opener of the socket has no CAP_PERFMON"

/* Refuses a command because of an attribute, which may be 0; returns @error. */
int bkt_netlink_refuse(const struct bkt_command *c, u32 attr, const char *text, int error);

int bkt_netlink_init(void);
void bkt_netlink_exit(void);

/* operator.c: carry out commands of the same names, and dumps. */
int bkt_operator_status_get(struct bkt_command *c);
int bkt_operator_config_get(struct bkt_command *c);
int bkt_operator_config_set(struct bkt_command *c);
int bkt_operator_session_detach(struct bkt_command *c);
int bkt_operator_brick_reset(struct bkt_command *c);
int bkt_operator_dump_users(struct sk_buff *skb, struct netlink_callback *cb);
int bkt_operator_dump_sessions(struct sk_buff *skb, struct netlink_callback *cb);
int bkt_operator_dump_threads(struct sk_buff *skb, struct netlink_callback *cb);
int bkt_operator_dump_bricks(struct sk_buff *skb, struct netlink_callback *cb);
int bkt_operator_dump_bricks_start(struct netlink_callback *cb);

/*
 * socket.c: carry out commands on the session of a socket. bkt_socket_session() returns the
 * session, or NULL.
 */
struct bkt_session *bkt_socket_session(struct sk_buff *skb);
int bkt_socket_session_open(struct bkt_command *c);
int bkt_socket_session_set(struct bkt_command *c);
int bkt_socket_thread_register(struct bkt_command *c);
int bkt_socket_thread_unregister(struct bkt_command *c);
int bkt_socket_brick_define(struct bkt_command *c);
int bkt_socket_run_open(struct bkt_command *c);
int bkt_socket_run_close(struct bkt_command *c);
int bkt_socket_init(void);
void bkt_socket_exit(void);

#endif /* BKT_NETLINK_H */
