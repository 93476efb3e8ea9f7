// SPDX-License-Identifier: MIT
/*
 * The generic netlink family refuses each malformed message, says why, and does nothing
 * else. Processes of root, of a member of the group netlink_group and of another user, and
 * processes of root and of a user with a socket that the other one has opened, send random
 * messages (netlink-message.h) and judge the answers by rules of their own
 * (netlink-rules.h). After each process, what the operator sees of the host is as it was
 * before (netlink-socket.h), since whatever well-formed messages did belonged to the
 * process's own sockets. A well-formed command of root that would change more is made
 * malformed.
 *
 * FUZZ_MESSAGES (20000)	how many messages are sent
 * SEED (1)			the seed of the random numbers
 */
#include "netlink-socket.h"

#define GROUP	  1000
#define OUTSIDER  65534
#define BATCH	  250 /* messages of a process */
#define SEQUENCE  1   /* the sequence number of the first message of a datagram */
#define MESSAGES  (DATAGRAM / NLMSG_HDRLEN)
#define COMPLAINT 10 /* so many wrong answers are shown */

enum wrong { ACCEPTED, UNANSWERED, UNTOLD, MISPLACED, STRANGE, CHANGED, WRONGS };

static const char *const wrongs[WRONGS] = {
	[ACCEPTED] = "each message that is malformed or forbidden is refused",
	[UNANSWERED] = "each well-formed message is answered",
	[UNTOLD] = "each refusal by the family says why",
	[MISPLACED] = "each attribute at fault lies in its message",
	[STRANGE] = "no answer is to anything else",
	[CHANGED] = "the host is as it was before each process",
};

/* With whose rights a process opens its sockets, and sends. */
static const struct {
	const char *name;
	uid_t opens, sends;
} roles[ROLES] = {
	[ROOT] = { "root", 0, 0 },
	[MEMBER] = { "a member of the group", GROUP, GROUP },
	[STRANGER] = { "another user", OUTSIDER, OUTSIDER },
	[ROOT_SENDS] = { "root with another user's socket", OUTSIDER, 0 },
	[ROOT_OPENED] = { "another user with root's socket", 0, OUTSIDER },
};

/* Most commands want a session, which only the first two may open. */
static const enum role turns[] = { ROOT,       MEMBER, STRANGER, ROOT,	     MEMBER,
				   ROOT_SENDS, ROOT,   MEMBER,	 ROOT_OPENED };

static const char *const verdicts[] = {
	[IGNORED] = "no request",      [UNREACHED] = "no command of the family",
	[MALFORMED] = "malformed",     [FORBIDDEN] = "forbidden",
	[WELL_FORMED] = "well-formed",
};

/* What all processes of the test have in common. */
static struct shared {
	u64 random, sent, datagrams, dropped;
	u64 judged[WELL_FORMED + 1];
	u64 done[BRICKTRACE_CMD_MAX + 1]; /* commands that succeeded */
	u64 made[MISTAKES];
	u64 wrong[WRONGS];
} * shared;

static u64 seed, batch_number;
static enum role role;

/* With room for the header that the last message may lack. */
static uint8_t datagram[DATAGRAM + GENL_HDRLEN] __attribute__((aligned(8)));
static size_t datagram_n;

/* A message of the datagram and what came back. */
struct sent {
	const struct nlmsghdr *head;
	enum verdict verdict;
	struct refusal refusal;
	bool answered; /* anything came */
	bool ended;    /* an error, an acknowledgement or the end came */
	bool told;
};
static struct sent sent[MESSAGES];
static unsigned int sent_n;

static void complain(enum wrong what, const struct sent *s)
{
	const struct nlmsghdr *m = s->head;
	unsigned int cmd = generic(m)->cmd;

	if (shared->wrong[what]++ >= COMPLAINT)
		return;
	printf("# not so: %s; seed %llu, process %llu, by %s, %s, %s, error %d:\n# ",
	       wrongs[what], seed, batch_number, roles[role].name,
	       s->verdict > UNREACHED && cmd <= BRICKTRACE_CMD_MAX ? commands[cmd].name :
								     "-",
	       verdicts[s->verdict], s->refusal.error);
	for (uint32_t i = 0; i < m->nlmsg_len && i < 1024; i++)
		printf("%02x", ((const uint8_t *)m)[i]);
	printf("%s\n", m->nlmsg_len > 1024 ? "..." : "");
}

/* Makes a message safe to send to the host: see the comment at the top. */
static void defuse(struct nlmsghdr *m)
{
	struct parsed p;

	if (m->nlmsg_type >= NLMSG_MIN_TYPE && m->nlmsg_type != family)
		m->nlmsg_type |= GENL_MAX_ID + 1;
	if (role == ROOT && judge(m, family, role, &p) == WELL_FORMED &&
	    is_operators(generic(m)->cmd, &p))
		generic(m)->reserved = 1;
}

/* Fills sent[] with the messages that netlink sees in the datagram. */
static void datagram_judge(void)
{
	struct nlmsghdr *m;
	struct parsed p;
	size_t i = 0;

	sent_n = 0;
	while (datagram_n - i >= NLMSG_HDRLEN) {
		m = (void *)(datagram + i);
		if (m->nlmsg_len < NLMSG_HDRLEN || m->nlmsg_len > datagram_n - i) {
			shared->dropped++;
			break;
		}
		defuse(m);
		m->nlmsg_seq = SEQUENCE + sent_n;
		sent[sent_n] =
			(struct sent){ .head = m, .verdict = judge(m, family, role, &p) };
		/* A command that lists nothing has a datagram of its own. */
		if (sent[sent_n].verdict >= FORBIDDEN && !is_dump(m) &&
		    (i || NLMSG_ALIGN(m->nlmsg_len) < datagram_n))
			sent[sent_n].verdict = MALFORMED;
		sent_n++;
		i += NLMSG_ALIGN(m->nlmsg_len);
		if (i > datagram_n)
			i = datagram_n;
	}
}

static void answer_note(const struct nlmsghdr *m)
{
	struct sent *s = &sent[m->nlmsg_seq - SEQUENCE];

	if (m->nlmsg_seq - SEQUENCE >= sent_n) {
		complain(STRANGE, &(struct sent){ .head = m });
		return;
	}
	s->answered = true;
	if (m->nlmsg_type != NLMSG_ERROR && m->nlmsg_type != NLMSG_DONE)
		return;
	s->ended = true;
	s->refusal = refusal_of(m);
	s->told = s->refusal.why && *s->refusal.why;
}

/* Errors that need no reason: netlink's own, and those that say that there is no memory. */
static bool needs_no_reason(const struct sent *s)
{
	int error = s->refusal.error;

	return s->verdict <= UNREACHED || error == -ENOMEM || error == -ENOBUFS ||
	       (error == -EBUSY && is_dump(s->head));
}

static void answer_check(const struct sent *s)
{
	const struct nlmsghdr *m = s->head;
	int cmd = generic(m)->cmd, error = s->refusal.error;

	shared->judged[s->verdict]++;
	if (s->verdict == IGNORED) {
		if (error || s->answered != !!(m->nlmsg_flags & NLM_F_ACK))
			complain(STRANGE, s);
		return;
	}
	if (s->verdict != WELL_FORMED && error >= 0)
		complain(ACCEPTED, s);
	if (error < 0 && !s->told && !needs_no_reason(s))
		complain(UNTOLD, s);
	if (s->refusal.at >= m->nlmsg_len)
		complain(MISPLACED, s);
	if (s->verdict != WELL_FORMED || error < 0)
		return;
	if (is_dump(m) || m->nlmsg_flags & NLM_F_ACK ? !s->ended :
						       commands[cmd].reply && !s->answered)
		complain(UNANSWERED, s);
	else
		shared->done[cmd]++;
}

static void answers_read(int s)
{
	const struct nlmsghdr *m;
	int n;

	while ((n = socket_read(s)))
		for (m = (void *)answers; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n))
			answer_note(m);
}

static void datagram_add(int cmd, int errors)
{
	size_t begin = NLMSG_ALIGN(datagram_n);

	memset(datagram + datagram_n, 0, begin - datagram_n);
	datagram_n = begin + message_make(datagram + begin, DATAGRAM - begin, family, cmd,
					  errors, shared->made);
}

/*
 * Sends the datagram, and checks the answers unless it went elsewhere. For rights it may make
 * a difference whether the kernel's address is given.
 */
static void datagram_send(int s)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK,
				  .nl_pid = one_in(64) ? rnd() : 0,
				  .nl_groups = one_in(64) ? rnd() : 0 };
	bool elsewhere = to.nl_pid || to.nl_groups;
	int error;

	datagram_judge();
	shared->datagrams++;
	shared->sent += sent_n ? sent_n : 1;
	error = socket_send(s, datagram, datagram_n, elsewhere || one_in(2) ? &to : NULL);
	answers_read(s);
	if (elsewhere)
		return;
	if (error && datagram_n)
		bail("a datagram of %zu bytes: %s", datagram_n, strerror(-error));
	for (unsigned int i = 0; i < sent_n; i++)
		answer_check(&sent[i]);
}

/* Most datagrams have one message, some have many, and some only random bytes. */
static void datagram_make(void)
{
	int messages = one_in(1000) ? 150 : one_in(12) ? 2 + rnd() % 5 : 1;

	datagram_n = 0;
	if (one_in(64)) {
		datagram_n = one_in(4) ? rnd() % (DATAGRAM + 1) : rnd() % 256;
		random_bytes(datagram, datagram_n);
		if (one_in(2))
			*(struct nlmsghdr *)datagram =
				(struct nlmsghdr){ datagram_n, family,
						   NLM_F_REQUEST | NLM_F_ACK, 0, 0 };
		return;
	}
	while (messages-- && datagram_n < DATAGRAM - 1024)
		datagram_add(1 + rnd() % BRICKTRACE_CMD_MAX, one_in(3) ? 0 : 1 + one_in(4));
	/* A message without a whole header may be empty, and so may the datagram. */
	if (datagram_n && one_in(16))
		datagram_n -= rnd() % (datagram_n < 80 ? datagram_n : 80);
	if (datagram_n && one_in(16))
		datagram[rnd() % datagram_n] ^= 1 << rnd() % 8;
}

static void become_effective(uid_t uid)
{
	if (seteuid(0) || seteuid(uid))
		bail("the effective user ID %u", uid);
}

static int socket_of_role(void)
{
	bool other = roles[role].opens != roles[role].sends;
	int s;

	if (other)
		become_effective(roles[role].opens);
	s = socket_open();
	if (other)
		become_effective(roles[role].sends);
	return s;
}

/* A socket with a session that mostly has a thread, a brick and a run, if the role may. */
static int socket_with_session(void)
{
	static const int commands[] = {
		BRICKTRACE_CMD_SESSION_OPEN, BRICKTRACE_CMD_THREAD_REGISTER,
		BRICKTRACE_CMD_BRICK_DEFINE, BRICKTRACE_CMD_RUN_OPEN,
		BRICKTRACE_CMD_RUN_OPEN,     BRICKTRACE_CMD_RUN_OPEN,
		BRICKTRACE_CMD_RUN_CLOSE,    BRICKTRACE_CMD_RUN_CLOSE,
		BRICKTRACE_CMD_RUN_CLOSE,    BRICKTRACE_CMD_RUN_OPEN,
	};
	int s = socket_of_role();
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		datagram_n = 0;
		datagram_add(commands[i], 0);
		datagram_send(s);
	}
	return s;
}

/* Sends messages that nobody reads the answers to, and closes the socket. */
static void socket_abandon(int s)
{
	datagram_make();
	datagram_add(BRICKTRACE_CMD_BRICK_GET, 0);
	datagram_judge();
	socket_send(s, datagram, datagram_n, NULL);
	close(s);
}

static void batch(void)
{
	u64 end = shared->sent + BATCH;
	int s;

	if (roles[role].opens && roles[role].sends)
		become_uid(roles[role].sends);
	s = socket_with_session();
	while (shared->sent < end) {
		if (one_in(32)) {
			socket_abandon(s);
			s = socket_with_session();
		}
		datagram_make();
		datagram_send(s);
	}
	fflush(stdout);
}

/* Sessions of others, which the messages must not change. */
static void bystander(const char *name)
{
	int f = device();
	uint32_t b = brick_define(f, name, 1000 * MS);
	struct bricktrace_assertion a = { .limit = 5, .name = "limit" };
	struct bricktrace_session label = { .flags = BRICKTRACE_SESSION_LABEL };

	strcpy(label.label, name);
	if (try_set(f, label) ||
	    try_brick(f, name,
		      (struct bricktrace_brick_define){
			      .flags = BRICKTRACE_BRICK_ASSERTIONS,
			      .assertions = { (uintptr_t)&a, sizeof(a), 1 } }) < 0)
		bail("the bystander %s", name);
	thread_register(f, 0);
	run_open(f, b, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
	run_discard(f, run_open(f, b, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD));
}

static void bystander_by_netlink(void)
{
	become_uid(GROUP);
	request(socket_open(), family, BRICKTRACE_CMD_SESSION_OPEN, 0,
		BRICKTRACE_A_SESSION_LABEL, "socket", sizeof("socket"));
	for (;;)
		pause();
}

/* The sessions of the batch end with its process, but may do so somewhat later. */
static bool state_becomes(int s, const struct state *wanted, struct state *now)
{
	for (int i = 0; i < 500; i++) {
		state_read(s, now);
		if (now->n == wanted->n && !memcmp(now->data, wanted->data, now->n))
			return true;
		sleep_ns(20 * MS);
	}
	return false;
}

static void state_complain(const struct state *before, const struct state *after)
{
	size_t i = 0;

	while (i < before->n && i < after->n && before->data[i] == after->data[i])
		i++;
	printf("# not so: %s; seed %llu, process %llu, by %s: %zu bytes became %zu, and the first that differs is %zu\n",
	       wrongs[CHANGED], seed, batch_number, roles[role].name, before->n, after->n,
	       i);
	shared->wrong[CHANGED]++;
}

static u64 number_of(const char *name, u64 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void report(void)
{
	/* These would change more than their own socket. */
	const u64 never =
		1ULL << BRICKTRACE_CMD_CONFIG_SET | 1ULL << BRICKTRACE_CMD_SESSION_DETACH;
	bool all = true;

	printf("# %llu messages in %llu datagrams, of which %llu had an end that was dropped\n",
	       shared->sent, shared->datagrams, shared->dropped);
	for (int i = 0; i <= WELL_FORMED; i++)
		printf("# %llu %s\n", shared->judged[i], verdicts[i]);
	for (int i = 0; i < MISTAKES; i++) {
		printf("# %llu with a mistake: %s\n", shared->made[i], mistakes[i]);
		if (!shared->made[i])
			no(&all, "none with that mistake");
	}
	for (int i = 1; i <= BRICKTRACE_CMD_MAX; i++) {
		printf("# %s succeeded %llu times\n", commands[i].name, shared->done[i]);
		if (!shared->done[i] != !!(never & 1ULL << i))
			no(&all, "%s succeeded %llu times", commands[i].name,
			   shared->done[i]);
	}
	for (int i = 0; i < WRONGS; i++)
		is(shared->wrong[i], 0, "%s", wrongs[i]);
	ok(all,
	   "every mistake was made, and every command of a socket's own session succeeded");
}

int main(void)
{
	static struct state before, now;
	u64 messages = number_of("FUZZ_MESSAGES", 20000);
	unsigned int group;
	pid_t netlink;
	int s, status;

	shared = shared_page();
	random_state = &shared->random;
	seed = number_of("SEED", 1);
	shared->random = (2 * seed + 1) * 0x9e3779b97f4a7c15;
	printf("# SEED=%llu FUZZ_MESSAGES=%llu\n", seed, messages);
	write_text("/proc/sys/net/core/rmem_max", "33554432");
	group = parameter("netlink_group", GROUP);
	family_find();
	s = socket_open();
	bystander("device");
	netlink = child_of(bystander_by_netlink);
	wait_state(netlink, netlink, "S");
	state_read(s, &before);
	printf("# the state of the host has %zu bytes\n", before.n);
	for (; shared->sent < messages && shared->wrong[CHANGED] < 3; batch_number++) {
		role = turns[batch_number % (sizeof(turns) / sizeof(*turns))];
		status = wait_for(child_of(batch));
		if (status)
			bail("process %llu, by %s, seed %llu: status %#x", batch_number,
			     roles[role].name, seed, status);
		if (!state_becomes(s, &before, &now)) {
			state_complain(&before, &now);
			before = now;
		}
	}
	report();
	kill(netlink, SIGKILL);
	wait_for(netlink);
	parameter("netlink_group", group);
	return done();
}
