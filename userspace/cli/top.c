// SPDX-License-Identifier: MIT
/* bricktrace top, which shows what the bricks or threads of the host do, again and again. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "cell.h"
#include "cli.h"
#include "json_options.h"
#include "top.h"

/* A shorter delay would show little but the cost of reading. */
#define TOP_LEAST_NS UINT64_C(10000000)

enum { TOP_FILTER = 256, TOP_PID, TOP_PLAIN, TOP_SESSION, TOP_SORT };

struct top_options {
	const char *sort;
	uint32_t count; /* of updates; 0 without end */
	uint32_t done;
	bool plain;
	struct json_options json;
};

static void top_help(void)
{
	fputs("Usage: bricktrace top [OPTIONS]\n\n"
	      "Shows what the bricks, or the followed threads, of the host did since the last\n"
	      "update, until q or ^C; the key h lists the keys. Without a terminal, and with\n"
	      "--plain, a table is printed for each update.\n\n"
	      "  -b, --bricks       begin with the bricks (default)\n"
	      "  -t, --threads      begin with the threads\n"
	      "  -d, --delay TIME   the time between updates: 2, 2s, 500ms (a plain number is\n"
	      "                     seconds; default 1s)\n"
	      "  -n, --count N      end after N updates\n"
	      "      --sort KEY     sort by this column. Of bricks: session, pid, program, runs,\n"
	      "                     mean, over, traced, cv, mode, most, brick (default runs); of\n"
	      "                     threads: session, pid, tid, calls, time, offcpu, errors,\n"
	      "                     most, program (default calls)\n"
	      "      --filter TEXT  only rows with this text: a part of the name of the program\n"
	      "                     or brick, or the number of a process or thread\n"
	      "      --pid PID      only threads of this process, or bricks of its sessions\n"
	      "      --session ID   only this session\n"
	      "      --plain        print tables on a terminal, too\n"
	      "  -j, --json         print JSON, an object on a line for each update\n" JSON_HELP
	      "Exits with 0, 1 if the module cannot be asked, 125 if bricktrace itself fails.\n",
	      stdout);
}

const char *top_set_delay(struct top *top, const char *text)
{
	uint64_t ns;
	const char *wrong = parse_duration(text, &ns);

	if (wrong)
		return wrong;
	if (ns < TOP_LEAST_NS)
		return "the least time is 10 ms";
	top->delay_ns = ns;
	return NULL;
}

static int top_parse_filter(struct top *top)
{
	if (strlen(optarg) >= sizeof(top->text)) {
		complain("bad filter '%s': no name has more than 63 bytes", optarg);
		return EXIT_OWN;
	}
	strcpy(top->text, optarg);
	return -1;
}

static int top_parse_delay(struct top *top)
{
	const char *wrong = top_set_delay(top, optarg);

	if (!wrong)
		return -1;
	complain("bad delay '%s': %s", optarg, wrong);
	return EXIT_OWN;
}

static int top_parse_option(int c, struct top *top, struct top_options *o)
{
	uint32_t n = 0;
	int status;

	switch (c) {
	case 'b':
		top->view = RATES_BRICKS;
		return -1;
	case 't':
		top->view = RATES_THREADS;
		return -1;
	case 'd':
		return top_parse_delay(top);
	case 'n':
		return parse_number("number of updates", "--count", 1, UINT32_MAX,
				    &o->count);
	case TOP_FILTER:
		return top_parse_filter(top);
	case TOP_PID:
		status = parse_number("process", "--pid", 1, INT32_MAX, &n);
		top->filter.pid = (int32_t)n;
		return status;
	case TOP_PLAIN:
		o->plain = true;
		return -1;
	case TOP_SESSION:
		return host_parse_session(optarg, &top->filter.session);
	case TOP_SORT:
		o->sort = optarg;
		return -1;
	default:
		return json_options_parse(c, &o->json, top_help);
	}
}

static const struct column *top_default(enum rates_view view)
{
	return column_named(view, view == RATES_BRICKS ? "runs" : "calls");
}

static int top_parse_sort(struct top *top, const char *key)
{
	top->by = key ? column_named(top->view, key) : top_default(top->view);
	if (top->by)
		return -1;
	complain("unknown sort key '%s'; bricktrace top --help lists those of bricks and those of threads",
		 key);
	return EXIT_OWN;
}

/* Returns -1 to go on, or the status to exit with. */
static int top_parse(int argc, char **argv, struct top *top, struct top_options *o)
{
	static const struct option words[] = {
		OPTION("bricks", no_argument, 'b'),
		OPTION("count", required_argument, 'n'),
		OPTION("delay", required_argument, 'd'),
		OPTION("filter", required_argument, TOP_FILTER),
		JSON_WORDS,
		OPTION("pid", required_argument, TOP_PID),
		OPTION("plain", no_argument, TOP_PLAIN),
		OPTION("session", required_argument, TOP_SESSION),
		OPTION("sort", required_argument, TOP_SORT),
		OPTION("threads", no_argument, 't'),
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 &&
	       (c = next_option(argc, argv, ":bd:n:t" JSON_LETTERS, words)) != -1)
		status = top_parse_option(c, top, o);
	if (status >= 0)
		return status;
	if (argv[optind]) {
		complain("unexpected argument '%s': top shows the whole host; --pid, --session and --filter select",
			 argv[optind]);
		return EXIT_OWN;
	}
	return top_parse_sort(top, o->sort);
}

void top_choose(struct top *top)
{
	size_t i;

	top->n = 0;
	for (i = 0; i < top->now.n; i++)
		if (rates_matches(&top->now.item[i], top->text))
			top->rows[top->n++] = &top->now.item[i];
	column_sort(top->by, top->reverse, top->rows, top->n);
}

void top_switch(struct top *top, enum rates_view view)
{
	if (top->view == view)
		return;
	top->view = view;
	top->by = top_default(view);
	top->reverse = top->paused = false;
	top->due = true;
}

/* Returns 0, or the status to exit with after saying why. */
static int top_read(struct top *top)
{
	struct rates next;
	int status = rates_read(&next, top->view, top->host, &top->filter);

	if (status)
		return status;
	rates_compare(&next, &top->now);
	rates_free(&top->now);
	top->now = next;
	free(top->rows);
	top->rows = calloc(next.n ?: 1, sizeof(*top->rows));
	if (!top->rows) {
		complain("no memory");
		return EXIT_OWN;
	}
	top_choose(top);
	top->due = false;
	return 0;
}

/* Prints an update. Returns false if nobody takes it, which main() will say. */
static bool top_print(const struct top *top, const struct top_options *o)
{
	int width = isatty(STDOUT_FILENO) ? terminal_columns(stdout) : CELL_WHOLE;

	if (o->json.wanted) {
		listing_print_json(stdout, top, &o->json);
	} else {
		if (o->done > 1)
			putchar('\n');
		listing_print_head(stdout, top, width);
		listing_print(stdout, top, width, 0, SIZE_MAX);
	}
	return !fflush(stdout) && !ferror(stdout);
}

/* Waits for a signal, for keys, for another size of the terminal, or for the next update. */
static int top_wait(const struct top *top, struct pollfd fds[2])
{
	uint64_t now = monotonic_ns(), next = top->now.read_ns + top->delay_ns;
	uint64_t left = next > now ? next - now : 0;
	const struct timespec ts = { .tv_sec = (time_t)(left / 1000000000),
				     .tv_nsec = (long)(left % 1000000000) };
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, SIGWINCH);
	fds[0].revents = fds[1].revents = 0;
	if (ppoll(fds, 2, top->paused ? NULL : &ts, &mask) >= 0 || errno == EINTR)
		return 0;
	complain("cannot wait: %s", strerror(errno));
	return EXIT_OWN;
}

/* Reads and prints if it is time. Returns 0, or the status to exit with. */
static int top_update(struct top *top, struct top_options *o, bool screen)
{
	bool timely = !top->paused && monotonic_ns() - top->now.read_ns >= top->delay_ns;
	int status;

	if (!timely && !top->due)
		return 0;
	status = top_read(top);
	if (status || !timely)
		return status;
	o->done++;
	top->ended = (!screen && !top_print(top, o)) || o->done == o->count;
	return 0;
}

static int top_follow(struct top *top, struct top_options *o, struct screen *screen)
{
	struct pollfd fds[2] = {
		{ .fd = watch_signals(), .events = POLLIN },
		{ .fd = screen->terminal ? STDIN_FILENO : -1, .events = POLLIN },
	};
	int status = top_read(top);

	if (fds[0].fd < 0) {
		complain("cannot wait for signals: %s", strerror(errno));
		return EXIT_OWN;
	}
	while (!status && !top->ended) {
		if (screen->terminal)
			screen_draw(screen, top);
		status = top_wait(top, fds);
		/* A terminal that has gone is at its end, which is not a key. */
		if (status || fds[0].revents || (fds[1].revents & ~POLLIN))
			break;
		if (screen->terminal)
			screen_take_keys(screen, top);
		status = top_update(top, o, screen->terminal);
	}
	close(fds[0].fd);
	return status;
}

static bool top_has_terminal(const struct top_options *o)
{
	const char *terminal = getenv("TERM");

	return !o->json.wanted && !o->plain && isatty(STDIN_FILENO) &&
	       isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

int cmd_top(int argc, char **argv)
{
	struct top top = { .delay_ns = 1000000000 };
	struct top_options options = { 0 };
	struct screen screen = { 0 };
	int status = top_parse(argc, argv, &top, &options);

	if (status >= 0)
		return status;
	status = host_open(&top.host, false);
	if (status)
		return status;
	if (top_has_terminal(&options))
		screen_begin(&screen);
	status = top_follow(&top, &options, &screen);
	screen_end(&screen);
	host_close(top.host);
	rates_free(&top.now);
	free(top.rows);
	return status;
}
