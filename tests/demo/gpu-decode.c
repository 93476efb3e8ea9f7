// SPDX-License-Identifier: MIT
/*
 * gpu-decode TOKENS: a decode loop that asks a GPU's driver and is measured by libbricktrace.
 * For each token, a run of the brick "decode step" encloses one of "attention" and one of "ffn".
 * In mode tail, a run that took longer than its budget is explained: the program prints the
 * brick and its slowest call.
 */
#include <bricktrace.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "../../userspace/decode/decode.h"
#include "../fakegpu/nvidia-uvm.h"
#include "../fakegpu/nvidia.h"

#define MS 1e6 /* in nanoseconds */

static struct bt_tracer *tracer;
static struct bt_brick *step, *attention, *ffn;
static int ctl, uvm;
static int token;

/* The functions of the library return a negative error number. */
static void check(int err, const char *what)
{
	if (err < 0) {
		fprintf(stderr, "gpu-decode: %s: %s\n", what, strerror(-err));
		exit(1);
	}
}

static int node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void compute(void)
{
	for (volatile int i = 0; i < 200000; i++)
		;
}

static void control(uint32_t command)
{
	uint32_t arg[8] = { [NV_CONTROL_COMMAND / 4] = command };

	if (ioctl(ctl, _IOWR('F', NV_ESC_RM_CONTROL, arg), arg))
		perror("RM CONTROL");
}

static void migrate(void)
{
	uint32_t arg[20] = { 0 };

	if (ioctl(uvm, UVM_MIGRATE, arg))
		perror("UVM_MIGRATE");
}

static void explain(const struct bt_result *result)
{
	const struct bt_slow_call *call = bt_result_slow_call(result, 0);
	struct decoded names;
	char at[16];
	time_t second;

	printf("token %d: brick %s took %.1f ms, its budget is %.1f ms\n", token,
	       result->brick, result->wall_ns / MS, result->budget_ns / MS);
	if (!call) {
		printf("\tno call was slow\n");
		return;
	}
	second = call->start_unix_ns / 1000000000;
	strftime(at, sizeof(at), "%T", localtime(&second));
	if (call->ioctl)
		decode_ioctl(call->ioctl, &names);
	printf("\t%s %s took %.1f ms of them, at %s.%03d\n",
	       call->ioctl ? names.device : call->name, call->ioctl ? names.text : "call",
	       call->ns / MS, at, (int)(call->start_unix_ns / 1000000 % 1000));
}

static void brick_run(struct bt_brick *brick, void (*work)(void))
{
	struct bt_result *result;
	struct bt_run *run;

	check(bt_run_open(tracer, brick, BT_AUTO, BT_SCOPE_THREAD, &run), "bt_run_open");
	work();
	check(bt_run_close(run, &result), "bt_run_close");
	/* The other reasons are about the brick's last runs, and say less about this one. */
	if (result->why & BT_WHY_OVER_BUDGET && result->provenance == BT_MEASURED)
		explain(result);
	bt_result_free(result);
}

static void do_attention(void)
{
	compute();
	migrate();
	control(0x20800406); /* NV2080_CTRL_CMD_TIMER_GET_GPU_CPU_TIME_CORRELATION_INFO */
}

static void do_ffn(void)
{
	compute();
	control(0x2080130e); /* NV2080_CTRL_CMD_FB_FLUSH_GPU_CACHE */
}

static void do_step(void)
{
	brick_run(attention, do_attention);
	brick_run(ffn, do_ffn);
}

static struct bt_brick *define(const char *name, uint64_t budget_us)
{
	struct bt_brick *brick;

	check(bt_brick_define(tracer, name, budget_us * 1000, &brick), name);
	check(bt_brick_mode(brick, BT_MODE_TAIL), name);
	return brick;
}

int main(int argc, char **argv)
{
	uint32_t initialize[4] = { 0 };
	int tokens;

	if (argc != 2 || (tokens = atoi(argv[1])) < 1) {
		fprintf(stderr, "usage: gpu-decode TOKENS\n");
		return 2;
	}
	ctl = node("/dev/nvidiactl");
	uvm = node("/dev/nvidia-uvm");
	if (ioctl(uvm, UVM_INITIALIZE, initialize))
		perror("UVM_INITIALIZE");
	check(bt_tracer_new(&tracer), "bt_tracer_new");
	check(bt_thread_register(tracer, 0), "bt_thread_register");
	step = define("decode step", 100000);
	attention = define("attention", 30000);
	ffn = define("ffn", 30000);
	for (token = 1; token <= tokens; token++)
		brick_run(step, do_step);
	printf("%d tokens\n", tokens);
	bt_tracer_free(tracer);
	return 0;
}
