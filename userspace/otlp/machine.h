/* SPDX-License-Identifier: MIT */
/* The machine that the exporter runs on. */
#ifndef OTLP_MACHINE_H
#define OTLP_MACHINE_H

struct otlp_machine {
	const char *root; /* what absolute paths begin with: "", or a directory of a test */
	char id[33];	  /* the machine ID, 32 hexadecimal digits, or empty */
	char boot[37];	  /* the boot ID, a UUID, or empty */
};

/* @root must outlive @machine. */
void otlp_machine_read(struct otlp_machine *machine, const char *root);

/* Opens a directory by its absolute path below the root. Returns a descriptor or -1. */
int otlp_machine_open(const struct otlp_machine *machine, const char *path);

/* Returns OpenTelemetry's name of a machine that `uname -m` names. */
const char *otlp_machine_arch(const char *name);

#endif
