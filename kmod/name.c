// SPDX-License-Identifier: GPL-2.0
#include "name.h"

/*
 * Returns the length in bytes of a string's first character, or 0 if that character
 * is a control character or not valid UTF-8. The terminating NUL is not a
 * continuation byte, so a character that is cut off is never read beyond the string.
 */
static int name_char(const u8 *s)
{
	static const u32 least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	int i, len;
	u32 c;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	c = s[0] & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return len;
}

bool bkt_name_valid(const char *name)
{
	const u8 *s = (const u8 *)name;
	int len;

	while (*s) {
		len = name_char(s);
		if (!len)
			return false;
		s += len;
	}
	return true;
}
