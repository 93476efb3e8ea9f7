/* SPDX-License-Identifier: MIT */
/* Running commands of the program in a process of their own; included by the tests that do. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <fcntl.h>

#include "program.h"

static char errors[16384];

/* A file that does not exist is empty. */
static inline void read_file(const char *name, char *to, size_t size)
{
	FILE *file = fopen(name, "r");
	size_t n = 0;

	if (file) {
		n = fread(to, 1, size - 1, file);
		fclose(file);
	}
	to[n] = 0;
}

static inline void redirect(int fd, const char *name)
{
	dup2(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600), fd);
}

/* Runs the command in this process, which it ends. A command that does not end fails the test. */
static inline void become(int (*cmd)(int argc, char **argv), const char *const *argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	alarm(20);
	optind = 1;
	/* exit() looks for leaks of memory. */
	exit(cmd(argc, (char **)argv));
}

/* Waits for the process, of which standard output is in @output and standard error in @errors. */
static inline int finish(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	read_file("stdout", output, sizeof(output));
	read_file("stderr", errors, sizeof(errors));
	if (!WIFEXITED(status))
		fail_msg("signal %d: %s", WTERMSIG(status), errors);
	return WEXITSTATUS(status);
}

static inline int command(int (*cmd)(int argc, char **argv), const char *const *argv)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		redirect(STDOUT_FILENO, "stdout");
		redirect(STDERR_FILENO, "stderr");
		become(cmd, argv);
	}
	return finish(pid);
}

static inline void assert_complains(const char *text)
{
	if (!strstr(errors, text))
		fail_msg("'%s' lacks '%s'", errors, text);
}

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
