// SPDX-License-Identifier: MIT
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include "brick.h"
#include "check.h"

struct bricktrace_brick_get brick_args(uint32_t number, struct brick *brick)
{
	return (struct bricktrace_brick_get){
		.size = sizeof(struct bricktrace_brick_get),
		.brick = number,
		.statistics = ARRAY(&brick->s, 1),
		.histogram = ARRAY(brick->histogram, BRICKTRACE_BUCKETS),
		.categories = ARRAY(brick->category, CATEGORIES),
		.window = ARRAY(brick->window, BRICKTRACE_WINDOW),
		.assertions = ARRAY(brick->assertion, BRICKTRACE_MAX_ASSERTIONS),
		.counts = ARRAY(brick->counts, BRICKTRACE_MAX_ASSERTIONS),
		.longest = ARRAY(&brick->longest, 1),
		.longest_times = ARRAY(&brick->longest_times, 1),
		.longest_categories = ARRAY(brick->longest_category, CATEGORIES),
		.longest_slow = ARRAY(brick->slow, BRICKTRACE_BRICK_SLOW),
	};
}

static void known(const struct bricktrace_array *a, uint32_t count, const char *what)
{
	if (a->count != count || a->known != a->size)
		bail("BRICK_GET, %s: %u elements, %u known bytes", what, a->count,
		     a->known);
}

void brick_get(int fd, uint32_t number, struct brick *brick)
{
	struct bricktrace_brick_get g = brick_args(number, brick);
	bool traced;

	memset(brick, 0xee, sizeof(*brick));
	if (ioctl(fd, BRICKTRACE_BRICK_GET, &g))
		bail("BRICK_GET");
	if (g.size != sizeof(g))
		bail("BRICK_GET: size %u", g.size);
	traced = brick->s.traced;
	known(&g.statistics, 1, "statistics");
	known(&g.histogram, BRICKTRACE_BUCKETS, "histogram");
	known(&g.categories, CATEGORIES, "categories");
	known(&g.window, g.window.count, "window");
	known(&g.assertions, g.assertions.count, "assertions");
	known(&g.counts, g.assertions.count, "counts");
	known(&g.longest, traced, "longest");
	known(&g.longest_times, traced, "longest_times");
	known(&g.longest_categories, traced ? CATEGORIES : 0, "longest_categories");
	known(&g.longest_slow, g.longest_slow.count, "longest_slow");
	if (g.longest_slow.count > (traced ? BRICKTRACE_BRICK_SLOW : 0))
		bail("BRICK_GET: %u slow calls", g.longest_slow.count);
	/* Two answers can be compared, since the addresses of the arrays are left out. */
	brick->get = g;
	memset(&brick->get.statistics, 0,
	       sizeof(g) - offsetof(struct bricktrace_brick_get, statistics));
	brick->runs = g.window.count;
	brick->assertions = g.assertions.count;
	brick->slow_calls = g.longest_slow.count;
	if (!traced)
		brick->longest.run = 0;
}

void brick_reset(int fd, uint32_t number)
{
	struct bricktrace_brick_reset r = { .size = sizeof(r), .brick = number };

	if (ioctl(fd, BRICKTRACE_BRICK_RESET, &r))
		bail("BRICK_RESET");
}
