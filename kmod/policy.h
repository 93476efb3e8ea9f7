/* SPDX-License-Identifier: GPL-2.0 */
/* What each command of generic netlink accepts; arrays by the number of the attribute. */
#ifndef BKT_POLICY_H
#define BKT_POLICY_H

#include <linux/bricktrace.h>
#include <linux/bricktrace_netlink.h>
#include <net/netlink.h>

extern const struct nla_policy bkt_policy_none[BRICKTRACE_A_STATUS_PAD + 1];
extern const struct nla_policy bkt_policy_assertion[BRICKTRACE_A_ASSERTION_NAME + 1];
extern const struct nla_policy bkt_policy_config_set[BRICKTRACE_A_CONFIG_NETLINK_GROUP + 1];
extern const struct nla_policy bkt_policy_session_get[BRICKTRACE_A_SESSION_PID + 1];
extern const struct nla_policy bkt_policy_session_detach[BRICKTRACE_A_SESSION_ID + 1];
extern const struct nla_policy bkt_policy_thread_get[BRICKTRACE_A_THREAD_PID + 1];
extern const struct nla_policy bkt_policy_brick_get[BRICKTRACE_A_BRICK_BOOKS + 1];
extern const struct nla_policy bkt_policy_brick_reset[BRICKTRACE_A_BRICK_BRICK + 1];
extern const struct nla_policy bkt_policy_session_set[BRICKTRACE_A_SESSION_TRACE_FLAGS + 1];
extern const struct nla_policy bkt_policy_thread_register[BRICKTRACE_A_THREAD_FLAGS + 1];
extern const struct nla_policy bkt_policy_brick_define[BRICKTRACE_A_BRICK_NO_ASSERTIONS + 1];
extern const struct nla_policy bkt_policy_run_open[BRICKTRACE_A_RUN_TRACE_FLAGS + 1];
extern const struct nla_policy bkt_policy_run_close[BRICKTRACE_A_RUN_RUN + 1];

#endif /* BKT_POLICY_H */
