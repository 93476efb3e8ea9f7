/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages: how plain structures become attributes of generic netlink. A table says which
 * member is which attribute. Values that were not measured, BRICKTRACE_NONE, are left out.
 */
#ifndef BKT_MESSAGE_H
#define BKT_MESSAGE_H

#include <linux/bricktrace.h>
#include <linux/bricktrace_netlink.h>
#include <linux/skbuff.h>
#include "brick.h"

/* The attribute of all sets that only fills space. */
#define BKT_MESSAGE_PAD	BRICKTRACE_A_STATUS_PAD

enum bkt_message_kind {
	BKT_MESSAGE_END,	/* of the table */
	BKT_MESSAGE_U32,
	BKT_MESSAGE_U64,	/* left out if it is BRICKTRACE_NONE */
	BKT_MESSAGE_RAW,	/* 64 bits that may have any value */
	BKT_MESSAGE_SUM,	/* struct bricktrace_sum */
	BKT_MESSAGE_TEXT,	/* with a NUL */
	BKT_MESSAGE_NEST,
};

struct bkt_message_field {
	u8 kind;	/* enum bkt_message_kind */
	u8 attr;
	u16 offset;
	const struct bkt_message_field *nest;
};

#define BKT_MESSAGE_FIELD(kind, attribute, type, member) \
	{ BKT_MESSAGE_##kind, BRICKTRACE_A_##attribute, offsetof(struct type, member), NULL }
#define BKT_MESSAGE_INNER(attribute, type, member, table) \
	{ BKT_MESSAGE_NEST, BRICKTRACE_A_##attribute, offsetof(struct type, member), table }

/*
 * Puts the structure @from, as a nest or, if @attr is 0, as attributes of their own. These
 * and the functions below return 0, or -EMSGSIZE; a nest is then not there at all.
 */
int bkt_message_put(struct sk_buff *skb, u32 attr, const struct bkt_message_field *table,
		    const void *from);

int bkt_message_put_u64(struct sk_buff *skb, u32 attr, u64 value);

/* Puts trace-id, span-id and trace-flags, which are attributes that follow one another. */
int bkt_message_put_context(struct sk_buff *skb, u32 trace_id,
			    const struct bricktrace_context *context);

extern const struct bkt_message_field bkt_message_result[], bkt_message_times[],
	bkt_message_category[], bkt_message_syscall[], bkt_message_failed[],
	bkt_message_ioctl[], bkt_message_slow_call[];

/* Puts the statistics and sums of a brick and, with @books, the rest of its books. */
int bkt_message_put_brick(struct sk_buff *skb, const struct bkt_brick_copy *copy, bool books);

#endif /* BKT_MESSAGE_H */
