/* SPDX-License-Identifier: MIT */
/* Reading variables, whose values people wrote, and saying what is wrong with them. */
#ifndef OTLP_READER_H
#define OTLP_READER_H

#include "config.h"

struct otlp_reader {
	otlp_get *get;
	void *context;
	char *problem; /* of the first error, after which nothing is read any more */
	size_t size;
	int err;
};

/* Returns NULL if the variable is not set or empty, and after an error. */
const char *otlp_reader_value(struct otlp_reader *reader, const char *variable);

/* Returns a copy of the value, which the caller frees, or NULL. */
char *otlp_reader_copy(struct otlp_reader *reader, const char *variable);

/* Only "true", in any case, is true. */
bool otlp_reader_true(struct otlp_reader *reader, const char *variable);

/* Returns the value's place in @words, which end with NULL, in any case; 0 if it is not set. */
int otlp_reader_word(struct otlp_reader *reader, const char *variable,
		     const char *const *words);

/* Returns a number within the bounds that otlp_variables[] has. */
uint64_t otlp_reader_number(struct otlp_reader *reader, const char *variable);
/* Milliseconds, in nanoseconds. A timeout of 0 stands for none, which is the longest one. */
uint64_t otlp_reader_delay(struct otlp_reader *reader, const char *variable);
uint64_t otlp_reader_timeout(struct otlp_reader *reader, const char *variable);
uint64_t otlp_reader_bytes(struct otlp_reader *reader, const char *variable);

/* The error -EINVAL with a text that begins with the name of the variable. */
__attribute__((format(printf, 3, 4))) void otlp_reader_fail(struct otlp_reader *reader,
							    const char *variable,
							    const char *format, ...);
/* The same, and the text has the value. @format continues "VARIABLE is 'VALUE', but". */
__attribute__((format(printf, 4, 5))) void otlp_reader_refuse(struct otlp_reader *reader,
							      const char *variable,
							      const char *value,
							      const char *format, ...);
void otlp_reader_no_memory(struct otlp_reader *reader);

#endif
