// SPDX-License-Identifier: MIT
/* The files of a recording. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "rotation.h"

static bool rotation_is_stdout(const struct rotation *r)
{
	return !strcmp(r->path, "-");
}

/* Returns the path of file @number, which the caller frees, or NULL after saying why. */
static char *rotation_name(const struct rotation *r, uint64_t number)
{
	char *name;
	int length = number ? asprintf(&name, "%s.%" PRIu64, r->path, number) :
			      asprintf(&name, "%s", r->path);

	if (length >= 0)
		return name;
	complain("no memory");
	return NULL;
}

static void rotation_complain_created(const char *name)
{
	complain("cannot create '%s': %s", name,
		 errno == EEXIST ?
			 "the file exists, and record never overwrites a file: remove it, or choose another name" :
			 strerror(errno));
}

static bool rotation_is_file(const struct rotation_file *file, const char *name)
{
	struct stat st;

	return !lstat(name, &st) && st.st_ino == file->ino && st.st_dev == file->dev;
}

/* Removes the file that has become one too many, unless its place has another file now. */
static void rotation_forget(const struct rotation *r)
{
	char *name = rotation_name(r, r->number - r->keep);

	if (name && rotation_is_file(&r->files[r->number % r->keep], name) && unlink(name))
		complain("cannot remove '%s': %s", name, strerror(errno));
	free(name);
}

static int rotation_create(struct rotation *r)
{
	struct stat st;

	free(r->name);
	r->name = rotation_name(r, r->number);
	if (!r->name)
		return -1;
	r->fd = rotation_is_stdout(r) ?
			STDOUT_FILENO :
			open(r->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->fd < 0) {
		rotation_complain_created(r->name);
		return -1;
	}
	if (bt_recording_create(r->fd, &r->recording)) {
		complain("%s: %s", r->name, bt_error_text());
		if (!rotation_is_stdout(r))
			unlink(r->name);
		return -1;
	}
	if (r->keep && r->number >= r->keep)
		rotation_forget(r);
	if (!fstat(r->fd, &st)) {
		r->size = st.st_size;
		if (r->keep)
			r->files[r->number % r->keep] =
				(struct rotation_file){ st.st_dev, st.st_ino };
	}
	return 0;
}

/* A file that will be in the way is an error at once, and not after hours. */
static int rotation_check(const struct rotation *r)
{
	char *second = rotation_name(r, 1);
	struct stat st;
	int err = -1;

	if (second && lstat(second, &st))
		err = 0;
	else if (second) {
		errno = EEXIST;
		rotation_complain_created(second);
	}
	free(second);
	return err;
}

int rotation_open(struct rotation *r)
{
	if (rotation_is_stdout(r) && isatty(STDOUT_FILENO)) {
		complain("standard output is a terminal, which cannot show a recording: use -o FILE, or a pipe");
		return -1;
	}
	return (r->keep && rotation_check(r)) ? -1 : rotation_create(r);
}

enum rotation_written rotation_write(struct rotation *r, const struct bt_record *record)
{
	int err;

	if (record->size > r->max_size - r->size) {
		if (!r->keep)
			return ROTATION_FULL;
		if (rotation_close(r))
			return ROTATION_FAILED;
		r->number++;
		if (rotation_create(r))
			return ROTATION_FAILED;
	}
	err = bt_recording_write(r->recording, record);
	if (!err) {
		r->size += record->size;
		return ROTATION_WRITTEN;
	}
	if (err == -EPIPE)
		return ROTATION_CLOSED;
	complain("%s: %s; the runs before are recorded", r->name, bt_error_text());
	return ROTATION_FAILED;
}

/* A descriptor that cannot be synchronized, such as a pipe, is no file that can be lost. */
int rotation_close(struct rotation *r)
{
	int err = 0;

	if (!r->recording)
		return 0;
	bt_recording_free(r->recording);
	r->recording = NULL;
	if (fsync(r->fd) && errno != EINVAL && errno != EROFS)
		err = -1;
	if (!rotation_is_stdout(r) && close(r->fd))
		err = -1;
	if (err)
		complain("cannot write to '%s': %s", r->name, strerror(errno));
	return err;
}
