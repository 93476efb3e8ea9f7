// SPDX-License-Identifier: MIT
/* Parsing lists of process and thread IDs, as people and pidof write them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define SEPARATORS ", \t\n"

static const char *ids_append(struct ids *ids, pid_t id)
{
	pid_t *more;
	size_t i;

	for (i = 0; i < ids->n; i++)
		if (ids->id[i] == id)
			return NULL;
	more = reallocarray(ids->id, ids->n + 1, sizeof(*ids->id));
	if (!more)
		return "there is no memory for so many";
	ids->id = more;
	ids->id[ids->n++] = id;
	return NULL;
}

const char *parse_ids(const char *text, struct ids *ids)
{
	static const char garbage[] =
		"it must consist of numbers, separated by commas or blanks";
	const char *wrong;

	text += strspn(text, SEPARATORS);
	if (!*text)
		return "it is empty";
	while (*text) {
		size_t digits = strspn(text, "0123456789");
		unsigned long id;

		if (!digits || (text[digits] && !strchr(SEPARATORS, text[digits])))
			return garbage;
		errno = 0;
		id = strtoul(text, NULL, 10);
		if (errno || id < 1 || id > INT_MAX)
			return "a process or thread ID is a number from 1 to 2147483647";
		wrong = ids_append(ids, id);
		if (wrong)
			return wrong;
		text += digits;
		text += strspn(text, SEPARATORS);
	}
	return NULL;
}
