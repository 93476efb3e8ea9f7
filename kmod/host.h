/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host: all sessions, each of which begins and ends here, and what the host's operator
 * sets. Sessions are in an array by their numbers; its lock protects it.
 */
#ifndef BKT_HOST_H
#define BKT_HOST_H

#include <linux/bricktrace_netlink.h>
#include "session.h"

/*
 * Begins a session of who has the credentials @opener; @owner is enum bricktrace_owner. Returns
 * an ERR_PTR() as bkt_session_alloc() does. bkt_host_close() ends the session and drops the
 * owner's reference; nobody else uses it as its owner does, and followed tasks may still exit
 * and fork. May sleep.
 */
struct bkt_session *bkt_host_open(const struct cred *opener, u32 owner);
void bkt_host_close(struct bkt_session *s);

/*
 * Both return a session with a reference, or NULL: the one with the number @id, and the one
 * with the least number that is not below @from.
 */
struct bkt_session *bkt_host_find(u64 id);
struct bkt_session *bkt_host_next(u64 from);

/* Ends the tracing of a session for good. Returns 0 or -EINTR. */
int bkt_host_detach(struct bkt_session *s);

/* BRICKTRACE_FEATURE_* of this module. */
u64 bkt_host_features(void);

/* The settings, in the order of the attributes that follow BRICKTRACE_A_CONFIG_ENABLED. */
enum bkt_setting {
	BKT_SETTING_ENABLED,
	BKT_SETTING_DECODE,
	BKT_SETTING_LINGER,
	BKT_SETTING_HOST_GRANTS,
	BKT_SETTING_CV,
	BKT_SETTING_EFFICIENCY,
	BKT_SETTING_LIMIT,
	BKT_SETTING_SLOW,
	BKT_SETTING_SESSIONS,
	BKT_SETTING_THREADS,
	BKT_SETTING_RUNS,
	BKT_SETTING_MEMORY,
	BKT_SETTING_GROUP,
	BKT_SETTINGS
};

/* Whether the value is within the range that docs/netlink/bricktrace.yaml gives. */
bool bkt_host_valid(enum bkt_setting i, u64 value);

/* The value is valid. Setting may sleep; a new default reaches each session. */
void bkt_host_set(enum bkt_setting i, u64 value);
u64 bkt_host_get(enum bkt_setting i);

/* The name of the module's parameter. */
const char *bkt_host_name(enum bkt_setting i);

#endif /* BKT_HOST_H */
