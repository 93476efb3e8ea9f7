// SPDX-License-Identifier: MIT
/* Tests of what the library makes of the module's elements of ioctls and slow calls. */
#include "unit.h"

#define COMMAND UINT64_C(0x20801803)

static struct {
	int clock_readings;
	struct bricktrace_result result;
	struct bricktrace_ioctl ioctls[16];
	struct bricktrace_slow_call slow_calls[4];
	struct bricktrace_run_close close;
} kernel;

static uint64_t fake_now(void)
{
	kernel.clock_readings++;
	return 7000;
}

static uint64_t fake_unix_now(void)
{
	kernel.clock_readings++;
	return UINT64_C(1790000000000007000);
}

static int reset(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.result.provenance = BRICKTRACE_MEASURED;
	kernel.close.result = answer_array(&kernel.result, sizeof(kernel.result), 1,
					   sizeof(kernel.result));
	kernel.close.ioctls = answer_array(kernel.ioctls, sizeof(kernel.ioctls[0]), 0,
					   BRICKTRACE_IOCTL_SIZE_V0);
	kernel.close.slow_calls =
		answer_array(kernel.slow_calls, sizeof(kernel.slow_calls[0]), 0,
			     BRICKTRACE_SLOW_CALL_SIZE_V0);
	return 0;
}

static struct bt_result *result(void)
{
	const struct bti_ops clocks = { .now = fake_now, .unix_now = fake_unix_now };
	struct bt_tracer tracer = { .ops = &clocks };
	struct bt_brick brick = { .tracer = &tracer, .name = "ffn" };
	struct bt_result *r;

	assert_int_equal(bti_result_new(&brick, BT_NONE, &kernel.close, &r), 0);
	return r;
}

/* Adds both views of a command, of which the inner runs have half the time. */
static struct bricktrace_ioctl *add(const struct bricktrace_ioctl *element)
{
	struct bricktrace_ioctl *io = &kernel.ioctls[kernel.close.ioctls.count];

	io[0] = io[1] = *element;
	io[1].view = BRICKTRACE_VIEW_EXCLUSIVE;
	io[1].figures.ns /= 2;
	io[1].figures.max_ns = BRICKTRACE_NONE;
	kernel.close.ioctls.cap = kernel.close.ioctls.count += 2;
	return io;
}

static struct bricktrace_ioctl *add_file(uint32_t file, uint64_t ns)
{
	const struct bricktrace_ioctl io = { .file = file,
					     .command = BRICKTRACE_NONE,
					     .figures.ns = ns };

	return add(&io);
}

static struct bricktrace_slow_call *add_slow(const struct bricktrace_slow_call *call)
{
	struct bricktrace_slow_call *c =
		&kernel.slow_calls[kernel.close.slow_calls.count++];

	*c = *call;
	kernel.close.slow_calls.cap++;
	return c;
}

static void a_command_has_all_its_fields(void **state)
{
	const struct bricktrace_ioctl control = {
		.file = BRICKTRACE_FILE_CHAR,
		.major = 195,
		.minor = 255,
		.request = 0xc020462a,
		.command = COMMAND,
		.arch = BRICKTRACE_ARCH_COMPAT,
		.owner = "nvidia",
		.figures = { 4, 1, 2, 100, 60, 50, 10 },
	};
	const struct bt_figures *f;
	const struct bt_ioctl *io;
	struct bt_result *r;

	(void)state;
	add(&control);
	r = result();
	assert_true(bt_result_has_ioctls(r));
	assert_int_equal(r->n_ioctls, 1);
	assert_int_equal(r->n_missing_ioctls, 0);
	io = bt_result_ioctl(r, 0);
	assert_int_equal(io->file, BT_FILE_CHAR);
	assert_int_equal(io->major, 195);
	assert_int_equal(io->minor, 255);
	assert_int_equal(io->request, 0xc020462a);
	assert_true(io->command == COMMAND);
	assert_int_equal(io->arch, BT_ARCH_COMPAT);
	assert_string_equal(io->owner, "nvidia");
	assert_string_equal(io->name, "");
	f = bt_ioctl_figures(io, BT_INCLUSIVE);
	assert_int_equal(f->count, 4);
	assert_int_equal(f->in_flight, 1);
	assert_int_equal(f->errors, 2);
	assert_int_equal(f->ns, 100);
	assert_int_equal(f->offcpu_ns, 60);
	assert_int_equal(f->max_ns, 50);
	assert_int_equal(f->runnable_ns, 10);
	f = bt_ioctl_figures(io, BT_EXCLUSIVE);
	assert_int_equal(f->ns, 50);
	assert_true(f->max_ns == BT_NONE);
	assert_null(bt_ioctl_figures(io, (enum bt_view)2));
	assert_null(bt_result_ioctl(r, 1));
	bt_result_free(r);
}

static void commands_are_sorted_by_time(void **state)
{
	struct bt_result *r;
	uint32_t i;

	(void)state;
	strcpy(add_file(BRICKTRACE_FILE_ANON, 20)->name, "[eventfd]");
	strcpy(add_file(BRICKTRACE_FILE_REGULAR, 5)->name, "ext4");
	strcpy(add_file(BRICKTRACE_FILE_ANON, 30)->name, "kvm-vm");
	/* The order of equal times does not depend on the kernel's. */
	add_file(BRICKTRACE_FILE_MORE, 10);
	add_file(BRICKTRACE_FILE_SOCKET, 10)->arch = 1;
	add_file(BRICKTRACE_FILE_SOCKET, 10);
	r = result();
	assert_int_equal(r->n_ioctls, 6);
	for (i = 0; i < 6; i++) {
		static const struct {
			uint64_t ns;
			enum bt_file file;
			enum bt_arch arch;
			const char *name;
		} rows[] = {
			{ 30, BT_FILE_ANON, 0, "kvm-vm" },
			{ 20, BT_FILE_ANON, 0, "[eventfd]" },
			{ 10, BT_FILE_SOCKET, 0, "" },
			{ 10, BT_FILE_SOCKET, 1, "" },
			{ 10, BT_FILE_MORE, 0, "" },
			{ 5, BT_FILE_REGULAR, 0, "ext4" },
		};
		const struct bt_ioctl *io = bt_result_ioctl(r, i);

		assert_int_equal(io->file, rows[i].file);
		assert_int_equal(io->arch, rows[i].arch);
		assert_true(io->command == BT_NONE);
		assert_string_equal(io->name, rows[i].name);
		assert_int_equal(bt_ioctl_figures(io, BT_INCLUSIVE)->ns, rows[i].ns);
		assert_int_equal(bt_ioctl_figures(io, BT_EXCLUSIVE)->ns, rows[i].ns / 2);
	}
	bt_result_free(r);
}

static void names_are_cut_and_otherwise_untouched(void **state)
{
	struct bricktrace_ioctl *io = add_file(BRICKTRACE_FILE_CHAR, 1);
	struct bricktrace_slow_call *call = add_slow(
		&(struct bricktrace_slow_call){ .category = BRICKTRACE_CAT_IOCTL });
	static const char hostile[16] = "\xff\x1b[2J\n%n\\\"<\xf0\x9f\xa7\xb1*";
	struct bt_result *r;
	uint32_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		memcpy(io[i].owner, hostile, 16);
		memset(io[i].name, 'x', 16);
	}
	memcpy(call->owner, hostile, 16);
	memset(call->name, 'x', 16);
	r = result();
	for (i = 0; i < 2; i++) {
		const struct bt_ioctl *io_of =
			i ? bt_result_slow_call(r, 0)->ioctl : bt_result_ioctl(r, 0);

		assert_int_equal(strlen(io_of->owner), 15);
		assert_memory_equal(io_of->owner, hostile, 15);
		assert_string_equal(io_of->name, "xxxxxxxxxxxxxxx");
	}
	bt_result_free(r);
}

static void a_slow_call_has_all_its_fields(void **state)
{
	const struct bricktrace_slow_call control = {
		.tid = 4242,
		.arch = BRICKTRACE_ARCH_NATIVE,
		.nr = 16,
		.category = BRICKTRACE_CAT_IOCTL,
		.arg0 = 7,
		.start_ns = 6000,
		.ns = 900,
		.offcpu_ns = 800,
		.ret = -5,
		.file = BRICKTRACE_FILE_CHAR,
		.major = 195,
		.minor = 3,
		.request = 0xc020462a,
		.command = COMMAND,
		.owner = "nvidia",
	};
	const struct bricktrace_slow_call read = {
		.arch = BRICKTRACE_ARCH_COMPAT,
		.nr = 3,
		.category = BRICKTRACE_CAT_READ,
		.start_ns = 6500,
		.ns = 400,
		.ret = -512,
	};
	const struct bt_slow_call *c;
	struct bt_result *r;

	(void)state;
	add_slow(&control);
	add_slow(&read);
	r = result();
	assert_true(bt_result_has_slow_calls(r));
	assert_int_equal(r->n_slow_calls, 2);
	c = bt_result_slow_call(r, 0);
	assert_int_equal(c->tid, 4242);
	assert_string_equal(c->name, "ioctl");
	assert_int_equal(c->nr, 16);
	assert_int_equal(c->arch, BT_ARCH_NATIVE);
	assert_int_equal(c->category, BT_CAT_IOCTL);
	assert_int_equal(c->arg0, 7);
	assert_int_equal(c->start_ns, 6000);
	assert_true(c->start_unix_ns == UINT64_C(1790000000000006000));
	assert_int_equal(c->ns, 900);
	assert_int_equal(c->offcpu_ns, 800);
	assert_int_equal(c->ret, -5);
	assert_int_equal(c->ioctl->file, BT_FILE_CHAR);
	assert_int_equal(c->ioctl->major, 195);
	assert_int_equal(c->ioctl->minor, 3);
	assert_int_equal(c->ioctl->request, 0xc020462a);
	assert_true(c->ioctl->command == COMMAND);
	assert_int_equal(c->ioctl->arch, BT_ARCH_NATIVE);
	assert_string_equal(c->ioctl->owner, "nvidia");
	assert_string_equal(c->ioctl->name, "");
	/* The figures of all calls of the command are elsewhere. */
	assert_true(bt_ioctl_figures(c->ioctl, BT_INCLUSIVE)->count == BT_NONE);
	assert_true(bt_ioctl_figures(c->ioctl, BT_EXCLUSIVE)->ns == BT_NONE);
	c = bt_result_slow_call(r, 1);
	assert_string_equal(c->name, "read");
	assert_int_equal(c->arch, BT_ARCH_COMPAT);
	assert_int_equal(c->ret, -512);
	assert_null(c->ioctl);
	assert_null(bt_result_slow_call(r, 2));
	bt_result_free(r);
}

static void slow_calls_keep_the_kernels_order(void **state)
{
	static const uint64_t ns[] = { 900, 400, 400, 20 };
	struct bt_result *r;
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		add_slow(&(struct bricktrace_slow_call){ .tid = i, .ns = ns[i] });
	r = result();
	for (i = 0; i < 4; i++) {
		assert_int_equal(bt_result_slow_call(r, i)->tid, i);
		assert_int_equal(bt_result_slow_call(r, i)->ns, ns[i]);
	}
	/* One pair of readings for all calls, so that their distances are exact. */
	assert_int_equal(kernel.clock_readings, 2);
	bt_result_free(r);
}

static void none_is_not_unknown(void **state)
{
	struct bt_result *r = result();

	(void)state;
	assert_true(bt_result_has_ioctls(r) && bt_result_has_slow_calls(r));
	assert_int_equal(r->n_ioctls + r->n_missing_ioctls + r->n_slow_calls, 0);
	assert_null(bt_result_ioctl(r, 0));
	assert_null(bt_result_slow_call(r, 0));
	/* A run without slow calls does not pay for the clocks. */
	assert_int_equal(kernel.clock_readings, 0);
	bt_result_free(r);

	/* The module reports both, but the run has no breakdown. */
	kernel.result.provenance = BRICKTRACE_NOT_INSTRUMENTED;
	r = result();
	assert_false(bt_result_has_ioctls(r) || bt_result_has_slow_calls(r));
	bt_result_free(r);

	/* Each of them may be missing alone. */
	kernel.result.provenance = BRICKTRACE_PARTIAL;
	kernel.close.ioctls = (struct bricktrace_array){ 0 };
	r = result();
	assert_false(bt_result_has_ioctls(r));
	assert_true(bt_result_has_slow_calls(r));
	bt_result_free(r);
	reset(state);
	kernel.close.slow_calls = (struct bricktrace_array){ 0 };
	r = result();
	assert_true(bt_result_has_ioctls(r));
	assert_false(bt_result_has_slow_calls(r));
	bt_result_free(r);

	assert_false(bt_result_has_ioctls(NULL) || bt_result_has_slow_calls(NULL));
	assert_null(bt_result_ioctl(NULL, 0));
	assert_null(bt_ioctl_figures(NULL, BT_INCLUSIVE));
	assert_null(bt_result_slow_call(NULL, 0));
}

/* A figure that the module does not know, and values that the library does not know. */
static void other_versions_are_read(void **state)
{
	struct bricktrace_ioctl *io = add_file(77, 9);
	struct bt_result *r;

	(void)state;
	io[0].arch = io[1].arch = 3;
	io[1].figures.runnable_ns = 5;
	/* A view of a newer module. */
	*add_file(77, 1000) = (struct bricktrace_ioctl){ .view = 2, .figures.ns = 1000 };
	kernel.close.ioctls.count = kernel.close.ioctls.cap = 3;
	kernel.close.ioctls.known = offsetof(struct bricktrace_ioctl, figures.runnable_ns);
	r = result();
	assert_int_equal(r->n_ioctls, 1);
	assert_string_equal(bt_file_name(bt_result_ioctl(r, 0)->file), "file_77");
	assert_string_equal(bt_arch_name(bt_result_ioctl(r, 0)->arch), "arch_3");
	assert_int_equal(bt_ioctl_figures(bt_result_ioctl(r, 0), BT_INCLUSIVE)->ns, 9);
	assert_true(bt_ioctl_figures(bt_result_ioctl(r, 0), BT_INCLUSIVE)->runnable_ns ==
		    BT_NONE);
	bt_result_free(r);
}

static void files_have_names(void **state)
{
	static const char *const names[] = { "unknown", "bad",	"char",	  "block",
					     "socket",	"pipe", "anon",	  "directory",
					     "regular", "more", "file_10" };
	int i;

	(void)state;
	for (i = BT_FILE_UNKNOWN; i <= BT_FILE_MORE + 1; i++)
		assert_string_equal(bt_file_name((enum bt_file)i), names[i]);
	assert_string_equal(bt_file_name((enum bt_file) - 1), "file_-1");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
		TEST(a_command_has_all_its_fields),
		TEST(commands_are_sorted_by_time),
		TEST(names_are_cut_and_otherwise_untouched),
		TEST(a_slow_call_has_all_its_fields),
		TEST(slow_calls_keep_the_kernels_order),
		TEST(none_is_not_unknown),
		TEST(other_versions_are_read),
		TEST(files_have_names),
	};

	return cmocka_run_group_tests_name("ioctls", tests, NULL, NULL);
}
