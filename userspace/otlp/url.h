/* SPDX-License-Identifier: MIT */
/* The URL of a receiver. */
#ifndef OTLP_URL_H
#define OTLP_URL_H

#include "reader.h"

/* An endpoint is for one signal, or a base for all signals, whose paths are appended to it. */
enum otlp_url_kind { OTLP_URL_BASE, OTLP_URL_SIGNAL };

/*
 * Returns the complete URL, which the caller frees, or NULL with an error of the reader. The value
 * of @variable is the endpoint; NULL is the default. @insecure is about a gRPC endpoint without
 * http:// or https://.
 */
char *otlp_url_read(struct otlp_reader *reader, const char *variable,
		    enum otlp_url_kind kind, enum otlp_protocol protocol,
		    enum otlp_signal signal, bool insecure);

#endif
