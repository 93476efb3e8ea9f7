/* SPDX-License-Identifier: MIT */
/*
 * The files of a recording. The first has the path that the user gave, the others have a
 * number after it: FILE, FILE.1, FILE.2. Each is a whole recording, which only its user may
 * read. A file that exists is never written to, and only a file that was created here is
 * removed.
 */
#ifndef ROTATION_H
#define ROTATION_H

#include <stdint.h>
#include <sys/types.h>

#include "bricktrace.h"

#define ROTATION_MAX 1000

struct rotation {
	const char *path; /* "-": standard output, which stays open */
	uint64_t max_size; /* how many bytes a file may have; UINT64_MAX: as many as there are */
	uint32_t keep; /* how many files are kept; 0: there is one, and its end is the recording's */
	uint64_t number; /* of the file that is written, from 0 */
	char *name;	 /* that file's path */
	int fd;
	uint64_t size;
	struct bt_recording *recording; /* NULL: no file is open */
	struct rotation_file {
		dev_t dev;
		ino_t ino;
	} files[ROTATION_MAX]; /* the files that were created, file N at N % @keep */
};

enum rotation_written {
	ROTATION_WRITTEN,
	ROTATION_FULL, /* there is no room for the record, and the recording has one file */
	ROTATION_CLOSED, /* nobody reads standard output any more */
	ROTATION_FAILED, /* and it was said why */
};

/* Creates the first file. Returns 0, or -1 after saying why. */
int rotation_open(struct rotation *rotation);

/* Writes a record, if need be to a new file. What was written before stays whole. */
enum rotation_written rotation_write(struct rotation *rotation,
				     const struct bt_record *record);

/* Ends the file, so that it survives a crash of the system. Returns 0, or -1 after saying why. */
int rotation_close(struct rotation *rotation);

#endif
