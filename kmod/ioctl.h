/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ioctls by command: what an ioctl is for (rules "ioctl" and "command"), and the slots of
 * a thread's ioctls. A thread gets its table at its first ioctl. Entries are only added,
 * by the thread itself, and do not change but for the sums in their slots.
 */
#ifndef BKT_IOCTL_H
#define BKT_IOCTL_H

#include <linux/string.h>
#include <linux/types.h>
#include <linux/bricktrace.h>
#include "slot.h"

#define BKT_IOCTLS BRICKTRACE_THREAD_IOCTLS

/* What makes two ioctls the same command. All bytes are compared. */
struct bkt_ioctl_id {
	u64 command;	/* as in struct bricktrace_ioctl; likewise @request, @file and @arch */
	u32 request;
	u32 dev;	/* the kernel's number of a character or block device, otherwise 0 */
	u32 hash;	/* of the other fields; nobody can foresee it */
	u16 file;
	u16 arch;
	char name[BRICKTRACE_FILE_NAME_LEN];	/* @owner of a device, otherwise @name */
};

/* A hash table of positions from 0 on, with open addressing. */
#define BKT_IOCTL_INDEX	(2 * BKT_IOCTLS)

struct bkt_ioctls {
	u8 used;
	u8 index[BKT_IOCTL_INDEX];	/* by hash: position in the arrays plus one, 0: none */
	struct bkt_ioctl_id id[BKT_IOCTLS];
	struct bkt_slot slot[BKT_IOCTLS];
};

int bkt_ioctl_init(void);
void bkt_ioctl_exit(void);
void bkt_ioctl_release(struct bkt_ioctls *t);

static inline void bkt_ioctl_free(struct bkt_ioctls *t)
{
	if (t)
		bkt_ioctl_release(t);
}

/* Sets @id->hash, when the other fields are set. */
void bkt_ioctl_hash(struct bkt_ioctl_id *id);

/* memcmp() takes four times as long. */
static inline bool bkt_ioctl_same(const struct bkt_ioctl_id *a, const struct bkt_ioctl_id *b)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;

	static_assert(sizeof(*a) == 5 * sizeof(*x));
	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3] && x[4] == y[4];
}

/* Makes @id that of an ioctl whose file and command are not known. */
void bkt_ioctl_unknown(struct bkt_ioctl_id *id, enum bricktrace_arch arch, u32 request);

/*
 * Returns the slot of @id in *@table, to which it is added if there is room, or NULL.
 * Allocates *@table if that is NULL.
 */
struct bkt_slot *bkt_ioctl_slot(struct bkt_ioctls **table, const struct bkt_ioctl_id *id);

/*
 * Current enters an ioctl. Returns false if the ioctl is bricktrace's own, otherwise sets
 * @id. Sets @status if the driver will store its error there, in the argument. Preemption
 * is off.
 */
bool bkt_ioctl_enter(struct bkt_ioctl_id *id, const void __user **status,
		     enum bricktrace_arch arch);

/* Whether the host's operator lets commands be read. */
bool bkt_ioctl_decodes(void);
void bkt_ioctl_set_decodes(bool on);

/* Whether the driver has stored an error at @status, in the argument of the ioctl. */
bool bkt_ioctl_failed(const void __user *status);

#endif /* BKT_IOCTL_H */
