// SPDX-License-Identifier: MIT
/* The program bricktrace: its commands, --help and --version. */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "cli.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "attach", cmd_attach, "show where the time of running processes or threads goes" },
	{ "detach", cmd_detach, "end the tracing of sessions for good" },
	{ "export", cmd_export, "send the finished runs of the host to OpenTelemetry" },
	{ "list", cmd_list, "list the sessions, threads or bricks of the host" },
	{ "monitor", cmd_monitor, "show each run of the host when it has finished" },
	{ "record", cmd_record, "write the finished runs of the host to a file" },
	{ "report", cmd_report, "show what was recorded" },
	{ "reset", cmd_reset, "make bricks forget their runs" },
	{ "run", cmd_run, "run a program and show where its time went" },
	{ "set", cmd_set, "show or change the settings of the host" },
	{ "show", cmd_show, "show what is known of all runs of a brick" },
	{ "status", cmd_status, "show the state of the module and who uses it" },
	{ "top", cmd_top, "show what bricks or threads do, again and again" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void main_help(FILE *out)
{
	size_t i;

	fputs("Usage: bricktrace COMMAND [ARGUMENTS]\n"
	      "       bricktrace --help | --version\n\n"
	      "Commands:\n",
	      out);
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'bricktrace COMMAND --help' describes a command's options.\n", out);
}

static int main_dispatch(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		main_help(stderr);
		return EXIT_OWN;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("bricktrace " BT_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		if (argc < 3) {
			main_help(stdout);
			return 0;
		}
		/* "help run" means "run --help". */
		argv[1] = argv[2];
		argv[2] = (char *)"--help";
	}
	for (c = commands; c < commands + COMMANDS; c++)
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 1, argv + 1);
	complain("unknown command '%s'; see bricktrace --help", argv[1]);
	return EXIT_OWN;
}

int main(int argc, char **argv)
{
	int status;

	/* print_bar() wants to know whether the terminal shows UTF-8. */
	setlocale(LC_CTYPE, "");
	status = main_dispatch(argc, argv);

	/* Writing the help or the version may have failed, for instance on a full disk. */
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	complain("cannot write to standard output: %s", strerror(errno));
	return status ? status : EXIT_OWN;
}
