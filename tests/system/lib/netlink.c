// SPDX-License-Identifier: MIT
#include <errno.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include "check.h"
#include "netlink.h"

struct netlink_request {
	struct nlmsghdr header;
	struct genlmsghdr command;
	char attributes[2048];
};

static uint16_t family; /* 0 until somebody has asked for it */

int netlink_open(void)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (s < 0)
		bail("socket");
	return s;
}

static struct netlink_request netlink_request(uint16_t type, uint8_t command)
{
	return (struct netlink_request){
		.header = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.command = { .cmd = command, .version = 1 },
	};
}

static void netlink_put(struct netlink_request *r, uint16_t type, const void *data,
			size_t size)
{
	struct nlattr *a = (void *)((char *)r + r->header.nlmsg_len);

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + size;
	memcpy(a + 1, data, size);
	r->header.nlmsg_len += NLA_ALIGN(a->nla_len);
}

void netlink_send(int s, struct nlmsghdr *request)
{
	if (send(s, request, request->nlmsg_len, 0) != request->nlmsg_len)
		bail("send");
}

/* Adds one message; returns true if it is the last one of the answer. */
static bool netlink_message(struct netlink_reply *reply, const struct nlmsghdr *m, int *err)
{
	const uint32_t head = NLMSG_LENGTH(GENL_HDRLEN);

	if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE) {
		memcpy(err, NLMSG_DATA(m), sizeof(*err));
		return true;
	}
	if (!reply->messages++ && m->nlmsg_len >= head) {
		reply->size = m->nlmsg_len - head;
		memcpy(reply->attributes, (const char *)m + head, reply->size);
	}
	return false;
}

int netlink_receive(int s, struct netlink_reply *reply)
{
	char buffer[32 << 10];

	reply->messages = 0;
	reply->size = 0;
	for (;;) {
		ssize_t left = recv(s, buffer, sizeof(buffer), 0);
		int err;

		if (left < 0)
			return -errno;
		for (struct nlmsghdr *m = (void *)buffer; NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left))
			if (netlink_message(reply, m, &err))
				return err;
	}
}

uint16_t netlink_family(int s)
{
	struct netlink_request r = netlink_request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	struct netlink_reply reply;

	netlink_put(&r, CTRL_ATTR_FAMILY_NAME, BRICKTRACE_FAMILY_NAME,
		    sizeof(BRICKTRACE_FAMILY_NAME));
	netlink_send(s, &r.header);
	if (netlink_receive(s, &reply))
		bail("the kernel has no family bricktrace");
	return netlink_number(&reply, CTRL_ATTR_FAMILY_ID);
}

void netlink_command(int s, uint8_t command, const struct netlink_attribute *list)
{
	struct netlink_request r;

	if (!family)
		family = netlink_family(s);
	r = netlink_request(family, command);
	if (command == BRICKTRACE_CMD_USER_GET || command == BRICKTRACE_CMD_SESSION_GET ||
	    command == BRICKTRACE_CMD_THREAD_GET || command == BRICKTRACE_CMD_BRICK_GET)
		r.header.nlmsg_flags |= NLM_F_DUMP;
	for (; list->type; list++)
		netlink_put(&r, list->type, list->text ?: (const void *)&list->value,
			    list->text ? strlen(list->text) + 1 : list->size);
	netlink_send(s, &r.header);
}

int netlink_call(int s, uint8_t command, struct netlink_reply *reply,
		 const struct netlink_attribute *list)
{
	netlink_command(s, command, list);
	return netlink_receive(s, reply);
}

u64 netlink_number(const struct netlink_reply *reply, uint16_t type)
{
	const char *at = reply->attributes, *end = at + reply->size;
	u64 value = 0;

	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *a = (const void *)at;
		uint16_t size = a->nla_len - NLA_HDRLEN;

		if ((a->nla_type & NLA_TYPE_MASK) == type && size <= sizeof(value)) {
			memcpy(&value, a + 1, size);
			break;
		}
		at += NLA_ALIGN(a->nla_len);
	}
	return value;
}
