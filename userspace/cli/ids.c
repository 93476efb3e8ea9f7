// SPDX-License-Identifier: MIT
/* Lists of process and thread IDs, and parsing them as people and pidof write them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define SEPARATORS ", \t\n"

int ids_add(struct ids *ids, pid_t id)
{
	/* The memory doubles, so that a long list is not copied for each of its elements. */
	if (!(ids->n & (ids->n - 1))) {
		size_t room = ids->n ? 2 * ids->n : 1;
		pid_t *more = reallocarray(ids->id, room, sizeof(*ids->id));

		if (!more)
			return -ENOMEM;
		ids->id = more;
	}
	ids->id[ids->n++] = id;
	return 0;
}

static const char *ids_append(struct ids *ids, pid_t id)
{
	size_t i;

	for (i = 0; i < ids->n; i++)
		if (ids->id[i] == id)
			return NULL;
	return ids_add(ids, id) ? "there is no memory for so many" : NULL;
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
