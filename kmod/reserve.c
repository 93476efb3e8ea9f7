// SPDX-License-Identifier: GPL-2.0
#include "reserve.h"

int bkt_reserve_init(struct bkt_reserve *r, const char *name, size_t size)
{
	r->cache = kmem_cache_create(name, size, 0, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	if (!r->cache)
		return -ENOMEM;
	r->pool = mempool_create_slab_pool(BKT_RESERVED, r->cache);
	if (r->pool)
		return 0;
	kmem_cache_destroy(r->cache);
	return -ENOMEM;
}

void bkt_reserve_exit(struct bkt_reserve *r)
{
	mempool_destroy(r->pool);
	kmem_cache_destroy(r->cache);
}
