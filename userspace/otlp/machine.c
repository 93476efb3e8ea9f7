// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "machine.h"

/* Reads the line of a file, which has exactly @size - 1 of these characters, or nothing. */
static void machine_read_id(const char *root, const char *path, const char *characters,
			    char *id, size_t size)
{
	char whole[PATH_MAX], text[64];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	otlp_file_read(AT_FDCWD, whole, text, sizeof(text));
	if (strspn(text, characters) == size - 1 &&
	    (!text[size - 1] || text[size - 1] == '\n'))
		memcpy(id, text, size - 1);
}

void otlp_machine_read(struct otlp_machine *m, const char *root)
{
	static const char digits[] = "0123456789abcdef", uuid[] = "-0123456789abcdef";

	*m = (struct otlp_machine){ .root = root };
	machine_read_id(root, "/etc/machine-id", digits, m->id, sizeof(m->id));
	if (!*m->id)
		machine_read_id(root, "/var/lib/dbus/machine-id", digits, m->id,
				sizeof(m->id));
	machine_read_id(root, "/proc/sys/kernel/random/boot_id", uuid, m->boot,
			sizeof(m->boot));
}

int otlp_machine_open(const struct otlp_machine *m, const char *path)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", m->root, path);
	return open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

const char *otlp_machine_arch(const char *name)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" }, { "i386", "x86" },
		{ "i486", "x86" },     { "i586", "x86" },      { "i686", "x86" },
		{ "ppc", "ppc32" },    { "ppc64le", "ppc64" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i][0]))
			return names[i][1];
	return !strncmp(name, "arm", 3) ? "arm32" : name;
}
