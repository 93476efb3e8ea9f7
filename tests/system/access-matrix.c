// SPDX-License-Identifier: MIT
/*
 * Each kind of caller may register each kind of target exactly as docs/access.md says.
 * PTRACE_SEIZE gives the same answer for the same pair, except where that page says
 * otherwise. A target that executes a program out of its follower's reach leaves.
 *
 * access-matrix hold FD DUMPABLE: the program that a target executes. It writes a byte
 * to FD and sleeps.
 *
 * Rules: execve, provenance.
 */
#include <grp.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include "test.h"

#define BIT(n) (1ULL << (n))
#define DIR    "/tmp/access-matrix"

enum { PLAIN, OWN_NS, TARGET_NS };

static const struct caller {
	const char *name;
	uid_t uid;
	u64 caps;
	int ns;
	const char *allowed; /* for each target, y or n */
	const char *ptrace;  /* the same for PTRACE_SEIZE, or NULL: as @allowed */
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
} * answer;
static int ready[2];

static void hold(int to, int dumpable)
{
	/* With -1, the value that execve() has set stays. */
	if (dumpable >= 0 && prctl(PR_SET_DUMPABLE, dumpable))
		_exit(1);
	if (write(to, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static const struct target *started;

static void be_target(void)
{
	static const char *const files[] = { "", DIR "/setuid", DIR "/filecap",
					     DIR "/plain" };
	char text[16], dumpable[16];

	become_caps(started->uid, started->gid, started->caps);
	if (started->kind == FORKED)
		hold(ready[1], started->dumpable);
	if (started->kind == USERNS && unshare(CLONE_NEWUSER))
		bail("unshare");
	snprintf(text, sizeof(text), "%d", ready[1]);
	snprintf(dumpable, sizeof(dumpable), "%d", started->dumpable);
	execl(files[started->kind], "access-matrix", "hold", text, dumpable, NULL);
	bail("execl %s", files[started->kind]);
}

static pid_t start(const struct target *t)
{
	pid_t pid;
	char c;

	started = t;
	pid = child_of(be_target);
	if (read(ready[0], &c, 1) != 1)
		bail("the target does not start");
	return pid;
}

/* A cell of the matrix: the caller's part runs in a process with the caller's rights. */
static const struct caller *cell_caller;
static pid_t cell_target;

static void be_caller(void)
{
	char path[64];
	int own, ns;

	become_caps(cell_caller->uid, cell_caller->uid, cell_caller->caps);
	if (cell_caller->ns == OWN_NS && unshare(CLONE_NEWUSER))
		bail("unshare");
	if (cell_caller->ns == TARGET_NS) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", cell_target);
		/* If the target's namespace refuses the caller, it enters a new one. */
		ns = open(path, O_RDONLY | O_CLOEXEC);
		if (ns < 0 || setns(ns, CLONE_NEWUSER))
			if (unshare(CLONE_NEWUSER))
				bail("unshare");
	}
	own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
	if (own < 0)
		bail("open /dev/bricktrace as %u", cell_caller->uid);
	answer->registered = -try_register(own, cell_target, 0);
	answer->extra[0] = -try_register(own, 0, 0);
	close(own);
	answer->seized = ptrace(PTRACE_SEIZE, cell_target, 0, 0) ? errno : 0;
	if (!answer->seized) {
		ptrace(PTRACE_INTERRUPT, cell_target, 0, 0);
		wait_for(cell_target);
		ptrace(PTRACE_DETACH, cell_target, 0, 0);
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

			answer->registered = answer->seized = answer->extra[0] = -1;
			cell_caller = &callers[c];
			cell_target = pid;
			wait_for(child_of(be_caller));
			is(answer->registered, wanted ? 0 : EPERM, "%s, a target %s: %s",
			   callers[c].name, targets[t].name, wanted ? "allowed" : "EPERM");
			is(answer->seized, by_ptrace ? 0 : EPERM,
			   "%s, a target %s: the answer of ptrace is %s", callers[c].name,
			   targets[t].name,
			   by_ptrace == wanted ? "the same" :
						 "EPERM, the documented exception");
			if (answer->extra[0])
				is(answer->extra[0], 0, "%s: its own thread",
				   callers[c].name);
		}
		kill(pid, SIGKILL);
		wait_for(pid);
	}
}

/* A process may always register its own threads through a file that it has opened. */

static void own_not_dumpable(void)
{
	int own;

	become_caps(1000, 1000, 0);
	prctl(PR_SET_DUMPABLE, 0);
	own = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
	answer->extra[0] = -try_register(own, 0, 0);
	answer->extra[1] = -try_unregister(own, 0);
	answer->extra[2] = -try_register(own, getpid(), BRICKTRACE_THREAD_WHOLE_PROCESS);
}

/* The process has opened the file with other rights than it has now. */
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
	become_caps(later, later, 0);
	prctl(PR_SET_DUMPABLE, 1);
	answer->extra[0] = -try_register(own, 0, 0);
}

static void own(void)
{
	answer->extra[0] = answer->extra[1] = answer->extra[2] = -1;
	wait_for(child_of(own_not_dumpable));
	is(answer->extra[0], 0, "own thread, not dumpable: allowed");
	is(answer->extra[1], 0, "own thread, not dumpable: can be unregistered");
	is(answer->extra[2], 0, "own process, not dumpable: allowed");

	answer->extra[0] = -1;
	opens = 0, later = 1000;
	wait_for(child_of(opened_before));
	is(answer->extra[0], 0, "own thread, opened as root, now 1000: allowed");
	answer->extra[0] = -1;
	opens = 1001, later = 1000;
	wait_for(child_of(opened_before));
	is(answer->extra[0], EPERM, "own thread, opened as 1001, now 1000: EPERM");
}

/*
 * For a descriptor that was passed to another process, both the opener and the caller
 * need the right.
 */

static uid_t opener_uid, caller_uid;
static u64 opener_caps, caller_caps;
static int sockets[2];

static void opens_and_sends(void)
{
	become_caps(opener_uid, opener_uid, opener_caps);
	file_send(sockets[0], open("/dev/bricktrace", O_RDWR | O_CLOEXEC));
}

static void receives_and_asks(void)
{
	int own = file_receive(sockets[1]);

	become_caps(caller_uid, caller_uid, caller_caps);
	prctl(PR_SET_DUMPABLE, 1);
	answer->registered = -try_register(own, cell_target, 0);
	answer->extra[0] = -try_register(own, 0, 0);
}

static void passed(uid_t opener, u64 with, uid_t caller, u64 and_with, bool other_allowed,
		   bool own_allowed)
{
	opener_uid = opener, opener_caps = with;
	caller_uid = caller, caller_caps = and_with;
	answer->registered = answer->extra[0] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets))
		bail("socketpair");
	wait_for(child_of(opens_and_sends));
	wait_for(child_of(receives_and_asks));
	close(sockets[0]);
	close(sockets[1]);
	is(answer->registered, other_allowed ? 0 : EPERM,
	   "passed from %u%s to %u%s: a process of 1000: %s", opener, with ? " (caps)" : "",
	   caller, and_with ? " (caps)" : "", other_allowed ? "allowed" : "EPERM");
	is(answer->extra[0], own_allowed ? 0 : EPERM,
	   "passed from %u%s to %u%s: the caller's own thread: %s", opener,
	   with ? " (caps)" : "", caller, and_with ? " (caps)" : "",
	   own_allowed ? "allowed" : "EPERM");
}

static void descriptors(void)
{
	pid_t pid = start(&targets[0]);

	cell_target = pid;
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

/* A traced process executes a program that has more rights. */

static const char *executes;

static void waits_and_executes(void)
{
	char text[16];

	become_caps(1000, 1000, 0);
	prctl(PR_SET_DUMPABLE, 1);
	answer->stage = 1;
	while (answer->stage == 1)
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

	become_caps(tracer_uid, tracer_uid, tracer_caps);
	begin("access");
	answer->extra[0] = -try_register(fd, cell_target, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	answer->stage = 2;
	if (read(ready[0], &c, 1) != 1)
		bail("read");
	answer->extra[1] = session(fd).threads;
	answer->extra[2] = session(fd).threads_lost;
	run_close(fd, number, run);
	answer->extra[3] = run->r.provenance;
	answer->extra[4] = run->r.reason;
	answer->extra[5] = count_of(run, SYS_getppid);
	answer->extra[6] =
		figures(run, SYS_execve).count + figures(run, SYS_execve).in_flight;
	answer->extra[7] = run->r.threads;
}

static void traced_exec(const char *file, uid_t uid, u64 caps, bool stays, const char *what)
{
	pid_t pid;

	executes = file;
	answer->stage = 0;
	memset(answer->extra, 0xff, sizeof(answer->extra));
	pid = child_of(waits_and_executes);
	wait_value(&answer->stage, 1);
	cell_target = pid;
	tracer_uid = uid, tracer_caps = caps;
	wait_for(child_of(traces_exec));
	is(answer->extra[0], 0, "%s: the thread is registered before", what);
	is(answer->extra[1], stays, "%s: %s", what,
	   stays ? "the thread stays" : "the thread leaves");
	is(answer->extra[2], !stays, "%s: threads lost", what);
	is(answer->extra[3], stays ? BRICKTRACE_MEASURED : BRICKTRACE_PARTIAL,
	   "%s: provenance", what);
	is(answer->extra[4],
	   stays ? BRICKTRACE_REASON_NONE : BRICKTRACE_REASON_THREADS_LOST, "%s: reason",
	   what);
	is(answer->extra[5], 30, "%s: the calls before it are counted", what);
	is(answer->extra[6], 1, "%s: execve is counted", what);
	is(answer->extra[7], 1, "%s: one thread", what);
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

int main(int argc, char **argv)
{
	if (argc == 4)
		hold(atoi(argv[2]), atoi(argv[3]));
	/* The mode of the device decides who may open it; here every user may. */
	if (chmod("/dev/bricktrace", 0666) || pipe(ready))
		bail("chmod");
	/* A module cannot ask Yama (docs/access.md), so ptrace must not do so either. */
	if (!access("/proc/sys/kernel/yama/ptrace_scope", F_OK))
		write_text("/proc/sys/kernel/yama/ptrace_scope", "0");
	allow_user_namespaces();
	answer = shared_page();
	files();
	matrix();
	own();
	descriptors();
	traced_exec(DIR "/plain", 1000, 0, true, "execve of a program");
	traced_exec(DIR "/setuid", 1000, 0, false, "execve of a set-user-ID program");
	traced_exec(DIR "/filecap", 1000, 0, false,
		    "execve of a program with capabilities");
	traced_exec(DIR "/unreadable", 1000, 0, false, "execve of an unreadable program");
	traced_exec(DIR "/setuid", 0, 0, true, "execve of a set-user-ID program, root");
	traced_exec(DIR "/setuid", 1001, BIT(CAP_SYS_PTRACE), true,
		    "execve of a set-user-ID program, CAP_SYS_PTRACE");
	traced_exec(DIR "/filecap", 1001, BIT(CAP_PERFMON), true,
		    "execve of a program with capabilities, CAP_PERFMON");
	chmod("/dev/bricktrace", 0660);
	return done();
}
