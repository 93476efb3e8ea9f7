/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reserve of equal objects, some of which are kept back for allocations that must not
 * sleep. Objects are charged to the memory control group of the task that allocates them.
 */
#ifndef BKT_RESERVE_H
#define BKT_RESERVE_H

#include <linux/mempool.h>
#include <linux/slab.h>

struct bkt_reserve {
	struct kmem_cache *cache;
	mempool_t *pool;
};

/* Objects that each reserve keeps back. */
#define BKT_RESERVED 32

/* Returns 0 or -ENOMEM. */
int bkt_reserve_init(struct bkt_reserve *r, const char *name, size_t size);

/* The caller has freed all objects. */
void bkt_reserve_exit(struct bkt_reserve *r);

/* Returns NULL if there is no memory. May sleep. */
static inline void *bkt_reserve_alloc(struct bkt_reserve *r)
{
	return kmem_cache_alloc(r->cache, GFP_KERNEL_ACCOUNT);
}

/* Does not sleep, and takes an object that was kept back if there is no other. */
static inline void *bkt_reserve_take(struct bkt_reserve *r)
{
	return mempool_alloc(r->pool, GFP_NOWAIT | __GFP_NOWARN);
}

static inline void bkt_reserve_free(struct bkt_reserve *r, void *object)
{
	mempool_free(object, r->pool);
}

#endif /* BKT_RESERVE_H */
