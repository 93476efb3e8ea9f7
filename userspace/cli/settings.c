// SPDX-License-Identifier: MIT
/* The settings of the host, which are parameters of the module. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "settings.h"

#define SETTING(name, unit, text, attribute, least, most)                             \
	{                                                                             \
		name, unit, text, BRICKTRACE_A_CONFIG_##attribute, false, least, most \
	}

const struct host_setting host_settings[] = {
	SETTING("enabled", "", "whether programs may trace; 0 removes the hooks at once",
		ENABLED, 0, 1),
	SETTING("decode", "", "whether commands in the arguments of ioctls are read",
		DECODE, 0, 1),
	SETTING("linger_ms", "ms", "how long the hooks stay after the last traced run",
		LINGER_MS, 0, 3600000),
	SETTING("max_host_grants", "", "granted runs for host-wide readers in any second",
		MAX_HOST_GRANTS, 0, BRICKTRACE_MAX_LIMIT),
	SETTING("cv_threshold", "1/1000 %",
		"a greater coefficient of variation is an anomaly", CV_THRESHOLD, 0,
		BRICKTRACE_MAX_CV),
	SETTING("efficiency_threshold", "1/1000 %", "a lower efficiency is an anomaly",
		EFFICIENCY_THRESHOLD, 0, BRICKTRACE_MAX_EFFICIENCY),
	SETTING("trace_limit", "", "grants of a session in any second", TRACE_LIMIT, 0,
		BRICKTRACE_MAX_LIMIT),
	{ "slow_ns", "ns", "the least time of a slow call, or 0 for none",
	  BRICKTRACE_A_CONFIG_SLOW_NS, true, BRICKTRACE_MIN_SLOW, BRICKTRACE_MAX_BUDGET },
	SETTING("max_user_sessions", "", "limit of a user's sessions", MAX_USER_SESSIONS,
		0, UINT32_MAX),
	SETTING("max_user_threads", "", "limit of a user's registrations of threads",
		MAX_USER_THREADS, 0, UINT32_MAX),
	SETTING("max_user_runs", "", "limit of a user's open runs", MAX_USER_RUNS, 0,
		UINT32_MAX),
	SETTING("max_user_memory", "MiB", "limit of the kernel memory of a user's sessions",
		MAX_USER_MEMORY, 0, UINT32_MAX),
	SETTING("netlink_group", "", "the group that may open sessions by netlink",
		NETLINK_GROUP, 0, UINT32_MAX),
	{ 0 },
};

_Static_assert(sizeof(host_settings) / sizeof(*host_settings) == HOST_SETTINGS + 1,
	       "each attribute of the configuration is a setting");

/* What a value looks like, which follows from the unit or, without one, from the setting. */
enum settings_form {
	SETTINGS_NUMBER,
	SETTINGS_SWITCH,
	SETTINGS_PERCENT,
	SETTINGS_TIME,
	SETTINGS_GROUP,
};

static enum settings_form settings_form(const struct host_setting *s)
{
	if (s->attribute == BRICKTRACE_A_CONFIG_NETLINK_GROUP)
		return SETTINGS_GROUP;
	if (s->most == 1)
		return SETTINGS_SWITCH;
	if (!strcmp(s->unit, "1/1000 %"))
		return SETTINGS_PERCENT;
	return !strcmp(s->unit, "ms") || !strcmp(s->unit, "ns") ? SETTINGS_TIME :
								  SETTINGS_NUMBER;
}

const struct host_setting *settings_named(const char *name)
{
	const struct host_setting *s;
	size_t i;

	for (s = host_settings; s->name; s++) {
		for (i = 0; s->name[i] && (s->name[i] == name[i] ||
					   (s->name[i] == '_' && name[i] == '-'));)
			i++;
		if (!s->name[i] && !name[i])
			return s;
	}
	return NULL;
}

static bool settings_is_number(const char *text, uint64_t *value)
{
	size_t digits = strspn(text, "0123456789");

	errno = 0;
	*value = strtoull(text, NULL, 10);
	return digits && !text[digits] && !errno;
}

static bool settings_parse_switch(const char *text, uint64_t *value)
{
	*value = !strcmp(text, "on");
	return *value || !strcmp(text, "off");
}

/* A thousandth of a per cent is to a per cent what a nanosecond is to a microsecond. */
static bool settings_parse_percent(const char *text, uint64_t *value)
{
	size_t length = strspn(text, "0123456789.");
	char number[32];

	if (strcmp(text + length, "%") != 0 || length >= sizeof(number))
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)length, text);
	return !parse_budget(number, value);
}

/* A time has a unit of its own, and must be a whole number of the setting's unit. */
static bool settings_parse_time(const char *text, const char *unit, uint64_t *value)
{
	uint64_t each = strcmp(unit, "ms") ? 1 : 1000000;

	if (parse_duration(text, value) || *value % each)
		return false;
	*value /= each;
	return true;
}

static bool settings_parse_group(const char *text, uint64_t *value)
{
	const struct group *group = getgrnam(text);

	*value = group ? group->gr_gid : SETTINGS_NO_GROUP;
	return group || !strcmp(text, "none");
}

static bool settings_parse_form(const struct host_setting *s, const char *text,
				uint64_t *value)
{
	if (settings_is_number(text, value))
		return true;
	switch (settings_form(s)) {
	case SETTINGS_SWITCH:
		return settings_parse_switch(text, value);
	case SETTINGS_PERCENT:
		return settings_parse_percent(text, value);
	case SETTINGS_TIME:
		return settings_parse_time(text, s->unit, value);
	case SETTINGS_GROUP:
		return settings_parse_group(text, value);
	case SETTINGS_NUMBER:
		break;
	}
	return false;
}

static void settings_complain(const struct host_setting *s, const char *text)
{
	switch (settings_form(s)) {
	case SETTINGS_SWITCH:
		complain("bad value '%s': %s is on or off", text, s->name);
		break;
	case SETTINGS_PERCENT:
		complain("bad value '%s': %s is from 0%% to %" PRIu64
			 "%%, such as 15%% or 12.5%%, with at most three decimals",
			 text, s->name, s->most / 1000);
		break;
	case SETTINGS_TIME:
		complain("bad value '%s': %s is %sfrom %" PRIu64 " to %" PRIu64
			 " %s, or a time with a unit (ns, us, ms or s)",
			 text, s->name, s->least ? "0 or " : "", s->least, s->most,
			 s->unit);
		break;
	case SETTINGS_GROUP:
		complain("bad value '%s': %s is the name or number of a group, or none; there is no group of this name",
			 text, s->name);
		break;
	case SETTINGS_NUMBER:
		complain("bad value '%s': %s is a whole number from %" PRIu64
			 " to %" PRIu64 "%s%s",
			 text, s->name, s->least, s->most, *s->unit ? " " : "", s->unit);
		break;
	}
}

int settings_parse(const struct host_setting *s, const char *text, uint64_t *value)
{
	/* Only slow_ns has a range that does not begin with 0, and 0 has a meaning there, too. */
	if (settings_parse_form(s, text, value) &&
	    (!*value || (*value >= s->least && *value <= s->most)))
		return 0;
	settings_complain(s, text);
	return -1;
}

static void settings_print_group(FILE *out, uint64_t value)
{
	const struct group *group;

	if (value == SETTINGS_NO_GROUP) {
		fputs("none", out);
		return;
	}
	group = getgrgid((gid_t)value);
	if (group)
		print_escaped(out, group->gr_name);
	else
		fprintf(out, "%" PRIu64, value);
}

void settings_print_value(FILE *out, const struct host_setting *s, uint64_t value)
{
	switch (settings_form(s)) {
	case SETTINGS_SWITCH:
		fputs(value ? "on" : "off", out);
		break;
	case SETTINGS_PERCENT:
		fprintf(out, "%g%%", value / 1000.0);
		break;
	case SETTINGS_GROUP:
		settings_print_group(out, value);
		break;
	case SETTINGS_TIME:
		fprintf(out, "%" PRIu64 "%s", value, s->unit);
		break;
	case SETTINGS_NUMBER:
		fprintf(out, "%" PRIu64 "%s%s", value, *s->unit ? " " : "", s->unit);
		break;
	}
}

json_t *settings_json(const struct host_setting *s, uint64_t value)
{
	return settings_form(s) == SETTINGS_GROUP && value == SETTINGS_NO_GROUP ?
		       json_null() :
		       json_integer((json_int_t)value);
}
