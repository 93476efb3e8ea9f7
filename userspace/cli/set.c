// SPDX-License-Identifier: MIT
/* bricktrace set, which shows and changes the settings of the host. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "colour.h"
#include "json_options.h"
#include "save.h"
#include "settings.h"

enum { SET_SAVE = 512 };

struct set {
	const struct host_setting *setting; /* NULL for all */
	const char *text;		    /* of the new value, or NULL */
	uint64_t value;
	const char *save; /* a file, "-", or NULL */
	struct json_options json;
	uint64_t values[HOST_SETTINGS];
};

static void set_help(void)
{
	puts("Usage: bricktrace set [OPTIONS] [NAME [VALUE]]\n\n"
	     "Shows the settings of the host, shows one, or changes one for all programs at once.\n"
	     "Only root, or a program with CAP_PERFMON, may change them.\n\n"
	     "A VALUE is a number in the unit of the setting, or on or off, a share such as 12.5%,\n"
	     "a time such as 100us, a group's name, or none.\n\n"
	     "      --save[=FILE]  keep the value for the next time that the module is loaded, in\n"
	     "                     FILE (default: " SAVE_FILE ");\n"
	     "                     with --save=- only print the line that belongs there\n"
	     "  -j, --json         print JSON\n" JSON_HELP
	     "Exits with 0, 1 if the change is refused or the module cannot be asked, 125 if\n"
	     "bricktrace itself fails.");
}

static int set_parse_option(int c, struct set *s)
{
	if (c != SET_SAVE)
		return json_options_parse(c, &s->json, set_help);
	s->save = optarg ?: SAVE_FILE;
	return -1;
}

/* Takes the name and the value. Returns -1 to go on, or the status to exit with. */
static int set_parse_words(char **words, struct set *s)
{
	if (!words[0]) {
		if (!s->save)
			return -1;
		complain("--save needs the name of the setting to keep; bricktrace set shows the names");
		return EXIT_OWN;
	}
	s->setting = settings_named(words[0]);
	if (!s->setting) {
		complain("unknown setting '%s'; bricktrace set shows them", words[0]);
		return EXIT_OWN;
	}
	s->text = words[1];
	if (!s->text)
		return -1;
	if (words[2]) {
		complain("unexpected argument '%s': set takes one name and one value",
			 words[2]);
		return EXIT_OWN;
	}
	return settings_parse(s->setting, s->text, &s->value) ? EXIT_OWN : -1;
}

/* Returns -1 to go on, or the status to exit with. */
static int set_parse(int argc, char **argv, struct set *s)
{
	static const struct option words[] = {
		JSON_WORDS,
		OPTION("save", optional_argument, SET_SAVE),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 && (c = next_option(argc, argv, ":" JSON_LETTERS, words)) != -1)
		status = set_parse_option(c, s);
	return status < 0 ? set_parse_words(argv + optind, s) : status;
}

static bool set_shows(const struct set *s, const struct host_setting *setting)
{
	return !s->setting || s->setting == setting;
}

static void set_print(FILE *out, const struct set *s)
{
	const struct host_setting *setting;
	char *value = NULL;
	size_t size;
	FILE *to;

	for (setting = host_settings; setting->name; setting++) {
		if (!set_shows(s, setting))
			continue;
		to = open_memstream(&value, &size);
		if (!to)
			return;
		settings_print_value(to, setting, s->values[setting - host_settings]);
		fclose(to);
		fprintf(out, "%-20s %s%14s%s  %s\n", setting->name,
			colour_on(out, COLOUR_BOLD), value, colour_off(out), setting->text);
		free(value);
	}
}

static json_t *set_json(const struct set *s)
{
	const struct host_setting *setting;
	json_t *all = json_array();

	for (setting = host_settings; setting->name; setting++) {
		uint64_t value = s->values[setting - host_settings];

		if (set_shows(s, setting))
			json_array_append_new(
				all, json_pack("{s:s,s:o,s:s,s:s,s:I,s:I}", "name",
					       setting->name, "value",
					       settings_json(setting, value), "unit",
					       setting->unit, "text", setting->text,
					       "least", (json_int_t)setting->least,
					       "most", (json_int_t)setting->most));
	}
	return json_pack("{s:i,s:o}", "schema", 1, "settings", all);
}

/* Keeps the value, and says so where JSON does not go. Returns 0 or EXIT_OWN. */
static int set_save(const struct set *s)
{
	uint64_t value = s->values[s->setting - host_settings];
	bool file = strcmp(s->save, "-") != 0;

	if (file && save_parameter(s->save, s->setting->name, value))
		return EXIT_OWN;
	fprintf(s->json.wanted ? stderr : stdout, "options bricktrace %s=%" PRIu64 "\n",
		s->setting->name, value);
	return 0;
}

static int set_run(struct set *s)
{
	struct host *host;
	int status = host_open(&host, false), err = 0;

	if (status)
		return status;
	if (s->text)
		err = host_set(host, s->setting, s->value);
	if (!err)
		err = host_get_settings(host, s->values);
	host_close(host);
	if (err)
		return host_exit(err);
	if (s->json.wanted)
		json_options_print(stdout, &s->json, set_json(s));
	else
		set_print(stdout, s);
	return s->save ? set_save(s) : 0;
}

int cmd_set(int argc, char **argv)
{
	struct set s = { 0 };
	int status = set_parse(argc, argv, &s);

	return status < 0 ? set_run(&s) : status;
}
