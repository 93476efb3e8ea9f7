// SPDX-License-Identifier: MIT
/* Tests of status, set, detach and reset over a host that this file imitates. */
#include "commands.h"

#include "age.h"
#include "colour.h"
#include "save.h"
#include "settings.h"

/* The host, as each command finds it; what commands do is in the file "calls". */
static struct host_status status;
static uint64_t values[HOST_SETTINGS];
static struct host_session sessions[4];
static size_t n_sessions;
static struct host_user users[2];
static size_t n_users;
static int open_status, refusal, find_error;

static void called(const char *format, ...)
{
	FILE *file = fopen("calls", "a");
	va_list ap;

	va_start(ap, format);
	vfprintf(file, format, ap);
	va_end(ap);
	fputc('\n', file);
	fclose(file);
}

int __wrap_host_open(struct host **host, bool device);
int __wrap_host_open(struct host **host, bool device)
{
	assert_false(device);
	*host = NULL;
	return open_status;
}

void __wrap_host_close(struct host *host);
void __wrap_host_close(struct host *host)
{
	(void)host;
}

int __wrap_host_get_status(struct host *host, struct host_status *to);
int __wrap_host_get_status(struct host *host, struct host_status *to)
{
	(void)host;
	*to = status;
	return 0;
}

int __wrap_host_get_settings(struct host *host, uint64_t *to);
int __wrap_host_get_settings(struct host *host, uint64_t *to)
{
	(void)host;
	memcpy(to, values, sizeof(values));
	return 0;
}

int __wrap_host_set(struct host *host, const struct host_setting *setting, uint64_t value);
int __wrap_host_set(struct host *host, const struct host_setting *setting, uint64_t value)
{
	(void)host;
	called("set %s %llu", setting->name, (unsigned long long)value);
	if (!refusal)
		values[setting - host_settings] = value;
	return refusal;
}

int __wrap_host_list_users(struct host *host, struct host_user **list, size_t *n);
int __wrap_host_list_users(struct host *host, struct host_user **list, size_t *n)
{
	(void)host;
	*n = n_users;
	*list = malloc(sizeof(users));
	memcpy(*list, users, sizeof(users));
	return 0;
}

int __wrap_host_list_sessions(struct host *host, const struct host_filter *filter,
			      struct host_session **list, size_t *n);
int __wrap_host_list_sessions(struct host *host, const struct host_filter *filter,
			      struct host_session **list, size_t *n)
{
	size_t i;

	(void)host;
	*n = 0;
	*list = malloc(sizeof(sessions));
	for (i = 0; i < n_sessions; i++)
		if ((!filter->session || filter->session == sessions[i].s.id) &&
		    (!filter->pid || filter->pid == sessions[i].pid))
			(*list)[(*n)++] = sessions[i];
	return 0;
}

int __wrap_host_detach(struct host *host, uint64_t session);
int __wrap_host_detach(struct host *host, uint64_t session)
{
	(void)host;
	called("detach %llu", (unsigned long long)session);
	return refusal;
}

int __wrap_host_reset(struct host *host, uint64_t session, uint32_t brick);
int __wrap_host_reset(struct host *host, uint64_t session, uint32_t brick)
{
	(void)host;
	called("reset %llu %u", (unsigned long long)session, brick);
	return refusal;
}

int __wrap_host_find_brick(struct host *host, const char *text, bool books,
			   struct host_brick **brick);
int __wrap_host_find_brick(struct host *host, const char *text, bool books,
			   struct host_brick **brick)
{
	(void)host;
	assert_false(books);
	*brick = NULL;
	if (find_error)
		return find_error;
	*brick = calloc(1, sizeof(**brick));
	(*brick)->session = 3;
	(*brick)->get.brick = strlen(text);
	strcpy((*brick)->get.name, text);
	return 0;
}

static int reset(void **state)
{
	(void)state;
	status = (struct host_status){
		.version = "1.2.3",
		.tested = 1,
		.clock = BRICKTRACE_CLOCK_TSC,
		.hooks = BRICKTRACE_HOOKS_QUIET,
		.since_ns = 12300 * MS,
		.loaded_ns = 7200000 * MS,
		.armed_ns = 72000 * MS,
		.arms = 5,
		.sessions = 3,
		.threads = 4,
		.runs = 5,
		.memory = 3 << 19,
		.threads_lost = 0,
		.host_granted = 15,
		.host_refused = 2,
		.streams = 1,
		.stream_lost = 7,
	};
	memset(values, 0, sizeof(values));
	values[0] = values[1] = 1;
	values[2] = 1000;
	values[4] = 12500;
	values[7] = 1000000;
	values[8] = 64;
	values[11] = 128;
	values[12] = UINT32_MAX;
	memset(sessions, 0, sizeof(sessions));
	sessions[0] = (struct host_session){ .s.id = 3,
					     .pid = 4711,
					     .uid = 0,
					     .holds = 2,
					     .holds_ns = 90000 * MS,
					     .comm = "py\x1b[m" };
	sessions[1] = (struct host_session){ .s.id = 4, .pid = 4711, .comm = "idle" };
	sessions[2] = (struct host_session){
		.s.id = 5, .uid = 4000000000, .holds = 1, .comm = "far"
	};
	n_sessions = 3;
	users[0] = (struct host_user){ 0, 2, 3, 4, 1 << 20 };
	users[1] = (struct host_user){ 4000000000, 1, 1, 1, 1 << 19 };
	n_users = 2;
	open_status = refusal = find_error = 0;
	return system("rm -rf calls conf*");
}

#define COMMAND(name, ...) command(cmd_##name, ARGUMENTS(#name, ##__VA_ARGS__))

static void assert_called(const char *text)
{
	char calls[4096];

	read_file("calls", calls, sizeof(calls));
	assert_string_equal(calls, text);
}

static void the_status_is_shown(void **state)
{
	(void)state;
	assert_int_equal(COMMAND(status), 0);
	assert_string_equal(
		output,
		"module:    1.2.3, loaded for 2.0 h, clock tsc\n"
		"hooks:     quiet for 12.3 s: only calls of followed threads take longer\n"
		"armed:     1.000 % of the time since the module was loaded, 5 times\n"
		"held by:   py\\x1b[m[4711] of user root, session 3: 2 holds, for 1.5 min\n"
		"           far[-] of user 4000000000, session 5: 1 holds, for 0.0 s\n"
		"in use:    3 sessions, 4 threads, 5 open runs, 1.5 MiB of kernel memory\n"
		"granted:   15 runs to host-wide readers, 2 refused\n"
		"lost:      0 threads; 7 runs by the 1 host-wide streams\n"
		"\n"
		"user               sessions    threads       runs       memory\n"
		"root                      2          3          4      1.0 MiB\n"
		"4000000000                1          1          1      0.5 MiB\n"
		"limit of each            64          0          0      128 MiB\n");
	assert_string_equal(errors, "");
}

static void the_state_of_the_hooks_has_a_reason(void **state)
{
	(void)state;
	status.hooks = BRICKTRACE_HOOKS_OFF;
	status.tested = 0;
	values[0] = 0;
	n_sessions = 0;
	assert_int_equal(COMMAND(status), 0);
	assert_says("hooks:     off for 12.3 s: nobody pays for them\n");
	assert_says(
		"tracing is switched off on this host; root can switch it on: bricktrace set enabled on\n");
	assert_says("its tests do not run on kernels like this one\n");
	assert_null(strstr(output, "held by"));
	status.hooks = BRICKTRACE_HOOKS_LOUD;
	status.loud = BRICKTRACE_LOUD_TRACER;
	assert_int_equal(COMMAND(status), 0);
	assert_says(
		"hooks:     loud for 12.3 s: every call of the host takes longer, because of another tracer, which traces system calls, too\n");
	assert_says("held by:   nobody");
	assert_says("; without a holder they go after 1000 ms\n");
	status.cause_pid = 12;
	strcpy(status.cause_comm, "per\x1b");
	status.loud = BRICKTRACE_LOUD_BEFORE;
	assert_int_equal(COMMAND(status), 0);
	assert_says("because of per\\x1b[12], which traced system calls already\n");
	status.loud = BRICKTRACE_LOUD_BLIND;
	assert_int_equal(COMMAND(status), 0);
	assert_says("because other tracers would not be noticed: the kernel has no kprobes");
}

#define MEMBER(name) json_object_get(json, name)

static void the_status_is_json(void **state)
{
	json_t *json, *part;

	(void)state;
	status.hooks = BRICKTRACE_HOOKS_LOUD;
	status.loud = BRICKTRACE_LOUD_TRACER;
	strcpy(status.cause_comm, "perf\xff");
	assert_int_equal(COMMAND(status, "-j"), 0);
	assert_int_equal(strchr(output, '\n') - output + 1, strlen(output));
	json = json_loads(output, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(MEMBER("version")), "1.2.3");
	assert_int_equal(json_integer_value(MEMBER("stream_lost")), 7);
	part = MEMBER("hooks");
	assert_string_equal(json_string_value(json_object_get(part, "state")), "loud");
	assert_string_equal(json_string_value(json_object_get(part, "loud")), "tracer");
	assert_double(json_real_value(json_object_get(part, "armed_percent")), 1.0);
	part = json_object_get(part, "cause");
	assert_string_equal(json_string_value(json_object_get(part, "comm")),
			    "perf\xef\xbf\xbd");
	assert_true(json_is_null(json_object_get(part, "pid")));
	assert_int_equal(json_array_size(MEMBER("holders")), 2);
	part = json_array_get(MEMBER("holders"), 1);
	assert_int_equal(json_integer_value(json_object_get(part, "session")), 5);
	assert_true(json_is_null(json_object_get(part, "pid")));
	part = MEMBER("settings");
	assert_int_equal(json_integer_value(json_object_get(part, "slow_ns")), 1000000);
	assert_true(json_is_null(json_object_get(part, "netlink_group")));
	part = json_array_get(MEMBER("users"), 0);
	assert_string_equal(json_string_value(json_object_get(part, "user")), "root");
	json_decref(json);
	status.loud = BRICKTRACE_LOUD_NO;
	*status.cause_comm = 0;
	assert_int_equal(COMMAND(status, "--pretty"), 0);
	assert_says("\n  \"version\":\"1.2.3\",");
	json = json_loads(output, 0, NULL);
	assert_true(json_is_null(json_object_get(MEMBER("hooks"), "loud")));
	assert_true(json_is_null(json_object_get(MEMBER("hooks"), "cause")));
	json_decref(json);
}

static void settings_are_shown(void **state)
{
	json_t *json, *part;

	(void)state;
	assert_int_equal(COMMAND(set), 0);
	assert_says("enabled                          on  whether programs may trace");
	assert_says("linger_ms                    1000ms  how long the hooks stay");
	assert_says("cv_threshold                  12.5%  a greater coefficient");
	assert_says("slow_ns                   1000000ns  the least time");
	assert_says("max_user_memory             128 MiB  limit");
	assert_says("netlink_group                  none  the group");
	assert_int_equal(COMMAND(set, "linger-ms"), 0);
	assert_string_equal(
		output,
		"linger_ms                    1000ms  how long the hooks stay after the last traced run\n");
	assert_called("");
	assert_int_equal(COMMAND(set, "-j", "cv_threshold"), 0);
	json = json_loads(output, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_array_size(MEMBER("settings")), 1);
	part = json_array_get(MEMBER("settings"), 0);
	assert_int_equal(json_integer_value(json_object_get(part, "value")), 12500);
	assert_string_equal(json_string_value(json_object_get(part, "unit")), "1/1000 %");
	assert_int_equal(json_integer_value(json_object_get(part, "most")), 1000000);
	json_decref(json);
}

static void a_setting_is_changed(void **state)
{
	(void)state;
	assert_int_equal(COMMAND(set, "linger_ms", "1.5s"), 0);
	assert_called("set linger_ms 1500\n");
	assert_says("linger_ms                    1500ms  ");
	refusal = -EPERM;
	assert_int_equal(COMMAND(set, "enabled", "off", "--save=conf"), 1);
	assert_string_equal(output, "");
	assert_int_equal(access("conf", F_OK), -1);
	refusal = -ENOMEM;
	assert_int_equal(COMMAND(set, "enabled", "off"), 125);
	open_status = 1;
	assert_int_equal(COMMAND(set, "enabled", "off"), 1);
	assert_int_equal(COMMAND(status), 1);
	assert_int_equal(COMMAND(detach, "3"), 1);
	assert_int_equal(COMMAND(reset, "a"), 1);
}

static void assert_value(const char *name, const char *text, uint64_t expected)
{
	const struct host_setting *s = settings_named(name);
	char *printed = NULL;
	uint64_t value, again;
	size_t size;
	FILE *out;

	assert_non_null(s);
	assert_int_equal(settings_parse(s, text, &value), 0);
	assert_true(value == expected);
	/* What is printed means the same. */
	out = open_memstream(&printed, &size);
	settings_print_value(out, s, value);
	fclose(out);
	if (!strchr(printed, ' ')) {
		assert_int_equal(settings_parse(s, printed, &again), 0);
		assert_true(again == value);
	}
	free(printed);
}

static void values_have_units(void **state)
{
	(void)state;
	assert_value("enabled", "on", 1);
	assert_value("enabled", "off", 0);
	assert_value("decode", "0", 0);
	assert_value("decode", "1", 1);
	assert_value("linger-ms", "0", 0);
	assert_value("linger_ms", "3600000", 3600000);
	assert_value("linger_ms", "250ms", 250);
	assert_value("linger_ms", "2000us", 2);
	assert_value("slow_ns", "0", 0);
	assert_value("slow_ns", "100us", 100000);
	assert_value("slow_ns", "10000", 10000);
	assert_value("slow_ns", "1.5s", 1500000000);
	assert_value("cv_threshold", "15%", 15000);
	assert_value("cv_threshold", "12.345%", 12345);
	assert_value("cv_threshold", "0%", 0);
	assert_value("cv_threshold", "1000%", 1000000);
	assert_value("efficiency_threshold", "25000", 25000);
	assert_value("trace-limit", "1000", 1000);
	assert_value("max_user_memory", "4294967295", UINT32_MAX);
	assert_value("netlink_group", "none", UINT32_MAX);
	assert_value("netlink_group", "root", 0);
	assert_value("netlink_group", "4000000000", 4000000000);
}

static void assert_bad(const char *name, const char *text, const char *why)
{
	assert_int_equal(COMMAND(set, (char *)name, (char *)text), 125);
	assert_complains(why);
	assert_called("");
}

static void bad_values_are_refused(void **state)
{
	(void)state;
	assert_bad("enabled", "2", "bad value '2': enabled is on or off");
	assert_bad("enabled", "ON", "enabled is on or off");
	assert_bad("linger_ms", "100us", "linger_ms is from 0 to 3600000 ms");
	assert_bad("linger_ms", "2h", "or a time with a unit (ns, us, ms or s)");
	assert_bad("linger_ms", "3601s", "linger_ms is from 0 to 3600000 ms");
	assert_bad("linger_ms", "+1", "linger_ms is from 0");
	assert_bad("linger_ms", "", "linger_ms is from 0");
	assert_bad("slow_ns", "9999ns", "slow_ns is 0 or from 10000 to");
	assert_bad("cv_threshold", "12.5555%", "cv_threshold is from 0% to 1000%");
	assert_bad("cv_threshold", "15us%", "cv_threshold is from 0% to 1000%");
	assert_bad("cv_threshold", "1001%", "cv_threshold is from 0% to 1000%");
	assert_bad("efficiency-threshold", "101%",
		   "efficiency_threshold is from 0% to 100%");
	assert_bad("trace_limit", "1001", "trace_limit is a whole number from 0 to 1000");
	assert_bad("max_user_memory", "4294967296", "from 0 to 4294967295 MiB");
	assert_bad("netlink_group", "no such group", "there is no group of this name");
	assert_bad("netlink_group", "99999999999999999999", "netlink_group is");
}

static void wrong_usage_is_refused(void **state)
{
	(void)state;
	assert_int_equal(COMMAND(set, "lingers"), 125);
	assert_complains("unknown setting 'lingers'; bricktrace set shows them\n");
	assert_int_equal(COMMAND(set, "linger_ms", "1", "2"), 125);
	assert_complains("unexpected argument '2'");
	assert_int_equal(COMMAND(set, "--save"), 125);
	assert_complains("--save needs the name of the setting to keep");
	assert_int_equal(COMMAND(status, "x"), 125);
	assert_complains("unexpected argument 'x': status takes none\n");
	assert_int_equal(COMMAND(status, "-q"), 125);
	assert_complains("unknown option '-q'\n");
	assert_int_equal(COMMAND(detach), 125);
	assert_complains("no session to detach; see bricktrace detach --help\n");
	assert_int_equal(COMMAND(detach, "3", "x"), 125);
	assert_complains("bad session 'x': ");
	assert_int_equal(COMMAND(detach, "--pid", "x"), 125);
	assert_complains("bad list of processes 'x': ");
	assert_int_equal(COMMAND(reset), 125);
	assert_complains("no brick to reset; see bricktrace reset --help\n");
	assert_int_equal(COMMAND(reset, "a", "--session=3"), 125);
	assert_complains("unexpected argument 'a': --session resets all");
	assert_int_equal(COMMAND(reset, "--session=x"), 125);
	assert_complains("bad session 'x': ");
	assert_called("");
}

static void each_command_has_help(void **state)
{
	(void)state;
	assert_int_equal(COMMAND(status, "--help"), 0);
	assert_says("Usage: bricktrace status ");
	assert_int_equal(COMMAND(set, "-h"), 0);
	assert_says("Usage: bricktrace set ");
	assert_int_equal(COMMAND(detach, "-h"), 0);
	assert_says("Usage: bricktrace detach ");
	assert_int_equal(COMMAND(reset, "-h"), 0);
	assert_says("Usage: bricktrace reset ");
}

static void assert_file(const char *name, const char *text)
{
	char content[4096];

	read_file(name, content, sizeof(content));
	assert_string_equal(content, text);
}

static void a_value_is_kept(void **state)
{
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(COMMAND(set, "linger_ms", "5ms", "--save=conf"), 0);
	assert_says("\noptions bricktrace linger_ms=5\n");
	assert_file("conf", "options bricktrace linger_ms=5\n");
	stat("conf", &st);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* The value that holds is kept, too. */
	assert_int_equal(COMMAND(set, "netlink_group", "--save=conf"), 0);
	assert_file("conf", "options bricktrace linger_ms=5\n"
			    "options bricktrace netlink_group=4294967295\n");
	assert_int_equal(COMMAND(set, "slow_ns", "0", "--save=-"), 0);
	assert_says("\noptions bricktrace slow_ns=0\n");
	assert_int_equal(access("-", F_OK), -1);
	/* JSON stays JSON. */
	assert_int_equal(COMMAND(set, "-j", "enabled", "off", "--save=-"), 0);
	assert_complains("options bricktrace enabled=0\n");
	assert_int_equal(COMMAND(set, "enabled", "off", "--save=no/dir/conf"), 125);
	assert_complains(
		"bricktrace: cannot write 'no/dir/conf': No such file or directory; the setting holds until the module is unloaded\n");
}

static void other_lines_are_kept(void **state)
{
	struct stat st;

	(void)state;
	write_file("conf",
		   "# options bricktrace linger_ms=1\n"
		   "options\tbricktrace  decode=0 linger-ms=1  linger_msx=2 # end\n"
		   "options bricktracer linger_ms=1\n"
		   "options bricktrace\n"
		   "\n"
		   "options other linger_ms=1",
		   0640);
	assert_int_equal(symlink("conf", "conf-link"), 0);
	assert_int_equal(save_parameter("conf-link", "linger_ms", 7), 0);
	assert_file("conf", "# options bricktrace linger_ms=1\n"
			    "options\tbricktrace  decode=0 linger_ms=7  linger_msx=2 # end\n"
			    "options bricktracer linger_ms=1\n"
			    "options bricktrace\n"
			    "\n"
			    "options other linger_ms=1");
	assert_int_equal(save_parameter("conf", "slow_ns", 8), 0);
	read_file("conf", output, sizeof(output));
	assert_says("options other linger_ms=1\noptions bricktrace slow_ns=8\n");
	assert_int_equal(lstat("conf-link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	stat("conf", &st);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* Nothing else is left in the directory. */
	assert_int_equal(system("test \"$(echo conf*)\" = 'conf conf-link'"), 0);
}

static void sessions_are_detached(void **state)
{
	json_t *json, *part;

	(void)state;
	assert_int_equal(COMMAND(detach, "session#3", "5"), 0);
	assert_string_equal(output, "session 3 of py\\x1b[m[4711] is detached\n"
				    "session 5 of far[-] is detached\n");
	assert_called("detach 3\ndetach 5\n");
	unlink("calls");
	assert_int_equal(COMMAND(detach, "--pid", "4711", "-j"), 0);
	assert_called("detach 3\ndetach 4\n");
	json = json_loads(output, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_array_size(MEMBER("detached")), 2);
	part = json_array_get(MEMBER("detached"), 1);
	assert_int_equal(json_integer_value(json_object_get(part, "session")), 4);
	assert_int_equal(json_integer_value(json_object_get(part, "pid")), 4711);
	json_decref(json);
}

static void what_cannot_be_detached_is_told(void **state)
{
	(void)state;
	assert_int_equal(COMMAND(detach, "9", "3", "--pid=12"), 1);
	assert_complains("there is no session 9; bricktrace list shows");
	assert_complains("process 12 has opened no session; bricktrace list shows");
	assert_called("detach 3\n");
	refusal = -EPERM;
	assert_int_equal(COMMAND(detach, "3", "-j"), 1);
	assert_string_equal(output, "{\"schema\":1,\"detached\":[]}\n");
}

static void bricks_are_reset(void **state)
{
	(void)state;
	assert_int_equal(COMMAND(reset, "ab", "c\x1b"), 0);
	assert_string_equal(output, "brick ab of session 3 is reset\n"
				    "brick c\\x1b of session 3 is reset\n");
	assert_called("reset 3 2\nreset 3 2\n");
	unlink("calls");
	assert_int_equal(COMMAND(reset, "--session", "7", "-j"), 0);
	assert_string_equal(
		output,
		"{\"schema\":1,\"reset\":[{\"session\":7,\"brick\":null,\"name\":null}]}\n");
	assert_called("reset 7 0\n");
	assert_int_equal(COMMAND(reset, "--session", "7"), 0);
	assert_string_equal(output, "all bricks of session 7 are reset\n");
	find_error = -EEXIST;
	assert_int_equal(COMMAND(reset, "ab"), 1);
	find_error = -ENOMEM;
	assert_int_equal(COMMAND(reset, "ab"), 125);
	find_error = 0;
	refusal = -EPERM;
	assert_int_equal(COMMAND(reset, "ab"), 1);
	assert_string_equal(output, "");
}

static void ages_are_short(void **state)
{
	char text[AGE_LEN];

	(void)state;
	assert_string_equal(age_text(0, text), "0.0 s");
	assert_string_equal(age_text(59900 * MS, text), "59.9 s");
	assert_string_equal(age_text(90000 * MS, text), "1.5 min");
	assert_string_equal(age_text(5400000 * MS, text), "1.5 h");
	assert_string_equal(age_text(3 * 86400000 * MS, text), "3.0 d");
	age_text(UINT64_MAX, text);
}

static void colours_are_for_terminals(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	FILE *terminal, *file = fopen("stdout", "w");

	(void)state;
	assert_int_equal(grantpt(master) | unlockpt(master), 0);
	terminal = fdopen(open(ptsname(master), O_RDWR | O_NOCTTY), "w");
	assert_non_null(terminal);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_string_equal(colour_on(terminal, COLOUR_RED), "\x1b[31m");
	assert_string_equal(colour_on(terminal, COLOUR_NONE), "");
	assert_string_equal(colour_off(terminal), "\x1b[0m");
	assert_string_equal(colour_on(file, COLOUR_RED), "");
	assert_string_equal(colour_off(file), "");
	setenv("NO_COLOR", "1", 1);
	assert_string_equal(colour_on(terminal, COLOUR_RED), "");
	setenv("NO_COLOR", "", 1);
	assert_string_equal(colour_on(terminal, COLOUR_RED), "\x1b[31m");
	setenv("TERM", "dumb", 1);
	assert_string_equal(colour_on(terminal, COLOUR_RED), "");
	unsetenv("TERM");
	assert_string_equal(colour_on(terminal, COLOUR_RED), "");
	fclose(terminal);
	fclose(file);
	close(master);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(the_status_is_shown),
		TEST(the_state_of_the_hooks_has_a_reason),
		TEST(the_status_is_json),
		TEST(settings_are_shown),
		TEST(a_setting_is_changed),
		TEST(values_have_units),
		TEST(bad_values_are_refused),
		TEST(wrong_usage_is_refused),
		TEST(each_command_has_help),
		TEST(a_value_is_kept),
		TEST(other_lines_are_kept),
		TEST(sessions_are_detached),
		TEST(what_cannot_be_detached_is_told),
		TEST(bricks_are_reset),
		TEST(ages_are_short),
		TEST(colours_are_for_terminals),
	};

	return cmocka_run_group_tests_name("operator", tests, enter, leave);
}
