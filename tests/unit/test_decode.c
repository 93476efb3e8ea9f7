// SPDX-License-Identifier: MIT
#include <dirent.h>

#include "decode.h"
#include "program.h"

#define IOC(direction, type, nr, size) \
	((uint32_t)(direction) << 30 | (size) << 16 | (type) << 8 | (nr))
#define IO(type, nr)	     IOC(0, type, nr, 0)
#define IOW(type, nr, size)  IOC(1, type, nr, size)
#define IOR(type, nr, size)  IOC(2, type, nr, size)
#define IOWR(type, nr, size) IOC(3, type, nr, size)

#define RM_CONTROL IOWR('F', 0x2a, 32)
#define RM_ALLOC   IOWR('F', 0x2b, 48)

static struct decoded decoded;

static void decode_char(const char *owner, uint32_t major, uint32_t minor,
			uint32_t request, uint64_t command)
{
	struct bt_ioctl ioctl = {
		.file = BT_FILE_CHAR,
		.major = major,
		.minor = minor,
		.request = request,
		.command = command,
		.owner = owner,
		.name = "",
	};

	decode_ioctl(&ioctl, &decoded);
}

static void decode_block(uint32_t major, uint32_t minor, uint32_t request)
{
	struct bt_ioctl ioctl = {
		.file = BT_FILE_BLOCK,
		.major = major,
		.minor = minor,
		.request = request,
		.command = BT_NONE,
		.owner = "",
		.name = "",
	};

	decode_ioctl(&ioctl, &decoded);
}

static void decode_file(enum bt_file file, const char *name, uint32_t request)
{
	struct bt_ioctl ioctl = {
		.file = file,
		.request = request,
		.command = BT_NONE,
		.owner = "",
		.name = name,
	};

	decode_ioctl(&ioctl, &decoded);
}

#define assert_device(device_) assert_string_equal(decoded.device, device_)
#define assert_text(text_)     assert_string_equal(decoded.text, text_)

/* Makes a device that sysfs knows. */
static void make_device(const char *kind, const char *number, const char *target,
			const char *uevent)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "mkdir -p sys/dev/%s sys/%s && ln -s ../../%s sys/dev/%s/%s", kind,
		 target, target, kind, number);
	assert_int_equal(system(line), 0);
	if (!uevent)
		return;
	snprintf(line, sizeof(line), "sys/%s/uevent", target);
	write_file(line, uevent, 0644);
}

static void sysfs_names_devices(void **state)
{
	(void)state;
	decode_char("amdgpu", 226, 128, 0, BT_NONE);
	assert_device("renderD128");
	decode_char("tun", 10, 200, 0, BT_NONE);
	assert_device("net/tun");
	decode_char("amdgpu", 240, 0, 0, BT_NONE);
	assert_device("kfd");
	decode_char("", 241, 0, 0, BT_NONE);
	assert_device("bare");
	decode_block(8, 0, 0);
	assert_device("sda");
	decode_char("", 242, 0, 0, BT_NONE);
	assert_device("ru\uFFFDde\uFFFD");
	decode_char("", 10, 201, 0, BT_NONE);
	assert_device("char 10:201");
	decode_block(10, 200, 0);
	assert_device("block 10:200");
}

static void devices_have_fixed_names(void **state)
{
	(void)state;
	decode_char("nvidia", 195, 255, 0, BT_NONE);
	assert_device("nvidiactl");
	decode_char("nvidia", 195, 254, 0, BT_NONE);
	assert_device("nvidia-modeset");
	decode_char("nvidia", 195, 0, 0, BT_NONE);
	assert_device("nvidia0");
	decode_char("nvidia", 195, 247, 0, BT_NONE);
	assert_device("nvidia247");
	decode_char("nvidia", 195, 248, 0, BT_NONE);
	assert_device("char 195:248");
	decode_char("nvidia_uvm", 508, 0, 0, BT_NONE);
	assert_device("nvidia-uvm");
	decode_char("nvidia_uvm", 508, 1, 0, BT_NONE);
	assert_device("nvidia-uvm-tools");
	decode_char("", 136, 0, 0, BT_NONE);
	assert_device("pts/0");
	decode_char("", 136, 300, 0, BT_NONE);
	assert_device("pts/300");
	decode_char("", 143, 255, 0, BT_NONE);
	assert_device("pts/2047");
	decode_char("", 144, 0, 0, BT_NONE);
	assert_device("char 144:0");
	decode_block(136, 0, 0);
	assert_device("block 136:0");
}

static void other_files_have_names(void **state)
{
	(void)state;
	decode_file(BT_FILE_ANON, "kvm-vm", IO(0xae, 0x41));
	assert_device("[kvm-vm]");
	assert_text("KVM_CREATE_VCPU");
	decode_file(BT_FILE_ANON, "a\n\200", 0);
	assert_device("[a\uFFFD\uFFFD]");
	decode_file(BT_FILE_ANON, "[eventfd]", 0x5421);
	assert_device("[eventfd]");
	assert_text("FIONBIO");
	decode_file(BT_FILE_SOCKET, "", 0x8910);
	assert_device("socket");
	assert_text("SIOCGIFNAME");
	decode_file(BT_FILE_PIPE, "", 0x541b);
	assert_device("pipe");
	assert_text("FIONREAD");
	decode_file(BT_FILE_REGULAR, "ext4", 0x5401);
	assert_device("ext4");
	assert_text("TCGETS");
	decode_file(BT_FILE_DIRECTORY, "btrfs", IOW(0x94, 2, 4096));
	assert_device("btrfs");
	assert_text("BTRFS_IOC_DEFRAG");
	decode_file(BT_FILE_BAD, "", 0x5401);
	assert_device("(bad descriptor)");
	assert_text("TCGETS");
	decode_file(BT_FILE_UNKNOWN, "", RM_CONTROL);
	assert_device("(file unknown)");
	assert_text("_IOWR('F', 0x2a, 32)");
	decode_file(BT_FILE_MORE, "", 0);
	assert_device("(more)");
	assert_text("");
}

/* The numbers are from NVIDIA's headers and from Linux's, by way of other projects. */
static void nvidia_has_names(void **state)
{
	(void)state;
	decode_char("nvidia", 195, 255, RM_CONTROL, 0x20800102);
	assert_text("NV2080_CTRL_CMD_GPU_GET_INFO_V2");
	assert_string_equal(decoded.request, "NV_ESC_RM_CONTROL");
	assert_string_equal(decoded.command, "NV2080_CTRL_CMD_GPU_GET_INFO_V2");
	assert_true(decoded.request_named && decoded.command_named);
	decode_char("nvidia", 195, 255, RM_CONTROL, 0x101);
	assert_text("NV0000_CTRL_CMD_SYSTEM_GET_BUILD_VERSION");
	decode_char("nvidia", 195, 255, RM_CONTROL, 0x201);
	assert_text("NV0000_CTRL_CMD_GPU_GET_ATTACHED_IDS");
	decode_char("nvidia", 195, 0, RM_CONTROL, 0xc36f0108);
	assert_text("NVC36F_CTRL_CMD_GPFIFO_GET_WORK_SUBMIT_TOKEN");
	decode_char("nvidia", 195, 0, RM_CONTROL, 0xcb330101);
	assert_text("NV_CONF_COMPUTE_CTRL_CMD_SYSTEM_GET_CAPABILITIES");
	decode_char("nvidia", 195, 0, RM_CONTROL, BT_NONE);
	assert_text("NV_ESC_RM_CONTROL");
	decode_char("nvidia", 195, 255, RM_ALLOC, 0x41);
	assert_text("NV_ESC_RM_ALLOC NV01_ROOT_CLIENT");
	decode_char("nvidia", 195, 255, RM_ALLOC, 0xc6c0);
	assert_text("NV_ESC_RM_ALLOC AMPERE_COMPUTE_A");
	decode_char("nvidia", 195, 0, IOWR('F', 0x4e, 56), BT_NONE);
	assert_text("NV_ESC_RM_MAP_MEMORY");
	decode_char("nvidia", 195, 0, IOWR('F', 200, 2304), BT_NONE);
	assert_text("NV_ESC_CARD_INFO");
	decode_char("nvidia", 195, 0, IOWR('F', 211, 16), BT_NONE);
	assert_text("NV_ESC_IOCTL_XFER_CMD");
	decode_char("nvidia_uvm", 508, 0, 0x30000001, BT_NONE);
	assert_text("UVM_INITIALIZE");
	decode_char("nvidia_uvm", 508, 0, 25, BT_NONE);
	assert_text("UVM_REGISTER_GPU_VASPACE");
	decode_char("nvidia_uvm", 508, 0, 33, BT_NONE);
	assert_text("UVM_MAP_EXTERNAL_ALLOCATION");
	decode_char("nvidia_uvm", 508, 0, 51, BT_NONE);
	assert_text("UVM_MIGRATE");
}

static void commands_without_names(void **state)
{
	(void)state;
	decode_char("nvidia", 195, 255, RM_CONTROL, 0x2080ffff);
	assert_text("NV_ESC_RM_CONTROL opaque 0x2080ffff");
	assert_true(decoded.request_named && !decoded.command_named);
	decode_char("nvidia", 195, 255, RM_CONTROL, 0x20810107);
	assert_text("NV_ESC_RM_CONTROL opaque 0x20810107");
	decode_char("nvidia", 195, 255, RM_CONTROL, 0x20807fff);
	assert_text("NV_ESC_RM_CONTROL 0x20807fff");
	decode_char("nvidia", 195, 255, RM_ALLOC, 0xf00d);
	assert_text("NV_ESC_RM_ALLOC 0xf00d");
	decode_char("another", 300, 0, RM_CONTROL, 0x2080ffff);
	assert_text("_IOWR('F', 0x2a, 32) 0x2080ffff");
}

static void kernel_has_names(void **state)
{
	(void)state;
	decode_char("amdgpu", 240, 0, IOWR('K', 0x18, 24), BT_NONE);
	assert_device("kfd");
	assert_text("AMDKFD_IOC_MAP_MEMORY_TO_GPU");
	decode_char("amdgpu", 226, 128, IOWR('d', 0, 64), BT_NONE);
	assert_text("DRM_IOCTL_VERSION");
	decode_char("amdgpu", 226, 128, IOWR('d', 0x44, 24), BT_NONE);
	assert_text("DRM_IOCTL_AMDGPU_CS");
	decode_char("i915", 226, 128, IOW('d', 0x69, 64), BT_NONE);
	assert_text("DRM_IOCTL_I915_GEM_EXECBUFFER2");
	decode_char("i915", 226, 128, IOWR('d', 0x69, 64), BT_NONE);
	assert_text("DRM_IOCTL_I915_GEM_EXECBUFFER2_WR");
	decode_char("xe", 226, 128, IOW('d', 0x49, 56), BT_NONE);
	assert_text("DRM_IOCTL_XE_EXEC");
	decode_char("vgem", 226, 128, IOWR('d', 0x44, 24), BT_NONE);
	assert_text("_IOWR('d', 0x44, 24)");
	decode_file(BT_FILE_ANON, "kvm-vcpu:0", IO(0xae, 0x80));
	assert_text("KVM_RUN");
	/* One number, one meaning for a machine and another one for a processor. */
	decode_file(BT_FILE_ANON, "kvm-vm", IOR(0xae, 0x9f, 112));
	assert_text("KVM_GET_PIT2");
	decode_file(BT_FILE_ANON, "kvm-vcpu:0", IOR(0xae, 0x9f, 64));
	assert_text("KVM_GET_VCPU_EVENTS");
	decode_block(8, 0, IOR(0x12, 114, 8));
	assert_text("BLKGETSIZE64");
	decode_block(8, 0, IO(0x12, 104));
	assert_text("BLKSSZGET");
	decode_char("", 136, 0, 0x5413, BT_NONE);
	assert_text("TIOCGWINSZ");
	decode_char("", 5, 2, IOR('T', 0x30, 4), BT_NONE);
	assert_text("TIOCGPTN");
	decode_char("tun", 10, 200, IOW('T', 202, 4), BT_NONE);
	assert_text("TUNSETIFF");
	decode_file(BT_FILE_REGULAR, "ext4", IOR('f', 1, 8));
	assert_text("FS_IOC_GETFLAGS");
	decode_file(BT_FILE_REGULAR, "dmabuf", IOW('b', 0, 8));
	assert_text("DMA_BUF_IOCTL_SYNC");
	decode_file(BT_FILE_ANON, "sync_file", IOWR('>', 3, 48));
	assert_text("SYNC_IOC_MERGE");
}

static void size_is_no_part_of_a_match(void **state)
{
	(void)state;
	decode_char("nvidia", 195, 0, IOWR('F', 0x2a, 40), 0x20800102);
	assert_text("NV2080_CTRL_CMD_GPU_GET_INFO_V2");
	decode_char("amdgpu", 226, 128, IOWR('d', 0, 36), BT_NONE);
	assert_text("DRM_IOCTL_VERSION");
	/* Without a direction, the bits of the size are part of the number. */
	decode_char("nvidia_uvm", 508, 0, 0x10019, BT_NONE);
	assert_text("0x10019");
	decode_char("", 136, 0, IOC(0, 'T', 1, 4), BT_NONE);
	assert_text("0x45401");
}

static void requests_without_names(void **state)
{
	(void)state;
	decode_char("other", 300, 0, IOWR('F', 0x2a, 32), BT_NONE);
	assert_text("_IOWR('F', 0x2a, 32)");
	assert_false(decoded.request_named);
	decode_char("other", 300, 0, IOR(0xfe, 7, 16383), BT_NONE);
	assert_text("_IOR(0xfe, 0x07, 16383)");
	decode_char("other", 300, 0, IOW(' ', 7, 0), BT_NONE);
	assert_text("_IOW(0x20, 0x07, 0)");
	decode_char("other", 300, 0, IO('K', 0x2a), BT_NONE);
	assert_text("_IO('K', 0x2a)");
	decode_char("other", 300, 0, 0x54ff, BT_NONE);
	assert_text("0x54ff");
	decode_file(BT_FILE_SOCKET, "", 0x89ff);
	assert_text("0x89ff");
	decode_char("nvidia_uvm", 508, 0, 200, BT_NONE);
	assert_text("0xc8");
	/* The names of a driver are not those of another one. */
	decode_char("other", 300, 0, 51, BT_NONE);
	assert_text("0x33");
}

static void assert_added(const char *text)
{
	const char *wrong;

	write_file("names", text, 0644);
	wrong = decode_add_file("names");
	if (wrong)
		fail_msg("'%s'", wrong);
}

static void users_add_names(void **state)
{
	(void)state;
	assert_added("# comment\n"
		     "\n"
		     "device mine other*\n"
		     "\t0x1234 \t FIRST  \n"
		     "_IOWR('F', 0x2a, 32) SECOND\n"
		     "_IOWR ( 70 , 052,32 ) 0x33 THIRD\n"
		     "  device nvidia\n"
		     "_IOWR('F',0x2a) 0x20800102 \xc3\x9c\n"
		     "device block\n"
		     "_IO(0xfe, 1) FOURTH");
	decode_char("mine", 300, 0, 0x1234, BT_NONE);
	assert_text("FIRST");
	decode_char("others", 300, 0, IOWR('F', 0x2a, 64), BT_NONE);
	assert_text("SECOND");
	decode_char("mine", 300, 0, IOWR('F', 0x2a, 64), 0x33);
	assert_text("SECOND THIRD");
	decode_char("mines", 300, 0, 0x1234, BT_NONE);
	assert_text("_IO(0x12, 0x34)");
	decode_char("nvidia", 195, 0, RM_CONTROL, 0x20800102);
	assert_text("NV_ESC_RM_CONTROL \xc3\x9c");
	decode_block(0, 0, IO(0xfe, 1));
	assert_text("FOURTH");
	/* A name for all files does not replace that of a driver. */
	assert_added("device *\n51 ANY\n");
	decode_char("other", 300, 0, 51, BT_NONE);
	assert_text("ANY");
	decode_char("nvidia_uvm", 508, 0, 51, BT_NONE);
	assert_text("UVM_MIGRATE");
}

static void assert_refused(const char *text, const char *why)
{
	const char *wrong;

	write_file("names", text, 0644);
	wrong = decode_add_file("names");
	assert_non_null(wrong);
	if (!strstr(wrong, why) || strncmp(wrong, "names:", 6))
		fail_msg("'%.99s': '%s' lacks '%s'", text, wrong, why);
}

static void bad_files_add_nothing(void **state)
{
	static char big[1048578];
	FILE *file;

	(void)state;
	assert_refused("device bad\n0x1 ONE\n\nrequest\n", "names:4: the line must begin");
	assert_refused("device bad\n0x1 ONE\n-1 X\n", "names:3: the line must begin");
	assert_refused("device bad\n0x100000000 X\n", "'0x100000000 X'");
	assert_refused("device bad\n0x1X X\n", "must begin");
	assert_refused("device bad\n_IOX('F', 1) X\n", "must begin");
	assert_refused("device bad\n_IOWR('FF', 1) X\n", "must begin");
	assert_refused("device bad\n_IOWR('F' 1) X\n", "must begin");
	assert_refused("device bad\n_IOWR('F', 256) X\n", "must begin");
	assert_refused("device bad\n_IOWR('F', 1, 16384) X\n", "must begin");
	assert_refused("device bad\n_IOWR('F', 1, 2 X\n", "must begin");
	assert_refused("device bad\n_IOWR('", "must begin");
	assert_refused("0x1 ONE\n", "must come before");
	assert_refused("device\n", "no name follows the word device");
	assert_refused("device bad\n0x1\n", "no name follows the number");
	assert_refused("device bad\n0x1 2\n", "no name follows the number");
	assert_refused("device bad\n0x1 0x1ffffffff X\n", "not a command");
	assert_refused("device bad\n0x1 0xz X\n", "not a command");
	assert_refused("device bad\n0x1 ONE TWO\n", "has a blank in it");
	assert_refused("device bad\n0x1 O\033[1m\n", "control character");
	assert_refused("device bad\r\n", "control character");
	assert_refused("device bad\n0x1 \377\n", "not UTF-8");
	assert_refused("device bad\n0x1 \xc3\n", "not UTF-8");
	memset(big, 'X', sizeof(big) - 1);
	memcpy(big, "device bad\n0x1 ", 15);
	big[15 + 128] = 0;
	assert_refused(big, "more than 127 bytes");
	memset(big, ' ', 513);
	big[513] = 0;
	assert_refused(big, "names:1: the line has more than 512 bytes");
	memset(big, '\n', sizeof(big) - 1);
	assert_refused(big, "at most 1048576 bytes");
	file = fopen("names", "w");
	fwrite("#\0\n", 1, 3, file);
	fclose(file);
	assert_non_null(strstr(decode_add_file("names"), "control character"));
	assert_string_equal(decode_add_file("missing"),
			    "missing: No such file or directory");
	assert_string_equal(decode_add_file("."), ".: Is a directory");
	decode_char("bad", 300, 0, 1, BT_NONE);
	assert_text("0x1");
}

/* The last test, since it leaves the names behind. */
static void own_files_are_right(void **state)
{
	DIR *dir = opendir(NAMES);
	struct dirent *entry;
	char path[512];
	int n = 0;

	(void)state;
	while ((entry = readdir(dir))) {
		const char *wrong;

		if (!strstr(entry->d_name, ".names"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", NAMES, entry->d_name);
		wrong = decode_add_file(path);
		if (wrong)
			fail_msg("%s", wrong);
		n++;
	}
	closedir(dir);
	assert_true(n >= 20);
}

static int enter_root(void **state)
{
	static char dir[256];

	if (enter(state))
		return -1;
	decode_root = getcwd(dir, sizeof(dir));
	make_device("char", "226:128", "devices/pci0/drm/renderD128",
		    "MAJOR=226\nMINOR=128\nDEVNAME=dri/renderD128\nDEVTYPE=drm_minor\n");
	make_device("char", "10:200", "devices/virtual/misc/tun", "DEVNAME=net/tun\n");
	make_device("char", "240:0", "devices/virtual/kfd/kfd", "MAJOR=240\n");
	make_device("char", "241:0", "devices/virtual/odd/bare", NULL);
	make_device("char", "8:0", "devices/virtual/odd/char", NULL);
	make_device("block", "8:0", "devices/pci0/block/sda", "MAJOR=8\nDEVNAME=sda\n");
	make_device("char", "242:0", "devices/virtual/odd/rude", "DEVNAME=ru\033de\377\n");
	return !decode_root;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sysfs_names_devices),
		cmocka_unit_test(devices_have_fixed_names),
		cmocka_unit_test(other_files_have_names),
		cmocka_unit_test(nvidia_has_names),
		cmocka_unit_test(commands_without_names),
		cmocka_unit_test(kernel_has_names),
		cmocka_unit_test(size_is_no_part_of_a_match),
		cmocka_unit_test(requests_without_names),
		cmocka_unit_test(bad_files_add_nothing),
		cmocka_unit_test(users_add_names),
		cmocka_unit_test(own_files_are_right),
	};

	return cmocka_run_group_tests_name("decode", tests, enter_root, leave);
}
