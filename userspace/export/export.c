// SPDX-License-Identifier: MIT
/* bricktrace export: its options, and how it begins and ends. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "notify.h"
#include "service.h"
#include "signals.h"

/* The module's largest ring: who exports wants to lose nothing. */
#define EXPORT_RING_BYTES (UINT64_C(16) << 20)

enum { EXPORT_BUFFER = 256, EXPORT_FROM, EXPORT_NO_METRICS, EXPORT_VARIABLE };

/* The options without those of variables. */
static const struct option export_words[] = {
	OPTION("buffer-size", required_argument, EXPORT_BUFFER),
	OPTION("config", required_argument, 'c'),
	OPTION("from", required_argument, EXPORT_FROM),
	OPTION("help", no_argument, 'h'),
	OPTION("no-metrics", no_argument, EXPORT_NO_METRICS),
	OPTION("quiet", no_argument, 'q'),
};

#define EXPORT_WORDS (sizeof(export_words) / sizeof(*export_words))

/* Prints what a variable is, with the service's own default instead of the usual one. */
static void export_help_variable(const struct otlp_variable *v)
{
	const char *preset = variables_default(v->name), *usual = strrchr(v->help, '(');

	printf("      --%s %s\n                     ", v->option, v->argument);
	if (preset && usual)
		printf("%.*s(%s)\n", (int)(usual - v->help), v->help, preset);
	else
		puts(v->help);
}

static void export_help(void)
{
	const struct otlp_variable *v;

	puts("Usage: bricktrace export [OPTIONS]\n\n"
	     "Sends the granted runs of the host as spans to a receiver of OpenTelemetry, and the\n"
	     "statistics of its bricks as metrics, until SIGTERM or ^C.\n\n"
	     "  -c, --config FILE  read variables from FILE, and again after SIGHUP\n"
	     "      --from FILE    export the runs of a recording instead; - is standard input\n"
	     "      --buffer-size SIZE\n"
	     "                     keep up to SIZE bytes of runs that were not read yet: 128K\n"
	     "                     to 16M (default: 16M)\n"
	     "      --no-metrics   export no metrics\n"
	     "  -q, --quiet        say only what goes wrong\n"
	     "  -h, --help         print this\n\n"
	     "These options stand for variables, which bricktrace-otlp(7) describes. Options precede\n"
	     "the environment, and that precedes FILE.\n");
	for (v = otlp_variables; v->name; v++)
		export_help_variable(v);
	puts("\nExits with 0; 1 if runs or spans were lost, dropped or rejected, or the runs cannot be\n"
	     "read; 125 if bricktrace itself fails.");
}

/* Makes the list of all options. Returns NULL without memory. */
static struct option *export_options(void)
{
	size_t n = variables_count(), i;
	struct option *words = calloc(EXPORT_WORDS + n + 1, sizeof(*words));

	if (!words) {
		complain("no memory");
		return NULL;
	}
	memcpy(words, export_words, sizeof(export_words));
	for (i = 0; i < n; i++)
		words[EXPORT_WORDS + i] =
			(struct option)OPTION(otlp_variables[i].option, required_argument,
					      EXPORT_VARIABLE + (int)i);
	return words;
}

static int export_parse_option(int c, struct service *s)
{
	switch (c) {
	case 'c':
		s->config = optarg;
		return -1;
	case 'h':
		export_help();
		return 0;
	case 'q':
		s->quiet = true;
		return -1;
	case EXPORT_BUFFER:
		return parse_size("--buffer-size", 128 << 10, EXPORT_RING_BYTES,
				  &s->ring_bytes);
	case EXPORT_FROM:
		s->from = optarg;
		return -1;
	case EXPORT_NO_METRICS:
		variables_set_option_named(&s->variables, "OTEL_METRICS_EXPORTER",
					   (char *)"none");
		return -1;
	default:
		/* Of another one, next_option() has printed the reason. */
		if (c < EXPORT_VARIABLE)
			return EXIT_OWN;
		variables_set_option(&s->variables, (size_t)(c - EXPORT_VARIABLE), optarg);
		return -1;
	}
}

/* Returns -1 to go on, or the status to exit with. */
static int export_parse(int argc, char **argv, struct service *s)
{
	struct option *words = export_options();
	int c, status = words ? -1 : EXIT_OWN;

	while (status < 0 && (c = next_option(argc, argv, ":c:hq", words)) != -1)
		status = export_parse_option(c, s);
	free(words);
	if (status >= 0 || !argv[optind])
		return status;
	complain("unexpected argument '%s': export takes the runs of the host, or those of --from FILE",
		 argv[optind]);
	return EXIT_OWN;
}

/* Whether there is anything to export. Otherwise that is what somebody has asked for. */
static bool export_wanted(const struct service *s, const struct otlp_config *c)
{
	const char *why = NULL;

	if (c->disabled)
		why = "OTEL_SDK_DISABLED is true";
	else if (c->targets[OTLP_TRACES].enabled)
		return true;
	else if (s->from)
		why = "OTEL_TRACES_EXPORTER is none, and a recording has nothing but runs";
	else if (!c->targets[OTLP_METRICS].enabled)
		why = "OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER are none";
	if (!why)
		return true;
	complain("nothing is exported: %s", why);
	notify_ready_and_wait();
	return false;
}

static int export_open(struct service *s, const struct otlp_config *c)
{
	if (s->from)
		return replay_open(s);
	return c->targets[OTLP_TRACES].enabled ? live_open(s) : 0;
}

/* Each config is used or freed. */
static int export_run(struct service *s, struct otlp_config *configs[OTLP_SIGNALS])
{
	int status = export_open(s, configs[OTLP_TRACES]);

	if (status) {
		otlp_config_free(configs[OTLP_TRACES]);
		otlp_config_free(configs[OTLP_METRICS]);
		return status;
	}
	/* Threads that are created from now on get no signals. */
	signals_catch();
	status = service_start(s, configs);
	if (!status) {
		s->watchdog_ns = notify_watchdog_ns();
		s->next_watchdog_ns = s->watchdog_ns == UINT64_MAX ? UINT64_MAX : 0;
		notify_ready();
		if (!s->from && !s->quiet)
			complain("exporting %s", s->exporter ?
							 "the granted runs of all users" :
							 "metrics only");
		status = s->from ? replay_follow(s) : live_follow(s);
	}
	return service_end(s, status);
}

static int export_begin(struct service *s)
{
	struct otlp_config *configs[OTLP_SIGNALS];
	char **file;

	if (service_configure(s, &file, configs))
		return EXIT_OWN;
	if (file) {
		variables_free_file(s->variables.file);
		s->variables.file = file;
	}
	if (export_wanted(s, configs[OTLP_TRACES]))
		return export_run(s, configs);
	otlp_config_free(configs[OTLP_TRACES]);
	otlp_config_free(configs[OTLP_METRICS]);
	return 0;
}

int export_main(int argc, char **argv)
{
	static struct service s = { .ring_bytes = EXPORT_RING_BYTES, .recording = -1 };
	int status = variables_init(&s.variables) ? EXIT_OWN : export_parse(argc, argv, &s);

	if (status < 0)
		status = export_begin(&s);
	live_close(&s);
	replay_close(&s);
	variables_free(&s.variables);
	return status;
}
