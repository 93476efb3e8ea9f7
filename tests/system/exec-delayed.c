// SPDX-License-Identifier: MIT
/*
 * A program closes a file when it executes another one, and the server of the file's FUSE
 * file system does not answer. Older kernels hold the lock meanwhile under which a thread is
 * registered. Then it cannot be, by ioctl or by netlink, but neither the caller nor others
 * wait for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "netlink.h"
#include "test.h"

#define FILE_NODE 2

static int fuse;
static atomic_int flushing, answer_flush;
static char dir[] = "/tmp/exec-delayed-XXXXXX", path[sizeof(dir) + 5];

static void reply(const struct fuse_in_header *in, const void *data, uint32_t size)
{
	struct {
		struct fuse_out_header head;
		char data[256];
	} out = { .head = { .len = sizeof(out.head) + size, .unique = in->unique } };

	memcpy(out.data, data, size);
	if (write(fuse, &out, out.head.len) < 0)
		bail("the reply to FUSE's %u: %s", in->opcode, strerror(errno));
}

static struct fuse_attr attributes(u64 node)
{
	return (struct fuse_attr){ .ino = node,
				   .mode = node == FILE_NODE ? S_IFREG | 0444 :
							       S_IFDIR | 0555,
				   .nlink = 1 };
}

/* Answers what opening and closing a file needs, but a FLUSH only when it may. */
static void serve(const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
					     .minor = FUSE_KERNEL_MINOR_VERSION,
					     .max_write = 4096 };

		reply(in, &out, sizeof(out));
		break;
	}
	case FUSE_LOOKUP: {
		struct fuse_entry_out out = { .nodeid = FILE_NODE,
					      .attr = attributes(FILE_NODE) };

		reply(in, &out, sizeof(out));
		break;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out out = { .attr = attributes(in->nodeid) };

		reply(in, &out, sizeof(out));
		break;
	}
	case FUSE_OPEN:
		reply(in, &(struct fuse_open_out){ 0 }, sizeof(struct fuse_open_out));
		break;
	case FUSE_FLUSH:
		flushing = 1;
		wait_value(&answer_flush, 1);
		reply(in, NULL, 0);
		break;
	case FUSE_RELEASE:
		reply(in, NULL, 0);
		break;
	case FUSE_FORGET:
		break;
	default:
		bail("FUSE asks %u", in->opcode);
	}
}

static void *serves(void *unused)
{
	static char in[1 << 20];

	(void)unused;
	while (read(fuse, in, sizeof(in)) > 0)
		serve((const void *)in);
	return NULL;
}

static void file_system(void)
{
	pthread_t server;
	char options[64];

	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse < 0 || !mkdtemp(dir))
		bail("/dev/fuse: %s", strerror(errno));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0",
		 fuse);
	if (mount("exec-delayed", dir, "fuse", MS_NODEV | MS_NOSUID, options))
		bail("mount: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/file", dir);
	pthread_create(&server, NULL, serves, NULL);
}

static void executes(void)
{
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0)
		execl("/bin/sleep", "sleep", "60", NULL);
}

/* Asks for something that must not last, and returns the error. */
#define AT_ONCE(what, call)                                             \
	({                                                              \
		u64 began = now();                                      \
		int err_ = (call);                                      \
                                                                        \
		between(now() - began, 0, S, what ": within a second"); \
		err_;                                                   \
	})

int main(void)
{
	struct netlink_reply *answer = malloc(sizeof(*answer));
	int s = netlink_open(), f = device(), held;
	pid_t child;

	file_system();
	child = child_of(executes);
	wait_value(&flushing, 1);
	NETLINK(s, SESSION_OPEN, answer);
	held = AT_ONCE("ioctl", -try_register(f, child, 0));
	printf("# the kernel %s the lock\n", held ? "holds" : "does not hold");
	ok(!held || held == EBUSY, "ioctl: the thread is registered, or EBUSY");
	is(AT_ONCE("netlink", -NETLINK(s, THREAD_REGISTER, answer, U32(THREAD_TID, child))),
	   held, "netlink: the same");
	is(session(f).threads, !held, "no more than that is done");
	ok(AT_ONCE("another family", netlink_family(s)) > 0, "another family answers");
	answer_flush = 1;
	wait_state(child, child, "S");
	is(-try_register(f, child, 0), held ? 0 : EEXIST,
	   "ioctl: when the program is there");
	is(-NETLINK(s, THREAD_REGISTER, answer, U32(THREAD_TID, child)),
	   held ? 0 : EEXIST, "netlink: likewise");
	kill(child, SIGKILL);
	wait_for(child);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	return done();
}
