// SPDX-License-Identifier: MIT
/*
 * Who may read which stream. A session's stream has only the session's runs. The host's runs
 * need CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace, of the opener of the file
 * and of the caller of each read, so a descriptor that is passed on does not carry the right.
 * A record shows processes and users as the stream's opener sees them. There are at most 16
 * host-wide streams, and the memory of rings is charged to the opener's user.
 */
#include <linux/capability.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "test.h"

#define BIT(n) (1ULL << (n))
#define NOT_ENOUGH \
	(~(BIT(CAP_PERFMON) | BIT(CAP_SYS_ADMIN)) & (BIT(CAP_LAST_CAP + 1) - 1))

static const struct person {
	const char *name;
	uid_t uid;
	u64 caps;
	bool namespace; /* in a user namespace of its own, as its root */
	bool may;
} people[] = {
	{ "root", 0, 0, false, true },
	{ "a user", 1000, 0, false, false },
	{ "another user", 1001, 0, false, false },
	{ "a user with CAP_PERFMON", 1000, BIT(CAP_PERFMON), false, true },
	{ "a user with CAP_SYS_ADMIN", 1001, BIT(CAP_SYS_ADMIN), false, true },
	{ "a user with all others", 1000, NOT_ENOUGH, false, false },
	{ "root of a user namespace", 1000, 0, true, false },
};
#define PEOPLE (sizeof(people) / sizeof(people[0]))

static struct found {
	atomic_int stage, closed;
	int opened, read, polled, async, counted, own;
	u64 n[8];
	struct bricktrace_origin origin[3];
} * found;

static const struct person *opener, *caller;
static int sockets[2];

static void become(const struct person *w)
{
	become_caps(w->uid, w->uid, w->caps);
	if (w->namespace && unshare(CLONE_NEWUSER))
		bail("unshare");
}

static int try_host(int f, uint64_t ring_bytes)
{
	return -try_stream(
		f, (struct bricktrace_stream_open){ .scope = BRICKTRACE_STREAM_HOST,
						    .levels = STREAM_ALL,
						    .ring_bytes = ring_bytes });
}

static void close_one(int f, uint32_t b)
{
	run_discard(f, run_open(f, b, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD));
}

static void opens(void)
{
	int f;

	become(opener);
	f = device();
	brick_define(f, "passed on", 0);
	if (opener->may)
		found->opened = try_host(f, 0);
	file_send(sockets[0], f);
}

static void calls(void)
{
	struct pollfd p = { .fd = file_receive(sockets[1]), .events = POLLIN };
	char buffer[4096];

	become(caller);
	if (!opener->may)
		found->opened = try_host(p.fd, 0);
	if (!found->opened) {
		close_one(p.fd, 1);
		poll(&p, 1, 0);
		found->polled = p.revents;
		found->read = read(p.fd, buffer, sizeof(buffer)) < 0 ? errno : 0;
		found->counted = ioctl(p.fd, BRICKTRACE_STREAM_GET,
				       &(struct bricktrace_stream){
					       .size = sizeof(struct bricktrace_stream) }) ?
					 errno :
					 0;
		found->async = fcntl(p.fd, F_SETFL, O_ASYNC | O_NONBLOCK) ? errno : 0;
		return;
	}
	stream_begin(p.fd, BRICKTRACE_STREAM_SESSION, 0);
	close_one(p.fd, 1);
	found->own = read(p.fd, buffer, sizeof(buffer)) < 0 ? errno : 0;
}

/* Each opener passes a file to each caller. */
static void matrix(void)
{
	for (size_t i = 0; i < PEOPLE * PEOPLE; i++) {
		opener = &people[i / PEOPLE];
		caller = &people[i % PEOPLE];
		*found = (struct found){ .opened = -1, .read = -1, .own = -1 };
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
			bail("socketpair");
		wait_for(child_of(opens));
		wait_for(child_of(calls));
		close(sockets[0]);
		close(sockets[1]);
		is(found->opened, opener->may ? 0 : EPERM, "from %s to %s: STREAM_OPEN: %s",
		   opener->name, caller->name, opener->may ? "by the opener" : "EPERM");
		if (!opener->may) {
			is(found->own, 0, "from %s to %s: the session's own runs",
			   opener->name, caller->name);
			continue;
		}
		is(found->read, caller->may ? 0 : EPERM, "from %s to %s: read: %s",
		   opener->name, caller->name, caller->may ? "allowed" : "EPERM");
		is(found->polled, caller->may ? POLLIN : POLLERR, "from %s to %s: poll: %s",
		   opener->name, caller->name, caller->may ? "POLLIN" : "POLLERR");
		is(found->counted, caller->may ? 0 : EPERM, "from %s to %s: STREAM_GET: %s",
		   opener->name, caller->name, caller->may ? "allowed" : "EPERM");
		is(found->async, caller->may ? 0 : EPERM, "from %s to %s: O_ASYNC: %s",
		   opener->name, caller->name, caller->may ? "allowed" : "EPERM");
	}
}

/* The opener has the right, and the caller, who has the file, not. */
static void caller_opens(void)
{
	become(&people[1]);
	found->opened = try_host(fd, 0);
}

static void inherited(void)
{
	fd = device();
	wait_for(child_of(caller_opens));
	is(found->opened, EPERM, "a user with a file that root opened: STREAM_OPEN: EPERM");
	is(try_host(fd, 0), 0, "and root may still open the stream");
	close(fd);
}

static void user_of_two(void)
{
	struct reader r;

	become_uid(1000 + found->stage);
	begin("two users");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	r = reader_new(fd, BRICKTRACE_RECORD_MAX);
	atomic_fetch_add(&found->stage, 1);
	wait_value(&found->stage, 2);
	for (int i = 0; i < 3; i++)
		close_one(fd, brick);
	atomic_fetch_add(&found->closed, 1);
	wait_value(&found->closed, 2);
	sleep_ns(50 * MS);
	for (int i = 0; i < 3; i++)
		found->n[0] += record_origin(reader_run(&r))->session != session(fd).id;
	found->n[1] += !!reader_next(&r);
	found->n[2] += reader_exact(&r, 3);
}

static void two_users(void)
{
	pid_t pids[2];

	*found = (struct found){ 0 };
	for (int i = 0; i < 2; i++) {
		pids[i] = child_of(user_of_two);
		wait_value(&found->stage, i + 1);
	}
	for (int i = 0; i < 2; i++)
		wait_for(pids[i]);
	is(found->n[2], 2, "two users: each stream has three runs");
	is(found->n[0] + found->n[1], 0, "two users: none of them is the other's");
}

/* The child of a process whose children are in a new pid namespace. */
static void inside(void)
{
	struct reader host, own;
	int f = device();

	stream_begin(f, BRICKTRACE_STREAM_HOST, 0);
	host = reader_new(f, BRICKTRACE_RECORD_MAX);
	begin("inside");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	own = reader_new(fd, BRICKTRACE_RECORD_MAX);
	found->stage = 1;
	wait_value(&found->stage, 2);
	found->origin[0] = *record_origin(reader_run(&host));
	close_one(fd, brick);
	found->origin[1] = *record_origin(reader_run(&host));
	found->origin[2] = *record_origin(reader_run(&own));
	found->stage = 3;
}

static void enters(void)
{
	if (unshare(CLONE_NEWPID))
		bail("unshare");
	wait_for(child_of(inside));
}

static void pid_namespace(void)
{
	const struct bricktrace_origin *o;
	struct reader host;
	int f = device();
	pid_t pid;

	*found = (struct found){ 0 };
	stream_begin(f, BRICKTRACE_STREAM_HOST, 0);
	host = reader_new(f, BRICKTRACE_RECORD_MAX);
	begin("outside");
	pid = child_of(enters);
	wait_value(&found->stage, 1);
	close_one(fd, brick);
	found->stage = 2;
	wait_value(&found->stage, 3);
	wait_for(pid);
	ok(found->origin[0].session == session(fd).id && !found->origin[0].tgid &&
		   !found->origin[0].tid,
	   "a reader in a pid namespace: a process outside has no number");
	ok(found->origin[1].tgid == 1 && found->origin[1].tid == 1,
	   "a reader in a pid namespace: a process inside has that of the namespace");
	ok(found->origin[2].tgid == 1 && found->origin[2].tid == 1,
	   "so it has in the session's own stream");
	o = record_origin(reader_run(&host));
	ok(o->tgid == getpid() && o->tid == getpid(), "a reader outside: its own process");
	o = record_origin(reader_run(&host));
	ok(o->session == found->origin[1].session && o->tgid > 1 && o->tgid != getpid(),
	   "a reader outside: the process inside has another number");
	close(f);
	close(fd);
}

static void in_user_namespace(void)
{
	struct reader own;

	become_uid(1000);
	if (unshare(CLONE_NEWUSER))
		bail("unshare");
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", "7 1000 1");
	begin("user namespace");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	own = reader_new(fd, BRICKTRACE_RECORD_MAX);
	close_one(fd, brick);
	found->origin[0] = *record_origin(reader_run(&own));
}

static void user_namespace(void)
{
	struct reader host;
	int f = device();

	*found = (struct found){ 0 };
	stream_begin(f, BRICKTRACE_STREAM_HOST, 0);
	host = reader_new(f, BRICKTRACE_RECORD_MAX);
	wait_for(child_of(in_user_namespace));
	is(found->origin[0].uid, 7, "in a user namespace a user has the number of there");
	is(record_origin(reader_run(&host))->uid, 1000, "outside, the user's own");
	close(f);
}

static void number_of_streams(void)
{
	int f[BRICKTRACE_MAX_HOST_STREAMS + 1];
	const int last = BRICKTRACE_MAX_HOST_STREAMS;
	bool good = true;
	u64 memory;

	begin("streams");
	for (int i = 0; i <= last; i++)
		f[i] = device();
	for (int i = 0; i < last; i++)
		if (try_host(f[i], BRICKTRACE_RING_MIN))
			no(&good, "stream %d: %s", i, strerror(errno));
	ok(good, "16 host-wide streams can be opened");
	memory = info(fd).user_memory;
	is(try_host(f[last], 0), EUSERS, "the next one gets EUSERS");
	is(info(fd).user_memory, memory, "and costs no memory");
	stream_begin(fd, BRICKTRACE_STREAM_SESSION, 0);
	close_one(fd, brick);
	for (int i = 0; i < last; i++)
		if (stream_get(f[i]).waiting != 1)
			no(&good, "stream %d has no run", i);
	ok(good && stream_get(fd).waiting == 1,
	   "each of them gets a run, and so does the session's own stream");
	close(f[3]);
	is(try_host(f[last], BRICKTRACE_RING_MIN), 0,
	   "after one is closed another may be opened");
	f[3] = device();
	is(try_host(f[3], 0), EUSERS, "and no more than that");
	for (int i = 0; i <= last; i++)
		close(f[i]);
	close(fd);
}

static void charged(void)
{
	const struct bricktrace_stream_open small = { .levels = STREAM_ALL,
						      .ring_bytes = BRICKTRACE_RING_MIN },
					    large = { .levels = STREAM_ALL };
	int f[9], n = 0;
	u64 before;

	become_uid(1000);
	fd = device();
	found->n[0] = -try_stream(fd, large);
	found->n[1] = -try_stream(fd, small);
	before = info(fd).user_memory;
	for (int i = 0; i < 9; i++)
		f[i] = device();
	do {
		found->n[2] = -try_stream(f[n], small);
	} while (!found->n[2] && ++n < 9);
	found->n[3] = n;
	found->n[4] = info(fd).user_memory;
	for (int i = 0; i < 9; i++)
		close(f[i]);
	found->n[5] = info(fd).user_memory - before;
}

static void memory(void)
{
	unsigned int was = parameter("max_user_memory", 1);
	int f;

	*found = (struct found){ 0 };
	wait_for(child_of(charged));
	is(found->n[0], EDQUOT, "a ring that is larger than what is left: EDQUOT");
	is(found->n[1], 0, "a smaller one can be opened afterwards");
	is(found->n[2], EDQUOT, "further ones, until the memory is used up: EDQUOT");
	between(found->n[3], 4, 7, "these were as many as fit");
	between(found->n[4], 800 << 10, 1 << 20, "INFO has the memory of the rings");
	is(found->n[5], 0, "closing the files releases it");
	f = device();
	for (int i = 0; i < 2 * BRICKTRACE_MAX_HOST_STREAMS; i++)
		if (try_host(f, BRICKTRACE_RING_MAX) != EDQUOT)
			bail("no EDQUOT");
	parameter("max_user_memory", was);
	is(try_host(f, BRICKTRACE_RING_MAX), 0,
	   "attempts that fail do not count as host-wide streams");
	close(f);
}

int main(void)
{
	if (chmod("/dev/bricktrace", 0666))
		bail("chmod");
	allow_user_namespaces();
	found = shared_page();
	matrix();
	inherited();
	two_users();
	pid_namespace();
	user_namespace();
	number_of_streams();
	memory();
	chmod("/dev/bricktrace", 0660);
	return done();
}
