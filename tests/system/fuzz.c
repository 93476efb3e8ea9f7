// SPDX-License-Identifier: MIT
/*
 * The module survives random programs of hostile calls. Two threads, one of root and one
 * of a user, execute a program each at the same time on sessions that they share. The
 * programs follow and kill processes (fuzz-target.h) and check results whose right value
 * is known (fuzz-claim.h). KCOV shows when a program reaches new code of the module; the
 * fuzzer keeps that program and makes variants of it.
 *
 * FUZZ_SECONDS (60)	how long the fuzzer runs
 * SEED (1)		the seed of the random numbers
 * FUZZ_SEEDS		a file of first programs, each a line of hexadecimal digits
 * FUZZ_KEPT		the file for all programs that were kept
 * FUZZ_NOW		the file for the programs that run, in case the guest dies, and
 *			for those that showed a wrong result
 *
 * Rules: provenance, inherit.
 */
#include <linux/kcov.h>
#include <sys/stat.h>
#include "fuzz-call.h"
#include "fuzz-claim.h"

#define STEPS 16
#define KEPT  4096
#define COVER (64 << 10)
#define PCS   (1 << 20)

struct program {
	uint8_t n;
	struct step step[STEPS];
};

enum {
	OPEN,
	CLOSE,
	VALID,	 /* an ioctl with valid arguments */
	HOSTILE, /* an ioctl with one invalid field */
	HOSTILE_TWICE,
	WILD, /* any request, any pointer */
	CALLS,
	FORK,
	EXEC,
	KILL,
	LINGER,
	FILE_CALL,
	COMPAT,
	UNDONE, /* ioctls whose answers cannot be written */
	OTHER, /* a valid ioctl by a process of another user, which may be killed in it */
	FOLLOW,	 /* a registration of a target, often with a session-wide run */
	CROWDED, /* many sessions follow one target */
	QUIET,	 /* all runs are closed, so that the hooks are released */
	READER,	 /* a process that reads a stream, and is killed asleep or awake */
	CLAIM,
	OPS = CLAIM + CLAIMS
};

static int linger_fd, now_fd = -1;
static atomic_int now_at; /* the end of the lines in FUZZ_NOW that stay */
static atomic_int claims_checked[CLAIMS], claims_wrong[CLAIMS];

static struct program kept[KEPT], now_run[2];
static int n_kept;
static uint8_t covered[PCS / 8];
static u64 n_covered, executed, began;
static u64 *cover[2];
static uint64_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 16;
}

static void session_open(int i)
{
	int f = open("/dev/bricktrace", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	close(atomic_exchange(&fds[i], f));
}

static void session_close(int i)
{
	close(atomic_exchange(&fds[i], -1));
}

static void close_all(void)
{
	for (int i = 0; i < SESSIONS + CROWD; i++)
		session_close(i);
}

static void undone(struct step s, int who)
{
	int f;

	/* Half of them are registrations, and half of these set all flags. */
	if (s.what & 2)
		s.field = s.field * 8 + 7;
	if (s.what & 1)
		s.what = 1;
	/* Threads that join meanwhile are in an open run. */
	f = fds[s.field % SESSIONS];
	if (!try_register(f, 0, 0))
		try_open(f, BRICKTRACE_SCOPE_SESSION);
	for (int n = s.place / 16; n >= 0; n--, s.value += 4) {
		s.place = (s.place & ~3) | (1 + n % 2);
		call(&s, who, 0, false);
	}
}

static void other(const struct step *s, int who)
{
	static const uid_t uids[] = { 0, USER, 65534, 65534 };
	pid_t pid = process();

	if (!pid) {
		become(uids[s->what / 32 % 4]);
		for (int i = 0; i < 4; i++)
			call(s, who, 0, false);
		_exit(0);
	}
	if (s->value & 1) {
		sleep_ns(s->value * MS / 32);
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
}

static void follow(int i, const struct step *s)
{
	if (try_register(fds[i], some_thread(s->value), s->what & 2 ? 7 : s->field % 8))
		return;
	if (s->what & 1)
		try_open(fds[i], BRICKTRACE_SCOPE_SESSION);
}

static void crowded(const struct step *s)
{
	int n = s->what & 2 ? s->place % CROWD : 0;

	for (int i = SESSIONS; i < SESSIONS + CROWD; i++)
		if (i < SESSIONS + n) {
			session_open(i);
			follow(i, s);
		} else {
			session_close(i);
		}
}

static void quiet(const struct step *s)
{
	struct bricktrace_session se = { .size = sizeof(se) };
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	if (s->what & 1)
		close_all();
	/* An enclosing run has a smaller number, and must be closed later. */
	for (int i = 0; i < SESSIONS + CROWD; i++) {
		if (fds[i] < 0 || ioctl(fds[i], BRICKTRACE_SESSION_GET, &se))
			continue;
		for (u64 id = se.runs_opened; se.runs && id; id--) {
			struct bricktrace_run_close c = { .size = sizeof(c), .run = id };

			se.runs -= !ioctl(fds[i], BRICKTRACE_RUN_CLOSE, &c);
		}
	}
	/* While the hooks are released, this thread makes calls on several CPUs. */
	for (int i = 0; i < s->value; i++) {
		run_on(i);
		ioctl(OPERATOR_FD, BRICKTRACE_INFO, NULL);
		sleep_ns(MS);
	}
	sched_setaffinity(0, sizeof(all), &all);
}

static void reader_killed(const struct step *s, int who)
{
	struct bricktrace_stream_open o = { .size = sizeof(o),
					    .scope = s->what % 2,
					    .levels = 3,
					    .ring_bytes = BRICKTRACE_RING_MIN };
	struct bricktrace_brick_define b = { .size = sizeof(b), .name = "reader" };
	struct step read = *s;
	pid_t pid = process();
	int f;

	if (!pid) {
		f = open("/dev/bricktrace", O_RDWR | O_CLOEXEC);
		if (s->what & 2)
			become(USER);
		ioctl(f, BRICKTRACE_STREAM_OPEN, &o);
		/* A run of its own is open when it is killed. */
		ioctl(f, BRICKTRACE_BRICK_DEFINE, &b);
		ioctl(f, BRICKTRACE_RUN_OPEN,
		      &(struct bricktrace_run_open){ .size = 40, .brick = b.brick });
		for (;; read.place++, read.value += 7)
			read_records(f, who, &read);
	}
	sleep_ns(s->value * MS / 32);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void hex(char *to, const struct program *p)
{
	for (size_t k = 0; k < p->n * sizeof(struct step); k++)
		to += sprintf(to, "%02x", ((const uint8_t *)p->step)[k]);
}

static void claim(int which, const struct step *s, int who)
{
	const struct choice choice = { s->what, s->field, s->value, s->place };
	const struct scene *sc = &shared->scene[who];
	char text[2 * sizeof(struct program)], line[128 + sizeof(text)];
	bool wrong;
	int n;

	claims_checked[which] += check_claim(which, who, &choice, &wrong);
	if (!wrong || claims_wrong[which]++)
		return;
	hex(text, &now_run[who]);
	ok(false, "%s", claims[which]);
	n = sprintf(line,
		    "# %llu marked calls, %llu in the result, provenance %d; after %llu s, by %s\n",
		    sc->calls, sc->in_result, sc->provenance, (now() - began) / S, text);
	fputs(line, stdout);
	if (now_fd >= 0 && pwrite(now_fd, line, n, atomic_fetch_add(&now_at, n)) != n)
		bail("FUZZ_NOW");
}

static void step(const struct step *s, int who)
{
	struct timespec nap = { .tv_nsec = s->value };
	pid_t pid;

	switch (s->op % OPS) {
	case OPEN:
		session_open(s->field % SESSIONS);
		break;
	case CLOSE:
		session_close(s->field % SESSIONS);
		break;
	case VALID:
		call(s, who, 0, false);
		break;
	case HOSTILE:
		call(s, who, 1, false);
		break;
	case HOSTILE_TWICE:
		call(s, who, 2, false);
		break;
	case WILD:
		ioctl(fds[s->field % SESSIONS],
		      s->what & 1 ? _IO(BRICKTRACE_IOC, s->what) : value_of(s->what),
		      value_of(s->value));
		break;
	case CALLS:
		for (int i = 0; i < s->what % 8; i++)
			syscall(s->field * 3 % 512 == SYS_exit ? 39 : SYS_getppid);
		nanosleep(&nap, NULL);
		break;
	case FORK:
		pid = fork();
		if (!pid) {
			getppid_raw();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		break;
	case EXEC:
		pid = vfork();
		if (!pid) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
		break;
	case KILL:
		spawn(s->field % TARGETS, s->what % KINDS, (1 + s->value % 16) * MS);
		break;
	case LINGER:
		if (pwrite(linger_fd, s->value % 4 ? "0" : "9", 1, 0) != 1)
			bail("linger_ms");
		break;
	case FILE_CALL:
		file_call(s, who);
		break;
	case COMPAT:
		call(s, who, s->what >> 7, true);
		break;
	case UNDONE:
		undone(*s, who);
		break;
	case OTHER:
		other(s, who);
		break;
	case FOLLOW:
		follow(s->field % SESSIONS, s);
		break;
	case CROWDED:
		crowded(s);
		break;
	case QUIET:
		quiet(s);
		break;
	case READER:
		reader_killed(s, who);
		break;
	default:
		claim(s->op % OPS - CLAIM, s, who);
	}
}

static pthread_barrier_t barrier;

static void *execute(void *arg)
{
	long who = (long)arg;
	int f = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (f < 0 || ioctl(f, KCOV_INIT_TRACE, COVER))
		bail("kcov");
	cover[who] =
		mmap(NULL, COVER * sizeof(u64), PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	if (cover[who] == MAP_FAILED || ioctl(f, KCOV_ENABLE, KCOV_TRACE_PC))
		bail("kcov");
	if (who)
		become(USER);
	for (;;) {
		pthread_barrier_wait(&barrier);
		__atomic_store_n(&cover[who][0], 0, __ATOMIC_RELAXED);
		for (int i = 0; i < now_run[who].n; i++)
			step(&now_run[who].step[i], who);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static u64 new_cover(int who)
{
	u64 n = __atomic_load_n(&cover[who][0], __ATOMIC_RELAXED), found = 0;

	for (u64 i = 0; i < n && i < COVER - 1; i++) {
		u64 pc = cover[who][i + 1] % PCS;

		if (!(covered[pc / 8] & 1 << pc % 8)) {
			covered[pc / 8] |= 1 << pc % 8;
			found++;
		}
	}
	n_covered += found;
	return found;
}

static void random_step(struct step *s)
{
	/* Most calls are valid, since hostile calls reach little code without them. */
	s->op = rnd() % 2 ? VALID + rnd() % 3 : rnd() % OPS;
	s->what = rnd();
	s->field = rnd();
	s->value = rnd();
	s->place = rnd() % 2 ? 0 : rnd();
}

static void make(struct program *p)
{
	if (n_kept && rnd() % 2) {
		*p = kept[rnd() % n_kept];
		for (int i = rnd() % 4; i >= 0; i--)
			((uint8_t *)p->step)[rnd() % (p->n * sizeof(struct step))] = rnd();
		if (p->n < STEPS && rnd() % 2)
			random_step(&p->step[p->n++]);
		return;
	}
	p->n = 2 + rnd() % (STEPS - 1);
	for (int i = 0; i < p->n; i++)
		random_step(&p->step[i]);
	p->step[0].op = OPEN;
	p->step[1].op = FOLLOW;
	p->step[1].field = p->step[0].field;
}

static void load(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned int byte;
	char line[512];

	while (f && fgets(line, sizeof(line), f) && n_kept < KEPT) {
		struct program *p = &kept[n_kept];
		size_t n = 0;

		while (n < sizeof(p->step) && sscanf(line + 2 * n, "%2x", &byte) == 1)
			((uint8_t *)p->step)[n++] = byte;
		p->n = n / sizeof(struct step);
		n_kept += p->n > 0;
	}
	if (f)
		fclose(f);
}

static void save(const char *path)
{
	char line[2 * sizeof(struct program)];
	FILE *f = fopen(path, "w");

	for (int i = 0; f && i < n_kept; i++) {
		hex(line, &kept[i]);
		fprintf(f, "%s\n", line);
	}
	if (f)
		fclose(f);
}

/* Writes the two programs to a file of the host, since they may kill the guest. */
static void write_now(void)
{
	char text[32 + 4 * sizeof(struct program)];
	int n = sprintf(text, "after %llu s:\n", (now() - began) / S);

	for (int who = 0; who < 2; who++) {
		hex(text + n, &now_run[who]);
		n = strlen(text);
		text[n++] = '\n';
	}
	if (now_fd >= 0 &&
	    (ftruncate(now_fd, now_at) || pwrite(now_fd, text, n, now_at) != n))
		bail("FUZZ_NOW");
}

static u64 number_of(const char *name, u64 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void set_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "cp /proc/%d/exe " SETUID_PROGRAM, getpid());
	/* The mode of the device decides who may open it; here every user may. */
	if (system(command) || chmod(SETUID_PROGRAM, 04755) ||
	    chmod("/dev/bricktrace", 0666))
		bail("%s", command);
	kept_at(memfd_create("shared", 0), SHARED_FD, 0);
	if (ftruncate(SHARED_FD, sizeof(*shared)))
		bail("ftruncate");
	map_shared();
	kept_at(device(), OPERATOR_FD, O_CLOEXEC);
	linger_fd =
		open("/sys/module/bricktrace/parameters/linger_ms", O_WRONLY | O_CLOEXEC);
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < AREAS; k++)
			area_make(&areas[i][k]);
	for (int i = 0; i < SESSIONS + CROWD; i++)
		fds[i] = -1;
	for (int i = 0; i < TARGETS; i++)
		spawn(i, THREADS + i, 4 * MS);
}

static void tear_down(void)
{
	close_all();
	close(OPERATOR_FD);
	for (int i = 0; i < TARGETS; i++) {
		if (shared->pid[i] > 0 && !kill(shared->pid[i], SIGKILL))
			wait_for(shared->pid[i]);
	}
	linger(1000);
	chmod("/dev/bricktrace", 0660);
	unlink(SETUID_PROGRAM);
}

int main(int argc, char **argv)
{
	u64 seconds = number_of("FUZZ_SECONDS", 60), end, seeds;
	struct run *run;
	pthread_t t;

	if (argc == 3)
		return privileged(atoi(argv[1]), atoi(argv[2]));
	run = run_new();
	set_up();
	state = number_of("SEED", 1) * 0x9e3779b97f4a7c15;
	if (getenv("FUZZ_SEEDS"))
		load(getenv("FUZZ_SEEDS"));
	if (getenv("FUZZ_NOW"))
		now_fd = open(getenv("FUZZ_NOW"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	seeds = n_kept;
	began = now();
	pthread_barrier_init(&barrier, NULL, 3);
	for (long i = 0; i < 2; i++)
		pthread_create(&t, NULL, execute, (void *)i);

	end = began + seconds * S;
	for (u64 i = 0; now() < end; i++) {
		for (int who = 0; who < 2; who++)
			if (2 * i < seeds)
				now_run[who] = kept[who ? seeds - 1 - i : i];
			else
				make(&now_run[who]);
		write_now();
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		executed += 2;
		for (int who = 0; who < 2; who++)
			if (new_cover(who) && 2 * i >= seeds && n_kept < KEPT)
				kept[n_kept++] = now_run[who];
	}
	if (getenv("FUZZ_KEPT"))
		save(getenv("FUZZ_KEPT"));
	printf("# %llu programs in %llu s, %llu seeds, %d kept, %llu places reached\n",
	       executed, seconds, seeds, n_kept, n_covered);
	ok(executed > 30 && n_covered > 400, "programs run and reach code of the module");
	for (int i = 0; i < CLAIMS; i++) {
		printf("# %d of %d results were wrong:\n", claims_wrong[i],
		       claims_checked[i]);
		if (!claims_wrong[i])
			ok(claims_checked[i], "%s", claims[i]);
	}

	tear_down();
	begin("after");
	thread_register(fd, 0);
	is(session(fd).threads, 1, "a new session has the thread that it registers");
	last_run = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 9; i++)
		getppid_raw();
	run_close(fd, last_run, run);
	ok(consistent(run) && count_of(run, SYS_getppid) == 9, "a new run is measured");
	close(fd);
	/* The two threads wait at the barrier, and all of their sessions are closed. */
	is(sessions_become(0), 0, "no session is left");
	return done();
}
