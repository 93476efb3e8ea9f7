// SPDX-License-Identifier: MIT
/*
 * The variable in which an OpenTelemetry SDK publishes a thread's context; test_context is
 * linked with the object of this file, test_context_shared with a shared library of it.
 */
__thread const void *otel_thread_ctx_v1;
