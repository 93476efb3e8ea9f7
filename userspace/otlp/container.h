/* SPDX-License-Identifier: MIT */
/* The container and the pod of Kubernetes that a cgroup belongs to, as the names of cgroups say. */
#ifndef OTLP_CONTAINER_H
#define OTLP_CONTAINER_H

#include <stdint.h>

#include "machine.h"

struct otlp_container {
	char id[65]; /* 64 hexadecimal digits; empty if there is none, or none is known */
	char pod[37]; /* the UID of the pod, likewise */
};

/* Parses the path of a cgroup. The innermost container is the one that counts. */
void otlp_container_parse(const char *path, struct otlp_container *container);

/*
 * Finds the container of a cgroup, by the cgroup's number. Who may not ask the kernel for the path
 * finds it with the help of a process: @process is its directory in /proc, or -1.
 */
void otlp_container_find(const struct otlp_machine *machine, uint64_t cgroup, int process,
			 struct otlp_container *container);

#endif
