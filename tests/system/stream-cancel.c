// SPDX-License-Identifier: MIT
/*
 * A run keeps its IDs when the run around it is cancelled, since the number of that one could
 * not be copied to its opener. The cancelled run has no record.
 */
#include "slowpage.h"
#include "test.h"

static const struct bricktrace_context given = { { 1, 2, 3 }, { 4, 5, 6 }, 1 };
static struct bricktrace_run_open *outer; /* a page, to which writes wait */

static void *opens_outside(void *arg)
{
	return ioctl(fd, BRICKTRACE_RUN_OPEN, outer) && errno == EFAULT ? NULL : arg;
}

/* Opens a run while another thread opens one around it, in vain; closes it, and compares. */
static void inside(const struct bricktrace_context *context, const char *what)
{
	struct bricktrace_run_open o;
	const struct bricktrace_origin *origin;
	void *opened;
	struct reader r;
	pthread_t t;

	begin("stream-cancel");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	outer = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (outer == MAP_FAILED)
		bail("mmap");
	*outer = (struct bricktrace_run_open){ .size = sizeof(*outer),
					       .brick = brick,
					       .scope = BRICKTRACE_SCOPE_SESSION };
	if (context) {
		outer->flags = BRICKTRACE_RUN_CONTEXT;
		outer->context = *context;
	}
	slow_page(outer, false);
	pthread_create(&t, NULL, opens_outside, outer);
	slow_wait();
	o = run_request(fd, (struct bricktrace_run_open){ .flags = BRICKTRACE_RUN_IDS,
							  .brick = brick });
	ok(o.parent, "%s: the run is inside the one whose answer waits", what);
	slow_fail(outer);
	pthread_join(t, &opened);
	ok(!opened, "%s: that one is cancelled", what);
	run_discard(fd, o.run);
	origin = record_origin(reader_run(&r));
	ok(!memcmp(&origin->context, &o.context, sizeof(o.context)),
	   "%s: the record has the IDs of RUN_OPEN", what);
	ok(!reader_next(&r), "%s: the cancelled run has no record", what);
	free(r.buffer);
	close(fd);
}

int main(void)
{
	inside(NULL, "without a context");
	inside(&given, "in a context");
	return done();
}
