/* SPDX-License-Identifier: MIT */
/*
 * Which messages of the generic netlink family "bricktrace" are well-formed. The tables are
 * those of docs/netlink/bricktrace.yaml, and the functions are what the documentation there
 * and in linux/bricktrace.h says besides. Nothing is taken from the module.
 */
#ifndef NETLINK_RULES_H
#define NETLINK_RULES_H

#include <linux/bricktrace_netlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include "test.h"

#define ATTRIBUTES 32

enum kind { ABSENT, U32, U64, STRING, BYTES, FLAG, NEST };

/* An attribute of a command: the range of its number, or of the length of its content. */
struct rule {
	enum kind kind;
	u64 min, max;
	const struct rule *nest;
	bool needed;
};

struct command {
	const char *name;
	const struct rule *rules;
	bool dump, reply;
};

/* Commands without attributes. */
static const struct rule none_rules[ATTRIBUTES];

static const struct rule config_set_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_CONFIG_ENABLED] = { U32, 0, 1 },
	[BRICKTRACE_A_CONFIG_DECODE] = { U32, 0, 1 },
	[BRICKTRACE_A_CONFIG_LINGER_MS] = { U32, 0, 3600000 },
	[BRICKTRACE_A_CONFIG_MAX_HOST_GRANTS] = { U32, 0, 1000 },
	[BRICKTRACE_A_CONFIG_CV_THRESHOLD] = { U32, 0, 1000000 },
	[BRICKTRACE_A_CONFIG_EFFICIENCY_THRESHOLD] = { U32, 0, 100000 },
	[BRICKTRACE_A_CONFIG_TRACE_LIMIT] = { U32, 0, 1000 },
	[BRICKTRACE_A_CONFIG_SLOW_NS] = { U64, 0, UINT64_MAX },
	[BRICKTRACE_A_CONFIG_MAX_USER_SESSIONS] = { U32, 0, UINT32_MAX },
	[BRICKTRACE_A_CONFIG_MAX_USER_THREADS] = { U32, 0, UINT32_MAX },
	[BRICKTRACE_A_CONFIG_MAX_USER_RUNS] = { U32, 0, UINT32_MAX },
	[BRICKTRACE_A_CONFIG_MAX_USER_MEMORY] = { U32, 0, UINT32_MAX },
	[BRICKTRACE_A_CONFIG_NETLINK_GROUP] = { U32, 0, UINT32_MAX },
};

static const struct rule session_get_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_SESSION_ID] = { U64, 0, UINT64_MAX },
	[BRICKTRACE_A_SESSION_PID] = { U32, 0, INT32_MAX },
};

static const struct rule session_detach_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_SESSION_ID] = { U64, 0, UINT64_MAX, .needed = true },
};

static const struct rule thread_get_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_THREAD_SESSION] = { U64, 1, UINT64_MAX },
	[BRICKTRACE_A_THREAD_PID] = { U32, 1, INT32_MAX },
};

static const struct rule brick_get_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_BRICK_SESSION] = { U64, 1, UINT64_MAX },
	[BRICKTRACE_A_BRICK_PID] = { U32, 1, INT32_MAX },
	[BRICKTRACE_A_BRICK_BRICK] = { U32, 1, UINT32_MAX },
	[BRICKTRACE_A_BRICK_NAME] = { STRING, 0, 63 },
	[BRICKTRACE_A_BRICK_BOOKS] = { FLAG },
};

static const struct rule brick_reset_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_BRICK_SESSION] = { U64, 1, UINT64_MAX },
	[BRICKTRACE_A_BRICK_BRICK] = { U32, 1, UINT32_MAX },
};

/* Of session-open and session-set. */
static const struct rule settings_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_SESSION_LABEL] = { STRING, 0, 63 },
	[BRICKTRACE_A_SESSION_EDGE_PS] = { U64, 0, 1000000000 },
	[BRICKTRACE_A_SESSION_CV_THRESHOLD] = { U32, 0, 1000000 },
	[BRICKTRACE_A_SESSION_EFFICIENCY_THRESHOLD] = { U32, 0, 100000 },
	[BRICKTRACE_A_SESSION_TRACE_LIMIT] = { U32, 0, 1000 },
	[BRICKTRACE_A_SESSION_OUTLIERS] = { U32, 0, UINT32_MAX },
	[BRICKTRACE_A_SESSION_SLOW_NS] = { U64, 0, UINT64_MAX },
	[BRICKTRACE_A_SESSION_ENABLED] = { U32, 0, 1 },
	[BRICKTRACE_A_SESSION_TRACE_ID] = { BYTES, 16, 16 },
	[BRICKTRACE_A_SESSION_SPAN_ID] = { BYTES, 8, 8 },
	[BRICKTRACE_A_SESSION_TRACE_FLAGS] = { U32, 0, 255 },
};

/* Of thread-register and thread-unregister. */
static const struct rule thread_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_THREAD_TID] = { U32, 0, INT32_MAX },
	[BRICKTRACE_A_THREAD_FLAGS] = { U32, 0, 7 },
};

static const struct rule assertion_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_ASSERTION_KIND] = { U32, 0, 4, .needed = true },
	[BRICKTRACE_A_ASSERTION_SUBJECT] = { U32, 0, UINT32_MAX },
	[BRICKTRACE_A_ASSERTION_ARCH] = { U32, 0, 2 },
	[BRICKTRACE_A_ASSERTION_LIMIT] = { U64, 0, UINT64_MAX, .needed = true },
	[BRICKTRACE_A_ASSERTION_NAME] = { STRING, 0, 63, .needed = true },
};

static const struct rule brick_define_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_BRICK_NAME] = { STRING, 0, 63, .needed = true },
	[BRICKTRACE_A_BRICK_BUDGET_NS] = { U64, 0, 1ULL << 62, .needed = true },
	[BRICKTRACE_A_BRICK_MODE] = { U32, 0, 3 },
	[BRICKTRACE_A_BRICK_BASELINE] = { U32, 0, UINT32_MAX },
	[BRICKTRACE_A_BRICK_ASSERTION] = { NEST, .nest = assertion_rules },
	[BRICKTRACE_A_BRICK_NO_ASSERTIONS] = { FLAG },
};

static const struct rule run_open_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_RUN_BRICK] = { U32, 1, UINT32_MAX, .needed = true },
	[BRICKTRACE_A_RUN_LEVEL] = { U32, 0, 2 },
	[BRICKTRACE_A_RUN_SCOPE] = { U32, 0, 1 },
	[BRICKTRACE_A_RUN_WHY] = { U32, 0, 63 },
	[BRICKTRACE_A_RUN_FLAGS] = { U32, 0, 7 },
	[BRICKTRACE_A_RUN_TRACE_ID] = { BYTES, 16, 16 },
	[BRICKTRACE_A_RUN_SPAN_ID] = { BYTES, 8, 8 },
	[BRICKTRACE_A_RUN_TRACE_FLAGS] = { U32, 0, 255 },
};

static const struct rule run_close_rules[ATTRIBUTES] = {
	[BRICKTRACE_A_RUN_RUN] = { U64, 0, UINT64_MAX, .needed = true },
};

#define DUMP  true, false
#define REPLY false, true
#define PLAIN false, false

static const struct command commands[BRICKTRACE_CMD_MAX + 1] = {
	[BRICKTRACE_CMD_STATUS_GET] = { "status-get", none_rules, REPLY },
	[BRICKTRACE_CMD_CONFIG_GET] = { "config-get", none_rules, REPLY },
	[BRICKTRACE_CMD_CONFIG_SET] = { "config-set", config_set_rules, PLAIN },
	[BRICKTRACE_CMD_USER_GET] = { "user-get", none_rules, DUMP },
	[BRICKTRACE_CMD_SESSION_GET] = { "session-get", session_get_rules, DUMP },
	[BRICKTRACE_CMD_SESSION_DETACH] = { "session-detach", session_detach_rules, PLAIN },
	[BRICKTRACE_CMD_THREAD_GET] = { "thread-get", thread_get_rules, DUMP },
	[BRICKTRACE_CMD_BRICK_GET] = { "brick-get", brick_get_rules, DUMP },
	[BRICKTRACE_CMD_BRICK_RESET] = { "brick-reset", brick_reset_rules, PLAIN },
	[BRICKTRACE_CMD_SESSION_OPEN] = { "session-open", settings_rules, REPLY },
	[BRICKTRACE_CMD_SESSION_SET] = { "session-set", settings_rules, PLAIN },
	[BRICKTRACE_CMD_THREAD_REGISTER] = { "thread-register", thread_rules, REPLY },
	[BRICKTRACE_CMD_THREAD_UNREGISTER] = { "thread-unregister", thread_rules, REPLY },
	[BRICKTRACE_CMD_BRICK_DEFINE] = { "brick-define", brick_define_rules, REPLY },
	[BRICKTRACE_CMD_RUN_OPEN] = { "run-open", run_open_rules, REPLY },
	[BRICKTRACE_CMD_RUN_CLOSE] = { "run-close", run_close_rules, REPLY },
};

/* For each attribute its last occurrence, which counts, and the number of occurrences. */
struct parsed {
	const struct nlattr *last[ATTRIBUTES];
	unsigned int count[ATTRIBUTES];
};

static const void *content(const struct nlattr *a)
{
	return (const uint8_t *)a + NLA_HDRLEN;
}

/* An attribute's number, or 0 if the attribute is absent. */
static u64 number(const struct nlattr *a)
{
	u64 wide = 0;
	uint32_t narrow;

	if (!a)
		return 0;
	if (a->nla_len == NLA_HDRLEN + sizeof(wide)) {
		memcpy(&wide, content(a), sizeof(wide));
		return wide;
	}
	memcpy(&narrow, content(a), sizeof(narrow));
	return narrow;
}

/* The bytes that begin a character of valid UTF-8, as table 3-7 of Unicode has them. */
static const struct {
	uint8_t first, last, next, next_last, more;
} characters[] = {
	{ 0x20, 0x7e, 0, 0, 0 },       { 0xc2, 0xc2, 0xa0, 0xbf, 1 },
	{ 0xc3, 0xdf, 0x80, 0xbf, 1 }, { 0xe0, 0xe0, 0xa0, 0xbf, 2 },
	{ 0xe1, 0xec, 0x80, 0xbf, 2 }, { 0xed, 0xed, 0x80, 0x9f, 2 },
	{ 0xee, 0xef, 0x80, 0xbf, 2 }, { 0xf0, 0xf0, 0x90, 0xbf, 3 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 3 }, { 0xf4, 0xf4, 0x80, 0x8f, 3 },
};

/* The bytes of a string's first character, or 0 if that is not one that a name may have. */
static unsigned int character(const uint8_t *s)
{
	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		if (s[0] < characters[i].first || s[0] > characters[i].last)
			continue;
		if (characters[i].more &&
		    (s[1] < characters[i].next || s[1] > characters[i].next_last))
			return 0;
		for (int k = 2; k <= characters[i].more; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return 1 + characters[i].more;
	}
	return 0;
}

/* A name that is absent is empty. */
static bool name_valid(const struct nlattr *a, bool may_be_empty)
{
	const uint8_t *s = a ? content(a) : (const uint8_t *)"";
	unsigned int n;

	if (!*s)
		return may_be_empty;
	for (; *s; s += n) {
		n = character(s);
		if (!n)
			return false;
	}
	return true;
}

static bool all_zero(const struct nlattr *a)
{
	const uint8_t *s = content(a);

	for (int i = 0; i < a->nla_len - NLA_HDRLEN; i++)
		if (s[i])
			return false;
	return true;
}

static bool slow_ns_valid(const struct nlattr *a)
{
	return !number(a) || number(a) >= 10000;
}

/* The context of a session comes whole, and is either valid or all zero. */
static bool settings_valid(const struct parsed *p)
{
	const struct nlattr *trace = p->last[BRICKTRACE_A_SESSION_TRACE_ID];
	const struct nlattr *span = p->last[BRICKTRACE_A_SESSION_SPAN_ID];
	const struct nlattr *flags = p->last[BRICKTRACE_A_SESSION_TRACE_FLAGS];
	u64 outliers = number(p->last[BRICKTRACE_A_SESSION_OUTLIERS]);

	if (!name_valid(p->last[BRICKTRACE_A_SESSION_LABEL], true) ||
	    !slow_ns_valid(p->last[BRICKTRACE_A_SESSION_SLOW_NS]) ||
	    (outliers > 1000000 && outliers != UINT32_MAX))
		return false;
	if (!trace || !span || !flags)
		return !trace && !span && !flags;
	return all_zero(trace) ? all_zero(span) && !number(flags) : !all_zero(span);
}

static bool assertion_valid(const struct parsed *p)
{
	u64 subject = number(p->last[BRICKTRACE_A_ASSERTION_SUBJECT]);
	u64 arch = number(p->last[BRICKTRACE_A_ASSERTION_ARCH]);

	if (!name_valid(p->last[BRICKTRACE_A_ASSERTION_NAME], false))
		return false;
	switch (number(p->last[BRICKTRACE_A_ASSERTION_KIND])) {
	case BRICKTRACE_ASSERT_DURATION:
		return !subject && !arch;
	case BRICKTRACE_ASSERT_SYSCALL_COUNT:
		return subject < BRICKTRACE_NR_MORE;
	default:
		return subject < 6 && !arch;
	}
}

static bool run_open_valid(const struct parsed *p)
{
	u64 level = number(p->last[BRICKTRACE_A_RUN_LEVEL]);
	u64 why = number(p->last[BRICKTRACE_A_RUN_WHY]);
	u64 flags = number(p->last[BRICKTRACE_A_RUN_FLAGS]);
	const struct nlattr *trace = p->last[BRICKTRACE_A_RUN_TRACE_ID];
	const struct nlattr *span = p->last[BRICKTRACE_A_RUN_SPAN_ID];

	if (why & ~(BRICKTRACE_WHY_CV_EXCEEDED | BRICKTRACE_WHY_EFFICIENCY_LOW |
		    BRICKTRACE_WHY_MANUAL))
		return false;
	if (level != BRICKTRACE_LEVEL_TRACE && (why || flags & BRICKTRACE_RUN_CHARGE))
		return false;
	return !(flags & BRICKTRACE_RUN_CONTEXT) ||
	       (trace && span && !all_zero(trace) && !all_zero(span));
}

/* Whether the attributes of a command, each of which is well-formed, are so together. */
static bool command_valid(int cmd, const struct parsed *p)
{
	switch (cmd) {
	case BRICKTRACE_CMD_CONFIG_SET:
		return slow_ns_valid(p->last[BRICKTRACE_A_CONFIG_SLOW_NS]);
	case BRICKTRACE_CMD_SESSION_OPEN:
	case BRICKTRACE_CMD_SESSION_SET:
		return settings_valid(p);
	case BRICKTRACE_CMD_THREAD_UNREGISTER:
		return !(number(p->last[BRICKTRACE_A_THREAD_FLAGS]) &
			 ~(u64)BRICKTRACE_THREAD_WHOLE_PROCESS);
	case BRICKTRACE_CMD_BRICK_DEFINE:
		return name_valid(p->last[BRICKTRACE_A_BRICK_NAME], false) &&
		       p->count[BRICKTRACE_A_BRICK_ASSERTION] <= 16;
	case BRICKTRACE_CMD_RUN_OPEN:
		return run_open_valid(p);
	}
	return true;
}

static bool parse(const uint8_t *at, size_t n, const struct rule *rules, struct parsed *p);

static bool attribute_valid(const struct nlattr *a, const struct rule *r)
{
	size_t n = a->nla_len - NLA_HDRLEN;
	struct parsed inner;

	/* The kernel ignores NLA_F_NET_BYTEORDER. */
	if (!(a->nla_type & NLA_F_NESTED) != (r->kind != NEST))
		return false;
	switch (r->kind) {
	case U32:
	case U64:
		return n == (r->kind == U32 ? 4 : 8) && number(a) >= r->min &&
		       number(a) <= r->max;
	case STRING:
		return n >= 1 && n <= r->max + 1 && strnlen(content(a), n) == n - 1;
	case BYTES:
		return n >= r->min && n <= r->max;
	case FLAG:
		return !n;
	case NEST:
		return parse(content(a), n, r->nest, &inner) && assertion_valid(&inner);
	default:
		return false;
	}
}

static bool parse(const uint8_t *at, size_t n, const struct rule *rules, struct parsed *p)
{
	const struct nlattr *a;
	size_t step;
	int type;

	memset(p, 0, sizeof(*p));
	for (; n; at += step, n -= step) {
		a = (const void *)at;
		if (n < NLA_HDRLEN || a->nla_len < NLA_HDRLEN || a->nla_len > n)
			return false;
		type = a->nla_type & NLA_TYPE_MASK;
		if (type >= ATTRIBUTES || !attribute_valid(a, &rules[type]))
			return false;
		p->last[type] = a;
		p->count[type]++;
		step = NLA_ALIGN(a->nla_len);
		/* The padding of the last attribute may be missing. */
		step = step < n ? step : n;
	}
	for (type = 0; type < ATTRIBUTES; type++)
		if (rules[type].needed && !p->last[type])
			return false;
	return true;
}

/* An operator is root as the sender and as the opener of the socket. */
enum role { ROOT, MEMBER, STRANGER, ROOT_SENDS, ROOT_OPENED, ROLES };

/*
 * What the kernel must do with a message: ignore it as netlink does with what is no
 * request, refuse it, or answer it. Netlink refuses without a reason what does not reach a
 * command of the family.
 */
enum verdict { IGNORED, UNREACHED, MALFORMED, FORBIDDEN, WELL_FORMED };

static bool is_dump(const struct nlmsghdr *m)
{
	return (m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

static struct genlmsghdr *generic(const struct nlmsghdr *m)
{
	return NLMSG_DATA(m);
}

/* Whether the command changes more than the session of its own socket. */
static bool is_operators(int cmd, const struct parsed *p)
{
	return cmd == BRICKTRACE_CMD_CONFIG_SET || cmd == BRICKTRACE_CMD_SESSION_DETACH ||
	       (cmd == BRICKTRACE_CMD_BRICK_RESET && p->last[BRICKTRACE_A_BRICK_SESSION]);
}

/* @p becomes the message's attributes, if it is well-formed. */
static enum verdict judge(const struct nlmsghdr *m, uint16_t family, enum role role,
			  struct parsed *p)
{
	const struct genlmsghdr *g = generic(m);
	int flags = m->nlmsg_flags, head = NLMSG_HDRLEN + GENL_HDRLEN;

	if (!(flags & NLM_F_REQUEST) || m->nlmsg_type < NLMSG_MIN_TYPE)
		return IGNORED;
	if (m->nlmsg_type != family || m->nlmsg_len < (unsigned int)head || !g->cmd ||
	    g->cmd > BRICKTRACE_CMD_MAX || is_dump(m) != commands[g->cmd].dump)
		return UNREACHED;
	flags &= ~(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | (is_dump(m) ? NLM_F_DUMP : 0));
	if (flags || g->reserved ||
	    !parse((const uint8_t *)m + head, m->nlmsg_len - head, commands[g->cmd].rules,
		   p) ||
	    !command_valid(g->cmd, p))
		return MALFORMED;
	if ((role != ROOT && is_operators(g->cmd, p)) ||
	    (role != ROOT && role != MEMBER && g->cmd == BRICKTRACE_CMD_SESSION_OPEN))
		return FORBIDDEN;
	return WELL_FORMED;
}

#endif /* NETLINK_RULES_H */
