// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "file.h"

#define CONTAINER_ID_LEN 64

/* The kernel's FILEID_KERNFS, which no header of user space has: the number of the cgroup. */
#define CONTAINER_HANDLE_TYPE 0xfe

static const char container_digits[] = "0123456789abcdef";

/* Whether @text has at most @length bytes and ends with @end, and then its length without that. */
static bool container_ends(const char *text, size_t length, const char *end, size_t *rest)
{
	*rest = length - strlen(end);
	return length >= strlen(end) && !memcmp(text + *rest, end, strlen(end));
}

/*
 * Names of cgroups of containers are ID, RUNTIME-ID.scope or SLICE:RUNTIME:ID. The monitors of
 * containers have the same names, but for the word conmon.
 */
static void container_parse_id(const char *name, size_t length, struct otlp_container *c)
{
	size_t rest;
	const char *id;

	if (container_ends(name, length, ".scope", &rest))
		length = rest;
	if (length < CONTAINER_ID_LEN)
		return;
	id = name + length - CONTAINER_ID_LEN;
	if (strspn(id, container_digits) < CONTAINER_ID_LEN ||
	    (id > name && !strchr("-:", id[-1])) ||
	    container_ends(name, id - name, "conmon-", &rest))
		return;
	snprintf(c->id, sizeof(c->id), "%s", id);
}

/* Copies a UUID, in which systemd needs a '_' for each '-', or 32 digits, as static pods have. */
static void container_copy_pod(const char *uid, size_t length, struct otlp_container *c)
{
	static const char dashes[] = "00000000-0000-0000-0000-000000000000";
	size_t i;

	if (length != 36 && length != 32)
		return;
	for (i = 0; i < length; i++)
		if (length == 36 && dashes[i] == '-' ? !strchr("-_", uid[i]) :
						       !strchr(container_digits, uid[i]))
			return;
	for (i = 0; i < length; i++)
		c->pod[i] = uid[i] == '_' ? '-' : uid[i];
	c->pod[i] = 0;
}

/* Names of cgroups of pods are podUID or ...-podUID.slice, and more may follow a ':'. */
static void container_parse_pod(const char *name, size_t length, struct otlp_container *c)
{
	const char *colon = memchr(name, ':', length), *pod;
	size_t rest;

	if (colon)
		length = colon - name;
	if (container_ends(name, length, ".slice", &rest))
		length = rest;
	pod = memmem(name, length, "-pod", 4);
	pod = pod ? pod + 1 : name;
	if (name + length - pod > 3 && !memcmp(pod, "pod", 3))
		container_copy_pod(pod + 3, name + length - pod - 3, c);
}

void otlp_container_parse(const char *path, struct otlp_container *c)
{
	bool kubernetes = strstr(path, "kubepods");
	size_t length;

	*c = (struct otlp_container){ 0 };
	for (; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		container_parse_id(path, length, c);
		if (kubernetes)
			container_parse_pod(path, length, c);
	}
}

/* Returns a descriptor of the cgroup2 file system, which has its own place beside cgroup1. */
static int container_mount(const struct otlp_machine *m)
{
	int fd = otlp_machine_open(m, "/sys/fs/cgroup/unified");

	return fd >= 0 ? fd : otlp_machine_open(m, "/sys/fs/cgroup");
}

/* Asks the kernel for the path of a cgroup, which needs CAP_DAC_READ_SEARCH. */
static bool container_ask(int mount, uint64_t cgroup, char path[PATH_MAX])
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(cgroup)];
	} u = { .handle = { .handle_bytes = sizeof(cgroup),
			    .handle_type = CONTAINER_HANDLE_TYPE } };
	char link[32];
	ssize_t n;
	int fd;

	memcpy(u.handle.f_handle, &cgroup, sizeof(cgroup));
	fd = open_by_handle_at(mount, &u.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	close(fd);
	path[n < 0 ? 0 : n] = 0;
	return n > 0;
}

/* A process may have left the cgroup, whose number is that of its directory's inode. */
static bool container_follow(int mount, uint64_t cgroup, int process, char path[PATH_MAX])
{
	char text[PATH_MAX] = "\n", *line;
	struct stat stat;

	otlp_file_read(process, "cgroup", text + 1, sizeof(text) - 1);
	line = strstr(text, "\n0::/");
	if (!line)
		return false;
	snprintf(path, PATH_MAX, ".%.*s", (int)strcspn(line + 4, "\n"), line + 4);
	return !fstatat(mount, path, &stat, 0) && stat.st_ino == cgroup;
}

void otlp_container_find(const struct otlp_machine *m, uint64_t cgroup, int process,
			 struct otlp_container *c)
{
	int mount = cgroup ? container_mount(m) : -1;
	char path[PATH_MAX];

	*c = (struct otlp_container){ 0 };
	if (mount < 0)
		return;
	if (container_ask(mount, cgroup, path) ||
	    (process >= 0 && container_follow(mount, cgroup, process, path)))
		otlp_container_parse(path, c);
	close(mount);
}
