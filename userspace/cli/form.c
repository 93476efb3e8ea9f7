// SPDX-License-Identifier: MIT
/* The texts by which commands name bricks. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "form.h"

static int form_compare(const void *pa, const void *pb)
{
	const struct host_brick *a = *(const struct host_brick *const *)pa;
	const struct host_brick *b = *(const struct host_brick *const *)pb;
	int order = strcmp(a->get.name, b->get.name);

	return order ? order : (a->pid > b->pid) - (a->pid < b->pid);
}

static bool form_same(const struct host_brick *a, const struct host_brick *b, bool pid)
{
	return !strcmp(a->get.name, b->get.name) && (!pid || a->pid == b->pid);
}

/* Returns whether no neighbour has the same name, or with @pid the same name and process. */
static bool form_unique(const struct host_brick *const *sorted, size_t n, size_t i, bool pid)
{
	return !(i && form_same(sorted[i - 1], sorted[i], pid)) &&
	       !(i + 1 < n && form_same(sorted[i], sorted[i + 1], pid));
}

/* Returns whether the name itself does not begin like another form. */
static bool form_is_plain(const char *name)
{
	struct host_filter filter = { 0 };

	return !host_parse_brick(name, &filter) && !filter.session && !filter.pid;
}

static void form_write(const struct host_brick *const *sorted, size_t n, size_t i,
		       char form[FORM_BRICK])
{
	const struct host_brick *b = sorted[i];

	if (form_unique(sorted, n, i, false) && form_is_plain(b->get.name))
		snprintf(form, FORM_BRICK, "%s", b->get.name);
	else if (form_unique(sorted, n, i, true) && b->pid > 0)
		snprintf(form, FORM_BRICK, "%" PRId32 ":%s", b->pid, b->get.name);
	else
		snprintf(form, FORM_BRICK, "session#%" PRIu64 ":%s", b->session,
			 b->get.name);
}

char (*form_bricks(const struct host_brick *all, size_t n))[FORM_BRICK]
{
	const struct host_brick **sorted = calloc(n + 1, sizeof(*sorted));
	char(*forms)[FORM_BRICK] = calloc(n + 1, sizeof(*forms));
	size_t i;

	for (i = 0; sorted && i < n; i++)
		sorted[i] = &all[i];
	if (sorted)
		qsort(sorted, n, sizeof(*sorted), form_compare);
	for (i = 0; sorted && forms && i < n; i++)
		form_write(sorted, n, i, forms[sorted[i] - all]);
	if (!sorted) {
		free(forms);
		forms = NULL;
	}
	free(sorted);
	return forms;
}
