/* SPDX-License-Identifier: MIT */
/* Requests to the family "bricktrace" of generic netlink. */
#ifndef TEST_NETLINK_H
#define TEST_NETLINK_H

#include <linux/bricktrace_netlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include "clock.h"

/* An attribute of a request. A list of them ends with an element of type 0. */
struct netlink_attribute {
	uint16_t type, size;
	u64 value;
	const char *text; /* if it is a string */
};

#define U32(attribute, number)                                                 \
	{                                                                      \
		.type = BRICKTRACE_A_##attribute, .size = 4, .value = (number) \
	}
#define U64(attribute, number)                                                 \
	{                                                                      \
		.type = BRICKTRACE_A_##attribute, .size = 8, .value = (number) \
	}
#define TEXT(attribute, string)                                    \
	{                                                          \
		.type = BRICKTRACE_A_##attribute, .text = (string) \
	}
#define FLAG(attribute)                          \
	{                                        \
		.type = BRICKTRACE_A_##attribute \
	}

struct netlink_reply {
	unsigned int messages;
	uint32_t size; /* of the attributes of the first message */
	char attributes[32 << 10];
};

/* Opens a socket of generic netlink. */
int netlink_open(void);
/* The number that the kernel has given to the family; CTRL_CMD_GETFAMILY. */
uint16_t netlink_family(int s);

/* Sends a request of any family. */
void netlink_send(int s, struct nlmsghdr *request);
/* Reads messages until the request is answered; returns 0 or a negative error number. */
int netlink_receive(int s, struct netlink_reply *reply);

/* The same with a command of the family; the *_get commands are dumps. */
void netlink_command(int s, uint8_t command, const struct netlink_attribute *list);
int netlink_call(int s, uint8_t command, struct netlink_reply *reply,
		 const struct netlink_attribute *list);
#define NETLINK(s, command, reply, ...)                  \
	netlink_call(s, BRICKTRACE_CMD_##command, reply, \
		     (const struct netlink_attribute[]){ __VA_ARGS__ __VA_OPT__(, ){ 0 } })

/* The value of a number of the first message; 0 if it is absent. */
u64 netlink_number(const struct netlink_reply *reply, uint16_t type);

#endif /* TEST_NETLINK_H */
