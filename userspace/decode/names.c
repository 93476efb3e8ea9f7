// SPDX-License-Identifier: MIT
/*
 * A file of names has lines of these forms; blanks and tabs separate the words:
 *	# a comment
 *	device WORD...
 *	REQUEST NAME
 *	REQUEST COMMAND NAME
 * The names below a device line are for the files that one of its words names: the name of the
 * device, as this program prints it, the name of its driver's module, cut to 15 bytes, or the
 * kind of the file (char, block, socket, pipe, anon, directory, regular). A word that ends
 * with * is the beginning of a name. The word * alone is for all files that have no other name
 * for the request. REQUEST is a number in C's notation, or _IO, _IOR, _IOW or _IOWR with type,
 * number and size in parentheses, such as _IOWR('F', 0x2a, 32). COMMAND is the number that the
 * driver takes from the argument of the request. The first name that fits is used.
 *
 * The size in a request with a direction is no part of a match, since it changes with the
 * version of a driver. Other requests match as a whole.
 */
#include <errno.h>
#include <limits.h>
#include <linux/ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/utf8.h"
#include "decode.h"
#include "names.h"

#define BLANKS	   " \t"
#define FILE_BYTES 1048576
#define LINE_BYTES 512

struct name {
	const char *devices;
	const char *text;
	uint64_t command; /* BT_NONE: the name is that of the request */
	uint32_t request;
};

struct names {
	struct name *list;
	size_t n;
};

static struct names added, builtin;
static char error[PATH_MAX + 512];

/* All files *.names, one after the other. */
static char builtin_text[] = {
#include "names.inc"
};

/* Returns whether one of the words is @name, or the beginning of @name that ends with *. */
static bool names_fit(const char *words, const char *name)
{
	size_t length;

	for (; *words; words += length, words += strspn(words, BLANKS)) {
		length = strcspn(words, BLANKS);
		if (length > 1 && words[length - 1] == '*' ?
			    !strncmp(words, name, length - 1) :
			    !strncmp(words, name, length) && !name[length])
			return true;
	}
	return false;
}

static bool names_same_request(uint32_t a, uint32_t b)
{
	return a == b ||
	       (_IOC_DIR(a) && !((a ^ b) & ~((uint32_t)_IOC_SIZEMASK << _IOC_SIZESHIFT)));
}

/* Reads a number below 2^32 in C's notation. Returns whether there is one. */
static bool names_number(char **p, uint32_t *number)
{
	unsigned long long n;
	char *end;

	*p += strspn(*p, BLANKS);
	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	n = strtoull(*p, &end, 0);
	if (errno || n > UINT32_MAX)
		return false;
	*p = end;
	*number = n;
	return true;
}

/* Skips blanks and reads @c. */
static bool names_char(char **p, char c)
{
	*p += strspn(*p, BLANKS);
	if (**p != c)
		return false;
	++*p;
	return true;
}

static bool names_request(char **p, uint32_t *request)
{
	static const char *const forms[] = { "_IO", "_IOW", "_IOR", "_IOWR" };
	size_t length = strspn(*p, "_IOWR");
	uint32_t type, nr, size = 0, direction;

	if (!length)
		return names_number(p, request);
	for (direction = 0; direction < 4; direction++)
		if (strlen(forms[direction]) == length &&
		    !strncmp(*p, forms[direction], length))
			break;
	*p += length;
	if (direction == 4 || !names_char(p, '('))
		return false;
	*p += strspn(*p, BLANKS);
	if (**p == '\'' && (*p)[1] && (*p)[2] == '\'') {
		type = (unsigned char)(*p)[1];
		*p += 3;
	} else if (!names_number(p, &type)) {
		return false;
	}
	if (!names_char(p, ',') || !names_number(p, &nr) ||
	    (names_char(p, ',') && !names_number(p, &size)) || !names_char(p, ')') ||
	    type > _IOC_TYPEMASK || nr > _IOC_NRMASK || size > _IOC_SIZEMASK)
		return false;
	*request = _IOC(direction, type, nr, size);
	return true;
}

/* Takes a line apart. Returns NULL or what is wrong. */
static const char *names_line(struct names *names, char *line, const char **devices)
{
	struct name name = { .command = BT_NONE }, *more;
	size_t length = strcspn(line, BLANKS);
	uint32_t command;

	if (!*line || *line == '#')
		return NULL;
	if (!strncmp(line, "device", length) && length == strlen("device")) {
		*devices = line + length + strspn(line + length, BLANKS);
		return **devices ? NULL : "no name follows the word device";
	}
	name.devices = *devices;
	if (!names_request(&line, &name.request) || !strchr(BLANKS, *line))
		return "the line must begin with the word device, with a request such as 0x5401 "
		       "or _IOWR('F', 0x2a, 32) and a blank, or with #";
	if (!name.devices)
		return "a line such as \"device nvidia\" must come before the first request";
	line += strspn(line, BLANKS);
	if (*line >= '0' && *line <= '9') {
		if (!names_number(&line, &command) || !strchr(BLANKS, *line))
			return "the second number is not a command, which is below 2^32";
		name.command = command;
		line += strspn(line, BLANKS);
	}
	name.text = line;
	length = strcspn(line, BLANKS);
	if (!length)
		return "no name follows the number";
	if (length >= DECODE_LEN)
		return "the name has more than 127 bytes";
	if (line[length])
		return "the name has a blank in it, or two requests are on the line";
	/* Doubling keeps the number of copies small. */
	if (!(names->n & (names->n - 1))) {
		more = reallocarray(names->list, names->n ? 2 * names->n : 1, sizeof(name));
		if (!more)
			return "there is no memory for so many names";
		names->list = more;
	}
	names->list[names->n++] = name;
	return NULL;
}

/* Returns what is wrong with the characters of a line, or NULL. */
static const char *names_characters(const char *line, const char *end)
{
	uint32_t c;

	if (end - line > LINE_BYTES)
		return "the line has more than 512 bytes";
	while (line < end) {
		line += bti_utf8(line, &c);
		if (c > BTI_UTF8_LAST)
			return "the line is not UTF-8";
		if (bti_utf8_control(c) && c != '\t')
			return "the line has a control character";
	}
	return NULL;
}

/*
 * Appends the names in @text, which has @length bytes and a NUL after them. The names point
 * into @text. Returns whether all lines are right; if not, @error has what is wrong.
 */
static bool names_parse(struct names *names, const char *path, char *text, size_t length)
{
	const char *devices = NULL, *wrong;
	char *line, *next, *end;
	size_t number = 1;

	for (line = text; line < text + length; line = next, number++) {
		end = memchr(line, '\n', text + length - line) ?: text + length;
		next = end + 1;
		wrong = names_characters(line, end);
		line += strspn(line, BLANKS);
		while (end > line && strchr(BLANKS, end[-1]))
			end--;
		*end = 0;
		wrong = wrong ?: names_line(names, line, &devices);
		if (wrong) {
			snprintf(error, sizeof(error), "%s:%zu: %s: '%.60s'", path,
				 number, wrong, line);
			return false;
		}
	}
	return true;
}

const char *names_find(const struct bt_ioctl *ioctl, const char *device, uint64_t command)
{
	const struct names *const tables[] = { &added, &builtin };
	const char *any = NULL;
	size_t i, j;

	if (!builtin.n)
		names_parse(&builtin, "builtin", builtin_text, sizeof(builtin_text) - 1);
	for (i = 0; i < 2; i++)
		for (j = 0; j < tables[i]->n; j++) {
			const struct name *name = &tables[i]->list[j];

			if (name->command != command ||
			    !names_same_request(ioctl->request, name->request))
				continue;
			if (names_fit(name->devices, device) ||
			    (*ioctl->owner && names_fit(name->devices, ioctl->owner)) ||
			    names_fit(name->devices, bt_file_name(ioctl->file)))
				return name->text;
			if (!any && !strcmp(name->devices, "*"))
				any = name->text;
		}
	return any;
}

const char *decode_add_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = file ? malloc(FILE_BYTES + 1) : NULL;
	size_t n = added.n, length = 0;
	bool right = false;

	if (text)
		length = fread(text, 1, FILE_BYTES + 1, file);
	if (!text || ferror(file)) {
		snprintf(error, sizeof(error), "%s: %s", path, strerror(errno));
	} else if (length > FILE_BYTES) {
		snprintf(error, sizeof(error), "%s: a file of names has at most %d bytes",
			 path, FILE_BYTES);
	} else {
		text[length] = 0;
		right = names_parse(&added, path, text, length);
	}
	if (!right) {
		added.n = n;
		free(text);
	}
	if (file)
		fclose(file);
	return right ? NULL : error;
}
