/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: one execution of a brick. A traced run stores a reading from its beginning,
 * and its figures are the difference to a second reading at its end (rule "scope").
 * For a run of scope session the readings are values of the session's sum S (base.h),
 * so the run refers to no thread. For a run of scope thread they are values of V of
 * that thread; the run has a reference to the thread's member and ends when the
 * member leaves. A closed run becomes a record (record.h).
 *
 * The list of a session's runs, and what other runs read of a run, is protected by the
 * session's @runs_lock. A run that is being opened or closed belongs to the thread that
 * does so. The functions below take the locks.
 */
#ifndef BKT_RUN_H
#define BKT_RUN_H

#include "record.h"
#include "session.h"

/* The reasons that a caller may have for a run at level trace. */
#define BKT_RUN_CALLERS_WHY \
	(BRICKTRACE_WHY_CV_EXCEEDED | BRICKTRACE_WHY_EFFICIENCY_LOW | BRICKTRACE_WHY_MANUAL)

/*
 * Opens a run as BRICKTRACE_RUN_OPEN says, whose reserved fields and flags are checked
 * already. Fills in what @a returns. Returns 0 or an error of that ioctl.
 */
int bkt_run_open(struct bkt_session *s, struct bricktrace_run_open *a);

/*
 * Closes the run @id, which ended at @entered, in ticks: when the closing call was
 * entered. Returns its record, or an error of BRICKTRACE_RUN_CLOSE. The caller passes the
 * record, which holds no lock, to bkt_run_done() when it is not needed any more.
 */
struct bkt_record *bkt_run_close(struct bkt_session *s, u64 id, u64 entered);
void bkt_run_done(struct bkt_record *rec);

/* Ends, without a record, a run whose number could not be copied to user space. */
void bkt_run_cancel(struct bkt_session *s, u64 id);

/*
 * Ends all runs of a session that is being released. If a stream wants their records, they
 * are closed, newest first; at most BRICKTRACE_MAX_DEPTH of them are session-wide.
 */
void bkt_run_end_all(struct bkt_session *s);

#endif /* BKT_RUN_H */
