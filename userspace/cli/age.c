// SPDX-License-Identifier: MIT
/* How long something has lasted, in few columns. */
#include <stdio.h>

#include "age.h"

const char *age_text(uint64_t ns, char text[AGE_LEN])
{
	double s = ns / 1e9;

	if (s < 60)
		snprintf(text, AGE_LEN, "%.1f s", s);
	else if (s < 3600)
		snprintf(text, AGE_LEN, "%.1f min", s / 60);
	else if (s < 86400)
		snprintf(text, AGE_LEN, "%.1f h", s / 3600);
	else
		snprintf(text, AGE_LEN, "%.1f d", s / 86400);
	return text;
}
