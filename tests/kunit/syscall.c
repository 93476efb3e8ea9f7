// SPDX-License-Identifier: GPL-2.0
/*
 * The keys and categories of system call numbers.
 *
 * Rules: table.
 */
#include <asm/unistd.h>
#include "suites.h"
#include "syscall.h"

static enum bricktrace_category category_of(unsigned long nr, enum bricktrace_arch abi)
{
	return bkt_syscall_category(bkt_syscall_key(nr, abi));
}

static void native_categories(struct kunit *test)
{
	static const struct {
		int nr;
		enum bricktrace_category category;
	} map[] = {
		{ __NR_mmap, BRICKTRACE_CAT_MMAP },
		{ __NR_munmap, BRICKTRACE_CAT_MMAP },
		{ __NR_mprotect, BRICKTRACE_CAT_MMAP },
		{ __NR_brk, BRICKTRACE_CAT_MMAP },
		{ __NR_futex, BRICKTRACE_CAT_FUTEX },
		{ __NR_ioctl, BRICKTRACE_CAT_IOCTL },
		{ __NR_read, BRICKTRACE_CAT_READ },
		{ __NR_pread64, BRICKTRACE_CAT_READ },
		{ __NR_readv, BRICKTRACE_CAT_READ },
		{ __NR_write, BRICKTRACE_CAT_WRITE },
		{ __NR_pwrite64, BRICKTRACE_CAT_WRITE },
		{ __NR_writev, BRICKTRACE_CAT_WRITE },
	};
	int nr, i, named = 0;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		KUNIT_EXPECT_EQ(test, category_of(map[i].nr, BRICKTRACE_ARCH_NATIVE),
				map[i].category);
	for (nr = 0; nr < BKT_NR_NATIVE; nr++)
		named += category_of(nr, BRICKTRACE_ARCH_NATIVE) != BRICKTRACE_CAT_OTHER;
	KUNIT_EXPECT_EQ(test, named, (int)ARRAY_SIZE(map));
}

/* The numbers are copied from syscall_32.tbl, not from the code under test. */
static void compat_categories(struct kunit *test)
{
	int nr, named = 0;

	KUNIT_EXPECT_EQ(test, category_of(3, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_READ);
	KUNIT_EXPECT_EQ(test, category_of(4, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_WRITE);
	KUNIT_EXPECT_EQ(test, category_of(45, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_MMAP);
	KUNIT_EXPECT_EQ(test, category_of(54, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_IOCTL);
	KUNIT_EXPECT_EQ(test, category_of(90, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_MMAP);
	KUNIT_EXPECT_EQ(test, category_of(91, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_MMAP);
	KUNIT_EXPECT_EQ(test, category_of(125, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_MMAP);
	KUNIT_EXPECT_EQ(test, category_of(192, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_MMAP);
	KUNIT_EXPECT_EQ(test, category_of(240, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_FUTEX);
	KUNIT_EXPECT_EQ(test, category_of(422, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_FUTEX);
	KUNIT_EXPECT_EQ(test, category_of(180, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_READ);
	KUNIT_EXPECT_EQ(test, category_of(145, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_READ);
	KUNIT_EXPECT_EQ(test, category_of(181, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_WRITE);
	KUNIT_EXPECT_EQ(test, category_of(146, BRICKTRACE_ARCH_COMPAT), BRICKTRACE_CAT_WRITE);
	for (nr = 0; nr < BKT_NR_COMPAT; nr++)
		named += category_of(nr, BRICKTRACE_ARCH_COMPAT) != BRICKTRACE_CAT_OTHER;
	KUNIT_EXPECT_EQ(test, named, 14);
}

static void x32_categories(struct kunit *test)
{
	const unsigned long bit = 0x40000000;

	KUNIT_EXPECT_EQ(test, category_of(bit + 0, BRICKTRACE_ARCH_NATIVE), BRICKTRACE_CAT_READ);
	KUNIT_EXPECT_EQ(test, category_of(bit + 1, BRICKTRACE_ARCH_NATIVE), BRICKTRACE_CAT_WRITE);
	KUNIT_EXPECT_EQ(test, category_of(bit + 202, BRICKTRACE_ARCH_NATIVE), BRICKTRACE_CAT_FUTEX);
	KUNIT_EXPECT_EQ(test, category_of(bit + 514, BRICKTRACE_ARCH_NATIVE), BRICKTRACE_CAT_IOCTL);
	KUNIT_EXPECT_EQ(test, category_of(bit + 515, BRICKTRACE_ARCH_NATIVE), BRICKTRACE_CAT_READ);
	KUNIT_EXPECT_EQ(test, category_of(bit + 516, BRICKTRACE_ARCH_NATIVE), BRICKTRACE_CAT_WRITE);
}

/* Each key gives back its number and table, so no two numbers share a key. */
static void keys_are_distinct(struct kunit *test)
{
	enum bricktrace_arch abi;
	int key, nr;

	for (key = 0; key < BKT_KEY_INVALID; key++) {
		unsigned long n = bkt_syscall_nr(key, &abi);

		if (abi == BRICKTRACE_ARCH_X32)
			n += 0x40000000;
		KUNIT_ASSERT_EQ(test, bkt_syscall_key(n, abi), key);
	}
	/* Kernels before 5.13 pass the whole register, but use 32 bits of it. */
	KUNIT_EXPECT_EQ(test, bkt_syscall_key(1UL << 63, BRICKTRACE_ARCH_NATIVE),
			BKT_KEY_NATIVE);
	KUNIT_EXPECT_EQ(test, bkt_syscall_key(1UL << 32 | __NR_getppid,
					      BRICKTRACE_ARCH_NATIVE),
			BKT_KEY_NATIVE + __NR_getppid);
	nr = bkt_syscall_nr(BKT_KEY_MORE + BRICKTRACE_CAT_READ, &abi);
	KUNIT_EXPECT_EQ(test, (u32)nr, BRICKTRACE_NR_MORE);
	KUNIT_EXPECT_EQ(test, bkt_syscall_category(BKT_KEY_MORE + BRICKTRACE_CAT_READ),
			BRICKTRACE_CAT_READ);
}

static void odd_numbers_are_invalid(struct kunit *test)
{
	static const unsigned long odd[] = {
		-1UL, 512, 1UL << 31, 1000000000, 0x40000000 + 1024, INT_MAX,
		0xffffffff, 4096,
	};
	enum bricktrace_arch abi;
	int i;

	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		u16 key = bkt_syscall_key(odd[i], BRICKTRACE_ARCH_NATIVE);

		KUNIT_EXPECT_EQ(test, key, BKT_KEY_INVALID + BRICKTRACE_ARCH_NATIVE);
		KUNIT_EXPECT_EQ(test, bkt_syscall_nr(key, &abi), BRICKTRACE_NR_INVALID);
		KUNIT_EXPECT_EQ(test, bkt_syscall_category(key), BRICKTRACE_CAT_OTHER);
		key = bkt_syscall_key(odd[i], BRICKTRACE_ARCH_COMPAT);
		KUNIT_EXPECT_EQ(test, key, BKT_KEY_INVALID + BRICKTRACE_ARCH_COMPAT);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(native_categories),
	KUNIT_CASE(compat_categories),
	KUNIT_CASE(x32_categories),
	KUNIT_CASE(keys_are_distinct),
	KUNIT_CASE(odd_numbers_are_invalid),
	{}
};

struct kunit_suite bkt_syscall_suite = {
	.name = "bricktrace_syscall",
	.test_cases = cases,
};
