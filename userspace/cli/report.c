// SPDX-License-Identifier: MIT
/* bricktrace report, which shows recordings. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "../decode/decode.h"
#include "bricks.h"
#include "cli.h"
#include "origin.h"
#include "table.h"
#include "worst.h"

/* The exit status when a recording cannot be read, or not to its end. */
#define EXIT_RECORDING 1

struct recorded {
	struct options options;
	struct bricks bricks;
	struct worst worst;
	uint32_t recordings;
	uint64_t runs, lost, over_budget;
	uint64_t first_ns, last_ns; /* the start and the end of the runs, since 1970 */
	char machine[33];	    /* of the first record */
	bool machines;		    /* a record is of another machine */
	bool damaged;		    /* a recording could not be read to its end */
};

static void report_help(void)
{
	puts("Usage: bricktrace report [OPTIONS] FILE...\n\n"
	     "Shows what bricktrace record has written: statistics of each brick, and the worst\n"
	     "runs. - is standard input.\n\n"
	     "  -e, --expr LIST    show only these calls (openat), categories (%read) and\n"
	     "                     devices (ioctl:nvidia0); sums and shares stay those of all\n"
	     "      --ioctl-names FILE\n"
	     "                     take names of ioctls from FILE, too\n"
	     "  -j, --json         print JSON\n"
	     "  -w, --worst N      show the N runs that exceeded their budget the most, and after\n"
	     "                     them the longest runs without a budget (default: 10)\n"
	     "  -h, --help         print this\n\n"
	     "Exits with 0, 1 if a recording is damaged or cannot be read, 125 if bricktrace\n"
	     "itself fails.");
}

static int report_parse_option(int c, struct recorded *r)
{
	switch (c) {
	case 'h':
		report_help();
		return 0;
	case 'w':
		return parse_number("number of runs", "--worst", 0, WORST_MAX,
				    &r->worst.limit);
	default:
		return parse_option(c, &r->options);
	}
}

/* Returns -1 to go on, or the status to exit with. */
static int report_parse(int argc, char **argv, struct recorded *r)
{
	static const struct option words[] = {
		OPTION("expr", required_argument, 'e'),
		OPTION("help", no_argument, 'h'),
		OPTION("ioctl-names", required_argument, OPTION_IOCTL_NAMES),
		OPTION("json", no_argument, 'j'),
		OPTION("worst", required_argument, 'w'),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 && (c = next_option(argc, argv, ":e:hjw:", words)) != -1)
		status = report_parse_option(c, r);
	if (status >= 0 || argv[optind])
		return status;
	complain("no recording to report; see bricktrace report --help");
	return EXIT_OWN;
}

/* Adds a record, which the function frees or keeps. Returns 0 or -ENOMEM. */
static int report_add(struct recorded *r, struct bt_record *record)
{
	int err;

	if (!*r->machine)
		snprintf(r->machine, sizeof(r->machine), "%s", record->machine);
	r->machines |= strcmp(r->machine, record->machine) != 0;
	r->lost += record->lost;
	if (!record->result) {
		bt_record_free(record);
		return 0;
	}
	r->first_ns =
		r->runs ? MIN(r->first_ns, record->start_unix_ns) : record->start_unix_ns;
	r->last_ns = MAX(r->last_ns, record->end_unix_ns);
	r->runs++;
	r->over_budget += bt_result_over_budget(record->result);
	err = bricks_add(&r->bricks, record) ? -ENOMEM : 0;
	worst_add(&r->worst, record);
	return err;
}

/* Returns 0 at the end of the recording, or the error that ended it. */
static int report_read_records(struct recorded *r, int fd)
{
	struct bt_recording *recording;
	struct bt_record *record;
	int err = bt_recording_open(fd, &recording);

	r->recordings += !err;
	while (!err && !(err = bt_recording_read(recording, &record)) && record)
		err = report_add(r, record);
	bt_recording_free(recording);
	return err;
}

/* Adds what is whole of a recording. Returns 0, or -1 if there is no memory. */
static int report_read(struct recorded *r, const char *name)
{
	bool input = !strcmp(name, "-");
	int fd = input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0) {
		complain("cannot open '%s': %s", name, strerror(errno));
		r->damaged = true;
		return 0;
	}
	err = report_read_records(r, fd);
	if (err)
		complain("%s: %s", input ? "standard input" : name, bt_error_text());
	r->damaged |= err;
	if (!input)
		close(fd);
	return err == -ENOMEM ? -1 : 0;
}

static void report_print_label(FILE *out, const char *label)
{
	if (!*label)
		return;
	fputs("label:     ", out);
	print_escaped(out, label);
	fputc('\n', out);
}

static void report_print_totals(FILE *out, const struct recorded *r)
{
	fprintf(out, "files:     %" PRIu32, r->recordings);
	if (*r->machine) {
		fputs(r->machines ? ", of several machines: " : ", of ", out);
		print_escaped(out, r->machine);
		fputs(r->machines ? " and others" : "", out);
	}
	fprintf(out, "\nruns:      %" PRIu64 ", %" PRIu64 " of them over their budget\n",
		r->runs, r->over_budget);
	fprintf(out, "lost:      %" PRIu64 " more\n", r->lost);
	if (!r->runs)
		return;
	fputs("time:      ", out);
	print_daytime(out, r->first_ns, true);
	fputs(" to ", out);
	print_daytime(out, r->last_ns, true);
	fputc('\n', out);
}

static void report_print_bricks(FILE *out, const struct recorded *r)
{
	uint32_t i;

	for (i = 0; i < r->bricks.n; i++) {
		const struct bricks_brick *brick = r->bricks.brick[i];
		const struct repetition runs = {
			.reason = brick->reason,
			.statistics = brick->statistics,
		};

		fputc('\n', out);
		report_print_label(out, brick->label);
		table_print_statistics(out, &runs, &r->options.report);
	}
	if (r->bricks.left_out)
		fprintf(out,
			"\n%" PRIu64
			" runs are of further bricks: a report shows %d bricks.\n",
			r->bricks.left_out, BRICKS_MAX);
}

static void report_print_calls(FILE *out, const struct bt_result *result)
{
	enum bt_category most = bt_breakdown_dominant(result, BT_INCLUSIVE);

	fprintf(out, "calls:     %.2f %% of the thread time",
		bt_breakdown_overhead_percent(result, BT_INCLUSIVE));
	if (most != BT_CAT_NONE)
		fprintf(out, ", most of it in %s", bt_category_name(most));
	fputc('\n', out);
}

static void report_print_run(FILE *out, const struct bt_record *record,
			     const struct report *report)
{
	fputs("\nended:     ", out);
	print_daytime(out, record->end_unix_ns, true);
	fputs("\nprogram:   ", out);
	print_program(out, record);
	fprintf(out, " of user %u\n", record->uid);
	report_print_label(out, record->label);
	if (!table_summary(out, record->result, ""))
		return;
	report_print_calls(out, record->result);
	table_filter(out, report->filter);
	table_ioctls(out, record->result, report);
	table_slow_calls(out, record->result, report);
}

static void report_print(FILE *out, const struct recorded *r)
{
	uint32_t i;

	report_print_totals(out, r);
	report_print_bricks(out, r);
	if (r->worst.n)
		fprintf(out, "\nThe worst runs:\n");
	for (i = 0; i < r->worst.n; i++)
		report_print_run(out, r->worst.record[i], &r->options.report);
}

static json_t *report_bricks_json(const struct recorded *r)
{
	/* What only run --repeat knows of runs, and what the worst runs show. */
	static const char *const without[] = { "schema", "planned", "warm_up", "statuses",
					       "longest" };
	json_t *all = json_array(), *one;
	uint32_t i, j;

	for (i = 0; i < r->bricks.n; i++) {
		const struct bricks_brick *brick = r->bricks.brick[i];

		one = repetition_json(&(struct repetition){ .reason = brick->reason,
							    .statistics =
								    brick->statistics },
				      &r->options.report);
		for (j = 0; j < sizeof(without) / sizeof(*without); j++)
			json_object_del(one, without[j]);
		json_object_set_new(one, "label", nonempty_json(brick->label));
		json_array_append_new(all, one);
	}
	return all;
}

static void report_print_json(FILE *out, const struct recorded *r)
{
	json_t *worst = json_array();
	uint32_t i;

	for (i = 0; i < r->worst.n; i++)
		json_array_append_new(worst,
				      record_json(r->worst.record[i], &r->options.report));
	json_print(out,
		   json_pack("{s:i,s:I,s:b,s:I,s:I,s:I,s:o,s:o,s:o,s:I,s:o}", "schema", 1,
			     "files", (json_int_t)r->recordings, "damaged", r->damaged,
			     "runs", (json_int_t)r->runs, "runs_over_budget",
			     (json_int_t)r->over_budget, "lost", (json_int_t)r->lost,
			     "start_unix_ns", number_json(r->runs ? r->first_ns : BT_NONE),
			     "end_unix_ns", number_json(r->runs ? r->last_ns : BT_NONE),
			     "bricks", report_bricks_json(r), "runs_left_out",
			     (json_int_t)r->bricks.left_out, "worst", worst),
		   JSON_REAL_PRECISION(9));
}

static int report_all(struct recorded *r, char **names)
{
	int err = 0;

	while (*names && !err)
		err = report_read(r, *names++);
	if (err || bricks_sort(&r->bricks)) {
		complain("no memory");
		return EXIT_OWN;
	}
	if (!r->recordings)
		return EXIT_RECORDING;
	if (r->options.format == &output_json)
		report_print_json(stdout, r);
	else
		report_print(stdout, r);
	return r->damaged ? EXIT_RECORDING : 0;
}

int cmd_report(int argc, char **argv)
{
	static struct recorded r = { .options = NO_OPTIONS, .worst = { .limit = 10 } };
	int status = report_parse(argc, argv, &r);

	/* Neither the time from which a call was slow nor the devices of another host are known. */
	r.options.report.slow_ns = BT_NONE;
	r.options.report.recorded = true;
	r.options.report.reason_text = "";
	decode_root = NULL;
	if (status < 0)
		status = report_all(&r, argv + optind);
	free((char *)r.options.report.filter);
	worst_free(&r.worst);
	bricks_free(&r.bricks);
	return status;
}
