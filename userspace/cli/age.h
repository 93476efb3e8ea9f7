/* SPDX-License-Identifier: MIT */
/* How long something has lasted, in few columns. */
#ifndef AGE_H
#define AGE_H

#include <stdint.h>

#define AGE_LEN 24

/* Returns a time such as "12.3 s", "4.0 min", "5.1 h" or "30.2 d". */
const char *age_text(uint64_t ns, char text[AGE_LEN]);

#endif
