/* SPDX-License-Identifier: MIT */
#ifndef NAMES_H
#define NAMES_H

#include "bricktrace.h"

/*
 * Returns the name of the ioctl's request, if @command is BT_NONE, or of @command, which is a
 * command of the request. @device is the name of the device. Returns NULL if there is none.
 */
const char *names_find(const struct bt_ioctl *ioctl, const char *device, uint64_t command);

#endif
