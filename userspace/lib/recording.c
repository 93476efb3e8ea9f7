// SPDX-License-Identifier: MIT
/* Files of records. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct bt_recording {
	bool writing;
	bool local;		  /* the records are of this boot */
	struct bti_source source; /* of a recording that is being written: @fd and @machine */
};

static struct bt_recording *recording_new(const struct bti_ops *ops, int fd, bool writing)
{
	/* The buffer need not be zero. */
	struct bt_recording *recording = malloc(sizeof(*recording));

	if (!recording)
		return NULL;
	recording->writing = writing;
	recording->local = writing;
	bti_source_init(&recording->source, ops, fd, "recording");
	return recording;
}

/* Writes all bytes or, if the file can be cut, none of them. */
static int recording_put(int fd, const void *bytes, size_t size)
{
	size_t done = 0;
	ssize_t n;
	off_t end;
	int err;

	while (done < size) {
		n = write(fd, (const char *)bytes + done, size - done);
		if (n > 0)
			done += n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	if (done == size)
		return 0;
	err = n ? errno : EIO;
	end = lseek(fd, 0, SEEK_CUR);
	if (done && end >= (off_t)done && !ftruncate(fd, end - done))
		lseek(fd, end - done, SEEK_SET);
	return bti_fail(err, "cannot write the recording: %s", strerror(err));
}

/*
 * Reads the number of this boot, 32 hexadecimal digits and hyphens. Returns false if there is
 * none, and then not all bytes are set.
 */
static bool recording_boot_id(uint8_t id[16])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	unsigned int byte;
	size_t i;

	for (i = 0; file && i < 16 && fscanf(file, "%2x%*[-]", &byte) == 1; i++)
		id[i] = (uint8_t)byte;
	if (file)
		fclose(file);
	return i == 16;
}

int bt_recording_create(int fd, struct bt_recording **out)
{
	struct bricktrace_file_header header = {
		.byte_order = BRICKTRACE_FILE_BYTE_ORDER,
		.version = BRICKTRACE_FILE_VERSION,
		.header_size = sizeof(header),
	};
	struct bt_recording *recording;
	int err;

	if (!out)
		return bti_fail_null("address for the recording");
	*out = NULL;
	recording = recording_new(&bti_system, fd, true);
	if (!recording)
		return bti_fail(ENOMEM, "no memory for a recording");
	strcpy(recording->source.machine, bti_host);
	memcpy(header.magic, BRICKTRACE_FILE_MAGIC, sizeof(header.magic));
	strcpy(header.machine, bti_host);
	recording_boot_id(header.boot_id);
	err = recording_put(fd, &header, sizeof(header));
	if (err)
		free(recording);
	else
		*out = recording;
	return err;
}

int bt_recording_write(struct bt_recording *recording, const struct bt_record *record)
{
	if (!recording)
		return bti_fail_null("recording");
	if (!record)
		return bti_fail_null("record");
	if (!recording->writing)
		return bti_fail(EINVAL, "the recording is open for reading");
	if (strcmp(record->machine, recording->source.machine))
		return bti_fail(EINVAL,
				"the record is from a machine %s, the recording is of %s",
				record->machine, recording->source.machine);
	return recording_put(recording->source.fd, bti_record_bytes(record), record->size);
}

static int recording_read_header(struct bt_recording *recording)
{
	struct bti_source *s = &recording->source;
	struct bricktrace_file_header header;
	int err = bti_source_fill(s, sizeof(header));
	uint8_t boot_id[16];

	if (err < 0)
		return err;
	if (s->end < sizeof(header.magic) ||
	    memcmp(s->buffer, BRICKTRACE_FILE_MAGIC, sizeof(header.magic)))
		return bti_fail(
			EPROTO,
			"the file is not a recording, which begins with " BRICKTRACE_FILE_MAGIC);
	if (!err)
		return bti_fail(
			ENODATA,
			"the recording ends at byte %zu, inside its header of %zu bytes",
			s->end, sizeof(header));
	memcpy(&header, s->buffer, sizeof(header));
	if (header.byte_order == __builtin_bswap32(BRICKTRACE_FILE_BYTE_ORDER))
		return bti_fail(
			ENOTSUP,
			"the recording has the other byte order; read it on a machine of the kind that made it");
	if (header.byte_order != BRICKTRACE_FILE_BYTE_ORDER)
		return bti_fail(EPROTO,
				"the recording is damaged: its byte order is 0x%08x",
				header.byte_order);
	if (header.version != BRICKTRACE_FILE_VERSION)
		return bti_fail(
			ENOTSUP,
			"the recording has version %u, this library reads version %d; use a newer library",
			header.version, BRICKTRACE_FILE_VERSION);
	if (header.header_size < sizeof(header) || header.header_size > 4096)
		return bti_fail(
			EPROTO,
			"the recording is damaged: its header has %u bytes, not %zu to 4096",
			header.header_size, sizeof(header));
	if (!memchr(header.machine, '\0', sizeof(header.machine)) ||
	    bti_check_name("the machine", header.machine))
		return bti_fail(
			EPROTO,
			"the recording is damaged: the name of its machine is not valid");
	strcpy(s->machine, header.machine);
	err = bti_source_fill(s, header.header_size);
	if (!err)
		return bti_fail(
			ENODATA,
			"the recording ends at byte %zu, inside its header of %u bytes",
			s->end, header.header_size);
	s->begin = s->at = header.header_size;
	recording->local = recording_boot_id(boot_id) &&
			   !memcmp(boot_id, header.boot_id, sizeof(boot_id));
	return err < 0 ? err : 0;
}

int bti_recording_open(const struct bti_ops *ops, int fd, struct bt_recording **out)
{
	struct bt_recording *recording;
	int err;

	if (!out)
		return bti_fail_null("address for the recording");
	*out = NULL;
	recording = recording_new(ops, fd, false);
	if (!recording)
		return bti_fail(ENOMEM, "no memory for a recording");
	err = recording_read_header(recording);
	if (err)
		free(recording);
	else
		*out = recording;
	return err;
}

int bt_recording_open(int fd, struct bt_recording **out)
{
	return bti_recording_open(&bti_system, fd, out);
}

int bt_recording_read(struct bt_recording *recording, struct bt_record **record)
{
	if (!record)
		return bti_fail_null("address for the record");
	*record = NULL;
	if (!recording)
		return bti_fail_null("recording");
	if (recording->writing)
		return bti_fail(EINVAL, "the recording is being written");
	return bti_source_next(&recording->source, record);
}

bool bt_recording_local(const struct bt_recording *recording)
{
	return recording && recording->local;
}

void bt_recording_free(struct bt_recording *recording)
{
	free(recording);
}
