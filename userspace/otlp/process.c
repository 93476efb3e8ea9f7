// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/utf8.h"
#include "file.h"
#include "process.h"

#define PROCESS_SECOND UINT64_C(1000000000)

/*
 * The kernel tells in ticks, of mostly 10 ms, when a process was created. Nobody gets the number of
 * a process that existed so shortly ago.
 */
#define PROCESS_TOLERANCE (PROCESS_SECOND / 10)

static uint64_t process_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * PROCESS_SECOND + t.tv_nsec;
}

/* /proc/stat has the time of the boot too, but only in seconds. */
static uint64_t process_created(uint64_t ticks)
{
	uint64_t now = process_clock(CLOCK_REALTIME), boot = process_clock(CLOCK_BOOTTIME);
	uint64_t hz = sysconf(_SC_CLK_TCK);

	return now - boot + ticks / hz * PROCESS_SECOND + ticks % hz * PROCESS_SECOND / hz;
}

/*
 * Parses the line "PID (NAME) STATE ...". The name may have any characters, so that the last
 * parenthesis ends it. The time of creation is the twentieth field behind it.
 */
static bool process_parse(char *stat, const char **name, uint64_t *ticks)
{
	char *end = strrchr(stat, ')'), *field = end;
	int i;

	*name = strchr(stat, '(');
	for (i = 0; field && i < 20; i++)
		field = strchr(field + 1, ' ');
	if (!*name || !field || *name > end)
		return false;
	++*name;
	*end = 0;
	*ticks = strtoull(field, NULL, 10);
	return true;
}

/* Some programs write what they do in the place of their name, which is not for others. */
static void process_read_command(int fd, struct otlp_process_facts *f)
{
	char text[sizeof(f->command)];
	size_t n = otlp_file_read(fd, "cmdline", text, sizeof(text));

	if (strlen(text) < n && !strchr(text, ' '))
		bti_utf8_copy(f->command, sizeof(f->command), text, BTI_UTF8_KEEP_CONTROLS);
}

int otlp_process_open(const struct otlp_machine *m, const struct otlp_process *p,
		      struct otlp_process_facts *f)
{
	char path[32], stat[1024];
	uint64_t ticks, created;
	const char *name;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", p->pid);
	fd = p->local && p->pid > 0 ? otlp_machine_open(m, path) : -1;
	if (fd < 0)
		return -1;
	otlp_file_read(fd, "stat", stat, sizeof(stat));
	if (!process_parse(stat, &name, &ticks))
		goto other;
	created = process_created(ticks);
	if (p->seen_unix_ns ? created > p->seen_unix_ns + PROCESS_TOLERANCE :
			      strcmp(name, p->comm) != 0)
		goto other;
	f->created_unix_ns = created;
	bti_utf8_copy(f->name, sizeof(f->name), name, BTI_UTF8_KEEP_CONTROLS);
	process_read_command(fd, f);
	return fd;
other:
	close(fd);
	return -1;
}
