/* SPDX-License-Identifier: MIT */
/*
 * Random messages of the family "bricktrace". A message begins as a valid one, and most
 * messages get one or two mistakes. Whether a message is well-formed in the end is for
 * netlink-rules.h to say, since a mistake may make no difference.
 */
#ifndef NETLINK_MESSAGE_H
#define NETLINK_MESSAGE_H

#include "netlink-rules.h"

#define DATAGRAM (64 << 10)

enum mistake {
	CONTENT_SIZE,
	CONTENT_TEXT,
	CONTENT_NUMBER,
	ATTRIBUTE_LENGTH,
	ATTRIBUTE_FLAGS,
	ATTRIBUTE_PADDING,
	ATTRIBUTE_TWICE,
	LAST_OF_ATTRIBUTE = ATTRIBUTE_TWICE,
	ATTRIBUTE_MISSING,
	ATTRIBUTE_UNKNOWN,
	ATTRIBUTE_OF_OTHER,
	NESTED_DEEP,
	MANY_ASSERTIONS,
	LEFT_OVER,
	NOISE,
	MESSAGE_LENGTH,
	MESSAGE_SHORT,
	MESSAGE_TYPE,
	MESSAGE_FLAGS,
	MESSAGE_PORT,
	DUMP_OR_DO,
	COMMAND,
	VERSION,
	RESERVED,
	BITS,
	MISTAKES
};

static const char *const mistakes[MISTAKES] = {
	[CONTENT_SIZE] = "content of a wrong size",
	[CONTENT_TEXT] = "string without NUL, with another, too long, or not UTF-8",
	[CONTENT_NUMBER] = "number that may be out of range",
	[ATTRIBUTE_LENGTH] = "wrong length of an attribute",
	[ATTRIBUTE_FLAGS] = "wrong flags of an attribute",
	[ATTRIBUTE_PADDING] = "garbage as padding",
	[ATTRIBUTE_TWICE] = "attribute twice",
	[ATTRIBUTE_MISSING] = "attribute missing",
	[ATTRIBUTE_UNKNOWN] = "unknown attribute",
	[ATTRIBUTE_OF_OTHER] = "attribute of another command",
	[NESTED_DEEP] = "attributes nested too deep",
	[MANY_ASSERTIONS] = "many assertions",
	[LEFT_OVER] = "bytes left over",
	[NOISE] = "random bytes for attributes",
	[MESSAGE_LENGTH] = "wrong length of a message",
	[MESSAGE_SHORT] = "message without a whole header",
	[MESSAGE_TYPE] = "type of a message",
	[MESSAGE_FLAGS] = "flags of a message",
	[MESSAGE_PORT] = "port of a message",
	[DUMP_OR_DO] = "dump for do, or do for dump",
	[COMMAND] = "any command",
	[VERSION] = "any version",
	[RESERVED] = "reserved field",
	[BITS] = "bits flipped",
};

/* Random numbers; the state is in memory that all processes of the test share. */
static u64 *random_state;

static uint32_t rnd(void)
{
	*random_state ^= *random_state << 13;
	*random_state ^= *random_state >> 7;
	*random_state ^= *random_state << 17;
	return *random_state >> 16;
}

static bool one_in(unsigned int n)
{
	return rnd() % n == 0;
}

static void random_bytes(uint8_t *to, size_t n)
{
	while (n--)
		*to++ = rnd();
}

/* A message under construction, and the mistake that its next attribute will get. */
struct message {
	struct nlmsghdr *head;
	size_t n, room;
	int mistake;	    /* or MISTAKES */
	unsigned int after; /* attributes without the mistake */
	bool context;
	u64 *made; /* how often each mistake was made */
};

static uint8_t *message_end(const struct message *m)
{
	return (uint8_t *)m->head + m->n;
}

static struct nlattr *message_add(struct message *m, int type, const void *data, size_t n)
{
	struct nlattr *a = (void *)message_end(m);

	if (m->n + NLA_ALIGN(NLA_HDRLEN + n) > m->room)
		return NULL;
	memset(a, 0, NLA_ALIGN(NLA_HDRLEN + n));
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + n;
	memcpy((uint8_t *)a + NLA_HDRLEN, data, n);
	m->n += NLA_ALIGN(NLA_HDRLEN + n);
	return a;
}

static u64 random_number(const struct rule *r)
{
	const u64 near = r->min + rnd() % 4;

	/* What is needed is mostly the number of something, and small numbers exist. */
	switch (rnd() % (r->needed ? 16 : 4)) {
	case 0:
		return r->min;
	case 1:
		return r->max;
	default:
		return near < r->max ? near : r->max;
	}
}

static u64 wild_number(const struct rule *r)
{
	const u64 numbers[] = { 0,	    1,		r->min - 1,
				r->max + 1, 4,		8,
				64,	    9999,	10000,
				1000001,    INT32_MAX,	1U << 31,
				UINT32_MAX, 1ULL << 32, (1ULL << 62) + 1,
				UINT64_MAX, rnd() };

	return numbers[rnd() % (sizeof(numbers) / sizeof(numbers[0]))];
}

static const struct {
	const char *text;
	uint8_t n; /* bytes of the content */
} texts[] = {
	{ "", 0 },
	{ "", 1 },
	{ "abc", 3 },
	{ "a\0b", 4 },
	{ "a\0", 3 },
	{ "\xc3\xbc", 3 },
	{ "\xc3", 2 },
	{ "\xc2\x85", 3 },
	{ "\n", 2 },
	{ "\x7f", 2 },
	{ "\xe0\x80\x80", 4 },
	{ "\xed\xa0\x80", 4 },
	{ "\xf4\x90\x80\x80", 5 },
	{ "\xf0\x9f\xa7\xb1", 5 },
	{ "\xff", 2 },
};

static size_t random_text(uint8_t *to)
{
	size_t i = rnd() % (sizeof(texts) / sizeof(texts[0]) + 1);

	if (i < sizeof(texts) / sizeof(texts[0])) {
		memcpy(to, texts[i].text, texts[i].n);
		return texts[i].n;
	}
	/* A name of 60 to 67 bytes, with or without a NUL. */
	i = 60 + rnd() % 8;
	memset(to, 'x', i);
	to[i] = 0;
	return i + rnd() % 2;
}

/* Writes the content of an attribute to @to, and returns its size. */
static size_t content_make(uint8_t *to, const struct rule *r, int mistake)
{
	u64 value = mistake == CONTENT_NUMBER ? wild_number(r) : random_number(r);
	size_t n = r->kind == U32 ? 4 : 8;

	switch (r->kind) {
	case U32:
	case U64:
		memcpy(to, &value, n);
		break;
	case STRING:
		n = 2;
		memcpy(to, (char[]){ 'a' + rnd() % 4, 0 }, n);
		if (mistake == CONTENT_TEXT)
			n = random_text(to);
		break;
	case BYTES:
		n = r->max;
		random_bytes(to, n);
		if (mistake == CONTENT_NUMBER)
			memset(to, 0, n);
		break;
	default:
		n = 0;
	}
	return n;
}

static void attributes_make(struct message *m, const struct rule *rules);

static void attribute_spoil(struct nlattr *a, size_t n, int mistake)
{
	switch (mistake) {
	case ATTRIBUTE_LENGTH:
		a->nla_len = one_in(2) ? rnd() % NLA_HDRLEN : a->nla_len + 1 + rnd() % 40;
		if (one_in(8))
			a->nla_len = rnd();
		break;
	case ATTRIBUTE_FLAGS:
		a->nla_type ^= one_in(3) ? NLA_F_NET_BYTEORDER : NLA_F_NESTED;
		break;
	case ATTRIBUTE_PADDING:
		random_bytes((uint8_t *)a + NLA_HDRLEN + n, NLA_ALIGN(n) - n);
		break;
	}
}

static void attribute_make(struct message *m, int type, const struct rule *r)
{
	int mistake = m->mistake;
	struct nlattr *a;
	uint8_t data[128];
	size_t n;

	if (mistake > LAST_OF_ATTRIBUTE || m->after--)
		mistake = MISTAKES;
	else
		m->mistake = MISTAKES;
	n = content_make(data, r, mistake);
	if (mistake == CONTENT_SIZE) {
		n = rnd() % 24;
		random_bytes(data, n);
	}
	if (mistake < MISTAKES)
		m->made[mistake]++;
	if (r->kind != NEST) {
		a = message_add(m, type, data, n);
	} else {
		a = message_add(m, type | NLA_F_NESTED, data, n);
		if (a) {
			attributes_make(m, r->nest);
			n = message_end(m) - (uint8_t *)a - NLA_HDRLEN;
			a->nla_len = NLA_HDRLEN + n;
		}
	}
	if (a)
		attribute_spoil(a, n, mistake);
	if (mistake == ATTRIBUTE_TWICE)
		attribute_make(m, type, r);
}

/* Attributes that are not needed are rare in a valid message, since many do not go together. */
static void attributes_make(struct message *m, const struct rule *rules)
{
	for (int type = 0; type < ATTRIBUTES; type++) {
		const struct rule *r = &rules[type];
		bool there = one_in(m->mistake < MISTAKES ? 2 : 4);

		if (!r->kind)
			continue;
		if (r->kind == BYTES || r->max == 255)
			there = m->context;
		else if (r->needed)
			there = true;
		if (there == (m->mistake == ATTRIBUTE_MISSING && one_in(4)))
			continue;
		attribute_make(m, type, r);
		while (r->kind == NEST && one_in(2))
			attribute_make(m, type, r);
	}
}

static void nested_deep(struct message *m)
{
	struct nlattr *a[40];
	int levels = 1 + rnd() % 40;

	for (int i = 0; i < levels; i++) {
		a[i] = message_add(m, BRICKTRACE_A_BRICK_ASSERTION | NLA_F_NESTED, "", 0);
		if (!a[i])
			return;
	}
	if (one_in(2))
		attributes_make(m, assertion_rules);
	for (int i = 0; i < levels; i++)
		a[i]->nla_len = message_end(m) - (uint8_t *)a[i];
}

static void attributes_add(struct message *m)
{
	const struct command *c = &commands[1 + rnd() % BRICKTRACE_CMD_MAX];
	uint8_t data[256];
	int i;

	random_bytes(data, sizeof(data));
	switch (m->mistake) {
	case ATTRIBUTE_UNKNOWN:
		message_add(m, one_in(2) ? rnd() % 40 : rnd() & NLA_TYPE_MASK, data,
			    rnd() % 24);
		break;
	case ATTRIBUTE_OF_OTHER:
		i = rnd() % ATTRIBUTES;
		if (c->rules[i].kind)
			attribute_make(m, i, &c->rules[i]);
		break;
	case NESTED_DEEP:
		nested_deep(m);
		break;
	case MANY_ASSERTIONS:
		i = one_in(8) ? rnd() % 800 : 10 + rnd() % 10;
		while (i--)
			attribute_make(m, BRICKTRACE_A_BRICK_ASSERTION,
				       &(struct rule){ NEST, .nest = assertion_rules });
		break;
	case LEFT_OVER:
		i = 1 + rnd() % 3;
		if (message_add(m, 0, "", 0))
			m->n -= NLA_HDRLEN - i;
		break;
	case NOISE:
		message_add(m, rnd(), data, rnd() % sizeof(data));
		random_bytes((uint8_t *)m->head + NLMSG_HDRLEN + GENL_HDRLEN,
			     m->n - NLMSG_HDRLEN - GENL_HDRLEN);
		break;
	default:
		return;
	}
}

static void header_spoil(struct message *m)
{
	struct genlmsghdr *g = generic(m->head);

	switch (m->mistake) {
	case MESSAGE_LENGTH:
		m->head->nlmsg_len = one_in(2) ? m->n + rnd() % 40 - 20 : rnd();
		break;
	case MESSAGE_SHORT:
		m->n = m->head->nlmsg_len = rnd() % (NLMSG_HDRLEN + GENL_HDRLEN);
		break;
	case MESSAGE_TYPE:
		m->head->nlmsg_type = one_in(2) ? rnd() % NLMSG_MIN_TYPE : rnd();
		break;
	case MESSAGE_FLAGS:
		m->head->nlmsg_flags ^= 1 << rnd() % 16;
		break;
	case MESSAGE_PORT:
		m->head->nlmsg_pid = rnd();
		break;
	case DUMP_OR_DO:
		m->head->nlmsg_flags ^= NLM_F_DUMP;
		break;
	case COMMAND:
		g->cmd = rnd() % (one_in(2) ? 20 : 256);
		break;
	case VERSION:
		g->version = rnd();
		break;
	case RESERVED:
		g->reserved = one_in(2) ? 1U << rnd() % 16 : rnd();
		break;
	case BITS:
		for (int i = rnd() % 8; i >= 0; i--)
			((uint8_t *)m->head)[rnd() % m->n] ^= 1 << rnd() % 8;
		break;
	default:
		return;
	}
}

/*
 * Writes a message with @errors mistakes to @to, which has room for @room bytes, and returns
 * its size, or 0 if there is not enough room.
 */
static size_t message_make(void *to, size_t room, uint16_t family, int cmd, int errors,
			   u64 *made)
{
	struct message m = {
		to, NLMSG_HDRLEN + GENL_HDRLEN, room, MISTAKES, 0, one_in(4), made
	};

	if (room < 1024)
		return 0;
	memset(to, 0, m.n);
	*generic(m.head) = (struct genlmsghdr){ cmd, BRICKTRACE_FAMILY_VERSION, 0 };
	/* Most rules are about the attributes. */
	m.mistake = errors ? rnd() % (one_in(2) ? MISTAKES : LAST_OF_ATTRIBUTE + 1) :
			     MISTAKES;
	/* Many attributes of brick-define are those of assertions. */
	m.after = rnd() % (cmd == BRICKTRACE_CMD_BRICK_DEFINE ? 10 : 3);
	if (m.mistake > LAST_OF_ATTRIBUTE && m.mistake < MISTAKES)
		made[m.mistake]++;
	attributes_make(&m, commands[cmd].rules);
	attributes_add(&m);
	*m.head = (struct nlmsghdr){ m.n, family, NLM_F_REQUEST, 0, 0 };
	m.head->nlmsg_flags |=
		(commands[cmd].dump ? NLM_F_DUMP : 0) | (one_in(4) ? 0 : NLM_F_ACK);
	header_spoil(&m);
	if (errors > 1 && m.n >= NLMSG_HDRLEN + GENL_HDRLEN) {
		m.mistake = MESSAGE_LENGTH + rnd() % (MISTAKES - MESSAGE_LENGTH);
		made[m.mistake]++;
		header_spoil(&m);
	}
	return m.n;
}

#endif /* NETLINK_MESSAGE_H */
