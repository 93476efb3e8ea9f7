/* SPDX-License-Identifier: MIT */
/*
 * A host that answers what a test has put into it, in the place of the functions of host.h, and
 * running a command of the program over it; included by the tests of such commands.
 */
#ifndef HOSTS_H
#define HOSTS_H

#include <inttypes.h>
#include <pty.h>

#include "commands.h"
#include "host.h"

/* What the host has. */
static struct answers {
	bool device;	   /* there is no netlink */
	bool only_netlink; /* the command does not want the device instead */
	int open_status;   /* of host_open() */
	int error;	   /* of each list */
	struct host_session session[4];
	struct host_thread thread[4];
	struct host_brick brick[6];
	size_t sessions, threads, bricks;
} answers;

int __wrap_host_open(struct host **host, bool device);
int __wrap_host_open(struct host **host, bool device)
{
	assert_int_equal(device, !answers.only_netlink);
	*host = (struct host *)&answers;
	if (answers.open_status)
		complain("no host");
	return answers.open_status;
}

void __wrap_host_close(struct host *host);
void __wrap_host_close(struct host *host)
{
	(void)host;
}

bool __wrap_host_is_device(const struct host *host);
bool __wrap_host_is_device(const struct host *host)
{
	(void)host;
	return answers.device;
}

static inline int answers_copy(const struct host_filter *filter, const void *from,
			       size_t n, size_t size, void *list, size_t *to_n)
{
	void *copy = malloc(n * size + 1);

	if (answers.error) {
		complain("no list");
		free(copy);
		return answers.error;
	}
	memcpy(copy, from, n * size);
	*(void **)list = copy;
	*to_n = n;
	/* A test sees what was asked for in the output of the command. */
	if (filter->session || filter->pid || filter->name)
		fprintf(stderr, "asked: %" PRIu64 " %d %s\n", filter->session,
			filter->pid, filter->name ?: "-");
	return 0;
}

#define LIST_FUNCTION(type, member, members)                                           \
	int __wrap_host_list_##members(struct host *host, const struct host_filter *f, \
				       struct type **list, size_t *n);                 \
	int __wrap_host_list_##members(struct host *host, const struct host_filter *f, \
				       struct type **list, size_t *n)                  \
	{                                                                              \
		(void)host;                                                            \
		return answers_copy(f, answers.member, answers.members,                \
				    sizeof(struct type), list, n);                     \
	}
LIST_FUNCTION(host_session, session, sessions)
LIST_FUNCTION(host_thread, thread, threads)
LIST_FUNCTION(host_brick, brick, bricks)

/* Finds a brick by its name alone. */
int __wrap_host_find_brick(struct host *host, const char *text, bool books,
			   struct host_brick **brick);
int __wrap_host_find_brick(struct host *host, const char *text, bool books,
			   struct host_brick **brick)
{
	size_t i;

	(void)host;
	if (answers.error)
		return answers.error;
	for (i = 0; i < answers.bricks; i++)
		if (books && !strcmp(answers.brick[i].get.name, text)) {
			*brick = malloc(sizeof(**brick));
			**brick = answers.brick[i];
			return 0;
		}
	complain("no brick");
	return -ENOENT;
}

/* Adds a brick of the session, in which there were runs of these durations. */
static inline struct host_brick *answers_add_brick(uint64_t session, const char *name,
						   const uint64_t *ns, size_t n)
{
	struct host_brick *b = &answers.brick[answers.bricks++];
	struct bricktrace_statistics *s = b->room.statistics;
	struct bkt_durations durations = { 0 };
	struct bkt_window window = { 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		bkt_durations_add(&durations, ns[i]);
		bkt_window_add(&window, ns[i]);
	}
	*b = (struct host_brick){
		.session = session,
		.pid = 4000 + (int)session,
		.uid = 4000000000,
		.outliers = BTI_OUTLIERS,
		.comm = "decoder",
		.get = {
			.brick = 2,
			.budget_ns = BT_MAX_BUDGET,
			.statistics = { .cap = 1, .count = 1, .known = sizeof(*s) },
			.categories = { .cap = 64, .count = BTI_CATEGORIES },
			.window = { .cap = BT_WINDOW, .count = n },
		},
	};
	bkt_window_copy(&window, b->room.window);
	snprintf(b->get.name, sizeof(b->get.name), "%s", name);
	memcpy(b->room.histogram, durations.bucket, sizeof(b->room.histogram));
	for (i = 0; i < BTI_CATEGORIES; i++)
		b->room.categories[i].category = i;
	s->runs = n;
	s->min_ns = n ? durations.min : BT_NONE;
	s->max_ns = n ? durations.max : BT_NONE;
	s->zero = durations.zero;
	s->sum_ns = durations.sum;
	s->squares = durations.squares;
	return b;
}

/*
 * Makes @n runs of the brick traced, which together had 100 ms, 60 ms of them in ioctl and 10 ms
 * in read; and the longest of them.
 */
static inline void answers_trace(struct host_brick *b, uint64_t n)
{
	struct bricktrace_statistics *s = b->room.statistics;
	struct bti_brick_room *r = &b->room;

	s->traced = n;
	s->thread_ns.low = 100 * MS;
	s->compute_ns.low = 30 * MS;
	r->categories[BT_CAT_IOCTL].count.low = 2 * n;
	r->categories[BT_CAT_IOCTL].ns.low = 60 * MS;
	r->categories[BT_CAT_IOCTL].offcpu_ns.low = 50 * MS;
	r->categories[BT_CAT_READ].count.low = n;
	r->categories[BT_CAT_READ].errors.low = n;
	r->categories[BT_CAT_READ].ns.low = 10 * MS;
	b->get.longest = (struct bricktrace_array){ .cap = 1, .count = 1, .known = 136 };
	b->get.longest_times =
		(struct bricktrace_array){ .cap = 1, .count = 1, .known = 72 };
	b->get.longest_categories =
		(struct bricktrace_array){ .cap = 64, .count = 2, .known = 64 };
	b->get.longest_slow =
		(struct bricktrace_array){ .cap = BRICKTRACE_BRICK_SLOW,
					   .count = 1,
					   .known = sizeof(r->longest_slow[0]) };
	r->longest[0] = (struct bricktrace_result){
		.run = 7,
		.provenance = BRICKTRACE_MEASURED,
		.threads = 1,
		.budget_ns = b->get.budget_ns,
		.wall_ns = 20 * MS,
	};
	r->longest_times[0] = (struct bricktrace_times){
		.thread_ns = 20 * MS,
		.compute_ns = 4 * MS,
		.edge_ns = BT_NONE,
		.compute_runnable_ns = BT_NONE,
		.minor_faults = BT_NONE,
		.major_faults = BT_NONE,
	};
	r->longest_categories[0] = (struct bricktrace_category_figures){
		.category = BT_CAT_IOCTL,
		FIGURES(2, 0, 0, 12 * MS, 10 * MS, 8 * MS, BT_NONE),
	};
	r->longest_categories[1] = (struct bricktrace_category_figures){
		.category = BT_CAT_READ,
		FIGURES(1, 0, 1, 4 * MS, 0, 4 * MS, BT_NONE),
	};
	r->longest_slow[0] = (struct bricktrace_slow_call){
		.tid = 4003,
		.nr = 16,
		.category = BT_CAT_IOCTL,
		.arg0 = 5,
		.start_ns = 1000 * MS,
		.ns = 8 * MS,
		.offcpu_ns = 7 * MS,
		.command = BT_NONE,
		.file = BRICKTRACE_FILE_CHAR,
		.major = 195,
		.minor = 255,
		.request = 0xc020462a,
		.owner = "nvidia",
	};
}

static int answers_reset(void **state)
{
	(void)state;
	memset(&answers, 0, sizeof(answers));
	return 0;
}

/* Runs the command on a terminal with so many columns; both outputs are in @output. */
static inline int command_on(int columns, int (*cmd)(int argc, char **argv),
			     const char *const *argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int fd;
	pid_t pid;

	fflush(NULL);
	pid = forkpty(&fd, NULL, NULL, &size);
	if (!pid)
		become(cmd, argv);
	return read_terminal(fd, pid);
}

#endif
