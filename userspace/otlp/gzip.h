/* SPDX-License-Identifier: MIT */
/* Compression of requests. */
#ifndef OTLP_GZIP_H
#define OTLP_GZIP_H

#include <stdatomic.h>
#include <stdbool.h>

#include "bytes.h"

/*
 * Writes the gzip form of @from to @to, in place of what that has. Returns 0, -ENOMEM, or
 * -ECANCELED soon after *@cancel has become true.
 */
int otlp_gzip(const struct otlp_bytes *from, struct otlp_bytes *to,
	      const atomic_bool *cancel);

#endif
