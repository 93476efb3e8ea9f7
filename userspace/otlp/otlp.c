// SPDX-License-Identifier: MIT
/* The functions for programs: a thread that passes the runs of a tracer to an exporter. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "exporter.h"
#include "thread.h"

/* So many records are taken, at most, before the reader looks whether something is asked of it. */
#define OTLP_READ 256
/* How long the reader waits before it tries again what needs memory, milliseconds. */
#define OTLP_AGAIN_MS 10

struct bt_otlp {
	/* In a page that the kernel clears in a child: whether this is the process that started. */
	const bool *own;
	uint64_t flush_ns;
	struct bt_tracer *tracer;
	struct otlp_exporter *exporter; /* NULL: nothing is exported */
	struct bt_stream *stream;	/* the reader's, as long as there is one */
	pthread_t reader;
	int wake; /* an eventfd, on which the reader waits, too */
	pthread_mutex_t lock;
	pthread_cond_t said; /* the reader has changed something */
	/* Under the lock. */
	struct otlp_config *config; /* for the reader, who starts the exporter */
	bool started;		    /* the reader has, or has failed with @err */
	int err;
	unsigned int asked;    /* how often somebody asked for the runs that have ended */
	unsigned int answered; /* how many of these times the reader has passed them on */
	bool stop;
	bool over;	   /* the reader reads no more */
	char problem[512]; /* why it does not; or why it could not start */
};

static __thread char otlp_error[512];

const char *bt_otlp_error_text(void)
{
	return otlp_error;
}

static int __attribute__((format(printf, 2, 3)))
otlp_fail(int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(otlp_error, sizeof(otlp_error), format, ap);
	va_end(ap);
	return -error;
}

static int otlp_fail_null(const char *what)
{
	return otlp_fail(EINVAL, "the %s is NULL", what);
}

static int otlp_fail_child(void)
{
	return otlp_fail(
		ECHILD,
		"the exporter is that of a parent process: make a tracer and an exporter in the child");
}

/* A thread that is cancelled while it waits would keep a lock. Returns the state before. */
static int otlp_begin_wait(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static void otlp_end_wait(int state)
{
	pthread_setcancelstate(state, NULL);
}

/* The endpoint stands for what the environment says, also for traces alone. */
static const char *otlp_get_setting(void *context, const char *variable)
{
	const char *endpoint = context;

	if (endpoint && !strcmp(variable, "OTEL_EXPORTER_OTLP_ENDPOINT"))
		return endpoint;
	if (endpoint && !strcmp(variable, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
		return NULL;
	return otlp_get_environment(NULL, variable);
}

/* Opens the stream after everything else, because a tracer can have one only. */
static int otlp_begin(struct bt_otlp *o)
{
	struct otlp_config *config = o->config;
	int err;

	o->config = NULL;
	err = otlp_exporter_new(config, NULL, NULL, &o->exporter, o->problem,
				sizeof(o->problem));
	if (err)
		return err;
	err = bt_stream_open(o->tracer, BT_STREAM_TRACER,
			     BT_STREAM_MEASURE | BT_STREAM_TRACE | BT_STREAM_GRANTED |
				     BT_STREAM_NONBLOCK,
			     0, &o->stream);
	if (!err)
		return 0;
	snprintf(o->problem, sizeof(o->problem), "%s", bt_error_text());
	otlp_exporter_free(o->exporter, 0, NULL);
	o->exporter = NULL;
	return err;
}

/* Passes on what there is, at most OTLP_READ records. Returns 0 if there may be more. */
static int otlp_read(struct bt_otlp *o)
{
	struct bt_record *record;
	int i, err;

	for (i = 0; i < OTLP_READ; i++) {
		err = bt_stream_read(o->stream, &record);
		if (err)
			return err;
		otlp_exporter_take(o->exporter, record, true);
		bt_record_free(record);
	}
	return 0;
}

/*
 * Waits for records, or until somebody asks for something. Returns false if the program has closed
 * a descriptor, as daemons do that close all.
 */
static bool otlp_wait(struct bt_otlp *o, bool no_memory, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = o->wake, .events = POLLIN },
		{ .fd = bt_stream_fd(o->stream), .events = POLLIN },
	};
	uint64_t n;

	/* What there is no memory for stays readable. */
	poll(fds, no_memory ? 1 : 2, timeout_ms);
	if ((fds[0].revents | fds[1].revents) & POLLNVAL)
		return false;
	return !fds[0].revents || read(o->wake, &n, sizeof(n)) > 0 || errno == EAGAIN;
}

/* Looks what was asked. Returns false if there is to be an end. */
static bool otlp_listen(struct bt_otlp *o, unsigned int *asked)
{
	bool stop;

	pthread_mutex_lock(&o->lock);
	*asked = o->asked;
	stop = o->stop;
	pthread_mutex_unlock(&o->lock);
	return !stop;
}

static void otlp_answer(struct bt_otlp *o, unsigned int answered)
{
	pthread_mutex_lock(&o->lock);
	o->answered = answered;
	pthread_cond_broadcast(&o->said);
	pthread_mutex_unlock(&o->lock);
}

/* Reads no more, because of an error if @problem is not NULL. */
static void otlp_end(struct bt_otlp *o, const char *problem)
{
	pthread_mutex_lock(&o->lock);
	o->over = true;
	if (problem)
		snprintf(o->problem, sizeof(o->problem),
			 "cannot read the stream of runs: %s", problem);
	pthread_cond_broadcast(&o->said);
	pthread_mutex_unlock(&o->lock);
}

/*
 * Reads the stream until the end. Who asks for the runs that have ended gets an answer when those
 * are passed on that the kernel had when the question was seen: runs may well end all the time.
 */
static void otlp_pass_on(struct bt_otlp *o)
{
	unsigned int asked, seen = 0, answered = 0;
	struct bt_counts now = { 0 };
	uint64_t target = 0;
	int err;

	while (otlp_listen(o, &asked)) {
		if (asked != seen && !bt_stream_counts(o->stream, &now))
			target = now.delivered + now.waiting;
		seen = asked;
		err = otlp_read(o);
		if (err && err != -EAGAIN && err != -ENOMEM && err != -EINTR) {
			otlp_end(o, bt_error_text());
			return;
		}
		if (answered != seen &&
		    (bt_stream_counts(o->stream, &now) || now.delivered >= target)) {
			answered = seen;
			otlp_answer(o, answered);
		}
		if (err &&
		    !otlp_wait(o, err == -ENOMEM,
			       err == -ENOMEM || answered != seen ? OTLP_AGAIN_MS : -1)) {
			otlp_end(o, "the program has closed its descriptor");
			return;
		}
	}
	otlp_end(o, NULL);
}

static void *otlp_run(void *context)
{
	struct bt_otlp *o = context;
	int err;

	otlp_thread_name();
	/* This fails if the thread did not inherit the tracer, which is as good. */
	bt_thread_unregister(o->tracer);
	/* The exporter's thread is created by this one, and so it is never measured. */
	err = otlp_begin(o);
	pthread_mutex_lock(&o->lock);
	o->err = err;
	o->started = true;
	pthread_cond_broadcast(&o->said);
	pthread_mutex_unlock(&o->lock);
	if (!err)
		otlp_pass_on(o);
	return NULL;
}

static void otlp_free(struct bt_otlp *o)
{
	otlp_config_free(o->config);
	if (o->own)
		munmap((void *)o->own, sizeof(*o->own));
	if (o->wake >= 0)
		close(o->wake);
	free(o);
}

static struct bt_otlp *otlp_new(struct bt_tracer *tracer)
{
	struct bt_otlp *o = calloc(1, sizeof(*o));
	bool *own;

	if (!o)
		return NULL;
	o->tracer = tracer;
	pthread_mutex_init(&o->lock, NULL);
	otlp_clock_condition(&o->said);
	o->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	own = mmap(NULL, sizeof(*own), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (own != MAP_FAILED)
		o->own = own;
	if (o->own && o->wake >= 0 && !madvise(own, sizeof(*own), MADV_WIPEONFORK)) {
		*own = true;
		return o;
	}
	otlp_free(o);
	return NULL;
}

/* Starts the reader, and waits until it has started the rest. */
static int otlp_start_reader(struct bt_otlp *o)
{
	int err = otlp_thread_start(&o->reader, otlp_run, o);

	if (err)
		return otlp_fail(-err, "cannot create a thread: %s", strerror(-err));
	pthread_mutex_lock(&o->lock);
	while (!o->started)
		pthread_cond_wait(&o->said, &o->lock);
	err = o->err;
	pthread_mutex_unlock(&o->lock);
	if (!err)
		return 0;
	pthread_join(o->reader, NULL);
	return otlp_fail(-err, "%s", o->problem);
}

static bool otlp_has_traces(const struct bt_otlp *o)
{
	return bt_tracer_instrumented(o->tracer) && !o->config->disabled &&
	       o->config->targets[OTLP_TRACES].enabled;
}

int bt_otlp_start(struct bt_tracer *tracer, const char *endpoint, struct bt_otlp **otlp)
{
	struct bt_otlp *o;
	int err, state;

	if (!otlp)
		return otlp_fail_null("address for the exporter");
	*otlp = NULL;
	if (!tracer)
		return otlp_fail_null("tracer");
	o = otlp_new(tracer);
	if (!o)
		return otlp_fail(ENOMEM, "no memory for an exporter");
	err = otlp_config_read(otlp_get_setting, (void *)endpoint, &o->config, otlp_error,
			       sizeof(otlp_error));
	if (!err) {
		o->flush_ns = o->config->flush_ns;
		state = otlp_begin_wait();
		if (otlp_has_traces(o))
			err = otlp_start_reader(o);
		otlp_end_wait(state);
	}
	if (err)
		otlp_free(o);
	else
		*otlp = o;
	return err;
}

/* Makes the reader look at what is asked. The caller has the lock. */
static void otlp_wake(struct bt_otlp *o)
{
	const uint64_t one = 1;

	/* It fails only if the reader has been woken so often that it is awake anyway. */
	if (write(o->wake, &one, sizeof(one)) < 0)
		return;
}

/* Waits until the runs that have ended are passed on. Returns false after @deadline_ns. */
static bool otlp_drain(struct bt_otlp *o, uint64_t deadline_ns)
{
	unsigned int ask;
	bool done;

	pthread_mutex_lock(&o->lock);
	ask = ++o->asked;
	otlp_wake(o);
	while (!(done = o->over || (int)(o->answered - ask) >= 0) &&
	       otlp_clock_wait(&o->said, &o->lock, deadline_ns))
		;
	pthread_mutex_unlock(&o->lock);
	return done;
}

int bt_otlp_flush(struct bt_otlp *o, uint64_t timeout_ns)
{
	uint64_t deadline = otlp_clock_deadline(timeout_ns);
	char problem[384];
	bool done;
	int state;

	if (!o)
		return otlp_fail_null("exporter");
	if (!*o->own)
		return otlp_fail_child();
	state = otlp_begin_wait();
	done = !o->exporter ||
	       (otlp_drain(o, deadline) &&
		!otlp_exporter_flush(o->exporter, otlp_clock_left(deadline)));
	otlp_end_wait(state);
	if (done)
		return 0;
	bt_otlp_problem(o, problem, sizeof(problem));
	return otlp_fail(ETIMEDOUT, "not everything was exported in time: %s",
			 *problem ? problem : "the receiver is slow; allow more time");
}

int bt_otlp_counts(struct bt_otlp *o, struct bt_otlp_counts *counts)
{
	if (!counts)
		return otlp_fail_null("address for the counts");
	*counts = (struct bt_otlp_counts){ 0 };
	if (!o)
		return otlp_fail_null("exporter");
	if (!*o->own)
		return otlp_fail_child();
	if (o->exporter)
		otlp_exporter_counts(o->exporter, counts);
	return 0;
}

void bt_otlp_problem(struct bt_otlp *o, char *text, size_t size)
{
	if (size)
		*text = '\0';
	if (!o || !*o->own || !o->exporter)
		return;
	pthread_mutex_lock(&o->lock);
	snprintf(text, size, "%s", o->problem);
	pthread_mutex_unlock(&o->lock);
	if (size && !*text)
		otlp_exporter_problem(o->exporter, text, size);
}

/* Ends the threads. What was not read in time is lost. */
static void otlp_stop(struct bt_otlp *o, struct bt_otlp_counts *counts)
{
	uint64_t deadline = otlp_clock_deadline(o->flush_ns);
	struct bt_counts stream = { 0 };
	int err;

	otlp_drain(o, deadline);
	pthread_mutex_lock(&o->lock);
	o->stop = true;
	otlp_wake(o);
	pthread_mutex_unlock(&o->lock);
	pthread_join(o->reader, NULL);
	err = bt_stream_counts(o->stream, &stream);
	bt_stream_close(o->stream);
	otlp_exporter_free(o->exporter, otlp_clock_left(deadline), counts);
	if (!err)
		counts->lost = stream.lost + stream.waiting;
}

void bt_otlp_stop(struct bt_otlp *o, struct bt_otlp_counts *counts)
{
	struct bt_otlp_counts unused;
	int state;

	counts = counts ?: &unused;
	*counts = (struct bt_otlp_counts){ 0 };
	if (!o)
		return;
	state = otlp_begin_wait();
	if (*o->own && o->exporter)
		otlp_stop(o, counts);
	otlp_free(o);
	otlp_end_wait(state);
}
