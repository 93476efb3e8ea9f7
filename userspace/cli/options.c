// SPDX-License-Identifier: MIT
/* The options that run and attach have in common. */
#include <string.h>

#include "../decode/decode.h"
#include "cli.h"
#include "filter.h"

void print_help(const char *before, const char *after)
{
	const struct output *const *o;

	printf("%s"
	       "  -e, --expr LIST    show only these calls (openat), categories (%%read) and\n"
	       "                     devices (ioctl:nvidia0); sums and shares stay the run's\n"
	       "  -I, --interval TIME\n"
	       "                     print a report each time this time has passed, and at the\n"
	       "                     end one of the whole run: 1, 1.5s, 250ms (a plain number is\n"
	       "                     seconds), at least 100ms\n"
	       "      --slow TIME    show the slowest calls, of those that took at least this time:\n"
	       "                     10us or more, or 0 for none (default: 1ms)\n"
	       "      --ioctl-names FILE\n"
	       "                     take names of ioctls from FILE, too\n"
	       "  -j, --json         print JSON, as -F json does\n"
	       "  -x, --csv          print comma-separated values, as -F csv does\n"
	       "  -F, --format NAME  print as\n",
	       before);
	for (o = outputs; *o; o++)
		printf("                     %-6s %s%s\n", (*o)->name, (*o)->summary,
		       *o == &output_table ? " (default)" : "");
	printf("      --otlp[=URL]   export the run as a span to an OpenTelemetry receiver, by\n"
	       "                     bricktrace-export (default: what OTEL_EXPORTER_OTLP_ENDPOINT\n"
	       "                     says, or http://localhost:4318)\n"
	       "  -o, --output FILE  print to FILE, not to standard error; - is standard output\n"
	       "  -S, --sort KEY     order of system calls: time, avg-time, max-time, calls,\n"
	       "                     errors, name, nothing (default: time)\n"
	       "  -h, --help         print this\n\n%s\n",
	       after);
}

static int option_complain_format(void)
{
	char names[256] = "";
	const struct output *const *o;

	for (o = outputs; *o; o++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s",
			 (*o)->name);
	complain("unknown format '%s'; the formats are:%s", optarg, names);
	return EXIT_OWN;
}

static int option_parse_slow(struct options *o)
{
	const char *wrong = parse_duration(optarg, &o->report.slow_ns);

	if (!wrong && o->report.slow_ns && o->report.slow_ns < BT_MIN_SLOW)
		wrong = "it must be at least 10us, or 0 if no call is to be kept";
	o->slow = true;
	if (!wrong)
		return -1;
	complain("bad time of a slow call '%s': %s", optarg, wrong);
	return EXIT_OWN;
}

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
	case 'e':
		return filter_parse(&o->report.filter);
	case 'F':
		o->format = output_named(optarg);
		return o->format ? -1 : option_complain_format();
	case 'f':
		o->follow = true;
		return -1;
	case 'I':
		return interval_parse(&o->interval_ns);
	case 'j':
		o->format = &output_json;
		return -1;
	case 'n':
		o->name = optarg;
		return -1;
	case 'o':
		o->output = optarg;
		return -1;
	case 'S':
		o->report.sort = parse_sort_key(optarg);
		if (o->report.sort != SORT_INVALID)
			return -1;
		complain("unknown sort key '%s'; use time, avg-time, max-time, calls, errors, name or nothing",
			 optarg);
		return EXIT_OWN;
	case 'x':
		o->format = &output_csv;
		return -1;
	case OPTION_IOCTL_NAMES:
		wrong = decode_add_file(optarg);
		if (!wrong)
			return -1;
		complain("%s", wrong);
		return EXIT_OWN;
	case OPTION_OTLP:
		o->otlp = optarg ?: "";
		return -1;
	case OPTION_SLOW:
		return option_parse_slow(o);
	default:
		/* next_option() has printed the reason. */
		return EXIT_OWN;
	}
}
