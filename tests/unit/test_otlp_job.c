// SPDX-License-Identifier: MIT
/* Tests of the option --otlp of commands, with a tracer and a bricktrace-export that do nothing. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"
#include "export.h"
#include "unit.h"

static int opened, closed, reads;
static bool *passed; /* shared with the child */

bool __wrap_bt_tracer_instrumented(const struct bt_tracer *tracer);
bool __wrap_bt_tracer_instrumented(const struct bt_tracer *tracer)
{
	(void)tracer;
	return true;
}

int __wrap_bt_tracer_ids(struct bt_tracer *tracer, bool all);
int __wrap_bt_tracer_ids(struct bt_tracer *tracer, bool all)
{
	(void)tracer;
	(void)all;
	return 0;
}

int __wrap_bt_stream_open(struct bt_tracer *tracer, enum bt_stream_scope scope,
			  unsigned int flags, size_t ring_bytes, struct bt_stream **stream);
int __wrap_bt_stream_open(struct bt_tracer *tracer, enum bt_stream_scope scope,
			  unsigned int flags, size_t ring_bytes, struct bt_stream **stream)
{
	(void)tracer;
	(void)scope;
	(void)flags;
	(void)ring_bytes;
	opened++;
	*stream = (struct bt_stream *)&opened;
	return 0;
}

int __wrap_bt_stream_read(struct bt_stream *stream, struct bt_record **record);
int __wrap_bt_stream_read(struct bt_stream *stream, struct bt_record **record)
{
	(void)stream;
	reads++;
	*record = NULL;
	return -EAGAIN;
}

void __wrap_bt_stream_close(struct bt_stream *stream);
void __wrap_bt_stream_close(struct bt_stream *stream)
{
	assert_ptr_equal(stream, &opened);
	closed++;
}

int __wrap_bt_stream_counts(struct bt_stream *stream, struct bt_counts *counts);
int __wrap_bt_stream_counts(struct bt_stream *stream, struct bt_counts *counts)
{
	(void)stream;
	*counts = (struct bt_counts){ .waiting = reads ? 0 : 2 };
	return 0;
}

/* In the child. */
void __wrap_export_execute(char **argv);
void __wrap_export_execute(char **argv)
{
	if (getenv("NOTIFY_SOCKET") || strcmp(argv[2], "--from"))
		_exit(1);
	*passed = true;
	/* A receiver that is away. The default action of SIGTERM ends this. */
	if (!strcmp(argv[5], "away"))
		pause();
	_exit(0);
}

static void the_exporter_tells_systemd_nothing(void **state)
{
	struct options options = { .otlp = "x" };
	struct job job = { .options = &options };

	(void)state;
	opened = closed = 0;
	passed = mmap(NULL, sizeof(*passed), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	setenv("NOTIFY_SOCKET", "/nothing", 1);
	assert_int_equal(otlp_open(&job), 0);
	otlp_close(&job);
	assert_true(*passed);
	munmap(passed, sizeof(*passed));
	assert_string_equal(getenv("NOTIFY_SOCKET"), "/nothing");
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(opened, 1);
	assert_int_equal(closed, 1);
}

static void a_receiver_that_is_away_is_given_up(void **state)
{
	struct options options = { .otlp = "away" };
	struct job job = { .options = &options };
	uint64_t begin = monotonic_ns();

	(void)state;
	passed = mmap(NULL, sizeof(*passed), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(otlp_open(&job), 0);
	otlp_close(&job);
	assert_true(*passed);
	munmap(passed, sizeof(*passed));
	assert_true(monotonic_ns() - begin >= 5 * UINT64_C(1000000000));
}

/* An exporter that reads no more is not waited for: the runs stay where they are. */
static void a_full_pipe_keeps_nobody_waiting(void **state)
{
	static const char half[(1 << 19) + 1];
	struct options options = { .otlp = "away" };
	struct job job = { .options = &options };
	char *said = NULL;
	size_t size;

	(void)state;
	reads = 0;
	passed = mmap(NULL, sizeof(*passed), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(otlp_open(&job), 0);
	assert_int_equal(write(job.otlp.pipe, half, sizeof(half)), sizeof(half));
	otlp_pass(&job);
	assert_int_equal(reads, 0);
	kill(job.otlp.pid, SIGTERM);
	complaints = open_memstream(&said, &size);
	otlp_close(&job);
	fclose(complaints);
	complaints = NULL;
	assert_string_equal(
		said,
		"bricktrace: 2 runs are not exported, because the receiver was away for too long\n");
	free(said);
	munmap(passed, sizeof(*passed));
}

static void without_an_exporter_no_other_descriptor_is_closed(void **state)
{
	struct options options = { .otlp = "x" };
	struct job job = { .options = &options };
	struct rlimit limit, none;

	(void)state;
	opened = closed = 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(otlp_open(&job), EXIT_OWN);
	setrlimit(RLIMIT_NOFILE, &limit);
	otlp_close(&job);
	assert_int_equal(opened, 1);
	assert_int_equal(closed, 1);
	/* A pipe that was never opened has the number 0. */
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exporter_tells_systemd_nothing),
		cmocka_unit_test(a_receiver_that_is_away_is_given_up),
		cmocka_unit_test(a_full_pipe_keeps_nobody_waiting),
		cmocka_unit_test(without_an_exporter_no_other_descriptor_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
