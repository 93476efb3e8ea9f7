// SPDX-License-Identifier: MIT
/*
 * The command that NVIDIA's driver takes from the argument of RM CONTROL and RM ALLOC, and the
 * error that it stores there: separate commands, errors of both kinds, arguments that cannot be
 * read, other drivers, and the module's parameter decode. The driver is the fake one of
 * tests/fakegpu.
 *
 * Rules: command, slow.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "test.h"

#define RULES	"/sys/kernel/debug/fakegpu/rules"
#define DECODE	"/sys/module/bricktrace/parameters/decode"
#define NONE	BRICKTRACE_NONE
#define CONTROL _IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2a, 32)
#define ALLOC	_IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2b, 32)
#define ALLOC64 _IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2b, 48)
#define XFER	_IOC(_IOC_READ | _IOC_WRITE, 'F', 211, 16)

/* The words of the arguments that have the command, the class and the driver's error. */
enum { COMMAND = 2, CLASS = 3, STATUS = 7, STATUS64 = 10, WORDS = 16 };

static struct run *run;
static int ctl, gpu, kfd;
static uint32_t *page; /* below 4 GiB, where 32-bit calls reach it, before a missing page */

#define WORDS_OF_PAGE 1024

static int ask(int f, unsigned int request, void *arg)
{
	return ioctl(f, request, arg) ? errno : 0;
}

/* Asks for a command; the argument has an old error, which the driver overwrites. */
static int control(int f, uint32_t command)
{
	memset(page, 0, WORDS * sizeof(*page));
	page[COMMAND] = command;
	page[STATUS] = 7;
	return ask(f, CONTROL, page);
}

static int alloc(unsigned int request, uint32_t class)
{
	memset(page, 0, WORDS * sizeof(*page));
	page[CLASS] = class;
	return ask(ctl, request, page);
}

/* What a result has of a request to a device, whose numbers and driver are those of @f. */
static struct bricktrace_figures of(int f, unsigned int request, u64 command, uint32_t arch)
{
	struct bricktrace_ioctl like = { .file = BRICKTRACE_FILE_CHAR,
					 .request = request,
					 .command = command,
					 .arch = arch };
	const struct bricktrace_ioctl *i;
	struct stat st;

	if (fstat(f, &st))
		bail("fstat");
	like.major = major(st.st_rdev);
	like.minor = minor(st.st_rdev);
	if (f == ctl || f == gpu || f == kfd)
		strcpy(like.owner, f == kfd ? "amdgpu" : "nvidia");
	i = ioctl_of(run, &like);
	return i ? i->figures : (struct bricktrace_figures){ 0 };
}

static void expect(int f, unsigned int request, u64 command, u64 count, u64 errors,
		   const char *what)
{
	struct bricktrace_figures got = of(f, request, command, BRICKTRACE_ARCH_NATIVE);

	if (ok(got.count == count && got.errors == errors, "%s: %llu calls, %llu errors",
	       what, count, errors))
		return;
	for (uint32_t i = 0; i < run->ioctls; i++)
		printf("# %s: %llu calls, %llu errors\n", ioctl_text(&run->ioctl[2 * i]),
		       run->ioctl[2 * i].figures.count, run->ioctl[2 * i].figures.errors);
}

static void play(void (*body)(void), const char *what)
{
	run_apart(body, run);
	ok(consistent(run), "%s: the figures add up", what);
}

static void several(void)
{
	for (int i = 0; i < 3; i++)
		control(ctl, 0x20800a14);
	for (int i = 0; i < 2; i++)
		control(ctl, 0x20800110);
	control(gpu, 0x20800110);
	control(ctl, 0x20808001);
	alloc(ALLOC, 0x80);
	for (int i = 0; i < 2; i++)
		alloc(ALLOC, 0x41);
	for (int i = 0; i < 3; i++)
		alloc(ALLOC64, 0x41);
}

static void separate(void)
{
	play(several, "several commands");
	expect(ctl, CONTROL, 0x20800a14, 3, 0, "a command");
	expect(ctl, CONTROL, 0x20800110, 2, 0, "another one");
	expect(gpu, CONTROL, 0x20800110, 1, 0, "the same of another device");
	expect(ctl, CONTROL, 0x20808001, 1, 0, "one without a public name");
	expect(ctl, ALLOC, 0x80, 1, 0, "a class");
	expect(ctl, ALLOC, 0x41, 2, 0, "another class");
	expect(ctl, ALLOC64, 0x41, 3, 0, "the same in a larger argument");
	is(run->ioctls, 7, "there is no other command");
}

static void errors(void)
{
	write_text(RULES, "nvidia 0x2a 0x20800110 status=0x56 every=2\n"
			  "nvidia 0x2a 0x20800a14 errno=12 every=2\n"
			  "nvidia 0x2b 0x41 status=0x1a\n");
	play(several, "errors");
	write_text(RULES, "\n");
	expect(ctl, CONTROL, 0x20800110, 2, 1, "the driver's error");
	expect(gpu, CONTROL, 0x20800110, 1, 0, "no error on another device");
	/* The errors of a result are never more than the calls. */
	expect(ctl, CONTROL, 0x20800a14, 3, 1, "the ioctl's error, with an old one inside");
	expect(ctl, ALLOC, 0x80, 1, 0, "no error of another class");
	expect(ctl, ALLOC, 0x41, 2, 2, "the driver's error of ALLOC");
	expect(ctl, ALLOC64, 0x41, 3, 3, "the same in a larger argument");
	is(figures(run, SYS_ioctl).errors, 7, "all errors");
}

static char *untouched, *forbidden;

static void unreadable_args(void)
{
	uint32_t *end = page + WORDS_OF_PAGE;

	ask(ctl, CONTROL, NULL);
	ask(ctl, CONTROL, (void *)0xffff888000000000);
	ask(ctl, CONTROL, end);
	ask(ctl, CONTROL, forbidden);
	/* Only the command can be read, and the driver cannot store its error. */
	memset(end - STATUS, 0, STATUS * sizeof(*end));
	end[COMMAND - STATUS] = 0x20800a14;
	ask(ctl, CONTROL, end - STATUS);
	/* The driver reads 0 from a page that did not exist before, and stores an error. */
	ask(ctl, CONTROL, untouched);
}

static void unreadable(void)
{
	write_text(RULES, "nvidia 0x2a 0 status=0x56\n");
	play(unreadable_args, "unreadable arguments");
	write_text(RULES, "\n");
	expect(ctl, CONTROL, NONE, 5, 4, "no command, and only the errors of the ioctls");
	expect(ctl, CONTROL, 0x20800a14, 1, 1, "an argument without its end");
	is(((uint32_t *)untouched)[STATUS], 0x56, "the driver did store an error");
}

static void others(void)
{
	uint64_t xfer[2] = { 32ULL << 32 | 0x2a, (uintptr_t)page };
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	page[COMMAND] = 0x20800110;
	ask(ctl, XFER, xfer);
	/* The fake driver looks at the number alone, as the real one does. */
	ask(ctl, _IOC(_IOC_READ | _IOC_WRITE, 'G', 0x2a, 32), page);
	control(ctl, 0x20800110);
	ask(ctl, _IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2a, 40), page);
	ask(ctl, _IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2b, 40), page);
	ask(kfd, CONTROL, page);
	ask(null_fd, CONTROL, page);
	close(null_fd);
}

static void not_decoded(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	write_text(RULES, "nvidia 0x2a 0x20800110 status=0x56\n");
	play(others, "other requests");
	write_text(RULES, "\n");
	expect(ctl, XFER, NONE, 1, 0, "XFER_CMD is counted as itself");
	expect(ctl, _IOC(_IOC_READ | _IOC_WRITE, 'G', 0x2a, 32), NONE, 1, 0,
	       "a request of another type");
	expect(ctl, CONTROL, 0x20800110, 1, 1, "the command beside them");
	expect(ctl, _IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2a, 40), 0x20800110, 1, 1,
	       "an argument of another size");
	expect(ctl, _IOC(_IOC_READ | _IOC_WRITE, 'F', 0x2b, 40), 0, 1, 1,
	       "an ALLOC of another size");
	expect(kfd, CONTROL, NONE, 1, 1, "the same number in another driver");
	expect(null_fd, CONTROL, NONE, 1, 1, "the same number without a module");
	close(null_fd);
}

static void switched_off(void)
{
	is(info(fd).decode, 1, "decode is on at first");
	write_text(DECODE, "0");
	is(info(fd).decode, 0, "INFO says that decode is off");
	write_text(RULES, "nvidia * * status=0x56\n");
	play(several, "decode is off");
	expect(ctl, CONTROL, NONE, 6, 0, "decode is off: CONTROL");
	expect(ctl, ALLOC, NONE, 3, 0, "decode is off: ALLOC");
	expect(ctl, ALLOC64, NONE, 3, 0, "decode is off: ALLOC, larger");
	write_text(DECODE, "1");
	play(several, "decode is on again");
	expect(ctl, CONTROL, 0x20800a14, 3, 3, "decode is on again");
	write_text(RULES, "\n");
}

/* Reading is switched off while a call whose command was read is under way. */

static void *switch_off(void *arg)
{
	sleep_ns(20 * MS);
	write_text(DECODE, "0");
	return arg;
}

static void control_meanwhile(void)
{
	pthread_t t;

	pthread_create(&t, NULL, switch_off, NULL);
	control(ctl, 0x20800110);
	pthread_join(t, NULL);
}

static void slow_ones(void)
{
	const struct bricktrace_slow_call *s;

	write_text(RULES, "nvidia 0x2a 0x20800110 sleep=100000\n");
	play(control_meanwhile, "a slow command");
	write_text(DECODE, "1");
	write_text(RULES, "\n");
	expect(ctl, CONTROL, 0x20800110, 1, 0, "a slow command");
	s = &run->slow[0];
	ok(run->slow_calls && s->nr == SYS_ioctl && s->ns >= 100 * MS &&
		   s->arg0 == (u64)ctl && s->file == BRICKTRACE_FILE_CHAR &&
		   s->major == 195 && s->minor == 255 && !strcmp(s->owner, "nvidia") &&
		   s->request == CONTROL && s->command == 0x20800110,
	   "a slow command is in the list with its number");
}

#ifdef __x86_64__
static void control_32(void)
{
	long ret = 54; /* ioctl of the 32-bit table */

	page[COMMAND] = 0x20800110;
	__asm__ volatile("int $0x80"
			 : "+a"(ret)
			 : "b"((long)ctl), "c"((long)CONTROL), "d"(page)
			 : "memory", "r8", "r9", "r10", "r11");
}

static void of_32_bits(void)
{
	struct bricktrace_figures f;

	write_text(RULES, "nvidia 0x2a 0x20800110 status=0x56\n");
	play(control_32, "a 32-bit call");
	write_text(RULES, "\n");
	f = of(ctl, CONTROL, 0x20800110, BRICKTRACE_ARCH_COMPAT);
	ok((f.count == 1 && f.errors == 1) || !run->ioctls,
	   "a 32-bit call: its command and the driver's error");
}
#endif

int main(void)
{
	run = run_new();
	begin("ioctl-command");
	ctl = open("/dev/nvidiactl", O_RDWR | O_CLOEXEC);
	gpu = open("/dev/nvidia0", O_RDWR | O_CLOEXEC);
	kfd = open("/dev/kfd", O_RDWR | O_CLOEXEC);
	if (ctl < 0 || gpu < 0 || kfd < 0)
		bail("the fake GPU is not loaded");
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif
	page = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	untouched = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || untouched == MAP_FAILED || forbidden == MAP_FAILED ||
	    munmap(page + WORDS_OF_PAGE, 4096))
		bail("mmap");
	separate();
	errors();
	unreadable();
	not_decoded();
	switched_off();
	slow_ones();
#ifdef __x86_64__
	of_32_bits();
#endif
	return done();
}
