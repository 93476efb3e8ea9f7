/* SPDX-License-Identifier: MIT */
/*
 * libbricktrace for C++17. Objects own what the functions of bricktrace.h return and free
 * it at the end of their scope. bricktrace.hpp(3) is an overview and has an example.
 *
 * Nothing here throws: an object that could not be made is empty, which `if (object)`
 * tells, and functions that return int return 0 or a negative errno value. bt_error_text()
 * says what was wrong. Functions of empty objects do what those of bricktrace.h do with NULL.
 */
#ifndef BRICKTRACE_HPP
#define BRICKTRACE_HPP

#include <bricktrace.h>

#include <cerrno>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace bricktrace
{

namespace detail
{
struct deleter {
	void operator()(bt_tracer *tracer) const
	{
		bt_tracer_free(tracer);
	}
	void operator()(bt_run *run) const
	{
		bt_run_close(run, nullptr);
	}
	void operator()(bt_result *result) const
	{
		bt_result_free(result);
	}
	void operator()(bt_statistics *statistics) const
	{
		bt_statistics_free(statistics);
	}
};

template <class T> using owner = std::unique_ptr<T, deleter>;

/* Calls @f and keeps what it returns or throws, since C code must not be unwound. */
template <class F> class call
{
	using value = std::invoke_result_t<F>;
	static constexpr bool is_void = std::is_void_v<value>;
	using kept =
		std::conditional_t<is_void, char,
				   std::conditional_t<std::is_reference_v<value>,
						      std::add_pointer_t<value>, value>>;

	F &&f;
	std::optional<kept> result;
#ifdef __cpp_exceptions
	std::exception_ptr thrown;
#endif

	void invoke()
	{
		if constexpr (is_void) {
			std::forward<F>(f)();
		} else if constexpr (std::is_reference_v<value>) {
			auto &&returned = std::forward<F>(f)();

			result = std::addressof(returned);
		} else {
			result.emplace(std::forward<F>(f)());
		}
	}

      public:
	explicit call(F &&function) : f(std::forward<F>(function))
	{
	}

	static void run(void *self)
	{
#ifdef __cpp_exceptions
		try {
			static_cast<call *>(self)->invoke();
		} catch (...) {
			static_cast<call *>(self)->thrown = std::current_exception();
		}
#else
		static_cast<call *>(self)->invoke();
#endif
	}

	value get()
	{
#ifdef __cpp_exceptions
		if (thrown)
			std::rethrow_exception(thrown);
#endif
		if constexpr (std::is_reference_v<value>)
			return static_cast<value>(**result);
		else if constexpr (!is_void)
			return std::move(*result);
	}
};
} // namespace detail

/* A finished run: `result->wall_ns` and the other members of struct bt_result. */
class result : public detail::owner<bt_result>
{
      public:
	using detail::owner<bt_result>::owner;

	const bt_times *times(bt_view view = BT_INCLUSIVE) const
	{
		return bt_result_times(get(), view);
	}
	const bt_figures *category(bt_category category, bt_view view = BT_INCLUSIVE) const
	{
		return bt_result_category(get(), category, view);
	}
	const bt_syscall *syscall(uint32_t i) const
	{
		return bt_result_syscall(get(), i);
	}
	bool has_ioctls() const
	{
		return bt_result_has_ioctls(get());
	}
	const bt_ioctl *ioctl(uint32_t i) const
	{
		return bt_result_ioctl(get(), i);
	}
	bool has_slow_calls() const
	{
		return bt_result_has_slow_calls(get());
	}
	const bt_slow_call *slow_call(uint32_t i) const
	{
		return bt_result_slow_call(get(), i);
	}
	const bt_failed *failed(uint32_t i) const
	{
		return bt_result_failed(get(), i);
	}
	bool over_budget() const
	{
		return bt_result_over_budget(get());
	}
	bt_category dominant(bt_view view = BT_INCLUSIVE) const
	{
		return bt_breakdown_dominant(get(), view);
	}
};

/* The statistics of a brick: `statistics->mean_ns` and the other members. */
class statistics : public detail::owner<bt_statistics>
{
      public:
	using detail::owner<bt_statistics>::owner;

	double percentile(double percent) const
	{
		return bt_statistics_percentile(get(), percent);
	}
	uint64_t bucket(uint32_t i, double *above_ns = nullptr,
			double *up_to_ns = nullptr) const
	{
		return bt_statistics_bucket(get(), i, above_ns, up_to_ns);
	}
	uint64_t window(uint32_t i) const
	{
		return bt_statistics_window(get(), i);
	}
	const bt_mean_times *times() const
	{
		return bt_statistics_times(get());
	}
	const bt_mean_figures *category(bt_category category) const
	{
		return bt_statistics_category(get(), category);
	}
	const bt_assertion *assertion(uint32_t i) const
	{
		return bt_statistics_assertion(get(), i);
	}
	const bt_result *longest() const
	{
		return bt_statistics_longest(get());
	}
};

/* An open run, which is closed at the end of the scope. */
class run : public detail::owner<bt_run>
{
      public:
	using detail::owner<bt_run>::owner;

	uint64_t number() const
	{
		return bt_run_number(get());
	}
	int ids(bt_context *ids) const
	{
		return bt_run_ids(get(), ids);
	}

	/* The result is empty on error. The run stays open only while it encloses another. */
	result close()
	{
		bt_result *closed = nullptr;
		bt_run *open = release();

		if (bt_run_close(open, &closed) == -EBUSY)
			reset(open);
		return result(closed);
	}
};

/* A brick of a tracer. The object may be copied, and is valid as long as the tracer. */
class brick
{
	bt_tracer *owner = nullptr;
	bt_brick *handle = nullptr;

      public:
	brick() = default;
	brick(bt_tracer *its_tracer, bt_brick *raw) : owner(its_tracer), handle(raw)
	{
	}

	bt_brick *get() const
	{
		return handle;
	}
	explicit operator bool() const
	{
		return handle;
	}

	int mode(bt_mode mode)
	{
		return bt_brick_mode(handle, mode);
	}
	int baseline(uint32_t every)
	{
		return bt_brick_baseline(handle, every);
	}
	int reset()
	{
		return bt_brick_reset(handle);
	}

	int assert_duration(const char *name, uint64_t limit_ns)
	{
		return bt_assert_duration(handle, name, limit_ns);
	}
	int assert_category_share(const char *name, bt_category category, double percent)
	{
		return bt_assert_category_share(handle, name, category, percent);
	}
	int assert_category_ns(const char *name, bt_category category, uint64_t limit_ns)
	{
		return bt_assert_category_ns(handle, name, category, limit_ns);
	}
	int assert_category_offcpu_ns(const char *name, bt_category category,
				      uint64_t limit_ns)
	{
		return bt_assert_category_offcpu_ns(handle, name, category, limit_ns);
	}
	int assert_syscall_count(const char *name, uint32_t nr, bt_arch arch, uint64_t limit)
	{
		return bt_assert_syscall_count(handle, name, nr, arch, limit);
	}
	int clear_assertions()
	{
		return bt_brick_clear_assertions(handle);
	}

	bricktrace::statistics statistics() const
	{
		bt_statistics *read = nullptr;

		bt_brick_statistics(handle, &read);
		return bricktrace::statistics(read);
	}

	bricktrace::run open(bt_level level = BT_AUTO, bt_scope scope = BT_SCOPE_THREAD)
	{
		bt_run *opened = nullptr;

		bt_run_open(owner, handle, level, scope, &opened);
		return bricktrace::run(opened);
	}

	/*
	 * Calls @f as a traced run, as bt_trace_with_reason() does, and returns what @f
	 * returns. If @out is not null, it receives the result, which is empty on error. What
	 * @f throws is thrown on when the run is closed.
	 */
	template <class F>
	std::invoke_result_t<F> trace(F &&f, result *out = nullptr,
				      bt_escalation escalation = BT_ESCALATION_MANUAL)
	{
		detail::call<F> call(std::forward<F>(f));
		bt_result *closed = nullptr;

		bt_trace_with_reason(handle, escalation, call.run, &call,
				     out ? &closed : nullptr);
		if (out)
			out->reset(closed);
		return call.get();
	}
};

/* A session, which must live longer than its bricks and runs. */
class tracer
{
	detail::owner<bt_tracer> handle;

      public:
	tracer()
	{
		bt_tracer *opened = nullptr;

		bt_tracer_new(&opened);
		handle.reset(opened);
	}

	bt_tracer *get() const
	{
		return handle.get();
	}
	explicit operator bool() const
	{
		return bool(handle);
	}

	bool instrumented() const
	{
		return bt_tracer_instrumented(get());
	}
	bt_reason reason() const
	{
		return bt_tracer_reason(get());
	}
	const char *reason_text() const
	{
		return bt_tracer_reason_text(get());
	}
	int calibrate()
	{
		return bt_tracer_calibrate(get());
	}

	int register_thread(unsigned int inherit = 0)
	{
		return bt_thread_register(get(), inherit);
	}
	int unregister_thread()
	{
		return bt_thread_unregister(get());
	}

	int thresholds(double cv_percent, double efficiency_percent)
	{
		return bt_tracer_thresholds(get(), cv_percent, efficiency_percent);
	}
	int outliers(double ranges)
	{
		return bt_tracer_outliers(get(), ranges);
	}
	int limit(uint32_t traces_per_second)
	{
		return bt_tracer_limit(get(), traces_per_second);
	}
	int slow(uint64_t slow_ns)
	{
		return bt_tracer_slow(get(), slow_ns);
	}
	int set_enabled(bool enabled)
	{
		return bt_tracer_set_enabled(get(), enabled);
	}
	int label(const char *label)
	{
		return bt_tracer_label(get(), label);
	}
	int ids(bool wanted)
	{
		return bt_tracer_ids(get(), wanted);
	}
	int context(const bt_context *parent)
	{
		return bt_run_context(get(), parent);
	}
	bt_escalation should_trace(double cv_percent, double efficiency_percent) const
	{
		return bt_should_trace(get(), cv_percent, efficiency_percent);
	}

	brick define(const char *name, uint64_t budget_ns = BT_NONE)
	{
		bt_brick *defined = nullptr;

		bt_brick_define(get(), name, budget_ns, &defined);
		return brick(get(), defined);
	}
};

} // namespace bricktrace

#endif /* BRICKTRACE_HPP */
