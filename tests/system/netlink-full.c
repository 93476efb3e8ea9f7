// SPDX-License-Identifier: MIT
/*
 * Nobody reads a socket, whose receive buffer has room for few replies. A run whose number
 * cannot be delivered is not open afterwards; one whose result cannot be delivered is closed.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "netlink.h"
#include "test.h"

#define RUNS 20

static struct netlink_reply *answer;
static u64 number; /* of the session */

/* What the session's only brick or the session itself has, asked with another socket. */
static u64 session_has(uint16_t attribute)
{
	int s = netlink_open();

	NETLINK(s, SESSION_GET, answer, U64(SESSION_ID, number));
	close(s);
	return netlink_number(answer, attribute);
}

/* Reads what there is, and returns how many runs the replies name; sets the last one. */
static u64 runs_named(int s, u64 *last)
{
	static char buffer[32 << 10];
	ssize_t left;
	u64 n = 0;

	while ((left = recv(s, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0 ||
	       errno == ENOBUFS)
		for (struct nlmsghdr *m = (void *)buffer; left > 0 && NLMSG_OK(m, left);
		     m = NLMSG_NEXT(m, left)) {
			if (m->nlmsg_type == NLMSG_ERROR)
				continue;
			answer->size = m->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
			memcpy(answer->attributes, (char *)m + NLMSG_LENGTH(GENL_HDRLEN),
			       answer->size);
			*last = netlink_number(answer, BRICKTRACE_A_RUN_RUN);
			n++;
		}
	return n;
}

static void fill(int s)
{
	const struct netlink_attribute list[] = { U32(RUN_BRICK, 1), { 0 } };

	for (int i = 0; i < RUNS; i++)
		netlink_command(s, BRICKTRACE_CMD_RUN_OPEN, list);
}

int main(void)
{
	int s = netlink_open(), least = 1;
	u64 named, last = 0, unused;

	answer = malloc(sizeof(*answer));
	setsockopt(s, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	NETLINK(s, SESSION_OPEN, answer);
	number = netlink_number(answer, BRICKTRACE_A_SESSION_ID);
	NETLINK(s, BRICK_DEFINE, answer, TEXT(BRICK_NAME, "full"), U64(BRICK_BUDGET_NS, 1));

	fill(s);
	is(session_has(BRICKTRACE_A_SESSION_RUNS_OPENED), RUNS, "each run was opened");
	named = runs_named(s, &last);
	between(named, 1, RUNS - 1, "some replies are lost");
	is(session_has(BRICKTRACE_A_SESSION_RUNS), named,
	   "only runs that a reply names are open");

	/* Refused commands fill the buffer, too. */
	for (int i = 0; i < RUNS; i++)
		netlink_command(s, BRICKTRACE_CMD_SESSION_OPEN,
				(const struct netlink_attribute[]){ { 0 } });
	netlink_command(s, BRICKTRACE_CMD_RUN_CLOSE,
			(const struct netlink_attribute[]){ U64(RUN_RUN, last), { 0 } });
	runs_named(s, &unused);
	is(-NETLINK(s, RUN_CLOSE, answer, U64(RUN_RUN, last)), ENOENT,
	   "a run whose result is lost is closed");
	close(s);
	return done();
}
