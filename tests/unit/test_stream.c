// SPDX-License-Identifier: MIT
/* Tests of streams and of recordings of them. This file imitates the kernel. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "record.h"

static struct sample sample;

static struct {
	bool absent;
	uint64_t features;
	int open_error, get_error, read_error;
	struct bricktrace_stream_open open;
	struct bricktrace_stream counts;
	/* Records that wait, and how many one read returns. */
	char bytes[2 * BRICKTRACE_RECORD_MAX];
	uint32_t begin, end, batch;
	int reads;
} kernel;

static int fake_open(const char *path)
{
	(void)path;
	return kernel.absent ? -ENOENT : open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	struct bricktrace_stream_open *stream = arg;
	struct bricktrace_session *session = arg;
	struct bricktrace_info *info = arg;

	(void)fd;
	switch (request) {
	case BRICKTRACE_INFO:
		info->abi_version = BRICKTRACE_ABI_VERSION;
		info->features = kernel.features;
		info->user_memory = 3 << 20;
		info->max_user_memory = 4 << 20;
		break;
	case BRICKTRACE_SESSION_GET:
		session->max_threads = 1;
		break;
	case BRICKTRACE_STREAM_OPEN:
		assert_int_equal(stream->size, sizeof(*stream));
		kernel.open = *stream;
		return -kernel.open_error;
	case BRICKTRACE_STREAM_GET:
		assert_int_equal(((struct bricktrace_stream *)arg)->size,
				 sizeof(kernel.counts));
		*(struct bricktrace_stream *)arg = kernel.counts;
		return -kernel.get_error;
	}
	return 0;
}

static ssize_t fake_read(int fd, void *buf, size_t size)
{
	struct bricktrace_record head;
	uint32_t n = 0, i;

	assert_true(fd >= 0);
	assert_true(size >= BRICKTRACE_RECORD_MAX);
	kernel.reads++;
	if (kernel.read_error)
		return -kernel.read_error;
	for (i = 0; i < kernel.batch && kernel.begin + n < kernel.end; i++) {
		memcpy(&head, kernel.bytes + kernel.begin + n, sizeof(head));
		n += head.size;
		kernel.counts.delivered += head.type == BRICKTRACE_RECORD_RUN;
		kernel.counts.waiting -= head.type == BRICKTRACE_RECORD_RUN;
	}
	memcpy(buf, kernel.bytes + kernel.begin, n);
	kernel.begin += n;
	return n ? (ssize_t)n : -EAGAIN;
}

static const struct bti_ops fake = {
	.open = fake_open,
	.ioctl = fake_ioctl,
	.read = fake_read,
};

static int reset(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.features = BRICKTRACE_FEATURE_STATISTICS | BRICKTRACE_FEATURE_STREAM;
	kernel.batch = 100;
	sample_fill(&sample);
	return 0;
}

static struct bt_tracer *tracer(void)
{
	struct bt_tracer *t;

	assert_int_equal(bti_tracer_new(&fake, &t), 0);
	return t;
}

static struct bt_stream *stream_of(struct bt_tracer *t)
{
	struct bt_stream *stream;

	assert_int_equal(bt_stream_open(t, BT_STREAM_TRACER,
					BT_STREAM_TRACE | BT_STREAM_NONBLOCK, 0, &stream),
			 0);
	return stream;
}

static void put_run(uint64_t sequence)
{
	kernel.end += sample_record(&sample, sequence, NULL, kernel.bytes + kernel.end);
	kernel.counts.matched++;
	kernel.counts.waiting++;
}

static void assert_error(int err, int expected, const char *text)
{
	assert_int_equal(err, -expected);
	if (!strstr(bt_error_text(), text))
		fail_msg("'%s' lacks '%s'", bt_error_text(), text);
}

static void a_stream_is_opened_as_asked(void **state)
{
	static const struct {
		enum bt_stream_scope scope;
		unsigned int flags;
		size_t ring_bytes;
		uint32_t kernel_flags, levels;
		bool nonblock;
	} cases[] = {
		{ BT_STREAM_TRACER, BT_STREAM_MEASURE, 0, 0, BRICKTRACE_STREAM_MEASURE,
		  false },
		{ BT_STREAM_HOST, BT_STREAM_TRACE | BT_STREAM_NONBLOCK, 1 << 20, 0,
		  BRICKTRACE_STREAM_TRACE, true },
		{ BT_STREAM_HOST, BT_STREAM_TRACE | BT_STREAM_MEASURE | BT_STREAM_GRANTED,
		  4, BRICKTRACE_STREAM_GRANTED,
		  BRICKTRACE_STREAM_TRACE | BRICKTRACE_STREAM_MEASURE, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bt_tracer *t = tracer();
		struct bt_stream *stream;

		assert_int_equal(bt_stream_open(t, cases[i].scope, cases[i].flags,
						cases[i].ring_bytes, &stream),
				 0);
		assert_int_equal(kernel.open.scope, cases[i].scope);
		assert_int_equal(kernel.open.flags, cases[i].kernel_flags);
		assert_int_equal(kernel.open.levels, cases[i].levels);
		assert_int_equal(kernel.open.ring_bytes, cases[i].ring_bytes);
		assert_int_equal(bt_stream_fd(stream), t->fd);
		assert_int_equal(!!(fcntl(t->fd, F_GETFL) & O_NONBLOCK), cases[i].nonblock);
		bt_stream_close(stream);
		bt_tracer_free(t);
	}
	assert_int_equal(bt_stream_fd(NULL), -1);
	bt_stream_close(NULL);
	bt_record_free(NULL);
}

static void wrong_streams_are_refused(void **state)
{
	struct bt_tracer *t = tracer();
	struct bt_stream *stream = (void *)1;

	(void)state;
	assert_error(bt_stream_open(t, BT_STREAM_TRACER, BT_STREAM_NONBLOCK, 0, &stream),
		     EINVAL, "BT_STREAM_MEASURE, BT_STREAM_TRACE or both");
	assert_null(stream);
	assert_error(bt_stream_open(t, BT_STREAM_TRACER, 1U << 4 | 1, 0, &stream), EINVAL,
		     "flags 0x11");
	assert_error(bt_stream_open(t, (enum bt_stream_scope)2, 1, 0, &stream), EINVAL,
		     "scope 2");
	assert_error(bt_stream_open(NULL, BT_STREAM_TRACER, 1, 0, &stream), EINVAL,
		     "no tracer");
	assert_error(bt_stream_open(t, BT_STREAM_TRACER, 1, 0, NULL), EINVAL, "no address");
	assert_int_equal(kernel.open.size, 0);
	bt_tracer_free(t);
}

static void errors_of_the_kernel_say_what_to_do(void **state)
{
	static const struct {
		int error;
		const char *text;
	} cases[] = {
		{ ERANGE, "5 bytes, is not from 131072 to 16777216 bytes" },
		{ EBUSY, "another tracer" },
		{ EPERM, "CAP_PERFMON or CAP_SYS_ADMIN" },
		{ EUSERS, "16 streams of the whole host" },
		{ EDQUOT,
		  "ring of 5 bytes: that would exceed a limit; in use are 3 of 4 MiB" },
		{ ENOMEM, "Cannot allocate memory" },
	};
	struct bt_tracer *t = tracer();
	struct bt_stream *stream;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kernel.open_error = cases[i].error;
		assert_error(bt_stream_open(t, BT_STREAM_HOST, BT_STREAM_TRACE, 5, &stream),
			     cases[i].error, cases[i].text);
		assert_null(stream);
	}
	bt_tracer_free(t);
	kernel.features = BRICKTRACE_FEATURE_STATISTICS;
	t = tracer();
	assert_error(bt_stream_open(t, BT_STREAM_TRACER, BT_STREAM_TRACE, 0, &stream),
		     ENOTSUP, "older than this library");
	bt_tracer_free(t);
	kernel.absent = true;
	t = tracer();
	assert_error(bt_stream_open(t, BT_STREAM_TRACER, BT_STREAM_TRACE, 0, &stream),
		     ENOTSUP, "modprobe bricktrace");
	bt_tracer_free(t);
}

static void many_records_are_read_at_once(void **state)
{
	struct bt_tracer *t = tracer();
	struct bt_stream *stream = stream_of(t);
	struct bt_record *r;
	int i;

	(void)state;
	put_run(1);
	put_run(2);
	kernel.end += sample_loss(3, 4, kernel.bytes + kernel.end);
	put_run(7);
	for (i = 0; i < 4; i++) {
		assert_int_equal(bt_stream_read(stream, &r), 0);
		assert_int_equal(r->sequence, i < 3 ? i + 1 : 7);
		assert_int_equal(r->lost, i == 2 ? 4 : 0);
		assert_int_equal(!r->result, i == 2);
		assert_string_equal(r->machine, bti_host);
		assert_int_equal(kernel.reads, 1);
		bt_record_free(r);
	}
	assert_error(bt_stream_read(stream, &r), EAGAIN, "no record at the moment");
	assert_null(r);
	assert_int_equal(kernel.reads, 2);
	/* What was read remains when stream and tracer are gone. */
	put_run(8);
	assert_int_equal(bt_stream_read(stream, &r), 0);
	bt_stream_close(stream);
	bt_tracer_free(t);
	assert_int_equal(r->sequence, 8);
	touch_record(r);
	bt_record_free(r);
}

static void errors_of_reading_are_reported(void **state)
{
	static const struct {
		int error;
		const char *text;
	} cases[] = {
		{ EINTR, "a signal" },
		{ EPERM, "CAP_PERFMON or CAP_SYS_ADMIN" },
		{ EIO, "cannot read the stream: Input/output error" },
	};
	struct bt_tracer *t = tracer();
	struct bt_stream *stream = stream_of(t);
	struct bt_record *r;
	size_t i;

	(void)state;
	put_run(1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kernel.read_error = cases[i].error;
		assert_error(bt_stream_read(stream, &r), cases[i].error, cases[i].text);
		assert_null(r);
	}
	/* Nothing was lost by that. */
	kernel.read_error = 0;
	assert_int_equal(bt_stream_read(stream, &r), 0);
	assert_int_equal(r->sequence, 1);
	bt_record_free(r);
	/* A module with an error. */
	put_run(1);
	assert_error(bt_stream_read(stream, &r), EPROTO, "of the stream: record.sequence");
	assert_null(r);
	assert_error(bt_stream_read(NULL, &r), EINVAL, "no stream");
	assert_error(bt_stream_read(stream, NULL), EINVAL, "no address");
	bt_stream_close(stream);
	bt_tracer_free(t);
}

static ssize_t read_nothing(int fd, void *buf, size_t size)
{
	(void)fd;
	(void)buf;
	(void)size;
	return 0;
}

static void a_stream_does_not_end(void **state)
{
	const struct bti_ops ended = { .open = fake_open,
				       .ioctl = fake_ioctl,
				       .read = read_nothing };
	struct bt_stream *stream;
	struct bt_tracer *t;
	struct bt_record *r;

	(void)state;
	assert_int_equal(bti_tracer_new(&ended, &t), 0);
	stream = stream_of(t);
	assert_error(bt_stream_read(stream, &r), EPROTO, "error of the module");
	bt_stream_close(stream);
	bt_tracer_free(t);
}

static void counts_are_those_of_the_program(void **state)
{
	struct bt_tracer *t = tracer();
	struct bt_stream *stream = stream_of(t);
	struct bt_counts counts;
	struct bt_record *r;
	uint32_t size;
	int i;

	(void)state;
	for (i = 1; i <= 5; i++)
		put_run(i);
	size = kernel.end / 5;
	/* The sixth to eighth were lost. */
	kernel.end += sample_loss(6, 3, kernel.bytes + kernel.end);
	put_run(9);
	kernel.counts.lost = 3;
	kernel.counts.matched += 3;
	kernel.counts.ring_bytes = 4096;
	kernel.batch = 4;
	for (i = 0; i <= 7; i++) {
		assert_int_equal(bt_stream_counts(stream, &counts), 0);
		assert_int_equal(counts.matched, 9);
		assert_int_equal(counts.lost, 3);
		assert_int_equal(counts.delivered, i < 6 ? i : i - 1);
		assert_int_equal(counts.matched,
				 counts.delivered + counts.lost + counts.waiting);
		assert_int_equal(counts.ring_bytes, 4096);
		/* The fake has no figure of its own. */
		assert_int_equal(counts.waiting_bytes,
				 (counts.waiting - kernel.counts.waiting) * size);
		if (i == 7)
			break;
		assert_int_equal(bt_stream_read(stream, &r), 0);
		bt_record_free(r);
	}
	kernel.get_error = EIO;
	assert_error(bt_stream_counts(stream, &counts), EIO, "cannot read the counts");
	assert_error(bt_stream_counts(NULL, &counts), EINVAL, "no stream");
	assert_error(bt_stream_counts(stream, NULL), EINVAL, "no address");
	bt_stream_close(stream);
	bt_tracer_free(t);
}

/* A file without a name, at its beginning. */
static int file(void)
{
	FILE *f = tmpfile();
	int fd = dup(fileno(f));

	fclose(f);
	return fd;
}

static struct bt_record *next(struct bt_stream *stream)
{
	struct bt_record *r;

	assert_int_equal(bt_stream_read(stream, &r), 0);
	return r;
}

/* Records two runs and a loss of a tracer, and returns the file, at its beginning. */
static int record_three(void)
{
	struct bt_recording *recording;
	struct bt_tracer *t = tracer();
	struct bt_stream *stream = stream_of(t);
	struct bt_record *r;
	int fd = file(), i;

	put_run(1);
	kernel.end += sample_loss(2, 5, kernel.bytes + kernel.end);
	put_run(7);
	assert_int_equal(bt_recording_create(fd, &recording), 0);
	for (i = 0; i < 3; i++) {
		r = next(stream);
		assert_int_equal(bt_recording_write(recording, r), 0);
		bt_record_free(r);
	}
	bt_recording_free(recording);
	bt_stream_close(stream);
	bt_tracer_free(t);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void a_recording_has_the_records_of_the_stream(void **state)
{
	struct bricktrace_file_header header;
	char bytes[sizeof(kernel.bytes)], id[37], text[40] = "";
	int fd = record_three(), i;
	FILE *boot;

	(void)state;
	assert_int_equal(read(fd, &header, sizeof(header)), sizeof(header));
	assert_memory_equal(header.magic, "BRICKTRC", 8);
	assert_int_equal(header.byte_order, 0x01020304);
	assert_int_equal(header.version, 0);
	assert_int_equal(header.header_size, 72);
	assert_int_equal(header.reserved, 0);
	assert_string_equal(header.machine, bti_host);
	for (i = 0; i < 16; i++)
		sprintf(text + strlen(text), "%02x%s", header.boot_id[i],
			i == 3 || i == 5 || i == 7 || i == 9 ? "-" : "");
	boot = fopen("/proc/sys/kernel/random/boot_id", "r");
	assert_int_equal(fscanf(boot, "%36s", id), 1);
	fclose(boot);
	assert_string_equal(text, id);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), kernel.end);
	assert_memory_equal(bytes, kernel.bytes, kernel.end);
	close(fd);
}

static void a_recording_is_read_and_copied(void **state)
{
	int fd = record_three(), copy = file(), i;
	struct bt_recording *from, *to;
	struct stat before, after;
	struct bt_record *r;

	(void)state;
	assert_int_equal(bt_recording_open(fd, &from), 0);
	assert_true(bt_recording_local(from));
	assert_int_equal(bt_recording_create(copy, &to), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(bt_recording_read(from, &r), 0);
		assert_int_equal(r->sequence, i < 2 ? i + 1 : 7);
		assert_int_equal(bt_recording_write(to, r), 0);
		bt_record_free(r);
	}
	for (i = 0; i < 2; i++) {
		r = (void *)1;
		assert_int_equal(bt_recording_read(from, &r), 0);
		assert_null(r);
	}
	fstat(fd, &before);
	fstat(copy, &after);
	assert_int_equal(before.st_size, after.st_size);
	bt_recording_free(from);
	bt_recording_free(to);
	bt_recording_free(NULL);
	close(fd);
	close(copy);
}

/* After each number of bytes the file may have been cut. */
static void a_cut_recording_says_so(void **state)
{
	uint32_t ends[] = { BRICKTRACE_FILE_HEADER_SIZE_V0, 0, 0, 0 }, length;
	struct bt_recording *from;
	struct bt_record *r;
	char where[90];
	int fd, i, err;

	(void)state;
	fd = record_three();
	ends[1] = ends[0] + sample_record(&sample, 1, NULL, kernel.bytes);
	ends[2] = ends[1] + sizeof(struct bricktrace_record_loss);
	ends[3] = ends[2] + ends[1] - ends[0];
	assert_int_equal(lseek(fd, 0, SEEK_END), ends[3]);
	for (length = ends[3]; length--;) {
		assert_int_equal(ftruncate(fd, length), 0);
		lseek(fd, 0, SEEK_SET);
		err = bt_recording_open(fd, &from);
		if (length < 8) {
			assert_error(err, EPROTO, "not a recording");
			assert_null(from);
			continue;
		}
		if (length < ends[0]) {
			snprintf(where, sizeof(where),
				 "ends at byte %u, inside its header", length);
			assert_error(err, ENODATA, where);
			assert_null(from);
			continue;
		}
		assert_int_equal(err, 0);
		for (i = 1; i < 4 && length >= ends[i]; i++) {
			assert_int_equal(bt_recording_read(from, &r), 0);
			assert_non_null(r);
			bt_record_free(r);
		}
		err = bt_recording_read(from, &r);
		assert_null(r);
		if (length == ends[i - 1]) {
			assert_int_equal(err, 0);
		} else {
			snprintf(where, sizeof(where),
				 "ends at byte %u inside the record that begins at byte %u",
				 length, ends[i - 1]);
			assert_error(err, ENODATA, where);
		}
		bt_recording_free(from);
	}
	close(fd);
}

static void a_file_of_another_kind_is_refused(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
		int error;
		const char *text;
	} cases[] = {
		{ 0, 0, EPROTO, "not a recording" },
		{ 4, 0, EPROTO, "not a recording" },
		{ 8, 0x04030201, ENOTSUP, "byte order" },
		{ 8, 0x01020305, EPROTO, "damaged: its byte order is 0x01020305" },
		{ 12, 1, ENOTSUP, "has version 1, this library reads version 0" },
		{ 16, 71, EPROTO, "its header has 71 bytes" },
		{ 16, 4097, EPROTO, "its header has 4097 bytes" },
		{ 16, 4096, ENODATA, "ends at byte 72, inside its header of 4096 bytes" },
		{ 24, 0, EPROTO, "machine is not valid" },
		{ 24, 0x1b, EPROTO, "machine is not valid" },
	};
	struct bt_recording *from = (void *)1;
	char bytes[BRICKTRACE_FILE_HEADER_SIZE_V0];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(bytes, 0, sizeof(bytes));
		sample_header("aarch64", bytes);
		memcpy(bytes + cases[i].offset, &cases[i].value, sizeof(cases[i].value));
		memory_set(bytes, sizeof(bytes));
		assert_error(bti_recording_open(&memory_ops, -1, &from), cases[i].error,
			     cases[i].text);
		assert_null(from);
	}
	sample_header("aarch64", bytes);
	memset(bytes + 24, 'm', 32);
	memory_set(bytes, sizeof(bytes));
	assert_error(bti_recording_open(&memory_ops, -1, &from), EPROTO,
		     "machine is not valid");
	assert_error(bt_recording_open(-1, &from), EBADF, "cannot read the recording");
	assert_error(bt_recording_open(0, NULL), EINVAL, "no address");
}

static void a_newer_header_is_skipped(void **state)
{
	char bytes[BRICKTRACE_FILE_HEADER_SIZE_V0 + 40 + BRICKTRACE_RECORD_LOSS_SIZE_V0];
	struct bt_recording *from;
	struct bt_record *r;
	uint32_t header = BRICKTRACE_FILE_HEADER_SIZE_V0 + 40;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	sample_header("aarch64", bytes);
	((struct bricktrace_file_header *)bytes)->header_size = header;
	sample_loss(1, 1, bytes + header);
	memory_set(bytes, sizeof(bytes));
	assert_int_equal(bti_recording_open(&memory_ops, -1, &from), 0);
	assert_int_equal(bt_recording_read(from, &r), 0);
	assert_string_equal(r->machine, "aarch64");
	bt_record_free(r);
	bt_recording_free(from);
}

static void recordings_are_for_one_purpose_and_machine(void **state)
{
	struct bt_recording *from, *to;
	char bytes[BRICKTRACE_FILE_HEADER_SIZE_V0 + BRICKTRACE_RECORD_LOSS_SIZE_V0];
	int fd = file();
	struct bt_record *r;

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	sample_header("riscv64", bytes);
	sample_loss(1, 1, bytes + BRICKTRACE_FILE_HEADER_SIZE_V0);
	memory_set(bytes, sizeof(bytes));
	assert_int_equal(bti_recording_open(&memory_ops, -1, &from), 0);
	assert_false(bt_recording_local(from));
	assert_false(bt_recording_local(NULL));
	assert_int_equal(bt_recording_create(fd, &to), 0);
	assert_int_equal(bt_recording_read(from, &r), 0);
	assert_error(bt_recording_write(to, r), EINVAL, "from a machine riscv64");
	assert_error(bt_recording_write(from, r), EINVAL, "open for reading");
	assert_error(bt_recording_write(NULL, r), EINVAL, "no recording");
	assert_error(bt_recording_write(to, NULL), EINVAL, "no record");
	bt_record_free(r);
	assert_error(bt_recording_read(to, &r), EINVAL, "being written");
	assert_null(r);
	assert_error(bt_recording_read(NULL, &r), EINVAL, "no recording");
	assert_error(bt_recording_read(from, NULL), EINVAL, "no address");
	assert_error(bt_recording_create(fd, NULL), EINVAL, "no address");
	bt_recording_free(from);
	bt_recording_free(to);
	from = (void *)1;
	assert_error(bt_recording_create(-1, &from), EBADF, "cannot write the recording");
	assert_null(from);
	close(fd);
}

/* The file may grow no more in the middle of a record. What was written before stays whole. */
static void a_record_that_does_not_fit_is_cut_off(void **state)
{
	struct bt_tracer *t = tracer();
	struct bt_stream *stream = stream_of(t);
	struct rlimit old, limit;
	struct bt_recording *to;
	struct bt_record *r;
	int fd = file();
	off_t whole;

	(void)state;
	put_run(1);
	put_run(2);
	assert_int_equal(bt_recording_create(fd, &to), 0);
	r = next(stream);
	assert_int_equal(bt_recording_write(to, r), 0);
	bt_record_free(r);
	whole = lseek(fd, 0, SEEK_CUR);
	r = next(stream);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = whole + r->size / 2;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_error(bt_recording_write(to, r), EFBIG, "cannot write the recording");
	assert_int_equal(lseek(fd, 0, SEEK_END), whole);
	/* With room again, the recording goes on. */
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(bt_recording_write(to, r), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), whole + r->size);
	bt_record_free(r);
	bt_recording_free(to);
	bt_stream_close(stream);
	bt_tracer_free(t);
	close(fd);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_stream_is_opened_as_asked),
		TEST(wrong_streams_are_refused),
		TEST(errors_of_the_kernel_say_what_to_do),
		TEST(many_records_are_read_at_once),
		TEST(errors_of_reading_are_reported),
		TEST(a_stream_does_not_end),
		TEST(counts_are_those_of_the_program),
		TEST(a_recording_has_the_records_of_the_stream),
		TEST(a_recording_is_read_and_copied),
		TEST(a_cut_recording_says_so),
		TEST(a_file_of_another_kind_is_refused),
		TEST(a_newer_header_is_skipped),
		TEST(recordings_are_for_one_purpose_and_machine),
		TEST(a_record_that_does_not_fit_is_cut_off),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
