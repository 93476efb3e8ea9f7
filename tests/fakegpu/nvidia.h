/* SPDX-License-Identifier: MIT */
/*
 * The requests of NVIDIA's resource manager (RM), which /dev/nvidiactl and /dev/nvidia0 take as
 * _IOWR('F', NUMBER, SIZE). The names, numbers and layouts are those of NVIDIA's drivers.
 */
#ifndef FAKEGPU_NVIDIA_H
#define FAKEGPU_NVIDIA_H

#include "request.h"

#define NV_MAJOR		195
#define NV_MINOR_CTL		255
#define NV_MINORS		248 /* those of GPUs */

#define NV_ESC_RM_ALLOC_MEMORY		0x27
#define NV_ESC_RM_FREE			0x29
#define NV_ESC_RM_CONTROL		0x2a
#define NV_ESC_RM_ALLOC			0x2b
#define NV_ESC_RM_DUP_OBJECT		0x34
#define NV_ESC_RM_SHARE			0x35
#define NV_ESC_RM_IDLE_CHANNELS		0x41
#define NV_ESC_RM_VID_HEAP_CONTROL	0x4a
#define NV_ESC_RM_MAP_MEMORY		0x4e
#define NV_ESC_RM_UNMAP_MEMORY		0x4f
#define NV_ESC_RM_MAP_MEMORY_DMA	0x57
#define NV_ESC_RM_UNMAP_MEMORY_DMA	0x58
#define NV_ESC_CARD_INFO		200
#define NV_ESC_REGISTER_FD		201
#define NV_ESC_ALLOC_OS_EVENT		206
#define NV_ESC_FREE_OS_EVENT		207
#define NV_ESC_CHECK_VERSION_STR	210
#define NV_ESC_IOCTL_XFER_CMD		211
#define NV_ESC_SYS_PARAMS		214

/* Drivers of different versions expect different sizes of some arguments. */
static const struct fakegpu_request nv_requests[] = {
	{ NV_ESC_RM_ALLOC_MEMORY,	56,	40 },
	{ NV_ESC_RM_FREE,		16,	12 },
	{ NV_ESC_RM_CONTROL,		32,	28 },
	{ NV_ESC_RM_ALLOC,		32,	28 },
	{ NV_ESC_RM_ALLOC,		48,	40 },
	{ NV_ESC_RM_DUP_OBJECT,		28,	24 },
	{ NV_ESC_RM_SHARE,		24,	20 },
	{ NV_ESC_RM_IDLE_CHANNELS,	56,	48 },
	{ NV_ESC_RM_VID_HEAP_CONTROL,	184,	20 },
	{ NV_ESC_RM_MAP_MEMORY,		56,	40 },
	{ NV_ESC_RM_UNMAP_MEMORY,	32,	24 },
	{ NV_ESC_RM_MAP_MEMORY_DMA,	56,	48 },
	{ NV_ESC_RM_MAP_MEMORY_DMA,	64,	56 },
	{ NV_ESC_RM_UNMAP_MEMORY_DMA,	40,	32 },
	{ NV_ESC_RM_UNMAP_MEMORY_DMA,	48,	40 },
	{ NV_ESC_CARD_INFO,		0,	NO_STATUS },
	{ NV_ESC_REGISTER_FD,		4,	NO_STATUS },
	{ NV_ESC_ALLOC_OS_EVENT,	16,	12 },
	{ NV_ESC_FREE_OS_EVENT,		16,	12 },
	{ NV_ESC_CHECK_VERSION_STR,	72,	NO_STATUS },
	{ NV_ESC_SYS_PARAMS,		8,	NO_STATUS },
};

/* Where the arguments of CONTROL and ALLOC have what is asked for. */
#define NV_CONTROL_COMMAND	8
#define NV_ALLOC_HANDLE		8
#define NV_ALLOC_CLASS		12

/* The argument of NV_ESC_IOCTL_XFER_CMD: a request whose argument is at @ptr. */
struct nv_xfer {
	__u32 number;
	__u32 size;
	__u64 ptr;
};

#define NV_XFER_MAX		16384 /* the largest @size */

#endif /* FAKEGPU_NVIDIA_H */
