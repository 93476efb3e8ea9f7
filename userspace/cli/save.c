// SPDX-License-Identifier: MIT
/* Keeping a parameter of the module for the next time that modprobe loads it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "save.h"

#define SAVE_BLANKS " \t"

/* Returns what follows the word at the beginning of the text, or NULL if there is another one. */
static const char *save_skip(const char *text, const char *word)
{
	text += strspn(text, SAVE_BLANKS);
	if (strncmp(text, word, strlen(word)) != 0)
		return NULL;
	text += strlen(word);
	return strspn(text, SAVE_BLANKS) ? text : NULL;
}

/* The kernel takes - and _ in the name of a parameter for the same. */
static bool save_is(const char *word, const char *name)
{
	for (; *name && (*word == *name || (*word == '-' && *name == '_')); word++)
		name++;
	return !*name && *word == '=';
}

/* Copies a line with the new value. Returns whether it had the parameter. */
static bool save_copy(FILE *out, const char *line, const char *name, uint64_t value)
{
	const char *at = save_skip(line, "options");
	bool found = false;
	size_t blanks, length;

	at = at ? save_skip(at, "bricktrace") : NULL;
	if (!at) {
		fputs(line, out);
		return false;
	}
	fwrite(line, at - line, 1, out);
	for (; *at; at += blanks + length) {
		blanks = strspn(at, SAVE_BLANKS);
		length = strcspn(at + blanks, SAVE_BLANKS "\n") ?:
								  strspn(at + blanks, "\n");
		if (save_is(at + blanks, name)) {
			fprintf(out, "%.*s%s=%" PRIu64, (int)blanks, at, name, value);
			found = true;
		} else {
			fwrite(at, blanks + length, 1, out);
		}
	}
	return found;
}

/* Returns whether the file, of which there may be none, could be read. */
static bool save_rewrite(FILE *out, const char *file, const char *name, uint64_t value)
{
	FILE *in = fopen(file, "re");
	bool found = false, whole = true;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!in && errno != ENOENT)
		return false;
	while (in && (n = getline(&line, &room, in)) > 0) {
		found |= save_copy(out, line, name, value);
		whole = line[n - 1] == '\n';
	}
	free(line);
	if (!found)
		fprintf(out, "%soptions bricktrace %s=%" PRIu64 "\n", whole ? "" : "\n",
			name, value);
	found = !in || !ferror(in);
	if (in)
		fclose(in);
	return found;
}

/* Writes the new file beside the old one, and puts it in its place. Returns 0 or an error. */
static int save_replace(const char *file, const char *name, uint64_t value)
{
	struct stat old;
	char new[PATH_MAX + 8];
	FILE *out = NULL;
	int fd, err = 0;

	/* modprobe reads no file whose name ends like this. */
	snprintf(new, sizeof(new), "%s.XXXXXX", file);
	fd = mkostemp(new, O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fchmod(fd, stat(file, &old) ? 0644 : old.st_mode & 07777) ||
	    !(out = fdopen(fd, "w")) || !save_rewrite(out, file, name, value) ||
	    fflush(out) || ferror(out) || fsync(fd) || rename(new, file))
		err = errno ?: EIO;
	if (err)
		unlink(new);
	if (out)
		fclose(out);
	else
		close(fd);
	return err;
}

int save_parameter(const char *file, const char *name, uint64_t value)
{
	/* A symbolic link stays one. */
	char *real = realpath(file, NULL);
	int err = save_replace(real ?: file, name, value);

	free(real);
	if (!err)
		return 0;
	complain("cannot write '%s': %s; the setting holds until the module is unloaded",
		 file, strerror(err));
	return -1;
}
