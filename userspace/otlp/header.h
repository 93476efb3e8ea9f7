/* SPDX-License-Identifier: MIT */
/* The headers that people want in each request, such as an authorization. */
#ifndef OTLP_HEADER_H
#define OTLP_HEADER_H

#include "reader.h"

#define OTLP_MAX_HEADERS     64
#define OTLP_MAX_HEADER_SIZE 8192 /* of "name: value" */

/*
 * Reads a list of headers. Returns them as "name: value", ended with NULL, which
 * otlp_headers_free() frees; NULL with an error of the reader.
 */
char **otlp_headers_read(struct otlp_reader *reader, const char *variable);
void otlp_headers_free(char **headers); /* NULL is ignored */

#endif
