/* SPDX-License-Identifier: MIT */
/* How to reach the receiver of a signal. */
#ifndef OTLP_TARGET_H
#define OTLP_TARGET_H

#include "reader.h"

/* Reads a target, which otlp_target_free() frees, also after an error of the reader. */
void otlp_target_read(struct otlp_reader *reader, enum otlp_signal signal,
		      struct otlp_target *target);
void otlp_target_free(struct otlp_target *target);

#endif
