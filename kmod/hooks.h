/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoints: found by name, hooked while a traced run is open and for a
 * linger time after it.
 */
#ifndef BT_HOOKS_H
#define BT_HOOKS_H

#include <linux/types.h>

/* Finds the tracepoints and hooks those that follow threads' lives. */
int bt_hooks_init(void);
void bt_hooks_exit(void);

/*
 * A traced run needs the hooks. Arms them, which takes milliseconds, unless
 * they are. May sleep. Errors: those of tracepoint_probe_register().
 */
int bt_hooks_get(void);
void bt_hooks_put(void);

bool bt_hooks_armed(void);
u64 bt_hooks_arms(void);
unsigned int bt_hooks_linger_ms(void);

#endif /* BT_HOOKS_H */
