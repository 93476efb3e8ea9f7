// SPDX-License-Identifier: MIT
/* The intervals of --interval. */
#include <errno.h>

#include "cli.h"

#define INTERVAL_LEAST_NS UINT64_C(100000000)
/* Intervals are runs of a brick of their own, which has no budget. */
#define INTERVAL_BRICK "bricktrace-interval"

int interval_parse(uint64_t *ns)
{
	const char *wrong = parse_duration(optarg, ns);

	if (!wrong && *ns < INTERVAL_LEAST_NS)
		wrong = "it must be at least 100ms";
	if (!wrong)
		return -1;
	complain("bad interval '%s': %s", optarg, wrong);
	return EXIT_OWN;
}

/*
 * The library keeps the memory of closed runs. With that of two runs, a process that opens
 * the run and its first interval allocates nothing in between, which would be a system call
 * of the run.
 */
static int interval_reserve(struct job *job)
{
	struct bt_run *runs[2] = { NULL };
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++)
		err = bt_run_open(job->tracer, job->interval.brick, BT_MEASURE,
				  BT_SCOPE_TRACER, &runs[i]);
	while (i--)
		bt_run_close(runs[i], NULL);
	return err;
}

int interval_define(struct job *job)
{
	if (!job->options->interval_ns || !bt_tracer_instrumented(job->tracer))
		return 0;
	if (!bt_brick_define(job->tracer, INTERVAL_BRICK, BT_NONE, &job->interval.brick) &&
	    !interval_reserve(job))
		return 0;
	complain("%s", bt_error_text());
	return EXIT_OWN;
}

void interval_start(struct job *job)
{
	struct interval *i = &job->interval;

	if (!i->brick)
		return;
	i->begin_ns = monotonic_ns();
	i->end_ns = i->begin_ns + job->options->interval_ns;
}

int interval_open(struct job *job)
{
	struct interval *i = &job->interval;
	int err;

	if (!i->end_ns)
		return 0;
	err = bt_run_open(job->tracer, i->brick, BT_TRACE, BT_SCOPE_TRACER, &i->run);
	if (!err)
		return 0;
	i->end_ns = 0;
	/* Each thread has ended. */
	if (err == -ESRCH)
		return 0;
	complain("%s", bt_error_text());
	return -1;
}

int interval_resume(struct job *job)
{
	struct interval *i = &job->interval;

	if (!i->brick || i->run)
		return 0;
	i->end_ns = monotonic_ns() + job->options->interval_ns;
	return interval_open(job);
}

int interval_adopt(struct job *job, uint64_t number)
{
	struct interval *i = &job->interval;

	if (!number || !bt_run_adopt(job->tracer, i->brick, number, &i->run))
		return 0;
	complain("%s", bt_error_text());
	return -1;
}

uint64_t interval_left_ns(const struct job *job)
{
	uint64_t now = monotonic_ns(), end = job->interval.end_ns;

	if (!end)
		return UINT64_MAX;
	return end > now ? end - now : 0;
}

/* Closes the interval that is open. Returns NULL after saying why that failed. */
static struct bt_result *interval_close(struct job *job)
{
	struct bt_run *run = job->interval.run;
	struct bt_result *result;

	job->interval.run = NULL;
	if (bt_run_close(run, &result))
		complain("%s", bt_error_text());
	/* The interval is a part of a run of the job's brick. */
	if (result)
		result->brick = job->name;
	otlp_pass(job);
	return result;
}

static int interval_print(struct job *job, struct bt_result *result)
{
	uint64_t begin_ns = job->interval.begin_ns;
	int err = result ? job_print(job, result,
				     result->start_ns + result->wall_ns - begin_ns) :
			   -1;

	bt_result_free(result);
	return err;
}

int interval_end(struct job *job)
{
	job->interval.end_ns = 0;
	return job->interval.run ? interval_print(job, interval_close(job)) : 0;
}

int interval_tick(struct job *job)
{
	struct interval *i = &job->interval;
	uint64_t length = job->options->interval_ns;
	struct bt_result *result;
	int err;

	if (interval_left_ns(job))
		return 0;
	/* After a suspend there is one long interval instead of many empty ones. */
	i->end_ns += ((monotonic_ns() - i->end_ns) / length + 1) * length;
	/* The process that opens the first interval may not have come to that yet. */
	if (!i->run)
		return 0;
	result = interval_close(job);
	err = interval_open(job);
	err |= interval_print(job, result);
	if (err)
		i->end_ns = 0;
	return err;
}
