// SPDX-License-Identifier: MIT
/* bricktrace record, which writes the finished runs of the host to a file. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotation.h"
#include "stream.h"

/* Each file must have room for its header and a record of the largest size. */
#define RECORD_LEAST_SIZE (UINT64_C(128) << 10)
#define RECORD_MOST_SIZE  (UINT64_C(1) << 50)

enum { RECORD_MAX_SIZE = STREAM_LAST, RECORD_ROTATE };

struct recorder {
	struct stream stream;
	struct stream_options wanted;
	struct rotation rotation;
};

static void record_help(void)
{
	printf("Usage: bricktrace record -o FILE [OPTIONS]\n\n"
	       "Writes each finished run of the host to a new file, until ^C. 'bricktrace report'\n"
	       "shows such files.\n\n"
	       "  -o, --output FILE  create FILE, which must not exist; - is standard output\n"
	       "      --max-size SIZE\n"
	       "                     end before the file becomes larger: 128K, 100M, 2G\n"
	       "      --rotate N     instead of ending, go on in FILE.1, FILE.2, ..., and keep the\n"
	       "                     last N files\n"
	       "%s"
	       "  -h, --help         print this\n\n%s\n",
	       STREAM_HELP, STREAM_STATUS);
}

static int record_parse_option(int c, struct recorder *r)
{
	switch (c) {
	case 'h':
		record_help();
		return 0;
	case 'o':
		r->rotation.path = optarg;
		return -1;
	case RECORD_MAX_SIZE:
		return parse_size("--max-size", RECORD_LEAST_SIZE, RECORD_MOST_SIZE,
				  &r->rotation.max_size);
	case RECORD_ROTATE:
		return parse_number("number of files", "--rotate", 2, ROTATION_MAX,
				    &r->rotation.keep);
	default:
		return stream_parse_option(c, &r->wanted);
	}
}

/* Returns what is wrong with the combination of options, or NULL. */
static const char *record_contradiction(const struct rotation *r)
{
	bool limited = r->max_size != UINT64_MAX;

	if (!r->path)
		return "no file to record to (-o FILE); see bricktrace record --help";
	if (r->keep && !limited)
		return "--rotate needs --max-size, which says how large each file may become";
	if (limited && !strcmp(r->path, "-"))
		return "--max-size needs a file, and -o - is standard output";
	return NULL;
}

/* Returns -1 to go on, or the status to exit with. */
static int record_parse(int argc, char **argv, struct recorder *r)
{
	static const struct option words[] = {
		STREAM_WORDS,
		OPTION("help", no_argument, 'h'),
		OPTION("max-size", required_argument, RECORD_MAX_SIZE),
		OPTION("output", required_argument, 'o'),
		OPTION("rotate", required_argument, RECORD_ROTATE),
		{ 0 },
	};
	const char *wrong;
	int c, status = -1;

	while (status < 0 &&
	       (c = next_option(argc, argv, ":ho:" STREAM_LETTERS, words)) != -1)
		status = record_parse_option(c, r);
	if (status >= 0)
		return status;
	if (argv[optind]) {
		complain("unexpected argument '%s': record records the runs of the host, whatever program has them",
			 argv[optind]);
		return EXIT_OWN;
	}
	wrong = record_contradiction(&r->rotation);
	if (wrong)
		complain("%s", wrong);
	return wrong ? EXIT_OWN : -1;
}

static enum stream_next record_take(struct stream *stream, const struct bt_record *record)
{
	struct recorder *r = (struct recorder *)stream;

	switch (rotation_write(&r->rotation, record)) {
	case ROTATION_WRITTEN:
		return STREAM_GO_ON;
	case ROTATION_FULL:
		complain("'%s' has no room for another run: --max-size is reached",
			 r->rotation.name);
		return STREAM_END;
	case ROTATION_CLOSED:
		return STREAM_END;
	default:
		return STREAM_FAIL;
	}
}

/* The file is created when the runs can be read, so that no empty one is left otherwise. */
static int record_follow(struct recorder *r)
{
	int status = stream_open(&r->stream);

	if (status)
		return status;
	if (rotation_open(&r->rotation))
		return EXIT_OWN;
	if (r->rotation.fd == STDOUT_FILENO)
		r->stream.out = STDOUT_FILENO;
	status = stream_follow(&r->stream);
	return rotation_close(&r->rotation) ? EXIT_OWN : status;
}

int cmd_record(int argc, char **argv)
{
	static struct recorder r = {
		.stream = { .options = &r.wanted,
			    .out = -1,
			    .done = "recorded",
			    .take = record_take },
		.wanted = NO_STREAM_OPTIONS,
		.rotation = { .max_size = UINT64_MAX, .fd = -1 },
	};
	int status = record_parse(argc, argv, &r);

	if (status < 0)
		status = record_follow(&r);
	stream_close(&r.stream);
	free(r.rotation.name);
	return status;
}
