// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check.h"
#include "parameter.h"

void write_text(const char *path, const char *text)
{
	int f = open(path, O_WRONLY | O_CLOEXEC);

	if (f < 0 || write(f, text, strlen(text)) < 0)
		bail("%s", path);
	close(f);
}

static unsigned int parameter_of(const char *module, const char *name, unsigned int value)
{
	char path[96], text[16] = "";
	unsigned int was;
	int f;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	f = open(path, O_RDWR | O_CLOEXEC);
	if (f < 0 || read(f, text, sizeof(text) - 1) < 0)
		bail("%s", path);
	was = *text == 'Y' ? 1 : atoi(text);
	snprintf(text, sizeof(text), "%u", value);
	if (pwrite(f, text, strlen(text), 0) < 0)
		bail("%s=%u", path, value);
	close(f);
	return was;
}

unsigned int parameter(const char *name, unsigned int value)
{
	return parameter_of("bricktrace", name, value);
}

unsigned int perturb(const char *name, unsigned int value)
{
	return parameter_of("perturb", name, value);
}

void linger(unsigned int ms)
{
	parameter("linger_ms", ms);
}
