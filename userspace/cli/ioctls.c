// SPDX-License-Identifier: MIT
/* The ioctls of a result, and the table of them that the output "table" prints. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/param.h>

#include "../decode/decode.h"
#include "cli.h"
#include "filter.h"
#include "ioctls.h"
#include "table.h"

/* The columns of a row before its device, and the width of a device that is not too long. */
#define IOCTLS_DEVICE	    45
#define IOCTLS_DEVICE_WIDTH 10

static void ioctls_row(FILE *out, const struct bt_ioctl *ioctl)
{
	const struct bt_figures *f = bt_ioctl_figures(ioctl, BT_INCLUSIVE);
	uint64_t blocked_ns = f->runnable_ns == BT_NONE ?
				      f->offcpu_ns :
				      bt_blocked_ns(f->offcpu_ns, f->runnable_ns);
	char s[32], blocked[32], longest[32], calls[32], errors[32], *device, *command;
	const char *arch = ioctl->arch == BT_ARCH_NATIVE ? "" : ioctl->arch_name;
	struct decoded decoded;
	int width;

	decode_ioctl(ioctl, &decoded);
	fprintf(out, "%9s %9s %9s %7s %6s ", table_seconds(s, 9, f->ns),
		table_seconds(blocked, 9, blocked_ns),
		table_seconds(longest, 9, f->max_ns), table_number(calls, f->count),
		f->errors ? table_number(errors, f->errors) : "");
	device = escape(decoded.device);
	width = fprintf(out, "%s", device ?: "");
	if (asprintf(&command, "%s%s%s%s", decoded.text, *arch ? " (" : "", arch,
		     *arch ? ")" : "") < 0)
		command = NULL;
	table_last_cell(out, IOCTLS_DEVICE + width,
			IOCTLS_DEVICE + MAX(width, IOCTLS_DEVICE_WIDTH) + 1, command ?: "");
	free(command);
	free(device);
}

const struct bt_ioctl **ioctls_shown(const struct bt_result *r, const char *filter)
{
	const struct bt_ioctl **list = calloc(r->n_ioctls + 1, sizeof(*list)), *ioctl;
	uint32_t i, n = 0;
	int more;

	for (more = 0; list && more < 2; more++)
		for (i = 0; (ioctl = bt_result_ioctl(r, i)); i++)
			if ((ioctl->file == BT_FILE_MORE) == more &&
			    filter_ioctl(filter, ioctl))
				list[n++] = ioctl;
	return list;
}

void table_ioctls(FILE *out, const struct bt_result *r, const struct report *report)
{
	const struct bt_ioctl **list = ioctls_shown(r, report->filter), **at = list;
	bool divides = bt_result_times(r, BT_INCLUSIVE)->compute_runnable_ns != BT_NONE;

	if (at && *at) {
		fprintf(out, "\n%9s %9s %9s %7s %6s %-*s command\n", "seconds",
			divides ? "blocked" : "off-CPU", "longest", "calls", "errors",
			IOCTLS_DEVICE_WIDTH, "device");
		fprintf(out, "%.9s %.9s %.9s %.7s %.6s %.*s %s\n", TABLE_LINE, TABLE_LINE,
			TABLE_LINE, TABLE_LINE, TABLE_LINE, IOCTLS_DEVICE_WIDTH,
			TABLE_LINE, TABLE_LINE);
	}
	for (; at && *at; at++)
		ioctls_row(out, *at);
	if (r->n_missing_ioctls)
		fprintf(out,
			"Only the system call ioctl contains %" PRIu32 " more commands.\n",
			r->n_missing_ioctls);
	free(list);
}
