// SPDX-License-Identifier: MIT
/*
 * Programs with a session by netlink are killed at any moment, for ROUNDS rounds (by default 40,
 * or 20 seconds on slow kernels): with other threads amid commands, with a dump half read, with
 * the socket passed on to this process. Afterwards nothing of them is left, and the module can
 * be unloaded.
 */
#include <sys/socket.h>
#include "netlink.h"
#include "test.h"

enum { COMMANDS, THREADS, HALF_DUMP, PASSED, WAYS };

#define BRICKS 60

static unsigned int way, seed;
static int sock, pass[2];
static u64 *passed; /* the session of the socket that is passed on */
static struct netlink_reply reply;

static u64 status_of(int s, uint16_t attribute)
{
	if (NETLINK(s, STATUS_GET, &reply))
		bail("status-get");
	return netlink_number(&reply, attribute);
}

/* Sends commands of all kinds on the socket that other threads use, too. */
static void *commands(void *arg)
{
	char buffer[4096];
	unsigned int random = seed + (intptr_t)arg;

	for (;;) {
		const uint8_t command = BRICKTRACE_CMD_SESSION_OPEN + rand_r(&random) % 7;
		const u64 run = 1 + rand_r(&random) % 1000;

		if (command == BRICKTRACE_CMD_RUN_OPEN)
			netlink_command(sock, command,
					(const struct netlink_attribute[]){
						U32(RUN_BRICK, 1),
						U32(RUN_LEVEL, run % 3),
						U32(RUN_SCOPE, run % 2),
						{ 0 } });
		else if (command == BRICKTRACE_CMD_RUN_CLOSE)
			netlink_command(sock, command,
					(const struct netlink_attribute[]){
						U64(RUN_RUN, run), { 0 } });
		else if (command == BRICKTRACE_CMD_BRICK_DEFINE)
			netlink_command(sock, command,
					(const struct netlink_attribute[]){
						TEXT(BRICK_NAME, "changed"),
						U64(BRICK_BUDGET_NS, run),
						U32(BRICK_MODE, run % 4),
						{ 0 } });
		else
			netlink_command(sock, command,
					(const struct netlink_attribute[]){ { 0 } });
		while (recv(sock, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
			;
	}
	return arg;
}

static void uses_session(void)
{
	for (;;) {
		u64 run;

		NETLINK(sock, RUN_OPEN, &reply, U32(RUN_BRICK, 1),
			U32(RUN_LEVEL, BRICKTRACE_LEVEL_AUTO),
			U32(RUN_SCOPE, BRICKTRACE_SCOPE_SESSION));
		run = netlink_number(&reply, BRICKTRACE_A_RUN_RUN);
		getppid_raw();
		/* In every other round runs stay open, until the user has no more. */
		if (seed & 1)
			NETLINK(sock, RUN_CLOSE, &reply, U64(RUN_RUN, run));
	}
}

static void killed(void)
{
	char name[16], buffer[32 << 10];
	pthread_t t;

	sock = netlink_open();
	if (NETLINK(sock, SESSION_OPEN, &reply, TEXT(SESSION_LABEL, "killed"),
		    U32(SESSION_TRACE_LIMIT, 1000)))
		bail("session-open");
	if (way == PASSED)
		*passed = netlink_number(&reply, BRICKTRACE_A_SESSION_ID);
	NETLINK(sock, THREAD_REGISTER, &reply, U32(THREAD_TID, 0),
		U32(THREAD_FLAGS, BRICKTRACE_THREAD_INHERIT_THREADS));
	for (int i = 0; i < (way == HALF_DUMP ? BRICKS : 1); i++) {
		snprintf(name, sizeof(name), "brick %d", i);
		NETLINK(sock, BRICK_DEFINE, &reply, TEXT(BRICK_NAME, name),
			U64(BRICK_BUDGET_NS, 1), U32(BRICK_MODE, BRICKTRACE_MODE_TAIL));
	}
	NETLINK(sock, RUN_OPEN, &reply, U32(RUN_BRICK, 1),
		U32(RUN_LEVEL, BRICKTRACE_LEVEL_TRACE),
		U32(RUN_SCOPE, BRICKTRACE_SCOPE_SESSION));
	switch (way) {
	case THREADS:
		for (intptr_t i = 0; i < 2; i++)
			pthread_create(&t, NULL, commands, (void *)i);
		commands((void *)2);
		break;
	case HALF_DUMP:
		for (;;) {
			netlink_command(sock, BRICKTRACE_CMD_BRICK_GET,
					(const struct netlink_attribute[]){
						FLAG(BRICK_BOOKS), { 0 } });
			(void)!recv(sock, buffer, sizeof(buffer), 0);
			sleep_ns(S);
		}
	case PASSED:
		file_send(pass[1], sock);
	}
	uses_session();
}

/* A session ends with its socket: not before, also if the program that opened it is dead. */
static bool passed_on(pid_t pid)
{
	struct netlink_reply found;
	int s = file_receive(pass[0]), own = netlink_open();
	bool good = true;

	kill(pid, SIGKILL);
	wait_for(pid);
	/* What the dead program asked for is still in the socket, so this uses another one. */
	if (NETLINK(own, SESSION_GET, &found, U64(SESSION_ID, *passed)) ||
	    found.messages != 1)
		no(&good, "the session ended before its socket");
	close(s);
	close(own);
	return good;
}

static bool kill_all(void)
{
	const char *rounds = getenv("ROUNDS");
	const u64 since = now();
	unsigned int random = 1;
	bool good = true;
	int i;

	for (i = 0; i < atoi(rounds ?: "40") && (rounds || now() - since < 20 * S); i++) {
		pid_t pids[WAYS];

		for (way = 0; way < WAYS; way++) {
			seed = rand_r(&random);
			pids[way] = child_of(killed);
		}
		sleep_ns((5 + rand_r(&random) % 60) * MS);
		good &= passed_on(pids[PASSED]);
		for (int k = rand_r(&random) % PASSED, n = 0; n < PASSED; n++, k++) {
			kill(pids[k % PASSED], SIGKILL);
			if (rand_r(&random) % 2)
				sleep_ns(rand_r(&random) % 4 * MS);
		}
		for (int k = 0; k < PASSED; k++)
			wait_for(pids[k]);
	}
	printf("# %d rounds\n", i);
	return good;
}

/* Sessions end some time after their sockets were closed. */
static void nothing_left(int s, u64 memory)
{
	static const struct {
		const char *name;
		uint16_t attribute;
	} figures[] = {
		{ "session", BRICKTRACE_A_STATUS_SESSIONS },
		{ "thread", BRICKTRACE_A_STATUS_THREADS },
		{ "run", BRICKTRACE_A_STATUS_RUNS },
	};

	for (int i = 0; i < 600 && status_of(s, BRICKTRACE_A_STATUS_SESSIONS); i++)
		sleep_ns(50 * MS);
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		is(status_of(s, figures[i].attribute), 0, "no %s is left", figures[i].name);
	is(status_of(s, BRICKTRACE_A_STATUS_MEMORY), memory, "no memory is left");
	NETLINK(s, SESSION_GET, &reply);
	is(reply.messages, 0, "session-get has no session");
	NETLINK(s, USER_GET, &reply);
	is(reply.messages, 0, "user-get has no user");
	for (int i = 0; i < 600 && status_of(s, BRICKTRACE_A_STATUS_HOOKS); i++)
		sleep_ns(50 * MS);
	is(status_of(s, BRICKTRACE_A_STATUS_HOOKS), BRICKTRACE_HOOKS_OFF,
	   "the hooks are removed");
}

int main(void)
{
	char command[512];
	u64 memory;
	int s = netlink_open();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pass))
		bail("socketpair");
	passed = shared_page();
	memory = status_of(s, BRICKTRACE_A_STATUS_MEMORY);
	ok(kill_all(), "a session lives as long as its socket");
	nothing_left(s, memory);
	is(system("rmmod bricktrace"), 0, "the module is unloaded beside an open socket");
	snprintf(command, sizeof(command), "insmod %s", getenv("BRICKTRACE_KO"));
	is(system(command), 0, "the module is loaded again");
	is(netlink_family(s) > 0, 1, "the socket finds the family again");
	return done();
}
