/* SPDX-License-Identifier: MIT */
/* The options of the commands about the host that print text or, with -j or -p, JSON. */
#ifndef JSON_OPTIONS_H
#define JSON_OPTIONS_H

#include "cli.h"
#include "json.h"

struct json_options {
	bool wanted;
	size_t flags; /* of json_print() */
};

/* The letters come after the colon that getopt_long() wants first. */
#define JSON_LETTERS "hjp"
#define JSON_WORDS                                                          \
	OPTION("help", no_argument, 'h'), OPTION("json", no_argument, 'j'), \
		OPTION("pretty", no_argument, 'p')
/* After a line about -j, which says what the JSON has. */
#define JSON_HELP                                            \
	"  -p, --pretty       print JSON on several lines\n" \
	"  -h, --help         print this\n\n"

/*
 * Handles one of these options, or the error that next_option() has said; @help prints the
 * command's help. Returns -1, or the status to exit with.
 */
int json_options_parse(int c, struct json_options *options, void (*help)(void));

/* Prints the value as the options say, and frees it. */
void json_options_print(FILE *out, const struct json_options *options, json_t *json);

#endif
