/* SPDX-License-Identifier: MIT */
/*
 * What the module tells about the host and its sessions: by generic netlink or, for the
 * sessions of programs that the caller may trace, through their open files of the device.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bricktrace.h>
#include <linux/bricktrace_netlink.h>

#include "../lib/internal.h"

struct host; /* a connection */

/*
 * Opens a connection. With @device it uses the device if there is no netlink here, such as
 * in a container. Returns 0, or the status to exit with after saying what is missing and the
 * command that mends it.
 */
int host_open(struct host **host, bool device);
/* NULL is ignored. */
void host_close(struct host *host);
/* Whether answers come from the device: then only sessions and bricks can be listed. */
bool host_is_device(const struct host *host);

/* The attributes of the set "status" of docs/netlink/bricktrace.yaml; absent ones are 0. */
struct host_status {
	uint64_t features;
	char version[32];
	uint32_t tested, clock, hooks, loud, cause_pid, streams;
	char cause_comm[BRICKTRACE_COMM_LEN];
	uint64_t since_ns, loaded_ns, armed_ns, arms;
	uint64_t sessions, threads, runs, memory;
	uint64_t threads_lost, host_granted, host_refused, stream_lost;
};

/* A setting of the host: an attribute of the set "config". */
struct host_setting {
	const char *name;     /* of the module's parameter, such as "linger_ms" */
	const char *unit;     /* such as "ms"; "" for a number */
	const char *text;     /* what it is, in a few words */
	int attribute;	      /* BRICKTRACE_A_CONFIG_* */
	bool wide;	      /* it has 64 bits, otherwise 32 */
	uint64_t least, most; /* its range; slow_ns may be 0, too */
};
/* They have the order of the attributes, of which the first one is no setting. */
#define HOST_SETTINGS (BRICKTRACE_A_CONFIG_MAX - 1)
extern const struct host_setting host_settings[]; /* ends with a name of NULL */

/* Returns "off", "quiet", "loud" or, if the module is newer, "unknown". */
const char *host_hooks_name(uint32_t hooks);

struct host_user {
	uint32_t uid, sessions;
	uint64_t threads, runs, memory;
};

struct host_session {
	struct bricktrace_session s; /* its @size and @flags are not used */
	uint32_t owner, uid, holds;
	int32_t pid;
	bool detached;
	uint64_t holds_ns;
	char comm[BRICKTRACE_COMM_LEN]; /* may be any bytes; ends with a NUL */
};

#define HOST_CATEGORIES (BRICKTRACE_CAT_OTHER + 1)

struct host_thread {
	uint64_t session;
	int32_t pid, tid;
	uint32_t flags, runs;
	char comm[BRICKTRACE_COMM_LEN];
	uint64_t thread_ns, offcpu_ns;
	/* By category; @in_flight, @max_ns and @runnable_ns are not used. */
	struct bricktrace_figures calls[HOST_CATEGORIES];
};

struct host_brick {
	uint64_t session;
	int32_t pid;
	uint32_t uid, outliers;
	char comm[BRICKTRACE_COMM_LEN];
	char label[BRICKTRACE_LABEL_LEN];
	/*
	 * As bti_statistics_new() wants them: of the arrays of @get only @cap, @count and
	 * @known are set. Without @books of the filter only statistics and categories are there.
	 */
	struct bricktrace_brick_get get;
	struct bti_brick_room room;
};

/* What to list. Zeros and NULL do not filter. */
struct host_filter {
	uint64_t session;
	int32_t pid;
	const char *name; /* of a brick, exactly */
	bool books; /* of bricks, with histogram, sums, window, assertions and longest run */
};

/*
 * The status to exit with after one of the following functions has failed with @err: 1 if
 * something was refused or is not there, EXIT_OWN if bricktrace itself failed or was asked for
 * what cannot be.
 */
int host_exit(int err);

/*
 * These return 0, or a negative errno value after complain() has said what failed and why.
 * The lists are arrays that free() frees, in the module's order. A list that changed while
 * it was read (NLM_F_DUMP_INTR) is read again, three times at most.
 */
int host_get_status(struct host *host, struct host_status *status);
/* @values has HOST_SETTINGS elements. */
int host_get_settings(struct host *host, uint64_t *values);
int host_set(struct host *host, const struct host_setting *setting, uint64_t value);
int host_list_users(struct host *host, struct host_user **list, size_t *n);
int host_list_sessions(struct host *host, const struct host_filter *filter,
		       struct host_session **list, size_t *n);
int host_list_threads(struct host *host, const struct host_filter *filter,
		      struct host_thread **list, size_t *n);
int host_list_bricks(struct host *host, const struct host_filter *filter,
		     struct host_brick **list, size_t *n);
int host_detach(struct host *host, uint64_t session);
/* Resets a brick of a session, or all of its bricks if @brick is 0. */
int host_reset(struct host *host, uint64_t session, uint32_t brick);

/*
 * Parses NAME, PID:NAME or session#ID:NAME into @filter, whose @name points into @text. A name
 * that itself begins like one of the prefixes is written with a prefix. Returns NULL, or what
 * is wrong with the text.
 */
const char *host_parse_brick(const char *text, struct host_filter *filter);
/*
 * Parses the number of a session, ID or session#ID. Returns -1, or the status to exit with after
 * saying what is wrong with it.
 */
int host_parse_session(const char *text, uint64_t *session);
/*
 * Finds the one brick that @text names. Returns 0; -ENOENT after saying that there is none;
 * -EEXIST after listing the choices, each in a form that names one brick alone; or as above.
 */
int host_find_brick(struct host *host, const char *text, bool books,
		    struct host_brick **brick);

#endif
