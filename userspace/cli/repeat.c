// SPDX-License-Identifier: MIT
/* bricktrace run --repeat, which runs a program several times as one brick. */
#include "run.h"

/* The largest number of runs, and of runs for warming up. */
#define REPEAT_MAX 1000000

int repeat_parse(const char *option, uint32_t least, uint32_t *n)
{
	return parse_number("number of runs", option, least, REPEAT_MAX, n);
}

int repeat_report(struct run_command *c)
{
	struct repetition *r = &c->repetition;
	struct bt_statistics *statistics;
	int err;

	if (r->reported)
		return 0;
	r->reported = true;
	progress_end(&c->progress);
	if (bt_brick_statistics(c->job.brick, &statistics)) {
		complain("%s", bt_error_text());
		return -1;
	}
	r->statistics = statistics;
	err = job_report_statistics(&c->job, r);
	r->statistics = NULL;
	bt_statistics_free(statistics);
	return err;
}

static int repeat_forget(struct run_command *c)
{
	if (!bt_brick_reset(c->job.brick))
		return 0;
	complain("%s", bt_error_text());
	return EXIT_OWN;
}

static void repeat_count(struct repetition *r, int status, struct bt_result **result)
{
	struct bt_result *one = *result;

	r->done++;
	r->statuses[status]++;
	if (!r->status)
		r->status = status;
	if (one->provenance != BT_MEASURED)
		r->reason = one->reason;
	if (one->provenance != BT_NOT_INSTRUMENTED &&
	    (!r->longest || one->wall_ns > r->longest->wall_ns)) {
		*result = r->longest;
		r->longest = one;
	}
}

/* Returns 0, or the status to exit with after saying what went wrong. */
static int repeat_run(struct run_command *c, bool counts)
{
	struct bt_result *result = NULL;
	int status, err = run_execute(c, &status);

	/* A run during which ^C came was cut short, so it stays open and does not count. */
	if (err || run_is_stopped(c))
		return err;
	c->job.otlp.skip = !counts;
	if (run_adopt(c) || (c->job.run && job_close_run(&c->job, &result)))
		return EXIT_OWN;
	if (!counts)
		err = repeat_forget(c);
	else if (result)
		repeat_count(&c->repetition, status, &result);
	bt_result_free(result);
	return err;
}

int repeat(struct run_command *c)
{
	struct repetition *r = &c->repetition;
	/* A module that is too old for statistics is an error before anything has run. */
	int err = repeat_forget(c);
	uint32_t i;

	progress_begin(&c->progress, r->warm_up, r->planned);
	for (i = 0; !err && i < r->warm_up + r->planned && !run_is_stopped(c); i++) {
		progress_show(&c->progress, i);
		err = repeat_run(c, i >= r->warm_up);
	}
	progress_end(&c->progress);
	if (!err || r->done)
		err = run_finish(c, c->signal ? 128 + c->signal : err ? err : r->status);
	bt_result_free(r->longest);
	return err;
}
