// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"
#include "slowpage.h"

static int slow_faults; /* userfaultfd */

void slow_page(void *page, bool missing)
{
	struct uffdio_api api = { .api = UFFD_API,
				  .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register r = { .range = { (uintptr_t)page, 4096 },
				     .mode = missing ? UFFDIO_REGISTER_MODE_MISSING :
						       UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect w = { .range = { (uintptr_t)page, 4096 },
					 .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	if (missing && madvise(page, 4096, MADV_DONTNEED))
		bail("MADV_DONTNEED");
	slow_faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (slow_faults < 0 || ioctl(slow_faults, UFFDIO_API, &api) ||
	    ioctl(slow_faults, UFFDIO_REGISTER, &r) ||
	    (!missing && ioctl(slow_faults, UFFDIO_WRITEPROTECT, &w)))
		bail("userfaultfd");
}

void slow_wait(void)
{
	struct uffd_msg msg;

	if (read(slow_faults, &msg, sizeof(msg)) != sizeof(msg))
		bail("userfaultfd: no fault");
}

void slow_serve(void *page, const void *contents)
{
	struct uffdio_writeprotect w = { .range = { (uintptr_t)page, 4096 } };
	struct uffdio_copy c = { .dst = (uintptr_t)page,
				 .src = (uintptr_t)contents,
				 .len = 4096 };

	if (contents ? ioctl(slow_faults, UFFDIO_COPY, &c) :
		       ioctl(slow_faults, UFFDIO_WRITEPROTECT, &w))
		bail("userfaultfd: not served");
	close(slow_faults);
}

void slow_fail(void *page)
{
	if (munmap(page, 4096))
		bail("munmap");
	close(slow_faults);
}
