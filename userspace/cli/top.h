/* SPDX-License-Identifier: MIT */
/* bricktrace top: what is shown, and where. */
#ifndef TOP_H
#define TOP_H

#include "column.h"
#include "json_options.h"

struct top {
	struct host *host;
	struct host_filter filter; /* what the module lists */
	enum rates_view view;
	const struct column *by; /* the column that sorts the rows */
	bool reverse;
	char text[64]; /* only rows with this text are shown; empty for all */
	uint64_t delay_ns;
	struct rates now;
	const struct rates_item **rows; /* of @now, those that are shown */
	size_t n;
	bool paused;
	bool ended;
	bool due; /* it is to be read at once */
};

/* Chooses the rows anew after @now, @by, @reverse or @text has changed. */
void top_choose(struct top *top);

/* Shows the other view, whose rates are not known before it has been read twice. */
void top_switch(struct top *top, enum rates_view view);

/* Sets the time between readings. Returns NULL, or what is wrong with the text. */
const char *top_set_delay(struct top *top, const char *text);

/*
 * Print the lines above the table, LISTING_HEAD in number, in at most @width columns; the
 * headings with the rows from number @first on, at most @rows; and all of it as JSON.
 */
#define LISTING_HEAD 3
void listing_print_head(FILE *out, const struct top *top, int width);
void listing_print(FILE *out, const struct top *top, int width, size_t first, size_t rows);
void listing_print_json(FILE *out, const struct top *top,
			const struct json_options *options);

/* What the terminal shows, which its user chooses by keys. */
struct screen {
	void *terminal; /* the SCREEN of ncurses */
	FILE *errors;	/* the stderr of before */
	char *said;	/* what was written to stderr meanwhile */
	size_t size;
	bool plain; /* without attributes */
	bool help;
	size_t first;	/* the number of the first row */
	int asks;	/* the key that asks for a text, or 0 */
	char input[64]; /* the text so far */
};

/* Takes the terminal. Returns false if ncurses does not know it. */
bool screen_begin(struct screen *screen);
void screen_draw(struct screen *screen, const struct top *top);
/* Does what the keys say that were pressed. */
void screen_take_keys(struct screen *screen, struct top *top);
/* Gives the terminal back, and prints what complain() has said meanwhile. */
void screen_end(struct screen *screen);

#endif
