/* SPDX-License-Identifier: GPL-2.0 */
/* A thread whose account a test drives, with a clock that only the test moves. */
#ifndef BKT_KUNIT_THREAD_H
#define BKT_KUNIT_THREAD_H

#include <kunit/test.h>
#include "account.h"

/* The arming in which all happens. */
#define GENERATION 7

/* Stands for what the kernel has counted for current. */
extern struct bkt_counters bkt_mock_kernel;

/* An account of a thread that was forked, or that has slept since it was registered. */
struct bkt_account *account_new(struct kunit *test, bool forked);

/* An account of a thread that runs in user mode. */
struct bkt_account *account_running(struct kunit *test);

void make_call(struct bkt_account *a, unsigned long nr, long ret, u64 time);

/* The thread is off its CPU for @time. */
void off_cpu(struct bkt_account *a, u64 time);

/* V(min(@limit, now)), for which a thread that is asleep is in the call @key. */
bool try_read(struct bkt_account *a, int key, u64 limit, struct bkt_snapshot *s);
struct bkt_snapshot *read_at(struct kunit *test, struct bkt_account *a, int key, u64 limit);

/* For each test: the clock stands still, and goes on. */
int clock_stop(struct kunit *test);
void clock_continue(struct kunit *test);

/* For each suite: accounts may get tables of ioctls and lists of slow calls. */
int tables_init(struct kunit_suite *suite);
void tables_exit(struct kunit_suite *suite);

#endif /* BKT_KUNIT_THREAD_H */
