/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fake drivers share. A driver begins a call, asks for the answer that the test has
 * set, and ends the call, which counts it.
 */
#ifndef FAKEGPU_H
#define FAKEGPU_H

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/types.h>

enum fakegpu_driver {
	FAKEGPU_NVIDIA,
	FAKEGPU_NVIDIA_UVM,
	FAKEGPU_AMDGPU,
};

/* The command of a request that has none. */
#define FAKEGPU_NONE	(~0ULL)

struct fakegpu_call {
	enum fakegpu_driver driver;
	dev_t device;
	u32 request;	/* the second argument of ioctl(2) */
	u64 command;	/* what is asked for in the argument */
	u32 status;	/* the error for the argument */
	ktime_t start;
};

struct fakegpu_call fakegpu_begin(enum fakegpu_driver driver, const struct file *file, u32 request);
/*
 * Takes the time that the first rule for @number and @command says, and sets @status. Returns
 * the error that the ioctl shall fail with, or 0.
 */
int fakegpu_answer(struct fakegpu_call *call, u32 number, u64 command);
/* Counts the call. Returns @ret, the result of the ioctl. */
long fakegpu_end(const struct fakegpu_call *call, long ret);

#endif /* FAKEGPU_H */
