/* SPDX-License-Identifier: MIT */
/* The settings of the host by name, and their values as people write and read them. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdio.h>

#include <jansson.h>

#include "host.h"

/* The value of netlink_group that stands for no group. */
#define SETTINGS_NO_GROUP UINT32_MAX

/* Returns the setting with this name, in which - and _ are the same, or NULL. */
const struct host_setting *settings_named(const char *name);

/*
 * Parses a value such as "on", "15%", "1s", "none" or a number in the setting's unit. Returns
 * 0, or -1 after saying what is wrong.
 */
int settings_parse(const struct host_setting *setting, const char *text, uint64_t *value);

/* Prints a value such that settings_parse() takes the text, with its unit. */
void settings_print_value(FILE *out, const struct host_setting *setting, uint64_t value);
/* Returns the number, or null for no group. */
json_t *settings_json(const struct host_setting *setting, uint64_t value);

#endif
