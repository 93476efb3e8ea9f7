// SPDX-License-Identifier: MIT
/* The tracer, which is one session of the module, or none where there is no module. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* The compiler must lay out each structure with the size of the ABI version named here. */
#define VERSION(type, name, version)                               \
	_Static_assert(sizeof(struct bricktrace_##type) ==         \
			       BRICKTRACE_##name##_SIZE_##version, \
		       "")
VERSION(info, INFO, V1);
VERSION(thread, THREAD, V0);
VERSION(assertion, ASSERTION, V0);
VERSION(brick_define, BRICK_DEFINE, V1);
VERSION(run_open, RUN_OPEN, V2);
VERSION(run_close, RUN_CLOSE, V2);
VERSION(result, RESULT, V1);
VERSION(failed, FAILED, V0);
VERSION(times, TIMES, V1);
VERSION(category_figures, CATEGORY_FIGURES, V1);
VERSION(syscall, SYSCALL, V1);
VERSION(statistics, STATISTICS, V0);
VERSION(bucket, BUCKET, V0);
VERSION(category_statistics, CATEGORY_STATISTICS, V0);
VERSION(window_run, WINDOW_RUN, V0);
VERSION(assertion_counts, ASSERTION_COUNTS, V0);
VERSION(brick_get, BRICK_GET, V1);
VERSION(brick_reset, BRICK_RESET, V0);
VERSION(session, SESSION, V3);
VERSION(ioctl, IOCTL, V0);
VERSION(slow_call, SLOW_CALL, V0);
VERSION(stream_open, STREAM_OPEN, V0);
VERSION(stream, STREAM, V0);
VERSION(record, RECORD, V0);
VERSION(record_loss, RECORD_LOSS, V0);
VERSION(record_run, RECORD_RUN, V0);
VERSION(origin, ORIGIN, V0);
VERSION(file_header, FILE_HEADER, V0);

/* Each thread has its own text, so that threads do not overwrite each other's. */
static __thread char tracer_error_text[BTI_ERROR_TEXT];

int bti_fail(int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(tracer_error_text, sizeof(tracer_error_text), format, ap);
	va_end(ap);
	return -error;
}

int bti_fail_null(const char *what)
{
	return bti_fail(EINVAL, "no %s: the argument is NULL", what);
}

bool bti_has_statistics(const struct bt_tracer *t)
{
	return t->fd < 0 || t->features & BRICKTRACE_FEATURE_STATISTICS;
}

int bti_need_statistics(const struct bt_tracer *t)
{
	return bti_has_statistics(t) ?
		       0 :
		       bti_fail(ENOTSUP,
				"the module is older than this library and has neither modes nor statistics; install a newer module");
}

int bti_need_streams(const struct bt_tracer *t)
{
	return t->fd < 0 || t->features & BRICKTRACE_FEATURE_STREAM ?
		       0 :
		       bti_fail(ENOTSUP,
				"the module is older than this library and has neither streams nor labels and contexts; install a newer module");
}

const char *bt_error_text(void)
{
	return tracer_error_text;
}

static int tracer_system_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int tracer_system_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static ssize_t tracer_system_read(int fd, void *buf, size_t size)
{
	ssize_t n = read(fd, buf, size);

	return n < 0 ? -errno : n;
}

static uint64_t tracer_system_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static uint64_t tracer_system_unix_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

const struct bti_ops bti_system = {
	.open = tracer_system_open,
	.ioctl = tracer_system_ioctl,
	.now = tracer_system_now,
	.unix_now = tracer_system_unix_now,
	.read = tracer_system_read,
};

int bti_ioctl(struct bt_tracer *t, unsigned long request, void *arg)
{
	return t->ops->ioctl(t->fd, request, arg);
}

int bti_info(struct bt_tracer *t, struct bricktrace_info *info)
{
	*info = (struct bricktrace_info){ .size = sizeof(*info) };
	return bti_ioctl(t, BRICKTRACE_INFO, info);
}

static void __attribute__((format(printf, 3, 4)))
tracer_unavailable(struct bt_tracer *t, enum bt_reason reason, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(t->reason_text, sizeof(t->reason_text), format, ap);
	va_end(ap);
	t->reason = reason;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static void tracer_connect(struct bt_tracer *t)
{
	struct bricktrace_info info;
	int err;

	t->fd = t->ops->open(BTI_DEVICE);
	if (t->fd < 0) {
		switch (-t->fd) {
		case ENOENT:
		case ENODEV:
		case ENXIO:
			tracer_unavailable(
				t, BT_REASON_NO_MODULE,
				"no " BTI_DEVICE
				": the module is not loaded; try: modprobe bricktrace");
			return;
		case EACCES:
		case EPERM:
			tracer_unavailable(
				t, BT_REASON_NO_PERMISSION,
				"no permission to open " BTI_DEVICE
				"; become a member of the group bricktrace (usermod -aG bricktrace USER, then log in again) or be root");
			return;
		case EDQUOT:
			tracer_unavailable(
				t, BT_REASON_DEVICE,
				"cannot open " BTI_DEVICE
				": this user has as many open sessions as allowed; end a program that uses bricktrace, or have root raise " BTI_PARAMETERS
				"max_user_sessions or, if their kernel memory is used up, max_user_memory");
			return;
		default:
			tracer_unavailable(t, BT_REASON_DEVICE,
					   "cannot open " BTI_DEVICE ": %s",
					   strerror(-t->fd));
			return;
		}
	}
	err = bti_info(t, &info);
	if (err)
		tracer_unavailable(
			t, err == -ENOTTY ? BT_REASON_ABI : BT_REASON_DEVICE,
			BTI_DEVICE
			" does not answer BRICKTRACE_INFO: %s; is it the bricktrace module?",
			strerror(-err));
	else if (info.abi_version != BRICKTRACE_ABI_VERSION)
		tracer_unavailable(
			t, BT_REASON_ABI,
			"the module has ABI version %u, this library needs %u; install matching versions of both",
			info.abi_version, BRICKTRACE_ABI_VERSION);
	t->features = info.features;
}

int bti_tracer_new(const struct bti_ops *ops, struct bt_tracer **tracer)
{
	struct bt_tracer *t = calloc(1, sizeof(*t));

	*tracer = t;
	if (!t)
		return bti_fail(ENOMEM, "no memory for a tracer");
	t->ops = ops;
	t->cv_threshold = 15000;
	t->efficiency_threshold = 25000;
	t->trace_limit = 100;
	t->outliers = BTI_OUTLIERS;
	t->enabled = 1;
	pthread_mutex_init(&t->lock, NULL);
	pthread_mutex_init(&t->definitions, NULL);
	pthread_mutex_init(&t->settings, NULL);
	pthread_mutex_init(&t->calibration, NULL);
	tracer_connect(t);
	bti_context_init(t);
	return 0;
}

int bt_tracer_new(struct bt_tracer **tracer)
{
	if (!tracer)
		return bti_fail_null("address for the tracer");
	return bti_tracer_new(&bti_system, tracer);
}

static void tracer_free_runs(struct bt_run *run)
{
	while (run) {
		struct bt_run *next = run->next;

		free(run->room);
		free(run);
		run = next;
	}
}

void bt_tracer_free(struct bt_tracer *t)
{
	if (!t)
		return;
	/* The kernel ends the runs and registrations when the file is closed. */
	if (t->fd >= 0)
		close(t->fd);
	tracer_free_runs(t->open);
	tracer_free_runs(t->free);
	while (t->bricks) {
		struct bt_brick *next = t->bricks->next;

		free(t->bricks);
		t->bricks = next;
	}
	pthread_mutex_destroy(&t->lock);
	pthread_mutex_destroy(&t->definitions);
	pthread_mutex_destroy(&t->settings);
	pthread_mutex_destroy(&t->calibration);
	free(t);
}

bool bt_tracer_instrumented(const struct bt_tracer *t)
{
	return t && t->fd >= 0;
}

enum bt_reason bt_tracer_reason(const struct bt_tracer *t)
{
	return t ? t->reason : BT_REASON_DEVICE;
}

const char *bt_tracer_reason_text(const struct bt_tracer *t)
{
	return t ? t->reason_text : "there is no tracer";
}

int bt_tracer_threads(struct bt_tracer *t)
{
	struct bricktrace_session session = { .size = sizeof(session) };
	int err;

	if (!t)
		return bti_fail_null("tracer");
	if (t->fd < 0)
		return 0;
	err = bti_ioctl(t, BRICKTRACE_SESSION_GET, &session);
	if (err)
		return bti_fail(-err, "cannot read the session's counters: %s",
				strerror(-err));
	return session.threads;
}
