// SPDX-License-Identifier: MIT
/*
 * bricktrace export, which executes the program bricktrace-export. That is a program of its own,
 * because with libcurl and the 30 libraries that it needs, bricktrace would take 6 ms instead of
 * 1 ms to start.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "export.h"

/* Finds the program in the directory of this one. */
static void export_beside(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof(EXPORT_PROGRAM));
	char *slash;

	path[n > 0 ? n : 0] = 0;
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, EXPORT_PROGRAM);
}

void export_execute(char **argv)
{
	char path[PATH_MAX];

	export_beside(path);
	argv[0] = (char *)EXPORT_PROGRAM;
	execv(path, argv);
	if (errno != ENOENT) {
		complain("cannot execute '%s': %s", path, strerror(errno));
		return;
	}
	execvp(EXPORT_PROGRAM, argv);
	complain("cannot execute " EXPORT_PROGRAM
		 ": %s; it is neither '%s' nor in a directory of PATH: install it, as 'make install' of the same version does",
		 strerror(errno), path);
}

int cmd_export(int argc, char **argv)
{
	(void)argc;
	export_execute(argv);
	return EXIT_OWN;
}
