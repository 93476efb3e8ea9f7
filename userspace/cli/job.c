// SPDX-License-Identifier: MIT
/* One brick, from the options to the tables: what run and attach share. */
#include <errno.h>
#include <string.h>

#include "cli.h"

int parse_option(int c, struct options *o)
{
	const char *wrong;

	switch (c) {
	case 'b':
		wrong = parse_budget(optarg, &o->budget_ns);
		if (!wrong)
			return -1;
		complain("bad budget '%s': %s", optarg, wrong);
		return EXIT_OWN;
	case 'f':
		o->follow = true;
		return -1;
	case 'j':
		o->json = true;
		return -1;
	case 'n':
		o->name = optarg;
		return -1;
	case 'o':
		o->output = optarg;
		return -1;
	case 'S':
		o->sort = parse_sort_key(optarg);
		if (o->sort != SORT_INVALID)
			return -1;
		complain("no sort key '%s'; use time, avg-time, max-time, calls, errors, name or nothing",
			 optarg);
		return EXIT_OWN;
	default:
		/* getopt_long() has said why. */
		return EXIT_OWN;
	}
}

static int define_brick(struct job *job, const char *default_name)
{
	const char *name = job->options->name;
	char fitted[BT_NAME_LEN];
	char *c;

	if (!name) {
		/* The user did not choose it, so it is made to fit. */
		snprintf(fitted, sizeof(fitted), "%s", default_name);
		for (c = fitted; *c; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				*c = '?';
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
	json_t *json;
	int err = 0;

	if (bt_run_close(job->run, &result)) {
		complain("%s", bt_error_text());
		err = -1;
	} else if (o->json) {
		json = result_json(result, o->sort);
		if (json_dumpf(json, job->out, JSON_COMPACT | JSON_REAL_PRECISION(9)) < 0)
			err = -1;
		fputc('\n', job->out);
		json_decref(json);
	} else {
		print_table(job->out, result, o->sort, bt_tracer_reason_text(job->tracer));
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
