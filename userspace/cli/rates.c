// SPDX-License-Identifier: MIT
/* Readings of the host, and the differences between them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "rates.h"

static bkt_u128 rates_wide(const struct bricktrace_sum *sum)
{
	return (bkt_u128)sum->high << 64 | sum->low;
}

static void rates_take_brick(struct rates_item *item, const struct host_brick *brick)
{
	const struct bricktrace_statistics *s = brick->room.statistics;
	uint32_t i;

	*item = (struct rates_item){
		.session = brick->session,
		.pid = brick->pid,
		.brick = brick->get.brick,
		.mode = brick->get.mode,
		.escalated = brick->get.escalated,
		.budgeted = brick->get.budget_ns != BRICKTRACE_NONE,
		.count = { [COUNT_RUNS] = s->runs,
			   [COUNT_SUM_NS] = rates_wide(&s->sum_ns),
			   [COUNT_SQUARES] = rates_wide(&s->squares),
			   [COUNT_OVER_BUDGET] = s->over_budget,
			   [COUNT_TRACED] = s->traced },
	};
	memcpy(item->comm, brick->comm, sizeof(item->comm));
	memcpy(item->name, brick->get.name, sizeof(item->name));
	for (i = 0; i < bti_elements(&brick->get.categories); i++) {
		const struct bricktrace_category_statistics *c = &brick->room.categories[i];

		if (c->category < HOST_CATEGORIES)
			item->count[COUNT_CATEGORIES + c->category] = rates_wide(&c->ns);
	}
}

static void rates_take_thread(struct rates_item *item, const struct host_thread *thread)
{
	int i;

	*item = (struct rates_item){
		.session = thread->session,
		.pid = thread->pid,
		.tid = thread->tid,
		.count = { [COUNT_THREAD_NS] = thread->thread_ns, [COUNT_OFFCPU_NS] = thread->offcpu_ns },
	};
	memcpy(item->comm, thread->comm, sizeof(item->comm));
	for (i = 0; i < HOST_CATEGORIES; i++) {
		item->count[COUNT_CALLS] += thread->calls[i].count;
		item->count[COUNT_CALLS_NS] += thread->calls[i].ns;
		item->count[COUNT_ERRORS] += thread->calls[i].errors;
		item->count[COUNT_CATEGORIES + i] = thread->calls[i].ns;
	}
}

static int rates_order(const void *pa, const void *pb)
{
	const struct rates_item *a = pa, *b = pb;

	if (a->session != b->session)
		return a->session < b->session ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return (a->brick > b->brick) - (a->brick < b->brick);
}

/* Returns 0, or the status to exit with after saying why it failed. */
static int rates_read_items(struct rates *rates, struct host *host,
			    const struct host_filter *filter)
{
	struct host_brick *bricks = NULL;
	struct host_thread *threads = NULL;
	int err = rates->view == RATES_BRICKS ?
			  host_list_bricks(host, filter, &bricks, &rates->n) :
			  host_list_threads(host, filter, &threads, &rates->n);
	size_t i;

	rates->item = err ? NULL : calloc(rates->n ?: 1, sizeof(*rates->item));
	for (i = 0; rates->item && i < rates->n; i++)
		if (bricks)
			rates_take_brick(&rates->item[i], &bricks[i]);
		else
			rates_take_thread(&rates->item[i], &threads[i]);
	free(bricks);
	free(threads);
	if (err)
		return host_exit(err);
	if (rates->item)
		return 0;
	complain("no memory");
	return EXIT_OWN;
}

static void rates_forget(struct rates_item *item)
{
	int i;

	for (i = 0; i < RATES; i++)
		item->rate[i] = NAN;
	item->most = BT_CAT_UNMEASURED;
}

int rates_read(struct rates *rates, enum rates_view view, struct host *host,
	       const struct host_filter *filter)
{
	uint64_t begin = monotonic_ns();
	struct timespec now;
	int status;
	size_t i;

	*rates = (struct rates){ .view = view, .elapsed_ns = BT_NONE, .armed_percent = NAN };
	status = host_get_status(host, &rates->status);
	if (status)
		return host_exit(status);
	status = rates_read_items(rates, host, filter);
	if (status)
		return status;
	rates->read_ns = begin + (monotonic_ns() - begin) / 2;
	clock_gettime(CLOCK_REALTIME, &now);
	rates->unix_ns = now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
	qsort(rates->item, rates->n, sizeof(*rates->item), rates_order);
	for (i = 0; i < rates->n; i++)
		rates_forget(&rates->item[i]);
	return 0;
}

static bool rates_went_back(const struct rates_item *now, const struct rates_item *before)
{
	int i;

	for (i = 0; i < COUNTS; i++)
		if (now->count[i] < before->count[i])
			return true;
	return false;
}

/* @part in percent of @whole, or NAN if there is no whole. */
static double rates_percent(bkt_u128 part, bkt_u128 whole)
{
	return whole ? 100.0 * part / whole : NAN;
}

static void rates_of_brick(struct rates_item *item, const bkt_u128 *n, double seconds)
{
	struct bricktrace_sum sum = { n[COUNT_SUM_NS], n[COUNT_SUM_NS] >> 64 };
	struct bricktrace_sum squares = { n[COUNT_SQUARES], n[COUNT_SQUARES] >> 64 };
	uint64_t runs = n[COUNT_RUNS];

	item->rate[RATE_RUNS] = runs / seconds;
	item->rate[RATE_TRACED] = (double)n[COUNT_TRACED] / seconds;
	item->rate[RATE_MEAN_NS] = bkt_mean(runs, &sum);
	if (item->budgeted)
		item->rate[RATE_OVER_BUDGET] = rates_percent(n[COUNT_OVER_BUDGET], runs);
	/* A single run does not vary, which says nothing about the brick. */
	if (runs > 1)
		item->rate[RATE_CV] = bkt_cv_percent(runs, &sum, &squares);
}

static void rates_of_thread(struct rates_item *item, const bkt_u128 *n, double seconds)
{
	item->rate[RATE_CALLS] = (double)n[COUNT_CALLS] / seconds;
	item->rate[RATE_ERRORS] = (double)n[COUNT_ERRORS] / seconds;
	item->rate[RATE_IN_CALLS] = rates_percent(n[COUNT_CALLS_NS], n[COUNT_THREAD_NS]);
	item->rate[RATE_OFFCPU] = rates_percent(n[COUNT_OFFCPU_NS], n[COUNT_THREAD_NS]);
	item->most = BT_CAT_NONE;
}

static void rates_of_item(struct rates *now, struct rates_item *item,
			  const struct rates_item *before)
{
	double seconds = now->elapsed_ns / 1e9;
	bkt_u128 n[COUNTS], most = 0;
	int i;

	for (i = 0; i < COUNTS; i++)
		n[i] = item->count[i] - before->count[i];
	if (now->view == RATES_BRICKS)
		rates_of_brick(item, n, seconds);
	else
		rates_of_thread(item, n, seconds);
	for (i = 0; i < HOST_CATEGORIES; i++)
		if (n[COUNT_CATEGORIES + i] > most) {
			most = n[COUNT_CATEGORIES + i];
			item->most = (enum bt_category)i;
		}
}

/* Whether the hooks were in place all the time, without which the calls are not known. */
static bool rates_hooked(const struct rates *now, const struct rates *before)
{
	return now->status.hooks != BRICKTRACE_HOOKS_OFF &&
	       now->status.arms == before->status.arms;
}

void rates_compare(struct rates *now, const struct rates *before)
{
	const struct host_status *a = &before->status, *b = &now->status;
	const struct rates_item *old;
	size_t i;

	/* The numbers of another load of the module stand for other things. */
	if (!before->item || b->loaded_ns <= a->loaded_ns || b->armed_ns < a->armed_ns ||
	    now->read_ns <= before->read_ns)
		return;
	now->elapsed_ns = now->read_ns - before->read_ns;
	now->armed_percent =
		rates_percent(b->armed_ns - a->armed_ns, b->loaded_ns - a->loaded_ns);
	if (now->view != before->view ||
	    (now->view == RATES_THREADS && !rates_hooked(now, before)))
		return;
	for (i = 0; i < now->n; i++) {
		struct rates_item *item = &now->item[i];

		/* Threads outside the pid namespace cannot be told from each other. */
		if (!item->tid && !item->brick)
			continue;
		old = bsearch(item, before->item, before->n, sizeof(*item), rates_order);
		if (old && !rates_went_back(item, old))
			rates_of_item(now, item, old);
	}
}

bool rates_matches(const struct rates_item *item, const char *text)
{
	char pid[16], tid[16];

	snprintf(pid, sizeof(pid), "%d", item->pid);
	snprintf(tid, sizeof(tid), "%d", item->tid);
	return !*text || strcasestr(item->comm, text) || strcasestr(item->name, text) ||
	       !strcmp(pid, text) || !strcmp(tid, text);
}

void rates_free(struct rates *rates)
{
	free(rates->item);
	*rates = (struct rates){ 0 };
}
