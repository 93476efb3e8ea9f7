/* SPDX-License-Identifier: MIT */
/* Declarations that the files of libbricktrace share. */
#ifndef BT_INTERNAL_H
#define BT_INTERNAL_H

#include <pthread.h>

#include <linux/bricktrace.h>

#include "bricktrace.h"

#define BTI_DEVICE	      "/dev/bricktrace"
#define BTI_PARAMETERS	      "/sys/module/bricktrace/parameters/"
#define BTI_CALIBRATION_BRICK "bricktrace-calibration"
/* The views, and the named categories, that this version of the library knows. */
#define BTI_VIEWS      (BT_EXCLUSIVE + 1)
#define BTI_CATEGORIES (BT_CAT_OTHER + 1)
/* The number of system calls that one result has room for. */
#define BTI_SYSCALLS 1024

/* The functions by which the library reaches the kernel; tests replace them. */
struct bti_ops {
	int (*open)(const char *path);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	uint64_t (*now)(void);
};

extern const struct bti_ops bti_system;

/* Buffers for the kernel's answer about a run; a newer module may have more categories. */
struct bti_room {
	struct bricktrace_result result[1];
	struct bricktrace_times times[BTI_VIEWS];
	struct bricktrace_category_figures categories[64 * BTI_VIEWS];
	struct bricktrace_syscall syscalls[BTI_SYSCALLS * BTI_VIEWS];
};

struct bt_brick {
	struct bt_brick *next;
	char name[BT_NAME_LEN];
	uint64_t budget_ns; /* atomic: bt_brick_define() may change it while other threads open runs */
	uint32_t number;
};

struct bt_run {
	struct bt_run *next; /* next in the tracer's list of free or open runs */
	struct bt_run **link; /* the pointer that points to this run in the list of open runs */
	struct bt_tracer *tracer;
	struct bt_brick *brick;
	uint64_t number;
	uint64_t start_ns;
	uint64_t budget_ns;    /* the brick's budget when the run was opened */
	struct bti_room *room; /* NULL until the kernel has a result to write */
};

struct bt_tracer {
	const struct bti_ops *ops;
	int fd; /* -1: not instrumented */
	enum bt_reason reason;
	char reason_text[256];
	pthread_mutex_t lock; /* protects the three lists below */
	struct bt_brick *bricks;
	struct bt_run *open;
	struct bt_run *free;
	pthread_mutex_t calibration;
	bool calibrated; /* calibration was tried; the result is in @calibration_error */
	int calibration_error;
};

int bti_tracer_new(const struct bti_ops *ops, struct bt_tracer **tracer);
int bti_ioctl(struct bt_tracer *tracer, unsigned long request, void *arg);

/* Calls BRICKTRACE_INFO. Fields that an older module does not know are 0; on error all are. */
int bti_info(struct bt_tracer *tracer, struct bricktrace_info *info);

/* Stores the text for bt_error_text() and returns -@error. */
int bti_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Like bti_fail() with EINVAL, for an argument that must not be NULL. */
int bti_fail_null(const char *what);

enum bti_quota {
	BTI_QUOTA_THREADS,
	BTI_QUOTA_BRICKS,
	BTI_QUOTA_RUNS,
};

/* Like bti_fail() with EDQUOT; appends which limit was reached and what to do about it. */
int bti_fail_quota(struct bt_tracer *tracer, enum bti_quota quota, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The ioctls that open and close a run, without the library's own objects; the
 * calibration uses them too. bti_run_close() fills @close with the kernel's answer,
 * whose arrays lie in @room. If @room is NULL the kernel copies no result.
 */
int bti_run_open(struct bt_tracer *tracer, uint32_t brick, enum bt_level level,
		 enum bt_scope scope, uint64_t *number);
int bti_run_close(struct bt_tracer *tracer, uint64_t number, struct bti_room *room,
		  struct bricktrace_run_close *close);
int bti_brick_define(struct bt_tracer *tracer, const char *name, uint64_t budget_ns,
		     uint32_t *number);

/* Returns how many elements of an array the kernel copied. */
uint32_t bti_elements(const struct bricktrace_array *array);

/*
 * Copies element @i of an array to @element. Fields that the module does not know
 * become BT_NONE, like any other figure that was not measured.
 */
void bti_element(const struct bricktrace_array *array, uint32_t i, void *element);

int bti_result_new(const struct bt_brick *brick, uint64_t budget_ns,
		   const struct bricktrace_run_close *close, struct bt_result **result);

void bti_syscall_name(uint32_t nr, enum bt_arch arch, enum bt_category category,
		      char *buf, size_t size);

/*
 * Returns the edge of one call in picoseconds. A loop of @calls calls took @loop_ns,
 * the windows of its calls @window_ns, and an empty loop @empty_ns. Returns BT_NONE
 * if these figures contradict each other.
 */
uint64_t bti_edge_ps(uint64_t loop_ns, uint64_t window_ns, uint64_t empty_ns,
		     uint64_t calls);

#endif
