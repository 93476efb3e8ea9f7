/* SPDX-License-Identifier: MIT */
/* Parameters of kernel modules, and other files in which the kernel takes a value. */
#ifndef TEST_PARAMETER_H
#define TEST_PARAMETER_H

/* Writes to an existing file. */
void write_text(const char *path, const char *text);

/* Set a parameter of bricktrace or of the test module perturb; return its old value. */
unsigned int parameter(const char *name, unsigned int value);
unsigned int perturb(const char *name, unsigned int value);

/* How long the hooks stay armed after the last session. */
void linger(unsigned int ms);

#endif /* TEST_PARAMETER_H */
