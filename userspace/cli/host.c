// SPDX-License-Identifier: MIT
/* The connection to the module by generic netlink: requests, their answers and errors. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "attributes.h"
#include "cli.h"
#include "descriptors.h"
#include "host.h"

/* The exit status when something is refused or not there. */
#define EXIT_HOST 1
/* The kernel makes the messages of a list as long as the buffer, but not longer than that. */
#define HOST_BUFFER 32768
/* How often a list that changed while it was read is read again. */
#define HOST_RETRIES 3

struct host {
	struct nl_sock *socket; /* NULL if the answers come from the device */
	int family;
};

/* The messages of an answer, one after the other, as the kernel sent them. */
struct host_answer {
	char *bytes;
	size_t size;
	bool interrupted; /* what was listed changed meanwhile */
};

int host_exit(int err)
{
	return err == -ENOMEM || err == -EIO || err == -EINVAL ? EXIT_OWN : EXIT_HOST;
}

const char *host_hooks_name(uint32_t hooks)
{
	static const char *const names[] = { "off", "quiet", "loud" };

	return hooks < sizeof(names) / sizeof(*names) ? names[hooks] : "unknown";
}

static int host_no_memory(void)
{
	complain("no memory");
	return -ENOMEM;
}

/* Says why there is no family. Returns whether the device may answer instead, or the status. */
static int host_explain(bool device)
{
	const char *advice;
	bool loaded;

	complain("%s", netlink_advice("", &loaded));
	advice = loaded ? NULL : module_advice("");
	if (advice)
		complain("%s", advice);
	if (!loaded || !device)
		return EXIT_HOST;
	complain("showing only what the open files of " BTI_DEVICE
		 " tell: sessions of programs that this user may trace");
	return 0;
}

static int host_connect(struct host *host)
{
	int on = 1, err;

	host->socket = nl_socket_alloc();
	if (!host->socket) {
		host_no_memory();
		return EXIT_OWN;
	}
	err = genl_connect(host->socket);
	if (err == -NLE_PROTO_MISMATCH || err == -NLE_AF_NOSUPPORT) {
		complain("this kernel has no generic netlink, by which bricktrace asks the module: it needs CONFIG_NET");
		return EXIT_HOST;
	}
	if (err) {
		complain("cannot open a netlink socket: %s", nl_geterror(err));
		return EXIT_OWN;
	}
	nl_socket_set_msg_buf_size(host->socket, HOST_BUFFER);
	/* Without the kernel's texts there are still its error numbers. */
	setsockopt(nl_socket_get_fd(host->socket), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));
	return 0;
}

int host_open(struct host **to, bool device)
{
	struct host *host = calloc(1, sizeof(*host));
	int status;

	*to = host;
	if (!host) {
		host_no_memory();
		return EXIT_OWN;
	}
	status = host_connect(host);
	if (!status) {
		/* The kernel loads the module if its family is asked for, where it may. */
		host->family = genl_ctrl_resolve(host->socket, BRICKTRACE_FAMILY_NAME);
		if (host->family >= 0)
			return 0;
		status = host_explain(device);
	}
	nl_socket_free(host->socket);
	host->socket = NULL;
	if (status) {
		free(host);
		*to = NULL;
	}
	return status;
}

void host_close(struct host *host)
{
	if (host)
		nl_socket_free(host->socket);
	free(host);
}

bool host_is_device(const struct host *host)
{
	return !host->socket;
}

/* Returns a request, or NULL without memory. */
static struct nl_msg *host_request(const struct host *host, uint8_t command, int flags)
{
	struct nl_msg *request = nlmsg_alloc();

	if (request && genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, host->family, 0,
				   flags, command, BRICKTRACE_FAMILY_VERSION))
		return request;
	nlmsg_free(request);
	return NULL;
}

/*
 * Returns the kernel's text about an error or the end of a list, or NULL. The text follows the
 * number and, in an error, the header of the request or all of it.
 */
static const char *host_text(struct nlmsghdr *m)
{
	struct nlmsgerr *e = nlmsg_data(m);
	int known = sizeof(int), at, left;
	struct nlattr *a;

	if (m->nlmsg_type == NLMSG_ERROR)
		known = sizeof(*e) + (m->nlmsg_flags & NLM_F_CAPPED ?
					      0 :
					      (int)e->msg.nlmsg_len - NLMSG_HDRLEN);
	at = NLMSG_ALIGN(known);
	if (!(m->nlmsg_flags & NLM_F_ACK_TLVS) || known < 0 || at > nlmsg_datalen(m))
		return NULL;
	left = nlmsg_datalen(m) - at;
	a = nla_find((struct nlattr *)((char *)e + at), left, NLMSGERR_ATTR_MSG);
	if (!a || !nla_len(a) || ((char *)nla_data(a))[nla_len(a) - 1])
		return NULL;
	return nla_data(a);
}

static const char *host_reason(int err)
{
	switch (-err) {
	case ENOENT:
		return "there is no such session or brick; bricktrace list shows them";
	case EOPNOTSUPP:
		return "the module is older than this program; install that of the same version";
	default:
		return strerror(-err);
	}
}

/* Takes the message that ends an answer. Returns 0, or the error after saying it. */
static int host_end(struct nlmsghdr *m, const char *what)
{
	const char *text;
	int err = 0;

	if (nlmsg_datalen(m) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(m), sizeof(err));
	if (err >= 0)
		return 0;
	text = host_text(m);
	complain("cannot %s: %s%s", what, text ?: host_reason(err),
		 err == -EPERM ?
			 "; be root, or have CAP_PERFMON, for instance: sudo bricktrace ..." :
			 "");
	return err;
}

/*
 * Takes the messages in the @n bytes at @m. Returns 1 if there are more to come, otherwise 0 or
 * an error.
 */
static int host_take(struct nlmsghdr *m, int n, uint32_t sequence, const char *what,
		     FILE *out, bool *interrupted)
{
	for (; nlmsg_ok(m, n); m = nlmsg_next(m, &n)) {
		/* An answer to an earlier question, which was given up. */
		if (m->nlmsg_seq != sequence)
			continue;
		*interrupted |= m->nlmsg_flags & NLM_F_DUMP_INTR;
		if (m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE)
			return host_end(m, what);
		if (genlmsg_valid_hdr(m, 0))
			fwrite(m, NLMSG_ALIGN(m->nlmsg_len), 1, out);
	}
	return 1;
}

static int host_receive(struct host *host, uint32_t sequence, const char *what, FILE *out,
			bool *interrupted)
{
	struct sockaddr_nl from;
	unsigned char *bytes;
	int more = 1, n;

	while (more == 1) {
		bytes = NULL;
		n = nl_recv(host->socket, &from, &bytes, NULL);
		if (n <= 0) {
			complain("cannot %s: no answer: %s", what, nl_geterror(n));
			return -EIO;
		}
		more = host_take((struct nlmsghdr *)bytes, n, sequence, what, out,
				 interrupted);
		free(bytes);
	}
	return more;
}

/* Sends the request, which may be NULL, and frees it. @answer is to be freed if this succeeds. */
static int host_ask(struct host *host, struct nl_msg *request, const char *what,
		    struct host_answer *answer)
{
	FILE *out;
	int err;

	*answer = (struct host_answer){ 0 };
	out = request ? open_memstream(&answer->bytes, &answer->size) : NULL;
	if (!out) {
		nlmsg_free(request);
		return host_no_memory();
	}
	err = nl_send_auto(host->socket, request);
	if (err < 0) {
		complain("cannot %s: %s", what, nl_geterror(err));
		err = -EIO;
	} else {
		err = host_receive(host, nlmsg_hdr(request)->nlmsg_seq, what, out,
				   &answer->interrupted);
	}
	nlmsg_free(request);
	if (fclose(out) && !err)
		err = host_no_memory();
	if (err)
		free(answer->bytes);
	return err;
}

static void host_read(const struct attribute *table, struct nlmsghdr *m, void *to)
{
	struct genlmsghdr *head = nlmsg_data(m);

	attributes_read(table, genlmsg_attrdata(head, 0), genlmsg_attrlen(head, 0), to);
}

int host_get_status(struct host *host, struct host_status *status)
{
	struct host_answer answer;
	int err = host_ask(host, host_request(host, BRICKTRACE_CMD_STATUS_GET, 0),
			   "read the state of the module", &answer);

	if (err)
		return err;
	*status = (struct host_status){ 0 };
	if (answer.size)
		host_read(attributes_status, (struct nlmsghdr *)answer.bytes, status);
	free(answer.bytes);
	return 0;
}

int host_get_settings(struct host *host, uint64_t *values)
{
	struct host_answer answer;
	struct nlattr *a;
	int i, err = host_ask(host, host_request(host, BRICKTRACE_CMD_CONFIG_GET, 0),
			      "read the settings of the host", &answer);

	if (err)
		return err;
	/* The table host_settings is not used: who only lists needs nothing that it needs. */
	for (i = 0; i < HOST_SETTINGS; i++) {
		a = answer.size ?
			    nlmsg_find_attr((struct nlmsghdr *)answer.bytes, GENL_HDRLEN,
					    BRICKTRACE_A_CONFIG_ENABLED + i) :
			    NULL;
		values[i] = a ? attributes_number(a) : 0;
	}
	free(answer.bytes);
	return 0;
}

/*
 * Carries out a command that has no answer but whether it succeeded. Without memory, the request
 * is not @whole.
 */
static int host_do(struct host *host, struct nl_msg *request, bool whole, const char *what)
{
	struct host_answer answer;
	int err;

	if (!whole) {
		nlmsg_free(request);
		request = NULL;
	}
	err = host_ask(host, request, what, &answer);
	if (!err)
		free(answer.bytes);
	return err;
}

int host_set(struct host *host, const struct host_setting *setting, uint64_t value)
{
	struct nl_msg *request = host_request(host, BRICKTRACE_CMD_CONFIG_SET, 0);
	bool whole = request &&
		     !(setting->wide ?
			       nla_put_u64(request, setting->attribute, value) :
			       nla_put_u32(request, setting->attribute, (uint32_t)value));
	char what[64];

	snprintf(what, sizeof(what), "set %s", setting->name);
	return host_do(host, request, whole, what);
}

int host_detach(struct host *host, uint64_t session)
{
	struct nl_msg *request = host_request(host, BRICKTRACE_CMD_SESSION_DETACH, 0);
	bool whole = request && !nla_put_u64(request, BRICKTRACE_A_SESSION_ID, session);
	char what[64];

	snprintf(what, sizeof(what), "detach session %" PRIu64, session);
	return host_do(host, request, whole, what);
}

int host_reset(struct host *host, uint64_t session, uint32_t brick)
{
	struct nl_msg *request = host_request(host, BRICKTRACE_CMD_BRICK_RESET, 0);
	bool whole = request &&
		     !nla_put_u64(request, BRICKTRACE_A_BRICK_SESSION, session) &&
		     !(brick && nla_put_u32(request, BRICKTRACE_A_BRICK_BRICK, brick));
	char what[64];

	if (brick)
		snprintf(what, sizeof(what),
			 "reset brick %" PRIu32 " of session %" PRIu64, brick, session);
	else
		snprintf(what, sizeof(what), "reset the bricks of session %" PRIu64,
			 session);
	return host_do(host, request, whole, what);
}

/* What can be listed: the command, the attributes of the filter, and the structure. */
struct host_kind {
	const char *what;
	uint8_t command;
	int session, pid, name, books; /* attributes, or 0 */
	const struct attribute *table;
	size_t size;
};

static struct nl_msg *host_request_list(const struct host *host,
					const struct host_kind *kind,
					const struct host_filter *f)
{
	struct nl_msg *request = host_request(host, kind->command, NLM_F_DUMP);
	int err = 0;

	if (!request)
		return NULL;
	if (kind->session && f->session)
		err |= nla_put_u64(request, kind->session, f->session);
	if (kind->pid && f->pid)
		err |= nla_put_u32(request, kind->pid, (uint32_t)f->pid);
	if (kind->name && f->name)
		err |= nla_put_string(request, kind->name, f->name);
	if (kind->books && f->books)
		err |= nla_put_flag(request, kind->books);
	if (!err)
		return request;
	nlmsg_free(request);
	return NULL;
}

/* Makes an array of the messages of an answer. */
static int host_read_list(const struct host_kind *kind, const struct host_answer *answer,
			  void **list, size_t *n)
{
	struct nlmsghdr *first = (struct nlmsghdr *)answer->bytes, *m;
	int left = (int)answer->size;
	size_t i;

	for (i = 0, m = first; nlmsg_ok(m, left); m = nlmsg_next(m, &left))
		i++;
	*list = calloc(i + 1, kind->size);
	if (!*list)
		return host_no_memory();
	*n = i;
	for (i = 0, m = first; i < *n; i++, m = nlmsg_next(m, &left))
		host_read(kind->table, m, (char *)*list + i * kind->size);
	return 0;
}

static int host_list(struct host *host, const struct host_kind *kind,
		     const struct host_filter *filter, void **list, size_t *n)
{
	struct host_answer answer = { .interrupted = true };
	int i, err = 0;

	*list = NULL;
	*n = 0;
	for (i = 0; answer.interrupted && i <= HOST_RETRIES; i++) {
		free(answer.bytes);
		err = host_ask(host, host_request_list(host, kind, filter), kind->what,
			       &answer);
		if (err)
			return err;
	}
	if (answer.interrupted)
		complain("what there is to list changes all the time: some of it may be missing, or be there twice");
	err = host_read_list(kind, &answer, list, n);
	free(answer.bytes);
	return err;
}

int host_list_users(struct host *host, struct host_user **list, size_t *n)
{
	static const struct host_kind users = {
		.what = "list the users",
		.command = BRICKTRACE_CMD_USER_GET,
		.table = attributes_user,
		.size = sizeof(**list),
	};

	return host_list(host, &users, &(struct host_filter){ 0 }, (void **)list, n);
}

int host_list_sessions(struct host *host, const struct host_filter *filter,
		       struct host_session **list, size_t *n)
{
	static const struct host_kind sessions = {
		.what = "list the sessions",
		.command = BRICKTRACE_CMD_SESSION_GET,
		.session = BRICKTRACE_A_SESSION_ID,
		.pid = BRICKTRACE_A_SESSION_PID,
		.table = attributes_session,
		.size = sizeof(**list),
	};

	return host_is_device(host) ? descriptors_list_sessions(filter, list, n) :
				      host_list(host, &sessions, filter, (void **)list, n);
}

int host_list_threads(struct host *host, const struct host_filter *filter,
		      struct host_thread **list, size_t *n)
{
	static const struct host_kind threads = {
		.what = "list the threads",
		.command = BRICKTRACE_CMD_THREAD_GET,
		.session = BRICKTRACE_A_THREAD_SESSION,
		.pid = BRICKTRACE_A_THREAD_PID,
		.table = attributes_thread,
		.size = sizeof(**list),
	};

	if (!host_is_device(host))
		return host_list(host, &threads, filter, (void **)list, n);
	*list = NULL;
	*n = 0;
	complain("cannot list the threads: only the module's generic netlink tells them, and it is not here");
	return -EOPNOTSUPP;
}

int host_list_bricks(struct host *host, const struct host_filter *filter,
		     struct host_brick **list, size_t *n)
{
	static const struct host_kind bricks = {
		.what = "list the bricks",
		.command = BRICKTRACE_CMD_BRICK_GET,
		.session = BRICKTRACE_A_BRICK_SESSION,
		.pid = BRICKTRACE_A_BRICK_PID,
		.name = BRICKTRACE_A_BRICK_NAME,
		.books = BRICKTRACE_A_BRICK_BOOKS,
		.table = attributes_brick,
		.size = sizeof(**list),
	};

	return host_is_device(host) ? descriptors_list_bricks(filter, list, n) :
				      host_list(host, &bricks, filter, (void **)list, n);
}
