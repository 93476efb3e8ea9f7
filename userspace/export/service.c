// SPDX-License-Identifier: MIT
/* The service: runs come from a stream or a recording and go to an exporter. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "../lib/internal.h"
#include "cli.h"
#include "notify.h"
#include "service.h"
#include "signals.h"

#define SERVICE_STATUS_NS (10 * SECOND)
/* So often the end looks for signals. */
#define SERVICE_SLICE_NS (SECOND / 10)
/* The size of a text that says what is wrong with a configuration. */
#define SERVICE_PROBLEM 512

bool service_own_brick(const char *name)
{
	static const char own[] = "bricktrace-";

	return !strncmp(name, own, strlen(own));
}

void service_take(struct service *s, const struct bt_record *record, bool local)
{
	if (!record->result || strcmp(record->result->brick, BTI_CALIBRATION_BRICK))
		otlp_exporter_take(s->exporter, record, local);
}

int service_configure(const struct service *s, char ***file,
		      struct otlp_config *configs[OTLP_SIGNALS])
{
	struct variables v = s->variables;
	char problem[SERVICE_PROBLEM];
	int i, err = 0;

	*file = NULL;
	memset(configs, 0, OTLP_SIGNALS * sizeof(*configs));
	if (s->config) {
		*file = variables_read_file(s->config);
		if (!*file)
			return -1;
		v.file = *file;
	}
	for (i = 0; i < OTLP_SIGNALS && !err; i++)
		err = otlp_config_read(variables_get, &v, &configs[i], problem,
				       sizeof(problem));
	if (!err)
		return 0;
	complain("%s", problem);
	otlp_config_free(configs[OTLP_TRACES]);
	variables_free_file(*file);
	return -1;
}

/* The exporter's own counts, in any thread. */
static void service_counts(void *context, struct bt_otlp_counts *counts)
{
	struct service *s = context;
	uint64_t lost = atomic_load(&s->lost);

	otlp_exporter_counts(s->exporter, counts);
	counts->lost = MAX(counts->lost, lost);
}

static void service_log(void *context, const char *text)
{
	(void)context;
	complain("%s", text);
}

int service_start(struct service *s, struct otlp_config *configs[OTLP_SIGNALS])
{
	struct otlp_config *traces = configs[OTLP_TRACES], *metrics = configs[OTLP_METRICS];
	bool with_traces = traces->targets[OTLP_TRACES].enabled;
	bool with_metrics = metrics->targets[OTLP_METRICS].enabled && !s->from;
	struct collector_setup *setup = NULL;
	char problem[SERVICE_PROBLEM];
	int err = 0;

	s->flush_ns = traces->flush_ns;
	if (with_traces)
		err = otlp_exporter_new(traces, service_log, NULL, &s->exporter, problem,
					sizeof(problem));
	else
		otlp_config_free(traces);
	if (err)
		complain("cannot export traces: %s", problem);
	if (with_metrics && !err)
		setup = collector_setup_new(metrics);
	else
		otlp_config_free(metrics);
	if (setup)
		s->collector = collector_new(setup, s->exporter ? service_counts : NULL, s);
	return err || (with_metrics && !s->collector) ? EXIT_OWN : 0;
}

/* Gives the exporter and the collector another configuration. Each config is used or freed. */
static int service_reconfigure(struct service *s, struct otlp_config *configs[OTLP_SIGNALS])
{
	struct otlp_config *traces = configs[OTLP_TRACES], *metrics = configs[OTLP_METRICS];
	struct collector_setup *setup = NULL;
	uint64_t flush_ns = traces->flush_ns;
	char problem[SERVICE_PROBLEM];
	int err = 0;

	if (s->collector)
		setup = collector_setup_new(metrics);
	else
		otlp_config_free(metrics);
	if (s->exporter && (setup || !s->collector))
		err = otlp_exporter_configure(s->exporter, traces, problem,
					      sizeof(problem));
	else
		otlp_config_free(traces);
	if (err)
		complain("cannot export traces: %s", problem);
	if (err || (s->collector && !setup)) {
		collector_setup_free(setup);
		return -1;
	}
	if (setup)
		collector_configure(s->collector, setup);
	s->flush_ns = flush_ns;
	return 0;
}

/* Whether the configuration has the same signals, as streams and threads are only opened once. */
static bool service_same_signals(const struct service *s, const struct otlp_config *c)
{
	bool same = !c->disabled && c->targets[OTLP_TRACES].enabled == !!s->exporter &&
		    (s->from || c->targets[OTLP_METRICS].enabled == !!s->collector);

	if (!same)
		complain("whether traces and metrics are exported cannot be changed while the service runs: restart it");
	return same;
}

static int service_reload(struct service *s)
{
	struct otlp_config *configs[OTLP_SIGNALS];
	char **file;

	if (service_configure(s, &file, configs))
		return -1;
	if (!service_same_signals(s, configs[OTLP_TRACES])) {
		otlp_config_free(configs[OTLP_TRACES]);
		otlp_config_free(configs[OTLP_METRICS]);
	} else if (!service_reconfigure(s, configs)) {
		variables_free_file(s->variables.file);
		s->variables.file = file;
		return 0;
	}
	variables_free_file(file);
	return -1;
}

static void service_tell_losses(struct service *s)
{
	struct bt_counts counts;

	if (!s->stream || bt_stream_counts(s->stream, &counts))
		return;
	atomic_store(&s->lost, counts.lost);
	if (counts.lost > s->lost_said)
		complain("%" PRIu64 " more runs were lost, %" PRIu64
			 " in all: too many ended at once, see LOSSES in bricktrace-export(1)",
			 counts.lost - s->lost_said, counts.lost);
	s->lost_said = counts.lost;
}

static void service_tell_status(struct service *s)
{
	struct bt_otlp_counts counts;
	char problem[SERVICE_PROBLEM];

	if (!s->exporter) {
		notify_status("metrics only");
		return;
	}
	service_counts(s, &counts);
	otlp_exporter_problem(s->exporter, problem, sizeof(problem));
	notify_status("%" PRIu64 " spans exported, %" PRIu64 " waiting, %" PRIu64
		      " rejected, %" PRIu64 " dropped; %" PRIu64 " runs lost%s%s",
		      counts.exported, counts.queued, counts.rejected, counts.dropped,
		      counts.lost, *problem ? "; " : "", problem);
}

/* Does what is to be done now. */
static void service_tick(struct service *s)
{
	uint64_t now = monotonic_ns();

	if (signals_reload()) {
		notify_reloading();
		complain(service_reload(s) ? "the configuration stays as it was" :
					     "the configuration was read again");
		notify_ready();
	}
	if (now >= s->next_watchdog_ns) {
		notify_watchdog();
		s->next_watchdog_ns = now + s->watchdog_ns;
	}
	if (now >= s->next_status_ns) {
		service_tell_losses(s);
		service_tell_status(s);
		s->next_status_ns = now + SERVICE_STATUS_NS;
	}
}

void service_attend(struct service *s, int fd, uint64_t timeout_ns)
{
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	uint64_t now = monotonic_ns(), next = MIN(s->next_watchdog_ns, s->next_status_ns);
	struct timespec timeout = service_time(MIN(timeout_ns, next - MIN(next, now)));

	ppoll(&poll, 1, &timeout, signals_open());
	service_tick(s);
}

/*
 * Whether the end may still wait. A recording is exported without a loss, so only a signal begins
 * to count the time.
 */
static bool service_may_wait(struct service *s, uint64_t *until_ns)
{
	uint64_t now = monotonic_ns();

	service_attend(s, -1, 0);
	if (*until_ns == UINT64_MAX && (!s->from || signals_ends()))
		*until_ns = now + MIN(s->flush_ns, UINT64_MAX - 1 - now);
	return signals_ends() < 2 && now < *until_ns;
}

static int service_summarize(const struct bt_otlp_counts *c, bool quiet)
{
	bool losses = c->lost || c->rejected || c->dropped;

	if (quiet && !losses)
		return 0;
	complain("%" PRIu64 " runs were read, of which %" PRIu64
		 " were not sampled; %" PRIu64 " spans were exported, %" PRIu64
		 " rejected, %" PRIu64 " dropped; %" PRIu64 " runs were lost",
		 c->runs, c->unsampled, c->exported, c->rejected, c->dropped, c->lost);
	return losses ? EXIT_LOSS : 0;
}

int service_end(struct service *s, int status)
{
	uint64_t until_ns = UINT64_MAX;
	struct bt_otlp_counts counts;
	int losses = 0;

	notify_stopping(s->flush_ns);
	service_tell_losses(s);
	while (s->exporter &&
	       otlp_exporter_flush(s->exporter, SERVICE_SLICE_NS) == -ETIMEDOUT &&
	       service_may_wait(s, &until_ns))
		;
	if (s->collector)
		collector_finish(s->collector);
	while (s->collector && !collector_wait(s->collector, SERVICE_SLICE_NS) &&
	       service_may_wait(s, &until_ns))
		;
	collector_free(s->collector);
	if (s->exporter) {
		otlp_exporter_free(s->exporter, 0, &counts);
		counts.lost = MAX(counts.lost, atomic_load(&s->lost));
		losses = service_summarize(&counts, s->quiet);
	}
	return status ?: losses;
}
