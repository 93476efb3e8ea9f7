// SPDX-License-Identifier: MIT
/*
 * peer OBJECT FILE COMMAND...: runs COMMAND under the BPF programs in OBJECT and writes
 * to FILE, for each system call of the threads that exited, its number, calls, errors,
 * nanoseconds and longest nanoseconds. Its exit status is COMMAND's.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct figures {
	unsigned long long count, errors, ns, max_ns;
};

int main(int argc, char **argv)
{
	struct bpf_program *program;
	struct bpf_object *object;
	struct figures f;
	int pidfd, accounts, totals, status, go[2];
	size_t size;
	void *zero;
	pid_t pid;
	FILE *out;
	char c;

	if (argc < 4)
		errx(2, "usage: peer OBJECT FILE COMMAND...");
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object))
		err(1, "%s", argv[1]);
	accounts = bpf_object__find_map_fd_by_name(object, "accounts");
	totals = bpf_object__find_map_fd_by_name(object, "totals");
	if (pipe(go))
		err(1, "pipe");
	pid = fork();
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1) != 1)
			_exit(125);
		execvp(argv[3], argv + 3);
		err(127, "%s", argv[3]);
	}
	size = bpf_map__value_size(bpf_object__find_map_by_name(object, "accounts"));
	zero = calloc(1, size);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (!zero || pidfd < 0 || bpf_map_update_elem(accounts, &pidfd, zero, BPF_ANY))
		err(1, "cannot create the task storage of process %d", pid);
	bpf_object__for_each_program(program, object) if (!bpf_program__attach(program))
		err(1, "%s", bpf_program__name(program));
	if (write(go[1], "", 1) != 1 || waitpid(pid, &status, 0) != pid)
		err(1, "%s", argv[3]);
	out = fopen(argv[2], "we");
	if (!out)
		err(1, "%s", argv[2]);
	for (int i = 0; !bpf_map_lookup_elem(totals, &i, &f); i++)
		if (f.count)
			fprintf(out, "%d %llu %llu %llu %llu\n", i, f.count, f.errors,
				f.ns, f.max_ns);
	fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
