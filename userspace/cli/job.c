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
	char fitted[BT_NAME_LEN];

	if (!name) {
		/* The user did not choose this name, so it is changed to a valid one. */
		bti_utf8_copy(fitted, sizeof(fitted), default_name,
			      BTI_UTF8_REPLACE_CONTROLS);
		name = fitted;
	}
	return bt_brick_define(job->tracer, name, job->options->budget_ns, &job->brick);
}

static void job_explain_absence(struct job *job)
{
	const char *advice;

	complain("%s", bt_tracer_reason_text(job->tracer));
	if (bt_tracer_reason(job->tracer) != BT_REASON_NO_MODULE)
		return;
	advice = module_advice("");
	if (advice)
		complain("%s", advice);
}

static bool job_prints_to_stdout(const struct job *job)
{
	return job->options->output && !strcmp(job->options->output, "-");
}

static void job_complain_output(const struct job *job, const char *what)
{
	const char *reason = strerror(errno);

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
	if (bt_tracer_new(&job->tracer) || job_define_brick(job, default_name)) {
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
		job_explain_absence(job);
	else if (bt_tracer_calibrate(job->tracer))
		/* The calibration comes before the run, which would otherwise contain its calls. */
		complain("%s", bt_error_text());
	return 0;
}

int job_close_run(struct job *job, struct bt_result **result)
{
	int err = bt_run_close(job->run, result);

	job->run = NULL;
	if (err)
		complain("%s", bt_error_text());
	return err ? -1 : 0;
}

int job_report(struct job *job)
{
	const struct options *o = job->options;
	struct bt_result *result;
	int err = job_close_run(job, &result);

	if (!err)
		err = job_empty_output(job);
	if (!err)
		err = o->format->print(job->out, result, o->sort,
				       bt_tracer_reason_text(job->tracer));
	bt_result_free(result);
	fflush(job->out);
	return err;
}

int job_report_statistics(struct job *job, const struct repetition *repetition)
{
	const struct options *o = job->options;
	int err = job_empty_output(job);

	if (!err)
		err = o->format->print_statistics(job->out, repetition, o->sort,
						  bt_tracer_reason_text(job->tracer));
	fflush(job->out);
	return err;
}

int job_close_output(struct job *job)
{
	FILE *out = job->out;

	job->out = NULL;
	if (!ferror(out) && (out == stderr || !fclose(out)))
		return 0;
	job_complain_output(job, "cannot write to");
	return -1;
}
