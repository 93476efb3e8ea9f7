// SPDX-License-Identifier: GPL-2.0
/*
 * Makes on purpose the mistake named by what=, which a debug kernel must notice. The
 * name begins with "bricktrace" because only data races of such code are reported.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "";
module_param(what, charp, 0444);

static noinline void use_after_free(void)
{
	char *p = kmalloc(16, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	pr_info("detect: %d\n", READ_ONCE(*p));
}

static void lock_inversion(void)
{
	static DEFINE_MUTEX(a);
	static DEFINE_MUTEX(b);

	mutex_lock(&a);
	mutex_lock(&b);
	mutex_unlock(&b);
	mutex_unlock(&a);
	mutex_lock(&b);
	mutex_lock(&a);
	mutex_unlock(&a);
	mutex_unlock(&b);
}

static noinline void atomic_sleep(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static noinline void leak(void)
{
	char *p = kmalloc(1000, GFP_KERNEL);

	if (p)
		memset(p, 1, 1000);
}

static int shared;

static int racer(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *t[2];
	int i;

	for (i = 0; i < 2; i++)
		t[i] = kthread_run(racer, NULL, "racer");
	msleep(5000);
	for (i = 0; i < 2; i++)
		if (!IS_ERR(t[i]))
			kthread_stop(t[i]);
}

static int __init detect_init(void)
{
	if (!strcmp(what, "use-after-free"))
		use_after_free();
	else if (!strcmp(what, "lock-inversion"))
		lock_inversion();
	else if (!strcmp(what, "atomic-sleep"))
		atomic_sleep();
	else if (!strcmp(what, "leak"))
		leak();
	else if (!strcmp(what, "data-race"))
		race();
	else if (*what)
		return -EINVAL;
	return 0;
}

static void __exit detect_exit(void)
{
}

module_init(detect_init);
module_exit(detect_exit);
MODULE_DESCRIPTION("Mistakes that the debug kernels must notice");
MODULE_LICENSE("GPL");
