/* SPDX-License-Identifier: MIT */
/* The service: runs come from a stream or a recording and go to an exporter. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "bricktrace-otlp.h"
#include "collector.h"
#include "exporter.h"
#include "variables.h"

#define SECOND UINT64_C(1000000000)

/* The exit status when something was not delivered, or the runs cannot be read. */
#define EXIT_LOSS 1

struct service {
	struct variables variables;
	const char *config; /* the file of variables, or NULL */
	const char *from;   /* the recording, or NULL for the stream of the host */
	bool quiet;	    /* say only what goes wrong */
	uint64_t ring_bytes;
	uint64_t flush_ns;		/* how long the end may take after a signal */
	struct otlp_exporter *exporter; /* NULL without traces */
	struct collector *collector;	/* NULL without metrics */
	struct bt_tracer *tracer;
	struct bt_stream *stream; /* of the host, or NULL */
	int recording;		  /* the descriptor of the recording */
	atomic_ullong lost; /* runs that the stream has lost, also if no record says so yet */
	uint64_t lost_said; /* how many of them are in the log */
	uint64_t watchdog_ns, next_watchdog_ns, next_status_ns;
};

static inline struct timespec service_time(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / SECOND),
				  .tv_nsec = (long)(ns % SECOND) };
}

/* Whether the brick is one by which bricktrace itself calibrates or divides runs. */
bool service_own_brick(const char *name);

/* Passes on a record, unless it is a run by which the library calibrates. */
void service_take(struct service *service, const struct bt_record *record, bool local);

/*
 * Waits until @fd, unless it is -1, is readable, a signal comes, or the time is over, and does
 * meanwhile what else is to be done: reading the configuration again, telling systemd, the log of
 * losses.
 */
void service_attend(struct service *service, int fd, uint64_t timeout_ns);

/*
 * Reads the configuration into @configs, twice since the exporter and the collector each own one.
 * @file receives the values of the file. Returns 0, or -1 after saying what is wrong.
 */
int service_configure(const struct service *service, char ***file,
		      struct otlp_config *configs[OTLP_SIGNALS]);

/* Starts the exporter and the collector. Returns 0 or EXIT_OWN. Each config is used or freed. */
int service_start(struct service *service, struct otlp_config *configs[OTLP_SIGNALS]);

/* The sources of runs. Each returns 0, or the status to exit with after saying why. */
int live_open(struct service *service);
int live_follow(struct service *service);
void live_close(struct service *service);
int replay_open(struct service *service);
int replay_follow(struct service *service);
void replay_close(struct service *service);

/*
 * Sends what is left, for as long as the configuration allows after a signal, says what became of
 * all runs, and returns the status to exit with: @status, if that is not 0.
 */
int service_end(struct service *service, int status);

int export_main(int argc, char **argv);

#endif
