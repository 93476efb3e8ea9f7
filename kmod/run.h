/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: one execution of a brick. A traced run keeps what its threads were worth
 * when it began and is the difference to what they are worth when it ends; it
 * knows no threads. Of a run of scope session that is one value of S, the
 * session's sum (base.h). Of a run of scope thread it is V of that thread, whose
 * member it has a reference to; it ends where that member leaves. A run that has
 * ended is a record (record.h).
 *
 * The session's mutex protects runs; the functions here take it.
 */
#ifndef BKT_RUN_H
#define BKT_RUN_H

#include "record.h"
#include "session.h"

/*
 * Opens a run; @run is its number and @parent that of the run around it, or 0.
 * Errors are those of BRICKTRACE_RUN_OPEN.
 */
int bkt_run_open(struct bkt_session *s, u32 brick, u32 level, u32 scope,
		 u64 *run, u64 *parent);

/*
 * Closes a run that was over at @entered, in ticks. If that succeeds the caller
 * frees @rec. Errors are those of BRICKTRACE_RUN_CLOSE.
 */
int bkt_run_close(struct bkt_session *s, u64 id, u64 entered,
		  struct bkt_record *rec);

/* A run whose number nobody was told ends without a record. */
void bkt_run_cancel(struct bkt_session *s, u64 id);

/* The session is released: ends all of its runs. */
void bkt_run_end_all(struct bkt_session *s);

#endif /* BKT_RUN_H */
