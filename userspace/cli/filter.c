// SPDX-License-Identifier: MIT
/* The filter of --expr. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "../decode/decode.h"
#include "cli.h"
#include "filter.h"

/* The marks of the items that are not the name of a call. */
#define CATEGORY_MARK "%"
#define DEVICE_MARK   "ioctl:"

/* Returns what follows @mark in @item, or NULL if the item does not begin with it. */
static const char *filter_after(const char *item, const char *mark)
{
	return strncmp(item, mark, strlen(mark)) ? NULL : item + strlen(mark);
}

/*
 * Returns whether an item of the filter has this mark and, after it, this name. If @pattern,
 * the item may also be a pattern of the name.
 */
static bool filter_has(const char *filter, const char *mark, const char *name, bool pattern)
{
	char *items = strdup(filter), *rest = items, *item;
	const char *wanted;
	bool has = false;

	while (!has && (item = strsep(&rest, ","))) {
		wanted = filter_after(item, mark);
		has = wanted &&
		      (!strcmp(wanted, name) || (pattern && !fnmatch(wanted, name, 0)));
	}
	free(items);
	return has;
}

static bool filter_has_call(const char *filter, const char *name, enum bt_category category)
{
	return !filter || filter_has(filter, "", name, false) ||
	       filter_has(filter, CATEGORY_MARK, bt_category_name(category), false);
}

bool filter_category(const char *filter, enum bt_category category,
		     const struct bt_result *result)
{
	const struct bt_syscall *s;
	uint32_t i;

	if (filter_has_call(filter, "", category))
		return true;
	for (i = 0; (s = bt_result_syscall(result, i)); i++)
		if (s->category == category && filter_syscall(filter, s))
			return true;
	return false;
}

bool filter_syscall(const char *filter, const struct bt_syscall *s)
{
	return filter_has_call(filter, s->name, s->category) ||
	       (s->category == BT_CAT_IOCTL && strstr(filter, DEVICE_MARK));
}

bool filter_ioctl(const char *filter, const struct bt_ioctl *ioctl)
{
	struct decoded decoded;

	if (filter_has_call(filter, "ioctl", BT_CAT_IOCTL))
		return true;
	decode_ioctl(ioctl, &decoded);
	return filter_has(filter, DEVICE_MARK, decoded.device, true);
}

bool filter_slow_call(const char *filter, const struct bt_slow_call *call)
{
	return filter_has_call(filter, call->name, call->category) ||
	       (call->ioctl && filter_ioctl(filter, call->ioctl));
}

/* Returns the name of a category, or NULL if the library has no name for it. */
static const char *filter_category_name(int category)
{
	const char *name = bt_category_name((enum bt_category)category);

	return filter_after(name, "category_") ? NULL : name;
}

static bool filter_is_category(const char *name)
{
	const char *known;
	int c;

	for (c = 0; (known = filter_category_name(c)); c++)
		if (!strcmp(name, known))
			return true;
	return false;
}

/* A call that libseccomp does not know has the name that the library gives it. */
static bool filter_is_call(const char *name)
{
	const char *number = filter_after(name, "syscall_");

	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR ||
	       (number && *number && !number[strspn(number, "0123456789")]);
}

/* Returns the mark that the item lacks, or an empty text; NULL if the item is wrong. */
static const char *filter_check(const char *item)
{
	const char *category = filter_after(item, CATEGORY_MARK);
	const char *device = filter_after(item, DEVICE_MARK);

	if (device   ? *device :
	    category ? filter_is_category(category) :
		       filter_is_call(item))
		return "";
	return filter_is_category(item) ? CATEGORY_MARK : NULL;
}

static void filter_complain(const char *item)
{
	char categories[256] = "";
	const char *name;
	int c;

	for (c = 0; (name = filter_category_name(c)); c++)
		snprintf(categories + strlen(categories),
			 sizeof(categories) - strlen(categories), " %s%s", CATEGORY_MARK,
			 name);
	complain("bad expression '%s' in '%s': it must be the name of a system call, such as openat; a category, which is one of%s; or a device with ioctl: before it, such as ioctl:nvidia0",
		 item, optarg, categories);
}

int filter_parse(const char **filter)
{
	char *items = strdup(optarg), *rest = items, *item, *longer;
	const char *mark = "";

	while (mark && (item = strsep(&rest, ","))) {
		mark = filter_check(item);
		if (!mark) {
			filter_complain(item);
		} else if (asprintf(&longer, "%s%s%s%s", *filter ?: "",
				    *filter ? "," : "", mark, item) >= 0) {
			free((char *)*filter);
			*filter = longer;
		}
	}
	free(items);
	return mark ? -1 : EXIT_OWN;
}
