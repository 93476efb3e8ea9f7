// SPDX-License-Identifier: MIT
/*
 * traced LOG [URL]: runs bricks of many kinds, and appends to LOG what it knows of each run, of
 * the bricks' statistics, and of its own checks, a line of JSON each. The clock of the machine is
 * set an hour ahead in the meantime, and back. With a URL, the program exports its runs itself.
 * At the end it waits until its standard input ends, so that others can read its statistics.
 */
#include <bricktrace-otlp.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)
#define MS     UINT64_C(1000000)
#define HOUR   3600
#define CREW   3

/* An open run, and what the program knows about it. */
struct span {
	struct bt_run *run;
	struct bt_context ids;
	uint64_t number, around; /* of the run, and of the run around it or 0 */
	uint64_t opened[2];	 /* CLOCK_REALTIME before and after the call */
};

static const char *const names[] = {
	"<script>alert(1)</script>",
	"'\"><img src=x onerror=alert(1)>",
	"&lt;&#60;]]>-->",
	"\\x1b[31mred\\n\\0\\",
	"%s%n%1$s${HOME}`id`$(id)",
	"{\"a\":\"b\"}, null]",
	"\" OR 1=1 --",
	"e\u0301\u00e9 \U0001f9f1\U0001f469\u200d\U0001f4bb",
	"\u202egnirts\u202c \u200b\ufeff",
	"123456789 123456789 123456789 123456789 123456789 123456789 12\u00e9" + 1,
	" ",
	".",
};
enum kind {
	LATE,
	QUICK,
	OUTER,
	MIDDLE,
	INNER,
	CALM,
	CREWED,
	MEMBER,
	STEPPED,
	JUDGED,
	ASKED,
	REFUSED
};
#define NEVER (600 * SECOND)
static const struct {
	const char *name;
	uint64_t budget_ns;
} kinds[] = {
	[LATE] = { "late", 1000 },	  [QUICK] = { "quick", NEVER },
	[OUTER] = { "token", 2 * MS },	  [MIDDLE] = { "layer", MS },
	[INNER] = { "attention", 50000 }, [CALM] = { "sampling", NEVER },
	[CREWED] = { "crewed", 1000 },	  [MEMBER] = { "member", 1000 },
	[STEPPED] = { "stepped", 1000 },  [JUDGED] = { "judged", NEVER },
	[ASKED] = { "asked", BT_NONE },	  [REFUSED] = { "refused", 1000 },
};
static struct bt_brick *bricks[sizeof(kinds) / sizeof(*kinds)];
static struct bt_brick *named[sizeof(names) / sizeof(*names)];
static struct bt_tracer *tracer;
static int log_fd;

static void must(int err, const char *what)
{
	if (err)
		errx(1, "%s: %s", what, bt_error_text());
}

static uint64_t realtime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
	const struct timespec ts = { ns / SECOND, ns % SECOND };

	syscall(SYS_nanosleep, &ts, NULL);
}

/* Writes a line at once, since several threads and processes do so. */
static void put(json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);

	if (!text || dprintf(log_fd, "%s\n", text) < 0)
		errx(1, "cannot write the log");
	free(text);
	json_decref(line);
}

static void check(bool good, const char *what)
{
	put(json_pack("{s:s, s:b}", "check", what, "good", good));
}

static json_t *number(uint64_t value)
{
	return value == BT_NONE ? json_null() : json_integer((json_int_t)value);
}

static json_t *real(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *hex(const uint8_t *bytes, size_t size)
{
	char text[33];

	for (size_t i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return json_string(text);
}

static json_t *categories(const struct bt_result *result)
{
	json_t *all = json_object();

	for (uint32_t i = 0; i < result->n_categories; i++) {
		enum bt_category c = bt_result_category_at(result, i);
		const struct bt_figures *f = bt_result_category(result, c, BT_INCLUSIVE);

		json_object_set_new(all, bt_category_name(c),
				    json_pack("{s:o, s:o, s:o, s:o}", "ns", number(f->ns),
					      "offcpu_ns", number(f->offcpu_ns), "count",
					      number(f->count), "errors",
					      number(f->errors)));
	}
	return all;
}

static json_t *slow_calls(const struct bt_result *result)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < result->n_slow_calls; i++) {
		const struct bt_slow_call *c = bt_result_slow_call(result, i);

		json_array_append_new(all, json_pack("{s:s, s:i, s:I, s:I}", "name",
						     c->name, "tid", c->tid, "start_ns",
						     (json_int_t)c->start_ns, "ns",
						     (json_int_t)c->ns));
	}
	return all;
}

static json_t *reasons(const struct bt_result *result)
{
	json_t *all = json_array();

	for (uint32_t bit = 1; bit; bit <<= 1)
		if (result->why & bit)
			json_array_append_new(all, json_string(bt_why_name(bit)));
	return all;
}

static json_t *failures(const struct bt_result *result)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < result->n_failed; i++)
		json_array_append_new(all, json_string(bt_result_failed(result, i)->name));
	return all;
}

static json_t *described(const struct bt_result *result)
{
	enum bt_category dominant = bt_breakdown_dominant(result, BT_INCLUSIVE);
	json_t *line = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:s, s:i, s:o, s:o, s:o, s:o, s:o}",
		"brick", result->brick, "run", (json_int_t)result->run, "parent",
		(json_int_t)result->parent, "start_ns", (json_int_t)result->start_ns,
		"wall_ns", (json_int_t)result->wall_ns, "granted", result->granted,
		"refused", result->refused, "over_budget", bt_result_over_budget(result),
		"provenance", bt_provenance_name(result->provenance), "threads",
		(int)result->threads, "budget_ns", number(result->budget_ns),
		"categories", categories(result), "slow", slow_calls(result), "reasons",
		reasons(result), "failed", failures(result));

	json_object_set_new(line, "efficiency", real(result->efficiency));
	json_object_set_new(line, "cv_percent", real(result->cv_percent));
	json_object_set_new(line, "overhead_percent",
			    json_real(bt_breakdown_overhead_percent(result, BT_INCLUSIVE)));
	json_object_set_new(line, "dominant",
			    dominant < 0 ? json_null() :
					   json_string(bt_category_name(dominant)));
	return line;
}

static void open_run(struct span *s, struct bt_brick *brick, enum bt_level level,
		     enum bt_scope scope, const struct span *around)
{
	s->around = around ? around->number : 0;
	s->opened[0] = realtime();
	must(bt_run_open(tracer, brick, level, scope, &s->run), "bt_run_open");
	s->opened[1] = realtime();
	s->number = bt_run_number(s->run);
	must(bt_run_ids(s->run, &s->ids), "bt_run_ids");
}

static void close_run(struct span *s)
{
	struct bt_result *result;
	uint64_t closed[2];
	json_t *line;

	closed[0] = realtime();
	must(bt_run_close(s->run, &result), "bt_run_close");
	closed[1] = realtime();
	line = described(result);
	bt_result_free(result);
	json_object_set_new(line, "around", number(s->around));
	json_object_set_new(line, "trace_id",
			    hex(s->ids.trace_id, sizeof(s->ids.trace_id)));
	json_object_set_new(line, "span_id", hex(s->ids.span_id, sizeof(s->ids.span_id)));
	json_object_set_new(line, "opened",
			    json_pack("[I, I]", (json_int_t)s->opened[0],
				      (json_int_t)s->opened[1]));
	json_object_set_new(line, "closed",
			    json_pack("[I, I]", (json_int_t)closed[0],
				      (json_int_t)closed[1]));
	put(line);
}

/* A little work of each category, and a wait. */
static void work(uint64_t ns)
{
	char bytes[256];
	int fd = open("/dev/zero", O_RDWR);

	for (int i = 0; i < 3; i++)
		if (read(fd, bytes, sizeof(bytes)) < 0 || write(fd, bytes, 1) < 0)
			err(1, "/dev/zero");
	close(fd);
	sleep_ns(ns);
}

static void run(struct bt_brick *brick, enum bt_level level, uint64_t ns)
{
	struct span s;

	open_run(&s, brick, level, BT_SCOPE_THREAD, NULL);
	work(ns);
	close_run(&s);
}

/* The run of "sampling" is within its budget, so nobody hears of this parent of a run. */
static void nest(void)
{
	struct span outer, middle, inner, calm;

	open_run(&outer, bricks[OUTER], BT_AUTO, BT_SCOPE_THREAD, NULL);
	open_run(&middle, bricks[MIDDLE], BT_AUTO, BT_SCOPE_THREAD, &outer);
	open_run(&inner, bricks[INNER], BT_AUTO, BT_SCOPE_THREAD, &middle);
	work(3 * MS);
	close_run(&inner);
	open_run(&calm, bricks[CALM], BT_AUTO, BT_SCOPE_THREAD, &middle);
	open_run(&inner, bricks[INNER], BT_AUTO, BT_SCOPE_THREAD, &calm);
	work(MS / 10);
	close_run(&inner);
	close_run(&calm);
	close_run(&middle);
	close_run(&outer);
}

static void *member(void *crewed)
{
	struct span s;

	for (int i = 0; i < 2; i++) {
		open_run(&s, bricks[MEMBER], BT_AUTO, BT_SCOPE_THREAD, crewed);
		work(MS / 2);
		close_run(&s);
	}
	return NULL;
}

static void crew(void)
{
	pthread_t threads[CREW];
	struct span crewed;

	open_run(&crewed, bricks[CREWED], BT_AUTO, BT_SCOPE_TRACER, NULL);
	for (int i = 0; i < CREW; i++)
		if (pthread_create(&threads[i], NULL, member, &crewed))
			errx(1, "pthread_create");
	for (int i = 0; i < CREW; i++)
		pthread_join(threads[i], NULL);
	close_run(&crewed);
}

static void step_clock(int seconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	if (clock_settime(CLOCK_REALTIME, &ts))
		err(1, "clock_settime");
}

/* The clock is set while the run and one of its slow calls have passed. */
static void stepped(int seconds)
{
	struct span s;

	open_run(&s, bricks[STEPPED], BT_AUTO, BT_SCOPE_THREAD, NULL);
	work(2 * MS);
	step_clock(seconds);
	work(2 * MS);
	close_run(&s);
}

static void asked(void *ns)
{
	work(*(uint64_t *)ns);
}

/* The program does not know the IDs of such a run. */
static void ask(void)
{
	struct bt_result *result;
	uint64_t ns = MS / 10;

	must(bt_trace(bricks[ASKED], asked, &ns, &result), "bt_trace");
	put(described(result));
	bt_result_free(result);
}

static void series(void)
{
	for (int i = 0; i < 10; i++) {
		run(bricks[LATE], BT_AUTO, i % 5 ? MS / 5 : 2 * MS);
		run(bricks[QUICK], BT_AUTO, 0);
		run(bricks[REFUSED], BT_MEASURE, 0);
	}
	nest();
	crew();
	run(bricks[JUDGED], BT_AUTO, 2 * MS);
	ask();
}

static void define(void)
{
	for (size_t i = 0; i < sizeof(bricks) / sizeof(*bricks); i++) {
		must(bt_brick_define(tracer, kinds[i].name, kinds[i].budget_ns, &bricks[i]),
		     "bt_brick_define");
		must(bt_brick_mode(bricks[i], BT_MODE_TAIL), "bt_brick_mode");
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		must(bt_brick_define(tracer, names[i], 1, &named[i]), "bt_brick_define");
		must(bt_brick_mode(named[i], BT_MODE_TAIL), "bt_brick_mode");
	}
	must(bt_assert_duration(bricks[JUDGED], "at once <b>", MS), "bt_assert_duration");
	must(bt_assert_syscall_count(bricks[JUDGED], "no sleep", SYS_nanosleep,
				     BT_ARCH_NATIVE, 0),
	     "bt_assert_syscall_count");
	must(bt_assert_category_share(bricks[JUDGED], "passes", BT_CAT_IOCTL, 100),
	     "bt_assert_category_share");
}

static void put_statistics(struct bt_brick *brick)
{
	struct bt_statistics *s;
	json_t *buckets = json_object();

	must(bt_brick_statistics(brick, &s), "bt_brick_statistics");
	for (uint32_t i = 0; i < BT_BUCKETS; i++) {
		uint64_t n = bt_statistics_bucket(s, i, NULL, NULL);
		char index[12];

		sprintf(index, "%d", (int)i + BT_BUCKET_FIRST);
		if (n)
			json_object_set_new(buckets, index, number(n));
	}
	put(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "statistics", s->name,
		      "runs", number(s->runs), "traced", number(s->traced), "over_budget",
		      number(s->over_budget), "zero", number(s->zero), "min_ns",
		      number(s->min_ns), "max_ns", number(s->max_ns), "buckets", buckets));
	bt_statistics_free(s);
}

/* A forked child has no exporter, and what it does leaves the parent's alone. */
static void check_child(struct bt_otlp *otlp)
{
	struct bt_otlp_counts counts;
	pid_t child = fork();
	int status;

	if (!child) {
		check(bt_otlp_flush(otlp, SECOND) == -ECHILD, "a forked child: flush");
		check(bt_otlp_counts(otlp, &counts) == -ECHILD, "a forked child: counts");
		bt_otlp_stop(otlp, NULL);
		_exit(0);
	}
	check(child > 0 && waitpid(child, &status, 0) == child && !status,
	      "a forked child: ends");
}

/* Logs what became of the spans. */
static void finish(struct bt_otlp *otlp)
{
	struct bt_otlp_counts c;
	char problem[256];

	check_child(otlp);
	check(!bt_otlp_flush(otlp, 20 * SECOND), "bt_otlp_flush()");
	check(!bt_otlp_counts(otlp, &c) && !c.queued,
	      "after bt_otlp_flush() nothing is queued");
	bt_otlp_problem(otlp, problem, sizeof(problem));
	check(!*problem, "bt_otlp_problem() has none");
	bt_otlp_stop(otlp, &c);
	put(json_pack("{s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "counts", "runs",
		      (json_int_t)c.runs, "lost", (json_int_t)c.lost, "unsampled",
		      (json_int_t)c.unsampled, "spans", (json_int_t)c.spans, "exported",
		      (json_int_t)c.exported, "rejected", (json_int_t)c.rejected,
		      "dropped", (json_int_t)c.dropped));
}

int main(int argc, char **argv)
{
	struct bt_otlp *otlp = NULL;
	char byte;

	if (argc < 2)
		errx(2, "usage: traced LOG [URL]");
	log_fd = open(argv[1], O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
	if (log_fd < 0)
		err(1, "%s", argv[1]);
	put(json_pack("{s:i}", "pid", (int)getpid()));
	must(bt_tracer_new(&tracer), "bt_tracer_new");
	if (!bt_tracer_instrumented(tracer))
		errx(1, "%s", bt_tracer_reason_text(tracer));
	must(bt_tracer_limit(tracer, BT_MAX_LIMIT), "bt_tracer_limit");
	must(bt_tracer_ids(tracer, true), "bt_tracer_ids");
	must(bt_thread_register(tracer, BT_INHERIT_THREADS), "bt_thread_register");
	define();
	if (argc > 2) {
		if (bt_otlp_start(tracer, argv[2], &otlp))
			errx(1, "%s", bt_otlp_error_text());
		check(bt_tracer_threads(tracer) == 1,
		      "the exporter's threads are not registered");
	}
	series();
	stepped(HOUR);
	series();
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		run(named[i], BT_AUTO, 0);
	stepped(-HOUR);
	series();
	must(bt_tracer_limit(tracer, 0), "bt_tracer_limit");
	run(bricks[REFUSED], BT_AUTO, MS / 10);
	for (size_t i = 0; i < sizeof(bricks) / sizeof(*bricks); i++)
		put_statistics(bricks[i]);
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		put_statistics(named[i]);
	if (otlp)
		finish(otlp);
	put(json_pack("{s:I}", "end", (json_int_t)realtime()));
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	bt_tracer_free(tracer);
	return 0;
}
