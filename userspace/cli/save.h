/* SPDX-License-Identifier: MIT */
/* Keeping a parameter of the module for the next time that modprobe loads it. */
#ifndef SAVE_H
#define SAVE_H

#include <stdint.h>

#define SAVE_FILE "/etc/modprobe.d/bricktrace.conf"

/*
 * Replaces the value of the parameter in the lines "options bricktrace" of the file, or appends
 * such a line. The file is replaced as a whole, so that no reader sees a part of it. Returns 0,
 * or -1 after saying why that failed.
 */
int save_parameter(const char *file, const char *name, uint64_t value);

#endif
