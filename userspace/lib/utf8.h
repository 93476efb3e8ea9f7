/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 of names. It is written here because a library for it would be linked
 * by every user of libbricktrace for the one function that decodes a character:
 * libunistring has 1.6 MB and LGPL, utf8proc 350 kB of tables. glibc's decodes
 * what the locale says.
 */
#ifndef BT_UTF8_H
#define BT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last code point. Above it lie what is not a character of UTF-8, */
#define BTI_UTF8_LAST 0x10ffff
/* and the beginning of one at the end of the text. */
#define BTI_UTF8_BAD (BTI_UTF8_LAST + 1)
#define BTI_UTF8_CUT (BTI_UTF8_LAST + 2)

/*
 * Decode what @text begins with, which is not empty. Returns how many bytes it
 * has; bytes that are not UTF-8 come in the portions that Unicode recommends to
 * replace by one U+FFFD (its section 3.9: maximal subparts).
 */
size_t bti_utf8(const char *text, uint32_t *c);

/* U+0000 to U+001F and U+007F to U+009F: a terminal may obey them. */
bool bti_utf8_control(uint32_t c);

enum bti_utf8_controls {
	BTI_UTF8_KEEP_CONTROLS,
	BTI_UTF8_REPLACE_CONTROLS,
};

/*
 * Copy @from with U+FFFD for what is not UTF-8. As many whole characters are
 * copied as @size has room for, and a NUL.
 */
void bti_utf8_copy(char *to, size_t size, const char *from,
		   enum bti_utf8_controls controls);

/* Remove the incomplete character that @text ends with, if it does. */
void bti_utf8_drop_cut(char *text);

#endif
