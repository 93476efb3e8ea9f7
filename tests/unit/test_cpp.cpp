// SPDX-License-Identifier: MIT
/*
 * Tests of bricktrace.hpp, which print TAP. The program is compiled by g++ with exceptions and
 * by clang++ without. It uses the real device where there is one.
 */
#include <bricktrace.hpp>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <type_traits>

static int checks, failures;

static void ok(bool good, const char *name)
{
	std::printf("%sok %d - %s\n", good ? "" : "not ", ++checks, name);
	failures += !good;
}

template <class T>
constexpr bool moves_only =
	std::is_move_constructible_v<T> &&std::is_move_assignable_v<T> &&
	!std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;

static_assert(moves_only<bricktrace::tracer>);
static_assert(moves_only<bricktrace::run>);
static_assert(moves_only<bricktrace::result>);
static_assert(moves_only<bricktrace::statistics>);
static_assert(std::is_trivially_copyable_v<bricktrace::brick>);

static uint64_t runs(bricktrace::brick brick)
{
	bricktrace::statistics s = brick.statistics();

	return s ? s->runs : UINT64_MAX;
}

static void empty_objects_are_harmless()
{
	bricktrace::brick brick;
	bricktrace::run run;
	bricktrace::result result;
	bricktrace::statistics statistics;

	ok(!brick && !run && !result && !statistics, "objects begin empty");
	ok(brick.mode(BT_MODE_TAIL) == -EINVAL && brick.assert_duration("a", 1) == -EINVAL &&
		   !brick.open() && !brick.statistics(),
	   "an empty brick refuses everything");
	ok(!run.close() && !run.number() && !result.times() && !result.failed(0) &&
		   std::isnan(statistics.percentile(50)) && !statistics.longest(),
	   "other empty objects have nothing");
	ok(brick.trace([] { return 42; }, &result) == 42 && !result,
	   "an empty brick still calls a function");
}

static void runs_end_with_their_scope(bricktrace::tracer &tracer)
{
	bricktrace::brick brick = tracer.define("scope", 1000000000);
	bricktrace::result result;

	{
		bricktrace::run run = brick.open();
		bricktrace::run moved = std::move(run);

		ok(!run && moved && runs(brick) == 0, "an open run can be moved");
	}
	ok(runs(brick) == 1, "a run is closed at the end of its scope, once");
	{
		bricktrace::run run = brick.open(BT_MEASURE, BT_SCOPE_THREAD);

		result = run.close();
		ok(!run && result && !std::strcmp(result->brick, "scope"),
		   "a run can be closed before");
	}
	ok(runs(brick) == 2, "such a run is not closed again");
	ok(!result.over_budget() && result.times() && result.category(BT_CAT_READ) &&
		   !result.syscall(0) && !result.has_ioctls() && !result.ioctl(0) &&
		   !result.has_slow_calls() && !result.slow_call(0) &&
		   result.dominant() == BT_CAT_UNMEASURED,
	   "a result has what the C library returns");
}

static void a_function_is_traced(bricktrace::tracer &tracer)
{
	bricktrace::brick brick = tracer.define("trace");
	bricktrace::result result;
	int number = 5, calls = 0;

	ok(brick.trace([] { return 42; }) == 42, "trace() returns the function's value");
	ok(*brick.trace([] { return std::make_unique<int>(7); }, &result) == 7 && result,
	   "the value may be one that only moves");
	int &same = brick.trace([&]() -> int & { return number; });
	ok(&same == &number, "the value may be a reference");
	brick.trace([&] { calls++; }, &result, BT_ESCALATION_CV_EXCEEDED);
	ok(calls == 1 && result->why == BT_WHY_CV_EXCEEDED,
	   "the function may return nothing, and has the reason that was given");
	brick.trace([&] { calls++; }, &result, BT_ESCALATION_NONE);
	ok(calls == 2 && !result, "a wrong reason makes no result, but the call");
	ok(runs(brick) == 4, "each traced function was a run");
#ifdef __cpp_exceptions
	try {
		brick.trace([]() -> int { throw 99; }, &result);
		ok(false, "an exception is thrown on");
	} catch (int thrown) {
		ok(thrown == 99 && result, "an exception is thrown on");
	}
	ok(runs(brick) == 5, "the run of a function that throws is closed");
#endif
}

static void settings_and_statistics(bricktrace::tracer &tracer)
{
	bricktrace::brick brick = tracer.define("statistics", 0);
	bricktrace::statistics s;
	double up_to = 0;

	ok(!tracer.thresholds(1, 99) && !tracer.outliers(INFINITY) && !tracer.limit(10) &&
		   !tracer.slow(10000) &&
		   tracer.should_trace(1.1, 99) == BT_ESCALATION_CV_EXCEEDED,
	   "settings are passed on");
	ok(!tracer.set_enabled(false) && !tracer.should_trace(1.1, 98) &&
		   !tracer.set_enabled(true),
	   "tracing can be switched off");
	ok(!tracer.label("shop") && tracer.label("a\nb") == -EINVAL &&
		   !tracer.context(nullptr) && !tracer.ids(true),
	   "a tracer has a label and a context");
	bt_context ids;
	ok(tracer.define("ids").open().ids(&ids) == (tracer.instrumented() ? 0 : -ENOTSUP),
	   "a run has a context");
	ok(tracer.limit(1001) == -ERANGE && std::strstr(bt_error_text(), "1001"),
	   "an error has a text");
	ok(!brick.mode(BT_MODE_MEASURE) && !brick.baseline(2) &&
		   !brick.assert_category_share("share", BT_CAT_READ, 10) &&
		   !brick.assert_category_ns("time", BT_CAT_READ, 10) &&
		   !brick.assert_category_offcpu_ns("off", BT_CAT_READ, 10) &&
		   !brick.assert_syscall_count("calls", 0, BT_ARCH_NATIVE, 10) &&
		   !brick.clear_assertions() && !brick.assert_duration("never", 0),
	   "a brick has a mode and assertions");
	brick.open();
	bricktrace::result second = brick.open().close();
	ok(second && second->why & BT_WHY_BASELINE && second->n_failed == 1 &&
		   !std::strcmp(second.failed(0)->name, "never"),
	   "a result names the assertion that failed");
	s = brick.statistics();
	ok(s && s->runs == 2 && s->mode == BT_MODE_MEASURE &&
		   s.window(1) == second->wall_ns && s.percentile(100) > 0 &&
		   !s.bucket(0, nullptr, &up_to) && up_to > 0 && s.times() &&
		   s.category(BT_CAT_OTHER) && s.assertion(0)->failed == 2 && !s.longest(),
	   "statistics have what the C library returns");
	ok(!brick.reset() && runs(brick) == 0, "statistics are forgotten");
}

int main()
{
	bricktrace::tracer tracer;

	if (!tracer)
		return 1;
	ok(tracer.instrumented() == (tracer.reason() == BT_REASON_NONE) &&
		   tracer.instrumented() == !*tracer.reason_text(),
	   "a tracer says whether it can measure");
	ok(!tracer.register_thread(), "a thread is registered");
	empty_objects_are_harmless();
	runs_end_with_their_scope(tracer);
	a_function_is_traced(tracer);
	settings_and_statistics(tracer);
	ok(!tracer.unregister_thread(), "a thread is unregistered");
	std::printf("1..%d\n", checks);
	return failures != 0;
}
