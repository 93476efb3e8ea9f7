// SPDX-License-Identifier: MIT
/*
 * many: opens sessions with more bricks than a host may have series of metrics, closes a run of
 * each, and then says "ready". It ends when its standard input does.
 */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include <bricktrace.h>

#define SESSIONS 3
#define BRICKS	 1000

static void must(int err, const char *what)
{
	if (err)
		errx(1, "%s: %s", what, bt_error_text());
}

static void fill(struct bt_tracer *tracer)
{
	struct bt_brick *brick;
	struct bt_run *run;
	char name[BT_NAME_LEN];

	for (int i = 0; i < BRICKS; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		must(bt_brick_define(tracer, name, BT_NONE, &brick), "bt_brick_define");
		must(bt_run_open(tracer, brick, BT_MEASURE, BT_SCOPE_THREAD, &run),
		     "bt_run_open");
		must(bt_run_close(run, NULL), "bt_run_close");
	}
}

int main(void)
{
	struct bt_tracer *tracers[SESSIONS];
	char end;
	int i;

	for (i = 0; i < SESSIONS; i++) {
		must(bt_tracer_new(&tracers[i]), "bt_tracer_new");
		fill(tracers[i]);
	}
	warnx("ready");
	if (read(STDIN_FILENO, &end, 1))
		warn("standard input");
	for (i = 0; i < SESSIONS; i++)
		bt_tracer_free(tracers[i]);
	return 0;
}
