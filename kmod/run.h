/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: one execution of a brick. A traced run stores a reading from its beginning,
 * and its figures are the difference to a second reading at its end (rule "scope").
 * For a run of scope session the readings are values of the session's sum S (base.h),
 * so the run refers to no thread. For a run of scope thread they are values of V of
 * that thread; the run has a reference to the thread's member and ends when the
 * member leaves. A closed run becomes a record (record.h).
 *
 * The session's lock protects its runs. The functions below take it.
 */
#ifndef BKT_RUN_H
#define BKT_RUN_H

#include "record.h"
#include "session.h"

/*
 * Opens a run. Sets @run to its number and @parent to the number of the run that
 * encloses it, or 0. Returns 0 or an error of BRICKTRACE_RUN_OPEN.
 */
int bkt_run_open(struct bkt_session *s, u32 brick, u32 level, u32 scope,
		 u64 *run, u64 *parent);

/*
 * Closes the run @id, which ended at @entered, in ticks: when the closing call was
 * entered. Returns 0, and then the caller frees @rec, or an error of
 * BRICKTRACE_RUN_CLOSE.
 */
int bkt_run_close(struct bkt_session *s, u64 id, u64 entered,
		  struct bkt_record *rec);

/* Ends, without a record, a run whose number could not be copied to user space. */
void bkt_run_cancel(struct bkt_session *s, u64 id);

/* Ends all runs of a session that is being released. */
void bkt_run_end_all(struct bkt_session *s);

#endif /* BKT_RUN_H */
