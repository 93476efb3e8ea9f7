// SPDX-License-Identifier: MIT
/* bricktrace reset, which makes bricks forget their runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/param.h>

#include "cli.h"
#include "host.h"
#include "json_options.h"

enum { RESET_SESSION = 512 };

struct reset {
	struct host *host;
	uint64_t session; /* of which all bricks are reset; 0 for those that are named */
	struct json_options json;
	json_t *done; /* an array */
};

static void reset_help(void)
{
	puts("Usage: bricktrace reset [OPTIONS] BRICK...\n"
	     "       bricktrace reset [OPTIONS] --session ID\n\n"
	     "Makes bricks forget the runs that they had: statistics, window and counts of\n"
	     "assertions begin anew. Only root, or a program with CAP_PERFMON, may do that.\n\n"
	     "A BRICK is NAME, PID:NAME or session#ID:NAME; bricktrace list bricks shows them.\n\n"
	     "      --session ID   reset all bricks of this session\n"
	     "  -j, --json         print JSON\n" JSON_HELP
	     "Exits with 0, 1 if it is refused, there is no such brick or the module cannot be\n"
	     "asked, 125 if bricktrace itself fails.");
}

static int reset_parse_option(int c, struct reset *r)
{
	return c == RESET_SESSION ? host_parse_session(optarg, &r->session) :
				    json_options_parse(c, &r->json, reset_help);
}

/* Returns -1 to go on, or the status to exit with. */
static int reset_parse(int argc, char **argv, struct reset *r)
{
	static const struct option words[] = {
		JSON_WORDS,
		OPTION("session", required_argument, RESET_SESSION),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 && (c = next_option(argc, argv, ":" JSON_LETTERS, words)) != -1)
		status = reset_parse_option(c, r);
	if (status >= 0)
		return status;
	if (r->session && argv[optind])
		complain("unexpected argument '%s': --session resets all bricks of the session",
			 argv[optind]);
	else if (!r->session && !argv[optind])
		complain("no brick to reset; see bricktrace reset --help");
	else
		return -1;
	return EXIT_OWN;
}

static int reset_brick(struct reset *r, const char *text)
{
	struct host_brick *brick;
	int err = host_find_brick(r->host, text, false, &brick);

	if (!err)
		err = host_reset(r->host, brick->session, brick->get.brick);
	if (err) {
		free(brick);
		return host_exit(err);
	}
	json_array_append_new(r->done, json_pack("{s:I,s:I,s:o}", "session",
						 (json_int_t)brick->session, "brick",
						 (json_int_t)brick->get.brick, "name",
						 text_json(brick->get.name)));
	if (!r->json.wanted) {
		fputs("brick ", stdout);
		print_escaped(stdout, brick->get.name);
		printf(" of session %" PRIu64 " is reset\n", brick->session);
	}
	free(brick);
	return 0;
}

static int reset_session(struct reset *r)
{
	int err = host_reset(r->host, r->session, 0);

	if (err)
		return host_exit(err);
	json_array_append_new(r->done, json_pack("{s:I,s:n,s:n}", "session",
						 (json_int_t)r->session, "brick", "name"));
	if (!r->json.wanted)
		printf("all bricks of session %" PRIu64 " are reset\n", r->session);
	return 0;
}

static int reset_run(struct reset *r, char **bricks)
{
	int one, status = host_open(&r->host, false);

	if (status)
		return status;
	r->done = json_array();
	if (r->session)
		status = reset_session(r);
	for (; *bricks; bricks++) {
		one = reset_brick(r, *bricks);
		status = MAX(status, one);
	}
	if (r->json.wanted)
		json_options_print(stdout, &r->json,
				   json_pack("{s:i,s:O}", "schema", 1, "reset", r->done));
	json_decref(r->done);
	host_close(r->host);
	return status;
}

int cmd_reset(int argc, char **argv)
{
	struct reset r = { 0 };
	int status = reset_parse(argc, argv, &r);

	return status < 0 ? reset_run(&r, argv + optind) : status;
}
