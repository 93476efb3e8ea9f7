// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"
#include "clock.h"
#include "parameter.h"
#include "process.h"

pid_t child_of(void (*body)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(0);
	}
	return pid;
}

int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) != pid)
		if (errno != EINTR)
			bail("waitpid");
	return status;
}

static void *sleeper(void *count)
{
	static int never;

	if (count)
		atomic_fetch_add((atomic_int *)count, 1);
	for (;;)
		syscall(SYS_futex, &never, FUTEX_WAIT, 0, NULL, NULL, 0);
	return count;
}

void create_sleepers(int threads, atomic_int *count)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	/* Without guard pages neighboring stacks are a single mapping. */
	pthread_attr_setguardsize(&attr, 0);
	while (threads--)
		if (pthread_create(&thread, &attr, sleeper, count))
			bail("pthread_create");
}

pid_t create_sleeping_process(int threads)
{
	atomic_int *count = shared_page();
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		create_sleepers(threads - 1, count);
		sleeper(count);
	}
	while (atomic_load(count) < threads) {
		if (waitpid(pid, NULL, WNOHANG))
			bail("the child could not create %d threads", threads);
		sleep_ns(50 * MS);
	}
	/* The thread that was counted last has yet to fall asleep. */
	sleep_ns(200 * MS);
	return pid;
}

void *shared_page(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);

	if (page == MAP_FAILED)
		bail("mmap");
	return page;
}

void wait_value(atomic_int *word, int value)
{
	for (int i = 0; atomic_load(word) != value; i++) {
		if (i > 60000)
			bail("a word is %d, not %d", atomic_load(word), value);
		sleep_ns(MS);
	}
}

char state_of(pid_t pid, pid_t tid)
{
	char path[64], text[512], *c;
	int f;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	f = open(path, O_RDONLY | O_CLOEXEC);
	if (f < 0)
		return 0;
	n = read(f, text, sizeof(text) - 1);
	close(f);
	if (n <= 0)
		return 0;
	text[n] = 0;
	c = strrchr(text, ')');
	return c ? c[2] : 0;
}

/* A thread has its state before it leaves its CPU; this file shows when it has left. */
static bool off_its_cpu(pid_t pid, pid_t tid)
{
	char path[64], text[8] = "";
	int f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	f = open(path, O_RDONLY | O_CLOEXEC);
	if (f < 0 || read(f, text, sizeof(text) - 1) < 0)
		bail("%s", path);
	close(f);
	return strncmp(text, "running", 7);
}

void wait_state(pid_t pid, pid_t tid, const char *states)
{
	char c = 0;

	for (int i = 0; i < 30000; i++) {
		c = state_of(pid, tid);
		if (c && strchr(states, c) && off_its_cpu(pid, tid))
			return;
		sleep_ns(2 * MS);
	}
	bail("thread %d is %c, not one of %s", tid, c ?: '-', states);
}

void become_uid(uid_t uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		bail("uid %u", uid);
	prctl(PR_SET_DUMPABLE, 1);
}

void become_caps(uid_t uid, gid_t gid, u64 caps)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (!uid)
		return;
	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = (uint32_t)(caps >> 32 * i);
	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid) || syscall(SYS_capset, &header, data))
		bail("uid %u with capabilities", uid);
}

void allow_user_namespaces(void)
{
	static const char path[] = "/proc/sys/kernel/unprivileged_userns_clone";

	if (!access(path, F_OK))
		write_text(path, "1");
}

/* A message of one byte with room for a descriptor, which is not valid yet. */
#define FILE_MESSAGE(m)                              \
	char byte = 'x';                             \
	union {                                      \
		char room[CMSG_SPACE(sizeof(int))];  \
		struct cmsghdr align;                \
	} control = { 0 };                           \
	struct iovec iov = { &byte, 1 };             \
	struct msghdr m = { .msg_iov = &iov,         \
			    .msg_iovlen = 1,         \
			    .msg_control = &control, \
			    .msg_controllen = sizeof(control) }

void file_send(int socket, int fd)
{
	FILE_MESSAGE(m);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (fd < 0 || sendmsg(socket, &m, 0) != 1)
		bail("sendmsg");
}

int file_receive(int socket)
{
	FILE_MESSAGE(m);
	int fd;

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&m))
		bail("recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bail("CPU %d", cpu);
}
