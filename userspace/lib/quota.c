// SPDX-License-Identifier: MIT
/* Error texts that say which limit was reached and what to do about it. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

#define LIMITS		 3
#define RAISE(parameter) "end some, or have root raise " BTI_PARAMETERS parameter

struct quota_limit {
	uint64_t used, max; /* both are 0 if the module does not report them */
	const char *of, *remedy;
};

static void quota_ask(struct bt_tracer *t, enum bti_quota quota, struct quota_limit *list)
{
	struct bricktrace_session s = { .size = sizeof(s) };
	struct bricktrace_info i;

	bti_ioctl(t, BRICKTRACE_SESSION_GET, &s);
	bti_info(t, &i);
	switch (quota) {
	case BTI_QUOTA_MEMORY:
		break;
	case BTI_QUOTA_THREADS:
		list[0] = (struct quota_limit){ s.threads, s.max_threads,
						"threads of this session",
						"unregister some or use a second tracer" };
		list[1] = (struct quota_limit){ i.user_threads, i.max_user_threads,
						"threads in this user's sessions",
						RAISE("max_user_threads") };
		break;
	case BTI_QUOTA_BRICKS:
		list[0] = (struct quota_limit){ s.bricks, s.max_bricks,
						"bricks of this session",
						"use a second tracer" };
		break;
	case BTI_QUOTA_RUNS:
		list[0] = (struct quota_limit){ s.runs, s.max_runs,
						"open runs of this session",
						"close some or use a second tracer" };
		list[1] = (struct quota_limit){ i.user_runs, i.max_user_runs,
						"open runs in this user's sessions",
						RAISE("max_user_runs") };
		break;
	}
	list[2] = (struct quota_limit){ (i.user_memory + 0xfffff) >> 20,
					i.max_user_memory >> 20,
					"MiB of kernel memory for this user's sessions",
					RAISE("max_user_memory") };
}

int bti_fail_quota(struct bt_tracer *t, enum bti_quota quota, const char *format, ...)
{
	struct quota_limit list[LIMITS] = { 0 }, *l;
	char what[128], all[256] = "";
	va_list ap;
	size_t n = 0;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	quota_ask(t, quota, list);
	for (l = list; l < list + LIMITS; l++) {
		if (!l->max)
			continue;
		if (l->used >= l->max)
			return bti_fail(EDQUOT,
					"%s: %" PRIu64 " of at most %" PRIu64
					" %s are in use; %s",
					what, l->used, l->max, l->of, l->remedy);
		n += snprintf(all + n, sizeof(all) - n, "; %" PRIu64 " of %" PRIu64 " %s",
			      l->used, l->max, l->of);
	}
	return bti_fail(EDQUOT, "%s: that would exceed a limit; in use are%s", what,
			all[0] ? all + 1 : " numbers that the module does not report");
}
