// SPDX-License-Identifier: MIT
/* Decoding and copying names in UTF-8. */
#include <string.h>

#include "utf8.h"

static const char utf8_replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

size_t bti_utf8(const char *text, uint32_t *c)
{
	const unsigned char *s = (const unsigned char *)text;
	/* This range of the second byte excludes overlong forms, surrogates and numbers above the last. */
	unsigned char low = *s == 0xe0 ? 0xa0 : *s == 0xf0 ? 0x90 : 0x80;
	unsigned char high = *s == 0xed ? 0x9f : *s == 0xf4 ? 0x8f : 0xbf;
	size_t i, length = *s < 0x80 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;

	*c = length == 1 ? *s : *s & (0x7f >> length);
	if ((*s >= 0x80 && *s < 0xc2) || *s > 0xf4) {
		*c = BTI_UTF8_BAD;
		return 1;
	}
	for (i = 1; i < length; i++) {
		if (s[i] < low || s[i] > high) {
			*c = s[i] ? BTI_UTF8_BAD : BTI_UTF8_CUT;
			return i;
		}
		*c = *c << 6 | (s[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

bool bti_utf8_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

void bti_utf8_copy(char *to, size_t size, const char *from, enum bti_utf8_controls controls)
{
	size_t length, n;
	uint32_t c;

	for (; *from; from += length) {
		const char *character = from;

		n = length = bti_utf8(from, &c);
		if (c > BTI_UTF8_LAST ||
		    (controls == BTI_UTF8_REPLACE_CONTROLS && bti_utf8_control(c))) {
			character = utf8_replacement;
			n = strlen(utf8_replacement);
		}
		if (n >= size)
			break;
		memcpy(to, character, n);
		to += n;
		size -= n;
	}
	*to = 0;
}

void bti_utf8_drop_cut(char *text)
{
	size_t length;
	uint32_t c;

	for (; *text; text += length) {
		length = bti_utf8(text, &c);
		if (c == BTI_UTF8_CUT) {
			*text = 0;
			return;
		}
	}
}
