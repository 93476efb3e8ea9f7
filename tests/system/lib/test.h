/* SPDX-License-Identifier: MIT */
/*
 * The one header that a test includes: the test library except for busy.h and slowpage.h,
 * and those headers of the C library that many tests need.
 */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <fcntl.h>
#include <linux/bricktrace.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "brick.h"
#include "call.h"
#include "check.h"
#include "clock.h"
#include "device.h"
#include "parameter.h"
#include "process.h"
#include "result.h"
#include "session.h"
#include "stream.h"

#endif /* TEST_H */
