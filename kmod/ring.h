/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ring keeps the records of a stream from the end of a run until somebody reads them.
 * Records lie in it as user space gets them, each in one piece: the ring's pages are mapped
 * twice in a row. What has no room is lost, and a reader sees from the gap in the sequences
 * where that was.
 *
 * @lock protects all fields without a note, and is taken in process context only. The
 * longest work under it is to copy BKT_RING_BATCH bytes or one record.
 */
#ifndef BKT_RING_H
#define BKT_RING_H

#include <linux/bricktrace.h>
#include <linux/spinlock.h>

/* Records of that many bytes, or a single larger one, are taken at a time. */
#define BKT_RING_BATCH	(16U << 10)

struct bkt_ring {
	spinlock_t lock;	/* see above */
	u8 *data;		/* constant */
	struct page **pages;	/* constant */
	u32 bytes;		/* constant: a multiple of the page size */
	u32 head;		/* where the next record will begin */
	u32 used;		/* bytes of the records before @head that wait */
	u64 matched;		/* runs; also the sequence of the newest one */
	u64 delivered;		/* runs whose records were taken */
	u64 lost;
	u64 waiting;		/* runs whose records wait */
	u64 next;		/* the sequence that is to be taken next */
	/* Records that were taken, but could not be copied to user space. */
	u64 undelivered;	/* runs that the next record to be taken will say are lost */
	u64 undelivered_from;	/* the sequence of the first one */
};

/* Allocates @bytes, rounded up to whole pages. Returns 0 or -ENOMEM. */
int bkt_ring_init(struct bkt_ring *g, u32 bytes);
void bkt_ring_destroy(struct bkt_ring *g);

/*
 * A run has ended for which @size bytes are needed. bkt_ring_begin() returns the room for
 * its record, or NULL if the run is lost: there is no room, or @size is 0. bkt_ring_end()
 * says that the caller has filled the room, and sets the record's sequence. The caller holds
 * @lock from the first to the second.
 */
static inline struct bricktrace_record *bkt_ring_begin(struct bkt_ring *g, u32 size)
{
	lockdep_assert_held(&g->lock);
	g->matched++;
	if (unlikely(!size || size > g->bytes - g->used)) {
		g->lost++;
		return NULL;
	}
	return (struct bricktrace_record *)(g->data + g->head);
}

static inline void bkt_ring_end(struct bkt_ring *g, u32 size)
{
	lockdep_assert_held(&g->lock);
	((struct bricktrace_record *)(g->data + g->head))->sequence = g->matched;
	g->head += size;
	if (g->head >= g->bytes)
		g->head -= g->bytes;
	g->used += size;
	g->waiting++;
}

/*
 * Takes whole records in their order. Returns their bytes, 0 if there is none, or -EMSGSIZE
 * if @size is too small for the next one.
 */
int bkt_ring_take(struct bkt_ring *g, void *to, u32 size);

/* The records in the @size bytes from @from on, which were taken, did not reach user space. */
void bkt_ring_untake(struct bkt_ring *g, const void *from, u32 size);

/* Whether bkt_ring_take() would not return 0. */
bool bkt_ring_ready(struct bkt_ring *g);

#endif /* BKT_RING_H */
