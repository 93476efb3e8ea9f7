/* SPDX-License-Identifier: MIT */
/*
 * Streams of finished runs: how a test opens one, reads its records and accounts for them.
 * A function ends the test if its ioctl or read fails, except for try_stream().
 */
#ifndef TEST_STREAM_H
#define TEST_STREAM_H

#include <linux/bricktrace.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clock.h"
#include "result.h"

/* The argument @levels of a stream that has all runs. */
#define STREAM_ALL (BRICKTRACE_STREAM_MEASURE | BRICKTRACE_STREAM_TRACE)

/* Opens the stream of @fd as @o says, except for its size; 0 or a negative error number. */
int try_stream(int fd, struct bricktrace_stream_open o);
/* Opens the stream, with all runs, of a file that has O_NONBLOCK from then on. */
void stream_begin(int fd, uint32_t scope, u64 ring_bytes);
struct bricktrace_stream stream_get(int fd);
/* Is each run that matched delivered, lost or waiting? */
bool stream_exact(const struct bricktrace_stream *s);

/* What one thread reads from a stream, whose only reader the thread is. */
struct reader {
	int fd;
	char *buffer;
	size_t size, got, at; /* of the buffer, its records, and those that were used */
	u64 sequence;	      /* of the record that was used last, or of its last run */
	u64 runs;	      /* the number of records of runs */
	u64 lost;	      /* the sum of the records of losses */
	bool good;	      /* each record was valid and in its place */
};

/* With a buffer of @size bytes, at least BRICKTRACE_RECORD_MAX. */
struct reader reader_new(int fd, size_t size);
/*
 * Returns the next record, which is valid until the next call, or NULL if there is none now.
 * A record that is not valid, or whose sequence does not follow, ends @good; the output says
 * why. Waits for a record unless the file has O_NONBLOCK.
 */
const struct bricktrace_record *reader_next(struct reader *r);
/* Waits for the record of a run, for ten seconds at most; a loss ends the test. */
const struct bricktrace_record_run *reader_run(struct reader *r);
/* Reads what there is now, and returns the number of runs. */
u64 reader_drain(struct reader *r);
/* Have the records and STREAM_GET the same counts, of @matched runs, of which none waits? */
bool reader_exact(const struct reader *r, u64 matched);

/* The two parts that each record of a run has. */
const struct bricktrace_origin *record_origin(const struct bricktrace_record_run *r);
const struct bricktrace_result *record_result(const struct bricktrace_record_run *r);
/* The completed calls of a native system call, inclusive. */
u64 record_calls(const struct bricktrace_record_run *r, uint32_t nr);
/*
 * Does the record have, byte by byte, what RUN_CLOSE gave? Elements that did not fit into a
 * record are not compared. The output says what differs.
 */
bool record_same(const struct bricktrace_record_run *r, const struct run *run);

#endif /* TEST_STREAM_H */
