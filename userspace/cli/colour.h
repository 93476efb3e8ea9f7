/* SPDX-License-Identifier: MIT */
/* Colours, which only a terminal shows. */
#ifndef COLOUR_H
#define COLOUR_H

#include <stdio.h>

enum colour {
	COLOUR_NONE,
	COLOUR_BOLD,   /* headings */
	COLOUR_DIM,    /* what is there for completeness */
	COLOUR_GREEN,  /* as it should be */
	COLOUR_YELLOW, /* worth a look */
	COLOUR_RED,    /* wrong: a budget exceeded, something lost */
};

/*
 * Return the bytes that begin and end a colour, which have no width. They are empty unless
 * @out is a terminal that knows colours and the environment has no NO_COLOR.
 */
const char *colour_on(FILE *out, enum colour colour);
const char *colour_off(FILE *out);

#endif
