/* SPDX-License-Identifier: MIT */
/* Running a program as one brick, once or several times. */
#ifndef RUN_H
#define RUN_H

#include <signal.h>

#include "cli.h"
#include "progress.h"

struct run_command {
	struct job job;
	char **argv;
	struct repetition repetition; /* @planned is 0 without --repeat */
	struct progress progress;
	struct run_shared *shared;
	char *path;
	char **sh_argv;
	pid_t pid;
	int wait_status;
	int signal;    /* the last signal that asked bricktrace to stop, or 0 */
	bool failed;   /* the report could not be made or written */
	bool children; /* child processes of bricktrace are left */
	sigset_t signals;
	sigset_t old_mask;
	struct sigaction old_chld;
};

/*
 * Runs the command once and waits for its end. Sets @status to the command's status as a
 * shell has it. Returns 0, or the status to exit with after saying why the command could
 * not run.
 */
int run_execute(struct run_command *c, int *status);

/*
 * Makes the run that the command's process has opened the run of the job, which has none
 * if the process ended before. Returns 0, or -1 after saying why.
 */
int run_adopt(struct run_command *c);

/* Takes the pending signals. Returns whether one has asked bricktrace to stop. */
bool run_is_stopped(struct run_command *c);

/* Prints the report. Returns the status to exit with if the command's is @status. */
int run_finish(struct run_command *c, int status);

/* Runs the command as often as --repeat and --warm-up say. Returns the status to exit with. */
int repeat(struct run_command *c);

/* Prints the statistics, unless that has happened. Returns 0 or -1. */
int repeat_report(struct run_command *c);

/* Handles the argument of --repeat or --warm-up. Returns -1, or the status to exit with. */
int repeat_parse(const char *option, uint32_t least, uint32_t *n);

#endif
