/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names that user space gives. They are shown on terminals and exported in formats
 * that accept nothing but UTF-8.
 */
#ifndef BKT_NAME_H
#define BKT_NAME_H

#include <linux/types.h>

/* Whether a name is valid UTF-8 (RFC 3629) without control characters. */
bool bkt_name_valid(const char *name);

#endif /* BKT_NAME_H */
