/* SPDX-License-Identifier: MIT */
/* Lists of pairs, "name=value,name=value", in the format of W3C Baggage without its metadata. */
#ifndef OTLP_PAIR_H
#define OTLP_PAIR_H

/* The names of a list of headers are tokens, in which a '%' is nothing but a '%'. */
enum otlp_pair_names { OTLP_PAIR_PLAIN_NAMES, OTLP_PAIR_ENCODED_NAMES };

/*
 * Takes the first pair from the list *@text, and moves *@text behind it. Returns 1, and the caller
 * frees @name and @value, whose %XX are decoded and which have no spaces around them; 0 at the end
 * of the list; -ENOMEM; or -EINVAL, and then @why says what is wrong with the pair.
 */
int otlp_pair_next(const char **text, enum otlp_pair_names names, char **name,
		   char **value, const char **why);

#endif
