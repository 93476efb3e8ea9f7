/* SPDX-License-Identifier: MIT */
/* The shortest system call, inline, so that a test can count instructions. */
#ifndef TEST_CALL_H
#define TEST_CALL_H

#include <sys/syscall.h>

static inline long getppid_raw(void)
{
#ifdef __aarch64__
	register long nr __asm__("x8") = SYS_getppid;
	register long ret __asm__("x0") = 0;

	__asm__ volatile("svc 0" : "+r"(ret) : "r"(nr) : "memory");
#else
	long ret = SYS_getppid;

	__asm__ volatile("syscall" : "+a"(ret) : : "rcx", "r11", "memory");
#endif
	return ret;
}

/* All instructions of getppid_raw() except the call itself. */
static inline long getppid_not(void)
{
	long ret = SYS_getppid;

#ifdef __aarch64__
	__asm__ volatile("" : "+r"(ret) : : "memory");
#else
	__asm__ volatile("" : "+a"(ret) : : "rcx", "r11", "memory");
#endif
	return ret;
}

#endif /* TEST_CALL_H */
