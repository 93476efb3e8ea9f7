// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include "file.h"

size_t otlp_file_read(int directory, const char *name, char *text, size_t size)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t length = 0;
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text + length, size - 1 - length)) > 0)
		length += n;
	if (fd >= 0)
		close(fd);
	text[length] = 0;
	return length;
}
