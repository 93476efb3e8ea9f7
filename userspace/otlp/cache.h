/* SPDX-License-Identifier: MIT */
/* Describing processes as resources, for the cache of them. */
#ifndef OTLP_CACHE_H
#define OTLP_CACHE_H

#include "machine.h"
#include "process.h"
#include "resource.h"

/* The same as otlp_resources_new(), for absolute paths that begin with @root. */
struct otlp_resources *otlp_resources_open(const struct otlp_config *config,
					   const char *root);

/*
 * Packs the resource of a process. @facts are what is known about it; @directory is its directory
 * in /proc, or -1. Returns NULL if there is no memory.
 */
struct otlp_resource *otlp_resource_new(const struct otlp_config *config,
					const struct otlp_machine *machine,
					const struct otlp_process *process,
					const struct otlp_process_facts *facts,
					int directory);

#endif
