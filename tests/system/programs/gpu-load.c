// SPDX-License-Identifier: MIT
/*
 * gpu-load [OPTION]...: asks the drivers of a GPU what the libraries CUDA and ROCm ask, and
 * prints how often. The main thread begins as such a library does. Then each of several threads
 * makes rounds; a round is a few requests, which its seed decides.
 *
 *	-t THREADS	the number of threads (1)
 *	-r ROUNDS	the number of rounds of each thread (100)
 *	-d SECONDS	make rounds for so long instead
 *	-s SEED		other requests (1)
 *	-c COMMANDS	after its rounds, each thread asks the resource manager for so many
 *			different commands
 *	-l US		also list the calls that took at least so long
 *
 * A line for each device, request and command has the words
 *	DRIVER MAJOR:MINOR REQUEST COMMAND CALLS FAILED REFUSED NS LONGEST
 * as the file fakegpu/calls of debugfs, but NS and LONGEST are the times that this program
 * measured. A slow call is a line
 *	slow DRIVER MAJOR:MINOR REQUEST COMMAND TID START NS
 * where START is a time of CLOCK_MONOTONIC in nanoseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "../../fakegpu/kfd.h"
#include "../../fakegpu/nvidia-uvm.h"
#include "../../fakegpu/nvidia.h"
#include "check.h"
#include "clock.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NONE	      (~0ULL)
#define THREADS_MAX   1024
#define COMMANDS_MAX  0x8000 /* the commands from here on have no public names */

static struct node {
	const char *path, *driver;
	int fd;
	dev_t device;
} nodes[] = {
	{ .path = "/dev/nvidiactl", .driver = "nvidia" },
	{ .path = "/dev/nvidia0", .driver = "nvidia" },
	{ .path = "/dev/nvidia-uvm", .driver = "nvidia_uvm" },
	{ .path = "/dev/kfd", .driver = "amdgpu" },
};
#define CTL (&nodes[0])
#define GPU (&nodes[1])
#define UVM (&nodes[2])
#define KFD (&nodes[3])

/* What a call asked for. */
struct asked {
	const struct node *node;
	uint32_t request;
	u64 command;
};

struct count {
	struct asked asked;
	u64 calls, failed, refused, ns, longest;
};

struct slow {
	struct slow *next;
	struct asked asked;
	u64 start, ns;
};

struct thread {
	pthread_t thread;
	unsigned int seed;
	pid_t tid;
	void *counts; /* a tree of struct count */
	struct slow *slow;
	/* The argument of a request; the largest one is that of UVM_MAP_EXTERNAL_ALLOCATION. */
	uint32_t arg[9264 / 4];
};

static unsigned long threads = 1, rounds = 100, seconds, seed = 1, commands, slow_us;

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		bail("calloc");
	return memory;
}

static int compare(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->request != y->request)
		return x->request < y->request ? -1 : 1;
	return x->command < y->command ? -1 : x->command > y->command;
}

/* Finds the count of what was asked, or begins it. */
static struct count *count_of(void **counts, const struct asked *asked)
{
	struct count **found = tfind(asked, counts, compare), *new;

	if (found)
		return *found;
	new = allocate(sizeof(*new));
	new->asked = *asked;
	if (!tsearch(new, counts, compare))
		bail("tsearch");
	return new;
}

static void count(struct thread *t, const struct asked *asked, u64 start, bool failed,
		  bool refused)
{
	u64 ns = now() - start;
	struct count *c = count_of(&t->counts, asked);
	struct slow *slow;

	c->calls++;
	c->failed += failed;
	c->refused += refused;
	c->ns += ns;
	c->longest = ns > c->longest ? ns : c->longest;
	if (slow_us && ns >= slow_us * 1000) {
		slow = allocate(sizeof(*slow));
		*slow = (struct slow){ t->slow, *asked, start, ns };
		t->slow = slow;
	}
}

/* Makes a request whose argument has the driver's error at the byte @status. */
static void ask(struct thread *t, const struct node *node, uint32_t request, u64 command,
		void *arg, const uint32_t *status)
{
	struct asked asked = { node, request, command };
	u64 start = now();
	bool failed = ioctl(node->fd, request, arg);

	count(t, &asked, start, failed, !failed && status && *status);
}

static const struct fakegpu_request *find(const struct fakegpu_request *requests,
					  size_t n, uint32_t number, uint32_t size)
{
	for (size_t i = 0; i < n; i++)
		if (requests[i].number == number && (!size || requests[i].size == size))
			return &requests[i];
	bail("request %u of size %u", number, size);
}

static const uint32_t *status_of(const uint32_t *arg, const struct fakegpu_request *request)
{
	return request->status == NO_STATUS ? NULL : arg + request->status / 4;
}

/*
 * Asks the resource manager for a request of @size bytes, or of the usual size if @size is 0.
 * The command or class in its argument is @what.
 */
static void rm(struct thread *t, const struct node *node, uint32_t number, uint32_t size,
	       u64 what)
{
	const struct fakegpu_request *r =
		find(nv_requests, LENGTH(nv_requests), number, size);

	memset(t->arg, 0, r->size);
	if (what != NONE)
		t->arg[(number == NV_ESC_RM_ALLOC ? NV_ALLOC_CLASS : NV_CONTROL_COMMAND) / 4] =
			what;
	ask(t, node, _IOC(_IOC_READ | _IOC_WRITE, 'F', number, r->size), what, t->arg,
	    status_of(t->arg, r));
}

static void control(struct thread *t, uint32_t command)
{
	rm(t, CTL, NV_ESC_RM_CONTROL, 0, command);
}

static void alloc(struct thread *t, uint32_t class)
{
	rm(t, CTL, NV_ESC_RM_ALLOC, 0, class);
}

static void uvm(struct thread *t, uint32_t number)
{
	const struct fakegpu_request *r =
		find(uvm_requests, LENGTH(uvm_requests), number, 0);

	memset(t->arg, 0, r->size);
	ask(t, UVM, number, NONE, t->arg, status_of(t->arg, r));
}

static void kfd(struct thread *t, uint32_t request)
{
	memset(t->arg, 0, _IOC_SIZE(request));
	ask(t, KFD, request, NONE, t->arg, NULL);
}

/* Commands of the resource manager that CUDA uses; the last two have no public names. */
static const uint32_t controls[] = {
	0x00000201, /* NV0000_CTRL_CMD_GPU_GET_ATTACHED_IDS */
	0x00000205, /* NV0000_CTRL_CMD_GPU_GET_ID_INFO_V2 */
	0x00800292, /* NV0080_CTRL_CMD_GPU_GET_CLASSLIST_V2 */
	0x20800102, /* NV2080_CTRL_CMD_GPU_GET_INFO_V2 */
	0x20800110, /* NV2080_CTRL_CMD_GPU_GET_NAME_STRING */
	0x2080014a, /* NV2080_CTRL_CMD_GPU_GET_GID_INFO */
	0x20800406, /* NV2080_CTRL_CMD_TIMER_GET_GPU_CPU_TIME_CORRELATION_INFO */
	0x20801227, /* NV2080_CTRL_CMD_GR_GET_CAPS_V2 */
	0x20801303, /* NV2080_CTRL_CMD_FB_GET_INFO_V2 */
	0x20801823, /* NV2080_CTRL_CMD_BUS_GET_INFO_V2 */
	0x2080200a, /* NV2080_CTRL_CMD_PERF_BOOST */
	0x83de030c, /* NV83DE_CTRL_CMD_DEBUG_READ_ALL_SM_ERROR_STATES */
	0xa06c0105, /* NVA06C_CTRL_CMD_PREEMPT */
	0xc36f0108, /* NVC36F_CTRL_CMD_GPFIFO_GET_WORK_SUBMIT_TOKEN */
	0x2080a0b1, /* bit 15 is set: a legacy command that the GPU's firmware answers */
	0x20810110, /* class 0x2081: BINAPI */
};

/* What the library asks when a program begins to use it. */
static void begin(struct thread *t)
{
	rm(t, CTL, NV_ESC_CHECK_VERSION_STR, 0, NONE);
	rm(t, CTL, NV_ESC_SYS_PARAMS, 0, NONE);
	ask(t, CTL, _IOC(_IOC_READ | _IOC_WRITE, 'F', NV_ESC_CARD_INFO, 32 * 72), NONE,
	    t->arg, NULL);
	alloc(t, 0x00000041); /* NV01_ROOT_CLIENT */
	control(t, 0x00000201);
	control(t, 0x00000205);
	rm(t, GPU, NV_ESC_REGISTER_FD, 0, NONE);
	alloc(t, 0x00000080); /* NV01_DEVICE_0 */
	alloc(t, 0x00002080); /* NV20_SUBDEVICE_0 */
	control(t, 0x00800292);
	control(t, 0x2080014a);
	alloc(t, 0x0000c661); /* HOPPER_USERMODE_A */
	rm(t, GPU, NV_ESC_RM_MAP_MEMORY, 0, NONE);
	alloc(t, 0x000090f1); /* FERMI_VASPACE_A */
	uvm(t, UVM_INITIALIZE);
	uvm(t, UVM_MM_INITIALIZE);
	uvm(t, UVM_REGISTER_GPU);
	uvm(t, UVM_REGISTER_GPU_VASPACE);
	alloc(t, 0x0000a06c); /* KEPLER_CHANNEL_GROUP_A */
	alloc(t, 0x00009067); /* FERMI_CONTEXT_SHARE_A */
	alloc(t, 0x0000c86f); /* HOPPER_CHANNEL_GPFIFO_A */
	alloc(t, 0x0000cbc0); /* HOPPER_COMPUTE_A */
	alloc(t, 0x0000c8b5); /* HOPPER_DMA_COPY_A */
	control(t, 0xc36f0108);
	control(t, 0xa06c0101); /* NVA06C_CTRL_CMD_GPFIFO_SCHEDULE */
	uvm(t, UVM_REGISTER_CHANNEL);
	rm(t, CTL, NV_ESC_ALLOC_OS_EVENT, 0, NONE);
	kfd(t, KFD_GET_VERSION);
	kfd(t, KFD_GET_PROCESS_APERTURES);
	kfd(t, KFD_ACQUIRE_VM);
	kfd(t, KFD_CREATE_EVENT);
	kfd(t, KFD_CREATE_QUEUE);
}

static uint32_t any_control(struct thread *t)
{
	return controls[rand_r(&t->seed) % LENGTH(controls)];
}

static void query(struct thread *t)
{
	control(t, any_control(t));
}

/* A CONTROL inside an XFER_CMD. */
static void transfer(struct thread *t)
{
	const struct fakegpu_request *r =
		find(nv_requests, LENGTH(nv_requests), NV_ESC_RM_CONTROL, 0);
	struct nv_xfer xfer = { r->number, r->size, (uintptr_t)t->arg };

	memset(t->arg, 0, r->size);
	t->arg[NV_CONTROL_COMMAND / 4] = any_control(t);
	ask(t, CTL, _IOWR('F', NV_ESC_IOCTL_XFER_CMD, struct nv_xfer), NONE, &xfer,
	    status_of(t->arg, r));
}

/* Requests that no driver knows, or for which it expects another argument. */
static void mistake(struct thread *t)
{
	memset(t->arg, 0, 64);
	ask(t, CTL, _IOWR('F', 199, uint32_t), NONE, t->arg, NULL);
	ask(t, CTL, _IOC(_IOC_READ | _IOC_WRITE, 'F', NV_ESC_RM_CONTROL, 40), 0, t->arg,
	    NULL);
	ask(t, UVM, 1000, NONE, t->arg, NULL);
	ask(t, KFD, _IO('K', 255), NONE, t->arg, NULL);
}

static void memory(struct thread *t)
{
	rm(t, CTL, NV_ESC_RM_ALLOC, 48, 0x00000040); /* NV01_MEMORY_LOCAL_USER */
	rm(t, GPU, NV_ESC_RM_MAP_MEMORY, 0, NONE);
	rm(t, CTL, NV_ESC_RM_UNMAP_MEMORY, 0, NONE);
	rm(t, CTL, NV_ESC_RM_FREE, 0, NONE);
}

static void dma(struct thread *t)
{
	rm(t, CTL, NV_ESC_RM_DUP_OBJECT, 0, NONE);
	rm(t, CTL, NV_ESC_RM_VID_HEAP_CONTROL, 0, NONE);
	rm(t, CTL, NV_ESC_RM_MAP_MEMORY_DMA, 0, NONE);
	rm(t, CTL, NV_ESC_RM_IDLE_CHANNELS, 0, NONE);
	rm(t, CTL, NV_ESC_RM_UNMAP_MEMORY_DMA, 0, NONE);
}

static void managed(struct thread *t)
{
	uvm(t, UVM_CREATE_EXTERNAL_RANGE);
	uvm(t, UVM_MAP_EXTERNAL_ALLOCATION);
	uvm(t, UVM_SET_PREFERRED_LOCATION);
	uvm(t, UVM_MIGRATE);
	uvm(t, UVM_FREE);
}

static void rocm(struct thread *t)
{
	kfd(t, KFD_ALLOC_MEMORY_OF_GPU);
	kfd(t, KFD_MAP_MEMORY_TO_GPU);
	kfd(t, KFD_UNMAP_MEMORY_FROM_GPU);
	kfd(t, KFD_FREE_MEMORY_OF_GPU);
}

/* A round is one of these, by chance. */
static void (*const rounds_of[])(struct thread *) = {
	query, query, memory, dma, managed, rocm, transfer, mistake,
};

static void *load(void *arg)
{
	struct thread *t = arg;
	u64 end = now() + seconds * S;

	t->tid = gettid();
	for (unsigned long i = 0; seconds ? now() < end : i < rounds; i++)
		rounds_of[rand_r(&t->seed) % LENGTH(rounds_of)](t);
	for (unsigned long i = 0; i < commands; i++)
		control(t, 0x20800000 + i);
	return NULL;
}

static void print_asked(const struct asked *asked)
{
	printf("%s %u:%u 0x%x ", asked->node->driver, major(asked->node->device),
	       minor(asked->node->device), asked->request);
	if (asked->command == NONE)
		printf("-");
	else
		printf("0x%llx", asked->command);
}

static void print(const void *node, VISIT visit, int depth)
{
	const struct count *c = *(const struct count *const *)node;

	(void)depth;
	if (visit != postorder && visit != leaf)
		return;
	print_asked(&c->asked);
	printf(" %llu %llu %llu %llu %llu\n", c->calls, c->failed, c->refused, c->ns,
	       c->longest);
}

static void add(const void *node, VISIT visit, void *sums)
{
	const struct count *c = *(const struct count *const *)node;
	struct count *sum;

	if (visit != postorder && visit != leaf)
		return;
	sum = count_of(sums, &c->asked);
	sum->calls += c->calls;
	sum->failed += c->failed;
	sum->refused += c->refused;
	sum->ns += c->ns;
	sum->longest = c->longest > sum->longest ? c->longest : sum->longest;
}

static void report(struct thread *all)
{
	void *sums = NULL;

	for (struct thread *t = all; t <= all + threads; t++) {
		twalk_r(t->counts, add, &sums);
		for (struct slow *s = t->slow; s; s = s->next) {
			printf("slow ");
			print_asked(&s->asked);
			printf(" %d %llu %llu\n", t->tid, s->start, s->ns);
		}
	}
	twalk(sums, print);
}

static void open_nodes(void)
{
	struct stat stat;

	for (struct node *node = nodes; node < nodes + LENGTH(nodes); node++) {
		node->fd = open(node->path, O_RDWR | O_CLOEXEC);
		if (node->fd < 0 || fstat(node->fd, &stat))
			bail("%s", node->path);
		node->device = stat.st_rdev;
	}
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno || !*text || *end || n > max)
		bail("'%s' is not a number from 0 to %lu", text, max);
	return n;
}

static void options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "t:r:d:s:c:l:")) != -1) {
		switch (option) {
		case 't':
			threads = number(optarg, THREADS_MAX);
			break;
		case 'r':
			rounds = number(optarg, UINT32_MAX);
			break;
		case 'd':
			seconds = number(optarg, UINT32_MAX);
			break;
		case 's':
			seed = number(optarg, UINT32_MAX);
			break;
		case 'c':
			commands = number(optarg, COMMANDS_MAX);
			break;
		case 'l':
			slow_us = number(optarg, UINT32_MAX);
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct thread *all;

	options(argc, argv);
	open_nodes();
	all = allocate((threads + 1) * sizeof(*all));
	all[0].tid = gettid();
	begin(&all[0]);
	for (unsigned long i = 1; i <= threads; i++) {
		all[i].seed = seed + i;
		if (pthread_create(&all[i].thread, NULL, load, &all[i]))
			bail("pthread_create");
	}
	for (unsigned long i = 1; i <= threads; i++)
		pthread_join(all[i].thread, NULL);
	report(all);
	return 0;
}
