/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer's ioctls: valid, or with one or two invalid fields, on sessions that both
 * threads share, with arguments on pages of every kind.
 */
#ifndef FUZZ_CALL_H
#define FUZZ_CALL_H

#include <poll.h>
#include "fuzz-target.h"

#define SESSIONS 3
#define CROWD	 56 /* additional sessions, for the step CROWDED */
#define PAGE	 4096

/* A step of a program: its operation, and bytes that each operation uses in its way. */
struct step {
	uint8_t op, what, field, value, place;
};

/*
 * Five pages at @at: writable, missing, writable, read-only, missing. They lie below
 * 4 GiB, where 32-bit calls reach them. At @all the same pages are all writable.
 */
struct area {
	uint8_t *at, *all;
};
enum { ARGUMENT, RESULT, ARRAY, FAILED, AREAS };
static struct area areas[2][AREAS];
static atomic_int fds[SESSIONS + CROWD];
static atomic_ullong last_run, last_brick;

static const uint64_t values[] = {
	0,
	1,
	2,
	3,
	7,
	8,
	16,
	39,
	40,
	41,
	64,
	88,
	727,
	728,
	736,
	4095,
	4096,
	4097,
	BRICKTRACE_MIN_SLOW - 1,
	BRICKTRACE_MIN_SLOW,
	INT32_MAX,
	1ULL << 31,
	UINT32_MAX,
	1ULL << 32,
	1ULL << 62,
	(1ULL << 62) + 1,
	UINT64_MAX - 1,
	UINT64_MAX,
	0xffff888000000000,
	0x7ffffffff000,
	0x800000000000,
};

static uint64_t value_of(uint8_t v)
{
	return values[v % (sizeof(values) / sizeof(values[0]))];
}

static void area_make(struct area *a)
{
	int f = memfd_create("area", MFD_CLOEXEC);

	if (f < 0 || ftruncate(f, 5 * PAGE))
		bail("memfd");
	a->all = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	a->at = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_32BIT, f, 0);
	if (a->all == MAP_FAILED || a->at == MAP_FAILED ||
	    mprotect(a->at + PAGE, PAGE, PROT_NONE) ||
	    mprotect(a->at + 3 * PAGE, PAGE, PROT_READ) ||
	    mprotect(a->at + 4 * PAGE, PAGE, PROT_NONE))
		bail("mmap");
	close(f);
}

/*
 * Copies @size bytes to the area and returns their address: just before a missing page,
 * on a read-only page, or with all but the first @head bytes on a read-only or a missing
 * page.
 */
static uint8_t *put(const struct area *a, unsigned int how, const void *data, size_t size,
		    size_t head)
{
	const size_t offset[] = { PAGE - size, 4 * PAGE - size, 3 * PAGE - head,
				  PAGE - head };

	memcpy(a->all + offset[how % 4], data, size);
	return a->at + offset[how % 4];
}

/* Lets one array of BRICK_GET, or all of them, lie in the area. */
static void get_arrays(struct bricktrace_brick_get *g, int who, const struct step *s)
{
	static const size_t offset = offsetof(struct bricktrace_brick_get, statistics);
	static const uint8_t room[PAGE / 2];
	struct bricktrace_array *a = (void *)((uint8_t *)g + offset);
	size_t n = (sizeof(*g) - offset) / sizeof(*a);
	uint8_t *at =
		put(&areas[who][ARRAY], s->place / 16, room, sizeof(room), s->what * 8);

	for (size_t i = 0; i < n; i++)
		if (s->value % 2 || i == s->value / 2 % n)
			a[i] = (struct bricktrace_array){ (uintptr_t)at, s->field / 4 * 8,
							  s->what % 24, 0, 0 };
}

/* Writes valid arguments of a request to @to and returns their size. */
static size_t fill(uint8_t *to, unsigned int request, int who, const struct step *s)
{
	static const struct bricktrace_syscall array[24];
	static const struct bricktrace_failed failed[2];
	static const uint8_t room[PAGE / 2];
	struct bricktrace_result result = { 0 };
	struct bricktrace_thread t = { .size = sizeof(t),
				       .flags = s->field % 8,
				       .tid = some_thread(s->value) };
	struct bricktrace_assertion assertions[2] = {
		{ .kind = s->field % 5,
		  .subject = s->field % 5 ? s->what % 6 : 0,
		  .limit = s->value,
		  .name = "fuzz" },
		{ .kind = BRICKTRACE_ASSERT_DURATION, .name = "\xc3\xbc" },
	};
	struct bricktrace_brick_define b = {
		.size = sizeof(b),
		.flags = s->value % 8,
		.budget_ns = s->value,
		.mode = s->what / 16 % 4,
		.baseline = s->place % 4,
		.assertions = { .size = sizeof(assertions[0]), .cap = s->value / 8 % 3 },
	};
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .brick = atomic_load(&last_brick),
					 .level = s->value % 3,
					 .scope = s->field % 2,
					 .flags = (s->what / 16 % 8 == 7) |
						  (s->place % 8 & 6),
					 .context = { { 1 }, { s->value }, s->field } };
	struct bricktrace_run_close c = {
		.size = sizeof(c),
		.run = atomic_load(&last_run) - s->value % 4,
		.result = { (uintptr_t)put(&areas[who][RESULT], s->place / 4, &result,
					   sizeof(result), s->what % 9 * 8),
			    sizeof(result) - 8 + s->what % 3 * 8, s->field % 2, 0, 0 },
		.syscalls = { (uintptr_t)put(&areas[who][ARRAY], s->place / 16, array,
					     s->field % 24 * sizeof(array[0]),
					     s->what % 24 * sizeof(array[0]) / 2),
			      sizeof(array[0]) - 8 + s->what % 4 * 8, s->field % 24, 0, 0 },
		.failed = { (uintptr_t)put(&areas[who][FAILED], s->place / 64, failed,
					   sizeof(failed), s->value % sizeof(failed)),
			    sizeof(failed[0]), s->field % 3, 0, 0 },
		/* These two share the areas of the failed assertions and of the result. */
		.ioctls = { (uintptr_t)put(&areas[who][s->what % 2 ? FAILED : RESULT],
					   s->place / 4, room, sizeof(room), s->value * 8),
			    sizeof(struct bricktrace_ioctl) - 8 + s->what % 3 * 8,
			    s->value % 12, 0, 0 },
		.slow_calls = { (uintptr_t)put(&areas[who][s->what % 2 ? RESULT : FAILED],
					       s->place / 16, room, sizeof(room),
					       s->field * 8),
				sizeof(struct bricktrace_slow_call) - 8 + s->field % 3 * 8,
				s->place % 12, 0, 0 },
	};
	/* Tracing is switched off rarely, since that ends whatever is under way. */
	struct bricktrace_session se = {
		.size = sizeof(se),
		.flags = s->value % (s->what % 4 ? 32 : 64) |
			 (s->place % 2 ? BRICKTRACE_SESSION_SLOW : 0) |
			 (s->place % 4 == 2 ? BRICKTRACE_SESSION_LABEL : 0) |
			 (s->place % 8 == 4 ? BRICKTRACE_SESSION_CONTEXT : 0),
		.edge_ps = s->field,
		.cv_threshold = s->field * 100,
		.efficiency_threshold = s->place * 400,
		.trace_limit = s->place % 8,
		.outliers = s->what * 16,
		.enabled = s->field % 8 != 0,
		.slow_ns = s->field % 4 ? s->value * 1000 : value_of(s->place),
		.label = { 'a', s->value, s->field },
		.context = { { s->value }, { s->value }, s->field },
	};
	struct bricktrace_brick_get g = { .size = sizeof(g),
					  .brick = atomic_load(&last_brick) };
	struct bricktrace_brick_reset r = { .size = sizeof(r),
					    .brick = atomic_load(&last_brick) };
	struct bricktrace_info i = { .size = sizeof(i) };
	struct bricktrace_stream_open so = { .size = sizeof(so),
					     .flags = s->value % 4 == 3,
					     .scope = s->value / 4 % 2,
					     .levels = 1 + s->value / 8 % 3,
					     .ring_bytes = s->place % 4 ?
								   BRICKTRACE_RING_MIN :
								   0 };
	struct bricktrace_stream st = { .size = sizeof(st) };

	switch (request) {
	case BRICKTRACE_INFO:
		memcpy(to, &i, sizeof(i));
		return sizeof(i);
	case BRICKTRACE_THREAD_REGISTER:
	case BRICKTRACE_THREAD_UNREGISTER:
		memcpy(to, &t, sizeof(t));
		return sizeof(t);
	case BRICKTRACE_BRICK_DEFINE:
		b.name[0] = 'a' + s->field % 26;
		b.assertions.addr =
			(uintptr_t)put(&areas[who][ARRAY], s->place / 16, assertions,
				       sizeof(assertions), s->field % sizeof(assertions));
		memcpy(to, &b, sizeof(b));
		return sizeof(b);
	case BRICKTRACE_RUN_OPEN:
		memcpy(to, &o, sizeof(o));
		return sizeof(o);
	case BRICKTRACE_RUN_CLOSE:
		memcpy(to, &c, sizeof(c));
		return sizeof(c);
	case BRICKTRACE_STREAM_OPEN:
		memcpy(to, &so, sizeof(so));
		return sizeof(so);
	case BRICKTRACE_STREAM_GET:
		memcpy(to, &st, sizeof(st));
		return sizeof(st);
	case BRICKTRACE_BRICK_GET:
		get_arrays(&g, who, s);
		memcpy(to, &g, sizeof(g));
		return sizeof(g);
	case BRICKTRACE_BRICK_RESET:
		memcpy(to, &r, sizeof(r));
		return sizeof(r);
	case BRICKTRACE_SESSION_GET:
		se.flags = s->value % 8 == 7;
		__attribute__((fallthrough));
	default:
		memcpy(to, &se, sizeof(se));
		return sizeof(se);
	}
}

static long compat_ioctl(int f, unsigned int request, void *arg)
{
	long ret = 54; /* ioctl of the 32-bit table */

	__asm__ volatile("int $0x80"
			 : "+a"(ret)
			 : "b"((long)f), "c"((long)request), "d"((uintptr_t)arg)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void call(const struct step *s, int who, int hostile, bool compat)
{
	static const unsigned int requests[] = {
		BRICKTRACE_INFO,	 BRICKTRACE_THREAD_REGISTER,
		BRICKTRACE_RUN_OPEN,	 BRICKTRACE_THREAD_UNREGISTER,
		BRICKTRACE_BRICK_DEFINE, BRICKTRACE_RUN_CLOSE,
		BRICKTRACE_SESSION_GET,	 BRICKTRACE_SESSION_SET,
		BRICKTRACE_RUN_OPEN,	 BRICKTRACE_RUN_CLOSE,
		BRICKTRACE_BRICK_GET,	 BRICKTRACE_BRICK_RESET,
		BRICKTRACE_STREAM_OPEN,	 BRICKTRACE_STREAM_GET,
	};
	unsigned int request = requests[s->what % (sizeof(requests) / sizeof(requests[0]))];
	struct area *area = &areas[who][ARGUMENT];
	uint8_t data[512] = { 0 }, *at;
	size_t size = fill(data, request, who, s);
	int f = fds[s->field % SESSIONS];
	long ret;

	for (int i = 0; i < hostile; i++) {
		uint64_t v = value_of(s->value + i * 13);
		size_t width = s->field & 0x80 ? 8 : 4;
		size_t offset = (s->field + i * 5) * 4 % size;

		if (offset + width > size)
			offset = size - width;
		memcpy(data + offset, &v, width);
	}
	if (hostile && s->what & 0x80)
		size = sizeof(data);
	at = put(area, s->place, data, size, 8 + s->value * 8 % (size - 8));
	ret = compat ? compat_ioctl(f, request, at) : ioctl(f, request, at);
	if (ret)
		return;
	at = area->all + (at - area->at);
	if (request == BRICKTRACE_RUN_OPEN)
		atomic_store(&last_run, ((struct bricktrace_run_open *)at)->run);
	if (request == BRICKTRACE_BRICK_DEFINE)
		atomic_store(&last_brick, ((struct bricktrace_brick_define *)at)->brick);
}

/* Reads from a stream into memory that ends, or that is read-only, after some bytes. */
static void read_records(int f, int who, const struct step *s)
{
	static const uint16_t sizes[] = { 0, 1, 24, 519, 520, 544, 1060, 4096 };
	static const uint8_t room[PAGE];
	uint8_t *at = put(&areas[who][ARRAY], s->place, room, s->value * 16, s->value * 8);

	while (read(f, at, s->value % 2 ? 4 * PAGE : sizes[s->value / 2 % 8]) > 0)
		;
}

static void file_call(const struct step *s, int who)
{
	int f = fds[s->field % SESSIONS], f2;
	struct pollfd p = { .fd = f, .events = POLLIN };
	char c = 0;
	void *m;

	switch (s->what % 9) {
	case 0:
		pread(f, &c, 1, 0);
		break;
	case 1:
		pwrite(f, &c, 1, 0);
		break;
	case 2:
		m = mmap(NULL, value_of(s->value), PROT_READ, MAP_SHARED, f, 0);
		if (m != MAP_FAILED)
			munmap(m, value_of(s->value));
		break;
	case 3:
		poll(&p, 1, 0);
		break;
	case 4:
		lseek(f, value_of(s->value), SEEK_SET);
		break;
	case 5:
		f2 = dup(f);
		close(f2);
		break;
	case 6:
		fcntl(f, F_SETFL, O_NONBLOCK | (s->value % 2 ? O_ASYNC : 0));
		break;
	default:
		read_records(f, who, s);
	}
}

#endif /* FUZZ_CALL_H */
