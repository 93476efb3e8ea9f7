// SPDX-License-Identifier: MIT
/* The part of run and attach that is the same: one brick, its runs and their report. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../lib/utf8.h"
#include "cli.h"
#include "output.h"

static int job_define_brick(struct job *job, const char *default_name)
{
	const char *name = job->options->name;

	/* If the user did not choose a name, the default is changed to a valid one. */
	bti_utf8_copy(job->name, sizeof(job->name), name ?: default_name,
		      BTI_UTF8_REPLACE_CONTROLS);
	return bt_brick_define(job->tracer, name ?: job->name, job->options->budget_ns,
			       &job->brick);
}

static bool job_prints_to_stdout(const struct job *job)
{
	return job->options->output && !strcmp(job->options->output, "-");
}

static void job_complain_output(const struct job *job, const char *what)
{
	const char *reason = strerror(job->output_error ?: errno);

	if (job_prints_to_stdout(job) || !job->options->output)
		complain("%s standard %s: %s", what,
			 job->options->output ? "output" : "error", reason);
	else
		complain("%s '%s': %s", what, job->options->output, reason);
}

/*
 * The file is opened before anything is traced, so that a path that cannot be
 * written is an error early, but the file keeps its content until there is a
 * report. Standard output is duplicated, so that closing the report's stream
 * leaves it open.
 */
static FILE *job_open_output(const struct job *job)
{
	int fd = job_prints_to_stdout(job) ?
			 fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) :
			 open(job->options->output, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

/* EINVAL is fine: the output is not a regular file and has no old content. */
static int job_empty_output(const struct job *job)
{
	if (job->out == stderr || job_prints_to_stdout(job) ||
	    !ftruncate(fileno(job->out), 0) || errno == EINVAL)
		return 0;
	job_complain_output(job, "cannot empty");
	return -1;
}

int job_open(struct job *job, const char *default_name)
{
	const struct options *o = job->options;

	job->out = stderr;
	if (bt_tracer_new(&job->tracer) || job_define_brick(job, default_name) ||
	    (o->slow && bt_tracer_slow(job->tracer, o->report.slow_ns))) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	if (o->output) {
		job->out = job_open_output(job);
		if (!job->out) {
			job_complain_output(job, "cannot write to");
			return EXIT_OWN;
		}
	}
	if (!bt_tracer_instrumented(job->tracer))
		explain_absence(job->tracer);
	else if (bt_tracer_calibrate(job->tracer))
		/* The calibration comes before the run, which would otherwise contain its calls. */
		complain("%s", bt_error_text());
	/* Runs by which the above calibrates and prepares are not exported. */
	return interval_define(job) ?: otlp_open(job);
}

int job_close_run(struct job *job, struct bt_result **result)
{
	int err = bt_run_close(job->run, result);

	job->run = NULL;
	if (err)
		complain("%s", bt_error_text());
	otlp_pass(job);
	return err ? -1 : 0;
}

static struct report job_describe(const struct job *job)
{
	struct report report = job->options->report;

	report.intervals = job->options->interval_ns;
	report.continued = job->printed;
	report.reason_text = bt_tracer_reason_text(job->tracer);
	return report;
}

/* Writes what an output has printed, of which @err is the result. Returns 0 or -1. */
static int job_flush(struct job *job, int err)
{
	job->printed = true;
	fflush(job->out);
	if (ferror(job->out) && !job->output_error)
		job->output_error = errno;
	return err || job->output_error ? -1 : 0;
}

int job_print(struct job *job, const struct bt_result *result, uint64_t elapsed_ns)
{
	struct report report = job_describe(job);

	report.elapsed_ns = elapsed_ns;
	if (!job->printed && job_empty_output(job))
		return -1;
	return job_flush(job, job->options->format->print(job->out, result, &report));
}

int job_report(struct job *job)
{
	int err = interval_end(job);
	struct bt_result *result;

	if (job_close_run(job, &result))
		return -1;
	err |= job_print(job, result, BT_NONE);
	bt_result_free(result);
	return err;
}

int job_report_statistics(struct job *job, const struct repetition *repetition)
{
	struct report report = job_describe(job);

	if (job_empty_output(job))
		return -1;
	return job_flush(job, job->options->format->print_statistics(job->out, repetition,
								     &report));
}

int job_close_output(struct job *job)
{
	FILE *out = job->out;

	job->out = NULL;
	if (!job->output_error && !ferror(out) && (out == stderr || !fclose(out)))
		return 0;
	job_complain_output(job, "cannot write to");
	return -1;
}
