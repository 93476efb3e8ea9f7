// SPDX-License-Identifier: MIT
/* A file or device from which records are read. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "internal.h"

void bti_source_init(struct bti_source *s, const struct bti_ops *ops, int fd,
		     const char *name)
{
	s->ops = ops;
	s->fd = fd;
	s->name = name;
	s->at = 0;
	s->sequence = 1;
	s->begin = s->end = 0;
}

int bti_source_fill(struct bti_source *s, size_t size)
{
	while (s->end - s->begin < size) {
		ssize_t n;

		memmove(s->buffer, s->buffer + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
		n = s->ops->read(s->fd, s->buffer + s->end, sizeof(s->buffer) - s->end);
		if (n < 0)
			return bti_fail((int)-n, "cannot read the %s: %s", s->name,
					strerror((int)-n));
		if (!n)
			return 0;
		s->end += n;
	}
	return 1;
}

static int source_cut(const struct bti_source *s)
{
	return bti_fail(ENODATA,
			"the %s ends at byte %" PRIu64
			" inside the record that begins at byte %" PRIu64
			": it was not ended properly; the records before are whole",
			s->name, s->at + s->end - s->begin, s->at);
}

int bti_source_next(struct bti_source *s, struct bt_record **record)
{
	struct bricktrace_record head;
	int err;

	*record = NULL;
	do {
		err = bti_source_fill(s, sizeof(head));
		if (!err && s->end > s->begin)
			return source_cut(s);
		if (err <= 0)
			return err;
		memcpy(&head, s->buffer + s->begin, sizeof(head));
		if (head.size < sizeof(head) || head.size > BRICKTRACE_RECORD_MAX ||
		    head.size % 8)
			return bti_fail(
				EPROTO,
				"malformed record at byte %" PRIu64
				" of the %s: its size, %u, is not a multiple of 8 from %zu to %d",
				s->at, s->name, head.size, sizeof(head),
				BRICKTRACE_RECORD_MAX);
		err = bti_source_fill(s, head.size);
		if (err <= 0)
			return err ? err : source_cut(s);
		err = bti_record_new(s, record);
		if (err)
			return err;
		s->begin += head.size;
		s->at += head.size;
	} while (!*record);
	/* A sum beyond the last number is refused before. */
	head.sequence += (*record)->lost ? (*record)->lost : 1;
	if (head.sequence > s->sequence)
		s->sequence = head.sequence;
	return 0;
}
