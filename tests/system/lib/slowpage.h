/* SPDX-License-Identifier: MIT */
/* One page, on which a thread that touches it waits for as long as the test likes. */
#ifndef TEST_SLOWPAGE_H
#define TEST_SLOWPAGE_H

#include <stdbool.h>

/* Makes writes to the page wait or, if @missing, any access to the page, now empty. */
void slow_page(void *page, bool missing);
/* Waits until a thread waits for the page. */
void slow_wait(void);
/* Lets that thread continue; a missing page gets @contents. */
void slow_serve(void *page, const void *contents);
/* Takes the page away, so that the access of that thread fails. */
void slow_fail(void *page);

#endif /* TEST_SLOWPAGE_H */
