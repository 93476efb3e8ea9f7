/* SPDX-License-Identifier: MIT */
/* What the files of the program ask of each other. */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bricktrace.h"
#include "output.h"

/* The exit status when bricktrace itself fails, as with env and timeout. */
#define EXIT_OWN 125

int cmd_attach(int argc, char **argv);
int cmd_run(int argc, char **argv);

/* The options that run and attach have in common. */
struct options {
	uint64_t budget_ns;
	const char *name;
	const char *output;
	const struct output *format;
	enum sort_key sort;
	bool follow;
};

#define NO_OPTIONS                                                               \
	{                                                                        \
		.budget_ns = BT_NONE, .format = &output_table, .sort = SORT_TIME \
	}
/* The colon in front stops getopt_long() from printing an argument as it is. */
#define OPTION_LETTERS ":b:F:fhjn:o:S:"
#define OPTION(word, argument, letter)       \
	{                                    \
		word, argument, NULL, letter \
	}
#define OPTION_WORDS                                                                  \
	OPTION("budget", required_argument, 'b'), OPTION("follow", no_argument, 'f'), \
		OPTION("format", required_argument, 'F'),                             \
		OPTION("help", no_argument, 'h'), OPTION("json", no_argument, 'j'),   \
		OPTION("name", required_argument, 'n'),                               \
		OPTION("output", required_argument, 'o'),                             \
		OPTION("sort", required_argument, 'S')

/* Print a subcommand's help, with the common options in its midst. */
void print_help(const char *before, const char *after);

/* getopt_long(), with messages that are escaped. */
int next_option(int argc, char **argv, const char *letters, const struct option *words);

/* Take what next_option() returned. Returns -1, or the status to exit with. */
int parse_option(int c, struct options *options);

/* One run of one brick, to be printed. */
struct job {
	const struct options *options;
	struct bt_tracer *tracer;
	struct bt_brick *brick;
	struct bt_run *run;
	FILE *out;
};

/*
 * Open the tracer, calibrate it, define the brick and open the output. That
 * nothing is instrumented is said and is no error. Returns 0 or EXIT_OWN.
 */
int job_open(struct job *job, const char *default_name);
/* Close the run and print it. Returns 0 or -1. */
int job_report(struct job *job);
/* Returns 0, or -1 if not all could be written. */
int job_close_output(struct job *job);

/*
 * Print @text with what is not UTF-8 as \x.., and control characters as \x.. or
 * \u...., so that no name moves a terminal's cursor.
 */
void print_escaped(FILE *out, const char *text);
/* Print "bricktrace: ..." to stderr, escaped. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Parse "12", "1.5us", "3ms", "2s"; a plain number is microseconds in a budget
 * and seconds in a duration. Returns NULL, or what is wrong with it.
 */
const char *parse_budget(const char *text, uint64_t *ns);
const char *parse_duration(const char *text, uint64_t *ns);

/* Numbers of processes or threads, growing. */
struct ids {
	pid_t *id;
	size_t n;
};

/*
 * Append the numbers of "1,2 3", without those that are there already. Returns
 * NULL, or what is wrong with it.
 */
const char *parse_ids(const char *text, struct ids *ids);

/*
 * Find the program as execvp() would. Returns 0 and a path to be freed, or
 * ENOENT or another errno value.
 */
int find_program(const char *name, char **path);

/* What to try beside modprobe; NULL if nothing. @root: "" or a test's. */
const char *module_advice(const char *root);

#endif
