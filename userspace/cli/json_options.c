// SPDX-License-Identifier: MIT
/* The options -h, -j and -p. */
#include "json_options.h"

int json_options_parse(int c, struct json_options *options, void (*help)(void))
{
	switch (c) {
	case 'h':
		help();
		return 0;
	case 'p':
		options->flags = JSON_INDENT(2);
		/* fall through */
	case 'j':
		options->wanted = true;
		return -1;
	default:
		return EXIT_OWN;
	}
}

void json_options_print(FILE *out, const struct json_options *options, json_t *json)
{
	json_print(out, json, JSON_REAL_PRECISION(9) | options->flags);
}
