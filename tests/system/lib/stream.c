// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "check.h"
#include "stream.h"

int try_stream(int fd, struct bricktrace_stream_open o)
{
	o.size = sizeof(o);
	return ioctl(fd, BRICKTRACE_STREAM_OPEN, &o) ? -errno : 0;
}

void stream_begin(int fd, uint32_t scope, u64 ring_bytes)
{
	if (try_stream(fd, (struct bricktrace_stream_open){ .scope = scope,
							    .levels = STREAM_ALL,
							    .ring_bytes = ring_bytes }))
		bail("STREAM_OPEN");
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		bail("O_NONBLOCK");
}

struct bricktrace_stream stream_get(int fd)
{
	struct bricktrace_stream s = { .size = sizeof(s) };

	if (ioctl(fd, BRICKTRACE_STREAM_GET, &s))
		bail("STREAM_GET");
	return s;
}

bool stream_exact(const struct bricktrace_stream *s)
{
	bool good = true;

	if (s->matched != s->delivered + s->lost + s->waiting)
		no(&good, "%llu matched, but %llu delivered, %llu lost and %llu waiting",
		   s->matched, s->delivered, s->lost, s->waiting);
	if (s->waiting_bytes > s->ring_bytes ||
	    s->waiting_bytes < s->waiting * sizeof(struct bricktrace_record_run))
		no(&good, "%llu waiting runs have %llu of %llu bytes", s->waiting,
		   s->waiting_bytes, s->ring_bytes);
	return good;
}

struct reader reader_new(int fd, size_t size)
{
	struct reader r = { .fd = fd, .buffer = malloc(size), .size = size, .good = true };

	if (!r.buffer)
		bail("no memory");
	return r;
}

static const void *part_of(const struct bricktrace_record_run *r,
			   const struct bricktrace_part *part)
{
	return (const char *)r + part->offset;
}

const struct bricktrace_origin *record_origin(const struct bricktrace_record_run *r)
{
	return part_of(r, &r->origin);
}

const struct bricktrace_result *record_result(const struct bricktrace_record_run *r)
{
	return part_of(r, &r->result);
}

#define PARTS 8

/* Do the parts of a run's record fill the record, without a gap and in whatever order? */
static bool record_valid(const struct bricktrace_record_run *r)
{
	static const uint32_t sizes[PARTS] = {
		sizeof(struct bricktrace_origin),
		sizeof(struct bricktrace_result),
		sizeof(struct bricktrace_times),
		sizeof(struct bricktrace_category_figures),
		sizeof(struct bricktrace_syscall),
		sizeof(struct bricktrace_failed),
		sizeof(struct bricktrace_ioctl),
		sizeof(struct bricktrace_slow_call),
	};
	const struct bricktrace_part *part = &r->origin;
	size_t end = sizeof(*r);
	bool good = true, found = true;

	if (r->record.size < sizeof(*r) || r->head != sizeof(*r) || r->reserved ||
	    r->origin.count != 1 || r->result.count != 1)
		return no(&good, "record %llu: size %u, head %u, %u origins, %u results",
			  (u64)r->record.sequence, r->record.size, r->head,
			  r->origin.count, r->result.count);
	for (int i = 0; i < PARTS; i++)
		if (part[i].size != sizes[i] || part[i].offset % 8 ||
		    part[i].count > part[i].total)
			no(&good,
			   "record %llu: part %d: offset %u, %u of %u elements of %u bytes",
			   (u64)r->record.sequence, i, part[i].offset, part[i].count,
			   part[i].total, part[i].size);
	while (good && found) {
		found = false;
		for (int i = 0; i < PARTS && !found; i++)
			if (part[i].count && part[i].offset == end) {
				end += (size_t)part[i].count * part[i].size;
				found = true;
			}
	}
	if (good && end != r->record.size)
		no(&good, "record %llu: %u bytes, but the parts end at %zu",
		   (u64)r->record.sequence, r->record.size, end);
	return good;
}

const struct bricktrace_record *reader_next(struct reader *r)
{
	const struct bricktrace_record *record;
	ssize_t n;

	if (r->at == r->got) {
		n = read(r->fd, r->buffer, r->size);
		if (n < 0 && errno == EAGAIN)
			return NULL;
		if (n <= 0)
			bail("read: %zd", n);
		r->got = n;
		r->at = 0;
	}
	record = (void *)(r->buffer + r->at);
	if (r->got - r->at < sizeof(*record) || record->size > r->got - r->at ||
	    record->size < sizeof(*record) || record->size % 8 ||
	    record->size > BRICKTRACE_RECORD_MAX)
		bail("a record of %u bytes in %zu", record->size, r->got - r->at);
	r->at += record->size;
	if (record->sequence != r->sequence + 1)
		no(&r->good, "a record has the sequence %llu after %llu",
		   (u64)record->sequence, r->sequence);
	r->sequence = record->sequence;
	if (record->type == BRICKTRACE_RECORD_RUN) {
		r->good &= record_valid((void *)record);
		r->runs++;
	} else if (record->type == BRICKTRACE_RECORD_LOSS &&
		   record->size == sizeof(struct bricktrace_record_loss) &&
		   ((struct bricktrace_record_loss *)record)->lost) {
		u64 lost = ((struct bricktrace_record_loss *)record)->lost;

		r->lost += lost;
		r->sequence += lost - 1;
	} else {
		no(&r->good, "a record of type %u has %u bytes", record->type,
		   record->size);
	}
	return record;
}

const struct bricktrace_record_run *reader_run(struct reader *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	const struct bricktrace_record *record;

	if (r->at == r->got && poll(&p, 1, 10000) != 1)
		bail("there is no record");
	record = reader_next(r);
	if (!record || record->type != BRICKTRACE_RECORD_RUN)
		bail("there is no record of a run");
	return (void *)record;
}

u64 reader_drain(struct reader *r)
{
	u64 runs = r->runs;

	while (reader_next(r))
		;
	return r->runs - runs;
}

bool reader_exact(const struct reader *r, u64 matched)
{
	struct bricktrace_stream s = stream_get(r->fd);
	bool good = r->good;

	if (s.matched != matched || s.delivered != r->runs || s.lost != r->lost ||
	    s.waiting || s.waiting_bytes || r->sequence != matched)
		no(&good,
		   "%llu runs: STREAM_GET has %llu = %llu + %llu + %llu, the records %llu + %llu up to %llu",
		   matched, s.matched, s.delivered, s.lost, s.waiting, r->runs, r->lost,
		   r->sequence);
	return good;
}

u64 record_calls(const struct bricktrace_record_run *r, uint32_t nr)
{
	const struct bricktrace_syscall *s = part_of(r, &r->syscalls);

	for (uint32_t i = 0; i < r->syscalls.count; i++, s++)
		if (s->nr == nr && s->arch == BRICKTRACE_ARCH_NATIVE &&
		    s->view == BRICKTRACE_VIEW_INCLUSIVE)
			return s->figures.count;
	return 0;
}

static bool part_same(const struct bricktrace_record_run *r,
		      const struct bricktrace_part *part, const void *wanted,
		      uint32_t total, const char *what)
{
	bool good = true;

	if (part->total != total)
		no(&good, "%s: %u elements, not %u", what, part->total, total);
	else if (memcmp(part_of(r, part), wanted, (size_t)part->count * part->size))
		no(&good, "%s: the elements differ", what);
	return good;
}

bool record_same(const struct bricktrace_record_run *r, const struct run *run)
{
	bool traced = run->r.provenance != BRICKTRACE_NOT_INSTRUMENTED, good;

	good = part_same(r, &r->result, &run->r, 1, "result");
	good &= part_same(r, &r->times, run->raw_times, traced ? 2 : 0, "times");
	good &= part_same(r, &r->categories, run->raw_categories,
			  traced ? 2 * CATEGORIES : 0, "categories");
	good &= part_same(r, &r->syscalls, run->raw_calls, 2 * run->syscalls, "syscalls");
	good &= part_same(r, &r->failed, run->failed, run->r.failed, "failed assertions");
	good &= part_same(r, &r->ioctls, run->ioctl, 2 * run->ioctls, "ioctls");
	return part_same(r, &r->slow_calls, run->slow, run->slow_calls, "slow calls") &&
	       good;
}
