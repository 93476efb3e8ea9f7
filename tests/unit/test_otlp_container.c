// SPDX-License-Identifier: MIT
/* Tests of finding the container of a cgroup, over directories of cgroups that this file makes. */
#include <fcntl.h>

#include "container.h"
#include "program.h"

#define ID    "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define INNER "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d"
#define POD   "74c13223-5a00-11e9-b385-42010a80018d"
#define POD_  "74c13223_5a00_11e9_b385_42010a80018d"
#define HASH  "0123456789abcdef0123456789abcdef"

static void paths_name_containers_and_pods(void **state)
{
	static const struct {
		const char *path, *id, *pod;
	} table[] = {
		{ "/docker/" ID, ID, "" },
		{ "/system.slice/docker-" ID ".scope", ID, "" },
		{ "/sys/fs/cgroup/system.slice/docker-" ID ".scope", ID, "" },
		{ "/machine.slice/libpod-" ID ".scope/container", ID, "" },
		{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
		  ".scope",
		  ID, "" },
		{ "/default/" ID, ID, "" },
		{ "/system.slice/nerdctl-" ID ".scope", ID, "" },
		{ "/kubepods/besteffort/pod" POD "/" ID, ID, POD },
		{ "/kubepods/pod" POD "/" ID, ID, POD },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
		  ".slice/cri-containerd-" ID ".scope",
		  ID, POD },
		{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-" ID ".scope/container",
		  ID, POD },
		{ "/kubepods.slice/kubepods-pod" POD_ ".slice/docker-" ID ".scope", ID,
		  POD },
		{ "/system.slice/containerd.service/kubepods-burstable-pod" POD_
		  ".slice:cri-containerd:" ID,
		  ID, POD },
		{ "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" POD_
		  ".slice/cri-containerd-" ID ".scope",
		  ID, POD },
		{ "/kubepods/burstable/pod" HASH "/" ID, ID, HASH },
		{ "/kubepods.slice/kubepods-pod" HASH ".slice/crio-" ID ".scope", ID, HASH },
		{ "/kubepods/pod" POD, "", POD },
		/* The innermost container counts. */
		{ "/docker/" ID "/docker/" INNER, INNER, "" },
		{ "/docker/" ID "/system.slice/sshd.service", ID, "" },
		{ "/docker/" ID "/kubepods/pod" POD "/" INNER "/x", INNER, POD },
		/* These are no containers. */
		{ "", "", "" },
		{ "/", "", "" },
		{ "/user.slice/user-1000.slice/session-3.scope", "", "" },
		{ "/machine.slice/libpod-conmon-" ID ".scope", "", "" },
		{ "/kubepods.slice/kubepods-pod" POD_ ".slice/crio-conmon-" ID ".scope",
		  "", POD },
		{ "/machine.slice/machine-libpod_pod_" ID ".slice", "", "" },
		{ "/docker/" ID "0", "", "" },
		{ "/docker/x" ID, "", "" },
		{ "/docker/4F797C539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970",
		  "", "" },
		{ "/docker/797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970",
		  "", "" },
		{ "/docker/" ID ".service", "", "" },
		{ "/docker/" ID "/../" ID " (deleted)", ID, "" },
		{ "/pod" POD "/" ID, ID, "" },
		{ "/kubepods/pod" POD_ "0", "", "" },
		{ "/kubepods/pod74c13223-5a00-11e9-b385-42010a80018", "", "" },
		{ "/kubepods/pod74c13223-5a00-11e9-b38542010a80018dab", "", "" },
		{ "/kubepods/pod74c13223-5a00-11e9-b385-42010a80018X", "", "" },
		{ "/kubepods/pod", "", "" },
		{ "/kubepods/podX", "", "" },
		{ "/kubepods/-pod", "", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct otlp_container c;

		memset(&c, 'x', sizeof(c));
		otlp_container_parse(table[i].path, &c);
		if (strcmp(c.id, table[i].id) != 0 || strcmp(c.pod, table[i].pod) != 0)
			fail_msg("%s: '%s' '%s'", table[i].path, c.id, c.pod);
	}
}

static uint64_t inode(const char *path)
{
	struct stat s;

	assert_int_equal(stat(path, &s), 0);
	return s.st_ino;
}

/* Finds the container of the directory @of while a process is in @cgroup. */
static struct otlp_container find(const char *of, const char *cgroup)
{
	struct otlp_machine machine = { .root = "." };
	struct otlp_container c;
	int fd;

	write_file("proc/7/cgroup", cgroup, 0644);
	fd = open("proc/7", O_RDONLY | O_DIRECTORY);
	otlp_container_find(&machine, *of ? inode(of) : 0, fd, &c);
	close(fd);
	return c;
}

static void processes_lead_to_their_cgroups(void **state)
{
	static const char other[] = "sys/fs/cgroup/other";
	static const char v1[] = "2:cpu:/docker/" INNER "\n1:name=systemd:/0::/x\n";
	char text[512];

	(void)state;
	assert_int_equal(
		system("mkdir -p proc/7 sys/fs/cgroup/other sys/fs/cgroup/docker/" ID), 0);
	assert_string_equal(find("sys/fs/cgroup/docker/" ID, "0::/docker/" ID "\n").id, ID);
	snprintf(text, sizeof(text), "%s0::/docker/" ID "\n", v1);
	assert_string_equal(find("sys/fs/cgroup/docker/" ID, text).id, ID);
	/* The process has gone elsewhere since, or is another one. */
	assert_string_equal(find(other, "0::/docker/" ID "\n").id, "");
	assert_string_equal(find("sys/fs/cgroup/docker/" ID, "0::/other\n").id, "");
	assert_string_equal(find("sys/fs/cgroup/docker/" ID, "0::/gone\n").id, "");
	assert_string_equal(find("sys/fs/cgroup/docker/" ID, v1).id, "");
	assert_string_equal(find("sys/fs/cgroup/docker/" ID, "").id, "");
	/* The record did not say which cgroup. */
	assert_string_equal(find("", "0::/docker/" ID "\n").id, "");
}

static void cgroup1_has_cgroup2_beside_it(void **state)
{
	(void)state;
	assert_int_equal(system("mkdir -p proc/7 sys/fs/cgroup/unified/docker/" ID), 0);
	assert_string_equal(
		find("sys/fs/cgroup/unified/docker/" ID, "0::/docker/" ID "\n").id, ID);
}

static void what_is_missing_is_not_known(void **state)
{
	struct otlp_machine machine = { .root = "./nowhere" };
	struct otlp_container c;

	(void)state;
	otlp_container_find(&machine, 1, -1, &c);
	assert_string_equal(c.id, "");
	assert_string_equal(c.pod, "");
}

/* Only the kernel's own file system of cgroups answers what the path of a number is. */
static void the_kernel_is_asked(void **state)
{
	struct otlp_machine machine = { .root = "" };
	struct otlp_container c;
	char path[256], command[600];
	uint64_t number;
	FILE *pipe;

	(void)state;
	pipe = popen("findmnt -nt cgroup2 -o TARGET | grep -xE '/sys/fs/cgroup(/unified)?'",
		     "r");
	if (fscanf(pipe, "%200s", path) != 1)
		*path = 0;
	pclose(pipe);
	snprintf(command, sizeof(command),
		 "mkdir -p %s/bricktrace-unit/docker-" ID ".scope 2>&1", path);
	if (!*path || system(command))
		skip();
	snprintf(command, sizeof(command), "%s/bricktrace-unit/docker-" ID ".scope", path);
	number = inode(command);
	otlp_container_find(&machine, number, -1, &c);
	rmdir(command);
	snprintf(command, sizeof(command), "%s/bricktrace-unit", path);
	rmdir(command);
	assert_string_equal(c.id, ID);
	/* Nothing is there any more. */
	otlp_container_find(&machine, number, -1, &c);
	assert_string_equal(c.id, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_name_containers_and_pods),
		cmocka_unit_test(processes_lead_to_their_cgroups),
		cmocka_unit_test(cgroup1_has_cgroup2_beside_it),
		cmocka_unit_test(what_is_missing_is_not_known),
		cmocka_unit_test(the_kernel_is_asked),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
