// SPDX-License-Identifier: MIT
/* bricktrace status, which shows the state of the module and who uses it. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "age.h"
#include "cli.h"
#include "colour.h"
#include "json_options.h"
#include "origin.h"
#include "settings.h"
#include "user.h"

struct status {
	struct host_status s;
	uint64_t values[HOST_SETTINGS];
	struct host_user *users;
	struct host_session *sessions;
	size_t n_users, n_sessions;
	struct json_options json;
};

static void status_help(void)
{
	puts("Usage: bricktrace status [OPTIONS]\n\n"
	     "Shows whether the hooks are in place and who keeps them there, what the users of the\n"
	     "host have in use, and what was lost. Root, and programs with CAP_PERFMON, see all\n"
	     "users; others see what is theirs.\n\n"
	     "  -j, --json         print JSON, which has the settings, too\n" JSON_HELP
	     "Exits with 0, 1 if the module cannot be asked, 125 if bricktrace itself fails.");
}

/* Returns -1 to go on, or the status to exit with. */
static int status_parse(int argc, char **argv, struct status *s)
{
	static const struct option words[] = {
		JSON_WORDS,
		{ 0 },
	};
	int c, status = -1;

	while (status < 0 && (c = next_option(argc, argv, ":" JSON_LETTERS, words)) != -1)
		status = json_options_parse(c, &s->json, status_help);
	if (status >= 0 || !argv[optind])
		return status;
	complain("unexpected argument '%s': status takes none", argv[optind]);
	return EXIT_OWN;
}

static uint64_t status_value(const struct status *s, int attribute)
{
	size_t i;

	for (i = 0; host_settings[i].attribute != attribute;)
		i++;
	return s->values[i];
}

static double status_armed_percent(const struct host_status *s)
{
	return s->loaded_ns ? 100.0 * s->armed_ns / s->loaded_ns : 0;
}

static void status_print_module(FILE *out, const struct host_status *s)
{
	char age[AGE_LEN];

	fputs("module:    ", out);
	print_escaped(out, s->version);
	fprintf(out, ", loaded for %s, clock %s\n", age_text(s->loaded_ns, age),
		s->clock == BRICKTRACE_CLOCK_TSC ? "tsc" : "monotonic");
	if (!s->tested)
		fprintf(out,
			"           %sits tests do not run on kernels like this one%s\n",
			colour_on(out, COLOUR_YELLOW), colour_off(out));
}

/* Says why every thread of the host takes the slow path. */
static void status_print_cause(FILE *out, const struct host_status *s)
{
	if (s->loud == BRICKTRACE_LOUD_BLIND) {
		fputs(" because other tracers would not be noticed: the kernel has no kprobes, or they are off",
		      out);
		return;
	}
	fputs(" because of ", out);
	if (*s->cause_comm || s->cause_pid) {
		print_escaped(out, s->cause_comm);
		fprintf(out, "[%" PRIu32 "]", s->cause_pid);
	} else {
		fputs("another tracer", out);
	}
	fputs(s->loud == BRICKTRACE_LOUD_BEFORE ? ", which traced system calls already" :
						  ", which traces system calls, too",
	      out);
}

static void status_print_hooks(FILE *out, const struct status *status)
{
	static const enum colour colours[] = { COLOUR_DIM, COLOUR_GREEN, COLOUR_YELLOW };
	const struct host_status *s = &status->s;
	char age[AGE_LEN];

	fprintf(out, "hooks:     %s%s%s for %s",
		colour_on(out, s->hooks <= BRICKTRACE_HOOKS_LOUD ? colours[s->hooks] :
								   COLOUR_NONE),
		host_hooks_name(s->hooks), colour_off(out), age_text(s->since_ns, age));
	if (s->hooks == BRICKTRACE_HOOKS_OFF)
		fputs(": nobody pays for them", out);
	else if (s->hooks == BRICKTRACE_HOOKS_QUIET)
		fputs(": only calls of followed threads take longer", out);
	else {
		fputs(": every call of the host takes longer,", out);
		status_print_cause(out, s);
	}
	fprintf(out,
		"\narmed:     %.3f %% of the time since the module was loaded, %" PRIu64
		" times\n",
		status_armed_percent(s), s->arms);
	if (!status_value(status, BRICKTRACE_A_CONFIG_ENABLED))
		fprintf(out,
			"           %stracing is switched off on this host; root can switch it on: bricktrace set enabled on%s\n",
			colour_on(out, COLOUR_RED), colour_off(out));
}

static void status_print_holder(FILE *out, const struct host_session *s)
{
	char age[AGE_LEN], name[USER_NAME_LEN];

	print_process(out, s->comm, s->pid);
	fputs(" of user ", out);
	print_escaped(out, user_name(s->uid, name));
	fprintf(out, ", session %" PRIu64 ": %" PRIu32 " holds, for %s\n",
		(uint64_t)s->s.id, s->holds, age_text(s->holds_ns, age));
}

static void status_print_holders(FILE *out, const struct status *s)
{
	bool some = false;
	size_t i;

	for (i = 0; i < s->n_sessions; i++) {
		if (!s->sessions[i].holds)
			continue;
		fputs(some ? "           " : "held by:   ", out);
		status_print_holder(out, &s->sessions[i]);
		some = true;
	}
	if (some || s->s.hooks == BRICKTRACE_HOOKS_OFF)
		return;
	fprintf(out, "held by:   nobody%s; without a holder they go after %" PRIu64 " ms\n",
		geteuid() ? " whose sessions this user may see" : "",
		status_value(s, BRICKTRACE_A_CONFIG_LINGER_MS));
}

/* Prints a number of things of which there should be none. */
static void status_print_loss(FILE *out, uint64_t n)
{
	fprintf(out, "%s%" PRIu64 "%s", colour_on(out, n ? COLOUR_RED : COLOUR_NONE), n,
		colour_off(out));
}

static void status_print_totals(FILE *out, const struct host_status *s)
{
	fprintf(out,
		"in use:    %" PRIu64 " sessions, %" PRIu64 " threads, %" PRIu64
		" open runs, %.1f MiB of kernel memory\n",
		s->sessions, s->threads, s->runs, s->memory / 1048576.0);
	fprintf(out, "granted:   %" PRIu64 " runs to host-wide readers, ", s->host_granted);
	status_print_loss(out, s->host_refused);
	fputs(" refused\nlost:      ", out);
	status_print_loss(out, s->threads_lost);
	fputs(" threads; ", out);
	status_print_loss(out, s->stream_lost);
	fprintf(out, " runs by the %" PRIu32 " host-wide streams\n", s->streams);
}

static void status_print_users(FILE *out, const struct status *s)
{
	char name[USER_NAME_LEN], *escaped;
	size_t i;

	fprintf(out, "\n%s%-16s %10s %10s %10s %12s%s\n", colour_on(out, COLOUR_BOLD),
		"user", "sessions", "threads", "runs", "memory", colour_off(out));
	for (i = 0; i < s->n_users; i++) {
		const struct host_user *u = &s->users[i];

		escaped = escape(user_name(u->uid, name));
		fprintf(out, "%-16s %10" PRIu32 " %10" PRIu64 " %10" PRIu64 " %8.1f MiB\n",
			escaped ?: "", u->sessions, u->threads, u->runs,
			u->memory / 1048576.0);
		free(escaped);
	}
	fprintf(out, "%-16s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %8" PRIu64 " MiB\n",
		"limit of each", status_value(s, BRICKTRACE_A_CONFIG_MAX_USER_SESSIONS),
		status_value(s, BRICKTRACE_A_CONFIG_MAX_USER_THREADS),
		status_value(s, BRICKTRACE_A_CONFIG_MAX_USER_RUNS),
		status_value(s, BRICKTRACE_A_CONFIG_MAX_USER_MEMORY));
}

static void status_print(FILE *out, const struct status *s)
{
	status_print_module(out, &s->s);
	status_print_hooks(out, s);
	status_print_holders(out, s);
	status_print_totals(out, &s->s);
	status_print_users(out, s);
}

static json_t *status_hooks_json(const struct host_status *s)
{
	static const char *const loud[] = { NULL, "tracer", "before", "blind" };
	bool cause = *s->cause_comm || s->cause_pid;

	return json_pack("{s:s,s:I,s:I,s:f,s:I,s:o,s:o}", "state",
			 host_hooks_name(s->hooks), "since_ns", (json_int_t)s->since_ns,
			 "armed_ns", (json_int_t)s->armed_ns, "armed_percent",
			 status_armed_percent(s), "arms", (json_int_t)s->arms, "loud",
			 text_json(s->loud < sizeof(loud) / sizeof(*loud) ? loud[s->loud] :
									    "unknown"),
			 "cause",
			 cause ? json_pack("{s:o,s:o}", "pid", some_json(s->cause_pid),
					   "comm", text_json(s->cause_comm)) :
				 json_null());
}

static json_t *status_holders_json(const struct status *s)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < s->n_sessions; i++) {
		const struct host_session *h = &s->sessions[i];

		if (h->holds)
			json_array_append_new(
				all,
				json_pack("{s:I,s:o,s:o,s:I,s:o,s:I,s:I}", "session",
					  (json_int_t)h->s.id, "pid", some_json(h->pid),
					  "comm", text_json(h->comm), "uid",
					  (json_int_t)h->uid, "user", user_json(h->uid),
					  "holds", (json_int_t)h->holds, "holds_ns",
					  (json_int_t)h->holds_ns));
	}
	return all;
}

static json_t *status_users_json(const struct status *s)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < s->n_users; i++) {
		const struct host_user *u = &s->users[i];

		json_array_append_new(
			all, json_pack("{s:I,s:o,s:I,s:I,s:I,s:I}", "uid",
				       (json_int_t)u->uid, "user", user_json(u->uid),
				       "sessions", (json_int_t)u->sessions, "threads",
				       (json_int_t)u->threads, "runs", (json_int_t)u->runs,
				       "memory", (json_int_t)u->memory));
	}
	return all;
}

static json_t *status_settings_json(const struct status *s)
{
	json_t *all = json_object();
	size_t i;

	for (i = 0; host_settings[i].name; i++)
		json_object_set_new(all, host_settings[i].name,
				    settings_json(&host_settings[i], s->values[i]));
	return all;
}

static json_t *status_json(const struct status *status)
{
	const struct host_status *s = &status->s;
	json_t *j = json_object();

	json_object_set_new(j, "schema", json_integer(1));
	json_object_set_new(j, "version", nonempty_json(s->version));
	json_object_set_new(j, "tested", json_boolean(s->tested));
	json_object_set_new(j, "clock",
			    json_string(s->clock == BRICKTRACE_CLOCK_TSC ? "tsc" :
									   "monotonic"));
	json_object_set_new(j, "loaded_ns", number_json(s->loaded_ns));
	json_object_set_new(j, "hooks", status_hooks_json(s));
	json_object_set_new(j, "holders", status_holders_json(status));
	json_object_set_new(j, "sessions", number_json(s->sessions));
	json_object_set_new(j, "threads", number_json(s->threads));
	json_object_set_new(j, "runs", number_json(s->runs));
	json_object_set_new(j, "memory", number_json(s->memory));
	json_object_set_new(j, "threads_lost", number_json(s->threads_lost));
	json_object_set_new(j, "host_granted", number_json(s->host_granted));
	json_object_set_new(j, "host_refused", number_json(s->host_refused));
	json_object_set_new(j, "streams", json_integer(s->streams));
	json_object_set_new(j, "stream_lost", number_json(s->stream_lost));
	json_object_set_new(j, "settings", status_settings_json(status));
	json_object_set_new(j, "users", status_users_json(status));
	return j;
}

static int status_read(struct status *s, struct host *host)
{
	int err = host_get_status(host, &s->s);

	if (!err)
		err = host_get_settings(host, s->values);
	if (!err)
		err = host_list_users(host, &s->users, &s->n_users);
	if (!err)
		err = host_list_sessions(host, &(struct host_filter){ 0 }, &s->sessions,
					 &s->n_sessions);
	return err;
}

static int status_run(struct status *s)
{
	struct host *host;
	int status = host_open(&host, false), err;

	if (status)
		return status;
	err = status_read(s, host);
	host_close(host);
	if (err)
		return host_exit(err);
	if (s->json.wanted)
		json_options_print(stdout, &s->json, status_json(s));
	else
		status_print(stdout, s);
	return 0;
}

int cmd_status(int argc, char **argv)
{
	struct status s = { 0 };
	int status = status_parse(argc, argv, &s);

	if (status < 0)
		status = status_run(&s);
	free(s.users);
	free(s.sessions);
	return status;
}
