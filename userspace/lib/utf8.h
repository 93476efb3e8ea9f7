/* SPDX-License-Identifier: MIT */
/*
 * Decoding and copying names in UTF-8. No other library is used for it, because
 * every user of libbricktrace would have to link that library for the one function
 * that decodes a character: libunistring has 1.6 MB and is LGPL, utf8proc has 350 kB
 * of tables, and glibc decodes the encoding of the locale.
 */
#ifndef BT_UTF8_H
#define BT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last code point; the two values after it stand for errors. */
#define BTI_UTF8_LAST 0x10ffff
/* BAD: the bytes are not UTF-8. CUT: the text ends inside a character. */
#define BTI_UTF8_BAD (BTI_UTF8_LAST + 1)
#define BTI_UTF8_CUT (BTI_UTF8_LAST + 2)

/*
 * Decodes the first character of @text, which must not be empty. Returns the number
 * of its bytes. For bytes that are not UTF-8, that is the number that Unicode
 * recommends to replace by one U+FFFD (section 3.9, maximal subparts).
 */
size_t bti_utf8(const char *text, uint32_t *c);

/* Control characters, which a terminal may obey, are U+0000 to U+001F and U+007F to U+009F. */
bool bti_utf8_control(uint32_t c);

enum bti_utf8_controls {
	BTI_UTF8_KEEP_CONTROLS,
	BTI_UTF8_REPLACE_CONTROLS,
};

/*
 * Copies @from to @to and replaces bytes that are not UTF-8 by U+FFFD. Copies as many
 * whole characters as fit into @size bytes with the terminating NUL.
 */
void bti_utf8_copy(char *to, size_t size, const char *from,
		   enum bti_utf8_controls controls);

/* Removes an incomplete character from the end of @text. */
void bti_utf8_drop_cut(char *text);

#endif
