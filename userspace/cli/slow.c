// SPDX-License-Identifier: MIT
/* The slow calls of a result, and the table of the slowest that the output "table" prints. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../decode/decode.h"
#include "cli.h"
#include "filter.h"
#include "slow.h"
#include "table.h"

#define SLOW_SHOWN 10

/* The columns of a row before its call, without a date, and those that a date takes. */
#define SLOW_COLUMNS	40
#define SLOW_DATE_WIDTH 11

/* Nearer to zero, a first argument is a number, and otherwise an address. */
#define SLOW_DECIMAL 65536

enum slow_argument slow_argument(const struct bt_slow_call *call)
{
	static const char descriptors[] =
		" _llseek accept accept4 bind close connect copy_file_range dup dup2 dup3"
		" epoll_ctl epoll_pwait epoll_pwait2 epoll_wait faccessat faccessat2"
		" fadvise64 fallocate fchdir fchmod fchmodat fchown fchownat fcntl fcntl64"
		" fdatasync fgetxattr finit_module flistxattr flock fremovexattr fsetxattr"
		" fstat fstat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 getdents"
		" getdents64 getpeername getsockname getsockopt io_uring_enter"
		" io_uring_register ioctl linkat listen lseek mkdirat mknodat"
		" name_to_handle_at newfstatat openat openat2 pread64 preadv preadv2"
		" pwrite64 pwritev pwritev2 read readahead readlinkat readv recv recvfrom"
		" recvmmsg recvmsg renameat renameat2 send sendfile sendfile64 sendmmsg"
		" sendmsg sendto setsockopt shutdown splice statx sync_file_range syncfs"
		" tee unlinkat utimensat vmsplice write writev ";
	static const char nothing[] =
		" execve execveat fork munlockall pause sched_yield sync vfork vhangup ";
	char word[64];

	snprintf(word, sizeof(word), " %s ", call->name);
	return strstr(descriptors, word) ? SLOW_DESCRIPTOR :
	       strstr(nothing, word)	 ? SLOW_NOTHING :
					   SLOW_NUMBER;
}

bool slow_file(const struct bt_slow_call *call, const struct report *report,
	       char path[PATH_MAX])
{
	char link[64];
	ssize_t length = -1;

	if (!report->recorded && slow_argument(call) == SLOW_DESCRIPTOR && call->tid > 0) {
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", call->tid, (int)call->arg0);
		length = readlink(link, path, PATH_MAX - 1);
	}
	path[length < 0 ? 0 : length] = 0;
	return length > 0;
}

/* Prints an argument that is an address or a number, perhaps of 32 bits, with a sign. */
static void slow_print_number(FILE *out, uint64_t n)
{
	int64_t number = n >> 32 ? (int64_t)n : (int32_t)n;

	if (number > -SLOW_DECIMAL && number < SLOW_DECIMAL)
		fprintf(out, "%" PRId64, number);
	else
		fprintf(out, "%#" PRIx64, n);
}

/* Prints the call with its argument as strace -y does and, if it is an ioctl, what it asked. */
static void slow_print_call(FILE *out, const struct bt_slow_call *call,
			    const struct report *report)
{
	enum slow_argument argument = slow_argument(call);
	char path[PATH_MAX];
	struct decoded decoded;

	fprintf(out, "%s(", call->name);
	if (argument == SLOW_DESCRIPTOR && (int)call->arg0 == AT_FDCWD)
		fputs("AT_FDCWD", out);
	else if (argument == SLOW_DESCRIPTOR)
		fprintf(out, "%d", (int)call->arg0);
	else if (argument == SLOW_NUMBER)
		slow_print_number(out, call->arg0);
	if (slow_file(call, report, path))
		fprintf(out, "<%s>", path);
	fputc(')', out);
	if (call->arch != BT_ARCH_NATIVE)
		fprintf(out, " (%s)", call->arch_name);
	if (!call->ioctl)
		return;
	decode_ioctl(call->ioctl, &decoded);
	fprintf(out, " %s %s", decoded.device, decoded.text);
}

/* Returns whether a time is not on this day, on the user's clock. */
static bool slow_is_other_day(uint64_t unix_ns)
{
	time_t s = unix_ns / 1000000000, now = time(NULL);
	struct tm then, today;

	localtime_r(&s, &then);
	localtime_r(&now, &today);
	return then.tm_year != today.tm_year || then.tm_yday != today.tm_yday;
}

static void slow_row(FILE *out, const struct bt_slow_call *call,
		     const struct report *report, bool date)
{
	char s[32], offcpu[32], tid[32] = "-", *text = NULL;
	int before = (date ? SLOW_DATE_WIDTH : 0) + SLOW_COLUMNS;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (stream) {
		slow_print_call(stream, call, report);
		fclose(stream);
	}
	if (call->tid > 0)
		snprintf(tid, sizeof(tid), "%d", call->tid);
	print_daytime(out, call->start_unix_ns, date);
	fprintf(out, " %9s %9s %7s", table_seconds(s, 9, call->ns),
		table_seconds(offcpu, 9, call->offcpu_ns), tid);
	table_last_cell(out, before, before + 1, text ?: "");
	free(text);
}

void table_slow_calls(FILE *out, const struct bt_result *r, const struct report *report)
{
	const struct bt_slow_call *shown[SLOW_SHOWN], *call;
	uint32_t i, n = 0;
	/* A report about a recording shall say the same tomorrow. */
	bool date = report->recorded;

	for (i = 0; n < SLOW_SHOWN && (call = bt_result_slow_call(r, i)); i++)
		if (filter_slow_call(report->filter, call)) {
			date |= slow_is_other_day(call->start_unix_ns);
			shown[n++] = call;
		}
	if (!n)
		return;
	fputs("\nThe slowest calls", out);
	if (report->slow_ns != BT_NONE)
		fprintf(out, ", of those that took at least %.15g ms",
			report->slow_ns / 1e6);
	fputs(":\n", out);
	fprintf(out, "%-*s %9s %9s %7s call\n", (date ? SLOW_DATE_WIDTH : 0) + 12, "time",
		"seconds", "off-CPU", "thread");
	fprintf(out, "%s%.12s %.9s %.9s %.7s %s\n", date ? "-----------" : "", TABLE_LINE,
		TABLE_LINE, TABLE_LINE, TABLE_LINE, TABLE_LINE);
	for (i = 0; i < n; i++)
		slow_row(out, shown[i], report, date);
	if (r->slow_incomplete)
		fputs("Slower calls may be missing: another traced run of a thread is older.\n",
		      out);
}
