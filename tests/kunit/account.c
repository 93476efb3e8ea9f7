// SPDX-License-Identifier: GPL-2.0
/*
 * An account's states and its value V(t), with a clock that only the test moves.
 *
 * Rules: asleep, entry, in-flight, interrupted, more, own-calls, restart, table, waiting.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include "ioctl.h"
#include "suites.h"
#include "thread.h"

static const struct bkt_slot *slot_of(struct bkt_account *a, u16 key)
{
	int i;

	for (i = 0; i < a->used; i++)
		if (a->keys[i] == key)
			return &a->slots[i];
	return NULL;
}

static void a_call_is_counted(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	const struct bkt_slot *s;

	make_call(a, __NR_read, 5, 100);
	make_call(a, __NR_read, -EAGAIN, 300);
	make_call(a, __NR_read, 5, 200);
	s = slot_of(a, __NR_read);
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, s->count, 3ULL);
	KUNIT_EXPECT_EQ(test, s->errors, 1ULL);
	KUNIT_EXPECT_EQ(test, s->time, 600ULL);
	KUNIT_EXPECT_EQ(test, s->max, 300ULL);
	KUNIT_EXPECT_EQ(test, s->offcpu, 0ULL);
}

static void restarts_are_no_errors(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	int ret;

	for (ret = -516; ret <= -512; ret++)
		make_call(a, __NR_futex, ret, 1);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->errors, 0ULL);
	make_call(a, __NR_futex, -511, 1);
	make_call(a, __NR_futex, -517, 1);
	make_call(a, __NR_futex, -4095, 1);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->errors, 3ULL);
	/* -4096 is an address. */
	make_call(a, __NR_mmap, -4096, 1);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_mmap)->errors, 0ULL);
}

/* If a handler runs right after an interrupted call, the program may see EINTR. */
static void an_interrupted_call_may_fail(struct kunit *test)
{
	static const struct {
		int ret;
		bool restarts;
		u64 errors;
	} cases[] = {
		{ -ERESTARTSYS, false, 1 },	    { -ERESTARTSYS, true, 0 },
		{ -ERESTARTNOINTR, false, 0 },	    { -ERESTARTNOHAND, true, 1 },
		{ -ERESTART_RESTARTBLOCK, true, 1 }, { 5, false, 0 },
	};
	struct bkt_account *a = account_running(test);
	u64 errors = 0;
	int i;

	make_call(a, __NR_futex, 0, 1);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bkt_mock_ns++;
		make_call(a, __NR_futex, cases[i].ret, 1);
		bkt_account_signal(a, cases[i].restarts);
		errors += cases[i].errors;
		KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->errors, errors);
		/* A second handler belongs to no call. */
		bkt_account_signal(a, cases[i].restarts);
		KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->errors, errors);
	}
	/* A restarted call has no error if the signal comes in user mode later. */
	make_call(a, __NR_futex, -ERESTARTSYS, 1);
	bkt_mock_ns++;
	make_call(a, __NR_futex, 0, 1);
	bkt_account_signal(a, false);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->errors, errors);
}

static void restart_syscall_is_what_it_restarts(struct kunit *test)
{
	struct bkt_account *a = account_running(test);

	make_call(a, __NR_nanosleep, -516, 10);
	make_call(a, __NR_restart_syscall, 0, 20);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_nanosleep)->count, 2ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_nanosleep)->time, 30ULL);
	KUNIT_EXPECT_PTR_EQ(test, slot_of(a, __NR_restart_syscall), NULL);
	/* A call in between that returns -ERESTARTSYS changes nothing. */
	make_call(a, __NR_read, -512, 1);
	make_call(a, __NR_restart_syscall, 0, 20);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_nanosleep)->count, 3ULL);
}

static void nothing_to_restart(struct kunit *test)
{
	struct bkt_account *a = account_running(test);

	make_call(a, __NR_restart_syscall, -EINTR, 1);
	KUNIT_ASSERT_NOT_NULL(test, slot_of(a, __NR_restart_syscall));
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_restart_syscall)->count, 1ULL);
}

static void sigreturn_has_no_error(struct kunit *test)
{
	struct bkt_account *a = account_running(test);

	make_call(a, __NR_rt_sigreturn, -EPERM, 1);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_rt_sigreturn)->errors, 0ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_rt_sigreturn)->count, 1ULL);
}

/* A new thread returns from its parent's clone, which is not a call of its own. */
static void return_from_clone_is_no_call(struct kunit *test)
{
	struct bkt_account *a = account_new(test, true);

	bkt_account_in(a, current, GENERATION, 0);
	bkt_account_exit(a, 0, false);
	KUNIT_EXPECT_EQ(test, (int)a->used, (int)BKT_SLOT_FIRST);
	make_call(a, __NR_getpid, 1, 1);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_getpid)->count, 1ULL);
}

/* A call refused before sys_enter counts once, with no time. */
static void a_refused_call_has_no_time(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	const struct bkt_slot *s = NULL;
	int i;

	bkt_mock_ns += 1000;
	bkt_account_exit(a, -EPERM, false);
	for (i = BKT_SLOT_FIRST; i < a->used; i++)
		s = &a->slots[i];
	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, s->count, 1ULL);
	KUNIT_EXPECT_EQ(test, s->errors, 1ULL);
	KUNIT_EXPECT_EQ(test, s->time, 0ULL);
}

/* A thread that ends in a call has that call in flight. */
static void the_last_call_is_in_flight(struct kunit *test)
{
	struct bkt_account *a = account_running(test);

	bkt_account_enter(a, __NR_exit, false);
	bkt_account_end(a);
	KUNIT_EXPECT_EQ(test, read_at(test, a, -1, U64_MAX)->call.key, __NR_exit);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_exit)->count, 0ULL);
}

static void slots_run_out(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	u64 calls = 0, time = 0;
	int nr, i, pass;

	for (pass = 0; pass < 2; pass++)
		for (nr = 0; nr < BKT_NR_NATIVE; nr++)
			if (nr != __NR_restart_syscall)
				make_call(a, nr, 0, 3);
	KUNIT_EXPECT_EQ(test, (int)a->used, BKT_SLOTS);
	for (i = 0; i < BKT_SLOTS; i++) {
		calls += a->slots[i].count;
		time += a->slots[i].time;
	}
	/* Ioctls have slots of their own. */
	KUNIT_EXPECT_EQ(test, a->ioctls->slot[0].count, 2ULL);
	KUNIT_EXPECT_EQ(test, calls, 2ULL * (BKT_NR_NATIVE - 2));
	KUNIT_EXPECT_EQ(test, time, 3 * calls);
	/* dup, number 32, has a slot of its own; futex, number 202, came too late. */
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_dup)->count, 2ULL);
	KUNIT_EXPECT_PTR_EQ(test, slot_of(a, __NR_futex), NULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, BKT_KEY_MORE + BRICKTRACE_CAT_FUTEX)->count, 2ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, BKT_KEY_MORE + BRICKTRACE_CAT_IOCTL)->count, 0ULL);
}

static void odd_numbers(struct kunit *test)
{
	struct bkt_account *a = account_running(test);

	make_call(a, -1UL, -ENOSYS, 1);
	make_call(a, 1UL << 31, -ENOSYS, 1);
	make_call(a, 1000000000, -ENOSYS, 1);
	make_call(a, 0x40000000 + 20, 0, 1);
	KUNIT_EXPECT_EQ(test, slot_of(a, BKT_KEY_INVALID)->count, 3ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, BKT_KEY_X32 + 20)->count, 1ULL);
}

/* bricktrace's ioctl under way counts as control, with all its time. */
static void own_ioctls_are_control(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	u64 entered;

	/* An ioctl of another device is not control. */
	bkt_account_enter(a, __NR_ioctl, false);
	off_cpu(a, 70);
	bkt_account_exit(a, 0, false);

	bkt_account_enter(a, __NR_ioctl, false);
	entered = a->t_enter;
	off_cpu(a, 20);
	bkt_account_control(a);
	KUNIT_EXPECT_EQ(test, a->t_enter, entered);
	off_cpu(a, 30);
	bkt_account_control(a);
	bkt_account_exit(a, 0, false);
	KUNIT_EXPECT_EQ(test, a->ioctls->slot[0].count, 1ULL);
	KUNIT_EXPECT_EQ(test, a->ioctls->slot[0].offcpu, 70ULL);
	KUNIT_EXPECT_EQ(test, a->slots[BKT_SLOT_CONTROL].count, 1ULL);
	KUNIT_EXPECT_EQ(test, a->slots[BKT_SLOT_CONTROL].time, 50ULL);
	KUNIT_EXPECT_EQ(test, a->slots[BKT_SLOT_CONTROL].offcpu, 50ULL);
}

/* So does the call of bricktrace's that made the thread be observed, without a slot of its own. */
static void the_observing_ioctl_is_control(struct kunit *test)
{
	struct bkt_account *a = account_new(test, false);

	bkt_account_observe_running(a, current, GENERATION, 0, true);
	bkt_mock_ns += 40;
	bkt_account_control(a);
	bkt_account_exit(a, 0, false);
	KUNIT_EXPECT_EQ(test, a->slots[BKT_SLOT_CONTROL].count, 1ULL);
	KUNIT_EXPECT_EQ(test, a->slots[BKT_SLOT_CONTROL].time, 40ULL);
	KUNIT_EXPECT_EQ(test, (int)a->used, BKT_SLOT_FIRST);
}

/* Off-CPU time belongs to the call under way, if there is one. */
static void offcpu_time_of_a_call(struct kunit *test)
{
	struct bkt_account *a = account_running(test);

	bkt_account_out(a, current);
	KUNIT_EXPECT_EQ(test, a->t_out, bkt_mock_ns);
	bkt_mock_ns += 40;
	bkt_account_in(a, current, GENERATION, 0);
	KUNIT_EXPECT_EQ(test, a->t_out, 0ULL);
	KUNIT_EXPECT_EQ(test, a->offcpu, 40ULL);

	bkt_account_enter(a, __NR_futex, false);
	off_cpu(a, 60);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->offcpu, 60ULL);
	KUNIT_EXPECT_EQ(test, a->offcpu, 100ULL);
}

static void value_of_a_call_under_way(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_snapshot *s;

	bkt_account_enter(a, __NR_futex, false);
	bkt_mock_ns += 100;
	s = read_at(test, a, -1, a->t_enter + 70);
	KUNIT_EXPECT_EQ(test, s->t, a->t_enter + 70);
	KUNIT_EXPECT_EQ(test, s->call.time, 70ULL);
	KUNIT_EXPECT_EQ(test, s->call.key, __NR_futex);
	KUNIT_EXPECT_EQ(test, s->call.offcpu, 0ULL);
	/* A run's closing call is read at the moment of its own entry. */
	s = read_at(test, a, -1, a->t_enter);
	KUNIT_EXPECT_EQ(test, s->call.time, 0ULL);

	bkt_account_out(a, current);
	bkt_mock_ns += 30;
	s = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, s->call.time, 130ULL);
	KUNIT_EXPECT_EQ(test, s->call.offcpu, 30ULL);
	KUNIT_EXPECT_EQ(test, s->offcpu, 30ULL);
}

/* A thread not yet observed since its registration is in the call of its registers. */
static void value_of_a_sleeper(struct kunit *test)
{
	struct bkt_account *a = account_new(test, false);
	struct bkt_snapshot *s;

	bkt_mock_ns += 500;
	s = read_at(test, a, __NR_futex, U64_MAX);
	KUNIT_EXPECT_EQ(test, s->call.key, __NR_futex);
	KUNIT_EXPECT_EQ(test, s->call.time, 500ULL);
	KUNIT_EXPECT_EQ(test, s->call.offcpu, 500ULL);
	KUNIT_EXPECT_EQ(test, s->offcpu, 500ULL);
	/* A sleeper in no call is off the CPU, too. */
	s = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, s->call.key, -1);
	KUNIT_EXPECT_EQ(test, s->call.time, 0ULL);
	KUNIT_EXPECT_EQ(test, s->offcpu, 500ULL);
}

/* A new arming voids the thread's known state, but keeps the totals. */
static void a_new_arming_voids_the_state(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_snapshot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	u64 armed, since;

	make_call(a, __NR_read, 1, 10);
	bkt_account_enter(a, __NR_nanosleep, false);
	armed = bkt_mock_ns += 200;
	KUNIT_ASSERT_TRUE(test, bkt_account_asleep(a, GENERATION + 1, armed, &since));
	KUNIT_EXPECT_EQ(test, since, armed);
	KUNIT_ASSERT_TRUE(test, bkt_account_try_read(a, GENERATION + 1, armed,
						     __NR_nanosleep, U64_MAX, &bkt_mock_kernel, s));
	KUNIT_EXPECT_EQ(test, s->call.begin, armed);
	bkt_account_in(a, current, GENERATION + 1, armed);
	KUNIT_EXPECT_PTR_EQ(test, a->cur, NULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_read)->count, 1ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_read)->max, 0ULL);
	make_call(a, __NR_read, 1, 10);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_read)->count, 2ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_nanosleep)->count, 0ULL);
}

static void a_dead_account_is_frozen(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	u64 end;

	bkt_account_enter(a, __NR_exit_group, false);
	bkt_mock_ns += 10;
	bkt_account_end(a);
	end = bkt_mock_ns;
	bkt_mock_ns += 10;
	KUNIT_EXPECT_EQ(test, read_at(test, a, -1, U64_MAX)->t, end);
	KUNIT_EXPECT_EQ(test, read_at(test, a, -1, U64_MAX)->call.time, 10ULL);
}

/* A read fails while the writer is at work. */
static void torn_reads_fail(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_snapshot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	raw_write_seqcount_begin(&a->seq);
	KUNIT_EXPECT_FALSE(test, try_read(a, -1, U64_MAX, s));
	raw_write_seqcount_end(&a->seq);
	KUNIT_EXPECT_TRUE(test, try_read(a, -1, U64_MAX, s));
	WRITE_ONCE(a->cur, BKT_ENTERING);
	KUNIT_EXPECT_FALSE(test, try_read(a, -1, U64_MAX, s));
}

/* A recorded key counts if the thread has slept since, and not if it was running. */
static void a_record_is_for_sleepers_only(struct kunit *test)
{
	struct bkt_account *a = account_new(test, false);

	bkt_account_record(a, GENERATION, __NR_read, 0);
	bkt_account_in(a, current, GENERATION, 0);
	KUNIT_EXPECT_PTR_EQ(test, a->cur, (struct bkt_slot *)slot_of(a, __NR_read));
	a = account_new(test, false);
	bkt_account_record(a, GENERATION, __NR_read, 0);
	bkt_account_observe_running(a, current, GENERATION, 0, false);
	KUNIT_EXPECT_NULL(test, a->cur);
}

/* A call that was observed before its sys_enter keeps the time that it has had by then. */
static void an_observed_call_continues(struct kunit *test)
{
	struct bkt_account *a = account_new(test, false);

	bkt_account_record(a, GENERATION, __NR_read, 0);
	bkt_mock_ns += 100;
	bkt_account_in(a, current, GENERATION, 0);
	make_call(a, __NR_read, 0, 20);
	make_call(a, __NR_read, 0, 3);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_read)->count, 2ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_read)->time, 123ULL);
}

/* The scheduler adds a wait when the wait has ended, after the switch probe. */
static void waiting_for_a_cpu(struct kunit *test)
{
	struct bkt_account *a;
	struct bkt_snapshot *v;

	bkt_mock_kernel = (struct bkt_counters){ .run_delay = 1000, .min_flt = 3, .maj_flt = 1 };
	a = account_running(test);
	bkt_account_enter(a, __NR_read, false);
	off_cpu(a, 100);
	bkt_mock_kernel.run_delay += 30;
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOT_FIRST].runnable, 30ULL);
	KUNIT_EXPECT_EQ(test, v->kernel.run_delay, 30ULL);
	bkt_account_exit(a, 0, false);
	/* read has waited, though another call is under way when the wait is added. */
	bkt_account_enter(a, __NR_futex, false);
	bkt_account_out(a, current);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_read)->runnable, 30ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->runnable, 0ULL);
	/* A move from one CPU's queue to another's adds to run_delay in mid-wait. */
	bkt_mock_kernel.run_delay += 5;
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->call.key, (int)__NR_futex);
	KUNIT_EXPECT_EQ(test, v->call.runnable, 5ULL);
	bkt_mock_ns += 50;
	bkt_account_in(a, current, GENERATION, 0);
	bkt_mock_kernel.run_delay += 7;
	bkt_account_exit(a, 0, false);
	/* A wait in user mode belongs to no call. */
	off_cpu(a, 10);
	bkt_mock_kernel.run_delay += 9;
	bkt_mock_kernel.min_flt += 4;
	bkt_mock_kernel.maj_flt += 2;
	off_cpu(a, 10);
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_read)->runnable, 30ULL);
	KUNIT_EXPECT_EQ(test, slot_of(a, __NR_futex)->runnable, 12ULL);
	KUNIT_EXPECT_EQ(test, v->kernel.run_delay, 51ULL);
	KUNIT_EXPECT_EQ(test, v->kernel.min_flt, 4ULL);
	KUNIT_EXPECT_EQ(test, v->kernel.maj_flt, 2ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(waiting_for_a_cpu),
	KUNIT_CASE(a_call_is_counted),
	KUNIT_CASE(restarts_are_no_errors),
	KUNIT_CASE(an_interrupted_call_may_fail),
	KUNIT_CASE(restart_syscall_is_what_it_restarts),
	KUNIT_CASE(nothing_to_restart),
	KUNIT_CASE(sigreturn_has_no_error),
	KUNIT_CASE(return_from_clone_is_no_call),
	KUNIT_CASE(a_refused_call_has_no_time),
	KUNIT_CASE(the_last_call_is_in_flight),
	KUNIT_CASE(slots_run_out),
	KUNIT_CASE(odd_numbers),
	KUNIT_CASE(own_ioctls_are_control),
	KUNIT_CASE(the_observing_ioctl_is_control),
	KUNIT_CASE(offcpu_time_of_a_call),
	KUNIT_CASE(value_of_a_call_under_way),
	KUNIT_CASE(value_of_a_sleeper),
	KUNIT_CASE(a_record_is_for_sleepers_only),
	KUNIT_CASE(a_new_arming_voids_the_state),
	KUNIT_CASE(a_dead_account_is_frozen),
	KUNIT_CASE(torn_reads_fail),
	KUNIT_CASE(an_observed_call_continues),
	{}
};

struct kunit_suite bkt_account_suite = {
	.name = "bricktrace_account",
	.suite_init = tables_init,
	.suite_exit = tables_exit,
	.init = clock_stop,
	.exit = clock_continue,
	.test_cases = cases,
};
