// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include "ring.h"

static void ring_free_pages(struct bkt_ring *g, u32 n)
{
	while (n--)
		__free_page(g->pages[n]);
	kvfree(g->pages);
}

int bkt_ring_init(struct bkt_ring *g, u32 bytes)
{
	u32 i, n = DIV_ROUND_UP(bytes, PAGE_SIZE);

	*g = (struct bkt_ring){ .bytes = n * PAGE_SIZE, .next = 1 };
	spin_lock_init(&g->lock);
	g->pages = kvmalloc_array(2 * n, sizeof(*g->pages), GFP_KERNEL_ACCOUNT);
	if (!g->pages)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		g->pages[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!g->pages[i])
			goto err;
		g->pages[n + i] = g->pages[i];
	}
	g->data = vmap(g->pages, 2 * n, VM_MAP, PAGE_KERNEL);
	if (!g->data)
		goto err;
	return 0;

err:
	ring_free_pages(g, i);
	return -ENOMEM;
}

void bkt_ring_destroy(struct bkt_ring *g)
{
	vunmap(g->data);
	ring_free_pages(g, g->bytes / PAGE_SIZE);
}

/* Returns the record that has waited longest, or NULL. */
static const struct bricktrace_record *ring_first(const struct bkt_ring *g)
{
	u32 tail = g->head >= g->used ? g->head - g->used : g->head + g->bytes - g->used;

	return g->used ? (const struct bricktrace_record *)(g->data + tail) : NULL;
}

/* Sets @loss to what a reader must learn before it gets @first, if there is anything. */
static bool ring_loss(const struct bkt_ring *g, const struct bricktrace_record *first,
		      struct bricktrace_record_loss *loss)
{
	u64 sequence = first ? first->sequence : g->matched + 1;

	*loss = (struct bricktrace_record_loss){
		.record = {
			.size = sizeof(*loss),
			.type = BRICKTRACE_RECORD_LOSS,
			.sequence = g->undelivered ? g->undelivered_from : g->next,
		},
		.lost = g->undelivered ?: sequence - g->next,
	};
	return loss->lost;
}

static void ring_forget(struct bkt_ring *g, const struct bricktrace_record *first)
{
	g->next = first->sequence + 1;
	g->used -= first->size;
	g->waiting--;
	g->delivered++;
}

int bkt_ring_take(struct bkt_ring *g, void *to, u32 size)
{
	const struct bricktrace_record *first, *r;
	struct bricktrace_record_loss loss;
	u32 n = 0;
	bool lost;

	spin_lock(&g->lock);
	for (;;) {
		first = ring_first(g);
		lost = ring_loss(g, first, &loss);
		r = lost ? &loss.record : first;
		if (!r || r->size > size - n || (n && n + r->size > BKT_RING_BATCH))
			break;
		memcpy(to + n, r, r->size);
		n += r->size;
		if (!lost)
			ring_forget(g, first);
		else if (g->undelivered)
			g->undelivered = 0;
		else
			g->next += loss.lost;
	}
	spin_unlock(&g->lock);
	return n || !r ? n : -EMSGSIZE;
}

void bkt_ring_untake(struct bkt_ring *g, const void *from, u32 size)
{
	const struct bricktrace_record *r;
	u64 runs = 0, known = 0;
	u32 i;

	for (i = 0; i < size; i += r->size) {
		r = from + i;
		if (r->type == BRICKTRACE_RECORD_LOSS)
			known += container_of(r, struct bricktrace_record_loss, record)->lost;
		else
			runs++;
	}
	r = from;
	spin_lock(&g->lock);
	if (!g->undelivered || r->sequence < g->undelivered_from)
		g->undelivered_from = r->sequence;
	g->undelivered += runs + known;
	g->delivered -= runs;
	g->lost += runs;
	spin_unlock(&g->lock);
}

bool bkt_ring_ready(struct bkt_ring *g)
{
	bool ready;

	spin_lock(&g->lock);
	ready = g->used || g->undelivered || g->next <= g->matched;
	spin_unlock(&g->lock);
	return ready;
}
