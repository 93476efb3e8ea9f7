// SPDX-License-Identifier: MIT
/* The names of users. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>

#include "json.h"
#include "user.h"

const char *user_name(uint32_t uid, char name[USER_NAME_LEN])
{
	const struct passwd *entry = getpwuid(uid);

	if (entry && *entry->pw_name)
		snprintf(name, USER_NAME_LEN, "%s", entry->pw_name);
	else
		snprintf(name, USER_NAME_LEN, "%" PRIu32, uid);
	return name;
}

json_t *user_json(uint32_t uid)
{
	char name[USER_NAME_LEN];

	return text_json(user_name(uid, name));
}
