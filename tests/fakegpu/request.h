/* SPDX-License-Identifier: MIT */
/* A driver's request and its argument, for the fake drivers and for a program that asks them. */
#ifndef FAKEGPU_REQUEST_H
#define FAKEGPU_REQUEST_H

#include <linux/types.h>

struct fakegpu_request {
	__u32 number;
	__u32 size;	/* of the argument in bytes; 0 if the driver takes any */
	__s32 status;	/* where the argument has the driver's error, or NO_STATUS */
};

#define NO_STATUS	(-1)

#endif /* FAKEGPU_REQUEST_H */
