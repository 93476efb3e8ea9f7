// SPDX-License-Identifier: MIT
/*
 * make-recording MEGABYTES: writes a recording to its standard output: tokens of a
 * transformer, each of which is a run that encloses a run of each brick. All runs are traced,
 * and one in 16 is over its budget.
 */
#include <linux/bricktrace.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRICKS	   40 /* of a token, with the token itself */
#define CALLS	   4
#define VIEWS	   2
#define CATEGORIES (BRICKTRACE_CAT_OTHER + 1)
#define UNIX_START 1790000000000000000ULL

struct record {
	struct bricktrace_record_run run;
	struct bricktrace_origin origin;
	struct bricktrace_result result;
	struct bricktrace_times times[VIEWS];
	struct bricktrace_category_figures categories[CATEGORIES * VIEWS];
	struct bricktrace_syscall syscalls[CALLS * VIEWS];
};

/* The numbers of the calls on x86_64, in the order of their categories. */
static const struct {
	__u32 nr, category;
} calls[CALLS] = {
	{ 9, BRICKTRACE_CAT_MMAP },
	{ 202, BRICKTRACE_CAT_FUTEX },
	{ 16, BRICKTRACE_CAT_IOCTL },
	{ 0, BRICKTRACE_CAT_READ },
};

static __u64 number(__u64 below)
{
	return (__u64)random() % below;
}

static void name_brick(char name[BRICKTRACE_NAME_LEN], unsigned int i)
{
	static const char *const parts[] = { "norm", "qkv", "rope", "attention",
					     "out",  "up",  "gate", "down" };

	if (i % BRICKS == 0)
		strcpy(name, "token");
	else
		snprintf(name, BRICKTRACE_NAME_LEN, "layer%u.%s", i % BRICKS / 8,
			 parts[i % 8]);
}

/* Fills in what the calls of the run took; returns the time of all of them. */
static __u64 fill_calls(struct record *r)
{
	__u64 sum = 0;

	for (int i = 0; i < CATEGORIES * VIEWS; i++) {
		r->categories[i].category = i / VIEWS;
		r->categories[i].view = i % VIEWS;
		r->categories[i].figures.max_ns = BRICKTRACE_NONE;
	}
	for (int i = 0; i < CALLS; i++) {
		struct bricktrace_figures f = { .count = 1 + number(30),
						.errors = number(2) };

		f.ns = f.count * (300 + number(4000));
		f.offcpu_ns = number(f.ns);
		f.runnable_ns = number(f.offcpu_ns + 1);
		f.max_ns = f.ns / f.count;
		sum += f.ns;
		for (int view = 0; view < VIEWS; view++) {
			r->syscalls[i * VIEWS + view] = (struct bricktrace_syscall){
				.nr = calls[i].nr,
				.category = calls[i].category,
				.view = view,
				.figures = f,
			};
			r->categories[calls[i].category * VIEWS + view].figures = f;
			/* These two are not measured exclusively. */
			f.in_flight = 0;
			f.max_ns = BRICKTRACE_NONE;
		}
	}
	return sum;
}

static void fill_origin(struct bricktrace_origin *o, __u64 token, unsigned int i)
{
	*o = (struct bricktrace_origin){
		.session = 3,
		.cgroup = 77,
		.context = { .flags = 1 },
		.tgid = 4711,
		.tid = 4711 + (int)(i % 3),
		.uid = 1000,
		.level = BRICKTRACE_LEVEL_TRACE,
		.comm = "llama-decode",
		.label = "llama",
	};
	memcpy(o->context.trace_id, &token, sizeof(token));
	o->context.trace_id[15] = 1;
	o->context.span_id[0] = 1 + i;
	memcpy(o->context.span_id + 1, &token, sizeof(o->context.span_id) - 1);
	if (i) {
		memcpy(o->parent_span, o->context.span_id, sizeof(o->parent_span));
		o->parent_span[0] = 1;
	}
	name_brick(o->brick, i);
}

static void fill_result(struct record *r, __u64 token, unsigned int i, __u64 calls_ns)
{
	struct bricktrace_times t = { .compute_ns = 2000 + number(40000),
				      .edge_ns = 300,
				      .control_ns = 200 };
	__u64 run = token * BRICKS + i + 1, wall;

	t.compute_offcpu_ns = number(t.compute_ns);
	t.compute_runnable_ns = number(t.compute_offcpu_ns + 1);
	t.minor_faults = number(4);
	wall = t.thread_ns = calls_ns + t.compute_ns + t.edge_ns + t.control_ns;
	for (__u32 view = 0; view < VIEWS; view++) {
		r->times[view] = t;
		r->times[view].view = view;
	}
	r->result = (struct bricktrace_result){
		.run = run,
		.parent = i ? run - i : 0,
		.brick = i + 1,
		.flags = BRICKTRACE_RESULT_GRANTED | BRICKTRACE_RESULT_INTERESTING,
		.provenance = BRICKTRACE_MEASURED,
		.threads = 1,
		.depth = i > 0,
		.budget_ns = run % 16 ? 2 * wall : wall / 2,
		.start_ns = run * 100000,
		.wall_ns = wall,
		.why = BRICKTRACE_WHY_MANUAL | (run % 16 ? 0 : BRICKTRACE_WHY_OVER_BUDGET),
		.mode = BRICKTRACE_MODE_TAIL,
		.brick_run = token + 1,
		.window_runs = BRICKTRACE_WINDOW,
		.window_kept = BRICKTRACE_WINDOW,
		.window_sum = BRICKTRACE_WINDOW * wall,
		.window_squares = { .low = BRICKTRACE_WINDOW * (wall * wall + wall) },
		.window_median2 = 2 * wall,
	};
	r->origin.end_unix_ns = UNIX_START + r->result.start_ns + wall;
}

static struct record make(__u64 token, unsigned int i)
{
	struct record r = {
		.run = {
			.record = { sizeof(r), BRICKTRACE_RECORD_RUN, token * BRICKS + i + 1 },
			.head = sizeof(r.run),
		},
	};
	__u32 at = offsetof(struct record, origin);

#define PART(member, n)                                                              \
	r.run.member = (struct bricktrace_part){ at, sizeof(r.member) / (n), n, n }; \
	at += sizeof(r.member)
	PART(origin, 1);
	PART(result, 1);
	PART(times, VIEWS);
	PART(categories, CATEGORIES * VIEWS);
	PART(syscalls, CALLS * VIEWS);
#undef PART
	/* The module has these arrays, and the run had none of them. */
	fill_origin(&r.origin, token, i);
	fill_result(&r, token, i, fill_calls(&r));
	return r;
}

int main(int argc, char **argv)
{
	struct bricktrace_file_header header = {
		.byte_order = BRICKTRACE_FILE_BYTE_ORDER,
		.version = BRICKTRACE_FILE_VERSION,
		.header_size = sizeof(header),
		.machine = "x86_64",
	};
	__u64 records =
		argc > 1 ? strtoull(argv[1], NULL, 10) * 1000000 / sizeof(struct record) :
			   0;

	if (!records) {
		fprintf(stderr, "usage: make-recording MEGABYTES >FILE\n");
		return 2;
	}
	memcpy(header.magic, BRICKTRACE_FILE_MAGIC, sizeof(header.magic));
	fwrite(&header, sizeof(header), 1, stdout);
	for (__u64 i = 0; i < records; i++) {
		struct record r = make(i / BRICKS, i % BRICKS);

		fwrite(&r, sizeof(r), 1, stdout);
	}
	return fflush(stdout) ? 1 : 0;
}
