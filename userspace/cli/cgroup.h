/* SPDX-License-Identifier: MIT */
/* The processes of a cgroup and of its descendants, as bricktrace attach --cgroup follows them. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>

#include "cli.h"

/* Why a process could not be followed. */
enum cgroup_refusal {
	CGROUP_DENIED,
	CGROUP_NO_MEMORY,
	CGROUP_LIMIT,
	CGROUP_OUTSIDE, /* it has no ID in this PID namespace */
	CGROUP_REFUSALS
};

struct cgroup {
	char *path;	  /* the absolute path of its directory */
	struct ids known; /* the processes that the last reading found, sorted */
	size_t refused[CGROUP_REFUSALS];
};

/*
 * Finds the directory of the cgroup that @path names: a directory that has a file
 * cgroup.procs, or a path below /sys/fs/cgroup as /proc/PID/cgroup shows it. @root is "" or,
 * in a test, a directory that stands for /. Returns 0, or -1 after saying what is wrong.
 */
int cgroup_open(struct cgroup *cgroup, const char *root, const char *path);
/*
 * Reads which processes there are, and has @tracer follow those that the last reading did
 * not find, with their children, but not this process itself. Says the first time for each reason that a process could not
 * be followed. Returns 0; -ENOENT if the cgroup has been removed; or another negative errno
 * value after saying what failed.
 */
int cgroup_follow(struct cgroup *cgroup, struct bt_tracer *tracer);
/* Says how many processes could not be followed, and why, if there were any. */
void cgroup_summarize(const struct cgroup *cgroup);
void cgroup_close(struct cgroup *cgroup);

#endif
