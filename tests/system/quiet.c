// SPDX-License-Identifier: MIT
/*
 * A stranger, a thread that nobody follows, does not take the kernel's slow path while
 * the hooks are armed. Other tracers see every call of every thread all the same: if
 * they start before or after the arming, and if a stranger forks, executes or ends.
 *
 * Rules: execve, inherit.
 *
 * "quiet stranger N" is what a stranger executes.
 */
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include "test.h"

#define STRANGERS 8
#define CALLS	  100
#define CPUS	  8
/* A system call that no other process of the guest makes. */
#define MARK	SYS_sched_get_priority_max
#define TRACING "/sys/kernel/tracing/"
#define SHARED	"/dev/shm/quiet"

enum { IDLE, CALL, FORK, EXEC, END };

/* The strangers: each one carries out the order that it finds in shared memory. */
static struct stranger {
	atomic_int pid, order;
} * strangers;
static int made;	     /* elements of @strangers in use */
static u64 marks, own_marks; /* MARK calls of all threads, and of followed ones */

static void mark(int n)
{
	while (n--)
		syscall(MARK, SCHED_OTHER);
}

static void be_stranger(int n)
{
	struct stranger *s = &strangers[n];
	char text[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	s->pid = getpid();
	/* Once @pid is set an order may be there: @order must not be set here. */
	for (;;) {
		while (s->order == IDLE)
			sleep_ns(MS);
		switch (s->order) {
		case CALL:
			mark(CALLS);
			break;
		case FORK:
			signal(SIGCHLD, SIG_IGN);
			if (!fork()) {
				s = &strangers[++n];
				s->pid = getpid();
				continue;
			}
			break;
		case EXEC:
			snprintf(text, sizeof(text), "%d", n);
			s->order = IDLE;
			execl("/proc/self/exe", "quiet", "stranger", text, NULL);
			_exit(1);
		case END:
			_exit(0);
		}
		s->order = IDLE;
	}
}

static void share_strangers(bool first)
{
	int f = open(SHARED, O_RDWR | O_CREAT | (first ? O_TRUNC : 0), 0600);

	if (f < 0 || ftruncate(f, 4096))
		bail(SHARED);
	strangers = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	close(f);
	if (strangers == MAP_FAILED)
		bail("mmap");
}

static void give_order(int n, int what)
{
	int pid = strangers[n].pid;

	if (what == EXEC)
		strangers[n].pid = 0;
	strangers[n].order = what;
	if (what != END)
		wait_value(&strangers[n].order, IDLE);
	if (what == EXEC)
		wait_value(&strangers[n].pid, pid);
}

/* The newest stranger forks another one. */
static void fork_stranger(void)
{
	strangers[made].pid = 0;
	strangers[made].order = IDLE;
	give_order(made - 1, FORK);
	for (int i = 0; !strangers[made].pid && i < 5000; i++)
		sleep_ns(MS);
	made++;
}

static void all_call(void)
{
	for (int i = 0; i < made; i++)
		give_order(i, CALL);
	mark(10);
	marks += made * CALLS + 10;
	own_marks += 10;
}

static void write_file(const char *path, const char *text, bool append)
{
	int f = open(path, O_WRONLY | O_CLOEXEC | (append ? O_APPEND : 0));

	if (f < 0 || write(f, text, strlen(text)) < 0)
		bail("%s > %s", text, path);
	close(f);
}

/* The total of an ftrace histogram's hits. */
static u64 hits_of(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512];
	u64 n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " Hits: %llu", &n) == 1)
			break;
	fclose(f);
	return n;
}

#define ENTER TRACING "events/raw_syscalls/sys_enter/"

static char hist[64];

static void ftrace_on(void)
{
	snprintf(hist, sizeof(hist), "hist:keys=common_pid if id == %d", MARK);
	write_file(ENTER "trigger", hist, false);
}

static u64 ftrace_seen(void)
{
	return hits_of(ENTER "hist");
}

static void ftrace_off(void)
{
	char off[80];

	snprintf(off, sizeof(off), "!%s", hist);
	write_file(ENTER "trigger", off, false);
}

static int events[CPUS], cpus;

static void perf_on(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					.size = sizeof(attr),
					.disabled = 1 };
	char text[32] = "";
	int f = open(ENTER "id", O_RDONLY | O_CLOEXEC);

	if (f < 0 || read(f, text, sizeof(text) - 1) < 0)
		bail(ENTER "id");
	close(f);
	attr.config = atoi(text);
	snprintf(text, sizeof(text), "id == %d", MARK);
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	for (int i = 0; i < cpus; i++) {
		events[i] = syscall(SYS_perf_event_open, &attr, -1, i, -1, 0);
		if (events[i] < 0 || ioctl(events[i], PERF_EVENT_IOC_SET_FILTER, text) ||
		    ioctl(events[i], PERF_EVENT_IOC_ENABLE))
			bail("perf_event_open");
	}
}

static u64 perf_seen(void)
{
	u64 n, sum = 0;

	for (int i = 0; i < cpus; i++) {
		if (read(events[i], &n, sizeof(n)) != sizeof(n))
			bail("read");
		sum += n;
	}
	return sum;
}

static void perf_off(void)
{
	for (int i = 0; i < cpus; i++)
		close(events[i]);
}

static int map, program, link_fd;

static int bpf(int command, union bpf_attr *attr)
{
	int ret = syscall(SYS_bpf, command, attr, sizeof(*attr));

	if (ret < 0)
		bail("bpf %d", command);
	return ret;
}

#define INSN(c, d, s, o, i)                                                         \
	{                                                                           \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) \
	}

/* Adds 1 to the map's only number when the raw tracepoint's second argument is MARK. */
static void bpf_on(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 8,
				.max_entries = 1 };

	map = bpf(BPF_MAP_CREATE, &attr);
	{
		struct bpf_insn code[] = {
			INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 8, 0),
			INSN(BPF_JMP | BPF_JNE | BPF_K, 1, 0, 9, MARK),
			INSN(BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0),
			INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0),
			INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4),
			INSN(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map),
			INSN(0, 0, 0, 0, 0),
			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
			INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0),
			INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1),
			INSN(BPF_STX | BPF_XADD | BPF_DW, 0, 1, 0, 0),
			INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
			INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		};

		attr = (union bpf_attr){
			.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
			.insns = (uintptr_t)code,
			.insn_cnt = sizeof(code) / sizeof(code[0]),
			.license = (uintptr_t) "GPL",
		};
		program = bpf(BPF_PROG_LOAD, &attr);
	}
	attr = (union bpf_attr){ .raw_tracepoint = { .name = (uintptr_t) "sys_enter",
						     .prog_fd = program } };
	link_fd = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

static u64 bpf_seen(void)
{
	uint32_t key = 0;
	u64 n = 0;
	union bpf_attr attr = { .map_fd = map,
				.key = (uintptr_t)&key,
				.value = (uintptr_t)&n };

	bpf(BPF_MAP_LOOKUP_ELEM, &attr);
	return n;
}

static void bpf_off(void)
{
	close(link_fd);
	close(program);
	close(map);
}

static const struct tracer {
	const char *name;
	void (*on)(void);
	u64 (*seen)(void);
	void (*off)(void);
} tracers[] = {
	{ "ftrace", ftrace_on, ftrace_seen, ftrace_off },
	{ "perf", perf_on, perf_seen, perf_off },
	{ "BPF", bpf_on, bpf_seen, bpf_off },
};

static struct run *run;
static u64 number;

static void arm_hooks(void)
{
	wait_disarmed();
	number = run_open(fd, brick, TRACE_SESSION);
	own_marks = 0;
}

static void disarm_hooks(const char *what)
{
	run_close(fd, number, run);
	ok(consistent(run), "%s: our own figures add up", what);
	is(count_of(run, MARK), own_marks, "%s: our own figures have each call", what);
	wait_disarmed();
}

static void start_strangers(void)
{
	made = 1;
	strangers[0].pid = 0;
	strangers[0].order = IDLE;
	if (!fork())
		be_stranger(0);
	while (!strangers[0].pid)
		sleep_ns(MS);
}

static void end_strangers(void)
{
	while (made) {
		give_order(made - 1, END);
		made--;
	}
	while (wait(NULL) > 0)
		;
}

static void tracer_first(const struct tracer *t)
{
	char what[64];

	snprintf(what, sizeof(what), "%s started first", t->name);
	start_strangers();
	fork_stranger();
	t->on();
	marks = 0;
	all_call();
	arm_hooks();
	is(info(fd).hooks, BRICKTRACE_HOOKS_LOUD, "%s: the hooks are loud", what);
	all_call();
	fork_stranger();
	give_order(0, EXEC);
	all_call();
	is(t->seen(), marks, "%s: the tracer sees all calls", what);
	disarm_hooks(what);
	fork_stranger();
	all_call();
	is(t->seen(), marks, "%s: the tracer sees all calls after the disarming", what);
	t->off();
	end_strangers();
}

static void tracer_later(const struct tracer *t)
{
	char what[64];

	snprintf(what, sizeof(what), "%s starts later", t->name);
	start_strangers();
	arm_hooks();
	is(info(fd).hooks, BRICKTRACE_HOOKS_QUIET, "%s: the hooks are quiet before", what);
	/* These fork, execute and end before the tracer starts. */
	fork_stranger();
	fork_stranger();
	fork_stranger();
	give_order(1, EXEC);
	give_order(--made, END);
	all_call();
	t->on();
	marks = 0;
	is(info(fd).hooks, BRICKTRACE_HOOKS_LOUD, "%s: the hooks become loud", what);
	all_call();
	is(t->seen(), marks, "%s: the tracer sees all calls", what);
	fork_stranger();
	give_order(0, EXEC);
	all_call();
	is(t->seen(), marks, "%s: also after a fork and an execve", what);
	disarm_hooks(what);
	fork_stranger();
	give_order(1, EXEC);
	all_call();
	is(t->seen(), marks, "%s: the tracer sees all calls after the disarming", what);
	t->off();
	arm_hooks();
	is(info(fd).hooks, BRICKTRACE_HOOKS_QUIET,
	   "%s: the hooks are quiet when it has gone", what);
	all_call();
	disarm_hooks(what);
	end_strangers();
}

/* A kprobe on a function that only the slow path calls counts who takes it. */
#define SLOW TRACING "events/kprobes/bt_slow/"

/*
 * The compiler may have added a suffix to syscall_trace_enter(), or inlined it as in
 * 7.3, where trace_syscall_enter(), which calls the tracepoint's probes, is left.
 */
static bool probe_slow_path(void)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[512], name[128], event[160];
	bool found = false;
	int to;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*x %*[tT] %127s", name) == 1 &&
			(!strncmp(name, "syscall_trace_enter", 19) ||
			 !strcmp(name, "trace_syscall_enter"));
	fclose(f);
	if (!found)
		return false;
	snprintf(event, sizeof(event), "p:bt_slow %s\n", name);
	to = open(TRACING "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
	found = to >= 0 && write(to, event, strlen(event)) > 0;
	close(to);
	return found;
}

static void slow_path(void)
{
	char by_pid[80], off[96];
	u64 first;

	if (!probe_slow_path()) {
		for (int i = 0; i < 4; i++)
			skip("slow path", "no probe on the slow path");
		return;
	}
	start_strangers();
	arm_hooks();
	fork_stranger();
	snprintf(by_pid, sizeof(by_pid), "hist:keys=common_pid if common_pid != %d",
		 getpid());
	write_file(SLOW "trigger", by_pid, false);
	all_call();
	give_order(0, EXEC);
	all_call();
	is(hits_of(SLOW "hist"), 0, "strangers take the fast path");
	snprintf(off, sizeof(off), "!%s", by_pid);
	write_file(SLOW "trigger", off, false);
	write_file(SLOW "trigger", "hist:keys=common_pid", false);
	first = hits_of(SLOW "hist");
	mark(CALLS);
	own_marks += CALLS;
	ok(hits_of(SLOW "hist") >= first + CALLS, "a followed thread takes the slow path");
	write_file(SLOW "trigger", "!hist:keys=common_pid", false);
	write_file(TRACING "kprobe_events", "-:bt_slow\n", true);
	disarm_hooks("quiet");
	end_strangers();
}

/* A thread's calls count exactly while it is followed, whoever its parent is. */
static void followed(void)
{
	u64 followed;

	start_strangers();
	arm_hooks();
	register_tid(strangers[0].pid, BRICKTRACE_THREAD_INHERIT_CHILDREN);
	give_order(0, CALL);
	fork_stranger();
	give_order(0, EXEC);
	give_order(0, CALL);
	give_order(1, CALL);
	followed = 3 * CALLS;
	unregister_tid(strangers[1].pid);
	give_order(1, CALL);
	fork_stranger();
	give_order(2, CALL);
	register_tid(strangers[2].pid, 0);
	give_order(2, CALL);
	own_marks += followed + CALLS;
	disarm_hooks("strangers followed for a time");
	end_strangers();
	threads_become(1);
}

#define KPROBES "/sys/kernel/debug/kprobes/enabled"

/*
 * Without kprobes the module does not notice that another tracer starts. When one that
 * started unnoticed is still there at the next arming, the module must set the slow
 * path's flag, which the first arming has cleared, in each followed thread.
 */
static void without_kprobes(void)
{
	start_strangers();
	write_file(KPROBES, "0", false);
	arm_hooks();
	is(info(fd).hooks, BRICKTRACE_HOOKS_LOUD, "without kprobes: the hooks are loud");
	disarm_hooks("without kprobes");
	write_file(KPROBES, "1", false);
	arm_hooks();
	is(info(fd).hooks, BRICKTRACE_HOOKS_QUIET, "kprobes are back: the hooks are quiet");
	write_file(KPROBES, "0", false);
	perf_on();
	write_file(KPROBES, "1", false);
	disarm_hooks("a tracer starts unnoticed");
	register_tid(strangers[0].pid, 0);
	arm_hooks();
	is(info(fd).hooks, BRICKTRACE_HOOKS_LOUD,
	   "a tracer started unnoticed: the next hooks are loud");
	give_order(0, CALL);
	own_marks += CALLS;
	disarm_hooks("a tracer started unnoticed before the arming");
	perf_off();
	end_strangers();
	threads_become(1);
}

int main(int argc, char **argv)
{
	bool histograms = !access(ENTER "hist", F_OK);

	share_strangers(argc == 1);
	if (argc == 3)
		be_stranger(atoi(argv[2]));
	run = run_new();
	begin("quiet");
	thread_register(fd, 0);
	linger(0);
	if (histograms)
		slow_path();
	else
		puts("# without ftrace: this kernel has no CONFIG_HIST_TRIGGERS");
	followed();
	without_kprobes();
	/* The first tracer, ftrace, needs histograms. */
	for (size_t i = !histograms; i < sizeof(tracers) / sizeof(tracers[0]); i++) {
		tracer_first(&tracers[i]);
		tracer_later(&tracers[i]);
	}
	linger(1000);
	unlink(SHARED);
	return done();
}
