// SPDX-License-Identifier: MIT
/* The list of outputs. */
#include <string.h>

#include "output.h"

#define ADDRESS(name) &output_##name,

const struct output *const outputs[] = { OUTPUTS(ADDRESS) NULL };

const struct output *output_named(const char *name)
{
	const struct output *const *o = outputs;

	while (*o && strcmp((*o)->name, name))
		o++;
	return *o;
}
