// SPDX-License-Identifier: GPL-2.0
/*
 * The part that the fake drivers of a GPU share. Its interface for tests is in debugfs: the
 * file fakegpu/rules takes rules that say which calls take time or fail, and fakegpu/calls
 * shows what the drivers were asked. README.md describes both.
 */
#include <linux/debugfs.h>
#include <linux/hashtable.h>
#include <linux/hrtimer.h>
#include <linux/kdev_t.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "fakegpu.h"

#define RULES_MAX	64
#define TEXT_MAX	8192
#define ENTRIES_MAX	65536
#define ANY		(~0ULL)

static const char * const drivers[] = {
	[FAKEGPU_NVIDIA] = "nvidia",
	[FAKEGPU_NVIDIA_UVM] = "nvidia_uvm",
	[FAKEGPU_AMDGPU] = "amdgpu",
};

/* The calls that a rule is for, and what becomes of each @every-th of them. */
struct rule {
	int driver;
	u64 number;
	u64 command;
	u32 sleep_us;
	u32 spin_us;
	u32 status;
	u32 error;
	u32 every;	/* 0 ends the array of rules */
	u64 seen;
};

static const struct rule_word {
	const char *name;
	size_t offset;
	u32 min;
	u32 max;
} rule_words[] = {
	{ "sleep",	offsetof(struct rule, sleep_us),	0, 60 * USEC_PER_SEC },
	{ "spin",	offsetof(struct rule, spin_us),		0, USEC_PER_SEC },
	{ "status",	offsetof(struct rule, status),		0, U32_MAX },
	{ "errno",	offsetof(struct rule, error),		0, MAX_ERRNO },
	{ "every",	offsetof(struct rule, every),		1, U32_MAX },
};

/* What the drivers were asked by one request and command. */
struct entry {
	struct hlist_node node;
	struct fakegpu_call key;
	struct counts {
		u64 calls;
		u64 failed;	/* the ioctl returned an error */
		u64 refused;	/* the ioctl returned 0, and the argument has an error */
		u64 ns;
		u64 longest;
	} counts;
};

/* Protects all of the following. An entry stays until the module is removed. */
static DEFINE_SPINLOCK(lock);
static struct rule *rules;
static DEFINE_HASHTABLE(entries, 12);
static unsigned int n_entries;
static u64 lost; /* calls without an entry */
static struct dentry *directory;

static int rule_number(const char *word, u64 *number)
{
	u32 value;

	*number = ANY;
	if (!strcmp(word, "*"))
		return 0;
	if (kstrtou32(word, 0, &value))
		return -EINVAL;
	*number = value;
	return 0;
}

static int rule_assignment(struct rule *rule, char *word)
{
	const char *name = strsep(&word, "=");
	const struct rule_word *w;
	u32 value;

	for (w = rule_words; w < rule_words + ARRAY_SIZE(rule_words); w++) {
		if (strcmp(name, w->name))
			continue;
		if (!word || kstrtou32(word, 0, &value) || value < w->min || value > w->max)
			return -EINVAL;
		*(u32 *)((char *)rule + w->offset) = value;
		return 0;
	}
	return -EINVAL;
}

static int rule_word(struct rule *rule, int i, char *word)
{
	switch (i) {
	case 0:
		rule->driver = match_string(drivers, ARRAY_SIZE(drivers), word);
		return min(rule->driver, 0);
	case 1:
		return rule_number(word, &rule->number);
	case 2:
		return rule_number(word, &rule->command);
	default:
		return rule_assignment(rule, word);
	}
}

/* A rule is DRIVER NUMBER COMMAND [NAME=VALUE]... */
static int rule_parse(struct rule *rule, char *line)
{
	char *word;
	int i = 0;

	rule->every = 1;
	while ((word = strsep(&line, " \t"))) {
		if (*word && rule_word(rule, i++, word)) {
			pr_err("fakegpu: word %d of a rule cannot begin with '%s'\n", i, word);
			return -EINVAL;
		}
	}
	if (i < 3) {
		pr_err("fakegpu: a rule has %d words, not driver, number and command\n", i);
		return -EINVAL;
	}
	return 0;
}

/* What is written replaces all rules. */
static ssize_t rules_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	char *text, *rest, *line;
	struct rule *new;
	int n = 0, err = 0;

	if (len > TEXT_MAX)
		return -E2BIG;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	new = kcalloc(RULES_MAX + 1, sizeof(*new), GFP_KERNEL);
	if (!new)
		err = -ENOMEM;
	rest = text;
	while (!err && (line = strsep(&rest, "\n"))) {
		if (*line)
			err = n < RULES_MAX ? rule_parse(&new[n++], line) : -E2BIG;
	}
	if (!err) {
		spin_lock(&lock);
		swap(rules, new);
		spin_unlock(&lock);
	}
	kfree(new);
	kfree(text);
	return err ?: len;
}

static const struct file_operations rules_fops = {
	.owner = THIS_MODULE,
	.write = rules_write,
};

static bool rule_matches(struct rule *rule, const struct fakegpu_call *call, u32 number,
			 u64 command)
{
	return rule->driver == call->driver &&
	       (rule->number == ANY || rule->number == number) &&
	       (rule->command == ANY || rule->command == command) &&
	       !(++rule->seen % rule->every);
}

/* A fatal signal ends the delay. */
static void take_time(const struct rule *rule)
{
	ktime_t end = ktime_add_us(ktime_get(), rule->sleep_us);

	while (ktime_before(ktime_get(), end) && !fatal_signal_pending(current)) {
		set_current_state(TASK_KILLABLE);
		schedule_hrtimeout(&end, HRTIMER_MODE_ABS);
	}
	end = ktime_add_us(ktime_get(), rule->spin_us);
	while (ktime_before(ktime_get(), end) && !fatal_signal_pending(current))
		cpu_relax();
}

struct fakegpu_call fakegpu_begin(enum fakegpu_driver driver, const struct file *file, u32 request)
{
	return (struct fakegpu_call){
		.driver = driver,
		.device = file_inode(file)->i_rdev,
		.request = request,
		.command = FAKEGPU_NONE,
		.start = ktime_get(),
	};
}
EXPORT_SYMBOL_GPL(fakegpu_begin);

int fakegpu_answer(struct fakegpu_call *call, u32 number, u64 command)
{
	struct rule found = { 0 }, *rule;

	spin_lock(&lock);
	for (rule = rules; rule && rule->every; rule++) {
		if (rule_matches(rule, call, number, command)) {
			found = *rule;
			break;
		}
	}
	spin_unlock(&lock);
	take_time(&found);
	call->status = found.status;
	return -(int)found.error;
}
EXPORT_SYMBOL_GPL(fakegpu_answer);

static u64 entry_hash(const struct fakegpu_call *call)
{
	return call->command ^ (u64)call->request << 32 ^ call->device;
}

static struct entry *entry_find(const struct fakegpu_call *call)
{
	struct entry *e;

	hash_for_each_possible(entries, e, node, entry_hash(call)) {
		if (e->key.device == call->device && e->key.request == call->request &&
		    e->key.command == call->command)
			return e;
	}
	return NULL;
}

static struct entry *entry_add(struct entry *e, const struct fakegpu_call *call)
{
	e->key = *call;
	hash_add_rcu(entries, &e->node, entry_hash(call));
	n_entries++;
	return e;
}

long fakegpu_end(const struct fakegpu_call *call, long ret)
{
	u64 ns = ktime_to_ns(ktime_sub(ktime_get(), call->start));
	struct entry *e, *new = NULL;

	spin_lock(&lock);
	e = entry_find(call);
	if (!e && n_entries < ENTRIES_MAX) {
		spin_unlock(&lock);
		new = kzalloc(sizeof(*new), GFP_KERNEL);
		spin_lock(&lock);
		e = entry_find(call);
		if (!e && new) {
			e = entry_add(new, call);
			new = NULL;
		}
	}
	if (e) {
		e->counts.calls++;
		e->counts.failed += ret < 0;
		e->counts.refused += ret >= 0 && call->status;
		e->counts.ns += ns;
		e->counts.longest = max(e->counts.longest, ns);
	} else {
		lost++;
	}
	spin_unlock(&lock);
	kfree(new);
	return ret;
}
EXPORT_SYMBOL_GPL(fakegpu_end);

static void entry_show(struct seq_file *seq, const struct fakegpu_call *key,
		       const struct counts *c)
{
	seq_printf(seq, "%s %u:%u 0x%x ", drivers[key->driver], MAJOR(key->device),
		   MINOR(key->device), key->request);
	if (key->command == FAKEGPU_NONE)
		seq_puts(seq, "-");
	else
		seq_printf(seq, "0x%llx", key->command);
	seq_printf(seq, " %llu %llu %llu %llu %llu\n", c->calls, c->failed, c->refused, c->ns,
		   c->longest);
}

static int calls_show(struct seq_file *seq, void *unused)
{
	struct counts counts;
	struct entry *e;
	int bucket;

	rcu_read_lock();
	hash_for_each_rcu(entries, bucket, e, node) {
		spin_lock(&lock);
		counts = e->counts;
		spin_unlock(&lock);
		if (counts.calls)
			entry_show(seq, &e->key, &counts);
	}
	rcu_read_unlock();
	spin_lock(&lock);
	if (lost)
		seq_printf(seq, "lost %llu\n", lost);
	spin_unlock(&lock);
	return 0;
}

static int calls_open(struct inode *inode, struct file *file)
{
	return single_open(file, calls_show, NULL);
}

/* Whatever is written, the drivers count from 0 again. */
static ssize_t calls_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct entry *e;
	int bucket;

	spin_lock(&lock);
	hash_for_each(entries, bucket, e, node)
		e->counts = (struct counts){ 0 };
	lost = 0;
	spin_unlock(&lock);
	return len;
}

static const struct file_operations calls_fops = {
	.owner = THIS_MODULE,
	.open = calls_open,
	.read = seq_read,
	.write = calls_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init fakegpu_init(void)
{
	directory = debugfs_create_dir("fakegpu", NULL);
	debugfs_create_file("rules", 0200, directory, NULL, &rules_fops);
	debugfs_create_file("calls", 0600, directory, NULL, &calls_fops);
	return PTR_ERR_OR_ZERO(directory);
}

static void __exit fakegpu_exit(void)
{
	struct hlist_node *next;
	struct entry *e;
	int bucket;

	debugfs_remove_recursive(directory);
	hash_for_each_safe(entries, bucket, next, e, node)
		kfree(e);
	kfree(rules);
}

module_init(fakegpu_init);
module_exit(fakegpu_exit);
MODULE_DESCRIPTION("What the fake drivers of a GPU share, for the tests of bricktrace");
MODULE_LICENSE("GPL");
