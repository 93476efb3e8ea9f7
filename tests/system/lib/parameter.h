/* SPDX-License-Identifier: MIT */
/* Parameters of kernel modules. A function that sets one returns its previous value. */
#ifndef TEST_PARAMETER_H
#define TEST_PARAMETER_H

/* Parameters of bricktrace and of the test module perturb. */
unsigned int parameter(const char *name, unsigned int value);
unsigned int perturb(const char *name, unsigned int value);

/* How long the hooks stay armed after the last session. */
void linger(unsigned int ms);

#endif /* TEST_PARAMETER_H */
