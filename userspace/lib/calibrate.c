// SPDX-License-Identifier: MIT
/*
 * Calibration of the edge. The edge of a system call is the time that the call
 * costs its thread outside the window that the kernel can measure: kernel entry,
 * kernel exit and the probes. This file times a loop of null calls in userspace.
 * The loop's time less the windows of its calls and less the time of an empty
 * loop is the edge of these calls.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define BATCHES 8
/* A busy host may preempt each of these batches, so more are tried, up to this number. */
#define MAX_BATCHES 32
#define CALLS	    256
/*
 * A batch is used only if its thread was off the CPU, outside of calls, for at most
 * this share of the loop. Undisturbed batches differ from each other by about as
 * much. A tracer that stops each call, as strace does, takes most of the loop.
 */
#define OFFCPU_PERCENT 2

uint64_t bti_edge_ps(uint64_t loop_ns, uint64_t window_ns, uint64_t empty_ns, uint64_t calls)
{
	uint64_t ps;

	if (!calls || loop_ns < window_ns || loop_ns - window_ns < empty_ns)
		return BT_NONE;
	/* The product below must not overflow; a loop this long was disturbed anyway. */
	if (loop_ns > UINT64_MAX / 1000)
		return BT_NONE;
	ps = (loop_ns - window_ns - empty_ns) * 1000 / calls;
	return ps <= BRICKTRACE_MAX_EDGE_PS ? ps : BT_NONE;
}

/* Both loops have the same instructions but for the call, so their difference is the call. */
#ifdef __x86_64__
#define CALL(instruction)                                                            \
	do {                                                                         \
		long nr = SYS_getppid;                                               \
                                                                                     \
		__asm__ volatile(instruction : "+a"(nr) : : "rcx", "r11", "memory"); \
	} while (0)
#define NULL_CALL() CALL("syscall")
#define NO_CALL()   CALL("")
#else
#define NULL_CALL() syscall(SYS_getppid)
#define NO_CALL()   __asm__ volatile("" : : : "memory")
#endif

static __attribute__((noinline)) uint64_t calibrate_time_calls(struct bt_tracer *t)
{
	uint64_t start = t->ops->now();
	int i;

	for (i = 0; i < CALLS; i++)
		NULL_CALL();
	return t->ops->now() - start;
}

static __attribute__((noinline)) uint64_t calibrate_time_nothing(struct bt_tracer *t)
{
	uint64_t start = t->ops->now();
	int i;

	for (i = 0; i < CALLS; i++)
		NO_CALL();
	return t->ops->now() - start;
}

/*
 * Returns the time inside the windows of the loop's calls. The figures of getppid
 * itself are used and not those of its category, which also contains
 * clock_gettime() where that is a real system call.
 */
static uint64_t calibrate_window_ns(const struct bti_room *room,
				    const struct bricktrace_run_close *close)
{
	const struct bricktrace_syscall *s = room->syscalls;
	const struct bricktrace_syscall *end = s + bti_elements(&close->syscalls);

	if (room->result->provenance != BRICKTRACE_MEASURED)
		return BT_NONE;
	for (; s < end; s++)
		if (s->view == BRICKTRACE_VIEW_INCLUSIVE &&
		    s->nr == (SYS_getppid & ~0x40000000U))
			return s->figures.count == CALLS ? s->figures.ns : BT_NONE;
	return BT_NONE;
}

static int calibrate_batch(struct bt_tracer *t, uint32_t brick, struct bti_room *room,
			   uint64_t *edge_ps)
{
	struct bricktrace_run_open open = { .brick = brick,
					    .level = BRICKTRACE_LEVEL_TRACE };
	struct bricktrace_run_close close;
	uint64_t loop, window, ps;
	int err;

	err = bti_run_open(t, &open);
	if (err)
		return err;
	loop = calibrate_time_calls(t);
	err = bti_run_close(t, open.run, room, &close);
	if (err)
		return err;
	window = calibrate_window_ns(room, &close);
	if (window == BT_NONE ||
	    room->times[BT_INCLUSIVE].compute_offcpu_ns > loop / 100 * OFFCPU_PERCENT)
		return 0;
	ps = bti_edge_ps(loop, window, calibrate_time_nothing(t), CALLS);
	/* The smallest edge is the least disturbed one; BT_NONE is larger than any. */
	if (ps < *edge_ps)
		*edge_ps = ps;
	return 0;
}

static int calibrate_set_edge(struct bt_tracer *t, uint64_t edge_ps)
{
	struct bricktrace_session session = {
		.size = sizeof(session),
		.flags = BRICKTRACE_SESSION_EDGE,
		.edge_ps = edge_ps,
	};

	return bti_ioctl(t, BRICKTRACE_SESSION_SET, &session);
}

static int calibrate_edge(struct bt_tracer *t)
{
	struct bricktrace_thread thread = { .size = sizeof(thread) };
	struct bricktrace_brick_define brick = { 0 };
	struct bti_room *room;
	uint64_t edge_ps = BT_NONE;
	bool registered;
	int err, i;

	room = malloc(sizeof(*room));
	if (!room)
		return -ENOMEM;
	err = calibrate_set_edge(t, BT_NONE);
	if (!err)
		err = bti_brick_define(t, BTI_CALIBRATION_BRICK, BT_NONE, &brick);
	if (err)
		goto free;
	err = bti_ioctl(t, BRICKTRACE_THREAD_REGISTER, &thread);
	registered = !err;
	if (err && err != -EEXIST)
		goto free;
	for (i = 0, err = 0;
	     !err && (i < BATCHES || (edge_ps == BT_NONE && i < MAX_BATCHES)); i++)
		err = calibrate_batch(t, brick.brick, room, &edge_ps);
	if (registered) {
		/* The kernel wrote its answer into @thread, so it is set up again. */
		thread = (struct bricktrace_thread){ .size = sizeof(thread) };
		bti_ioctl(t, BRICKTRACE_THREAD_UNREGISTER, &thread);
	}
	if (!err)
		err = edge_ps == BT_NONE ? -EAGAIN : calibrate_set_edge(t, edge_ps);
free:
	free(room);
	return err;
}

/* Returns who has switched tracing off, or NULL. */
static const char *calibrate_disabled(struct bt_tracer *t)
{
	struct bricktrace_info info;

	if (!__atomic_load_n(&t->enabled, __ATOMIC_RELAXED))
		return "in this tracer; call bt_tracer_set_enabled()";
	return bti_info(t, &info) || info.enabled ? NULL :
						    "on this host: " BTI_PARAMETERS
						    "enabled is 0; root can set it to 1";
}

int bt_tracer_calibrate(struct bt_tracer *t)
{
	const char *disabled = NULL;
	int err;

	if (!t)
		return bti_fail_null("tracer");
	if (t->fd < 0)
		return 0;
	pthread_mutex_lock(&t->calibration);
	if (!t->calibrated)
		disabled = calibrate_disabled(t);
	if (disabled) {
		pthread_mutex_unlock(&t->calibration);
		return bti_fail(EAGAIN, "tracing is switched off %s", disabled);
	}
	if (!t->calibrated) {
		t->calibration_error = calibrate_edge(t);
		t->calibrated = true;
	}
	err = t->calibration_error;
	pthread_mutex_unlock(&t->calibration);
	if (err == -EAGAIN)
		return bti_fail(
			EAGAIN,
			"the edge, which is the cost of entering and leaving the kernel, could not be calibrated and remains in compute, because each attempt was disturbed; if a tracer such as strace stops this program's calls, try without it");
	if (err)
		return bti_fail(-err, "the edge could not be calibrated: %s",
				strerror(-err));
	return 0;
}
