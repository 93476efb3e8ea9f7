/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A name that user space gives to something: it is shown on terminals and exported
 * in formats that take UTF-8 only.
 */
#ifndef BKT_NAME_H
#define BKT_NAME_H

#include <linux/types.h>

/* Whether a string is UTF-8 (RFC 3629) without control characters. */
bool bkt_name_valid(const char *name);

#endif /* BKT_NAME_H */
