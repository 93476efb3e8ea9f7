// SPDX-License-Identifier: MIT
/* bricktrace monitor, which shows each finished run of the host. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "origin.h"
#include "stream.h"
#include "table.h"

struct monitor {
	struct stream stream;
	struct stream_options wanted;
	struct options options;
	FILE *out;
};

static void monitor_help(void)
{
	printf("Usage: bricktrace monitor [OPTIONS]\n\n"
	       "Shows each run of the host when it has finished, a line for each, until ^C.\n"
	       "Runs that came too fast to be read are counted where they would have stood.\n\n"
	       "%s"
	       "      --ioctl-names FILE\n"
	       "                     take names of ioctls from FILE, too, for --json\n"
	       "  -j, --json         print a JSON object on each line\n"
	       "  -h, --help         print this\n\n%s\n",
	       STREAM_HELP, STREAM_STATUS);
}

static int monitor_parse_option(int c, struct monitor *m)
{
	switch (c) {
	case 'h':
		monitor_help();
		return 0;
	case 'j':
	case OPTION_IOCTL_NAMES:
		return parse_option(c, &m->options);
	default:
		return stream_parse_option(c, &m->wanted);
	}
}

/* Returns -1 to go on, or the status to exit with. */
static int monitor_parse(int argc, char **argv, struct monitor *m)
{
	static const struct option words[] = {
		STREAM_WORDS,
		OPTION("help", no_argument, 'h'),
		OPTION("ioctl-names", required_argument, OPTION_IOCTL_NAMES),
		OPTION("json", no_argument, 'j'),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 &&
	       (c = next_option(argc, argv, ":hj" STREAM_LETTERS, words)) != -1)
		status = monitor_parse_option(c, m);
	if (status >= 0 || !argv[optind])
		return status;
	complain("unexpected argument '%s': monitor shows the runs of the host, whatever program has them",
		 argv[optind]);
	return EXIT_OWN;
}

static void monitor_print_budget(FILE *out, const struct bt_result *r)
{
	char by[32];

	if (r->budget_ns == BT_NONE)
		return;
	if (bt_result_over_budget(r))
		fprintf(out, ", budget exceeded by %s s",
			table_seconds(by, 11, r->wall_ns - r->budget_ns));
	else
		fputs(", budget kept", out);
}

static void monitor_print_breakdown(FILE *out, const struct bt_result *r)
{
	enum bt_category most = bt_breakdown_dominant(r, BT_INCLUSIVE);

	if (r->provenance == BT_NOT_INSTRUMENTED) {
		fputs(", not traced", out);
		if (r->reason != BT_REASON_LEVEL)
			fprintf(out, ": %s", bt_reason_name(r->reason) ?: "no reason");
		return;
	}
	fprintf(out, ", %.2f %% in calls", bt_breakdown_overhead_percent(r, BT_INCLUSIVE));
	if (most != BT_CAT_NONE)
		fprintf(out, ", most in %s", bt_category_name(most));
	if (r->provenance == BT_PARTIAL)
		fprintf(out, ", partial: %s", bt_reason_name(r->reason) ?: "no reason");
}

static void monitor_print(FILE *out, const struct bt_record *record)
{
	const struct bt_result *r = record->result;
	char wall[32];

	print_daytime(out, record->end_unix_ns, false);
	fputc(' ', out);
	print_program(out, record);
	fputc(' ', out);
	if (*record->label) {
		print_escaped(out, record->label);
		fputc('/', out);
	}
	print_escaped(out, r->brick);
	fprintf(out, " %s s", table_seconds(wall, 11, r->wall_ns));
	monitor_print_budget(out, r);
	monitor_print_breakdown(out, r);
	if (record->released)
		fputs(", ended with its session", out);
	else if (record->abandoned)
		fputs(", ended with its thread", out);
	fputc('\n', out);
}

/* Looks whether the output took what was printed, each time, so that nothing is shown late. */
static enum stream_next monitor_flush(struct monitor *m)
{
	if (!fflush(m->out) && !ferror(m->out))
		return STREAM_GO_ON;
	if (errno == EPIPE)
		return STREAM_END;
	complain("cannot write to standard output: %s", strerror(errno));
	return STREAM_FAIL;
}

static enum stream_next monitor_take(struct stream *stream, const struct bt_record *record)
{
	struct monitor *m = (struct monitor *)stream;

	if (m->options.format == &output_json)
		json_print(m->out, record_json(record, &m->options.report),
			   JSON_REAL_PRECISION(9));
	else if (record->result)
		monitor_print(m->out, record);
	else
		complain("%" PRIu64
			 " runs were lost here: they came faster than they were read, or than max_host_grants allows",
			 record->lost);
	return monitor_flush(m);
}

static int monitor_follow(struct monitor *m)
{
	/* The end of main() would report an error of standard output once more. */
	int status, fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	m->out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!m->out) {
		complain("cannot write to standard output: %s", strerror(errno));
		return EXIT_OWN;
	}
	m->stream.out = fd;
	status = stream_open(&m->stream);
	if (!status)
		status = stream_follow(&m->stream);
	fclose(m->out);
	return status;
}

int cmd_monitor(int argc, char **argv)
{
	struct monitor m = {
		.stream = { .options = &m.wanted, .done = "shown", .take = monitor_take },
		.wanted = NO_STREAM_OPTIONS,
		.options = NO_OPTIONS,
	};
	int status = monitor_parse(argc, argv, &m);

	/* How long a call must be to be slow is not in a record. */
	m.options.report.slow_ns = BT_NONE;
	if (status < 0)
		status = monitor_follow(&m);
	stream_close(&m.stream);
	return status;
}
