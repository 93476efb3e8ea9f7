/* SPDX-License-Identifier: MIT */
/* Declarations that the files of the program share. */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bricktrace.h"
#include "interval.h"
#include "otlp.h"
#include "output.h"

/* The exit status when bricktrace itself fails; env and timeout use it too. */
#define EXIT_OWN 125

int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_reset(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_top(int argc, char **argv);

/* The options that run and attach have in common. */
struct options {
	uint64_t budget_ns;
	const char *name;
	const char *output;
	const struct output *format;
	uint64_t interval_ns; /* 0 without --interval */
	bool follow;
	bool slow;	  /* --slow was given */
	const char *otlp; /* NULL without --otlp; "" without a URL */
	struct report report;
};

/* The module's own time from which on a call is slow. */
#define SLOW_NS UINT64_C(1000000)
#define NO_OPTIONS                                                         \
	{                                                                  \
		.budget_ns = BT_NONE, .format = &output_table, .report = { \
			.slow_ns = SLOW_NS,                                \
			.elapsed_ns = BT_NONE                              \
		}                                                          \
	}
/* The leading colon keeps getopt_long() from printing arguments unescaped. */
#define OPTION_LETTERS ":b:e:F:fhI:jn:o:S:x"
/* The options that have no letter. */
enum { OPTION_IOCTL_NAMES = 256, OPTION_OTLP, OPTION_SLOW };
#define OPTION(word, argument, letter)       \
	{                                    \
		word, argument, NULL, letter \
	}
#define OPTION_WORDS                                                                      \
	OPTION("budget", required_argument, 'b'), OPTION("csv", no_argument, 'x'),        \
		OPTION("expr", required_argument, 'e'),                                   \
		OPTION("follow", no_argument, 'f'),                                       \
		OPTION("format", required_argument, 'F'),                                 \
		OPTION("help", no_argument, 'h'),                                         \
		OPTION("interval", required_argument, 'I'),                               \
		OPTION("ioctl-names", required_argument, OPTION_IOCTL_NAMES),             \
		OPTION("json", no_argument, 'j'), OPTION("name", required_argument, 'n'), \
		OPTION("otlp", optional_argument, OPTION_OTLP),                           \
		OPTION("output", required_argument, 'o'),                                 \
		OPTION("slow", required_argument, OPTION_SLOW),                           \
		OPTION("sort", required_argument, 'S')

/* Prints a subcommand's help, with the common options between @before and @after. */
void print_help(const char *before, const char *after);

/* Like getopt_long(), but its error messages escape the argument. */
int next_option(int argc, char **argv, const char *letters, const struct option *words);

/* Handles the option that next_option() returned. Returns -1, or the status to exit with. */
int parse_option(int c, struct options *options);

/* Says why the tracer is not instrumented, and what to do. */
void explain_absence(const struct bt_tracer *tracer);

/* One brick, its run, and where the report is printed. */
struct job {
	const struct options *options;
	struct bt_tracer *tracer;
	struct bt_brick *brick;
	char name[BT_NAME_LEN]; /* the brick's */
	struct bt_run *run;
	struct interval interval;
	struct otlp otlp;
	FILE *out;
	bool printed;	  /* a report is in the output */
	int output_error; /* the errno value of the first failure to write, or 0 */
};

/*
 * Opens the tracer, calibrates it, defines the brick and opens the output. Without
 * the module it prints why there will be no breakdown and succeeds. Returns 0 or
 * EXIT_OWN.
 */
int job_open(struct job *job, const char *default_name);
/* Closes the run. Returns 0, or -1 after it has said why. The caller frees @result. */
int job_close_run(struct job *job, struct bt_result **result);
/*
 * Prints the report of a run or, if @elapsed_ns is not BT_NONE, of an interval. Returns 0, or
 * -1 if there is no memory or the output has failed.
 */
int job_print(struct job *job, const struct bt_result *result, uint64_t elapsed_ns);
/* Closes the interval and the run, and prints their reports. Returns 0 or -1. */
int job_report(struct job *job);
/* Prints the report of several runs. Returns 0 or -1. */
int job_report_statistics(struct job *job, const struct repetition *repetition);
/* Returns 0, or -1 if the report could not be written completely. */
int job_close_output(struct job *job);

/*
 * Prints @text with bytes that are not UTF-8 as \x.. and control characters as \x..
 * or \u...., because a terminal would obey the latter.
 */
void print_escaped(FILE *out, const char *text);
/* Returns the text as print_escaped() prints it, which the caller frees; NULL without memory. */
char *escape(const char *text);
/* Prints the line "bricktrace: ...", escaped by print_escaped(). Any thread may call it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Where complain() prints what this thread has to say; NULL for stderr. */
extern _Thread_local FILE *complaints;
/* The width of text that is not written to a terminal. */
#define TEXT_COLUMNS 80
/* Returns the width of the terminal that @out writes to, or TEXT_COLUMNS. */
int terminal_columns(FILE *out);

/*
 * Prints a bar that has the part @n / @all of @width columns, rounded up, so that only 0
 * has no bar: of block characters if the locale has UTF-8, otherwise of #. Returns the
 * number of columns that it has.
 */
int print_bar(FILE *out, uint64_t n, uint64_t all, int width);
/*
 * Prints one column as high as @n / @all in eighths, rounded up, so that only 0 is blank: a
 * part of a block if the locale has UTF-8, otherwise a digit. @n is at most @all, and that is
 * less than 2^60.
 */
void print_level(FILE *out, uint64_t n, uint64_t all);

/*
 * Parse texts such as "12", "1.5us", "3ms" or "2s"; a plain number is microseconds in
 * a budget and seconds in a duration. Return NULL, or what is wrong with the text.
 */
const char *parse_budget(const char *text, uint64_t *ns);
const char *parse_duration(const char *text, uint64_t *ns);

/*
 * Parse the argument of an option, which must be from @least to @most: a whole number, or a
 * number of bytes such as "128K" or "2G". Return -1, or the status to exit with after saying
 * what is wrong.
 */
int parse_number(const char *what, const char *option, uint32_t least, uint32_t most,
		 uint32_t *n);
int parse_size(const char *option, uint64_t least, uint64_t most, uint64_t *bytes);

/* Returns the time of CLOCK_MONOTONIC. */
uint64_t monotonic_ns(void);

/* Prints the time of day of a CLOCK_REALTIME time in 12 columns, or in 23 with its date. */
void print_daytime(FILE *out, uint64_t unix_ns, bool date);

/*
 * Blocks the signals that ask a command to end. Signals that are ignored already, for
 * instance by nohup, stay ignored. Returns a descriptor that is readable when one has come,
 * or -1 with errno.
 */
int watch_signals(void);

/* A growing list of process or thread IDs. */
struct ids {
	pid_t *id;
	size_t n;
};

/* Appends an ID. Returns 0 or -ENOMEM. */
int ids_add(struct ids *ids, pid_t id);
/*
 * Appends the IDs of a list such as "1,2 3" that @ids does not have yet. Returns
 * NULL, or what is wrong with the text.
 */
const char *parse_ids(const char *text, struct ids *ids);

/*
 * Finds the program as execvp() would. Returns 0 and sets @path, which the caller
 * frees, or returns ENOENT or another errno value.
 */
int find_program(const char *name, char **path);

/*
 * Returns what to try if modprobe fails, or NULL. @root is "" or, in a test, a
 * directory that stands for /.
 */
const char *module_advice(const char *root);

/*
 * Returns why the module's family of generic netlink is not seen, and what mends it. @root is
 * as above. Sets @loaded to whether the module is there nevertheless.
 */
const char *netlink_advice(const char *root, bool *loaded);

#endif
