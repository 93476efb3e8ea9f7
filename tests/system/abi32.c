// SPDX-License-Identifier: MIT
/*
 * A 32-bit program uses the ioctls with the same structures as a 64-bit one, and its
 * calls are counted with the numbers and categories of the 32-bit table. The program has
 * no C library, so that it can be built on a machine without a 32-bit one.
 *
 * Rules: table.
 */
#include <linux/bricktrace.h>
#include <asm/unistd.h>

/* No field has another offset in a 32-bit program. */
_Static_assert(sizeof(void *) == 4, "built with -m32");
#define SIZE(name, size) \
	_Static_assert(sizeof(struct bricktrace_##name) == BRICKTRACE_##size, #name)
SIZE(info, INFO_SIZE_V1);
SIZE(thread, THREAD_SIZE_V0);
SIZE(assertion, ASSERTION_SIZE_V0);
SIZE(brick_define, BRICK_DEFINE_SIZE_V1);
SIZE(run_open, RUN_OPEN_SIZE_V2);
SIZE(run_close, RUN_CLOSE_SIZE_V2);
SIZE(result, RESULT_SIZE_V1);
SIZE(times, TIMES_SIZE_V1);
SIZE(category_figures, CATEGORY_FIGURES_SIZE_V1);
SIZE(syscall, SYSCALL_SIZE_V1);
SIZE(failed, FAILED_SIZE_V0);
SIZE(statistics, STATISTICS_SIZE_V0);
SIZE(bucket, BUCKET_SIZE_V0);
SIZE(category_statistics, CATEGORY_STATISTICS_SIZE_V0);
SIZE(window_run, WINDOW_RUN_SIZE_V0);
SIZE(assertion_counts, ASSERTION_COUNTS_SIZE_V0);
SIZE(brick_get, BRICK_GET_SIZE_V1);
SIZE(brick_reset, BRICK_RESET_SIZE_V0);
SIZE(session, SESSION_SIZE_V3);
SIZE(ioctl, IOCTL_SIZE_V0);
SIZE(slow_call, SLOW_CALL_SIZE_V0);
SIZE(stream_open, STREAM_OPEN_SIZE_V0);
SIZE(stream, STREAM_SIZE_V0);
SIZE(record, RECORD_SIZE_V0);
SIZE(record_loss, RECORD_LOSS_SIZE_V0);
SIZE(record_run, RECORD_RUN_SIZE_V0);
SIZE(origin, ORIGIN_SIZE_V0);
SIZE(file_header, FILE_HEADER_SIZE_V0);

#define O_RDWR 2
#define CALLS  1000

static int n, failed;

static int call(int nr, int a, int b, int c)
{
	int ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return ret;
}

static int text(char *to, const char *s)
{
	int i;

	for (i = 0; s[i]; i++)
		to[i] = s[i];
	return i;
}

static void ok(int good, const char *name)
{
	char line[128];
	int len = 0;

	n++;
	failed += !good;
	len += text(line, good ? "ok " : "not ok ");
	line[len++] = '0' + n / 10;
	line[len++] = '0' + n % 10;
	len += text(line + len, " - 32 bits: ");
	len += text(line + len, name);
	line[len++] = '\n';
	call(__NR_write, 1, (int)line, len);
}

static struct bricktrace_syscall calls[64];
static struct bricktrace_ioctl ioctls[8];
static struct bricktrace_category_figures categories[64];
static char records[32768] __attribute__((aligned(8)));

#define ARRAY(array, n)                                             \
	{                                                           \
		(unsigned long)(array), sizeof((array)[0]), n, 0, 0 \
	}

static int ioctl(int fd, unsigned int cmd, void *arg)
{
	return call(__NR_ioctl, fd, cmd, (int)arg);
}

void _start(void);
void _start(void)
{
	static struct bricktrace_info info = { .size = sizeof(info) };
	static struct bricktrace_thread thread = { .size = sizeof(thread) };
	static struct bricktrace_brick_define brick = { .size = sizeof(brick),
							.budget_ns = 1ULL << 40,
							.name = "32 bits" };
	static struct bricktrace_run_open open = { .size = sizeof(open),
						   .level = BRICKTRACE_LEVEL_TRACE };
	static struct bricktrace_result result;
	static struct bricktrace_statistics statistics;
	struct bricktrace_brick_get get = { .size = sizeof(get),
					    .statistics = ARRAY(&statistics, 1) };
	struct bricktrace_run_close close = { .size = sizeof(close),
					      .result = ARRAY(&result, 1),
					      .categories = ARRAY(categories, 64),
					      .syscalls = ARRAY(calls, 64),
					      .ioctls = ARRAY(ioctls, 8) };
	static struct bricktrace_stream_open stream = { .size = sizeof(stream),
							.levels = BRICKTRACE_STREAM_TRACE };
	const struct bricktrace_record_run *record = (void *)records;
	static char plan[] = "1..00\n";
	unsigned int i, compat = 0, native = 0, read = 0;
	int fd = call(__NR_open, (int)"/dev/bricktrace", O_RDWR, 0);

	ok(fd >= 0 && !ioctl(fd, BRICKTRACE_INFO, &info) &&
		   info.abi_version == BRICKTRACE_ABI_VERSION,
	   "INFO");
	ok(!ioctl(fd, BRICKTRACE_THREAD_REGISTER, &thread), "REGISTER");
	ok(!ioctl(fd, BRICKTRACE_BRICK_DEFINE, &brick), "DEFINE");
	ok(!ioctl(fd, BRICKTRACE_STREAM_OPEN, &stream) &&
		   stream.ring_bytes == BRICKTRACE_RING_DEFAULT,
	   "STREAM_OPEN");
	open.brick = brick.brick;
	ok(!ioctl(fd, BRICKTRACE_RUN_OPEN, &open), "OPEN");
	for (i = 0; i < CALLS; i++)
		call(__NR_getppid, 0, 0, 0);
	call(__NR_read, -1, 0, 0);
	call(__NR_ioctl, -1, 0x87654321, 0);
	close.run = open.run;
	ok(!ioctl(fd, BRICKTRACE_RUN_CLOSE, &close), "CLOSE");
	ok(result.provenance == BRICKTRACE_MEASURED && result.budget_ns == 1ULL << 40 &&
		   close.result.known == sizeof(result),
	   "the result is complete");
	for (i = 0; i < close.syscalls.count; i++) {
		if (calls[i].view != BRICKTRACE_VIEW_INCLUSIVE)
			continue;
		if (calls[i].arch != BRICKTRACE_ARCH_COMPAT)
			native += calls[i].figures.count;
		else if (calls[i].nr == __NR_getppid)
			compat += calls[i].figures.count;
		else if (calls[i].nr == __NR_read)
			read += calls[i].figures.errors;
	}
	ok(compat == CALLS && !native, "calls are counted with their own numbers");
	ok(read == 1 && categories[2 * BRICKTRACE_CAT_READ].figures.count == 1 &&
		   categories[2 * BRICKTRACE_CAT_IOCTL].figures.count == 1,
	   "calls are counted in the categories of their own table");
	ok(close.ioctls.count == 2 && ioctls[0].request == 0x87654321 &&
		   ioctls[0].arch == BRICKTRACE_ARCH_COMPAT &&
		   ioctls[0].file == BRICKTRACE_FILE_BAD && ioctls[0].figures.errors == 1,
	   "an ioctl is counted with its request");
	get.brick = brick.brick;
	ok(!ioctl(fd, BRICKTRACE_BRICK_GET, &get) && get.budget_ns == 1ULL << 40 &&
		   statistics.runs == 1 && statistics.sum_ns.low == result.wall_ns,
	   "GET: the brick's statistics");
	ok(call(__NR_read, fd, (int)records, sizeof(records)) == (int)record->record.size &&
		   record->record.type == BRICKTRACE_RECORD_RUN &&
		   record->syscalls.count == close.syscalls.count &&
		   ((struct bricktrace_result *)(records + record->result.offset))->wall_ns ==
			   result.wall_ns,
	   "read: the record of the run");
	close.size = 0;
	ok(ioctl(fd, BRICKTRACE_RUN_CLOSE, &close) == -22, "CLOSE: size 0: EINVAL");
	plan[3] += n / 10;
	plan[4] += n % 10;
	call(__NR_write, 1, (int)plan, sizeof(plan) - 1);
	call(__NR_exit, failed != 0, 0, 0);
	__builtin_unreachable();
}
