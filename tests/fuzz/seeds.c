// SPDX-License-Identifier: MIT
/* seeds DIRECTORY: writes recordings of each kind, with which the fuzzer begins. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/record.h"

static struct sample sample;
static char bytes[4 * BRICKTRACE_RECORD_MAX];
static uint32_t size; /* of what is in @bytes */
static const char *directory;

static void seed_begin(const char *machine)
{
	memset(bytes, 0, sizeof(bytes));
	size = sample_header(machine, bytes);
}

static void seed_add(uint64_t sequence, const struct sample_shape *shape)
{
	size += sample_record(&sample, sequence, shape, bytes + size);
}

static void seed_write(const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	/* The last byte is the fuzzer's. */
	if (!file || fwrite(bytes, 1, size + 1, file) != size + 1 || fclose(file)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static const struct sample_shape newer = { .head_more = 16, .more = 8 };
	static const struct sample_shape oldest = { .oldest = true };
	static const struct sample_shape full = { .missing = 2 };
	struct bricktrace_record unknown = { .size = sizeof(unknown), .type = 3 };

	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIRECTORY\n");
		return 2;
	}
	directory = argv[1];
	sample_fill(&sample);
	seed_begin("x86_64");
	seed_write("empty");
	size += sample_loss(1, 5, bytes + size);
	memcpy(bytes + size, &unknown, sizeof(unknown));
	size += sizeof(unknown);
	size += sample_loss(6, 1, bytes + size);
	seed_write("losses");
	seed_begin("aarch64");
	seed_add(1, NULL);
	seed_add(2, &newer);
	seed_write("newer");
	seed_begin("riscv64");
	seed_add(1, &oldest);
	seed_write("oldest");
	seed_begin("x86_64");
	seed_add(9, &full);
	seed_write("full");
	/* In a small record the fuzzer finds the numbers that matter sooner. */
	sample.close.times.count = 1;
	sample.close.categories.count = sample.close.syscalls.count = 2;
	sample.close.ioctls.count = 2;
	sample.close.failed.count = sample.close.slow_calls.count = 1;
	seed_begin("x86_64");
	seed_add(1, &oldest);
	seed_write("small");
	sample.close.times.count = sample.close.categories.count = 0;
	sample.close.syscalls.count = sample.close.ioctls.count = 0;
	sample.close.failed.count = sample.close.slow_calls.count = 0;
	sample.result.provenance = BRICKTRACE_NOT_INSTRUMENTED;
	seed_begin("aarch64");
	seed_add(1, NULL);
	size += sample_loss(2, 3, bytes + size);
	seed_add(5, NULL);
	seed_write("measured");
	return 0;
}
