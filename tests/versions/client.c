// SPDX-License-Identifier: MIT
/*
 * Prints a run that has another run inside. tests/system/versions.t runs this program,
 * compiled for one version of the library, with other versions of library and module.
 * With -DGROWN it prints the fields that the first version lacked, too.
 */
#include <bricktrace.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES 100

static void print_figures(const char *name, const char *view, const struct bt_figures *f)
{
	printf("%s %s count %" PRIu64 " errors %" PRIu64 " ns %" PRIu64 " offcpu %" PRIu64,
	       name, view, f->count, f->errors, f->ns, f->offcpu_ns);
#ifdef GROWN
	printf(" runnable %" PRIu64, f->runnable_ns);
#endif
	putchar('\n');
}

static void print_view(const struct bt_result *r, const char *name, enum bt_view v)
{
	const struct bt_times *t = bt_result_times(r, v);
	char category[64];
	uint32_t i;

	printf("times %s thread %" PRIu64 " compute %" PRIu64 " control %" PRIu64, name,
	       t->thread_ns, t->compute_ns, t->control_ns);
#ifdef GROWN
	printf(" runnable %" PRIu64 " minor %" PRIu64 " major %" PRIu64,
	       t->compute_runnable_ns, t->minor_faults, t->major_faults);
#endif
	putchar('\n');
	for (i = 0; i < r->n_categories; i++) {
		enum bt_category c = bt_result_category_at(r, i);

		snprintf(category, sizeof(category), "category:%s", bt_category_name(c));
		print_figures(category, name, bt_result_category(r, c, v));
	}
	for (i = 0; i < r->n_syscalls; i++) {
		const struct bt_syscall *s = bt_result_syscall(r, i);

		print_figures(s->name, name, bt_syscall_figures(s, v));
	}
}

#ifdef GROWN
static void print_ioctls(struct bt_tracer *tracer, const struct bt_result *r)
{
	char command[64];
	uint32_t i;

	printf("has result ioctls %d slow_calls %d slow %d\n", bt_result_has_ioctls(r),
	       bt_result_has_slow_calls(r), bt_tracer_slow(tracer, BT_MIN_SLOW));
	for (i = 0; i < r->n_ioctls; i++) {
		const struct bt_ioctl *io = bt_result_ioctl(r, i);

		snprintf(command, sizeof(command), "command:%s:%" PRIx32,
			 bt_file_name(io->file), io->request);
		print_figures(command, "inclusive", bt_ioctl_figures(io, BT_INCLUSIVE));
		print_figures(command, "exclusive", bt_ioctl_figures(io, BT_EXCLUSIVE));
	}
}
#endif

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, bt_error_text());
	return 1;
}

int main(void)
{
	struct bt_run *outer, *inner;
	struct bt_tracer *tracer;
	struct bt_result *r;
	struct bt_brick *brick;
	char *page;

	page = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return 1;
	if (bt_tracer_new(&tracer) || bt_thread_register(tracer, 0) ||
	    bt_brick_define(tracer, "versions", BT_NONE, &brick) ||
	    bt_run_open(tracer, brick, BT_TRACE, BT_SCOPE_THREAD, &outer))
		return fail("outer");
	getppid();
	getppid();
	getppid();
	close(-1);
	ioctl(-1, TIOCGWINSZ);
	for (int i = 0; i < PAGES; i++)
		page[i * 4096] = 1;
	if (bt_run_open(tracer, brick, BT_TRACE, BT_SCOPE_THREAD, &inner))
		return fail("inner");
	getppid();
	getppid();
	if (bt_run_close(inner, NULL) || bt_run_close(outer, &r))
		return fail("close");
	printf("run %s %s threads %" PRIu32 "\n", bt_provenance_name(r->provenance),
	       bt_reason_name(r->reason) ? bt_reason_name(r->reason) : "-", r->threads);
	print_view(r, "inclusive", BT_INCLUSIVE);
	print_view(r, "exclusive", BT_EXCLUSIVE);
#ifdef GROWN
	print_ioctls(tracer, r);
#endif
	bt_result_free(r);
	bt_tracer_free(tracer);
	return 0;
}
