/* SPDX-License-Identifier: MIT */
/* Declarations that the files of libbricktrace share. */
#ifndef BT_INTERNAL_H
#define BT_INTERNAL_H

#include <pthread.h>

#include <linux/bricktrace.h>

#include "../../kmod/stats.h"
#include "bricktrace.h"

#define BTI_DEVICE	      "/dev/bricktrace"
#define BTI_PARAMETERS	      "/sys/module/bricktrace/parameters/"
#define BTI_CALIBRATION_BRICK "bricktrace-calibration"
/* The views, and the named categories, that this version of the library knows. */
#define BTI_VIEWS      (BT_EXCLUSIVE + 1)
#define BTI_CATEGORIES (BT_CAT_OTHER + 1)
/* The number of system calls that one result has room for. */
#define BTI_SYSCALLS 1024
/*
 * The number of ioctl commands that one result has room for. For each table, the kernel
 * reports the commands without separate figures as one more.
 */
#define BTI_IOCTLS (BRICKTRACE_SESSION_IOCTLS + BT_ARCH_X32 + 1)
/* The module's own distance of outliers, in 1/1000 of the interquartile range. */
#define BTI_OUTLIERS 1500
/* The size of the text that bt_error_text() returns. */
#define BTI_ERROR_TEXT 512

/* The functions by which the library reaches the kernel; tests replace them. */
struct bti_ops {
	int (*open)(const char *path);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	uint64_t (*now)(void);
	uint64_t (*unix_now)(void); /* the time of day, in nanoseconds since 1970 */
	ssize_t (*read)(int fd, void *buf, size_t size);
};

extern const struct bti_ops bti_system;

/* Buffers for the kernel's answer about a run; a newer module may have more categories. */
struct bti_room {
	struct bricktrace_result result[1];
	struct bricktrace_times times[BTI_VIEWS];
	struct bricktrace_category_figures categories[64 * BTI_VIEWS];
	struct bricktrace_syscall syscalls[BTI_SYSCALLS * BTI_VIEWS];
	struct bricktrace_failed failed[BT_MAX_ASSERTIONS];
	struct bricktrace_ioctl ioctls[BTI_IOCTLS * BTI_VIEWS];
	struct bricktrace_slow_call slow_calls[BRICKTRACE_RUN_SLOW];
};

/* Buffers for the kernel's answer about a brick. */
struct bti_brick_room {
	struct bricktrace_statistics statistics[1];
	struct bricktrace_bucket histogram[BT_BUCKETS];
	struct bricktrace_category_statistics categories[64];
	struct bricktrace_window_run window[BT_WINDOW];
	struct bricktrace_assertion assertions[BT_MAX_ASSERTIONS];
	struct bricktrace_assertion_counts counts[BT_MAX_ASSERTIONS];
	struct bricktrace_result longest[1];
	struct bricktrace_times longest_times[1];
	struct bricktrace_category_figures longest_categories[64];
	struct bricktrace_slow_call longest_slow[BRICKTRACE_BRICK_SLOW];
};

/* What the library itself keeps of a brick where there is no module; the tracer's @lock. */
struct bti_local {
	enum bt_mode mode;
	uint32_t baseline;
	uint64_t opened; /* the number of runs that were opened */
	uint64_t over_budget;
	struct bkt_durations durations;
	struct bkt_window window;
	struct bricktrace_assertion_counts counts[BT_MAX_ASSERTIONS];
};

struct bt_brick {
	struct bt_brick *next;
	struct bt_tracer *tracer;
	char name[BT_NAME_LEN];
	uint64_t budget_ns; /* atomic: bt_brick_define() may change it while other threads open runs */
	uint32_t number;
	/* Changed with @definitions, and without the module also with @lock, of the tracer. */
	uint32_t n_assertions;
	struct bricktrace_assertion assertions[BT_MAX_ASSERTIONS];
	struct bti_local local[]; /* one element if there is no module, otherwise none */
};

struct bt_run {
	struct bt_run *next; /* next in the tracer's list of free or open runs */
	struct bt_run **link; /* the pointer that points to this run in the list of open runs */
	struct bt_tracer *tracer;
	struct bt_brick *brick;
	uint64_t number;
	uint64_t budget_ns; /* the brick's budget when the run was opened */
	/*
	 * These find the run that encloses a new one as the kernel does, and are constant
	 * while the run is in the list of open runs.
	 */
	enum bt_scope scope;
	pthread_t thread;		   /* the thread that opened the run */
	struct bricktrace_context context; /* what that thread had published */
	struct bricktrace_context ids;	   /* the run's own; all zero if nobody asked */
	struct bti_room *room;		/* NULL until the kernel has a result to write */
	struct bricktrace_result local; /* without the module: what was known at the open */
};

struct bt_tracer {
	const struct bti_ops *ops;
	int fd; /* -1: not instrumented */
	enum bt_reason reason;
	char reason_text[256];
	uint64_t features; /* BRICKTRACE_FEATURE_* of the module */
	bool published;	   /* threads publish their contexts, see context.c */
	bool ids;	   /* atomic: runs are opened with BRICKTRACE_RUN_IDS */
	/*
	 * Opening a run takes @lock, so no system call is made under it. Installing the hooks
	 * takes milliseconds and may happen under @definitions, but not under @settings.
	 */
	pthread_mutex_t lock; /* the two lists of runs */
	struct bt_run *open;
	struct bt_run *free;
	pthread_mutex_t definitions; /* the list of bricks and what is defined about them */
	struct bt_brick *bricks;
	pthread_mutex_t settings; /* changes of the following, which are atomic */
	uint32_t cv_threshold;	  /* these are as in struct bricktrace_session */
	uint32_t efficiency_threshold;
	uint32_t trace_limit;
	uint32_t outliers;
	uint32_t enabled;
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

/* Returns false if the module is older than statistics, modes, assertions and limits. */
bool bti_has_statistics(const struct bt_tracer *tracer);

/* Fails with ENOTSUP if bti_has_statistics() is false. */
int bti_need_statistics(const struct bt_tracer *tracer);

/* Fails with ENOTSUP if the module is older than streams, labels and contexts. */
int bti_need_streams(const struct bt_tracer *tracer);

enum bti_quota {
	BTI_QUOTA_MEMORY,
	BTI_QUOTA_THREADS,
	BTI_QUOTA_BRICKS,
	BTI_QUOTA_RUNS,
};

/* Like bti_fail() with EDQUOT; appends which limit was reached and what to do about it. */
int bti_fail_quota(struct bt_tracer *tracer, enum bti_quota quota, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The ioctls that open and close a run, without the library's own objects; the
 * calibration uses them too. bti_run_open() sets the size of @open. bti_run_close()
 * fills @close with the kernel's answer, whose arrays lie in @room. If @room is NULL the
 * kernel copies no result.
 */
int bti_run_open(struct bt_tracer *tracer, struct bricktrace_run_open *open);
int bti_run_close(struct bt_tracer *tracer, uint64_t number, struct bti_room *room,
		  struct bricktrace_run_close *close);

/*
 * Gives a new tracer the label and the context that the environment has, and looks for the
 * contexts that threads publish.
 */
void bti_context_init(struct bt_tracer *tracer);

/* Parses a traceparent of W3C Trace Context. Returns false if it is not valid. */
bool bti_context_parse(const char *traceparent, struct bricktrace_context *context);

/*
 * Copies the context that the calling thread has published. It becomes all zero, and the
 * result is false, if there is none or the module is too old to take it.
 */
bool bti_context_published(const struct bt_tracer *tracer,
			   struct bricktrace_context *context);

/* Sets the size and the name of @define, and passes it to the kernel if there is a module. */
int bti_brick_define(struct bt_tracer *tracer, const char *name, uint64_t budget_ns,
		     struct bricktrace_brick_define *define);

/* Sets what the flags of @to say, in the kernel and in the tracer, or nothing. */
int bti_settings_set(struct bt_tracer *tracer, const struct bricktrace_session *to);

/* Checks a name; @what is the start of an error text, such as "the brick's name". */
int bti_check_name(const char *what, const char *name);

/*
 * Without the module, these stand for the kernel. bti_local_open() fills in what a result
 * says about the time of the open; @why is as in struct bricktrace_run_open.
 * bti_local_close() fills in the rest and @close, whose arrays are @run->local and @failed.
 * bti_local_get() fills in @get, whose arrays lie in @room.
 */
void bti_local_open(struct bt_run *run, uint32_t why);
void bti_local_close(struct bt_run *run, struct bricktrace_failed *failed,
		     struct bricktrace_run_close *close);
void bti_local_reset(struct bt_brick *brick);
void bti_local_get(struct bt_brick *brick, struct bricktrace_brick_get *get,
		   struct bti_brick_room *room);

/*
 * Makes statistics of @room, whose arrays @get describes, although their addresses are not
 * used. @outliers is as in struct bricktrace_session. @runnable and @faults are the numbers of
 * traced runs that have the time in which threads waited for a CPU, and page faults. Returns 0
 * or -ENOMEM.
 */
int bti_statistics_new(const char *name, uint64_t budget_ns,
		       const struct bricktrace_brick_get *get,
		       const struct bti_brick_room *room, uint32_t outliers,
		       uint64_t runnable, uint64_t faults,
		       struct bt_statistics **statistics);

/* Describes an array of @all bytes for the kernel. */
static inline struct bricktrace_array bti_array(void *first, size_t size, size_t all)
{
	return (struct bricktrace_array){
		.addr = (uintptr_t)first,
		.size = size,
		.cap = all / size,
	};
}

#define BTI_ARRAY(member) bti_array(&(member), sizeof((member)[0]), sizeof(member))

/* Returns how many elements of an array the kernel copied. */
uint32_t bti_elements(const struct bricktrace_array *array);

/*
 * Copies what is known of element @i of an array to @element, which has at least as many
 * bytes, @size. The remaining fields become BT_NONE, like any other figure that was not
 * measured.
 */
void bti_element(const struct bricktrace_array *array, uint32_t i, void *element,
		 size_t size);

/* The tables of system calls of a kernel's machine, which names.c defines. */
struct bti_machine;
extern const char bti_host[]; /* this machine, as uname -m shows it */

/* A machine that the library does not know has tables without names. */
const struct bti_machine *bti_machine(const char *name);
const char *bti_arch_name(const struct bti_machine *machine, enum bt_arch arch,
			  char buf[24]);
void bti_syscall_name(const struct bti_machine *machine, uint32_t nr, enum bt_arch arch,
		      enum bt_category category, char *buf, size_t size);

/* What a result says that is not in the kernel's answer about the run. */
struct bti_about {
	const char *brick; /* the name */
	uint64_t budget_ns;
	uint64_t to_unix; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	const struct bti_machine *machine;
};

int bti_result_make(const struct bti_about *about,
		    const struct bricktrace_run_close *close, struct bt_result **result);

/* The same for a run of this tracer that has just ended. */
int bti_result_new(const struct bt_brick *brick, uint64_t budget_ns,
		   const struct bricktrace_run_close *close, struct bt_result **result);

/* A file or device from which records are read, one after the other. */
struct bti_source {
	const struct bti_ops *ops;
	int fd;
	const char *name;	   /* what error texts call the file */
	char machine[BT_NAME_LEN]; /* of the kernel that made the records */
	uint64_t at;		   /* how many bytes were taken */
	uint64_t sequence;	   /* the next record has this one or a greater one */
	size_t begin, end;	   /* the bytes of @buffer that were read and not taken */
	char buffer[4 * BRICKTRACE_RECORD_MAX];
};

/* Initializes everything but @machine. */
void bti_source_init(struct bti_source *source, const struct bti_ops *ops, int fd,
		     const char *name);

/*
 * Reads until there are @size bytes, at most BRICKTRACE_RECORD_MAX, at @begin of @buffer.
 * Returns 1, 0 if the file ends before, or an error.
 */
int bti_source_fill(struct bti_source *source, size_t size);

/*
 * Takes the next record of a type that the library knows. @record is NULL at the end of the
 * file. After an error, the next call tries the same record again.
 */
int bti_source_next(struct bti_source *source, struct bt_record **record);

/*
 * Makes a record of the bytes at @begin of @buffer. Their header has a valid size, and so
 * many bytes are there; apart from that, the bytes may be anything. @record is NULL if the
 * library does not know the type.
 */
int bti_record_new(const struct bti_source *source, struct bt_record **record);

/* Returns the @size bytes that the record was made of. */
const char *bti_record_bytes(const struct bt_record *record);

int bti_recording_open(const struct bti_ops *ops, int fd, struct bt_recording **recording);

/*
 * Returns the edge of one call in picoseconds. A loop of @calls calls took @loop_ns,
 * the windows of its calls @window_ns, and an empty loop @empty_ns. Returns BT_NONE
 * if these figures contradict each other.
 */
uint64_t bti_edge_ps(uint64_t loop_ns, uint64_t window_ns, uint64_t empty_ns,
		     uint64_t calls);

#endif
