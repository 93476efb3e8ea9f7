/* SPDX-License-Identifier: MIT */
/*
 * Requests of /dev/kfd for programs, with the sizes of Linux 6.1: Debian's copy of the header
 * linux/kfd_ioctl.h includes a header that Debian does not have.
 */
#ifndef FAKEGPU_KFD_H
#define FAKEGPU_KFD_H

#include <linux/ioctl.h>

#define KFD_GET_VERSION			_IOC(_IOC_READ, 'K', 0x01, 8)
#define KFD_CREATE_QUEUE		_IOC(_IOC_READ | _IOC_WRITE, 'K', 0x02, 88)
#define KFD_CREATE_EVENT		_IOC(_IOC_READ | _IOC_WRITE, 'K', 0x08, 32)
#define KFD_GET_PROCESS_APERTURES	_IOC(_IOC_READ | _IOC_WRITE, 'K', 0x14, 16)
#define KFD_ACQUIRE_VM			_IOC(_IOC_WRITE, 'K', 0x15, 8)
#define KFD_ALLOC_MEMORY_OF_GPU		_IOC(_IOC_READ | _IOC_WRITE, 'K', 0x16, 40)
#define KFD_FREE_MEMORY_OF_GPU		_IOC(_IOC_WRITE, 'K', 0x17, 8)
#define KFD_MAP_MEMORY_TO_GPU		_IOC(_IOC_READ | _IOC_WRITE, 'K', 0x18, 24)
#define KFD_UNMAP_MEMORY_FROM_GPU	_IOC(_IOC_READ | _IOC_WRITE, 'K', 0x19, 24)

#endif /* FAKEGPU_KFD_H */
