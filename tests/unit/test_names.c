// SPDX-License-Identifier: MIT
/* Tests of names that other users chose: what is valid UTF-8, and what is printed. */
#include "../../userspace/lib/utf8.h"
#include "unit.h"

#define FFFD "\xef\xbf\xbd"

static size_t encode(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static void each_code_point_is_decoded(void **state)
{
	char text[5];
	uint32_t c, decoded;
	size_t length;

	(void)state;
	for (c = 1; c < 0x120000; c++) {
		length = encode(c, text);
		text[length] = 0;
		if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff) {
			assert_int_equal(bti_utf8(text, &decoded), 1);
			assert_int_equal(decoded, BTI_UTF8_BAD);
			continue;
		}
		assert_int_equal(bti_utf8(text, &decoded), length);
		assert_int_equal(decoded, c);
		if (length == 1)
			continue;
		text[length - 1] = 0;
		assert_int_equal(bti_utf8(text, &decoded), length - 1);
		assert_int_equal(decoded, BTI_UTF8_CUT);
	}
}

/* jansson decodes UTF-8 by itself, so its result is a second opinion. */
static void jansson_agrees(void **state)
{
	static const unsigned char edges[] = { 0x01, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
					       0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0,
					       0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1,
					       0xf3, 0xf4, 0xf5, 0xff };
	const size_t n = sizeof(edges);
	size_t i, length;

	(void)state;
	for (i = 0; i < n * n * n * n; i++) {
		const char text[] = { (char)edges[i % n], (char)edges[i / n % n],
				      (char)edges[i / n / n % n],
				      (char)edges[i / n / n / n], 0 };
		json_t *json = json_string(text);
		uint32_t c = 0;
		const char *s;

		for (s = text; *s && c <= BTI_UTF8_LAST; s += length)
			length = bti_utf8(s, &c);
		if ((c <= BTI_UTF8_LAST) != !!json)
			fail_msg("%02x %02x %02x %02x", (unsigned char)text[0],
				 (unsigned char)text[1], (unsigned char)text[2],
				 (unsigned char)text[3]);
		json_decref(json);
	}
}

static void assert_copied(const char *from, const char *keep, const char *replace)
{
	char to[64];

	bti_utf8_copy(to, sizeof(to), from, BTI_UTF8_KEEP_CONTROLS);
	assert_string_equal(to, keep);
	bti_utf8_copy(to, sizeof(to), from, BTI_UTF8_REPLACE_CONTROLS);
	assert_string_equal(to, replace);
}

static void only_invalid_utf8_is_replaced(void **state)
{
	(void)state;
	assert_copied("", "", "");
	assert_copied("ffn.0", "ffn.0", "ffn.0");
	assert_copied("слой \xf0\x9f\xa7\xb1", "слой \xf0\x9f\xa7\xb1",
		      "слой \xf0\x9f\xa7\xb1");
	assert_copied("caf\xe9", "caf" FFFD, "caf" FFFD);
	assert_copied("\xe9tage été", FFFD "tage été", FFFD "tage été");
	assert_copied("a\x1b[31mb\x7f\xc2\x9b", "a\x1b[31mb\x7f\xc2\x9b",
		      "a" FFFD "[31mb" FFFD FFFD);
	/* These are the examples of tables 3-8 and 3-11 of the Unicode standard. */
	assert_copied("a\xf1\x80\x80\xe1\x80\xc2"
		      "b\x80"
		      "c\x80\xbf"
		      "d",
		      "a" FFFD FFFD FFFD "b" FFFD "c" FFFD FFFD "d",
		      "a" FFFD FFFD FFFD "b" FFFD "c" FFFD FFFD "d");
	assert_copied("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
		      "A",
		      FFFD FFFD FFFD FFFD "A", FFFD FFFD FFFD FFFD "A");
}

static void a_copy_ends_with_a_character(void **state)
{
	char to[6];

	(void)state;
	bti_utf8_copy(to, sizeof(to), "abcdé", BTI_UTF8_KEEP_CONTROLS);
	assert_string_equal(to, "abcd");
	bti_utf8_copy(to, sizeof(to), "abcé!", BTI_UTF8_KEEP_CONTROLS);
	assert_string_equal(to, "abcé");
	bti_utf8_copy(to, sizeof(to), "abc\xff", BTI_UTF8_KEEP_CONTROLS);
	assert_string_equal(to, "abc");
	bti_utf8_copy(to, 1, "a", BTI_UTF8_KEEP_CONTROLS);
	assert_string_equal(to, "");
}

static void assert_cut(const char *text, const char *expected)
{
	char name[64];

	strcpy(name, text);
	bti_utf8_drop_cut(name);
	assert_string_equal(name, expected);
}

static void a_cut_character_is_dropped(void **state)
{
	(void)state;
	/* The kernel cuts a thread's name after 15 bytes. */
	assert_cut("наименов", "наименов");
	assert_cut("наимено\xd0", "наимено");
	assert_cut("ab\xf0\x9f\xa7", "ab");
	assert_cut("ab\xf0", "ab");
	assert_cut("\xd0", "");
	/* These bytes do not begin a character, or the next byte does not continue it. */
	assert_cut("ab\xff", "ab\xff");
	assert_cut("ab\x80", "ab\x80");
	assert_cut("\xd0"
		   "ab",
		   "\xd0"
		   "ab");
	assert_cut("", "");
}

static void assert_printed(const char *text, const char *expected)
{
	char *printed;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	print_escaped(out, text);
	fclose(out);
	assert_string_equal(printed, expected);
	free(printed);
}

static void a_terminal_gets_no_control_character(void **state)
{
	uint32_t c, decoded;
	char text[5];

	(void)state;
	assert_printed("", "");
	assert_printed("ffn.0 été слой \xf0\x9f\xa7\xb1",
		       "ffn.0 été слой \xf0\x9f\xa7\xb1");
	assert_printed("a\nb\x1b[31m\x7f", "a\\x0ab\\x1b[31m\\x7f");
	assert_printed("\xc2\x9b"
		       "31m",
		       "\\u009b31m");
	assert_printed("\u00a0\u0100", "\u00a0\u0100");
	assert_printed("caf\xe9", "caf\\xe9");
	/* Terminals without UTF-8 obey this byte as a C1 control character. */
	assert_printed("\x9b\x33", "\\x9b3");
	assert_printed("a\xf0\x9f\xa7", "a\\xf0\\x9f\\xa7");
	assert_printed("a\\x1b", "a\\\\x1b");
	for (c = 1; c < 0x100; c++) {
		char *printed, *p;
		size_t size;
		FILE *out = open_memstream(&printed, &size);

		/* The text has first the code point, then the byte. */
		text[encode(c, text)] = 0;
		print_escaped(out, text);
		text[0] = (char)c;
		text[1] = 0;
		print_escaped(out, text);
		fclose(out);
		for (p = printed; *p;) {
			p += bti_utf8(p, &decoded);
			assert_true(decoded <= BTI_UTF8_LAST && !bti_utf8_control(decoded));
		}
		free(printed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_point_is_decoded),
		cmocka_unit_test(jansson_agrees),
		cmocka_unit_test(only_invalid_utf8_is_replaced),
		cmocka_unit_test(a_copy_ends_with_a_character),
		cmocka_unit_test(a_cut_character_is_dropped),
		cmocka_unit_test(a_terminal_gets_no_control_character),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
