// SPDX-License-Identifier: MIT
/* Tests of the connection to the module over a kernel that this file imitates. */
#include <stdio.h>
#include <sys/stat.h>

#include "program.h"

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "descriptors.h"
#include "host.h"

#define FAMILY 33

/* The kernel's side: messages that it will send, and what it was asked. */
static struct {
	char bytes[65536]; /* of one call of nl_recv() */
	size_t size;
} replies[16];
static int n_replies, next_reply;
static struct nl_msg *requests[16]; /* copies */
static int n_requests;
static int connect_error, resolve_error;
static char said[4096];
static struct host *host;

void __wrap_complain(const char *format, ...);
void __wrap_complain(const char *format, ...)
{
	size_t n = strlen(said);
	va_list ap;

	va_start(ap, format);
	vsnprintf(said + n, sizeof(said) - n, format, ap);
	va_end(ap);
	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

int __wrap_genl_connect(struct nl_sock *socket);
int __wrap_genl_connect(struct nl_sock *socket)
{
	(void)socket;
	return connect_error;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *socket, const char *name);
int __wrap_genl_ctrl_resolve(struct nl_sock *socket, const char *name)
{
	(void)socket;
	assert_string_equal(name, "bricktrace");
	return resolve_error ? resolve_error : FAMILY;
}

int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *request);
int __wrap_nl_send_auto(struct nl_sock *socket, struct nl_msg *request)
{
	(void)socket;
	nlmsg_hdr(request)->nlmsg_seq = n_requests + 1;
	requests[n_requests++] = nlmsg_convert(nlmsg_hdr(request));
	return 1;
}

int __wrap_nl_recv(struct nl_sock *socket, struct sockaddr_nl *from,
		   unsigned char **bytes, struct ucred **creds);
int __wrap_nl_recv(struct nl_sock *socket, struct sockaddr_nl *from,
		   unsigned char **bytes, struct ucred **creds)
{
	(void)socket;
	(void)from;
	(void)creds;
	if (next_reply == n_replies)
		return -NLE_NOMEM;
	*bytes = malloc(replies[next_reply].size);
	memcpy(*bytes, replies[next_reply].bytes, replies[next_reply].size);
	return (int)replies[next_reply++].size;
}

static void add(const void *bytes, size_t size)
{
	memcpy(replies[n_replies - 1].bytes + replies[n_replies - 1].size, bytes, size);
	replies[n_replies - 1].size += size;
}

static void put(struct nl_msg *m)
{
	struct nlmsghdr *h = nlmsg_hdr(m);

	add(h, NLMSG_ALIGN(h->nlmsg_len));
	nlmsg_free(m);
}

/* Begins an answer, which @put_*() continues, to the request with this number. */
static struct nl_msg *answer(int request, int flags)
{
	struct nl_msg *m = nlmsg_alloc_size(4096);

	genlmsg_put(m, 0, request, FAMILY, 0, flags, 1, 1);
	return m;
}

static void new_packet(void)
{
	n_replies++;
}

static void put_session(int request, int flags, uint64_t id)
{
	struct nl_msg *m = answer(request, flags);

	nla_put_u64(m, BRICKTRACE_A_SESSION_ID, id);
	put(m);
}

static void put_done(int request, int flags, int err)
{
	struct nl_msg *m = nlmsg_alloc_size(4096);

	nlmsg_put(m, 0, request, NLMSG_DONE, 0, flags);
	nlmsg_append(m, &err, sizeof(err), NLMSG_ALIGNTO);
	put(m);
}

/* An error, or 0 for the end of a command; with a text after the request if there is one. */
static void put_error(int request, int err, const char *text, int flags)
{
	static const char payload[20];
	struct nlmsgerr e = {
		.error = err,
		.msg.nlmsg_len = NLMSG_HDRLEN + sizeof(payload),
	};
	struct nl_msg *m = nlmsg_alloc_size(4096);

	nlmsg_put(m, 0, request, NLMSG_ERROR, 0, flags | (text ? NLM_F_ACK_TLVS : 0));
	nlmsg_append(m, &e, sizeof(e), NLMSG_ALIGNTO);
	if (!(flags & NLM_F_CAPPED))
		nlmsg_append(m, (void *)payload, sizeof(payload), NLMSG_ALIGNTO);
	if (text) {
		nla_put_u32(m, NLMSGERR_ATTR_OFFS, 20);
		nla_put_string(m, NLMSGERR_ATTR_MSG, text);
	}
	put(m);
}

static int begin(void **state)
{
	(void)state;
	while (n_requests)
		nlmsg_free(requests[--n_requests]);
	memset(replies, 0, sizeof(replies));
	n_replies = next_reply = connect_error = resolve_error = 0;
	*said = 0;
	return host_open(&host, false);
}

static int end(void **state)
{
	(void)state;
	host_close(host);
	host = NULL;
	while (n_requests)
		nlmsg_free(requests[--n_requests]);
	return 0;
}

static void assert_said(const char *text)
{
	if (!strstr(said, text))
		fail_msg("'%s' lacks '%s'", said, text);
}

static const struct nlattr *asked(int request, int attribute)
{
	return nlmsg_find_attr(nlmsg_hdr(requests[request]), GENL_HDRLEN, attribute);
}

static int command(int request)
{
	return ((struct genlmsghdr *)nlmsg_data(nlmsg_hdr(requests[request])))->cmd;
}

static void a_list_has_several_packets(void **state)
{
	const struct host_filter filter = { .session = 7, .pid = 4711 };
	struct host_session *list;
	size_t n;

	(void)state;
	new_packet();
	put_session(1, NLM_F_MULTI, 3);
	put_session(1, NLM_F_MULTI, 4);
	/* The rest of an answer that nobody waits for any more. */
	put_session(99, NLM_F_MULTI, 5);
	new_packet();
	put_session(1, NLM_F_MULTI, 6);
	new_packet();
	put_done(1, NLM_F_MULTI, 0);
	assert_int_equal(host_list_sessions(host, &filter, &list, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].s.id, 3);
	assert_int_equal(list[1].s.id, 4);
	assert_int_equal(list[2].s.id, 6);
	assert_true(list[2].s.edge_ps == BRICKTRACE_NONE);
	free(list);
	assert_int_equal(command(0), BRICKTRACE_CMD_SESSION_GET);
	assert_int_equal(nlmsg_hdr(requests[0])->nlmsg_type, FAMILY);
	assert_int_equal(nlmsg_hdr(requests[0])->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);
	assert_int_equal(nla_get_u64((void *)asked(0, BRICKTRACE_A_SESSION_ID)), 7);
	assert_int_equal(nla_get_u32((void *)asked(0, BRICKTRACE_A_SESSION_PID)), 4711);
	assert_string_equal(said, "");
}

static void a_list_may_be_empty(void **state)
{
	struct host_brick *list;
	size_t n;

	(void)state;
	new_packet();
	put_done(1, NLM_F_MULTI, 0);
	assert_int_equal(
		host_list_bricks(host, &(struct host_filter){ .name = "a", .books = true },
				 &list, &n),
		0);
	assert_int_equal(n, 0);
	free(list);
	assert_int_equal(command(0), BRICKTRACE_CMD_BRICK_GET);
	assert_string_equal(nla_get_string((void *)asked(0, BRICKTRACE_A_BRICK_NAME)), "a");
	assert_non_null(asked(0, BRICKTRACE_A_BRICK_BOOKS));
	assert_null(asked(0, BRICKTRACE_A_BRICK_SESSION));
	assert_null(asked(0, BRICKTRACE_A_BRICK_PID));
}

static void a_list_that_changes_is_read_again(void **state)
{
	struct host_session *list;
	size_t n;

	(void)state;
	new_packet();
	put_session(1, NLM_F_MULTI, 3);
	put_session(1, NLM_F_MULTI | NLM_F_DUMP_INTR, 3);
	put_done(1, NLM_F_MULTI, 0);
	new_packet();
	put_session(2, NLM_F_MULTI, 4);
	put_done(2, NLM_F_MULTI, 0);
	assert_int_equal(host_list_sessions(host, &(struct host_filter){ 0 }, &list, &n),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(list->s.id, 4);
	assert_int_equal(n_requests, 2);
	assert_string_equal(said, "");
	free(list);
}

static void a_list_that_changes_forever_is_taken(void **state)
{
	struct host_session *list;
	size_t n;
	int i;

	(void)state;
	for (i = 1; i <= 4; i++) {
		new_packet();
		put_session(i, NLM_F_MULTI, i);
		put_done(i, NLM_F_MULTI | NLM_F_DUMP_INTR, 0);
	}
	assert_int_equal(host_list_sessions(host, &(struct host_filter){ 0 }, &list, &n),
			 0);
	assert_int_equal(n_requests, 4);
	assert_int_equal(n, 1);
	assert_int_equal(list->s.id, 4);
	assert_said("changes all the time");
	free(list);
}

static void a_list_can_end_with_an_error(void **state)
{
	struct host_thread *list;
	size_t n;

	(void)state;
	new_packet();
	put_done(1, NLM_F_MULTI, -ENOMEM);
	assert_int_equal(host_list_threads(host, &(struct host_filter){ 0 }, &list, &n),
			 -ENOMEM);
	assert_null(list);
	assert_string_equal(said, "cannot list the threads: Cannot allocate memory\n");
	assert_int_equal(host_exit(-ENOMEM), 125);
	*said = 0;
	/* There is no answer at all. */
	assert_int_equal(host_list_threads(host, &(struct host_filter){ 0 }, &list, &n),
			 -EIO);
	assert_said("cannot list the threads: no answer: ");
	assert_int_equal(host_exit(-EIO), 125);
}

static void the_kernel_says_why(void **state)
{
	(void)state;
	new_packet();
	put_error(1, -ERANGE, "the value is too large", 0);
	assert_int_equal(host_set(host, &host_settings[2], 5), -ERANGE);
	assert_string_equal(said, "cannot set linger_ms: the value is too large\n");
	assert_int_equal(command(0), BRICKTRACE_CMD_CONFIG_SET);
	assert_int_equal(nla_len(asked(0, BRICKTRACE_A_CONFIG_LINGER_MS)), 4);
	assert_int_equal(nla_get_u32((void *)asked(0, BRICKTRACE_A_CONFIG_LINGER_MS)), 5);
	assert_int_equal(host_exit(-ERANGE), 1);
	*said = 0;
	new_packet();
	put_error(2, -EPERM, "not for you", NLM_F_CAPPED);
	assert_int_equal(host_detach(host, 3), -EPERM);
	assert_string_equal(
		said,
		"cannot detach session 3: not for you; be root, or have CAP_PERFMON, for instance: sudo bricktrace ...\n");
	assert_int_equal(nla_get_u64((void *)asked(1, BRICKTRACE_A_SESSION_ID)), 3);
}

static void without_a_text_the_number_says_why(void **state)
{
	(void)state;
	new_packet();
	put_error(1, -ENOENT, NULL, 0);
	assert_int_equal(host_reset(host, 3, 2), -ENOENT);
	assert_string_equal(
		said,
		"cannot reset brick 2 of session 3: there is no such session or brick; bricktrace list shows them\n");
	assert_int_equal(command(0), BRICKTRACE_CMD_BRICK_RESET);
	assert_int_equal(nla_get_u64((void *)asked(0, BRICKTRACE_A_BRICK_SESSION)), 3);
	assert_int_equal(nla_get_u32((void *)asked(0, BRICKTRACE_A_BRICK_BRICK)), 2);
	*said = 0;
	new_packet();
	put_error(2, -EOPNOTSUPP, NULL, 0);
	assert_int_equal(host_reset(host, 3, 0), -EOPNOTSUPP);
	assert_string_equal(
		said,
		"cannot reset the bricks of session 3: the module is older than this program; install that of the same version\n");
	assert_null(asked(1, BRICKTRACE_A_BRICK_BRICK));
}

static void a_text_that_is_damaged_is_no_text(void **state)
{
	/* The request claims to be longer than the message. */
	static const uint32_t lengths[] = { UINT32_MAX, 0x10000, UINT32_C(1) << 31 };
	struct nlmsghdr *h;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		new_packet();
		put_error((int)i + 1, -EINVAL, "text", 0);
		h = (struct nlmsghdr *)replies[i].bytes;
		((struct nlmsgerr *)nlmsg_data(h))->msg.nlmsg_len = lengths[i];
		assert_int_equal(host_detach(host, 3), -EINVAL);
		assert_string_equal(said, "cannot detach session 3: Invalid argument\n");
		*said = 0;
	}
	/* The text has no end. */
	new_packet();
	put_error(4, -EINVAL, "text", 0);
	h = (struct nlmsghdr *)replies[3].bytes;
	memset((char *)h + h->nlmsg_len - 8, 'x', 8);
	assert_int_equal(host_detach(host, 3), -EINVAL);
	assert_string_equal(said, "cannot detach session 3: Invalid argument\n");
}

static void settings_have_their_places(void **state)
{
	uint64_t values[HOST_SETTINGS];
	struct nl_msg *m;

	(void)state;
	new_packet();
	m = answer(1, 0);
	nla_put_u32(m, BRICKTRACE_A_CONFIG_ENABLED, 1);
	nla_put_u32(m, BRICKTRACE_A_CONFIG_NETLINK_GROUP, UINT32_MAX);
	nla_put_u64(m, BRICKTRACE_A_CONFIG_SLOW_NS, UINT64_C(1) << 40);
	put(m);
	new_packet();
	put_error(1, 0, NULL, NLM_F_CAPPED);
	assert_int_equal(host_get_settings(host, values), 0);
	assert_string_equal(host_settings[0].name, "enabled");
	assert_int_equal(values[0], 1);
	assert_int_equal(values[1], 0);
	assert_string_equal(host_settings[7].name, "slow_ns");
	assert_int_equal(values[7], UINT64_C(1) << 40);
	assert_string_equal(host_settings[12].name, "netlink_group");
	assert_int_equal(values[12], UINT32_MAX);
	assert_null(host_settings[13].name);
	new_packet();
	put_error(2, 0, NULL, NLM_F_CAPPED);
	assert_int_equal(host_set(host, &host_settings[7], UINT64_C(1) << 40), 0);
	assert_int_equal(nla_len(asked(1, BRICKTRACE_A_CONFIG_SLOW_NS)), 8);
	assert_string_equal(said, "");
}

static void the_status_is_asked_for(void **state)
{
	struct host_status status;
	struct nl_msg *m;

	(void)state;
	new_packet();
	m = answer(1, 0);
	nla_put_u64(m, BRICKTRACE_A_STATUS_ARMS, 5);
	put(m);
	put_error(1, 0, NULL, NLM_F_CAPPED);
	assert_int_equal(host_get_status(host, &status), 0);
	assert_int_equal(status.arms, 5);
	assert_int_equal(command(0), BRICKTRACE_CMD_STATUS_GET);
}

static void no_connection_says_why(void **state)
{
	(void)state;
	host_close(host);
	connect_error = -NLE_PROTO_MISMATCH;
	assert_int_equal(host_open(&host, true), 1);
	assert_null(host);
	assert_said("this kernel has no generic netlink");
	*said = 0;
	connect_error = -NLE_NOACCESS;
	assert_int_equal(host_open(&host, true), 125);
	assert_said("cannot open a netlink socket: ");
	*said = 0;
	connect_error = 0;
	resolve_error = -NLE_OBJ_NOTFOUND;
	/* Whatever this machine has, the command that mends it is named. */
	assert_int_equal(host_open(&host, false), 1);
	assert_said("modprobe");
}

static void what_is_missing_is_told_apart(void **state)
{
	bool loaded;

	(void)state;
	assert_non_null(strstr(netlink_advice("root", &loaded),
			       "run 'modprobe bricktrace' as root"));
	assert_false(loaded);
	assert_int_equal(system("mkdir -p root/sys/module/bricktrace/parameters"), 0);
	assert_non_null(strstr(netlink_advice("root", &loaded), "older than this program"));
	assert_true(loaded);
	assert_int_equal(
		system("touch root/sys/module/bricktrace/parameters/netlink_group"), 0);
	assert_non_null(strstr(netlink_advice("root", &loaded),
			       "nsenter -t 1 -n bricktrace ..."));
	assert_true(loaded);
	assert_int_equal(system("rm -r root"), 0);
}

static void bricks_have_three_forms(void **state)
{
	struct host_filter f = { 0 };

	(void)state;
	assert_null(host_parse_brick("decode", &f));
	assert_string_equal(f.name, "decode");
	assert_int_equal(f.pid, 0);
	assert_int_equal(f.session, 0);
	assert_null(host_parse_brick("4711:decode", &f));
	assert_string_equal(f.name, "decode");
	assert_int_equal(f.pid, 4711);
	f = (struct host_filter){ 0 };
	assert_null(host_parse_brick("session#18446744073709551615:a:b", &f));
	assert_string_equal(f.name, "a:b");
	assert_true(f.session == UINT64_MAX);
	assert_int_equal(f.pid, 0);
	f = (struct host_filter){ 0 };
	/* These only begin like a prefix. */
	assert_null(host_parse_brick("12a:b", &f));
	assert_string_equal(f.name, "12a:b");
	assert_null(host_parse_brick("session#x:b", &f));
	assert_string_equal(f.name, "session#x:b");
	assert_null(host_parse_brick("12", &f));
	assert_string_equal(f.name, "12");
	assert_int_equal(f.pid, 0);
	assert_null(host_parse_brick("1:2:c", &f));
	assert_string_equal(f.name, "2:c");
	assert_int_equal(f.pid, 1);
}

static void assert_wrong(const char *text, const char *why)
{
	struct host_filter f = { 0 };
	const char *wrong = host_parse_brick(text, &f);

	assert_non_null(wrong);
	if (!strstr(wrong, why))
		fail_msg("'%s': '%s' lacks '%s'", text, wrong, why);
}

static void bad_bricks_are_refused(void **state)
{
	uint64_t id;

	(void)state;
	assert_wrong("", "not empty");
	assert_wrong("4711:", "not empty");
	assert_wrong("0:a", "process ID");
	assert_wrong("2147483648:a", "process ID");
	assert_wrong("session#0:a", "number of a session");
	assert_wrong("session#18446744073709551616:a", "number of a session");
	assert_wrong("1234567890123456789012345678901234567890123456789012345678901234",
		     "at most 63 bytes");
	assert_int_equal(host_parse_session("7", &id), -1);
	assert_int_equal(id, 7);
	assert_int_equal(host_parse_session("session#8", &id), -1);
	assert_int_equal(id, 8);
	assert_int_equal(host_parse_session("0", &id), 125);
	assert_int_equal(host_parse_session("", &id), 125);
	assert_int_equal(host_parse_session("7x", &id), 125);
	assert_int_equal(host_parse_session("18446744073709551616", &id), 125);
}

static void put_brick(int request, uint64_t session, uint32_t pid)
{
	struct nl_msg *m = answer(request, NLM_F_MULTI);

	nla_put_u64(m, BRICKTRACE_A_BRICK_SESSION, session);
	if (pid)
		nla_put_u32(m, BRICKTRACE_A_BRICK_PID, pid);
	nla_put_string(m, BRICKTRACE_A_BRICK_NAME, "decode");
	put(m);
}

static void one_brick_is_found(void **state)
{
	struct host_brick *brick;

	(void)state;
	new_packet();
	put_brick(1, 3, 4711);
	put_done(1, NLM_F_MULTI, 0);
	assert_int_equal(host_find_brick(host, "4711:decode", true, &brick), 0);
	assert_int_equal(brick->session, 3);
	free(brick);
	assert_int_equal(nla_get_u32((void *)asked(0, BRICKTRACE_A_BRICK_PID)), 4711);
	new_packet();
	put_done(2, NLM_F_MULTI, 0);
	assert_int_equal(host_find_brick(host, "decode", true, &brick), -ENOENT);
	assert_null(brick);
	assert_said("there is no brick 'decode'; bricktrace list shows");
	*said = 0;
	assert_int_equal(host_find_brick(host, "0:decode", true, &brick), -EINVAL);
	assert_said("bad brick '0:decode': a process ID");
	assert_int_equal(host_exit(-EINVAL), 125);
}

static void several_bricks_are_choices(void **state)
{
	struct host_brick *brick;

	(void)state;
	new_packet();
	put_brick(1, 3, 4711);
	put_brick(1, 4, 4712);
	put_brick(1, 5, 4712);
	put_brick(1, 6, 0);
	put_done(1, NLM_F_MULTI, 0);
	assert_int_equal(host_find_brick(host, "decode", false, &brick), -EEXIST);
	assert_null(brick);
	assert_string_equal(
		said,
		"'decode' may be any of 4 bricks; choose one of them: 4711:decode, session#4:decode, session#5:decode, session#6:decode\n");
}

/* Processes that have the device open: the descriptor's number says which session it is. */
static int device_copy(int pid, int fd)
{
	(void)fd;
	return pid == 13 ? -EPERM : dup(0);
}

static int device_sessions; /* how many copies were asked for their session */

static int device_ioctl(int fd, unsigned long request, void *arg)
{
	struct bricktrace_session *s = arg;
	struct bricktrace_brick_get *b = arg;
	struct bricktrace_statistics *statistics;

	(void)fd;
	if (request == BRICKTRACE_SESSION_GET) {
		assert_int_equal(s->size, sizeof(*s));
		/* The first two have the same open file. */
		s->id = ++device_sessions < 3 ? 7 : 8;
		s->bricks = 2;
		s->outliers = 2500;
		strcpy(s->label, "player");
		return 0;
	}
	assert_int_equal(request, BRICKTRACE_BRICK_GET);
	statistics = (void *)(uintptr_t)b->statistics.addr;
	statistics->runs = b->brick;
	b->statistics.count = 1;
	b->statistics.known = b->statistics.size;
	sprintf(b->name, "brick-%u", b->brick);
	return 0;
}

static int begin_device(void **state)
{
	(void)state;
	descriptors_ops.proc = "proc";
	descriptors_ops.copy = device_copy;
	descriptors_ops.ioctl = device_ioctl;
	device_sessions = 0;
	*said = 0;
	return system("mkdir -p proc/11/fd proc/12/fd proc/13/fd proc/self &&"
		      "ln -s /dev/bricktrace proc/11/fd/3 &&"
		      "ln -s /dev/bricktracer proc/11/fd/5 &&"
		      "ln -s /dev/bricktrace proc/12/fd/3 &&"
		      "ln -s /dev/bricktrace proc/12/fd/4 &&"
		      "ln -s /dev/bricktrace proc/13/fd/4 && echo py > proc/12/comm &&"
		      "echo py > proc/11/comm");
}

static int end_device(void **state)
{
	(void)state;
	return system("rm -r proc");
}

static void open_files_tell_sessions(void **state)
{
	struct host_session *list;
	size_t n;

	(void)state;
	assert_int_equal(descriptors_list_sessions(&(struct host_filter){ 0 }, &list, &n),
			 0);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].s.id, 7);
	assert_int_equal(list[1].s.id, 8);
	assert_int_equal(list[0].owner, BRICKTRACE_OWNER_DEVICE);
	assert_string_equal(list[0].comm, "py");
	assert_in_range(list[0].pid, 11, 12);
	assert_int_equal(list[0].uid, geteuid());
	assert_string_equal(list[0].s.label, "player");
	assert_int_equal(device_sessions, 3);
	free(list);
	/* It is said once, however often a program lists. */
	assert_said("1 processes may not be looked into by this user");
	*said = 0;
	assert_int_equal(descriptors_list_sessions(&(struct host_filter){ .session = 9 },
						   &list, &n),
			 0);
	assert_int_equal(n, 0);
	assert_string_equal(said, "");
	free(list);
}

static void open_files_tell_bricks(void **state)
{
	struct host_brick *list;
	size_t n;

	(void)state;
	assert_int_equal(
		descriptors_list_bricks(&(struct host_filter){ .pid = 11, .books = true },
					&list, &n),
		0);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].session, 7);
	assert_int_equal(list[0].pid, 11);
	assert_int_equal(list[0].outliers, 2500);
	assert_string_equal(list[0].label, "player");
	assert_string_equal(list[1].get.name, "brick-2");
	assert_int_equal(list[1].room.statistics->runs, 2);
	assert_int_equal(bti_elements(&list[1].get.statistics), 1);
	assert_int_equal(list[1].get.histogram.cap, BRICKTRACE_BUCKETS);
	free(list);
	device_sessions = 0;
	assert_int_equal(descriptors_list_bricks(
				 &(struct host_filter){ .pid = 11, .name = "brick-2" },
				 &list, &n),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].get.brick, 2);
	assert_int_equal(list[0].get.histogram.cap, 0);
	free(list);
}

int main(void)
{
#define TEST(name)	  cmocka_unit_test_setup_teardown(name, begin, end)
#define DEVICE_TEST(name) cmocka_unit_test_setup_teardown(name, begin_device, end_device)
	const struct CMUnitTest tests[] = {
		TEST(a_list_has_several_packets),
		TEST(a_list_may_be_empty),
		TEST(a_list_that_changes_is_read_again),
		TEST(a_list_that_changes_forever_is_taken),
		TEST(a_list_can_end_with_an_error),
		TEST(the_kernel_says_why),
		TEST(without_a_text_the_number_says_why),
		TEST(a_text_that_is_damaged_is_no_text),
		TEST(settings_have_their_places),
		TEST(the_status_is_asked_for),
		TEST(no_connection_says_why),
		TEST(what_is_missing_is_told_apart),
		TEST(bricks_have_three_forms),
		TEST(bad_bricks_are_refused),
		TEST(one_brick_is_found),
		TEST(several_bricks_are_choices),
		DEVICE_TEST(open_files_tell_sessions),
		DEVICE_TEST(open_files_tell_bricks),
	};

	return cmocka_run_group_tests_name("host", tests, enter, leave);
}
