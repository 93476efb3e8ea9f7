// SPDX-License-Identifier: MIT
/* Taking one option after the other from the arguments of a command. */
#include <string.h>

#include "cli.h"

static void arguments_complain(int c, char **argv, const struct option *word)
{
	const char *argument = argv[optind - 1];
	char letter[] = { '-', (char)optopt, 0 };

	while (word->name && (word->val != optopt || word->has_arg))
		word++;
	if (!optopt)
		complain("unknown option '%s', or more than one option begins with it",
			 argument);
	else if (c == ':')
		complain("option '%s' needs an argument",
			 strncmp(argument, "--", 2) ? letter : argument);
	else if (word->name)
		complain("option '--%s' takes no argument", word->name);
	else
		complain("unknown option '%s'", letter);
}

int next_option(int argc, char **argv, const char *letters, const struct option *words)
{
	int c = getopt_long(argc, argv, letters, words, NULL);

	if (c == '?' || c == ':')
		arguments_complain(c, argv, words);
	return c;
}
