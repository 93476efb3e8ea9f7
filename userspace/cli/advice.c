// SPDX-License-Identifier: MIT
/* Advice for users without the module, and for hosts where the kernel may refuse to load it. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../lib/internal.h"
#include "cli.h"

#define SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static size_t advice_read(const char *root, const char *path, char *buf, size_t size)
{
	char full[PATH_MAX];
	size_t n = 0;
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	file = fopen(full, "re");
	if (file) {
		n = fread(buf, 1, size - 1, file);
		fclose(file);
	}
	buf[n] = 0;
	return n;
}

const char *module_advice(const char *root)
{
	char buf[64];

	/* The file has four bytes of attributes before the value. */
	if (advice_read(root, SECURE_BOOT, buf, sizeof(buf)) >= 5 && buf[4] == 1)
		return "Secure Boot is on: if modprobe says \"Key was rejected by service\", the module is not signed with a key that this machine trusts; for DKMS's key: mokutil --import /var/lib/dkms/mok.pub, then reboot and enroll it";
	advice_read(root, "/sys/kernel/security/lockdown", buf, sizeof(buf));
	if (strstr(buf, "[integrity]") || strstr(buf, "[confidentiality]"))
		return "the kernel is locked down: if modprobe says \"Key was rejected by service\" or \"Operation not permitted\", the module is not signed with a key that this machine trusts; for DKMS's key: mokutil --import /var/lib/dkms/mok.pub, then reboot and enroll it";
	return NULL;
}

static bool advice_exists(const char *root, const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return !access(full, F_OK);
}

const char *netlink_advice(const char *root, bool *loaded)
{
	*loaded = advice_exists(root, BTI_PARAMETERS);
	if (!*loaded)
		return "the module is not loaded: run 'modprobe bricktrace' as root";
	if (!advice_exists(root, BTI_PARAMETERS "netlink_group"))
		return "the module is older than this program and has no generic netlink: install the module of the same version, then as root: modprobe -r bricktrace && modprobe bricktrace";
	return "the module is loaded, but its generic netlink is only in the host's network namespace and this is another one, such as that of a container: run bricktrace there, as root of the host: nsenter -t 1 -n bricktrace ...";
}

void explain_absence(const struct bt_tracer *tracer)
{
	const char *advice;

	complain("%s", bt_tracer_reason_text(tracer));
	if (bt_tracer_reason(tracer) != BT_REASON_NO_MODULE)
		return;
	advice = module_advice("");
	if (advice)
		complain("%s", advice);
}
