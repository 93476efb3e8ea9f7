/* SPDX-License-Identifier: MIT */
/* What the system says about a process while that exists. */
#ifndef OTLP_PROCESS_H
#define OTLP_PROCESS_H

#include "machine.h"
#include "resource.h"

struct otlp_process_facts {
	uint64_t created_unix_ns; /* 0: not known */
	char name[65];		  /* as in `ps -o comm`; empty: not known */
	char command[256]; /* what it was started as, without arguments; empty: not known */
};

/*
 * Opens the directory of a process in /proc. Returns -1 without changing @facts if it does not
 * exist any more, or if there is no certainty that it is the process and not one which got its
 * number later. Otherwise returns a descriptor, which never shows another process, and sets @facts.
 */
int otlp_process_open(const struct otlp_machine *machine,
		      const struct otlp_process *process, struct otlp_process_facts *facts);

#endif
