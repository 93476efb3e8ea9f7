/* SPDX-License-Identifier: MIT */
/*
 * Sockets of generic netlink, the family "bricktrace", and what the host's operator sees of
 * all sessions by it.
 */
#ifndef NETLINK_SOCKET_H
#define NETLINK_SOCKET_H

#include <sys/socket.h>
#include "netlink-message.h"

/* As much as the answers to the fullest datagram take. */
#define RECEIVE_BYTES (32 << 20)

static uint8_t answers[256 << 10] __attribute__((aligned(8)));
static uint16_t family;

static int socket_open(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int on = 1, bytes = RECEIVE_BYTES;

	if (s < 0 || setsockopt(s, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(s, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
		bail("a socket of generic netlink");
	return s;
}

/* Sends to the kernel, or to @to unless that is NULL; an error is a negative number. */
static int socket_send(int s, const void *data, size_t n, const struct sockaddr_nl *to)
{
	return sendto(s, data, n, 0, (void *)to, to ? sizeof(*to) : 0) < 0 ? -errno : 0;
}

/* Reads into answers[] what the socket has, and returns its size, or 0 if there is nothing. */
static size_t socket_read(int s)
{
	ssize_t n = recv(s, answers, sizeof(answers), MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN)
		bail("recv from the socket");
	return n < 0 ? 0 : n;
}

/* The error of an NLMSG_ERROR or NLMSG_DONE, with the reason and the place if there are. */
struct refusal {
	int error;
	const char *why;
	uint32_t at;
};

static struct refusal refusal_of(const struct nlmsghdr *m)
{
	struct refusal r = { .error = *(const int *)NLMSG_DATA(m) };
	size_t head =
		NLMSG_HDRLEN + (m->nlmsg_type == NLMSG_DONE ? NLMSG_ALIGN(sizeof(int)) :
							      sizeof(struct nlmsgerr));
	const struct nlattr *a;

	if (!(m->nlmsg_flags & NLM_F_ACK_TLVS))
		return r;
	for (size_t i = head; i + NLA_HDRLEN <= m->nlmsg_len; i += NLA_ALIGN(a->nla_len)) {
		a = (const void *)((const uint8_t *)m + i);
		if (a->nla_len < NLA_HDRLEN)
			break;
		if (a->nla_type == NLMSGERR_ATTR_MSG)
			r.why = content(a);
		if (a->nla_type == NLMSGERR_ATTR_OFFS)
			r.at = number(a);
	}
	return r;
}

/* Sends a command with one attribute, or without any if @attribute is 0. */
static void request(int s, uint16_t type, int cmd, int flags, int attribute,
		    const char *data, size_t n)
{
	uint8_t room[128] __attribute__((aligned(8))) = { 0 };
	struct message m = { (void *)room, NLMSG_HDRLEN + GENL_HDRLEN, sizeof(room) };

	*generic(m.head) = (struct genlmsghdr){ cmd, 1, 0 };
	if (attribute)
		message_add(&m, attribute, data, n);
	*m.head = (struct nlmsghdr){ m.n, type, NLM_F_REQUEST | flags, 0, 0 };
	if (socket_send(s, room, m.n, NULL))
		bail("command %d", cmd);
}

static void family_find(void)
{
	int s = socket_open(), n;
	const struct nlmsghdr *m = (void *)answers;
	const struct nlattr *a;

	request(s, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, CTRL_ATTR_FAMILY_NAME,
		BRICKTRACE_FAMILY_NAME, sizeof(BRICKTRACE_FAMILY_NAME));
	n = socket_read(s);
	if (!NLMSG_OK(m, n) || m->nlmsg_type != GENL_ID_CTRL)
		bail("the family " BRICKTRACE_FAMILY_NAME);
	for (size_t i = NLMSG_HDRLEN + GENL_HDRLEN; i < m->nlmsg_len;
	     i += NLA_ALIGN(a->nla_len)) {
		a = (const void *)(answers + i);
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			memcpy(&family, content(a), sizeof(family));
	}
	close(s);
}

/* What the operator sees. */
struct state {
	size_t n;
	uint8_t data[256 << 10];
};

/* The times of threads and of holders grow by themselves. */
static bool grows(int cmd, int type)
{
	if (cmd == BRICKTRACE_CMD_THREAD_GET)
		return type >= BRICKTRACE_A_THREAD_THREAD_NS;
	return cmd == BRICKTRACE_CMD_SESSION_GET && type == BRICKTRACE_A_SESSION_HOLDS_NS;
}

static void state_add(struct state *to, const struct nlmsghdr *m, int cmd)
{
	const struct nlattr *a;

	for (size_t i = NLMSG_HDRLEN + GENL_HDRLEN; i < m->nlmsg_len;
	     i += NLA_ALIGN(a->nla_len)) {
		a = (const void *)((const uint8_t *)m + i);
		if (grows(cmd, a->nla_type & NLA_TYPE_MASK))
			continue;
		if (to->n + a->nla_len > sizeof(to->data))
			bail("the state of the host is too large");
		memcpy(to->data + to->n, a, a->nla_len);
		to->n += a->nla_len;
	}
}

static void state_add_all(int s, struct state *to, int cmd)
{
	const struct nlmsghdr *m;
	int n;

	if (cmd == BRICKTRACE_CMD_BRICK_GET)
		request(s, family, cmd, NLM_F_DUMP, BRICKTRACE_A_BRICK_BOOKS, "", 0);
	else
		request(s, family, cmd, commands[cmd].dump ? NLM_F_DUMP : 0, 0, "", 0);
	while ((n = socket_read(s)))
		for (m = (void *)answers; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
			if (m->nlmsg_type == NLMSG_ERROR ||
			    (m->nlmsg_type == NLMSG_DONE && refusal_of(m).error))
				bail("%s: %d", commands[cmd].name, refusal_of(m).error);
			if (m->nlmsg_type == family)
				state_add(to, m, cmd);
		}
}

static void state_read(int s, struct state *to)
{
	to->n = 0;
	state_add_all(s, to, BRICKTRACE_CMD_CONFIG_GET);
	state_add_all(s, to, BRICKTRACE_CMD_USER_GET);
	state_add_all(s, to, BRICKTRACE_CMD_SESSION_GET);
	state_add_all(s, to, BRICKTRACE_CMD_THREAD_GET);
	state_add_all(s, to, BRICKTRACE_CMD_BRICK_GET);
}

#endif /* NETLINK_SOCKET_H */
