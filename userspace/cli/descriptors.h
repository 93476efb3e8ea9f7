/* SPDX-License-Identifier: MIT */
/*
 * The sessions of the programs that the caller may trace, through their descriptors of the
 * device. The lists are as those of host.h; threads cannot be listed.
 */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include "host.h"

/* Replaced by tests. */
struct descriptors_ops {
	const char *proc; /* where processes are listed */
	/* Returns a descriptor of the same open file, or a negative errno value. */
	int (*copy)(int pid, int fd);
	int (*ioctl)(int fd, unsigned long request, void *arg);
};

extern struct descriptors_ops descriptors_ops;

int descriptors_list_sessions(const struct host_filter *filter,
			      struct host_session **list, size_t *n);
int descriptors_list_bricks(const struct host_filter *filter, struct host_brick **list,
			    size_t *n);

#endif
