/* SPDX-License-Identifier: MIT */
/*
 * The names of devices and of ioctls. The names of the devices are the system's, from sysfs.
 * The names of the ioctls are data: the files *.names of this directory and the files that a
 * user adds. decode.c describes their form.
 */
#ifndef DECODE_H
#define DECODE_H

#include <stdbool.h>

#include "bricktrace.h"

/* The size of a name, with the terminating NUL. */
#define DECODE_LEN 128

struct decoded {
	/*
	 * The name below /dev, without dri/. Of an anonymous file, its name in brackets; of a
	 * regular file or directory, the type of the file system. "char 10:200" if sysfs does
	 * not know the device; "socket", "pipe", "(bad descriptor)", "(file unknown)" if the
	 * call was under way when it was observed, and "(more)" for the commands without
	 * separate figures. All names are UTF-8 without control characters.
	 */
	char device[DECODE_LEN];
	/* A name, or _IOWR('F', 0x2a, 32), or a number; empty if the file is "(more)". */
	char request[DECODE_LEN];
	/* A name, or a number, which follows the word opaque if no such command has a public
	 * name; empty if the ioctl has no command. */
	char command[DECODE_LEN];
	bool request_named, command_named; /* @request and @command are names */
	/* Request and command for a column of a table, where a long name stands alone. */
	char text[2 * DECODE_LEN];
};

void decode_ioctl(const struct bt_ioctl *ioctl, struct decoded *decoded);

/*
 * Adds the names in a file, which are preferred to those of the program. Returns NULL, or
 * what is wrong, valid until the next call; then no name was added. The text begins with the
 * path and may contain bytes of the file, so it must be escaped for a terminal.
 */
const char *decode_add_file(const char *path);

/*
 * The directory below which sys/dev is, without a slash at its end: "", in tests another one,
 * and NULL if the ioctls are perhaps of another host, whose devices sysfs does not know.
 */
extern const char *decode_root;

#endif
