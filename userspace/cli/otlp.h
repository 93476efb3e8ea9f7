/* SPDX-License-Identifier: MIT */
/*
 * The option --otlp: the finished runs of a job go, as a recording, through a pipe to the program
 * bricktrace-export, which sends them. A program of its own has the libraries for that, so that
 * other uses of bricktrace need not load them. The functions do nothing without the option.
 */
#ifndef OTLP_H
#define OTLP_H

#include <stdbool.h>
#include <sys/types.h>

#include "bricktrace.h"

struct job;

struct otlp {
	struct bt_stream *stream; /* NULL: there is nothing to export, or no longer */
	struct bt_recording *recording;
	bool skip; /* the runs that end now are not exported */
	int pipe;
	pid_t pid; /* of bricktrace-export; 0: it does not run */
};

/*
 * Starts bricktrace-export, if the tracer is instrumented. Runs that end from now on are exported.
 * Returns 0, or EXIT_OWN after saying why that failed.
 */
int otlp_open(struct job *job);

/*
 * Passes the runs that have ended to bricktrace-export. A failure is said, and then nothing more
 * is exported: what is traced matters more.
 */
void otlp_pass(struct job *job);

/* A child process has ended, which may be bricktrace-export. */
void otlp_reaped(struct job *job, pid_t pid);

/* Passes the rest, and waits until bricktrace-export has sent it or given up. */
void otlp_close(struct job *job);

#endif
