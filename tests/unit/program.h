/* SPDX-License-Identifier: MIT */
/* Running the program in a directory of the test's own; included by the tests that do. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char output[65536];

static int enter(void **state)
{
	static char dir[] = "/tmp/bricktrace-unit-XXXXXX";

	(void)state;
	return !mkdtemp(dir) || chdir(dir);
}

static int leave(void **state)
{
	char command[300], dir[256];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", getcwd(dir, sizeof(dir)));
	return system(command);
}

/* Runs a shell line in which $B is the program. Its standard output is in @output. */
static inline int run(const char *line)
{
	FILE *pipe;
	size_t n;
	int status;

	setenv("B", PROGRAM, 1);
	pipe = popen(line, "r");
	n = fread(output, 1, sizeof(output) - 1, pipe);
	output[n] = 0;
	status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Reads what the process writes to the terminal until it ends. Its output is in @output. */
static inline int read_terminal(int fd, pid_t pid)
{
	size_t n = 0;
	ssize_t more;
	int status;

	/* The terminal ends with an EIO. */
	while ((more = read(fd, output + n, sizeof(output) - 1 - n)) > 0)
		n += more;
	output[n] = 0;
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void assert_says(const char *text)
{
	if (!strstr(output, text))
		fail_msg("'%.500s' lacks '%s'", output, text);
}

static inline void write_file(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(name, "w");

	fputs(text, file);
	fclose(file);
	chmod(name, mode);
}

#endif
