// SPDX-License-Identifier: MIT
/* The names of an ioctl's device, request and command, as the program shows them. */
#include <inttypes.h>
#include <linux/ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "../lib/utf8.h"
#include "decode.h"
#include "names.h"

/* The fixed numbers of Documentation/admin-guide/devices.txt in Linux. */
#define PTS_MAJOR      136
#define PTS_MAJORS     8
#define NVIDIA_MAJOR   195
#define NVIDIA_MODESET 254
#define NVIDIA_CONTROL 255
#define NVIDIA_GPUS    248
#define DRM_MAJOR      226
#define DRM_RENDER     128

/*
 * NVIDIA's request RM CONTROL. Its commands with the bit LEGACY, which firmware answers, and
 * those of the class BINAPI have no public names.
 */
#define RM_CONTROL 0x2a
#define RM_LEGACY  0x8000
#define RM_BINAPI  0x2081

const char *decode_root = "";

/* Finds the name of a device below /dev, else the kernel's name. Returns whether there is one. */
static bool decode_sysfs(const struct bt_ioctl *ioctl, char *to)
{
	static const char key[] = "DEVNAME=", dri[] = "dri/";
	char path[PATH_MAX], target[PATH_MAX], *line = NULL, *name;
	bool found = false;
	size_t size = 0;
	ssize_t length;
	FILE *uevent;

	if (!decode_root)
		return false;
	snprintf(path, sizeof(path), "%s/sys/dev/%s/%u:%u", decode_root,
		 ioctl->file == BT_FILE_BLOCK ? "block" : "char", ioctl->major,
		 ioctl->minor);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = 0;
	strncat(path, "/uevent", sizeof(path) - strlen(path) - 1);
	uevent = fopen(path, "r");
	while (uevent && !found && getline(&line, &size, uevent) > 0) {
		found = !strncmp(line, key, strlen(key));
		line[strcspn(line, "\n")] = 0;
	}
	if (uevent)
		fclose(uevent);
	name = found ? line + strlen(key) : target;
	if (!found && strrchr(target, '/'))
		name = strrchr(target, '/') + 1;
	if (!strncmp(name, dri, strlen(dri)))
		name += strlen(dri);
	snprintf(to, DECODE_LEN, "%.*s", DECODE_LEN - 1, name);
	free(line);
	return *to;
}

/* Names the devices that sysfs does not know. Returns whether @ioctl is for one of them. */
static bool decode_fixed(const struct bt_ioctl *ioctl, char *to)
{
	uint32_t major = ioctl->major, minor = ioctl->minor;

	if (ioctl->file != BT_FILE_CHAR)
		return false;
	if (major >= PTS_MAJOR && major < PTS_MAJOR + PTS_MAJORS)
		snprintf(to, DECODE_LEN, "pts/%u", (major - PTS_MAJOR) * 256 + minor);
	else if (major == NVIDIA_MAJOR && minor == NVIDIA_CONTROL)
		strcpy(to, "nvidiactl");
	else if (major == NVIDIA_MAJOR && minor == NVIDIA_MODESET)
		strcpy(to, "nvidia-modeset");
	else if (major == NVIDIA_MAJOR && minor < NVIDIA_GPUS)
		snprintf(to, DECODE_LEN, "nvidia%u", minor);
	else if (major == DRM_MAJOR)
		snprintf(to, DECODE_LEN, minor < DRM_RENDER ? "card%u" : "renderD%u",
			 minor);
	else if (!strcmp(ioctl->owner, "nvidia_uvm"))
		strcpy(to, minor ? "nvidia-uvm-tools" : "nvidia-uvm");
	else if (!strcmp(ioctl->owner, "amdgpu"))
		strcpy(to, "kfd");
	else
		return false;
	return true;
}

static void decode_device(const struct bt_ioctl *ioctl, char *to)
{
	switch (ioctl->file) {
	case BT_FILE_CHAR:
	case BT_FILE_BLOCK:
		if (!decode_fixed(ioctl, to) && !decode_sysfs(ioctl, to))
			snprintf(to, DECODE_LEN, "%s %u:%u",
				 ioctl->file == BT_FILE_BLOCK ? "block" : "char",
				 ioctl->major, ioctl->minor);
		break;
	case BT_FILE_ANON:
		snprintf(to, DECODE_LEN, *ioctl->name == '[' ? "%s" : "[%s]", ioctl->name);
		break;
	case BT_FILE_DIRECTORY:
	case BT_FILE_REGULAR:
		snprintf(to, DECODE_LEN, "%s", ioctl->name);
		break;
	case BT_FILE_SOCKET:
		strcpy(to, "socket");
		break;
	case BT_FILE_PIPE:
		strcpy(to, "pipe");
		break;
	case BT_FILE_BAD:
		strcpy(to, "(bad descriptor)");
		break;
	case BT_FILE_MORE:
		strcpy(to, "(more)");
		break;
	default:
		strcpy(to, "(file unknown)");
	}
}

/* Writes a request without a name in C's notation. */
static void decode_number(uint32_t request, char *to)
{
	static const char *const forms[] = { "_IO", "_IOW", "_IOR", "_IOWR" };
	uint32_t type = _IOC_TYPE(request), size = _IOC_SIZE(request);
	uint32_t direction = _IOC_DIR(request);
	char text[8];

	snprintf(text, sizeof(text), type > ' ' && type < 0x7f ? "'%c'" : "0x%02x", type);
	if (direction)
		snprintf(to, DECODE_LEN, "%s(%s, 0x%02x, %u)", forms[direction], text,
			 _IOC_NR(request), size);
	/* The numbers of terminals and sockets are older than _IO(), those of others smaller. */
	else if (size || !type || type == 'T' || type == 0x89)
		snprintf(to, DECODE_LEN, "0x%x", request);
	else
		snprintf(to, DECODE_LEN, "_IO(%s, 0x%02x)", text, _IOC_NR(request));
}

static bool decode_opaque(const struct bt_ioctl *ioctl)
{
	return !strcmp(ioctl->owner, "nvidia") && _IOC_NR(ioctl->request) == RM_CONTROL &&
	       (ioctl->command & RM_LEGACY || ioctl->command >> 16 == RM_BINAPI);
}

void decode_ioctl(const struct bt_ioctl *ioctl, struct decoded *decoded)
{
	const char *request = NULL, *command = NULL;
	char device[DECODE_LEN];

	memset(decoded, 0, sizeof(*decoded));
	decode_device(ioctl, device);
	bti_utf8_copy(decoded->device, DECODE_LEN, device, BTI_UTF8_REPLACE_CONTROLS);
	if (ioctl->file == BT_FILE_MORE)
		return;
	request = names_find(ioctl, decoded->device, BT_NONE);
	if (request)
		strcpy(decoded->request, request);
	else
		decode_number(ioctl->request, decoded->request);
	decoded->request_named = request;
	if (ioctl->command != BT_NONE) {
		command = names_find(ioctl, decoded->device, ioctl->command);
		if (command)
			strcpy(decoded->command, command);
		else
			snprintf(decoded->command, DECODE_LEN, "%s0x%" PRIx64,
				 decode_opaque(ioctl) ? "opaque " : "", ioctl->command);
	}
	decoded->command_named = command;
	/* The name of a command of RM CONTROL is long and says which request has it. */
	if (command && strstr(command, "_CTRL_"))
		strcpy(decoded->text, command);
	else
		snprintf(decoded->text, sizeof(decoded->text), "%s%s%s", decoded->request,
			 *decoded->command ? " " : "", decoded->command);
}
