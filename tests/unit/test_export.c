// SPDX-License-Identifier: MIT
/* Tests of bricktrace export over a kernel, an exporter and a receiver that this file imitates. */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/param.h>
#include <sys/un.h>

#include "hosts.h"
#include "metric.h"
#include "service.h"
#include "streams.h"
#include "transport.h"

#define S UINT64_C(1000000000)

/* What the service's exporter and metrics do, which the processes share. */
static struct {
	/* What the exporter took, and what becomes of it. */
	uint64_t runs, lost, local;
	char bricks[256];
	uint64_t rejected, dropped;
	bool stuck;    /* nothing is sent */
	uint64_t full; /* how often there is no room before there is */
	int new_error, configure_error;
	/* The configurations that were taken into use, and the last ones' values. */
	int configured;
	char endpoint[64];
	uint64_t queue_spans;
	/* Of metrics. */
	int setup_error;
	int collections, requests;
	enum otlp_outcome outcome;
	uint64_t data_points_rejected;
	int retries;
	char collected[256];
	uint64_t sum_ns, own_lost;
	struct otlp_category_sums ioctl;
} * peer;

/* The linker puts the following in the place of the parts of libbricktrace-otlp. */
const char *__wrap_otlp_get_environment(void *context, const char *variable);
const char *__wrap_otlp_get_environment(void *context, const char *variable)
{
	(void)context;
	return getenv(variable);
}

static uint64_t number_of(otlp_get *get, void *context, const char *name, uint64_t usual)
{
	const char *value = get(context, name);

	return value ? strtoull(value, NULL, 10) : usual;
}

static bool is(otlp_get *get, void *context, const char *name, const char *value)
{
	const char *now = get(context, name);

	return now && !strcmp(now, value);
}

int __wrap_otlp_config_read(otlp_get *get, void *context, struct otlp_config **config,
			    char *problem, size_t size);
int __wrap_otlp_config_read(otlp_get *get, void *context, struct otlp_config **config,
			    char *problem, size_t size)
{
	struct otlp_config *c;

	*config = NULL;
	if (is(get, context, "OTEL_EXPORTER_OTLP_ENDPOINT", "bad")) {
		snprintf(problem, size, "OTEL_EXPORTER_OTLP_ENDPOINT is bad");
		return -EINVAL;
	}
	c = *config = calloc(1, sizeof(*c));
	c->disabled = is(get, context, "OTEL_SDK_DISABLED", "true");
	c->targets[OTLP_TRACES].enabled = !is(get, context, "OTEL_TRACES_EXPORTER", "none");
	c->targets[OTLP_METRICS].enabled =
		!is(get, context, "OTEL_METRICS_EXPORTER", "none");
	c->service_name = strdup(get(context, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")  ?:
					 get(context, "OTEL_EXPORTER_OTLP_ENDPOINT") ?:
										       "-");
	c->queue_spans = number_of(get, context, "OTEL_BSP_MAX_QUEUE_SIZE", 2048);
	c->flush_ns = MS * number_of(get, context, "OTEL_BSP_EXPORT_TIMEOUT", 30000);
	c->metric_interval_ns =
		MS * number_of(get, context, "OTEL_METRIC_EXPORT_INTERVAL", 60000);
	return 0;
}

void __wrap_otlp_config_free(struct otlp_config *config);
void __wrap_otlp_config_free(struct otlp_config *config)
{
	if (config)
		free(config->service_name);
	free(config);
}

static int use(struct otlp_config *config, int err, char *problem, size_t size)
{
	if (err) {
		snprintf(problem, size, "no \x1b[1m");
	} else {
		snprintf(peer->endpoint, sizeof(peer->endpoint), "%s",
			 config->service_name);
		peer->queue_spans = config->queue_spans;
		peer->configured++;
	}
	__wrap_otlp_config_free(config);
	return err;
}

int __wrap_otlp_exporter_new(struct otlp_config *config, otlp_log *log, void *context,
			     struct otlp_exporter **exporter, char *problem, size_t size);
int __wrap_otlp_exporter_new(struct otlp_config *config, otlp_log *log, void *context,
			     struct otlp_exporter **exporter, char *problem, size_t size)
{
	*exporter = peer->new_error ? NULL : (struct otlp_exporter *)peer;
	log(context, "a line of the exporter");
	return use(config, peer->new_error, problem, size);
}

int __wrap_otlp_exporter_configure(struct otlp_exporter *exporter,
				   struct otlp_config *config, char *problem, size_t size);
int __wrap_otlp_exporter_configure(struct otlp_exporter *exporter,
				   struct otlp_config *config, char *problem, size_t size)
{
	(void)exporter;
	return use(config, peer->configure_error, problem, size);
}

void __wrap_otlp_exporter_take(struct otlp_exporter *exporter,
			       const struct bt_record *record, bool local);
void __wrap_otlp_exporter_take(struct otlp_exporter *exporter,
			       const struct bt_record *record, bool local)
{
	size_t n = strlen(peer->bricks);

	(void)exporter;
	peer->lost += record->lost;
	if (!record->result)
		return;
	peer->runs++;
	peer->local += local;
	snprintf(peer->bricks + n, sizeof(peer->bricks) - n, "%s ", record->result->brick);
}

bool __wrap_otlp_exporter_wait_room(struct otlp_exporter *exporter, uint64_t timeout_ns);
bool __wrap_otlp_exporter_wait_room(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
	(void)exporter;
	assert_true(timeout_ns <= S);
	if (!peer->full)
		return true;
	peer->full--;
	usleep(1000);
	return false;
}

int __wrap_otlp_exporter_flush(struct otlp_exporter *exporter, uint64_t timeout_ns);
int __wrap_otlp_exporter_flush(struct otlp_exporter *exporter, uint64_t timeout_ns)
{
	(void)exporter;
	if (!peer->stuck)
		return 0;
	usleep(timeout_ns / 1000);
	return -ETIMEDOUT;
}

void __wrap_otlp_exporter_counts(struct otlp_exporter *exporter,
				 struct bt_otlp_counts *counts);
void __wrap_otlp_exporter_counts(struct otlp_exporter *exporter,
				 struct bt_otlp_counts *counts)
{
	(void)exporter;
	*counts = (struct bt_otlp_counts){
		.runs = peer->runs,
		.lost = peer->lost,
		.spans = peer->runs,
		.exported = peer->stuck ? 0 : peer->runs - peer->rejected - peer->dropped,
		.rejected = peer->rejected,
		.dropped = peer->dropped,
	};
}

void __wrap_otlp_exporter_problem(struct otlp_exporter *exporter, char *problem,
				  size_t size);
void __wrap_otlp_exporter_problem(struct otlp_exporter *exporter, char *problem, size_t size)
{
	(void)exporter;
	snprintf(problem, size, "%s", peer->stuck ? "no receiver\nWATCHDOG=1" : "");
}

void __wrap_otlp_exporter_free(struct otlp_exporter *exporter, uint64_t timeout_ns,
			       struct bt_otlp_counts *counts);
void __wrap_otlp_exporter_free(struct otlp_exporter *exporter, uint64_t timeout_ns,
			       struct bt_otlp_counts *counts)
{
	/* The service has flushed before, in slices between which it looked for signals. */
	assert_int_equal(timeout_ns, 0);
	if (peer->stuck)
		peer->dropped = peer->runs;
	__wrap_otlp_exporter_counts(exporter, counts);
}

struct otlp_metrics *__wrap_otlp_metrics_new(const struct otlp_config *config);
struct otlp_metrics *__wrap_otlp_metrics_new(const struct otlp_config *config)
{
	(void)config;
	return malloc(1);
}

void __wrap_otlp_metrics_free(struct otlp_metrics *metrics);
void __wrap_otlp_metrics_free(struct otlp_metrics *metrics)
{
	free(metrics);
}

int __wrap_otlp_metrics_encode(struct otlp_metrics *metrics,
			       const struct otlp_brick *bricks, size_t n,
			       const struct bt_otlp_counts *counts, uint64_t now,
			       struct otlp_bytes *request);
int __wrap_otlp_metrics_encode(struct otlp_metrics *metrics,
			       const struct otlp_brick *bricks, size_t n,
			       const struct bt_otlp_counts *counts, uint64_t now,
			       struct otlp_bytes *request)
{
	size_t i, at = 0;

	(void)metrics;
	assert_true(now > 1700000000 * S);
	for (i = 0; i < n; i++)
		at += snprintf(peer->collected + at, sizeof(peer->collected) - at,
			       "%" PRIu64 ":%s=%" PRIu64 " ", bricks[i].session,
			       bricks[i].name, bricks[i].runs);
	if (n) {
		peer->sum_ns = bricks[0].sum_ns;
		peer->ioctl = bricks[0].categories[BT_CAT_IOCTL];
	}
	peer->own_lost = counts ? counts->lost : BT_NONE;
	assert_int_equal(otlp_bytes_reserve(request, 1), 0);
	request->size = 1;
	peer->collections++;
	return 0;
}

int __wrap_otlp_transport_new(const struct otlp_target *target,
			      struct otlp_transport **transport, char *problem,
			      size_t size);
int __wrap_otlp_transport_new(const struct otlp_target *target,
			      struct otlp_transport **transport, char *problem, size_t size)
{
	assert_true(target->enabled);
	snprintf(problem, size, "no certificate");
	*transport = peer->setup_error ? NULL : malloc(1);
	return peer->setup_error;
}

void __wrap_otlp_transport_free(struct otlp_transport *transport);
void __wrap_otlp_transport_free(struct otlp_transport *transport)
{
	free(transport);
}

void __wrap_otlp_transport_send(struct otlp_transport *transport,
				const struct otlp_bytes *request,
				const atomic_bool *cancel, struct otlp_answer *answer);
void __wrap_otlp_transport_send(struct otlp_transport *transport,
				const struct otlp_bytes *request,
				const atomic_bool *cancel, struct otlp_answer *answer)
{
	(void)transport;
	assert_int_equal(request->size, 1);
	*answer = (struct otlp_answer){ .outcome = peer->outcome,
					.rejected = peer->data_points_rejected };
	peer->requests++;
	if (peer->retries) {
		peer->retries--;
		answer->outcome = OTLP_RETRY;
	}
	if (answer->outcome != OTLP_ACCEPTED || answer->rejected)
		strcpy(answer->text, "HTTP 503");
	/* A receiver that does not answer. */
	while (answer->outcome == OTLP_CANCELLED && !atomic_load(cancel))
		usleep(1000);
}

static int reset(void **state)
{
	(void)state;
	streams_open();
	answers_reset(state);
	answers.only_netlink = true;
	if (peer)
		munmap(peer, sizeof(*peer));
	peer = mmap(NULL, sizeof(*peer), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT");
	unsetenv("OTEL_BSP_MAX_QUEUE_SIZE");
	return system("rm -f stdout stderr conf recording fifo");
}

static int end(void **state)
{
	(void)state;
	streams_close();
	return 0;
}

/* The end of a pipe that the service does not inherit, or -1. */
static int writer = -1;

static pid_t start(const char *const *argv)
{
	pid_t pid;

	fflush(NULL);
	unlink("stderr");
	pid = fork();
	if (pid)
		return pid;
	close(writer);
	redirect(STDOUT_FILENO, "stdout");
	redirect(STDERR_FILENO, "stderr");
	become(export_main, argv);
	return -1;
}

#define START(...)   start(ARGUMENTS("bricktrace-export", __VA_ARGS__))
#define SERVICE(...) finish(START(__VA_ARGS__))

/* Starts the service without metrics, and waits until it reads the stream. */
static pid_t begin(void)
{
	pid_t pid = START("--no-metrics");

	until_says("stderr", "exporting the granted runs of all users");
	return pid;
}

static int end_of(pid_t pid)
{
	kill(pid, SIGTERM);
	return finish(pid);
}

/* Lets the service run until it reads the stream. */
static int short_run(pid_t pid)
{
	until_says("stderr", "exporting");
	return end_of(pid);
}

/* Waits until a number of the peer, which another process changes, has a value. */
#define UNTIL(expression)                                      \
	do {                                                   \
		int i_;                                        \
                                                               \
		for (i_ = 0; i_ < 1000 && !(expression); i_++) \
			usleep(10000);                         \
		assert_true(expression);                       \
	} while (0)

static void granted_runs_of_all_users_are_taken(void **state)
{
	struct run_record other = sample_run(3);
	pid_t pid = begin();

	(void)state;
	give_run(sample_run(1));
	give_run(plain_run(2, "bricktrace-calibration", 1, BT_NONE));
	other.origin.uid = geteuid() + 1;
	strcpy(other.origin.brick, "bricktrace");
	give_run(other);
	UNTIL(peer->runs == 2);
	assert_int_equal(end_of(pid), 0);
	assert_string_equal(peer->bricks, "decode bricktrace ");
	assert_int_equal(peer->local, 2);
	assert_int_equal(kernel->open.levels,
			 BRICKTRACE_STREAM_MEASURE | BRICKTRACE_STREAM_TRACE);
	assert_int_equal(kernel->open.flags & BRICKTRACE_STREAM_GRANTED,
			 BRICKTRACE_STREAM_GRANTED);
	assert_int_equal(kernel->open.ring_bytes, 16 << 20);
	assert_complains("bricktrace: a line of the exporter\n");
	assert_complains(
		"bricktrace: 2 runs were read, of which 0 were not sampled; 2 spans were exported, 0 rejected, 0 dropped; 0 runs were lost\n");
	assert_string_equal(output, "");
	assert_int_equal(peer->requests, 0);
}

static void the_buffer_can_be_smaller(void **state)
{
	pid_t pid = START("--no-metrics", "--buffer-size", "1M");

	(void)state;
	until_says("stderr", "exporting");
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(kernel->open.ring_bytes, 1 << 20);
}

static void what_waits_is_drained(void **state)
{
	pid_t pid = begin();
	uint64_t i;

	(void)state;
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	for (i = 1; i <= 5; i++)
		give_run(sample_run(i));
	/* Those that come while it is ending, here the last two, stay in the ring. */
	kernel->counts.waiting = 3;
	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
	assert_int_equal(finish(pid), 0);
	assert_int_equal(peer->runs, 3);
}

static void losses_are_in_the_status(void **state)
{
	pid_t pid = begin();

	(void)state;
	give_loss(1, 7);
	UNTIL(peer->lost == 7);
	assert_int_equal(end_of(pid), 1);
	assert_complains("7 runs were lost\n");
	/* No record says so yet. */
	peer->lost = 0;
	kernel->counts.lost = 9;
	assert_int_equal(end_of(begin()), 1);
	assert_complains("bricktrace: 9 more runs were lost, 9 in all:");
	assert_complains("; 9 runs were lost\n");
	kernel->counts.lost = 0;
	peer->rejected = 1;
	assert_int_equal(end_of(begin()), 1);
	assert_complains(" 1 rejected, 0 dropped;");
	peer->rejected = 0;
	peer->dropped = 1;
	assert_int_equal(end_of(begin()), 1);
	peer->dropped = 0;
	assert_int_equal(end_of(begin()), 0);
}

static void without_runs_to_read_nothing_begins(void **state)
{
	(void)state;
	kernel->open_error = EPERM;
	assert_int_equal(SERVICE("--no-metrics"), 1);
	assert_complains("CAP_PERFMON or CAP_SYS_ADMIN");
	kernel->absent = true;
	assert_int_equal(SERVICE("--no-metrics"), 1);
	assert_complains("modprobe bricktrace");
	assert_int_equal(peer->configured, 0);
	assert_null(strstr(errors, "runs were read"));
}

static void a_stream_that_fails_ends_it(void **state)
{
	(void)state;
	kernel->read_error = EPERM;
	give_run(sample_run(1));
	assert_int_equal(SERVICE("--no-metrics"), 1);
	assert_complains("CAP_PERFMON");
	assert_int_equal(peer->runs, 1);
}

static void an_exporter_that_fails_ends_it(void **state)
{
	(void)state;
	peer->new_error = -EINVAL;
	assert_int_equal(SERVICE("--no-metrics"), 125);
	assert_complains("bricktrace: cannot export traces: no \\x1b[1m\n");
	peer->new_error = 0;
	peer->setup_error = -EINVAL;
	assert_int_equal(SERVICE("--endpoint", "x"), 125);
	assert_complains("bricktrace: cannot export metrics: no certificate\n");
}

static void options_precede_the_environment(void **state)
{
	(void)state;
	assert_int_equal(end_of(begin()), 0);
	assert_string_equal(peer->endpoint, "-");
	assert_int_equal(peer->queue_spans, 65536);
	write_file("conf",
		   "OTEL_EXPORTER_OTLP_ENDPOINT=file\nOTEL_BSP_MAX_QUEUE_SIZE=1\n", 0600);
	assert_int_equal(
		short_run(START("-c", "conf", "--no-metrics", "--traces-exporter", "")), 0);
	assert_string_equal(peer->endpoint, "file");
	assert_int_equal(peer->queue_spans, 1);
	/* An empty variable is like none. */
	setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "environment", 1);
	setenv("OTEL_BSP_MAX_QUEUE_SIZE", "", 1);
	assert_int_equal(short_run(START("--config=conf", "--no-metrics")), 0);
	assert_string_equal(peer->endpoint, "environment");
	assert_int_equal(peer->queue_spans, 1);
	assert_int_equal(short_run(START("--config=conf", "--no-metrics", "--endpoint",
					 "option", "--max-queue-size=2")),
			 0);
	assert_string_equal(peer->endpoint, "option");
	assert_int_equal(peer->queue_spans, 2);
	/* An option for both signals is meant for both, whatever the environment says of one. */
	setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "traces", 1);
	assert_int_equal(short_run(START("--no-metrics")), 0);
	assert_string_equal(peer->endpoint, "traces");
	assert_int_equal(short_run(START("--no-metrics", "--endpoint", "option")), 0);
	assert_string_equal(peer->endpoint, "option");
	assert_int_equal(short_run(START("--no-metrics", "--endpoint", "option",
					 "--traces-endpoint=one")),
			 0);
	assert_string_equal(peer->endpoint, "one");
	/* But an empty one is like none, too. */
	assert_int_equal(short_run(START("--no-metrics", "--endpoint", "")), 0);
	assert_string_equal(peer->endpoint, "traces");
	unsetenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
}

static const char *endpoint_of(const char *file)
{
	write_file("conf", file, 0600);
	assert_int_equal(short_run(START("-c", "conf", "--no-metrics")), 0);
	return peer->endpoint;
}

static void a_file_has_variables(void **state)
{
	(void)state;
	assert_string_equal(endpoint_of(""), "-");
	assert_string_equal(endpoint_of("# a=b\n  ; c=d\n\n"
					"  OTEL_EXPORTER_OTLP_ENDPOINT = a b \t\r\n"),
			    "a b");
	assert_string_equal(endpoint_of("OTEL_EXPORTER_OTLP_ENDPOINT=\" a#b=' \""),
			    " a#b=' ");
	assert_string_equal(endpoint_of("OTEL_EXPORTER_OTLP_ENDPOINT='\"x\\'"), "\"x\\");
	assert_string_equal(endpoint_of("OTEL_EXPORTER_OTLP_ENDPOINT=1\n"
					"OTEL_EXPORTER_OTLP_ENDPOINT=2\n"),
			    "2");
	assert_string_equal(endpoint_of("OTEL_EXPORTER_OTLP_ENDPOINT=''\n"), "-");
}

static void assert_refused(const char *file, const char *why)
{
	char line[300];

	write_file("conf", file, 0600);
	assert_int_equal(SERVICE("-c", "conf", "--no-metrics"), 125);
	snprintf(line, sizeof(line), "bricktrace: conf, line %s\n", why);
	assert_string_equal(errors, line);
	assert_int_equal(peer->configured, 0);
}

static void a_bad_file_is_refused(void **state)
{
	(void)state;
	/* What may be a secret is not repeated. */
	assert_refused(
		"#\nOTEL_EXPORTER_OTLP_HEADERS secret",
		"2: the line is neither VARIABLE=value nor empty, and does not begin with #");
	assert_refused(
		"OTEL_X=secret",
		"1: OTEL_X: there is no such variable; bricktrace-otlp(7) lists them");
	assert_refused("=x",
		       "1: : there is no such variable; bricktrace-otlp(7) lists them");
	assert_refused(
		"OTEL_EXPORTER_OTLP_HEADERS='secret",
		"1: OTEL_EXPORTER_OTLP_HEADERS: the value begins with a quote, which must also be its last character");
	assert_refused(
		"OTEL_EXPORTER_OTLP_HEADERS=\"",
		"1: OTEL_EXPORTER_OTLP_HEADERS: the value begins with a quote, which must also be its last character");
	assert_refused(
		"\x1b[1m=x",
		"1: \\x1b[1m: there is no such variable; bricktrace-otlp(7) lists them");
	assert_int_equal(SERVICE("-c", "none"), 125);
	assert_string_equal(errors,
			    "bricktrace: cannot open 'none': No such file or directory\n");
	assert_int_equal(SERVICE("-c", "."), 125);
	assert_string_equal(errors, "bricktrace: cannot read '.': Is a directory\n");
	write_file("conf", "OTEL_EXPORTER_OTLP_ENDPOINT=bad", 0600);
	assert_int_equal(SERVICE("-c", "conf"), 125);
	assert_string_equal(errors, "bricktrace: OTEL_EXPORTER_OTLP_ENDPOINT is bad\n");
}

/* Returns how often the text is in what the service has complained of. */
static void a_pipe_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(SERVICE("-c", "fifo", "--no-metrics"), 125);
	assert_complains("bricktrace: 'fifo' is a pipe, and cannot be read again");
}

static int times(const char *text)
{
	const char *at = errors;
	int n = 0;

	while ((at = strstr(at, text))) {
		at += strlen(text);
		n++;
	}
	return n;
}

static void hangup_reads_the_configuration_again(void **state)
{
	pid_t pid;

	(void)state;
	write_file("conf", "OTEL_EXPORTER_OTLP_ENDPOINT=first", 0600);
	pid = START("-c", "conf", "--metric-export-interval", "3600000");
	UNTIL(peer->collections == 1);
	write_file("conf", "OTEL_EXPORTER_OTLP_ENDPOINT=second", 0600);
	kill(pid, SIGHUP);
	until_says("stderr", "the configuration was read again");
	UNTIL(peer->collections == 2);
	assert_string_equal(peer->endpoint, "second");
	/* What is wrong changes nothing. */
	write_file("conf", "OTEL_EXPORTER_OTLP_ENDPOINT=third\nx", 0600);
	kill(pid, SIGHUP);
	until_says("stderr", "conf, line 2: the line is neither");
	until_says("stderr", "the configuration stays as it was");
	write_file("conf", "OTEL_EXPORTER_OTLP_ENDPOINT=bad\n", 0600);
	kill(pid, SIGHUP);
	until_says("stderr", "OTEL_EXPORTER_OTLP_ENDPOINT is bad");
	write_file("conf", "OTEL_METRICS_EXPORTER=none\n", 0600);
	kill(pid, SIGHUP);
	until_says("stderr", "cannot be changed while the service runs: restart it");
	peer->setup_error = -EINVAL;
	write_file("conf", "OTEL_EXPORTER_OTLP_ENDPOINT=third\n", 0600);
	kill(pid, SIGHUP);
	until_says("stderr", "cannot export metrics: no certificate");
	peer->setup_error = 0;
	peer->configure_error = -EINVAL;
	kill(pid, SIGHUP);
	until_says("stderr", "cannot export traces: no ");
	give_run(sample_run(1));
	UNTIL(peer->runs == 1);
	assert_string_equal(peer->endpoint, "second");
	assert_int_equal(peer->configured, 2);
	peer->configure_error = 0;
	kill(pid, SIGHUP);
	UNTIL(peer->configured == 3);
	assert_string_equal(peer->endpoint, "third");
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(times("the configuration stays as it was"), 5);
	assert_int_equal(times("the configuration was read again"), 2);
}

static void nothing_to_export_is_no_error(void **state)
{
	(void)state;
	kernel->absent = true;
	assert_int_equal(SERVICE("--sdk-disabled=true"), 0);
	assert_string_equal(
		errors, "bricktrace: nothing is exported: OTEL_SDK_DISABLED is true\n");
	assert_int_equal(SERVICE("--traces-exporter=none", "--no-metrics"), 0);
	assert_string_equal(
		errors,
		"bricktrace: nothing is exported: OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER are none\n");
	assert_int_equal(SERVICE("--traces-exporter=none", "--from", "none"), 0);
	assert_string_equal(
		errors,
		"bricktrace: nothing is exported: OTEL_TRACES_EXPORTER is none, and a recording has nothing but runs\n");
}

static void a_second_signal_ends_at_once(void **state)
{
	uint64_t begun = monotonic_ns();
	pid_t pid = begin();

	(void)state;
	peer->stuck = true;
	give_run(sample_run(1));
	UNTIL(peer->runs == 1);
	kill(pid, SIGTERM);
	usleep(300000);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(end_of(pid), 1);
	assert_true(monotonic_ns() - begun < 10 * S);
	assert_complains(" 0 spans were exported, 0 rejected, 1 dropped;");
}

static void the_end_takes_its_time_and_no_longer(void **state)
{
	uint64_t begun, passed;
	pid_t pid = START("--export-timeout", "400");

	(void)state;
	until_says("stderr", "exporting");
	peer->stuck = true;
	/* The receiver of metrics does not answer, either. */
	UNTIL(peer->requests == 1);
	peer->outcome = OTLP_CANCELLED;
	begun = monotonic_ns();
	assert_int_equal(end_of(pid), 0);
	passed = monotonic_ns() - begun;
	assert_true(passed >= 400 * MS && passed < 5 * S);
	assert_null(strstr(errors, "no metrics are exported"));
}

/* Writes a recording of some runs, of which the last bytes may be missing. */
static void record(uint64_t runs, size_t missing)
{
	int fd = open("recording", O_RDWR | O_CREAT | O_TRUNC, 0600), i;
	struct bricktrace_file_header header = {
		.byte_order = BRICKTRACE_FILE_BYTE_ORDER,
		.version = BRICKTRACE_FILE_VERSION,
		.header_size = sizeof(header),
		.machine = "x86_64",
	};
	struct run_record run;

	memcpy(header.magic, BRICKTRACE_FILE_MAGIC, sizeof(header.magic));
	assert_int_equal(write(fd, &header, sizeof(header)), sizeof(header));
	for (i = 1; i <= (int)runs; i++) {
		run = sample_run(i);
		assert_int_equal(write(fd, &run, sizeof(run)), sizeof(run));
	}
	assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - missing), 0);
	close(fd);
}

static void a_recording_is_exported_without_loss(void **state)
{
	(void)state;
	/* There is no module on this host. */
	kernel->absent = true;
	record(600, 0);
	peer->full = 20;
	assert_int_equal(SERVICE("--from", "recording"), 0);
	assert_complains("bricktrace: 600 runs were read,");
	assert_int_equal(peer->runs, 600);
	assert_int_equal(peer->full, 0);
	/* Its metrics are not known, and those of the host are not meant. */
	assert_int_equal(peer->collections, 0);
	assert_int_equal(peer->local, 0);
	assert_int_equal(SERVICE("--from", "recording", "--quiet"), 0);
	assert_string_equal(errors, "bricktrace: a line of the exporter\n");
}

static void a_recording_that_is_damaged_ends_with_1(void **state)
{
	(void)state;
	record(3, 8);
	assert_int_equal(SERVICE("--from", "recording"), 1);
	assert_complains("bricktrace: recording: the recording ends at byte");
	assert_int_equal(peer->runs, 2);
	assert_int_equal(SERVICE("--from", "none"), 1);
	assert_string_equal(errors,
			    "bricktrace: cannot open 'none': No such file or directory\n");
	write_file("recording",
		   "something else, which is long enough to be a header, as it has 64 bytes",
		   0600);
	assert_int_equal(SERVICE("--from", "recording"), 1);
	assert_complains("bricktrace: recording: ");
}

/* Starts a replay of what is written to @writer. */
static pid_t replay_pipe(void)
{
	int fds[2], old = dup(STDIN_FILENO);
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	writer = fds[1];
	pid = START("--from", "-");
	dup2(old, STDIN_FILENO);
	close(old);
	return pid;
}

static void a_pipe_can_be_replayed(void **state)
{
	char bytes[65536];
	ssize_t n;
	pid_t pid;
	int fd;

	(void)state;
	record(2, 0);
	fd = open("recording", O_RDONLY);
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	pid = replay_pipe();
	assert_int_equal(write(writer, bytes, n), n);
	UNTIL(peer->runs == 2);
	close(writer);
	assert_int_equal(finish(pid), 0);
	/* Nothing comes any more, and the service does not wait for it. */
	pid = replay_pipe();
	assert_int_equal(write(writer, bytes, n), n);
	UNTIL(peer->runs == 4);
	kill(pid, SIGHUP);
	until_says("stderr", "the configuration was read again");
	kill(pid, SIGINT);
	assert_int_equal(finish(pid), 0);
	close(writer);
	/* Not even a header comes. */
	pid = replay_pipe();
	usleep(200000);
	assert_int_equal(end_of(pid), 0);
	close(writer);
	writer = -1;
}

static void a_replay_waits_until_a_signal(void **state)
{
	pid_t pid;

	(void)state;
	record(2, 0);
	peer->stuck = true;
	pid = START("--from", "recording", "--export-timeout", "100");
	UNTIL(peer->runs == 2);
	/* Without a signal, the time does not count. */
	usleep(500000);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	assert_int_equal(end_of(pid), 1);
	/* It also waits for room. */
	peer->runs = peer->dropped = 0;
	peer->full = 1000000;
	pid = START("--from", "recording", "--export-timeout", "100");
	usleep(300000);
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(peer->runs, 0);
}

/* What the service has told systemd, one message a line that ends with |. */
static char told[4096];

static void listen_until(int fd, const char *text)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	size_t at = strlen(told);
	ssize_t n;

	while (!strstr(told, text)) {
		if (at > sizeof(told) - 500 || poll(&poll_fd, 1, 10000) <= 0)
			fail_msg("'%s' lacks '%s'", told, text);
		n = recv(fd, told + at, sizeof(told) - 2 - at, 0);
		assert_true(n > 0);
		at += n;
		strcpy(told + at++, "|");
	}
}

static void systemd_is_told(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	(void)state;
	assert_non_null(getcwd(address.sun_path, sizeof(address.sun_path) - 10));
	strcat(address.sun_path, "/notify");
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "100000", 1);
	unsetenv("WATCHDOG_PID");
	*told = 0;
	pid = START("--no-metrics");
	listen_until(fd, "STATUS=");
	assert_ptr_equal(strstr(told, "READY=1|"), told);
	assert_non_null(strstr(
		told,
		"STATUS=0 spans exported, 0 waiting, 0 rejected, 0 dropped; 0 runs lost|"));
	*told = 0;
	listen_until(fd, "WATCHDOG=1|WATCHDOG=1|");
	kill(pid, SIGHUP);
	listen_until(fd, "RELOADING=1\nMONOTONIC_USEC=");
	*told = 0;
	listen_until(fd, "READY=1|");
	peer->stuck = true;
	*told = 0;
	kill(pid, SIGTERM);
	listen_until(fd, "STOPPING=1\nEXTEND_TIMEOUT_USEC=35000000|");
	/* While it flushes, it is not taken for dead. */
	*told = 0;
	listen_until(fd, "WATCHDOG=1|WATCHDOG=1|");
	assert_int_equal(end_of(pid), 0);
	/* Nor while no run comes through a pipe. */
	peer->stuck = false;
	*told = 0;
	pid = replay_pipe();
	listen_until(fd, "WATCHDOG=1|WATCHDOG=1|WATCHDOG=1|");
	kill(pid, SIGTERM);
	listen_until(fd, "STOPPING=1");
	assert_int_equal(finish(pid), 0);
	close(writer);
	writer = -1;
	peer->stuck = true;
	/* A receiver's text adds no message. */
	*told = 0;
	pid = START("--no-metrics");
	listen_until(fd, "0 runs lost; no receiver\\x0aWATCHDOG=1|");
	kill(pid, SIGTERM);
	listen_until(fd, "STOPPING=1");
	assert_int_equal(end_of(pid), 0);
	*told = 0;
	pid = START("--sdk-disabled=true");
	listen_until(fd, "READY=1|");
	close(fd);
	assert_int_equal(finish(pid), 0);
}

static void bricks_are_collected(void **state)
{
	static const uint64_t ns[] = { 3 * MS, 5 * MS };
	pid_t pid;

	(void)state;
	answers_add_brick(7, "z", ns, 1);
	answers_add_brick(2, "sleep", ns, 2);
	answers_trace(answers_add_brick(2, "decode", ns, 2), 2);
	answers_add_brick(2, "bricktrace-calibration", ns, 2);
	kernel->counts.lost = 5;
	pid = START("--metric-export-interval", "200");
	UNTIL(peer->requests >= 3);
	assert_string_equal(peer->collected, "2:decode=2 2:sleep=2 7:z=1 ");
	assert_int_equal(peer->sum_ns, 8 * MS);
	assert_int_equal(peer->ioctl.count, 4);
	assert_int_equal(peer->ioctl.ns, 60 * MS);
	assert_int_equal(peer->ioctl.offcpu_ns, 50 * MS);
	assert_int_equal(peer->own_lost, 5);
	assert_int_equal(end_of(pid), 1);
}

static void metrics_are_collected_at_the_end(void **state)
{
	pid_t pid = START("--traces-exporter", "none");

	(void)state;
	until_says("stderr", "exporting metrics only");
	UNTIL(peer->requests == 1);
	assert_int_equal(peer->own_lost, BT_NONE);
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(peer->requests, 2);
	/* Without traces there is no stream. */
	assert_int_equal(kernel->open.ring_bytes, 0);
	assert_null(strstr(errors, "runs were read"));
}

static void what_keeps_metrics_is_said_once(void **state)
{
	static const uint64_t ns[] = { 3 * MS };
	pid_t pid;

	(void)state;
	answers_add_brick(1, "a", ns, 1);
	answers.open_status = 1;
	pid = START("--metric-export-interval", "100");
	usleep(500000);
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(peer->requests, 0);
	assert_complains("bricktrace: no metrics are exported: no host\n");
	assert_int_equal(times("no host"), 1);
	answers.open_status = 0;
	peer->outcome = OTLP_REFUSED;
	pid = START("--metric-export-interval", "100");
	UNTIL(peer->requests >= 3);
	peer->outcome = OTLP_ACCEPTED;
	until_says("stderr", "bricktrace: metrics are exported again\n");
	peer->data_points_rejected = 3;
	until_says(
		"stderr",
		"no metrics are exported: the receiver has rejected 3 data points: HTTP 503\n");
	assert_int_equal(end_of(pid), 0);
	assert_int_equal(times("bricktrace: no metrics are exported: HTTP 503\n"), 1);
}

static void metrics_are_sent_again(void **state)
{
	pid_t pid;

	(void)state;
	peer->retries = 1;
	pid = START("--metric-export-interval", "60000");
	UNTIL(peer->requests == 2);
	assert_int_equal(peer->collections, 1);
	assert_int_equal(end_of(pid), 0);
	assert_null(strstr(errors, "no metrics"));
	/* The next ones are due before. */
	peer->requests = peer->collections = 0;
	peer->retries = 1;
	pid = START("--metric-export-interval", "300");
	UNTIL(peer->requests == 2);
	assert_int_equal(peer->collections, 2);
	assert_int_equal(end_of(pid), 0);
	assert_complains("no metrics are exported: HTTP 503\n");
}

static void wrong_usage_is_refused(void **state)
{
	(void)state;
	assert_int_equal(SERVICE("x"), 125);
	assert_string_equal(
		errors,
		"bricktrace: unexpected argument 'x': export takes the runs of the host, or those of --from FILE\n");
	assert_int_equal(SERVICE("--endpoint"), 125);
	assert_string_equal(errors, "bricktrace: option '--endpoint' needs an argument\n");
	assert_int_equal(SERVICE("--nothing"), 125);
	assert_int_equal(SERVICE("--buffer-size=1"), 125);
	assert_complains("from 128K to 16M");
	assert_int_equal(SERVICE("--help"), 0);
	assert_says("Usage: bricktrace export [OPTIONS]\n");
	assert_says("      --endpoint URL\n                     the receiver");
	assert_says(
		"      --max-queue-size SPANS\n                     spans that may wait (65536)\n");
	assert_string_equal(errors, "");
}

/* The program bricktrace finds bricktrace-export. */
static void the_command_executes_the_program(void **state)
{
	(void)state;
	assert_int_equal(
		run("mkdir bin && cp $B bin && PATH=/none bin/bricktrace export 2>&1"),
		125);
	assert_says(
		"bricktrace: cannot execute bricktrace-export: No such file or directory; it is neither '/");
	assert_says("/bin/bricktrace-export' nor in a directory of PATH: install it,");
	write_file("bricktrace-export", "#!/bin/sh\necho path $*", 0755);
	assert_int_equal(run("PATH=$PWD:$PATH bin/bricktrace export -a b 2>&1"), 0);
	assert_string_equal(output, "path -a b\n");
	write_file("bin/bricktrace-export", "#!/bin/sh\necho beside $*; exit 3", 0755);
	assert_int_equal(run("PATH=$PWD:$PATH bin/bricktrace help export 2>&1"), 3);
	assert_string_equal(output, "beside --help\n");
	assert_int_equal(
		run("chmod -x bin/bricktrace-export; PATH=$PWD:$PATH bin/bricktrace export 2>&1"),
		125);
	assert_says("/bin/bricktrace-export': Permission denied\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, end)
	const struct CMUnitTest tests[] = {
		TEST(granted_runs_of_all_users_are_taken),
		TEST(the_buffer_can_be_smaller),
		TEST(what_waits_is_drained),
		TEST(losses_are_in_the_status),
		TEST(without_runs_to_read_nothing_begins),
		TEST(a_stream_that_fails_ends_it),
		TEST(an_exporter_that_fails_ends_it),
		TEST(options_precede_the_environment),
		TEST(a_file_has_variables),
		TEST(a_bad_file_is_refused),
		TEST(a_pipe_is_no_file),
		TEST(hangup_reads_the_configuration_again),
		TEST(nothing_to_export_is_no_error),
		TEST(a_second_signal_ends_at_once),
		TEST(the_end_takes_its_time_and_no_longer),
		TEST(a_recording_is_exported_without_loss),
		TEST(a_recording_that_is_damaged_ends_with_1),
		TEST(a_pipe_can_be_replayed),
		TEST(a_replay_waits_until_a_signal),
		TEST(systemd_is_told),
		TEST(bricks_are_collected),
		TEST(metrics_are_collected_at_the_end),
		TEST(what_keeps_metrics_is_said_once),
		TEST(metrics_are_sent_again),
		TEST(wrong_usage_is_refused),
		TEST(the_command_executes_the_program),
	};

	return cmocka_run_group_tests_name("export", tests, enter, leave);
}
