// SPDX-License-Identifier: GPL-2.0
/* The policies say the same as docs/netlink/bricktrace.yaml, with which the tests compare them. */
#include <net/netlink.h>
#include "policy.h"

/* The kernel accepts texts that go on after their NUL. */
static int policy_text(const struct nlattr *a, struct netlink_ext_ack *extack)
{
	if (strnlen(nla_data(a), nla_len(a)) + 1 == nla_len(a))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, a, "a name has a NUL inside");
	return -EINVAL;
}

#define POLICY_NAME \
	NLA_POLICY_VALIDATE_FN(NLA_NUL_STRING, policy_text, BRICKTRACE_NAME_LEN - 1)

/* These would be constant, but kernels before v6.4 want pointers to variables. */
static struct netlink_range_validation policy_linger = { .max = 3600000 };
static struct netlink_range_validation policy_cv = { .max = BRICKTRACE_MAX_CV };
static struct netlink_range_validation policy_percent = { .max = BRICKTRACE_MAX_EFFICIENCY };
static struct netlink_range_validation policy_id = { .max = S32_MAX };
static struct netlink_range_validation policy_edge = { .max = BRICKTRACE_MAX_EDGE_PS };
static struct netlink_range_validation policy_pid = { .min = 1, .max = S32_MAX };
static struct netlink_range_validation policy_budget = { .max = BRICKTRACE_MAX_BUDGET };

/* For commands without attributes. */
const struct nla_policy bkt_policy_none[] = {
	[BRICKTRACE_A_STATUS_PAD] = { .type = NLA_REJECT },
};

const struct nla_policy bkt_policy_assertion[] = {
	[BRICKTRACE_A_ASSERTION_KIND] =
		NLA_POLICY_MAX(NLA_U32, BRICKTRACE_ASSERT_SYSCALL_COUNT),
	[BRICKTRACE_A_ASSERTION_SUBJECT] = { .type = NLA_U32 },
	[BRICKTRACE_A_ASSERTION_ARCH] = NLA_POLICY_MAX(NLA_U32, BRICKTRACE_ARCH_X32),
	[BRICKTRACE_A_ASSERTION_LIMIT] = { .type = NLA_U64 },
	[BRICKTRACE_A_ASSERTION_NAME] = POLICY_NAME,
};

const struct nla_policy bkt_policy_config_set[] = {
	[BRICKTRACE_A_CONFIG_ENABLED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BRICKTRACE_A_CONFIG_DECODE] = NLA_POLICY_MAX(NLA_U32, 1),
	[BRICKTRACE_A_CONFIG_LINGER_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &policy_linger),
	[BRICKTRACE_A_CONFIG_MAX_HOST_GRANTS] =
		NLA_POLICY_MAX(NLA_U32, BRICKTRACE_MAX_LIMIT),
	[BRICKTRACE_A_CONFIG_CV_THRESHOLD] = NLA_POLICY_FULL_RANGE(NLA_U32, &policy_cv),
	[BRICKTRACE_A_CONFIG_EFFICIENCY_THRESHOLD] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &policy_percent),
	[BRICKTRACE_A_CONFIG_TRACE_LIMIT] = NLA_POLICY_MAX(NLA_U32, BRICKTRACE_MAX_LIMIT),
	[BRICKTRACE_A_CONFIG_SLOW_NS] = { .type = NLA_U64 },
	[BRICKTRACE_A_CONFIG_MAX_USER_SESSIONS] = { .type = NLA_U32 },
	[BRICKTRACE_A_CONFIG_MAX_USER_THREADS] = { .type = NLA_U32 },
	[BRICKTRACE_A_CONFIG_MAX_USER_RUNS] = { .type = NLA_U32 },
	[BRICKTRACE_A_CONFIG_MAX_USER_MEMORY] = { .type = NLA_U32 },
	[BRICKTRACE_A_CONFIG_NETLINK_GROUP] = { .type = NLA_U32 },
};

const struct nla_policy bkt_policy_session_get[] = {
	[BRICKTRACE_A_SESSION_ID] = { .type = NLA_U64 },
	[BRICKTRACE_A_SESSION_PID] = NLA_POLICY_FULL_RANGE(NLA_U32, &policy_id),
};

const struct nla_policy bkt_policy_session_detach[] = {
	[BRICKTRACE_A_SESSION_ID] = { .type = NLA_U64 },
};

const struct nla_policy bkt_policy_thread_get[] = {
	[BRICKTRACE_A_THREAD_SESSION] = NLA_POLICY_MIN(NLA_U64, 1),
	[BRICKTRACE_A_THREAD_PID] = NLA_POLICY_FULL_RANGE(NLA_U32, &policy_pid),
};

const struct nla_policy bkt_policy_brick_get[] = {
	[BRICKTRACE_A_BRICK_SESSION] = NLA_POLICY_MIN(NLA_U64, 1),
	[BRICKTRACE_A_BRICK_PID] = NLA_POLICY_FULL_RANGE(NLA_U32, &policy_pid),
	[BRICKTRACE_A_BRICK_BRICK] = NLA_POLICY_MIN(NLA_U32, 1),
	[BRICKTRACE_A_BRICK_NAME] = POLICY_NAME,
	[BRICKTRACE_A_BRICK_BOOKS] = { .type = NLA_FLAG },
};

const struct nla_policy bkt_policy_brick_reset[] = {
	[BRICKTRACE_A_BRICK_SESSION] = NLA_POLICY_MIN(NLA_U64, 1),
	[BRICKTRACE_A_BRICK_BRICK] = NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy bkt_policy_session_set[] = {
	[BRICKTRACE_A_SESSION_LABEL] = POLICY_NAME,
	[BRICKTRACE_A_SESSION_EDGE_PS] = NLA_POLICY_FULL_RANGE(NLA_U64, &policy_edge),
	[BRICKTRACE_A_SESSION_CV_THRESHOLD] = NLA_POLICY_FULL_RANGE(NLA_U32, &policy_cv),
	[BRICKTRACE_A_SESSION_EFFICIENCY_THRESHOLD] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &policy_percent),
	[BRICKTRACE_A_SESSION_TRACE_LIMIT] = NLA_POLICY_MAX(NLA_U32, BRICKTRACE_MAX_LIMIT),
	[BRICKTRACE_A_SESSION_OUTLIERS] = { .type = NLA_U32 },
	[BRICKTRACE_A_SESSION_SLOW_NS] = { .type = NLA_U64 },
	[BRICKTRACE_A_SESSION_ENABLED] = NLA_POLICY_MAX(NLA_U32, 1),
	[BRICKTRACE_A_SESSION_TRACE_ID] = NLA_POLICY_EXACT_LEN(16),
	[BRICKTRACE_A_SESSION_SPAN_ID] = NLA_POLICY_EXACT_LEN(8),
	[BRICKTRACE_A_SESSION_TRACE_FLAGS] = NLA_POLICY_MAX(NLA_U32, 255),
};

const struct nla_policy bkt_policy_thread_register[] = {
	[BRICKTRACE_A_THREAD_TID] = NLA_POLICY_FULL_RANGE(NLA_U32, &policy_id),
	[BRICKTRACE_A_THREAD_FLAGS] =
		NLA_POLICY_MASK(NLA_U32, BRICKTRACE_THREAD_INHERIT_THREADS |
					 BRICKTRACE_THREAD_INHERIT_CHILDREN |
					 BRICKTRACE_THREAD_WHOLE_PROCESS),
};

const struct nla_policy bkt_policy_brick_define[] = {
	[BRICKTRACE_A_BRICK_NAME] = POLICY_NAME,
	[BRICKTRACE_A_BRICK_BUDGET_NS] = NLA_POLICY_FULL_RANGE(NLA_U64, &policy_budget),
	[BRICKTRACE_A_BRICK_MODE] = NLA_POLICY_MAX(NLA_U32, BRICKTRACE_MODE_TAIL),
	[BRICKTRACE_A_BRICK_BASELINE] = { .type = NLA_U32 },
	[BRICKTRACE_A_BRICK_ASSERTION] = NLA_POLICY_NESTED(bkt_policy_assertion),
	[BRICKTRACE_A_BRICK_NO_ASSERTIONS] = { .type = NLA_FLAG },
};

const struct nla_policy bkt_policy_run_open[] = {
	[BRICKTRACE_A_RUN_BRICK] = NLA_POLICY_MIN(NLA_U32, 1),
	[BRICKTRACE_A_RUN_LEVEL] = NLA_POLICY_MAX(NLA_U32, BRICKTRACE_LEVEL_AUTO),
	[BRICKTRACE_A_RUN_SCOPE] = NLA_POLICY_MAX(NLA_U32, BRICKTRACE_SCOPE_SESSION),
	[BRICKTRACE_A_RUN_WHY] = NLA_POLICY_MASK(NLA_U32, 2 * BRICKTRACE_WHY_MANUAL - 1),
	[BRICKTRACE_A_RUN_FLAGS] =
		NLA_POLICY_MASK(NLA_U32, BRICKTRACE_RUN_CHARGE | BRICKTRACE_RUN_IDS |
					 BRICKTRACE_RUN_CONTEXT),
	[BRICKTRACE_A_RUN_TRACE_ID] = NLA_POLICY_EXACT_LEN(16),
	[BRICKTRACE_A_RUN_SPAN_ID] = NLA_POLICY_EXACT_LEN(8),
	[BRICKTRACE_A_RUN_TRACE_FLAGS] = NLA_POLICY_MAX(NLA_U32, 255),
};

const struct nla_policy bkt_policy_run_close[] = {
	[BRICKTRACE_A_RUN_RUN] = { .type = NLA_U64 },
};
