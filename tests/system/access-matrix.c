// SPDX-License-Identifier: MIT
/*
 * docs/access.md as a table: each caller against each target. The decision is
 * also asked of the kernel, by PTRACE_SEIZE in the same cell; where ours
 * differs, the reason is one of those that the page names.
 *
 * access-matrix hold FD DUMPABLE: a target that was executed; says so to FD.
 */
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <grp.h>
#include "test.h"

#define BIT(n) (1ULL << (n))
#define DIR    "/tmp/access-matrix"

enum { PLAIN, OWN_NS, TARGET_NS };

static const struct caller {
	const char *name;
	uid_t uid;
	u64 caps;
	int ns;
	const char *allowed; /* by target, y or n */
	const char *ptrace;  /* where it says otherwise: the documented exceptions */
} callers[] = {
	/*			  targets: 0123456789 */
	{ "the same uid", 1000, 0, PLAIN, "ynnnnyynnn", NULL },
	{ "another uid", 1001, 0, PLAIN, "nnynnnnnnn", NULL },
	{ "another uid, CAP_SYS_PTRACE", 1001, BIT(CAP_SYS_PTRACE), PLAIN, "yyyyyyyyyy",
	  NULL },
	{ "another uid, CAP_PERFMON", 1001, BIT(CAP_PERFMON), PLAIN, "yyyyyyyyyy",
	  "nnynnnnnnn" },
	{ "another uid, CAP_SYS_ADMIN", 1001, BIT(CAP_SYS_ADMIN), PLAIN, "yyyyyyyyyy",
	  "nnynnnnnnn" },
	{ "another uid, CAP_NET_ADMIN", 1001, BIT(CAP_NET_ADMIN), PLAIN, "nnynnnnnnn",
	  NULL },
	{ "the same uid, CAP_PERFMON", 1000, BIT(CAP_PERFMON), PLAIN, "yyyyyyyyyy",
	  "ynnnnyynnn" },
	{ "the same uid in a user namespace", 1000, 0, OWN_NS, "nnnnnnnnnn", NULL },
	{ "the same uid in the target's namespace", 1000, 0, TARGET_NS, "nnnnnyynnn", NULL },
	{ "root", 0, ~0ULL, PLAIN, "yyyyyyyyyy", NULL },
};

enum { FORKED, SETUID, FILECAP, USERNS };

static const struct target {
	const char *name;
	uid_t uid;
	gid_t gid;
	int kind, dumpable;
	u64 caps;
} targets[] = {
	{ "dumpable", 1000, 1000, FORKED, 1, 0 },
	{ "not dumpable", 1000, 1000, FORKED, 0, 0 },
	{ "of uid 1001", 1001, 1001, FORKED, 1, 0 },
	{ "set-user-ID", 1000, 1000, SETUID, -1, 0 },
	{ "with file capabilities", 1000, 1000, FILECAP, -1, 0 },
	{ "in a user namespace", 1000, 1000, USERNS, 1, 0 },
	{ "in a user namespace, not dumpable", 1000, 1000, USERNS, 0, 0 },
	{ "of another gid", 1000, 1001, FORKED, 1, 0 },
	{ "dumpable, with a capability", 1000, 1000, FORKED, 1, BIT(CAP_NET_ADMIN) },
	{ "of root", 0, 0, FORKED, 1, ~0ULL },
};

#define CALLERS (sizeof(callers) / sizeof(callers[0]))
#define TARGETS (sizeof(targets) / sizeof(targets[0]))

static struct {
	atomic_int stage;
	int registered, seized; /* errno of each */
	int extra[8];
} * told;
static int ready[2];

static void become(uid_t uid, gid_t gid, u64 caps)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (!uid)
		return;
	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = (uint32_t)(caps >> 32 * i);
	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid) || syscall(SYS_capset, &header, data))
		bail("become %u", uid);
}

static void hold(int to, int dumpable)
{
	/* -1: as execve left it */
	if (dumpable >= 0 && prctl(PR_SET_DUMPABLE, dumpable))
		_exit(1);
	if (write(to, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static const struct target *who;

static void be_target(void)
{
	static const char *const files[] = { "", DIR "/setuid", DIR "/filecap",
					     DIR "/plain" };
	char text[16], dumpable[16];

	become(who->uid, who->gid, who->caps);
	if (who->kind == FORKED)
		hold(ready[1], who->dumpable);
	if (who->kind == USERNS && unshare(CLONE_NEWUSER))
		bail("unshare");
	snprintf(text, sizeof(text), "%d", ready[1]);
	snprintf(dumpable, sizeof(dumpable), "%d", who->dumpable);
	execl(files[who->kind], "access-matrix", "hold", text, dumpable, NULL);
	bail("execl %s", files[who->kind]);
}

static pid_t start(const struct target *t)
{
	pid_t pid;
	char c;

	who = t;
	pid = child_of(be_target);
	if (read(ready[0], &c, 1) != 1)
		bail("the target does not start");
	return pid;
}

/* The caller's part of a cell, as another process with other rights. */
static const struct caller *asks;
static pid_t asked;

static void be_caller(void)
{
	char path[64];
	int own, ns;

	become(asks->uid, asks->uid, asks->caps);
	if (asks->ns == OWN_NS && unshare(CLONE_NEWUSER))
		bail("unshare");
	if (asks->ns == TARGET_NS) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", asked);
		/* Not allowed, or its own: it stays where it is, in a child. */
		ns = open(path, O_RDONLY | O_CLOEXEC);
		if (ns < 0 || setns(ns, CLONE_NEWUSER))
			if (unshare(CLONE_NEWUSER))
				bail("unshare");
	}
	own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
	if (own < 0)
		bail("open /dev/bricktrace as %u", asks->uid);
	told->registered = -try_register(own, asked, 0);
	/* That file's own threads, whatever they are. */
	told->extra[0] = -try_register(own, 0, 0);
	close(own);
	told->seized = ptrace(PTRACE_SEIZE, asked, 0, 0) ? errno : 0;
	if (!told->seized) {
		ptrace(PTRACE_INTERRUPT, asked, 0, 0);
		wait_for(asked);
		ptrace(PTRACE_DETACH, asked, 0, 0);
	}
}

static void matrix(void)
{
	for (size_t t = 0; t < TARGETS; t++) {
		pid_t pid = start(&targets[t]);

		for (size_t c = 0; c < CALLERS; c++) {
			const char *ptrace = callers[c].ptrace ?: callers[c].allowed;
			bool wanted = callers[c].allowed[t] == 'y';
			bool by_ptrace = ptrace[t] == 'y';

			told->registered = told->seized = told->extra[0] = -1;
			asks = &callers[c];
			asked = pid;
			wait_for(child_of(be_caller));
			is(told->registered, wanted ? 0 : EPERM, "%s, a target %s: %s",
			   callers[c].name, targets[t].name, wanted ? "allowed" : "EPERM");
			is(told->seized, by_ptrace ? 0 : EPERM,
			   "%s, a target %s: ptrace says %s", callers[c].name,
			   targets[t].name,
			   by_ptrace == wanted ? "the same" :
						 "EPERM, the documented exception");
			if (told->extra[0])
				is(told->extra[0], 0, "%s: its own thread",
				   callers[c].name);
		}
		kill(pid, SIGKILL);
		wait_for(pid);
	}
}

/* Own threads: whatever the process may not do to others. */

static void own_not_dumpable(void)
{
	int own;

	become(1000, 1000, 0);
	prctl(PR_SET_DUMPABLE, 0);
	own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
	told->extra[0] = -try_register(own, 0, 0);
	told->extra[1] = -try_unregister(own, 0);
	told->extra[2] = -try_register(own, getpid(), BRICKTRACE_THREAD_WHOLE_PROCESS);
}

/* Opened with other rights than it has now. */
static uid_t opens, later;

static void opened_before(void)
{
	int own;

	if (opens) {
		if (setgroups(0, NULL) || setresgid(opens, opens, 0) ||
		    setresuid(opens, opens, 0))
			bail("setresuid");
	}
	own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
	if (setresuid(-1, 0, -1) && opens)
		bail("setresuid");
	become(later, later, 0);
	prctl(PR_SET_DUMPABLE, 1);
	told->extra[0] = -try_register(own, 0, 0);
}

static void own(void)
{
	told->extra[0] = told->extra[1] = told->extra[2] = -1;
	wait_for(child_of(own_not_dumpable));
	is(told->extra[0], 0, "own thread, not dumpable: allowed");
	is(told->extra[1], 0, "own thread, not dumpable: and back");
	is(told->extra[2], 0, "own process, not dumpable: allowed");

	told->extra[0] = -1;
	opens = 0, later = 1000;
	wait_for(child_of(opened_before));
	is(told->extra[0], 0, "own thread, opened as root, now 1000: allowed");
	told->extra[0] = -1;
	opens = 1001, later = 1000;
	wait_for(child_of(opened_before));
	is(told->extra[0], EPERM, "own thread, opened as 1001, now 1000: EPERM");
}

/* A descriptor that was passed: the opener's rights count, and the caller's. */

static uid_t opener_uid, caller_uid;
static u64 opener_caps, caller_caps;
static int sockets[2];

static void opens_and_sends(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int own;

	become(opener_uid, opener_uid, opener_caps);
	own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(own));
	memcpy(CMSG_DATA(c), &own, sizeof(own));
	if (own < 0 || sendmsg(sockets[0], &m, 0) != 1)
		bail("sendmsg");
}

static void receives_and_asks(void)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int own;

	if (recvmsg(sockets[1], &m, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&m))
		bail("recvmsg");
	memcpy(&own, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(own));
	become(caller_uid, caller_uid, caller_caps);
	prctl(PR_SET_DUMPABLE, 1);
	told->registered = -try_register(own, asked, 0);
	told->extra[0] = -try_register(own, 0, 0);
}

static void passed(uid_t opener, u64 with, uid_t caller, u64 and_with, bool other_allowed,
		   bool own_allowed)
{
	opener_uid = opener, opener_caps = with;
	caller_uid = caller, caller_caps = and_with;
	told->registered = told->extra[0] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets))
		bail("socketpair");
	wait_for(child_of(opens_and_sends));
	wait_for(child_of(receives_and_asks));
	close(sockets[0]);
	close(sockets[1]);
	is(told->registered, other_allowed ? 0 : EPERM,
	   "passed from %u%s to %u%s: a process of 1000: %s", opener, with ? " (caps)" : "",
	   caller, and_with ? " (caps)" : "", other_allowed ? "allowed" : "EPERM");
	is(told->extra[0], own_allowed ? 0 : EPERM,
	   "passed from %u%s to %u%s: the caller's own thread: %s", opener,
	   with ? " (caps)" : "", caller, and_with ? " (caps)" : "",
	   own_allowed ? "allowed" : "EPERM");
}

static void descriptors(void)
{
	pid_t pid = start(&targets[0]);

	asked = pid;
	passed(1000, 0, 1000, 0, true, true);
	passed(0, 0, 1000, 0, true, true);
	passed(0, 0, 1001, 0, false, true);
	passed(1000, 0, 1001, 0, false, false);
	passed(1001, 0, 1000, 0, false, false);
	passed(1001, 0, 0, 0, false, false);
	passed(1001, BIT(CAP_SYS_PTRACE), 0, 0, true, true);
	passed(1001, BIT(CAP_PERFMON), 1000, 0, true, true);
	passed(1001, BIT(CAP_SYS_ADMIN), 1000, 0, true, true);
	passed(1001, BIT(CAP_SYS_PTRACE), 1001, 0, false, true);
	passed(1001, BIT(CAP_PERFMON), 1001, BIT(CAP_PERFMON), true, true);
	passed(1000, 0, 1001, BIT(CAP_PERFMON), true, false);
	kill(pid, SIGKILL);
	wait_for(pid);
}

/* execve of a program that raises rights, while it is traced. */

static const char *executes;

static void waits_and_executes(void)
{
	char text[16];

	become(1000, 1000, 0);
	prctl(PR_SET_DUMPABLE, 1);
	told->stage = 1;
	while (told->stage == 1)
		;
	for (int i = 0; i < 30; i++)
		getppid_raw();
	snprintf(text, sizeof(text), "%d", ready[1]);
	execl(executes, "access-matrix", "hold", text, "-1", NULL);
	_exit(1);
}

static uid_t tracer_uid;
static u64 tracer_caps;

static void traces_exec(void)
{
	struct run *run = run_new();
	u64 number;
	char c;

	become(tracer_uid, tracer_uid, tracer_caps);
	begin("access");
	told->extra[0] = -try_register(fd, asked, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	told->stage = 2;
	if (read(ready[0], &c, 1) != 1)
		bail("read");
	told->extra[1] = session(fd).threads;
	told->extra[2] = session(fd).threads_lost;
	run_close(fd, number, run);
	told->extra[3] = run->r.provenance;
	told->extra[4] = run->r.reason;
	told->extra[5] = count_of(run, SYS_getppid);
	told->extra[6] =
		figures(run, SYS_execve).count + figures(run, SYS_execve).in_flight;
	told->extra[7] = run->r.threads;
}

static void traced_exec(const char *file, uid_t uid, u64 caps, bool stays, const char *what)
{
	pid_t pid;

	executes = file;
	told->stage = 0;
	memset(told->extra, 0xff, sizeof(told->extra));
	pid = child_of(waits_and_executes);
	wait_value(&told->stage, 1);
	asked = pid;
	tracer_uid = uid, tracer_caps = caps;
	wait_for(child_of(traces_exec));
	is(told->extra[0], 0, "%s: registered before", what);
	is(told->extra[1], stays, "%s: %s", what, stays ? "it stays" : "it leaves");
	is(told->extra[2], !stays, "%s: threads lost", what);
	is(told->extra[3], stays ? BRICKTRACE_MEASURED : BRICKTRACE_PARTIAL,
	   "%s: provenance", what);
	is(told->extra[4], stays ? BRICKTRACE_REASON_NONE : BRICKTRACE_REASON_THREADS_LOST,
	   "%s: reason", what);
	is(told->extra[5], 30, "%s: what it did before is known", what);
	is(told->extra[6], 1, "%s: execve too", what);
	is(told->extra[7], 1, "%s: one thread", what);
	kill(pid, SIGKILL);
	wait_for(pid);
}

static void copy_self(const char *to, mode_t mode)
{
	char command[256];

	snprintf(command, sizeof(command), "cp /proc/%d/exe %s", getpid(), to);
	if (system(command) || chmod(to, mode))
		bail("%s", command);
}

static void files(void)
{
	struct vfs_cap_data caps = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = BIT(CAP_NET_ADMIN),
	};

	if (mkdir(DIR, 0755) && errno != EEXIST)
		bail(DIR);
	copy_self(DIR "/plain", 0755);
	copy_self(DIR "/setuid", 04755);
	copy_self(DIR "/filecap", 0755);
	copy_self(DIR "/unreadable", 0711);
	if (setxattr(DIR "/filecap", "security.capability", &caps, XATTR_CAPS_SZ_2, 0))
		bail("setxattr");
}

static void write_to(const char *path, const char *text)
{
	int f = open(path, O_WRONLY | O_CLOEXEC);

	if (f >= 0 && write(f, text, strlen(text)) < 0)
		bail("%s", path);
	close(f);
}

int main(int argc, char **argv)
{
	if (argc == 4)
		hold(atoi(argv[2]), atoi(argv[3]));
	/* Who may open the device is the node's mode; here everybody. */
	if (chmod("/dev/bricktrace", 0666) || pipe(ready))
		bail("chmod");
	/* Yama cannot be asked: the documented exception. ptrace without it. */
	write_to("/proc/sys/kernel/yama/ptrace_scope", "0");
	write_to("/proc/sys/kernel/unprivileged_userns_clone", "1");
	told = shared_page();
	files();
	matrix();
	own();
	descriptors();
	traced_exec(DIR "/plain", 1000, 0, true, "execve of a program");
	traced_exec(DIR "/setuid", 1000, 0, false, "execve of a set-user-ID program");
	traced_exec(DIR "/filecap", 1000, 0, false, "execve of one with capabilities");
	traced_exec(DIR "/unreadable", 1000, 0, false, "execve of an unreadable one");
	traced_exec(DIR "/setuid", 0, 0, true, "execve of a set-user-ID program, root");
	traced_exec(DIR "/setuid", 1001, BIT(CAP_SYS_PTRACE), true,
		    "execve of a set-user-ID program, CAP_SYS_PTRACE");
	traced_exec(DIR "/filecap", 1001, BIT(CAP_PERFMON), true,
		    "execve of one with capabilities, CAP_PERFMON");
	chmod("/dev/bricktrace", 0660);
	return done();
}
