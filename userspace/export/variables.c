// SPDX-License-Identifier: MIT
/* The variables of the configuration: options, the environment, a file, the service's defaults. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "variables.h"

#define VARIABLES_SPACE " \t\r\n"

static const struct {
	const char *name, *value;
} variables_defaults[] = {
	/* The service holds the spans of the whole host while a receiver starts again. */
	{ "OTEL_BSP_MAX_QUEUE_SIZE", "65536" },
};

size_t variables_count(void)
{
	size_t n = 0;

	while (otlp_variables[n].name)
		n++;
	return n;
}

/* Returns the place of the variable in otlp_variables, or that of its end. */
static size_t variables_find(const char *name)
{
	size_t i = 0;

	while (otlp_variables[i].name && strcmp(otlp_variables[i].name, name))
		i++;
	return i;
}

static char **variables_new(void)
{
	return calloc(variables_count() + 1, sizeof(char *));
}

int variables_init(struct variables *v)
{
	v->options = variables_new();
	v->file = variables_new();
	if (v->options && v->file)
		return 0;
	complain("no memory");
	return -1;
}

void variables_free(struct variables *v)
{
	free(v->options);
	variables_free_file(v->file);
}

void variables_free_file(char **values)
{
	size_t i, n = variables_count();

	for (i = 0; values && i < n; i++)
		free(values[i]);
	free(values);
}

void variables_set_option(struct variables *v, size_t i, char *value)
{
	v->options[i] = value;
}

void variables_set_option_named(struct variables *v, const char *name, char *value)
{
	v->options[variables_find(name)] = value;
}

/* Removes spaces at both ends. */
static char *variables_trim(char *text)
{
	size_t n;

	text += strspn(text, VARIABLES_SPACE);
	n = strlen(text);
	while (n && strchr(VARIABLES_SPACE, text[n - 1]))
		n--;
	text[n] = 0;
	return text;
}

/* Removes the quotes around a value. Returns NULL if there is only one. */
static char *variables_unquote(char *value)
{
	size_t n = strlen(value);

	if (*value != '"' && *value != '\'')
		return value;
	if (n < 2 || value[n - 1] != *value)
		return NULL;
	value[n - 1] = 0;
	return value + 1;
}

/*
 * Takes the line into @values. Returns NULL, or what is wrong with it. Values may be secrets, so
 * that they are not repeated. @name is that of the variable then, or NULL.
 */
static const char *variables_take_line(char **values, char *line, const char **name)
{
	char *value;
	size_t i;

	*name = NULL;
	line = variables_trim(line);
	if (!*line || strchr("#;", *line))
		return NULL;
	value = strchr(line, '=');
	if (!value)
		return "the line is neither VARIABLE=value nor empty, and does not begin with #";
	*value++ = 0;
	*name = variables_trim(line);
	i = variables_find(*name);
	if (!otlp_variables[i].name)
		return "there is no such variable; bricktrace-otlp(7) lists them";
	value = variables_unquote(variables_trim(value));
	if (!value)
		return "the value begins with a quote, which must also be its last character";
	value = strdup(value);
	if (!value)
		return "there is no memory";
	free(values[i]);
	values[i] = value;
	return NULL;
}

/* Returns 0, or -1 after saying what is wrong. */
static int variables_read_lines(char **values, FILE *file, const char *path)
{
	const char *wrong = NULL, *name;
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;

	while (!wrong && getline(&line, &room, file) >= 0) {
		number++;
		wrong = variables_take_line(values, line, &name);
	}
	if (wrong)
		complain("%s, line %u: %s%s%s", path, number, name ?: "",
			 name ? ": " : "", wrong);
	else if (ferror(file))
		complain("cannot read '%s': %s", path, strerror(errno));
	free(line);
	return wrong || ferror(file) ? -1 : 0;
}

/*
 * Opens a file that is read again later. A pipe is none: opening it can wait for ever, and the
 * second time there is nothing in it. Returns NULL after saying what is wrong.
 */
static FILE *variables_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	struct stat stat;

	if (!file) {
		complain("cannot open '%s': %s", path, strerror(errno));
	} else if (!fstat(fd, &stat) && S_ISFIFO(stat.st_mode)) {
		complain("'%s' is a pipe, and cannot be read again after SIGHUP: use a file",
			 path);
		fclose(file);
		file = NULL;
	}
	return file;
}

char **variables_read_file(const char *path)
{
	FILE *file = variables_open(path);
	char **values = NULL;
	int err = -1;

	if (!file)
		return NULL;
	values = variables_new();
	if (values)
		err = variables_read_lines(values, file, path);
	else
		complain("no memory");
	fclose(file);
	if (!err)
		return values;
	variables_free_file(values);
	return NULL;
}

const char *variables_default(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(variables_defaults) / sizeof(*variables_defaults); i++)
		if (!strcmp(variables_defaults[i].name, name))
			return variables_defaults[i].value;
	return NULL;
}

/*
 * Whether an option stands for both signals, such as --endpoint, that precedes the environment
 * and the file also where these speak of one signal.
 */
static bool variables_overrule(const struct variables *v, const char *name)
{
	static const char *const signals[] = { "TRACES_", "METRICS_" };
	static const char prefix[] = "OTEL_EXPORTER_OTLP_";
	const char *rest = name + strlen(prefix);
	const char *option;
	char both[64];
	size_t i;

	if (strncmp(name, prefix, strlen(prefix)))
		return false;
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		if (strncmp(rest, signals[i], strlen(signals[i])))
			continue;
		snprintf(both, sizeof(both), "%s%s", prefix, rest + strlen(signals[i]));
		option = v->options[variables_find(both)];
		return option && *option;
	}
	return false;
}

const char *variables_get(void *context, const char *name)
{
	const struct variables *v = context;
	size_t i = variables_find(name);
	const char *const values[] = { v->options[i], otlp_get_environment(NULL, name),
				       v->file[i], variables_default(name) };

	if (variables_overrule(v, name))
		return values[0];
	for (i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (values[i] && *values[i])
			return values[i];
	return NULL;
}
