// SPDX-License-Identifier: MIT
/*
 * sdk RATE SECONDS: sends RATE spans a second with the attributes of a brick's run (docs/otlp.md)
 * by the OpenTelemetry SDK for C++, whose batch processor and HTTP exporter the environment
 * configures. Prints as JSON how much CPU a span took in this process. Nothing is read and nothing
 * is looked up here: the values of the attributes are computed from the number of the span.
 */
#include <opentelemetry/exporters/otlp/otlp_http_exporter_factory.h>
#include <opentelemetry/exporters/otlp/otlp_http_exporter_options.h>
#include <opentelemetry/sdk/trace/batch_span_processor_factory.h>
#include <opentelemetry/sdk/trace/batch_span_processor_options.h>
#include <opentelemetry/sdk/trace/tracer_provider.h>
#include <opentelemetry/sdk/trace/tracer_provider_factory.h>
#include <opentelemetry/trace/tracer.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

namespace otlp = opentelemetry::exporter::otlp;
namespace sdk = opentelemetry::sdk::trace;
namespace trace = opentelemetry::trace;
using opentelemetry::common::SteadyTimestamp;
using opentelemetry::common::SystemTimestamp;
using opentelemetry::nostd::string_view;
using std::chrono::nanoseconds;

static double cpu_seconds()
{
	timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return double(now.tv_sec) + double(now.tv_nsec) / 1e9;
}

/* Sends span number @i, which is about a run that began @start ns after 1970. */
static void send(trace::Tracer &tracer, uint64_t i, uint64_t start)
{
	static const std::array<string_view, 1> reasons = { "manual" };
	const auto us = [i](int k) { return 1.5 * double(i % 1000) + k; };
	const auto n = [i](int k) { return int64_t(i % 30 + k); };
	const uint64_t wall = 50000 + i % 10000;
	trace::StartSpanOptions options;
	trace::EndSpanOptions end;

	options.start_system_time = SystemTimestamp(nanoseconds(start));
	options.start_steady_time = SteadyTimestamp(nanoseconds(start));
	end.end_steady_time = SteadyTimestamp(nanoseconds(start + wall));
	auto span = tracer.StartSpan(
		"brick: layer1.attention",
		{
			{ "brick.name", "layer1.attention" },
			{ "brick.budget_us", us(1) },
			{ "brick.actual_us", us(2) },
			{ "brick.over_budget", i % 16 == 0 },
			{ "brick.efficiency", 0.5 },
			{ "brick.cv_percent", 12.5 },
			{ "brick.reasons",
			  opentelemetry::nostd::span<const string_view>(reasons) },
			{ "escalation.reason", "manual" },
			{ "brick.mode", "tail" },
			{ "brick.run", n(3) },
			{ "brick.scope", "thread" },
			{ "brick.threads", int64_t(1) },
			{ "bricktrace.session", int64_t(3) },
			{ "bricktrace.run", n(4) },
			{ "bricktrace.provenance", "measured" },
			{ "syscall.overhead_percent", 30.5 },
			{ "syscall.dominant", "ioctl" },
#define CATEGORY(name, k)                                                              \
	{ "syscall." name "_us", us(k) }, { "syscall." name "_offcpu_us", us(k + 1) }, \
		{ "syscall." name "_count", n(k) },                                    \
		{ "syscall." name "_errors", n(k + 1) }
			CATEGORY("mmap", 5),
			CATEGORY("futex", 7),
			CATEGORY("ioctl", 9),
			CATEGORY("read", 11),
			CATEGORY("write", 13),
			CATEGORY("other", 15),
			{ "brick.thread_us", us(16) },
			{ "brick.compute_us", us(17) },
			{ "brick.compute_offcpu_us", us(18) },
			{ "brick.edge_us", us(19) },
			{ "brick.control_us", us(20) },
			{ "thread.id", int64_t(4711) },
			{ "thread.name", "llama-decode" },
		},
		options);
	span->End(end);
}

static size_t setting(const char *variable, size_t otherwise)
{
	const char *value = getenv(variable);

	return value ? size_t(strtoull(value, nullptr, 10)) : otherwise;
}

int main(int argc, char **argv)
{
	const uint64_t rate = argc == 3 ? strtoull(argv[1], nullptr, 10) : 0;
	const uint64_t seconds = argc == 3 ? strtoull(argv[2], nullptr, 10) : 0;
	sdk::BatchSpanProcessorOptions batch;
	otlp::OtlpHttpExporterOptions http;
	uint64_t sent = 0;

	if (!rate || !seconds) {
		fprintf(stderr, "usage: sdk RATE SECONDS\n");
		return 2;
	}
	http.content_type = otlp::HttpRequestContentType::kBinary;
	batch.max_queue_size = setting("OTEL_BSP_MAX_QUEUE_SIZE", batch.max_queue_size);
	batch.max_export_batch_size =
		setting("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", batch.max_export_batch_size);
	batch.schedule_delay_millis =
		std::chrono::milliseconds(setting("OTEL_BSP_SCHEDULE_DELAY", 5000));
	auto provider =
		sdk::TracerProviderFactory::Create(sdk::BatchSpanProcessorFactory::Create(
			otlp::OtlpHttpExporterFactory::Create(http), batch));
	auto tracer = provider->GetTracer("bricktrace", "0.1.0");
	const auto start = std::chrono::steady_clock::now();
	const double before = cpu_seconds();

	for (uint64_t tick = 1; tick <= seconds * 1000; tick++) {
		for (; sent < rate * tick / 1000; sent++)
			send(*tracer, sent, UINT64_C(1790000000000000000) + sent * 100000);
		std::this_thread::sleep_until(start + std::chrono::milliseconds(tick));
	}
	provider->Shutdown();
	const double took =
		std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
	printf("{\"spans\": %llu, \"seconds\": %.3f, \"cpu_us\": %.3f}\n",
	       (unsigned long long)sent, took,
	       (cpu_seconds() - before) * 1e6 / double(sent));
	return 0;
}
