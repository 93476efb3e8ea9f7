// SPDX-License-Identifier: MIT
/* The names of users. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>

#include "user.h"

const char *user_name(uint32_t uid, char name[USER_NAME_LEN])
{
	const struct passwd *entry = getpwuid(uid);

	if (entry)
		snprintf(name, USER_NAME_LEN, "%s", entry->pw_name);
	else
		snprintf(name, USER_NAME_LEN, "%" PRIu32, uid);
	return name;
}
