// SPDX-License-Identifier: MIT
/* Naming one brick of the host: NAME, PID:NAME or session#ID:NAME. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "form.h"

#define CHOICE_SESSION "session#"

/*
 * Parses the number that @end follows; a number above @most becomes 0. Returns the place of
 * @end, or NULL if the text is something else.
 */
static const char *choice_number(const char *text, char end, uint64_t most, uint64_t *number)
{
	size_t n = strspn(text, "0123456789");

	errno = 0;
	*number = strtoull(text, NULL, 10);
	if (errno || *number > most)
		*number = 0;
	return n && text[n] == end ? text + n : NULL;
}

static const char *choice_skip_word(const char *text)
{
	size_t n = strlen(CHOICE_SESSION);

	return strncmp(text, CHOICE_SESSION, n) ? text : text + n;
}

int host_parse_session(const char *text, uint64_t *session)
{
	if (choice_number(choice_skip_word(text), 0, UINT64_MAX, session) && *session)
		return -1;
	complain("bad session '%s': the number of a session is 1 or greater; bricktrace list shows it",
		 text);
	return EXIT_OWN;
}

const char *host_parse_brick(const char *text, struct host_filter *filter)
{
	const char *digits = choice_skip_word(text), *colon;
	bool session = digits != text;
	uint64_t number;

	colon = choice_number(digits, ':', session ? UINT64_MAX : INT_MAX, &number);
	if (colon && !number)
		return session ? "the number of a session is from 1 to 2^64-1" :
				 "a process ID is a number from 1 to 2147483647";
	if (colon && session)
		filter->session = number;
	else if (colon)
		filter->pid = (int32_t)number;
	filter->name = colon ? colon + 1 : text;
	if (!*filter->name)
		return "the name of a brick is not empty";
	if (strlen(filter->name) >= BT_NAME_LEN)
		return "the name of a brick has at most 63 bytes";
	return NULL;
}

static void choice_complain(const char *text, const struct host_brick *list, size_t n)
{
	char(*forms)[FORM_BRICK] = form_bricks(list, n), *choices = NULL;
	size_t size, i;
	FILE *out = forms ? open_memstream(&choices, &size) : NULL;

	for (i = 0; out && i < n; i++)
		fprintf(out, "%s%s", i ? ", " : "", forms[i]);
	if (out)
		fclose(out);
	free(forms);
	complain("'%s' may be any of %zu bricks; choose one of them: %s", text, n,
		 choices ?: "");
	free(choices);
}

int host_find_brick(struct host *host, const char *text, bool books,
		    struct host_brick **brick)
{
	struct host_filter filter = { .books = books };
	const char *wrong = host_parse_brick(text, &filter);
	size_t n;
	int err;

	*brick = NULL;
	if (wrong) {
		complain("bad brick '%s': %s", text, wrong);
		return -EINVAL;
	}
	err = host_list_bricks(host, &filter, brick, &n);
	if (!err && n == 1)
		return 0;
	if (!err && !n) {
		complain("there is no brick '%s'; bricktrace list shows those that there are",
			 text);
		err = -ENOENT;
	} else if (!err) {
		choice_complain(text, *brick, n);
		err = -EEXIST;
	}
	free(*brick);
	*brick = NULL;
	return err;
}
