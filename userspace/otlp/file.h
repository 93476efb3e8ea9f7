/* SPDX-License-Identifier: MIT */
/* Small files of the kernel and of the system. */
#ifndef OTLP_FILE_H
#define OTLP_FILE_H

#include <stddef.h>

/*
 * Reads at most @size - 1 bytes of the file @name of a directory, AT_FDCWD or open, into @text and
 * adds a NUL. Returns the number of bytes, which is 0 also if the file cannot be read.
 */
size_t otlp_file_read(int directory, const char *name, char *text, size_t size);

#endif
