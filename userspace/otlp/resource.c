// SPDX-License-Identifier: MIT
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <uuid/uuid.h>

#include "../lib/utf8.h"
#include "bricktrace.h"
#include "cache.h"
#include "container.h"
#include "opentelemetry/proto/resource/v1/resource.pb-c.h"

typedef Opentelemetry__Proto__Common__V1__KeyValue resource_pair;
typedef Opentelemetry__Proto__Common__V1__AnyValue resource_value;

#define RESOURCE_MAX_OWN 32

/* The attributes of a resource while they are collected. */
struct resource_attributes {
	size_t n;
	resource_pair **all; /* points to @pairs, which have @values */
	resource_pair *pairs;
	resource_value *values;
};

static bool resource_has(const struct resource_attributes *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!strcmp(a->pairs[i].key, name))
			return true;
	return false;
}

static resource_value *resource_add(struct resource_attributes *a, const char *name)
{
	resource_pair *pair = &a->pairs[a->n];
	resource_value *value = &a->values[a->n];

	opentelemetry__proto__common__v1__key_value__init(pair);
	opentelemetry__proto__common__v1__any_value__init(value);
	pair->key = (char *)name;
	pair->value = value;
	a->all[a->n++] = pair;
	return value;
}

/* What is not known, which is an empty text, is no attribute. @text must stay until it is packed. */
static void resource_text(struct resource_attributes *a, const char *name, const char *text)
{
	resource_value *value;

	if (!*text)
		return;
	value = resource_add(a, name);
	value->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
	value->string_value = (char *)text;
}

static void resource_number(struct resource_attributes *a, const char *name, int64_t number)
{
	resource_value *value = resource_add(a, name);

	value->value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE;
	value->int_value = number;
}

/* The texts of attributes that are made for a resource. */
struct resource_texts {
	char comm[65], service[96], instance[UUID_STR_LEN];
	char created[40], owner[256], host[256];
	struct utsname system;
	struct otlp_container container;
};

/*
 * OpenTelemetry wants a UUID, and this namespace. It is always the same for a process in a session,
 * so that spans and metrics have the same, also if different exporters sent them.
 */
static void resource_make_instance(const struct otlp_machine *m,
				   const struct otlp_process *p, struct resource_texts *t)
{
	static const uuid_t space = { 0x4d, 0x63, 0x00, 0x9a, 0x8d, 0x0f, 0x11, 0xee,
				      0xaa, 0xd7, 0x4c, 0x79, 0x6e, 0xd8, 0xe3, 0x20 };
	char text[96];
	uuid_t uuid;
	int length;

	if (!p->local || !*m->boot)
		return;
	length = snprintf(text, sizeof(text), "%s/%llu/%d", m->boot,
			  (unsigned long long)p->session, p->pid);
	uuid_generate_sha1(uuid, space, text, length);
	uuid_unparse_lower(uuid, t->instance);
}

static void resource_make_created(uint64_t ns, struct resource_texts *t)
{
	time_t seconds = ns / 1000000000;
	struct tm tm;
	size_t length;

	if (!ns || !gmtime_r(&seconds, &tm))
		return;
	length = strftime(t->created, sizeof(t->created), "%FT%T", &tm);
	snprintf(t->created + length, sizeof(t->created) - length, ".%03uZ",
		 (unsigned int)(ns / 1000000 % 1000));
}

static void resource_make_owner(uid_t uid, struct resource_texts *t)
{
	struct passwd entry, *found = NULL;
	char room[4096];

	if (!getpwuid_r(uid, &entry, room, sizeof(room), &found) && found && *entry.pw_name)
		bti_utf8_copy(t->owner, sizeof(t->owner), entry.pw_name,
			      BTI_UTF8_KEEP_CONTROLS);
	else
		snprintf(t->owner, sizeof(t->owner), "%u", uid);
}

/* What only this machine knows about its processes. */
static void resource_add_local(struct resource_attributes *a,
			       const struct otlp_machine *m, const struct otlp_process *p,
			       const struct otlp_process_facts *f, int directory,
			       struct resource_texts *t)
{
	resource_make_created(f->created_unix_ns, t);
	resource_make_owner(p->uid, t);
	otlp_container_find(m, p->cgroup, directory, &t->container);
	uname(&t->system);
	bti_utf8_copy(t->host, sizeof(t->host), t->system.nodename, BTI_UTF8_KEEP_CONTROLS);

	resource_text(a, "host.name", t->host);
	resource_text(a, "host.id", m->id);
	resource_text(a, "os.type", "linux");
	resource_text(a, "os.version", t->system.release);
	resource_text(a, "process.creation.time", t->created);
	resource_text(a, "process.command", f->command);
	resource_text(a, "process.owner", t->owner);
	resource_text(a, "container.id", t->container.id);
	resource_text(a, "k8s.pod.uid", t->container.pod);
}

static const char *resource_service(const struct otlp_config *config, const char *label,
				    struct resource_texts *t)
{
	if (*label || config->service_name)
		return *label ? label : config->service_name;
	snprintf(t->service, sizeof(t->service), "unknown_service%s%s",
		 *t->comm ? ":" : "", t->comm);
	return t->service;
}

static void resource_add_own(struct resource_attributes *a,
			     const struct otlp_config *config,
			     const struct otlp_machine *m, const struct otlp_process *p,
			     const struct otlp_process_facts *f, int directory,
			     struct resource_texts *t)
{
	bti_utf8_copy(t->comm, sizeof(t->comm), *f->name ? f->name : p->comm,
		      BTI_UTF8_KEEP_CONTROLS);
	resource_text(a, "service.name", resource_service(config, p->label, t));
	resource_text(a, "telemetry.sdk.name", "bricktrace");
	resource_text(a, "telemetry.sdk.language", "c");
	resource_text(a, "telemetry.sdk.version", BT_VERSION);
	resource_text(a, "host.arch", otlp_machine_arch(p->machine));
	if (p->pid > 0)
		resource_number(a, "process.pid", p->pid);
	resource_text(a, "process.executable.name", t->comm);
	if (p->local)
		resource_add_local(a, m, p, f, directory, t);
}

/* A program's own words come last, because they replace nothing but the name of the instance. */
static void resource_add_others(struct resource_attributes *a,
				const struct otlp_config *config,
				const struct otlp_machine *m,
				const struct otlp_process *p, struct resource_texts *t)
{
	size_t i;

	for (i = 0; i < config->n_attributes; i++)
		if (!resource_has(a, config->attributes[i].name))
			resource_text(a, config->attributes[i].name,
				      config->attributes[i].value);
	resource_make_instance(m, p, t);
	if (!resource_has(a, "service.instance.id"))
		resource_text(a, "service.instance.id", t->instance);
}

static bool resource_pack(const struct resource_attributes *a, struct otlp_bytes *message)
{
	Opentelemetry__Proto__Resource__V1__Resource resource =
		OPENTELEMETRY__PROTO__RESOURCE__V1__RESOURCE__INIT;
	size_t size;

	resource.n_attributes = a->n;
	resource.attributes = a->all;
	size = opentelemetry__proto__resource__v1__resource__get_packed_size(&resource);
	if (otlp_bytes_reserve(message, size))
		return false;
	message->size = opentelemetry__proto__resource__v1__resource__pack(&resource,
									   message->data);
	return true;
}

struct otlp_resource *otlp_resource_new(const struct otlp_config *config,
					const struct otlp_machine *m,
					const struct otlp_process *p,
					const struct otlp_process_facts *f, int directory)
{
	size_t most = RESOURCE_MAX_OWN + config->n_attributes;
	struct resource_attributes a = {
		.all = calloc(most, sizeof(*a.all)),
		.pairs = calloc(most, sizeof(*a.pairs)),
		.values = calloc(most, sizeof(*a.values)),
	};
	struct otlp_resource *resource = calloc(1, sizeof(*resource));
	struct resource_texts t = { 0 };
	bool good = a.all && a.pairs && a.values && resource;

	if (good) {
		resource_add_own(&a, config, m, p, f, directory, &t);
		resource_add_others(&a, config, m, p, &t);
		resource->references = 1;
		resource->created_unix_ns = f->created_unix_ns;
		good = resource_pack(&a, &resource->message);
	}
	free(a.all);
	free(a.pairs);
	free(a.values);
	if (good)
		return resource;
	free(resource);
	return NULL;
}

void otlp_resource_hold(struct otlp_resource *resource)
{
	__atomic_fetch_add(&resource->references, 1, __ATOMIC_RELAXED);
}

void otlp_resource_put(struct otlp_resource *resource)
{
	if (!resource || __atomic_fetch_sub(&resource->references, 1, __ATOMIC_ACQ_REL) > 1)
		return;
	otlp_bytes_free(&resource->message);
	free(resource);
}
