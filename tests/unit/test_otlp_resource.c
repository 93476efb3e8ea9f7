// SPDX-License-Identifier: MIT
/* Tests of resources, for processes of a system that this file makes, and for its own process. */
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <time.h>

#include "cache.h"
#include "opentelemetry/proto/resource/v1/resource.pb-c.h"
#include "program.h"

#define ID     "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define POD    "74c13223-5a00-11e9-b385-42010a80018d"
#define CGROUP "sys/fs/cgroup/kubepods/pod" POD "/" ID

typedef Opentelemetry__Proto__Resource__V1__Resource message;

static struct otlp_config config;
static struct otlp_resources *cache;
static struct utsname system_name;

static int start(void **state)
{
	(void)state;
	config = (struct otlp_config){ 0 };
	cache = otlp_resources_open(&config, ".");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	otlp_resources_free(cache);
	return 0;
}

/* CLOCK_REALTIME when the machine was booted. */
static uint64_t boot_unix_ns(void)
{
	struct timespec now, boot;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (now.tv_sec - boot.tv_sec) * 1000 * MS + now.tv_nsec - boot.tv_nsec;
}

/* Makes the process 7, which was created @ms after the boot. */
static void make_process(const char *comm, const char *command, uint64_t ms)
{
	char stat[512];
	FILE *file;

	snprintf(stat, sizeof(stat),
		 "7 (%s) S 1 7 7 0 -1 4194304 100 0 0 0 3 4 0 0 20 0 1 0 %llu 1000 200 99\n",
		 comm, (unsigned long long)(ms * sysconf(_SC_CLK_TCK) / 1000));
	write_file("proc/7/stat", stat, 0644);
	file = fopen("proc/7/cmdline", "w");
	fwrite(command, 1, strlen(command) + 1, file);
	fputs("--password=secret", file);
	fputc(0, file);
	fclose(file);
}

static int make_system(void **state)
{
	struct stat s;

	if (enter(state) ||
	    system("mkdir -p etc proc/7 proc/sys/kernel/random var/lib/dbus " CGROUP))
		return -1;
	write_file("etc/machine-id", "fdbf79e8af94cb7f9e8df36789187052\n", 0644);
	write_file("proc/sys/kernel/random/boot_id",
		   "627cc493-f310-47de-96bd-71410b7dec09\n", 0644);
	write_file("proc/7/cgroup", "0::/kubepods/pod" POD "/" ID "\n", 0644);
	make_process("worker", "/usr/bin/work", 5000);
	uname(&system_name);
	return stat(CGROUP, &s);
}

static struct otlp_process process(void)
{
	struct stat s;

	stat(CGROUP, &s);
	return (struct otlp_process){
		.session = 12,
		.pid = 7,
		.uid = 0,
		.cgroup = s.st_ino,
		.comm = "worker",
		.label = "",
		.machine = "x86_64",
		.local = true,
		.seen_unix_ns = boot_unix_ns() + 6000 * MS,
	};
}

static message *unpack(const struct otlp_resource *resource)
{
	message *m = opentelemetry__proto__resource__v1__resource__unpack(
		NULL, resource->message.size, resource->message.data);

	assert_non_null(m);
	return m;
}

static const Opentelemetry__Proto__Common__V1__AnyValue *find(const message *m,
							      const char *name)
{
	const Opentelemetry__Proto__Common__V1__AnyValue *found = NULL;
	size_t i;

	for (i = 0; i < m->n_attributes; i++) {
		if (strcmp(m->attributes[i]->key, name) != 0)
			continue;
		/* The names of attributes must be unique. */
		assert_null(found);
		found = m->attributes[i]->value;
	}
	return found;
}

/* Compares the attribute @name of a process; NULL is no attribute. */
static void assert_attribute(const struct otlp_process *p, const char *name,
			     const char *text)
{
	struct otlp_resource *resource = otlp_resource_get(cache, p);
	message *m = unpack(resource);
	const Opentelemetry__Proto__Common__V1__AnyValue *value = find(m, name);

	if (!text != !value || (value && strcmp(value->string_value, text) != 0))
		fail_msg("%s is '%s', not '%s'", name,
			 value ? value->string_value : "(none)", text ?: "(none)");
	opentelemetry__proto__resource__v1__resource__free_unpacked(m, NULL);
	otlp_resource_put(resource);
}

static void a_process_of_the_host_is_described(void **state)
{
	struct otlp_process p = process();
	struct otlp_resource *resource = otlp_resource_get(cache, &p);
	message *m = unpack(resource);
	const Opentelemetry__Proto__Common__V1__AnyValue *pid = find(m, "process.pid");
	const struct passwd *root = getpwuid(0);

	(void)state;
	assert_attribute(&p, "service.name", "unknown_service:worker");
	/* Python's uuid.uuid5(UUID("4d63009a-8d0f-11ee-aad7-4c796ed8e320"), "BOOT/12/7") */
	assert_attribute(&p, "service.instance.id", "b7ac473d-ca67-5ff6-97ad-8b1d91d5799f");
	assert_attribute(&p, "telemetry.sdk.name", "bricktrace");
	assert_attribute(&p, "telemetry.sdk.language", "c");
	assert_attribute(&p, "telemetry.sdk.version", BT_VERSION);
	assert_attribute(&p, "host.name", system_name.nodename);
	assert_attribute(&p, "host.id", "fdbf79e8af94cb7f9e8df36789187052");
	assert_attribute(&p, "host.arch", "amd64");
	assert_attribute(&p, "os.type", "linux");
	assert_attribute(&p, "os.version", system_name.release);
	assert_attribute(&p, "process.executable.name", "worker");
	assert_attribute(&p, "process.command", "/usr/bin/work");
	assert_attribute(&p, "process.owner", root ? root->pw_name : "0");
	assert_attribute(&p, "container.id", ID);
	assert_attribute(&p, "k8s.pod.uid", POD);
	assert_int_equal(pid->value_case,
			 OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE);
	assert_int_equal(pid->int_value, 7);
	assert_int_equal(m->n_attributes, 17);
	opentelemetry__proto__resource__v1__resource__free_unpacked(m, NULL);
	otlp_resource_put(resource);
}

static void the_time_of_creation_is_that_of_the_kernel(void **state)
{
	struct otlp_process p = process();
	struct otlp_resource *resource = otlp_resource_get(cache, &p);
	uint64_t created = boot_unix_ns() + 5000 * MS, got = resource->created_unix_ns;
	time_t seconds = got / 1000 / MS;
	char text[64];
	size_t length;

	(void)state;
	assert_in_range(got, created - 20 * MS, created + 20 * MS);
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));
	snprintf(text + length, sizeof(text) - length, ".%03dZ", (int)(got / MS % 1000));
	assert_attribute(&p, "process.creation.time", text);
	otlp_resource_put(resource);
}

static void services_have_one_of_three_names(void **state)
{
	struct otlp_process p = process();

	(void)state;
	assert_attribute(&p, "service.name", "unknown_service:worker");
	p.label = "shop";
	assert_attribute(&p, "service.name", "shop");
	config.service_name = (char *)"default";
	p.session++;
	assert_attribute(&p, "service.name", "shop");
	p.label = "";
	assert_attribute(&p, "service.name", "default");
	config.service_name = NULL;
	p = (struct otlp_process){ .comm = "", .label = "", .machine = "" };
	assert_attribute(&p, "service.name", "unknown_service");
	assert_attribute(&p, "process.executable.name", NULL);
	assert_attribute(&p, "host.arch", NULL);
}

static void machines_have_names_of_opentelemetry(void **state)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" }, { "armv7l", "arm32" },
		{ "i686", "x86" },     { "ppc64le", "ppc64" }, { "ppc64", "ppc64" },
		{ "ppc", "ppc32" },    { "s390x", "s390x" },   { "riscv64", "riscv64" },
	};
	struct otlp_process p = process();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		p.machine = names[i][0];
		assert_attribute(&p, "host.arch", names[i][1]);
	}
}

/* A recording can be of another machine, whose processes have nothing to do with those here. */
static void processes_of_elsewhere_are_not_looked_up(void **state)
{
	static const char *const unknown[] = {
		"service.instance.id",
		"host.name",
		"host.id",
		"os.type",
		"os.version",
		"process.creation.time",
		"process.command",
		"process.owner",
		"container.id",
		"k8s.pod.uid",
	};
	struct otlp_process p = process();
	struct otlp_resource *resource;
	message *m;
	size_t i;

	(void)state;
	p.local = false;
	p.comm = "other";
	p.machine = "aarch64";
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_attribute(&p, unknown[i], NULL);
	assert_attribute(&p, "service.name", "unknown_service:other");
	assert_attribute(&p, "process.executable.name", "other");
	assert_attribute(&p, "host.arch", "arm64");
	resource = otlp_resource_get(cache, &p);
	m = unpack(resource);
	assert_int_equal(m->n_attributes, 7);
	assert_int_equal(find(m, "process.pid")->int_value, 7);
	assert_int_equal(resource->created_unix_ns, 0);
	opentelemetry__proto__resource__v1__resource__free_unpacked(m, NULL);
	otlp_resource_put(resource);
}

/* The run was before the process that has its number now. */
static void another_process_with_the_number_is_not_the_one(void **state)
{
	struct otlp_process p = process();

	(void)state;
	p.comm = "mine";
	p.seen_unix_ns = boot_unix_ns() + 4000 * MS;
	assert_attribute(&p, "process.executable.name", "mine");
	assert_attribute(&p, "process.creation.time", NULL);
	assert_attribute(&p, "process.command", NULL);
	assert_attribute(&p, "container.id", NULL);
	assert_attribute(&p, "host.id", "fdbf79e8af94cb7f9e8df36789187052");
	/* Without a time, the name decides. */
	p.seen_unix_ns = 0;
	p.session++;
	assert_attribute(&p, "process.command", NULL);
	p.comm = "worker";
	p.session++;
	assert_attribute(&p, "process.command", "/usr/bin/work");
	/* It has ended. */
	p.pid = 8;
	assert_attribute(&p, "process.command", NULL);
	assert_attribute(&p, "process.executable.name", "worker");
}

static void strange_names_are_made_valid(void **state)
{
	struct otlp_process p = process();

	(void)state;
	make_process("a) R 1 (\xff\033", "/x", 5000);
	p.comm = "thread";
	assert_attribute(&p, "process.executable.name", "a) R 1 (\xef\xbf\xbd\033");
	assert_attribute(&p, "service.name", "unknown_service:a) R 1 (\xef\xbf\xbd\033");
	p.local = false;
	p.comm = "\xff\xfe\xed\xa0\x80\xffxyzxyzxyz";
	assert_attribute(
		&p, "process.executable.name",
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		"xyzxyzxyz");
	make_process("worker", "/usr/bin/work", 5000);
}

/* What others write into a file of a process, or the kernel might one day. */
static void strange_files_of_processes_are_endured(void **state)
{
	static const char *const stats[] = {
		"",
		"7",
		"7 (worker",
		"7 worker)",
		")(",
		"7 (worker) S",
		"7 (worker) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"
	};
	struct otlp_process p = process();
	char *id = calloc(1, 1 << 20);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		write_file("proc/7/stat", stats[i], 0644);
		p.session++;
		assert_attribute(&p, "process.creation.time", NULL);
	}
	memset(id, 'a', (1 << 20) - 1);
	write_file("proc/7/cgroup", id, 0644);
	make_process("worker", id, 5000);
	p.session++;
	assert_attribute(&p, "process.command", NULL);
	write_file("proc/7/cgroup", "0::/kubepods/pod" POD "/" ID "\n", 0644);
	/* Some programs say with their name what they do, and with what. */
	make_process("worker", "postgres: alice shop 10.0.0.1 SELECT", 5000);
	p.session++;
	assert_attribute(&p, "process.command", NULL);
	make_process("worker", "/usr/bin/work", 5000);
	free(id);
}

static void assert_host_id(const char *id)
{
	struct otlp_process p = process();

	otlp_resources_free(cache);
	cache = otlp_resources_open(&config, ".");
	assert_attribute(&p, "host.id", id);
}

static void machine_ids_are_checked(void **state)
{
	static const char good[] = "fdbf79e8af94cb7f9e8df36789187052\n";
	static const char *const bad[] = { "",
					   "uninitialized\n",
					   "fdbf79e8\n",
					   "fdbf79e8af94cb7f9e8df367891870520\n",
					   "FDBF79e8af94cb7f9e8df36789187052\n",
					   "fdbf79e8af94cb7f9e8df36789187052 x" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file("etc/machine-id", bad[i], 0644);
		assert_host_id(NULL);
	}
	write_file("var/lib/dbus/machine-id", "00bf79e8af94cb7f9e8df36789187052\n", 0644);
	assert_host_id("00bf79e8af94cb7f9e8df36789187052");
	write_file("etc/machine-id", good, 0644);
	assert_host_id("fdbf79e8af94cb7f9e8df36789187052");
}

static void attributes_replace_nothing_that_is_known(void **state)
{
	static struct otlp_attribute attributes[] = {
		{ (char *)"host.name", (char *)"lie" },
		{ (char *)"host.id", (char *)"lie" },
		{ (char *)"host.arch", (char *)"lie" },
		{ (char *)"os.type", (char *)"lie" },
		{ (char *)"process.pid", (char *)"lie" },
		{ (char *)"process.owner", (char *)"lie" },
		{ (char *)"container.id", (char *)"lie" },
		{ (char *)"k8s.pod.uid", (char *)"lie" },
		{ (char *)"telemetry.sdk.name", (char *)"lie" },
		{ (char *)"deployment.environment.name", (char *)"production" },
		{ (char *)"service.instance.id", (char *)"mine" },
	};
	struct otlp_process p = process();
	size_t i;

	(void)state;
	config.attributes = attributes;
	config.n_attributes = sizeof(attributes) / sizeof(attributes[0]);
	for (i = 0; i < 9; i++) {
		struct otlp_resource *resource = otlp_resource_get(cache, &p);
		message *m = unpack(resource);
		const Opentelemetry__Proto__Common__V1__AnyValue *value =
			find(m, attributes[i].name);

		assert_non_null(value);
		if (strcmp(attributes[i].name, "process.pid") != 0)
			assert_string_not_equal(value->string_value, "lie");
		opentelemetry__proto__resource__v1__resource__free_unpacked(m, NULL);
		otlp_resource_put(resource);
	}
	assert_attribute(&p, "deployment.environment.name", "production");
	assert_attribute(&p, "service.instance.id", "mine");
	/* Where nothing is known, they say what the operator knows. */
	p.local = false;
	assert_attribute(&p, "host.name", "lie");
	assert_attribute(&p, "host.arch", "amd64");
}

static void a_process_has_one_resource(void **state)
{
	struct otlp_process p = process(), q = p;
	struct otlp_resource *first = otlp_resource_get(cache, &p), *again;
	char comm[16];
	int i;

	(void)state;
	/* Its threads have names of their own. */
	for (i = 0; i < 100; i++) {
		snprintf(comm, sizeof(comm), "thread-%d", i % 10);
		q.comm = comm;
		again = otlp_resource_get(cache, &q);
		assert_ptr_equal(first, again);
		otlp_resource_put(again);
	}
	/* Also when it has ended, and also if nobody could look at it. */
	assert_int_equal(rename("proc/7", "proc/gone"), 0);
	q.comm = "one more";
	again = otlp_resource_get(cache, &q);
	assert_ptr_equal(first, again);
	otlp_resource_put(again);
	q.session++;
	assert_attribute(&q, "process.executable.name", "one more");
	q.comm = "another";
	assert_attribute(&q, "process.executable.name", "one more");
	assert_int_equal(rename("proc/gone", "proc/7"), 0);
	otlp_resource_put(first);
}

/* The program that execve() starts has the number and the time of the one before. */
static void another_program_is_another_resource(void **state)
{
	struct otlp_process p = process();
	struct otlp_resource *first = otlp_resource_get(cache, &p), *second;

	(void)state;
	make_process("next", "/usr/bin/next", 5000);
	p.comm = "next";
	assert_attribute(&p, "process.executable.name", "next");
	second = otlp_resource_get(cache, &p);
	assert_ptr_not_equal(first, second);
	assert_int_equal(first->created_unix_ns, second->created_unix_ns);
	otlp_resource_put(first);
	otlp_resource_put(second);
	make_process("worker", "/usr/bin/work", 5000);
}

static void each_part_of_a_process_matters(void **state)
{
	struct otlp_process p = process(), q;
	struct otlp_resource *first = otlp_resource_get(cache, &p), *other;
	int part;

	(void)state;
	for (part = 0; part < 7; part++) {
		q = p;
		q.session += part == 0;
		q.pid += part == 1;
		q.uid += part == 2;
		q.cgroup += part == 3;
		q.label = part == 4 ? "label" : "";
		q.machine = part == 5 ? "aarch64" : p.machine;
		q.local = part != 6;
		other = otlp_resource_get(cache, &q);
		assert_ptr_not_equal(first, other);
		otlp_resource_put(other);
	}
	/* When the run was does not. */
	q = p;
	q.seen_unix_ns++;
	other = otlp_resource_get(cache, &q);
	assert_ptr_equal(first, other);
	otlp_resource_put(other);
	otlp_resource_put(first);
}

static void the_oldest_resources_are_forgotten(void **state)
{
	struct otlp_process p = process();
	struct otlp_resource *first, *again;
	int i;

	(void)state;
	p.local = false;
	first = otlp_resource_get(cache, &p);
	/* It is used again and again, so that others go. */
	for (i = 0; i < 3 * OTLP_RESOURCES; i++) {
		struct otlp_process q = p;

		q.session = 100 + i;
		otlp_resource_put(otlp_resource_get(cache, &q));
		again = otlp_resource_get(cache, &p);
		assert_ptr_equal(again, first);
		otlp_resource_put(again);
	}
	/* Now it goes, and whoever has a reference keeps it. */
	for (i = 0; i < OTLP_RESOURCES; i++) {
		struct otlp_process q = p;

		q.session = 10000 + i;
		otlp_resource_put(otlp_resource_get(cache, &q));
	}
	assert_int_equal(first->references, 1);
	again = otlp_resource_get(cache, &p);
	assert_ptr_not_equal(again, first);
	assert_int_equal(again->message.size, first->message.size);
	otlp_resource_put(again);
	otlp_resource_put(first);
	otlp_resource_put(NULL);
}

/* The true /proc, of this process: its name is not that of this thread. */
static void this_process_is_described(void **state)
{
	struct otlp_resources *own = otlp_resources_new(&config), *fake = cache;
	struct timespec now;
	struct otlp_process p = process();
	struct otlp_resource *resource;
	char comm[16];

	(void)state;
	prctl(PR_GET_NAME, comm);
	clock_gettime(CLOCK_REALTIME, &now);
	p.pid = getpid();
	p.cgroup = 0;
	p.comm = "any";
	p.seen_unix_ns = now.tv_sec * 1000 * MS + now.tv_nsec;
	cache = own;
	assert_attribute(&p, "process.executable.name", comm);
	resource = otlp_resource_get(own, &p);
	assert_in_range(resource->created_unix_ns, p.seen_unix_ns - 120000 * MS,
			p.seen_unix_ns + 10 * MS);
	otlp_resource_put(resource);
	cache = fake;
	otlp_resources_free(own);
	otlp_resources_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_process_of_the_host_is_described),
		TEST(the_time_of_creation_is_that_of_the_kernel),
		TEST(services_have_one_of_three_names),
		TEST(machines_have_names_of_opentelemetry),
		TEST(processes_of_elsewhere_are_not_looked_up),
		TEST(another_process_with_the_number_is_not_the_one),
		TEST(strange_names_are_made_valid),
		TEST(strange_files_of_processes_are_endured),
		TEST(machine_ids_are_checked),
		TEST(attributes_replace_nothing_that_is_known),
		TEST(a_process_has_one_resource),
		TEST(another_program_is_another_resource),
		TEST(each_part_of_a_process_matters),
		TEST(the_oldest_resources_are_forgotten),
		TEST(this_process_is_described),
	};

	return cmocka_run_group_tests(tests, make_system, leave);
}
