// SPDX-License-Identifier: MIT
/*
 * Finding the program to run. execvp() would search inside the traced run, and its
 * execve() in each directory of PATH would be a call of the result.
 */
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static int program_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

int find_program(const char *name, char **path)
{
	const char *dir = secure_getenv("PATH"), *end;
	int err, result = ENOENT;
	char *candidate;

	if (!*name)
		return ENOENT;
	if (strchr(name, '/')) {
		err = program_check(name);
		if (err)
			return err;
		*path = strdup(name);
		return *path ? 0 : ENOMEM;
	}
	for (dir = dir ? dir : _PATH_DEFPATH; dir; dir = *end ? end + 1 : NULL) {
		int len;

		end = strchrnul(dir, ':');
		len = end - dir;
		/* An empty element of PATH means the current directory. */
		if (asprintf(&candidate, "%.*s%s%s", len, dir, len ? "/" : "./", name) < 0)
			return ENOMEM;
		err = program_check(candidate);
		if (!err) {
			*path = candidate;
			return 0;
		}
		free(candidate);
		if (err == EACCES)
			result = EACCES;
	}
	return result;
}
