// SPDX-License-Identifier: MIT
/* An exporter: what the producer does, and the thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery.h"
#include "exporter.h"
#include "thread.h"

struct otlp_exporter {
	struct otlp_spool spool;
	struct otlp_delivery delivery;
	pthread_t thread;
	/* These belong to the thread that calls otlp_exporter_take(). */
	bool enabled;
	bool error_status;
	struct otlp_encoder *encoder;
	struct otlp_resources *resources;
	struct otlp_bytes spans;
};

static void *exporter_run(void *context)
{
	struct otlp_exporter *e = context;

	otlp_thread_name();
	otlp_delivery_run(&e->delivery);
	return NULL;
}

static void exporter_destroy(struct otlp_exporter *e)
{
	otlp_delivery_destroy(&e->delivery);
	otlp_spool_destroy(&e->spool);
	otlp_encoder_free(e->encoder);
	otlp_resources_free(e->resources);
	otlp_bytes_free(&e->spans);
	free(e);
}

static int exporter_no_memory(char *problem, size_t size)
{
	snprintf(problem, size, "no memory for the exporter");
	return -ENOMEM;
}

/* Makes what the producer needs. Returns false, and changes nothing, if there is no memory. */
static bool exporter_prepare(struct otlp_exporter *e, const struct otlp_config *config)
{
	/* An encoder remembers runs, so it is kept if possible. */
	bool renew = !e->encoder || e->error_status != config->error_status;
	struct otlp_encoder *encoder =
		renew ? otlp_encoder_new(config->error_status) : e->encoder;
	struct otlp_resources *resources = otlp_resources_new(config);

	if (!encoder || !resources) {
		otlp_encoder_free(renew ? encoder : NULL);
		otlp_resources_free(resources);
		return false;
	}
	otlp_encoder_free(renew ? e->encoder : NULL);
	otlp_resources_free(e->resources);
	e->encoder = encoder;
	e->error_status = config->error_status;
	e->resources = resources;
	return true;
}

int otlp_exporter_configure(struct otlp_exporter *e, struct otlp_config *config,
			    char *problem, size_t size)
{
	const struct otlp_target *target = &config->targets[OTLP_TRACES];
	bool enabled = !config->disabled && target->enabled;
	struct otlp_way way = { .config = config };
	int err = 0;

	if (enabled)
		err = otlp_transport_new(target, &way.transport, problem, size);
	if (!err && !exporter_prepare(e, config))
		err = exporter_no_memory(problem, size);
	if (err) {
		otlp_transport_free(way.transport);
		otlp_config_free(config);
		return err;
	}
	e->enabled = enabled;
	otlp_delivery_redirect(&e->delivery, way);
	otlp_spool_configure(&e->spool, config);
	return 0;
}

int otlp_exporter_new(struct otlp_config *config, otlp_log *log, void *context,
		      struct otlp_exporter **exporter, char *problem, size_t size)
{
	struct otlp_exporter *e = calloc(1, sizeof(*e));
	int err;

	*exporter = NULL;
	if (!e) {
		otlp_config_free(config);
		return exporter_no_memory(problem, size);
	}
	otlp_spool_init(&e->spool);
	otlp_delivery_init(&e->delivery, &e->spool);
	e->delivery.trouble.log = log;
	e->delivery.trouble.context = context;
	err = otlp_exporter_configure(e, config, problem, size);
	if (!err) {
		err = otlp_thread_start(&e->thread, exporter_run, e);
		if (err)
			snprintf(problem, size, "cannot create a thread: %s",
				 strerror(-err));
	}
	if (err)
		exporter_destroy(e);
	else
		*exporter = e;
	return err;
}

/* Returns the run's spans, @n in number, or NULL if there is no memory. */
static struct otlp_item *exporter_encode(struct otlp_exporter *e,
					 const struct bt_record *record, bool local,
					 uint32_t *n)
{
	const struct otlp_process process = {
		.session = record->session,
		.pid = record->tgid,
		.uid = record->uid,
		.cgroup = record->cgroup,
		.comm = record->comm,
		.label = record->label,
		.machine = record->machine,
		.seen_unix_ns = record->start_unix_ns,
		.local = local,
	};
	struct otlp_item *item;

	e->spans.size = 0;
	*n = 1; /* the span of the run, if it cannot be known how many there are */
	if (otlp_encode(e->encoder, record, &e->spans, n))
		return NULL;
	item = malloc(sizeof(*item) + e->spans.size);
	if (!item)
		return NULL;
	item->resource = otlp_resource_get(e->resources, &process);
	item->n = *n;
	item->size = e->spans.size;
	memcpy(item->spans, e->spans.data, item->size);
	if (item->resource)
		return item;
	free(item);
	return NULL;
}

void otlp_exporter_take(struct otlp_exporter *e, const struct bt_record *record, bool local)
{
	struct otlp_item *item;
	uint32_t n;

	if (record->type == BT_RECORD_LOSS) {
		otlp_spool_lose(&e->spool, record->lost);
	} else if (!e->enabled || !otlp_span_sampled(record)) {
		otlp_spool_skip(&e->spool, e->enabled);
	} else {
		item = exporter_encode(e, record, local, &n);
		otlp_spool_put(&e->spool, item, n);
	}
}

bool otlp_exporter_wait_room(struct otlp_exporter *e, uint64_t timeout_ns)
{
	return otlp_spool_wait_room(&e->spool, timeout_ns);
}

int otlp_exporter_flush(struct otlp_exporter *e, uint64_t timeout_ns)
{
	return otlp_spool_flush(&e->spool, timeout_ns);
}

void otlp_exporter_counts(struct otlp_exporter *e, struct bt_otlp_counts *counts)
{
	otlp_spool_counts(&e->spool, counts);
	counts->sent_bytes = otlp_delivery_sent_bytes(&e->delivery);
}

void otlp_exporter_problem(struct otlp_exporter *e, char *problem, size_t size)
{
	otlp_spool_problem(&e->spool, problem, size);
}

void otlp_exporter_free(struct otlp_exporter *e, uint64_t timeout_ns,
			struct bt_otlp_counts *counts)
{
	if (timeout_ns)
		otlp_spool_flush(&e->spool, timeout_ns);
	otlp_spool_stop(&e->spool);
	atomic_store(&e->delivery.cancel, true);
	pthread_join(e->thread, NULL);
	if (counts)
		otlp_exporter_counts(e, counts);
	exporter_destroy(e);
}
