/* SPDX-License-Identifier: MIT */
/* The resources, in the words of OpenTelemetry: the processes that bricks belong to. */
#ifndef OTLP_RESOURCE_H
#define OTLP_RESOURCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "bytes.h"
#include "config.h"

/* The process that a resource describes. */
struct otlp_process {
	uint64_t session;
	pid_t pid; /* 0: not known */
	uid_t uid;
	uint64_t cgroup;   /* 0: not known */
	const char *comm;  /* may be any bytes */
	const char *label; /* valid UTF-8, may be empty */
	const char *machine;
	bool local; /* the process is, or was, one of this boot of this machine */
	/* When the process existed, such as the start of a run; 0: not known. Not of the cache's key. */
	uint64_t seen_unix_ns;
};

/* A resource, which does not change. It may be used by several threads. */
struct otlp_resource {
	unsigned int references;   /* atomic */
	struct otlp_bytes message; /* the packed message Resource */
	uint64_t created_unix_ns;  /* when the process was created; 0: not known */
};

/*
 * The resources of the processes seen last, at most OTLP_RESOURCES, so that each process is
 * looked up once. A cache belongs to one thread.
 */
#define OTLP_RESOURCES 1024
struct otlp_resources;

/* @config must outlive the cache. Returns NULL if there is no memory. */
struct otlp_resources *otlp_resources_new(const struct otlp_config *config);
void otlp_resources_free(struct otlp_resources *resources);

/*
 * Returns the resource of a process with a reference, or NULL if there is no memory. Its
 * attributes are those of bricktrace-otlp(7).
 */
struct otlp_resource *otlp_resource_get(struct otlp_resources *resources,
					const struct otlp_process *process);
void otlp_resource_hold(struct otlp_resource *resource);
void otlp_resource_put(struct otlp_resource *resource); /* NULL is ignored */

#endif
