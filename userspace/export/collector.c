// SPDX-License-Identifier: MIT
/* The thread that collects the statistics of bricks, and sends them as metrics. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "cli.h"
#include "collector.h"
#include "host.h"
#include "metric.h"
#include "service.h"
#include "transport.h"

/* How often a request is sent again, and how long to wait before, if nobody says how long. */
#define COLLECTOR_RETRIES 3
#define COLLECTOR_WAIT_NS SECOND

struct collector_setup {
	struct otlp_config *config;
	struct otlp_metrics *metrics;
	struct otlp_transport *transport;
};

struct collector {
	pthread_t thread;
	pthread_mutex_t lock; /* the next four */
	pthread_cond_t changed;
	struct collector_setup *next; /* to be used from the next collection on, or NULL */
	bool finishing, finished;
	atomic_bool cancel;
	struct collector_setup *setup; /* this and the rest belong to the thread */
	void (*counts)(void *context, struct bt_otlp_counts *counts);
	void *context;
	struct otlp_bytes request;
	char *problem; /* what was last said to be wrong, or NULL */
};

struct collector_setup *collector_setup_new(struct otlp_config *config)
{
	struct collector_setup *s = calloc(1, sizeof(*s));
	char problem[512] = "there is no memory";
	int err = -ENOMEM;

	if (!s) {
		otlp_config_free(config);
		complain("no memory");
		return NULL;
	}
	s->config = config;
	s->metrics = otlp_metrics_new(config);
	if (s->metrics)
		err = otlp_transport_new(&config->targets[OTLP_METRICS], &s->transport,
					 problem, sizeof(problem));
	if (!err)
		return s;
	complain("cannot export metrics: %s", problem);
	collector_setup_free(s);
	return NULL;
}

void collector_setup_free(struct collector_setup *s)
{
	if (!s)
		return;
	otlp_transport_free(s->transport);
	otlp_metrics_free(s->metrics);
	otlp_config_free(s->config);
	free(s);
}

/* Notes that there is a problem, which belongs to the collector, or none. Says what is new. */
static void collector_tell(struct collector *c, char *problem)
{
	if (problem && (!c->problem || strcmp(problem, c->problem) != 0))
		complain("no metrics are exported: %s", problem);
	else if (!problem && c->problem)
		complain("metrics are exported again");
	free(c->problem);
	c->problem = problem;
}

/* A number of 128 bits that has more than 64 of them would have taken 584 years. */
static uint64_t collector_sum(const struct bricktrace_sum *sum)
{
	return sum->high ? UINT64_MAX : sum->low;
}

static void collector_read_categories(const struct host_brick *from, struct otlp_brick *to)
{
	uint32_t i, n = bti_elements(&from->get.categories);

	for (i = 0; i < n; i++) {
		const struct bricktrace_category_statistics *c = &from->room.categories[i];

		if (c->category < OTLP_CATEGORIES)
			to->categories[c->category] = (struct otlp_category_sums){
				.count = collector_sum(&c->count),
				.errors = collector_sum(&c->errors),
				.ns = collector_sum(&c->ns),
				.offcpu_ns = collector_sum(&c->offcpu_ns),
			};
	}
}

static void collector_read_brick(const struct host_brick *from, struct otlp_brick *to)
{
	const struct bricktrace_statistics *s = from->room.statistics;
	size_t i;

	*to = (struct otlp_brick){
		.session = from->session,
		.process = { .session = from->session,
			     .pid = from->pid,
			     .uid = from->uid,
			     .comm = from->comm,
			     .label = from->label,
			     .machine = bti_host,
			     .local = true },
		.name = from->get.name,
		.runs = s->runs,
		.traced = s->traced,
		.over_budget = s->over_budget,
		.zero = s->zero,
		.sum_ns = collector_sum(&s->sum_ns),
		.min_ns = s->min_ns,
		.max_ns = s->max_ns,
	};
	for (i = 0; i < BT_BUCKETS; i++)
		to->buckets[i] = from->room.histogram[i].runs;
	collector_read_categories(from, to);
}

static int collector_compare(const void *left, const void *right)
{
	const struct otlp_brick *a = left, *b = right;

	if (a->session != b->session)
		return a->session < b->session ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Makes the request of what was listed. Returns 0 or -ENOMEM. */
static int collector_encode(struct collector *c, const struct host_brick *list, size_t n)
{
	struct otlp_brick *bricks = calloc(n + 1, sizeof(*bricks));
	struct bt_otlp_counts counts = { 0 };
	size_t i, m = 0;
	int err = -ENOMEM;

	for (i = 0; bricks && i < n; i++)
		if (!service_own_brick(list[i].get.name))
			collector_read_brick(&list[i], &bricks[m++]);
	if (bricks) {
		qsort(bricks, m, sizeof(*bricks), collector_compare);
		if (c->counts)
			c->counts(c->context, &counts);
		err = otlp_metrics_encode(c->setup->metrics, bricks, m,
					  c->counts ? &counts : NULL,
					  bti_system.unix_now(), &c->request);
	}
	free(bricks);
	if (err)
		complain("no memory");
	return err;
}

static int collector_list(struct collector *c)
{
	const struct host_filter books = { .books = true };
	struct host_brick *list = NULL;
	struct host *host;
	size_t n;
	int err = host_open(&host, false);

	if (err)
		return err;
	err = host_list_bricks(host, &books, &list, &n);
	if (!err)
		err = collector_encode(c, list, n);
	free(list);
	host_close(host);
	return err;
}

/* Makes one sentence of the lines of complain(). */
static void collector_join(char *text)
{
	static const char begin[] = "bricktrace: ";
	char *to = text;

	while (*text) {
		if (!strncmp(text, begin, strlen(begin)))
			text += strlen(begin);
		while (*text && *text != '\n')
			*to++ = *text++;
		if (*text && *++text)
			to = stpcpy(to, "; ");
	}
	*to = 0;
}

/* Makes the request. Returns 0, or -1 and what complain() was told in @problem. */
static int collector_collect(struct collector *c, char **problem)
{
	size_t size;
	int err = -1;

	*problem = NULL;
	complaints = open_memstream(problem, &size);
	if (complaints) {
		err = collector_list(c);
		fclose(complaints);
		complaints = NULL;
	}
	if (*problem)
		collector_join(*problem);
	if (err)
		return -1;
	/* On a host where sessions come and go all the time, a list is never of one moment. */
	free(*problem);
	*problem = NULL;
	return 0;
}

/* Waits until @until_ns, or until the collector is to finish, and returns whether it is. */
static bool collector_sleep(struct collector *c, uint64_t until_ns)
{
	const struct timespec until = service_time(until_ns);
	bool finishing;
	int err = 0;

	pthread_mutex_lock(&c->lock);
	while (!c->finishing && !c->next && !err)
		err = pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC,
					     &until);
	finishing = c->finishing;
	pthread_mutex_unlock(&c->lock);
	return finishing;
}

/*
 * Sends the request, and again if the receiver is not able, before @until_ns. Returns what is
 * wrong, or NULL.
 */
static char *collector_send(struct collector *c, uint64_t until_ns)
{
	struct otlp_answer answer;
	char *problem = NULL;
	uint64_t wait_ns, now;
	int i;

	for (i = 0;; i++) {
		otlp_transport_send(c->setup->transport, &c->request, &c->cancel, &answer);
		wait_ns = MAX(answer.wait_ns, COLLECTOR_WAIT_NS << i);
		now = monotonic_ns();
		if (answer.outcome != OTLP_RETRY || i == COLLECTOR_RETRIES ||
		    wait_ns > until_ns - MIN(now, until_ns) ||
		    collector_sleep(c, now + wait_ns))
			break;
	}
	if (answer.outcome == OTLP_ACCEPTED && !answer.rejected)
		return NULL;
	if (answer.outcome == OTLP_ACCEPTED)
		i = asprintf(&problem,
			     "the receiver has rejected %" PRIu64 " data points: %s",
			     answer.rejected, answer.text);
	else
		i = asprintf(&problem, "%s", answer.text);
	return i < 0 ? NULL : problem;
}

static void collector_turn(struct collector *c, uint64_t until_ns)
{
	char *problem;

	if (!collector_collect(c, &problem) && c->request.size)
		problem = collector_send(c, until_ns);
	/* When the service ends at once, that is not the receiver's fault. */
	if (atomic_load(&c->cancel))
		free(problem);
	else
		collector_tell(c, problem);
}

/* Takes over a new setup, if there is one. */
static void collector_take_setup(struct collector *c)
{
	pthread_mutex_lock(&c->lock);
	if (c->next) {
		collector_setup_free(c->setup);
		c->setup = c->next;
		c->next = NULL;
	}
	pthread_mutex_unlock(&c->lock);
}

static void *collector_run(void *argument)
{
	struct collector *c = argument;
	uint64_t next_ns;

	do {
		collector_take_setup(c);
		next_ns = monotonic_ns() + c->setup->config->metric_interval_ns;
		collector_turn(c, next_ns);
	} while (!collector_sleep(c, next_ns));
	/* The last request is sent once, as there is nobody to wait for another one. */
	collector_take_setup(c);
	collector_turn(c, 0);
	pthread_mutex_lock(&c->lock);
	c->finished = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct collector *
collector_new(struct collector_setup *setup,
	      void (*counts)(void *context, struct bt_otlp_counts *counts), void *context)
{
	struct collector *c = calloc(1, sizeof(*c));
	int err = ENOMEM;

	if (c) {
		pthread_mutex_init(&c->lock, NULL);
		pthread_cond_init(&c->changed, NULL);
		c->setup = setup;
		c->counts = counts;
		c->context = context;
		err = pthread_create(&c->thread, NULL, collector_run, c);
	}
	if (!err)
		return c;
	complain("cannot start the thread that exports metrics: %s", strerror(err));
	free(c);
	collector_setup_free(setup);
	return NULL;
}

void collector_configure(struct collector *c, struct collector_setup *setup)
{
	pthread_mutex_lock(&c->lock);
	collector_setup_free(c->next);
	c->next = setup;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

void collector_finish(struct collector *c)
{
	pthread_mutex_lock(&c->lock);
	c->finishing = true;
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

bool collector_wait(struct collector *c, uint64_t timeout_ns)
{
	const struct timespec until = service_time(monotonic_ns() + timeout_ns);
	bool finished;
	int err = 0;

	pthread_mutex_lock(&c->lock);
	while (!c->finished && !err)
		err = pthread_cond_clockwait(&c->changed, &c->lock, CLOCK_MONOTONIC,
					     &until);
	finished = c->finished;
	pthread_mutex_unlock(&c->lock);
	return finished;
}

void collector_free(struct collector *c)
{
	if (!c)
		return;
	atomic_store(&c->cancel, true);
	collector_finish(c);
	pthread_join(c->thread, NULL);
	collector_setup_free(c->setup);
	collector_setup_free(c->next);
	otlp_bytes_free(&c->request);
	free(c->problem);
	free(c);
}
