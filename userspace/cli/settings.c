// SPDX-License-Identifier: MIT
/* The settings of the host, which are parameters of the module. */
#include "host.h"

#define SETTING(name, unit, text, attribute, least, most)                             \
	{                                                                             \
		name, unit, text, BRICKTRACE_A_CONFIG_##attribute, false, least, most \
	}

const struct host_setting host_settings[] = {
	SETTING("enabled", "", "whether programs may trace; 0 removes the hooks at once",
		ENABLED, 0, 1),
	SETTING("decode", "", "whether commands in the arguments of ioctls are read",
		DECODE, 0, 1),
	SETTING("linger_ms", "ms", "how long the hooks stay after the last traced run",
		LINGER_MS, 0, 3600000),
	SETTING("max_host_grants", "", "granted runs for host-wide readers in any second",
		MAX_HOST_GRANTS, 0, BRICKTRACE_MAX_LIMIT),
	SETTING("cv_threshold", "1/1000 %",
		"a greater coefficient of variation is an anomaly", CV_THRESHOLD, 0,
		BRICKTRACE_MAX_CV),
	SETTING("efficiency_threshold", "1/1000 %", "a lower efficiency is an anomaly",
		EFFICIENCY_THRESHOLD, 0, BRICKTRACE_MAX_EFFICIENCY),
	SETTING("trace_limit", "", "grants of a session in any second", TRACE_LIMIT, 0,
		BRICKTRACE_MAX_LIMIT),
	{ "slow_ns", "ns", "the least time of a slow call, or 0 for none",
	  BRICKTRACE_A_CONFIG_SLOW_NS, true, BRICKTRACE_MIN_SLOW, BRICKTRACE_MAX_BUDGET },
	SETTING("max_user_sessions", "", "limit of a user's sessions", MAX_USER_SESSIONS,
		0, UINT32_MAX),
	SETTING("max_user_threads", "", "limit of a user's registrations of threads",
		MAX_USER_THREADS, 0, UINT32_MAX),
	SETTING("max_user_runs", "", "limit of a user's open runs", MAX_USER_RUNS, 0,
		UINT32_MAX),
	SETTING("max_user_memory", "MiB", "limit of the kernel memory of a user's sessions",
		MAX_USER_MEMORY, 0, UINT32_MAX),
	SETTING("netlink_group", "", "the group that may open sessions by netlink",
		NETLINK_GROUP, 0, UINT32_MAX),
	{ 0 },
};
