/* SPDX-License-Identifier: MIT */
/* Lists of pairs, "name=value,name=value", in the format of W3C Baggage without its metadata. */
#ifndef OTLP_PAIR_H
#define OTLP_PAIR_H

#include "reader.h"

/* The names of headers are tokens, in which a '%' is nothing but a '%'. */
enum otlp_pair_names { OTLP_PAIR_PLAIN_NAMES, OTLP_PAIR_ENCODED_NAMES };

/*
 * Takes a pair, whose %XX are decoded and which has no spaces around its parts. Who keeps a part
 * sets its pointer to NULL. Returns NULL or, as the end of a sentence, what is wrong with it.
 */
typedef const char *otlp_pair_add(void *context, struct otlp_attribute *pair);

/*
 * Reads the list in a variable. If something is wrong, the text of the reader says with which pair,
 * by its number and not by its words, which may be a secret. @noun is what to call a pair.
 */
void otlp_pair_read(struct otlp_reader *reader, const char *variable, const char *noun,
		    enum otlp_pair_names names, otlp_pair_add *add, void *context);

#endif
