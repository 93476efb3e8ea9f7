// SPDX-License-Identifier: MIT
/* The cache of resources, from which all but the first run of a process get theirs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "cache.h"

/* A resource, and what an otlp_process has to have to be described by it. */
struct cache_entry {
	TAILQ_ENTRY(cache_entry) age;
	LIST_ENTRY(cache_entry) bucket;
	uint64_t session, cgroup;
	pid_t pid;
	uid_t uid;
	bool local;
	/* Longer texts, which the kernel does not have, are equal to nothing. */
	char comm[64], label[64], machine[65];
	char name[65]; /* by which the resource calls the process */
	struct otlp_resource *resource;
};

TAILQ_HEAD(cache_ages, cache_entry);
LIST_HEAD(cache_bucket, cache_entry);

struct otlp_resources {
	const struct otlp_config *config;
	struct otlp_machine machine;
	struct cache_ages ages; /* the one that was used last is the first */
	struct cache_bucket buckets[OTLP_RESOURCES];
	struct cache_entry entries[OTLP_RESOURCES];
	size_t n;
};

struct otlp_resources *otlp_resources_open(const struct otlp_config *config,
					   const char *root)
{
	struct otlp_resources *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->config = config;
	otlp_machine_read(&c->machine, root);
	TAILQ_INIT(&c->ages);
	return c;
}

struct otlp_resources *otlp_resources_new(const struct otlp_config *config)
{
	return otlp_resources_open(config, "");
}

void otlp_resources_free(struct otlp_resources *c)
{
	size_t i;

	for (i = 0; c && i < c->n; i++)
		otlp_resource_put(c->entries[i].resource);
	free(c);
}

static struct cache_bucket *cache_bucket(struct otlp_resources *c,
					 const struct otlp_process *p)
{
	return &c->buckets[(p->session * 31 + p->pid) % OTLP_RESOURCES];
}

/* How much an entry and a process have in common. */
enum cache_likeness { CACHE_PROCESS, CACHE_ALL_BUT_COMM, CACHE_ALL };

static bool cache_is(const struct cache_entry *e, const struct otlp_process *p,
		     enum cache_likeness likeness)
{
	if (e->session != p->session || e->pid != p->pid || e->local != p->local)
		return false;
	if (likeness == CACHE_PROCESS)
		return true;
	return e->cgroup == p->cgroup && e->uid == p->uid &&
	       !strcmp(e->label, p->label) && !strcmp(e->machine, p->machine) &&
	       (likeness == CACHE_ALL_BUT_COMM || !strcmp(e->comm, p->comm));
}

static struct cache_entry *cache_find(struct otlp_resources *c,
				      const struct otlp_process *p,
				      enum cache_likeness likeness)
{
	struct cache_entry *e;

	LIST_FOREACH(e, cache_bucket(c, p), bucket)
	if (cache_is(e, p, likeness))
		break;
	return e;
}

/* Takes the place of the entry that was not used for the longest time. */
static void cache_put(struct otlp_resources *c, const struct otlp_process *p,
		      const char *name, struct otlp_resource *resource)
{
	struct cache_entry *e;

	if (c->n < OTLP_RESOURCES) {
		e = &c->entries[c->n++];
	} else {
		e = TAILQ_LAST(&c->ages, cache_ages);
		TAILQ_REMOVE(&c->ages, e, age);
		LIST_REMOVE(e, bucket);
		otlp_resource_put(e->resource);
	}
	*e = (struct cache_entry){
		.session = p->session,
		.cgroup = p->cgroup,
		.pid = p->pid,
		.uid = p->uid,
		.local = p->local,
		.resource = resource,
	};
	snprintf(e->comm, sizeof(e->comm), "%s", p->comm);
	snprintf(e->label, sizeof(e->label), "%s", p->label);
	snprintf(e->machine, sizeof(e->machine), "%s", p->machine);
	snprintf(e->name, sizeof(e->name), "%s", name);
	otlp_resource_hold(resource);
	TAILQ_INSERT_HEAD(&c->ages, e, age);
	LIST_INSERT_HEAD(cache_bucket(c, p), e, bucket);
}

/*
 * The threads of a process have names of their own, and share its resource all the same. After an
 * execve() the process has another name, and so another resource.
 */
static struct otlp_resource *cache_make(struct otlp_resources *c,
					const struct otlp_process *p)
{
	const struct cache_entry *twin =
		p->pid ? cache_find(c, p, CACHE_ALL_BUT_COMM) : NULL;
	const struct cache_entry *before = p->pid ? cache_find(c, p, CACHE_PROCESS) : NULL;
	struct otlp_process_facts facts = { 0 };
	int directory = otlp_process_open(&c->machine, p, &facts);
	struct otlp_resource *resource;
	const char *name;

	/* The time of creation, which the clocks give a little differently each time, is kept. */
	if (before && before->resource->created_unix_ns)
		facts.created_unix_ns = before->resource->created_unix_ns;
	if (!*facts.name && before)
		snprintf(facts.name, sizeof(facts.name), "%s", before->name);
	name = *facts.name ? facts.name : p->comm;
	if (twin && !strcmp(twin->name, name)) {
		resource = twin->resource;
		otlp_resource_hold(resource);
	} else {
		resource = otlp_resource_new(c->config, &c->machine, p, &facts, directory);
	}
	if (directory >= 0)
		close(directory);
	if (resource)
		cache_put(c, p, name, resource);
	return resource;
}

struct otlp_resource *otlp_resource_get(struct otlp_resources *c,
					const struct otlp_process *p)
{
	struct cache_entry *last = TAILQ_FIRST(&c->ages), *e = last;

	if (!last || !cache_is(last, p, CACHE_ALL))
		e = cache_find(c, p, CACHE_ALL);
	if (!e)
		return cache_make(c, p);
	if (e != last) {
		TAILQ_REMOVE(&c->ages, e, age);
		TAILQ_INSERT_HEAD(&c->ages, e, age);
	}
	otlp_resource_hold(e->resource);
	return e->resource;
}
