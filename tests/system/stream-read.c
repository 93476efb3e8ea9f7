// SPDX-License-Identifier: MIT
/*
 * A stream of finished runs is read like any device: read(), poll(), ppoll(), epoll and
 * SIGIO, with and without O_NONBLOCK, interrupted by signals, into buffers that are too
 * small or not mapped, by threads and processes. The stream has each run that ended and
 * matches, once and in order, and STREAM_GET accounts for each of them.
 *
 * Rules: own-calls, provenance.
 */
#include <poll.h>
#include <sys/epoll.h>
#include "slowpage.h"
#include "test.h"

#define MEASURE BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD

static struct run *run;
static char *hole;  /* the end of mapped memory */
static size_t size; /* of the record of a run at level measure */

/* A new session with the brick and a stream. */
static void streaming(void)
{
	begin("stream-read");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
}

static u64 finish(void)
{
	u64 number = run_open(fd, brick, MEASURE);

	run_discard(fd, number);
	return number;
}

static ssize_t read_into(int f, void *buffer, size_t n)
{
	ssize_t got = read(f, buffer, n);

	return got < 0 ? -errno : got;
}

static void counts(u64 delivered, u64 lost, u64 waiting, const char *when)
{
	struct bricktrace_stream s = stream_get(fd);

	if (!ok(stream_exact(&s) && s.delivered == delivered && s.lost == lost &&
			s.waiting == waiting,
		"%s: %llu delivered, %llu lost, %llu waiting", when, delivered, lost,
		waiting))
		printf("# got %llu matched, %llu, %llu, %llu\n", s.matched, s.delivered,
		       s.lost, s.waiting);
}

static short polled(int f)
{
	struct pollfd p = { .fd = f,
			    .events = POLLIN | POLLRDNORM | POLLPRI | POLLOUT | POLLWRNORM };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void before_opening(void)
{
	struct bricktrace_stream s = { .size = sizeof(s) };
	struct epoll_event e = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	char buffer[64];

	begin("stream-read");
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e))
		bail("EPOLL_CTL_ADD");
	finish();
	is(-read_into(fd, buffer, sizeof(buffer)), EINVAL,
	   "without a stream: read: EINVAL");
	is(polled(fd), POLLERR, "without a stream: poll: POLLERR");
	ok(ioctl(fd, BRICKTRACE_STREAM_GET, &s) < 0 && errno == EINVAL,
	   "without a stream: STREAM_GET: EINVAL");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	counts(0, 0, 0, "a new stream does not have the run from before");
	is(epoll_wait(epoll, &e, 1, 0), 0, "epoll_wait, which was asked before: no record");
	finish();
	is(epoll_wait(epoll, &e, 1, 5000), 1, "a run that is closed wakes it");
	is(e.events, EPOLLIN, "with a record");
	close(epoll);
	close(fd);
}

static void arguments(void)
{
	const struct bricktrace_stream_open good = { .levels = STREAM_ALL };
	static const struct {
		const char *what;
		int error;
		struct bricktrace_stream_open o;
	} wrong[] = {
		{ "no such scope", EINVAL, { .scope = 2, .levels = 1 } },
		{ "scope 2^32 - 1", EINVAL, { .scope = ~0U, .levels = 1 } },
		{ "no level", EINVAL, { .levels = 0 } },
		{ "an unknown level", EINVAL, { .levels = 4 } },
		{ "a known and an unknown level", EINVAL, { .levels = 5 } },
		{ "level 2^31", EINVAL, { .levels = 1U << 31 } },
		{ "an unknown flag", EINVAL, { .levels = 1, .flags = 2 } },
		{ "a ring of a byte", ERANGE, { .levels = 1, .ring_bytes = 1 } },
		{ "a ring a byte too small",
		  ERANGE,
		  { .levels = 1, .ring_bytes = BRICKTRACE_RING_MIN - 1 } },
		{ "a ring a byte too large",
		  ERANGE,
		  { .levels = 1, .ring_bytes = BRICKTRACE_RING_MAX + 1 } },
		{ "a ring of 2^32 bytes", ERANGE, { .levels = 1, .ring_bytes = 1ULL << 32 } },
		{ "a ring of 2^64 - 1 bytes", ERANGE, { .levels = 1, .ring_bytes = ~0ULL } },
	};

	begin("stream-read");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is(-try_stream(fd, wrong[i].o), wrong[i].error, "STREAM_OPEN: %s: %s",
		   wrong[i].what, strerrorname_np(wrong[i].error));
	is(polled(fd), POLLERR, "after all of them there is no stream");
	is(-try_stream(fd, good), 0, "and one can be opened");
	is(-try_stream(fd, good), EBUSY, "STREAM_OPEN: twice: EBUSY");
	finish();
	counts(0, 0, 1, "after that the first stream has a run");
	close(fd);
}

static void rings(void)
{
	const u64 page = sysconf(_SC_PAGESIZE);
	const struct {
		u64 wanted, got;
	} sizes[] = {
		{ 0, BRICKTRACE_RING_DEFAULT },
		{ BRICKTRACE_RING_MIN, BRICKTRACE_RING_MIN },
		{ BRICKTRACE_RING_MIN + 1, BRICKTRACE_RING_MIN + page },
		{ 5 * page + BRICKTRACE_RING_MIN, 5 * page + BRICKTRACE_RING_MIN },
		{ BRICKTRACE_RING_MAX, BRICKTRACE_RING_MAX },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bricktrace_stream_open o = { .size = sizeof(o),
						    .levels = BRICKTRACE_STREAM_TRACE,
						    .flags = BRICKTRACE_STREAM_GRANTED,
						    .ring_bytes = sizes[i].wanted };
		struct bricktrace_stream s;
		u64 memory;

		fd = device();
		memory = info(fd).user_memory;
		ok(!ioctl(fd, BRICKTRACE_STREAM_OPEN, &o) && o.ring_bytes == sizes[i].got,
		   "a ring of %llu bytes has %llu", sizes[i].wanted, sizes[i].got);
		s = stream_get(fd);
		ok(s.scope == BRICKTRACE_STREAM_SESSION &&
			   s.levels == BRICKTRACE_STREAM_TRACE && s.granted == 1 &&
			   s.ring_bytes == sizes[i].got && !s.reserved && !s.matched &&
			   !s.delivered && !s.lost && !s.waiting && !s.waiting_bytes,
		   "and STREAM_GET has the settings");
		memory = info(fd).user_memory - memory;
		between(memory, sizes[i].got, sizes[i].got + sizes[i].got / 100 + 16384,
			"and the user is charged for the ring");
		close(fd);
	}
}

/* A call that sleeps in a thread of its own until something happens to the stream. */
enum sleep { READ, POLL, PPOLL, EPOLL };
static const char *const sleep_names[] = { "read", "poll", "ppoll", "epoll_wait" };

struct sleeper {
	enum sleep by;
	atomic_int tid;
	int result, error;
	pthread_t thread;
};

static void *sleeps(void *arg)
{
	struct sleeper *s = arg;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct epoll_event e = { .events = EPOLLIN };
	char buffer[4096];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e))
		bail("EPOLL_CTL_ADD");
	errno = 0;
	atomic_store(&s->tid, gettid());
	switch (s->by) {
	case READ:
		s->result = read(fd, buffer, sizeof(buffer));
		break;
	case POLL:
		s->result = poll(&p, 1, -1);
		break;
	case PPOLL:
		s->result = ppoll(&p, 1, NULL, NULL);
		break;
	case EPOLL:
		s->result = epoll_wait(epoll, &e, 1, -1);
	}
	s->error = s->result < 0 ? errno : 0;
	close(epoll);
	return NULL;
}

static void fall_asleep(struct sleeper *s, enum sleep by)
{
	*s = (struct sleeper){ .by = by };
	if (pthread_create(&s->thread, NULL, sleeps, s))
		bail("pthread_create");
	while (!atomic_load(&s->tid))
		sleep_ns(MS);
	wait_state(getpid(), s->tid, "S");
}

static void sleepers(void)
{
	struct sleeper s;
	char buffer[4096];

	for (enum sleep by = READ; by <= EPOLL; by++) {
		u64 began;

		fall_asleep(&s, by);
		began = now();
		finish();
		pthread_join(s.thread, NULL);
		ok(now() - began < 5 * S && !s.error &&
			   s.result == (by == READ ? (int)size : 1),
		   "%s: a run that is closed wakes its sleeper", sleep_names[by]);
		if (by != READ)
			is(read_into(fd, buffer, sizeof(buffer)), size,
			   "%s: and its record can be read", sleep_names[by]);
	}
}

/* At its time limit, poll asks once more, so that its result alone says nothing. */
static void *polls(void *took)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	u64 began = now();

	if (poll(&p, 1, 5000) == 1)
		*(u64 *)took = now() - began;
	return NULL;
}

static void *reads_slowly(void *page)
{
	return (void *)read(fd, page, 4096);
}

/* One thread has taken the only record, and fails to copy it while another one sleeps. */
static void failed_copy(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	pthread_t reader, poller;
	u64 took = ~0ULL;

	if (page == MAP_FAILED)
		bail("mmap");
	finish();
	slow_page(page, true);
	pthread_create(&reader, NULL, reads_slowly, page);
	slow_wait();
	pthread_create(&poller, NULL, polls, &took);
	sleep_ns(100 * MS);
	slow_fail(page);
	pthread_join(reader, NULL);
	pthread_join(poller, NULL);
	between(took, MS, 4 * S,
		"poll: a record that another thread fails to copy wakes its sleeper");
}

static atomic_int signals;

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals, 1);
}

static void interrupts(void)
{
	struct sigaction interrupt = { .sa_handler = on_signal },
			 restart = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sleeper s;

	sigaction(SIGUSR1, &interrupt, NULL);
	sigaction(SIGUSR2, &restart, NULL);
	fall_asleep(&s, READ);
	pthread_kill(s.thread, SIGUSR1);
	pthread_join(s.thread, NULL);
	is(s.error, EINTR, "read: a signal interrupts its sleeper");
	fall_asleep(&s, POLL);
	pthread_kill(s.thread, SIGUSR1);
	pthread_join(s.thread, NULL);
	is(s.error, EINTR, "poll: a signal interrupts its sleeper");
	atomic_store(&signals, 0);
	fall_asleep(&s, READ);
	pthread_kill(s.thread, SIGUSR2);
	wait_value(&signals, 1);
	wait_state(getpid(), s.tid, "S");
	finish();
	pthread_join(s.thread, NULL);
	is(s.result, size, "read: with SA_RESTART it goes on, and gets the next record");
}

static void nonblocking(void)
{
	char buffer[4096];

	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		bail("O_NONBLOCK");
	is(-read_into(fd, buffer, sizeof(buffer)), EAGAIN, "O_NONBLOCK: no record: EAGAIN");
	is(polled(fd), 0, "poll: there is nothing");
	finish();
	is(polled(fd), POLLIN | POLLRDNORM, "poll: there is a record once a run is closed");
	is(read_into(fd, buffer, sizeof(buffer)), size, "O_NONBLOCK: the record");
	is(polled(fd), 0, "poll: after that there is nothing");
}

static void sigio(void)
{
	struct timespec soon = { .tv_sec = 10 }, later = { .tv_nsec = 200 * MS };
	const int number = SIGRTMIN + 1;
	char buffer[4096];
	siginfo_t i = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (fcntl(fd, F_SETOWN, getpid()) || fcntl(fd, F_SETSIG, number) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC))
		bail("O_ASYNC");
	finish();
	ok(sigtimedwait(&set, &i, &soon) == number && i.si_fd == fd &&
		   i.si_code == POLL_IN && i.si_band & POLLIN,
	   "O_ASYNC: a signal comes and names the file");
	is(read_into(fd, buffer, sizeof(buffer)), size, "O_ASYNC: and there is a record");
	if (fcntl(fd, F_SETFL, O_NONBLOCK))
		bail("O_NONBLOCK");
	finish();
	ok(sigtimedwait(&set, NULL, &later) < 0 && errno == EAGAIN,
	   "without O_ASYNC none comes");
	is(read_into(fd, buffer, sizeof(buffer)), size, "and there is a record, too");
}

static void waits(void)
{
	struct bricktrace_stream_open o = { .levels = STREAM_ALL };

	begin("stream-read");
	if (try_stream(fd, o))
		bail("STREAM_OPEN");
	sleepers();
	interrupts();
	nonblocking();
	sigio();
	is(stream_get(fd).delivered, stream_get(fd).matched,
	   "all of these records were delivered");
	failed_copy();
	close(fd);
}

static void whole_records(void)
{
	char buffer[4096];

	streaming();
	is(read_into(fd, buffer, 0), 0, "a buffer of 0 bytes, no record: 0");
	for (int i = 0; i < 6; i++)
		finish();
	is(read_into(fd, buffer, 0), 0, "a buffer of 0 bytes: 0");
	is(-read_into(fd, buffer, 16), EMSGSIZE, "a buffer for a header only: EMSGSIZE");
	is(-read_into(fd, buffer, size - 1), EMSGSIZE,
	   "a buffer a byte too small: EMSGSIZE");
	counts(0, 0, 6, "after that");
	is(read_into(fd, buffer, size), size, "a buffer for one record: one");
	counts(1, 0, 5, "after that");
	is(read_into(fd, buffer, 2 * size), 2 * size, "a buffer for two records: both");
	counts(3, 0, 3, "after that");
	is(read_into(fd, buffer, 2 * size + size / 2), 2 * size,
	   "a buffer for two and a half records: two");
	counts(5, 0, 1, "after that");
	is(((struct bricktrace_record *)buffer)->sequence, 4, "they are the next ones");
	is(read_into(fd, buffer, sizeof(buffer)), size, "a large buffer: what is left");
	counts(6, 0, 0, "at the end");
	is(stream_get(fd).waiting_bytes, 0, "at the end: the ring is empty");
	close(fd);
}

/* Reads what is left, and a last run, before which a loss at the end shows. */
static void settle(struct reader *r, u64 matched, const char *what)
{
	reader_drain(r);
	finish();
	reader_drain(r);
	ok(reader_exact(r, matched + 1), "%s: the losses are in their places", what);
}

static void unmapped(void)
{
	static char copied[2 * 4096];
	struct reader r;
	struct bricktrace_stream s;
	const struct bricktrace_record *record;

	streaming();
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	for (int i = 0; i < 20; i++)
		finish();
	is(-read_into(fd, hole - size + 1, size), EFAULT,
	   "the record's last byte is unmapped: EFAULT");
	s = stream_get(fd);
	ok(stream_exact(&s) && s.matched == 20 && !s.delivered && s.lost == 1,
	   "and the record is lost: %llu", (u64)s.lost);
	is(-read_into(fd, hole, 24), EFAULT, "an unmapped buffer for the loss: EFAULT");
	is(stream_get(fd).lost, 1, "and it is the same loss");
	is(-read_into(fd, (void *)(1UL << 63), 3 * size), EFAULT,
	   "a kernel address: EFAULT");
	is(stream_get(fd).lost, 1, "and nothing is lost");
	is(-read_into(fd, hole, 3 * size), EFAULT,
	   "an unmapped buffer for the loss and two records: EFAULT");
	s = stream_get(fd);
	ok(stream_exact(&s) && !s.delivered && s.lost == 3,
	   "and the two are lost as well: %llu", (u64)s.lost);
	record = reader_next(&r);
	ok(record && record->type == BRICKTRACE_RECORD_LOSS && record->sequence == 1 &&
		   ((struct bricktrace_record_loss *)record)->lost == 3,
	   "the next record is that of the loss");
	settle(&r, 20, "an unmapped buffer");

	for (int i = 0; i < 20; i++)
		finish();
	is(read_into(fd, hole - 2 * size - size / 2, 20 * size), 2 * size,
	   "a buffer of which two and a half records are mapped: two");
	memcpy(copied, hole - 2 * size - size / 2, 2 * size);
	ok(((struct bricktrace_record *)copied)->sequence == 22 &&
		   ((struct bricktrace_record *)(copied + size))->sequence == 23,
	   "they are the next ones");
	r.runs += 2;
	r.sequence += 2;
	s = stream_get(fd);
	ok(stream_exact(&s) && s.delivered == r.runs && s.lost > r.lost,
	   "half a record and perhaps more are lost: %llu", (u64)s.lost - r.lost);
	settle(&r, 41, "a buffer that ends");
	free(r.buffer);
	close(fd);
}

#define SHARED_RUNS 3000

static atomic_int *seen; /* how often each run was read, by its number */
static atomic_int *stop;

static void *shares(void *arg)
{
	char buffer[1400];
	ssize_t n;

	for (; !atomic_load(stop); sched_yield()) {
		n = read_into(fd, buffer, sizeof(buffer));
		if (n < 0 && n != -EAGAIN)
			bail("read: %zd", n);
		for (ssize_t at = 0; at < n;) {
			struct bricktrace_record_run *r = (void *)(buffer + at);

			if (r->record.type != BRICKTRACE_RECORD_RUN ||
			    record_result(r)->run > SHARED_RUNS)
				bail("a record of type %u", r->record.type);
			atomic_fetch_add(&seen[record_result(r)->run], 1);
			at += r->record.size;
		}
	}
	return arg;
}

static void shares_as_process(void)
{
	shares(NULL);
}

static void shared(void)
{
	bool once = true;
	pthread_t t[2];
	pid_t pid;

	seen = mmap(NULL, (SHARED_RUNS + 1) * sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	stop = shared_page();
	if (seen == MAP_FAILED)
		bail("mmap");
	begin("stream-read");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 4 << 20);
	pid = child_of(shares_as_process);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, shares, NULL);
	for (int i = 0; i < SHARED_RUNS; i++)
		finish();
	for (int i = 0; i < 3000 && stream_get(fd).waiting; i++)
		sleep_ns(10 * MS);
	atomic_store(stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	wait_for(pid);
	counts(SHARED_RUNS, 0, 0, "two threads and a process read");
	for (int i = 1; i <= SHARED_RUNS; i++)
		if (seen[i] != 1)
			no(&once, "run %d was read %d times", i, seen[i]);
	ok(once, "they have read each run once");
	close(fd);
}

/* Whether the next record is that of the run, and no other one follows. */
static bool only(struct reader *r, u64 number)
{
	const struct bricktrace_record *record = reader_next(r);

	return record && record->type == BRICKTRACE_RECORD_RUN &&
	       record_result((void *)record)->run == number && !reader_next(r);
}

static void ends(void)
{
	struct bricktrace_run_close c = { .size = sizeof(c) };
	struct bricktrace_run_open o = { .size = sizeof(o) };
	struct reader r;
	u64 outer, inner, beside;
	char *last = hole - 4096;

	streaming();
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	ok(only(&r, finish()), "a run of a thread that is not registered has a record");
	thread_register(fd, 0);
	outer = run_open(fd, brick, TRACE_SESSION);
	inner = run_open(fd, brick, TRACE_THREAD);
	beside = run_open(fd, brick, MEASURE);
	ok(!reader_next(&r), "runs that are open have none");
	run_discard(fd, beside);
	run_discard(fd, inner);
	run_discard(fd, outer);
	ok(record_result(reader_run(&r))->run == beside &&
		   record_result(reader_run(&r))->run == inner &&
		   record_result(reader_run(&r))->run == outer && !reader_next(&r),
	   "nested runs: the inner ones come first");

	c.run = run_open(fd, brick, TRACE_THREAD);
	c.result = (struct bricktrace_array)ARRAY((struct bricktrace_result *)hole, 1);
	ok(ioctl(fd, BRICKTRACE_RUN_CLOSE, &c) < 0 && errno == EFAULT,
	   "RUN_CLOSE: its answer cannot be written: EFAULT");
	ok(only(&r, c.run), "and there is a record");
	o.brick = brick;
	memcpy(last, &o, sizeof(o));
	mprotect(last, 4096, PROT_READ);
	ok(ioctl(fd, BRICKTRACE_RUN_OPEN, last) < 0 && errno == EFAULT,
	   "RUN_OPEN: its answer cannot be written: EFAULT");
	mprotect(last, 4096, PROT_READ | PROT_WRITE);
	ok(!reader_next(&r), "and there is no record");
	run_discard(fd, run_open(fd, brick, TRACE_THREAD));
	ok(reader_run(&r) && r.good, "nor does the next run's sequence leave one out");
	ok(reader_exact(&r, 6), "each run is accounted for");
	free(r.buffer);
	close(fd);
}

static u64 abandoned;
static pid_t abandoner;

static void *abandons(void *arg)
{
	thread_register(fd, 0);
	abandoned = run_open(fd, brick, TRACE_THREAD);
	abandoner = gettid();
	getppid_raw();
	return arg;
}

static void thread_ends(void)
{
	const struct bricktrace_record_run *record;
	struct reader r;
	pthread_t t;

	streaming();
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	thread_register(fd, 0);
	pthread_create(&t, NULL, abandons, NULL);
	pthread_join(t, NULL);
	is(threads_become(1), 1, "a thread ends with a run open");
	ok(!reader_next(&r), "its run has no record yet");
	run_close(fd, abandoned, run);
	ok(run->r.flags & BRICKTRACE_RESULT_ABANDONED, "the run is abandoned when closed");
	record = reader_run(&r);
	ok(record_same(record, run), "its record says so, too");
	is(record_origin(record)->tid, abandoner, "and names the thread, which has exited");
	ok(record_calls(record, SYS_getppid) == 1, "and the calls of the thread");
	free(r.buffer);
	close(fd);
}

static struct reader filtered(uint32_t levels, uint32_t flags)
{
	int f = device();
	struct bricktrace_stream_open o = { .scope = BRICKTRACE_STREAM_HOST,
					    .levels = levels,
					    .flags = flags };

	if (try_stream(f, o) || fcntl(f, F_SETFL, O_NONBLOCK))
		bail("STREAM_OPEN");
	return reader_new(f, BRICKTRACE_RECORD_MAX);
}

static void filters(void)
{
	struct bricktrace_run_open charge = { .flags = BRICKTRACE_RUN_CHARGE,
					      .level = BRICKTRACE_LEVEL_TRACE };
	struct reader measured = filtered(BRICKTRACE_STREAM_MEASURE, 0),
		      traced = filtered(BRICKTRACE_STREAM_TRACE, 0),
		      granted = filtered(STREAM_ALL, BRICKTRACE_STREAM_GRANTED), own;
	bool good = true;
	u64 number;

	begin("stream-read");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	own = reader_new(fd, BRICKTRACE_RECORD_MAX);
	thread_register(fd, 0);
	number = finish();
	ok(only(&measured, number) && !reader_next(&traced) && !reader_next(&granted),
	   "a run at level measure");
	number = run_open(fd, brick, TRACE_THREAD);
	run_discard(fd, number);
	ok(!reader_next(&measured) && only(&traced, number) && !reader_next(&granted),
	   "a run at level trace, without a grant");
	charge.brick = brick;
	number = run_request(fd, charge).run;
	run_discard(fd, number);
	ok(!reader_next(&measured) && only(&traced, number) && only(&granted, number),
	   "a run at level trace, with a grant");
	SET(fd, LIMIT, .trace_limit = 0);
	number = run_request(fd, charge).run;
	run_discard(fd, number);
	ok(only(&measured, number) && !reader_next(&traced) && !reader_next(&granted),
	   "one that got no grant and is not traced");
	is(reader_drain(&own), 4, "the session's own stream has all four");

	/* Each run of a brick of mode tail is traced, and over its budget. */
	SET(fd, LIMIT, .trace_limit = 3);
	brick = brick_mode(fd, "tail", 0, BRICKTRACE_MODE_TAIL);
	for (int i = 0; i < 5; i++) {
		number = run_auto(fd, brick).run;
		getppid_raw();
		run_close(fd, number, run);
		if (!only(&traced, number))
			no(&good, "run %d is not among the traced ones", i);
		if (run->r.flags & BRICKTRACE_RESULT_GRANTED ? !only(&granted, number) :
							       !!reader_next(&granted))
			no(&good, "run %d with flags %x", i, run->r.flags);
		if (!record_same(reader_run(&own), run))
			no(&good, "run %d has another record", i);
	}
	ok(good, "runs at level auto are streamed by what they became");
	ok(granted.runs >= 3, "those with a grant are in the stream of granted runs");
	parameter("enabled", 0);
	number = run_auto(fd, brick).run;
	run_discard(fd, number);
	parameter("enabled", 1);
	ok(only(&measured, number) && !reader_next(&traced),
	   "a run while tracing is off is one that was not traced");
	reader_drain(&own);
	ok(reader_exact(&own, 10) && reader_exact(&measured, 3) &&
		   reader_exact(&traced, 7) && reader_exact(&granted, granted.runs),
	   "each stream accounts for the runs that match");
	close(own.fd);
	close(measured.fd);
	close(traced.fd);
	close(granted.fd);
}

/* The thread reads and polls a stream while another session traces the thread. */
static void own_calls(void)
{
	struct pollfd p = { .events = POLLIN };
	int watched, pipes[2];
	char buffer[4096];
	u64 number;

	streaming();
	watched = fd;
	finish();
	begin("own calls");
	thread_register(fd, 0);
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		bail("pipe2");
	number = run_open(fd, brick, TRACE_THREAD);
	p.fd = watched;
	for (int i = 0; i < 3; i++) {
		poll(&p, 1, 0);
		if (read(watched, buffer, sizeof(buffer)) < 0 && errno != EAGAIN)
			bail("read");
	}
	p.fd = pipes[0];
	poll(&p, 1, 0);
	if (read(pipes[0], buffer, 1) != -1)
		bail("read of a pipe");
	run_close(fd, number, run);
	ok(consistent(run), "a thread that reads a stream: the figures add up");
	is(count_of(run, SYS_read), 1, "its reads are not among the calls");
	is(all_counts(run), 2, "nor is poll");
	ok(run->all.control_ns > 0, "they are calls of bricktrace itself");
	close(watched);
	close(fd);
}

int main(void)
{
	char *map = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct reader r;

	if (map == MAP_FAILED || munmap(map + 8 * 4096, 8 * 4096))
		bail("mmap");
	hole = map + 8 * 4096;
	run = run_new();
	streaming();
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	finish();
	size = reader_run(&r)->record.size;
	is(size,
	   sizeof(struct bricktrace_record_run) + sizeof(struct bricktrace_origin) +
		   sizeof(struct bricktrace_result),
	   "the record of a run at level measure has an origin and a result");
	close(fd);
	before_opening();
	arguments();
	rings();
	waits();
	whole_records();
	unmapped();
	shared();
	ends();
	thread_ends();
	filters();
	own_calls();
	return done();
}
