// SPDX-License-Identifier: MIT
/* bricktrace detach, which ends the tracing of sessions for good. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/param.h>

#include "cli.h"
#include "host.h"
#include "json_options.h"
#include "origin.h"

enum { DETACH_PID = 512 };

struct detach {
	struct host *host;
	struct ids processes;
	struct json_options json;
	json_t *detached; /* an array */
};

static void detach_help(void)
{
	puts("Usage: bricktrace detach [OPTIONS] SESSION...\n"
	     "       bricktrace detach [OPTIONS] --pid PID[,PID...]\n\n"
	     "Ends the tracing of sessions for good, without stopping their programs: threads are\n"
	     "not followed any more, and runs have no breakdown. bricktrace list shows the numbers\n"
	     "of sessions. Only root, or a program with CAP_PERFMON, may detach them.\n\n"
	     "      --pid LIST     detach all sessions that these processes have opened\n"
	     "  -j, --json         print JSON\n" JSON_HELP
	     "Exits with 0, 1 if it is refused, there is no such session or the module cannot be\n"
	     "asked, 125 if bricktrace itself fails.");
}

static int detach_parse_option(int c, struct detach *d)
{
	const char *wrong;

	if (c != DETACH_PID)
		return json_options_parse(c, &d->json, detach_help);
	wrong = parse_ids(optarg, &d->processes);
	if (!wrong)
		return -1;
	complain("bad list of processes '%s': %s", optarg, wrong);
	return EXIT_OWN;
}

/* Returns -1 to go on, or the status to exit with. */
static int detach_parse(int argc, char **argv, struct detach *d)
{
	static const struct option words[] = {
		JSON_WORDS,
		OPTION("pid", required_argument, DETACH_PID),
		{ 0 },
	};
	int c, i, status = -1;
	uint64_t session;

	while (status < 0 && (c = next_option(argc, argv, ":" JSON_LETTERS, words)) != -1)
		status = detach_parse_option(c, d);
	if (status < 0 && !argv[optind] && !d->processes.n) {
		complain("no session to detach; see bricktrace detach --help");
		return EXIT_OWN;
	}
	/* Nothing is detached if a later word is wrong. */
	for (i = optind; status < 0 && argv[i]; i++)
		status = host_parse_session(argv[i], &session);
	return status;
}

static int detach_one(struct detach *d, const struct host_session *s)
{
	int err = host_detach(d->host, s->s.id);

	if (err)
		return host_exit(err);
	json_array_append_new(d->detached,
			      json_pack("{s:I,s:o,s:o}", "session", (json_int_t)s->s.id,
					"pid", some_json(s->pid), "comm",
					text_json(s->comm)));
	if (d->json.wanted)
		return 0;
	printf("session %" PRIu64 " of ", (uint64_t)s->s.id);
	print_process(stdout, s->comm, s->pid);
	puts(" is detached");
	return 0;
}

/* Detaches the sessions that the filter selects. Returns the status to exit with. */
static int detach_some(struct detach *d, const struct host_filter *filter)
{
	struct host_session *list;
	int one, status = 0, err;
	size_t i, n;

	err = host_list_sessions(d->host, filter, &list, &n);
	if (err)
		return host_exit(err);
	for (i = 0; i < n; i++) {
		one = detach_one(d, &list[i]);
		status = MAX(status, one);
	}
	free(list);
	if (n)
		return status;
	if (filter->pid)
		complain("process %" PRId32
			 " has opened no session; bricktrace list shows those that there are",
			 filter->pid);
	else
		complain("there is no session %" PRIu64
			 "; bricktrace list shows those that there are",
			 filter->session);
	return host_exit(-ENOENT);
}

static int detach_run(struct detach *d, char **sessions)
{
	int one, status = host_open(&d->host, false);
	struct host_filter filter;
	size_t i;

	if (status)
		return status;
	d->detached = json_array();
	for (; *sessions; sessions++) {
		filter = (struct host_filter){ 0 };
		host_parse_session(*sessions, &filter.session);
		one = detach_some(d, &filter);
		status = MAX(status, one);
	}
	for (i = 0; i < d->processes.n; i++) {
		one = detach_some(d, &(struct host_filter){ .pid = d->processes.id[i] });
		status = MAX(status, one);
	}
	if (d->json.wanted)
		json_options_print(stdout, &d->json,
				   json_pack("{s:i,s:O}", "schema", 1, "detached",
					     d->detached));
	json_decref(d->detached);
	host_close(d->host);
	return status;
}

int cmd_detach(int argc, char **argv)
{
	struct detach d = { 0 };
	int status = detach_parse(argc, argv, &d);

	if (status < 0)
		status = detach_run(&d, argv + optind);
	free(d.processes.id);
	return status;
}
