// SPDX-License-Identifier: MIT
/* Tests of the functions of bricktrace-otlp.h with a tracer and an exporter that this file imitates. */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "exporter.h"
#include "unit.h"

#define S OTLP_SECOND

/* The kernel and the exporter. The lock protects what both threads use. */
static struct {
	pthread_mutex_t lock;
	bool absent;
	int fd;
	atomic_bool no_fd;	    /* the program has closed it */
	uint64_t ended, read, lost; /* runs */
	atomic_bool held;	    /* no record can be read */
	atomic_bool no_memory;	    /* for a record */
	atomic_int read_error;
	int open_error, exporter_error, config_error;
	unsigned int flags, opened, closed;
	atomic_uint reads;
	bool registered; /* the thread that starts the exporter is followed by the tracer */
	bool signals;	 /* and takes signals */
	pthread_t thread;
	struct otlp_config config;
	char endpoint[64], traces_endpoint[64];
	uint64_t taken, exported;
	unsigned int exporters;
	atomic_bool slow; /* the receiver */
	uint64_t flush_ns, free_ns;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

static __thread bool left;

static struct bt_tracer *tracer(void)
{
	return (struct bt_tracer *)&fake;
}

bool __wrap_bt_tracer_instrumented(const struct bt_tracer *t);
bool __wrap_bt_tracer_instrumented(const struct bt_tracer *t)
{
	assert_ptr_equal(t, tracer());
	return !fake.absent;
}

int __wrap_bt_thread_unregister(struct bt_tracer *t);
int __wrap_bt_thread_unregister(struct bt_tracer *t)
{
	(void)t;
	left = true;
	return bti_fail(ESRCH, "the thread is not registered with this tracer");
}

int __wrap_bt_stream_open(struct bt_tracer *t, enum bt_stream_scope scope,
			  unsigned int flags, size_t ring_bytes, struct bt_stream **stream);
int __wrap_bt_stream_open(struct bt_tracer *t, enum bt_stream_scope scope,
			  unsigned int flags, size_t ring_bytes, struct bt_stream **stream)
{
	(void)t;
	*stream = NULL;
	if (fake.open_error)
		return bti_fail(fake.open_error, "no stream for you");
	assert_int_equal(scope, BT_STREAM_TRACER);
	assert_int_equal(ring_bytes, 0);
	fake.flags = flags;
	fake.opened++;
	*stream = (struct bt_stream *)&fake;
	return 0;
}

int __wrap_bt_stream_fd(const struct bt_stream *stream);
int __wrap_bt_stream_fd(const struct bt_stream *stream)
{
	(void)stream;
	return fake.no_fd ? INT_MAX : fake.fd;
}

/* The caller has the lock. */
static void count(struct bt_counts *counts)
{
	*counts = (struct bt_counts){
		.matched = fake.ended + fake.lost,
		.delivered = fake.read,
		.waiting = fake.ended - fake.read,
		.lost = fake.lost,
	};
}

static int next(struct bt_record **record)
{
	uint64_t n;

	fake.reads++;
	if (fake.read_error)
		return bti_fail(fake.read_error, "the record is malformed");
	if (fake.no_memory)
		return bti_fail(ENOMEM, "no memory");
	if (fake.held || fake.read == fake.ended) {
		if (read(fake.fd, &n, sizeof(n)) < 0)
			assert_int_equal(errno, EAGAIN);
		return bti_fail(EAGAIN, "there is no record");
	}
	*record = calloc(1, sizeof(**record));
	(*record)->sequence = ++fake.read;
	return 0;
}

int __wrap_bt_stream_read(struct bt_stream *stream, struct bt_record **record);
int __wrap_bt_stream_read(struct bt_stream *stream, struct bt_record **record)
{
	int err;

	(void)stream;
	pthread_mutex_lock(&fake.lock);
	err = next(record);
	pthread_mutex_unlock(&fake.lock);
	return err;
}

int __wrap_bt_stream_counts(struct bt_stream *stream, struct bt_counts *counts);
int __wrap_bt_stream_counts(struct bt_stream *stream, struct bt_counts *counts)
{
	(void)stream;
	pthread_mutex_lock(&fake.lock);
	count(counts);
	pthread_mutex_unlock(&fake.lock);
	return 0;
}

void __wrap_bt_stream_close(struct bt_stream *stream);
void __wrap_bt_stream_close(struct bt_stream *stream)
{
	(void)stream;
	fake.closed++;
}

void __wrap_bt_record_free(struct bt_record *record);
void __wrap_bt_record_free(struct bt_record *record)
{
	free(record);
}

const char *__wrap_otlp_get_environment(void *context, const char *variable);
const char *__wrap_otlp_get_environment(void *context, const char *variable)
{
	assert_null(context);
	return strstr(variable, "ENDPOINT") ? "environment" : NULL;
}

static void copy(char *to, const char *text)
{
	strcpy(to, text ?: "none");
}

int __wrap_otlp_config_read(otlp_get *get, void *context, struct otlp_config **config,
			    char *problem, size_t size);
int __wrap_otlp_config_read(otlp_get *get, void *context, struct otlp_config **config,
			    char *problem, size_t size)
{
	*config = NULL;
	if (fake.config_error) {
		snprintf(problem, size, "bad variable");
		return -fake.config_error;
	}
	copy(fake.endpoint, get(context, "OTEL_EXPORTER_OTLP_ENDPOINT"));
	copy(fake.traces_endpoint, get(context, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"));
	*config = malloc(sizeof(**config));
	**config = fake.config;
	return 0;
}

void __wrap_otlp_config_free(struct otlp_config *config);
void __wrap_otlp_config_free(struct otlp_config *config)
{
	free(config);
}

int __wrap_otlp_exporter_new(struct otlp_config *config, otlp_log *log, void *context,
			     struct otlp_exporter **exporter, char *problem, size_t size);
int __wrap_otlp_exporter_new(struct otlp_config *config, otlp_log *log, void *context,
			     struct otlp_exporter **exporter, char *problem, size_t size)
{
	sigset_t mask;

	(void)context;
	*exporter = NULL;
	free(config);
	assert_null(log);
	fake.registered = !left;
	fake.thread = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	fake.signals = !sigismember(&mask, SIGTERM);
	if (fake.exporter_error) {
		snprintf(problem, size, "bad file");
		return -fake.exporter_error;
	}
	fake.exporters++;
	*exporter = (struct otlp_exporter *)&fake;
	return 0;
}

void __wrap_otlp_exporter_take(struct otlp_exporter *e, const struct bt_record *record,
			       bool local);
void __wrap_otlp_exporter_take(struct otlp_exporter *e, const struct bt_record *record,
			       bool local)
{
	(void)e;
	pthread_mutex_lock(&fake.lock);
	fake.taken += local && record->sequence == fake.taken + 1;
	pthread_mutex_unlock(&fake.lock);
}

int __wrap_otlp_exporter_flush(struct otlp_exporter *e, uint64_t timeout_ns);
int __wrap_otlp_exporter_flush(struct otlp_exporter *e, uint64_t timeout_ns)
{
	(void)e;
	pthread_mutex_lock(&fake.lock);
	fake.flush_ns = timeout_ns;
	if (!fake.slow)
		fake.exported = fake.taken;
	pthread_mutex_unlock(&fake.lock);
	return fake.slow ? -ETIMEDOUT : 0;
}

void __wrap_otlp_exporter_counts(struct otlp_exporter *e, struct bt_otlp_counts *counts);
void __wrap_otlp_exporter_counts(struct otlp_exporter *e, struct bt_otlp_counts *counts)
{
	(void)e;
	pthread_mutex_lock(&fake.lock);
	*counts = (struct bt_otlp_counts){ .runs = fake.taken, .exported = fake.exported };
	pthread_mutex_unlock(&fake.lock);
}

void __wrap_otlp_exporter_problem(struct otlp_exporter *e, char *problem, size_t size);
void __wrap_otlp_exporter_problem(struct otlp_exporter *e, char *problem, size_t size)
{
	(void)e;
	snprintf(problem, size, "%s", fake.slow ? "no route" : "");
}

void __wrap_otlp_exporter_free(struct otlp_exporter *e, uint64_t timeout_ns,
			       struct bt_otlp_counts *counts);
void __wrap_otlp_exporter_free(struct otlp_exporter *e, uint64_t timeout_ns,
			       struct bt_otlp_counts *counts)
{
	fake.free_ns = timeout_ns;
	fake.exporters--;
	if (counts)
		otlp_exporter_counts(e, counts);
}

static int reset(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fake.config.targets[OTLP_TRACES].enabled = true;
	fake.config.flush_ns = 10 * S;
	return 0;
}

static int check(void **state)
{
	(void)state;
	close(fake.fd);
	assert_int_equal(fake.exporters, 0);
	assert_int_equal(fake.opened, fake.closed);
	return 0;
}

static struct bt_otlp *started(void)
{
	struct bt_otlp *o;

	assert_int_equal(bt_otlp_start(tracer(), NULL, &o), 0);
	return o;
}

static void end_runs(unsigned int n)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&fake.lock);
	fake.ended += n;
	pthread_mutex_unlock(&fake.lock);
	assert_int_equal(write(fake.fd, &one, sizeof(one)), sizeof(one));
}

static void assert_error(int err, int expected, const char *text)
{
	assert_int_equal(err, -expected);
	if (!strstr(bt_otlp_error_text(), text))
		fail_msg("'%s' lacks '%s'", bt_otlp_error_text(), text);
}

static void the_threads_are_not_part_of_the_program(void **state)
{
	struct bt_otlp *o = started();

	(void)state;
	assert_false(pthread_equal(fake.thread, pthread_self()));
	assert_false(fake.registered);
	assert_false(fake.signals);
	assert_int_equal(fake.flags, BT_STREAM_MEASURE | BT_STREAM_TRACE |
					     BT_STREAM_GRANTED | BT_STREAM_NONBLOCK);
	bt_otlp_stop(o, NULL);
}

static void the_endpoint_beats_the_environment(void **state)
{
	struct bt_otlp *o = started();

	(void)state;
	assert_string_equal(fake.endpoint, "environment");
	assert_string_equal(fake.traces_endpoint, "environment");
	bt_otlp_stop(o, NULL);
	assert_int_equal(bt_otlp_start(tracer(), "http://here", &o), 0);
	assert_string_equal(fake.endpoint, "http://here");
	assert_string_equal(fake.traces_endpoint, "none");
	bt_otlp_stop(o, NULL);
}

static void a_flush_exports_the_runs_that_have_ended(void **state)
{
	struct bt_otlp *o = started();
	struct bt_otlp_counts c;
	int i;

	(void)state;
	for (i = 1; i <= 20; i++) {
		end_runs(i % 2 ? 1 : 1000);
		assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
		assert_int_equal(bt_otlp_counts(o, &c), 0);
		assert_int_equal(c.runs, fake.ended);
		assert_int_equal(c.exported, fake.ended);
	}
	bt_otlp_stop(o, NULL);
}

/* Runs end all the time. */
static void *end_always(void *context)
{
	atomic_bool *go = context;

	while (*go) {
		end_runs(50);
		usleep(10);
	}
	return NULL;
}

static void a_flush_does_not_wait_for_later_runs(void **state)
{
	struct bt_otlp *o = started();
	atomic_bool go = true;
	pthread_t thread;
	uint64_t begin;
	int i;

	(void)state;
	pthread_create(&thread, NULL, end_always, &go);
	for (i = 0; i < 20; i++) {
		begin = otlp_clock_now();
		assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
		assert_true(otlp_clock_now() - begin < 5 * S);
	}
	go = false;
	pthread_join(thread, NULL);
	bt_otlp_stop(o, NULL);
}

static void a_flush_ends_in_time(void **state)
{
	struct bt_otlp *o = started();
	char problem[64];

	(void)state;
	fake.held = true;
	end_runs(1);
	assert_error(bt_otlp_flush(o, 20 * MS), ETIMEDOUT, "allow more time");
	fake.held = false;
	assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
	assert_in_range(fake.flush_ns, 5 * S, 10 * S);
	fake.slow = true;
	assert_error(bt_otlp_flush(o, 20 * MS), ETIMEDOUT, "no route");
	bt_otlp_problem(o, problem, sizeof(problem));
	assert_string_equal(problem, "no route");
	bt_otlp_problem(o, problem, 0);
	assert_string_equal(problem, "no route");
	bt_otlp_stop(o, NULL);
}

static void what_there_was_no_memory_for_is_read_later(void **state)
{
	struct bt_otlp *o = started();

	(void)state;
	fake.no_memory = true;
	end_runs(3);
	assert_error(bt_otlp_flush(o, 50 * MS), ETIMEDOUT, "");
	/* The reader does not try all the time. */
	assert_in_range(fake.reads, 1, 20);
	fake.no_memory = false;
	assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
	assert_int_equal(fake.taken, 3);
	bt_otlp_stop(o, NULL);
}

static void what_was_not_read_is_lost(void **state)
{
	struct bt_otlp *o;
	struct bt_otlp_counts c;
	uint64_t begin;

	(void)state;
	fake.config.flush_ns = 100 * MS;
	o = started();
	end_runs(2);
	assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
	fake.lost = 5;
	fake.held = true;
	end_runs(3);
	begin = otlp_clock_now();
	bt_otlp_stop(o, &c);
	assert_in_range(otlp_clock_now() - begin, 100 * MS, 2 * S);
	assert_int_equal(c.runs, 2);
	assert_int_equal(c.lost, 8);
	assert_int_equal(fake.free_ns, 0);
}

static void the_end_exports_what_is_left(void **state)
{
	struct bt_otlp *o = started();
	struct bt_otlp_counts c;

	(void)state;
	end_runs(1000);
	bt_otlp_stop(o, &c);
	assert_int_equal(c.runs, 1000);
	assert_int_equal(c.lost, 0);
	assert_in_range(fake.free_ns, 5 * S, 10 * S);
}

static void an_error_of_the_stream_is_a_problem(void **state)
{
	struct bt_otlp *o = started();
	char problem[128];

	(void)state;
	fake.read_error = EPROTO;
	end_runs(1);
	assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
	bt_otlp_problem(o, problem, sizeof(problem));
	assert_string_equal(problem,
			    "cannot read the stream of runs: the record is malformed");
	bt_otlp_stop(o, NULL);
}

static void without_runs_there_is_nothing_to_do(void **state)
{
	struct bt_otlp_counts c = { .runs = 1 };
	struct bt_otlp *o;
	char problem[8] = "x";
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		fake.absent = i == 0;
		fake.config.disabled = i == 1;
		fake.config.targets[OTLP_TRACES].enabled = i != 2;
		o = started();
		assert_int_equal(fake.opened, 0);
		assert_int_equal(bt_otlp_flush(o, 0), 0);
		assert_int_equal(bt_otlp_counts(o, &c), 0);
		assert_int_equal(c.runs, 0);
		bt_otlp_problem(o, problem, sizeof(problem));
		assert_string_equal(problem, "");
		bt_otlp_stop(o, &c);
	}
}

static void errors_say_what_was_wrong(void **state)
{
	struct bt_otlp *o = (void *)&o;
	struct bt_otlp_counts c = { .runs = 1 };
	char problem[8] = "x";

	(void)state;
	assert_error(bt_otlp_start(tracer(), NULL, NULL), EINVAL, "address");
	assert_error(bt_otlp_start(NULL, NULL, &o), EINVAL, "tracer is NULL");
	assert_null(o);
	fake.config_error = EINVAL;
	assert_error(bt_otlp_start(tracer(), NULL, &o), EINVAL, "bad variable");
	fake.config_error = 0;
	fake.exporter_error = EAGAIN;
	assert_error(bt_otlp_start(tracer(), NULL, &o), EAGAIN, "bad file");
	fake.exporter_error = 0;
	fake.open_error = EBUSY;
	assert_error(bt_otlp_start(tracer(), NULL, &o), EBUSY, "no stream for you");
	assert_null(o);
	assert_error(bt_otlp_flush(NULL, 0), EINVAL, "exporter is NULL");
	assert_error(bt_otlp_counts(NULL, &c), EINVAL, "exporter is NULL");
	assert_int_equal(c.runs, 0);
	assert_error(bt_otlp_counts((void *)&fake, NULL), EINVAL, "counts");
	bt_otlp_problem(NULL, problem, sizeof(problem));
	assert_string_equal(problem, "");
	c.runs = 1;
	bt_otlp_stop(NULL, &c);
	assert_int_equal(c.runs, 0);
}

static void a_child_has_no_exporter(void **state)
{
	struct bt_otlp_counts c = { .runs = 1 };
	struct bt_otlp *o = started();
	char problem[8] = "x";
	pid_t pid;
	int status;

	(void)state;
	/* Another thread may have the locks at that moment. */
	pthread_mutex_lock(&fake.lock);
	pid = fork();
	if (!pid) {
		alarm(10);
		assert_error(bt_otlp_flush(o, S), ECHILD, "of a parent process");
		assert_error(bt_otlp_counts(o, &c), ECHILD, "of a parent process");
		assert_int_equal(c.runs, 0);
		bt_otlp_problem(o, problem, sizeof(problem));
		assert_string_equal(problem, "");
		bt_otlp_stop(o, &c);
		assert_int_equal(fake.exporters, 1);
		assert_int_equal(fake.closed, 0);
		_exit(0);
	}
	pthread_mutex_unlock(&fake.lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The parent's goes on. */
	end_runs(1);
	assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
	assert_int_equal(fake.taken, 1);
	bt_otlp_stop(o, NULL);
}

static void a_closed_descriptor_is_a_problem(void **state)
{
	struct bt_otlp *o = started();
	char problem[128] = "";
	unsigned int reads;
	int i;

	(void)state;
	fake.no_fd = true;
	end_runs(1);
	for (i = 0; i < 1000 && !*problem; i++) {
		usleep(10000);
		bt_otlp_problem(o, problem, sizeof(problem));
	}
	assert_string_equal(
		problem,
		"cannot read the stream of runs: the program has closed its descriptor");
	reads = fake.reads;
	usleep(50000);
	assert_int_equal(fake.reads, reads);
	bt_otlp_stop(o, NULL);
}

static void *flush(void *argument)
{
	bt_otlp_flush(argument, S);
	pthread_testcancel();
	return NULL;
}

static void a_thread_that_waits_is_cancelled_later(void **state)
{
	struct bt_otlp *o = started();
	pthread_t thread;
	void *result;

	(void)state;
	fake.held = true;
	end_runs(1);
	pthread_create(&thread, NULL, flush, o);
	usleep(50000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	fake.held = false;
	alarm(20);
	assert_int_equal(bt_otlp_flush(o, 10 * S), 0);
	bt_otlp_stop(o, NULL);
	alarm(0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, check)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_threads_are_not_part_of_the_program),
		TEST(the_endpoint_beats_the_environment),
		TEST(a_flush_exports_the_runs_that_have_ended),
		TEST(a_flush_does_not_wait_for_later_runs),
		TEST(a_flush_ends_in_time),
		TEST(what_there_was_no_memory_for_is_read_later),
		TEST(what_was_not_read_is_lost),
		TEST(the_end_exports_what_is_left),
		TEST(an_error_of_the_stream_is_a_problem),
		TEST(without_runs_there_is_nothing_to_do),
		TEST(errors_say_what_was_wrong),
		TEST(a_child_has_no_exporter),
		TEST(a_closed_descriptor_is_a_problem),
		TEST(a_thread_that_waits_is_cancelled_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
