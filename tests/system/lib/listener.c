// SPDX-License-Identifier: MIT
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include "call.h"
#include "check.h"
#include "listener.h"
#include "process.h"

const struct bricktrace_ioctl listener_ioctl = {
	.file = BRICKTRACE_FILE_ANON,
	.request = SECCOMP_IOCTL_NOTIF_RECV,
	.command = BRICKTRACE_NONE,
	.name = "seccomp notify",
};

static atomic_int opened, calls, received;
static struct seccomp_notif asked;

int listener_supervise(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Makes a call, which waits for the supervisor, for each listener_wake(). */
static void *supervised(void *arg)
{
	atomic_store(&opened, listener_supervise());
	for (;;) {
		while (!atomic_load(&calls))
			sleep_ns(MS);
		atomic_fetch_sub(&calls, 1);
		getppid_raw();
	}
	return arg;
}

int listener_new(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, supervised, NULL))
		bail("pthread_create");
	while (!atomic_load(&opened))
		sleep_ns(MS);
	if (opened < 0)
		bail("no seccomp listener");
	return opened;
}

void listener_sleep(int listener)
{
	memset(&asked, 0, sizeof(asked));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		bail("SECCOMP_IOCTL_NOTIF_RECV");
	atomic_store(&received, 1);
}

void listener_wake(int listener)
{
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	atomic_fetch_add(&calls, 1);
	wait_value(&received, 1);
	atomic_store(&received, 0);
	answer.id = asked.id;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
		bail("SECCOMP_IOCTL_NOTIF_SEND");
}
