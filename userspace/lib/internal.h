/* SPDX-License-Identifier: MIT */
/* What the files of libbricktrace ask of each other. */
#ifndef BT_INTERNAL_H
#define BT_INTERNAL_H

#include <pthread.h>

#include <linux/bricktrace.h>

#include "bricktrace.h"

#define BTI_DEVICE	      "/dev/bricktrace"
#define BTI_PARAMETERS	      "/sys/module/bricktrace/parameters/"
#define BTI_CALIBRATION_BRICK "bricktrace-calibration"
/* What this library knows of a result: its views and its categories with a name. */
#define BTI_VIEWS      (BT_EXCLUSIVE + 1)
#define BTI_CATEGORIES (BT_CAT_OTHER + 1)
/* Room for the system calls of one result. */
#define BTI_SYSCALLS 1024

/* The system as the library sees it, so that tests can be the kernel. */
struct bti_ops {
	int (*open)(const char *path);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	uint64_t (*now)(void);
};

extern const struct bti_ops bti_system;

/* Room for what the kernel tells of a run; a newer one may have more categories. */
struct bti_room {
	struct bricktrace_result result[1];
	struct bricktrace_times times[BTI_VIEWS];
	struct bricktrace_category_figures categories[64 * BTI_VIEWS];
	struct bricktrace_syscall syscalls[BTI_SYSCALLS * BTI_VIEWS];
};

struct bt_brick {
	struct bt_brick *next;
	char name[BT_NAME_LEN];
	uint64_t budget_ns; /* atomic: redefined while others open runs */
	uint32_t number;
};

struct bt_run {
	struct bt_run *next;  /* in the tracer's free or open list */
	struct bt_run **link; /* what points to it in the open list */
	struct bt_tracer *tracer;
	struct bt_brick *brick;
	uint64_t number;
	uint64_t start_ns;
	uint64_t budget_ns;    /* when it was opened */
	struct bti_room *room; /* NULL: not needed yet */
};

struct bt_tracer {
	const struct bti_ops *ops;
	int fd; /* -1: not instrumented */
	enum bt_reason reason;
	char reason_text[256];
	pthread_mutex_t lock; /* of the lists */
	struct bt_brick *bricks;
	struct bt_run *open;
	struct bt_run *free;
	pthread_mutex_t calibration;
	bool calibrated; /* it was tried */
	int calibration_error;
};

int bti_tracer_new(const struct bti_ops *ops, struct bt_tracer **tracer);
int bti_ioctl(struct bt_tracer *tracer, unsigned long request, void *arg);

/* BRICKTRACE_INFO. What an older module does not tell is 0, and so is all on error. */
int bti_info(struct bt_tracer *tracer, struct bricktrace_info *info);

/* Keep the text for bt_error_text() and return -@error. */
int bti_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As bti_fail() with EINVAL, for an argument that must not be NULL. */
int bti_fail_null(const char *what);

enum bti_quota {
	BTI_QUOTA_THREADS,
	BTI_QUOTA_BRICKS,
	BTI_QUOTA_RUNS,
};

/* As bti_fail() with EDQUOT: appends which limit was reached, and what to do. */
int bti_fail_quota(struct bt_tracer *tracer, enum bti_quota quota, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The two halves of a run at the kernel's door; also used to calibrate. @close is
 * the kernel's answer, whose arrays are in @room; without room there is none.
 */
int bti_run_open(struct bt_tracer *tracer, uint32_t brick, enum bt_level level,
		 enum bt_scope scope, uint64_t *number);
int bti_run_close(struct bt_tracer *tracer, uint64_t number, struct bti_room *room,
		  struct bricktrace_run_close *close);
int bti_brick_define(struct bt_tracer *tracer, const char *name, uint64_t budget_ns,
		     uint32_t *number);

/* How many elements of an array the kernel has copied. */
uint32_t bti_elements(const struct bricktrace_array *array);

/*
 * Copy element @i of an array. What lies beyond what the module knows of it becomes
 * BT_NONE, as for each figure that nobody has told.
 */
void bti_element(const struct bricktrace_array *array, uint32_t i, void *element);

int bti_result_new(const struct bt_brick *brick, uint64_t budget_ns,
		   const struct bricktrace_run_close *close, struct bt_result **result);

void bti_syscall_name(uint32_t nr, enum bt_arch arch, enum bt_category category,
		      char *buf, size_t size);

/*
 * Picoseconds a call outside its window: a loop of @calls calls took @loop_ns,
 * the calls' windows @window_ns, the loop alone @empty_ns. BT_NONE if the
 * figures make no sense.
 */
uint64_t bti_edge_ps(uint64_t loop_ns, uint64_t window_ns, uint64_t empty_ns,
		     uint64_t calls);

#endif
