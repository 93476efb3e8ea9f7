// SPDX-License-Identifier: MIT
/* Compression of requests. */
#include <errno.h>
#include <zlib.h>

#include "gzip.h"

#define GZIP_PIECE   (256U << 10) /* of a request, between two looks at *@cancel */
#define GZIP_WRAPPER 16		  /* asks zlib for gzip's header and trailer */

int otlp_gzip(const struct otlp_bytes *from, struct otlp_bytes *to,
	      const atomic_bool *cancel)
{
	z_stream z = { .next_in = from->data };
	size_t left = from->size;
	int err = Z_OK;

	/* The fastest level: the exporter shares CPUs with the bricks that are measured. */
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + GZIP_WRAPPER,
			 MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	to->size = 0;
	if (otlp_bytes_reserve(to, deflateBound(&z, from->size))) {
		deflateEnd(&z);
		return -ENOMEM;
	}
	z.next_out = to->data;
	z.avail_out = to->room;
	while (err == Z_OK && !*cancel) {
		z.avail_in = left < GZIP_PIECE ? left : GZIP_PIECE;
		left -= z.avail_in;
		err = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
	}
	to->size = z.total_out;
	deflateEnd(&z);
	return err == Z_STREAM_END ? 0 : -ECANCELED;
}
