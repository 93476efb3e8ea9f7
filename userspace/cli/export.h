/* SPDX-License-Identifier: MIT */
/* The program bricktrace-export. */
#ifndef EXPORT_H
#define EXPORT_H

#define EXPORT_PROGRAM "bricktrace-export"

/*
 * Executes the program, which lies beside this one or in the path, with these arguments, of which
 * the first one is set. Returns only if that fails, after saying why.
 */
void export_execute(char **argv);

#endif
