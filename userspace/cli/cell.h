/* SPDX-License-Identifier: MIT */
/* Texts of others, such as names, in the cells of a table. */
#ifndef CELL_H
#define CELL_H

#include <stdbool.h>
#include <stdio.h>

/* A width that cuts nothing. */
#define CELL_WHOLE 0

/*
 * Prints the text as print_escaped() does, in exactly @width columns: blanks stand before or,
 * with @left, after a shorter text, and a longer one is cut and ends with a plus sign.
 * A character that the terminal cannot show becomes a question mark, and one that has no
 * width, such as those that change the direction of what follows, is left out.
 */
void cell_print(FILE *out, const char *text, int width, bool left);

#endif
