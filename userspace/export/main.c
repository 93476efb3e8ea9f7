// SPDX-License-Identifier: MIT
/* The program bricktrace-export. */
#include <stdio.h>

#include "service.h"

int main(int argc, char **argv)
{
	/* A line of the log is one message. */
	setlinebuf(stderr);
	return export_main(argc, argv);
}
