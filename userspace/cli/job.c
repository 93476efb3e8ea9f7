// SPDX-License-Identifier: MIT
/* One brick, from the options to the tables: what run and attach share. */
#include <errno.h>
#include <string.h>

#include "../lib/utf8.h"
#include "cli.h"
#include "output.h"

static int define_brick(struct job *job, const char *default_name)
{
	const char *name = job->options->name;
	char fitted[BT_NAME_LEN];

	if (!name) {
		/* The user did not choose it, so it is made to fit. */
		bti_utf8_copy(fitted, sizeof(fitted), default_name,
			      BTI_UTF8_REPLACE_CONTROLS);
		name = fitted;
	}
	return bt_brick_define(job->tracer, name, job->options->budget_ns, &job->brick);
}

static void explain_absence(struct job *job)
{
	const char *advice;

	complain("%s", bt_tracer_reason_text(job->tracer));
	if (bt_tracer_reason(job->tracer) != BT_REASON_NO_MODULE)
		return;
	advice = module_advice("");
	if (advice)
		complain("%s", advice);
}

int job_open(struct job *job, const char *default_name)
{
	const struct options *o = job->options;

	job->out = stderr;
	if (bt_tracer_new(&job->tracer) || define_brick(job, default_name)) {
		complain("%s", bt_error_text());
		return EXIT_OWN;
	}
	if (o->output) {
		job->out = fopen(o->output, "we");
		if (!job->out) {
			complain("cannot write to '%s': %s", o->output, strerror(errno));
			return EXIT_OWN;
		}
	}
	if (!bt_tracer_instrumented(job->tracer))
		explain_absence(job);
	else if (bt_tracer_calibrate(job->tracer))
		/* Before the run, which its calls would be in. */
		complain("%s", bt_error_text());
	return 0;
}

int job_report(struct job *job)
{
	const struct options *o = job->options;
	struct bt_result *result;
	int err;

	if (bt_run_close(job->run, &result)) {
		complain("%s", bt_error_text());
		err = -1;
	} else {
		err = o->format->print(job->out, result, o->sort,
				       bt_tracer_reason_text(job->tracer));
	}
	bt_result_free(result);
	job->run = NULL;
	fflush(job->out);
	return err;
}

int job_close_output(struct job *job)
{
	FILE *out = job->out;

	job->out = NULL;
	if (!ferror(out) && (out == stderr || !fclose(out)))
		return 0;
	complain("cannot write to '%s': %s", job->options->output ?: "stderr",
		 strerror(errno));
	return -1;
}
