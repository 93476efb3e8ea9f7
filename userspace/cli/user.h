/* SPDX-License-Identifier: MIT */
/* The names of users. */
#ifndef USER_H
#define USER_H

#include <stdint.h>

#include <jansson.h>

#define USER_NAME_LEN 64

/* Returns the name of a user or, without one, the number. The text may have to be escaped. */
const char *user_name(uint32_t uid, char name[USER_NAME_LEN]);
json_t *user_json(uint32_t uid);

#endif
