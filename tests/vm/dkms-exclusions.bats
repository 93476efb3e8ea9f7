#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# DKMS leaves out a kernel that lacks what the module needs, and goes on with the next
# module; it builds for a kernel whose number no test knows. The kernels are made up from
# the headers of the default kernel.
# shellcheck disable=SC2154,SC2164 # dkms.bash sets the variables; bats stops at errors
load dkms

setup() {
	for_kernel "$default_kernel"
}

setup_file() {
	local other
	setup
	other=$tmp/src/other-1
	with_source 6.9.{1,2}-fake
	mkdir "$other"
	echo 'obj-m := other.o' >"$other/Makefile"
	echo '#include <linux/module.h>
MODULE_LICENSE("GPL");' >"$other/other.c"
	# shellcheck disable=SC2016
	echo 'PACKAGE_NAME=other PACKAGE_VERSION=1 AUTOINSTALL=yes
BUILT_MODULE_NAME[0]=other DEST_MODULE_LOCATION[0]=/updates
MAKE[0]="make -C $kernel_source_dir M=$dkms_tree/other/1/build modules"' >"$other/dkms.conf"
	run_dkms add "$module"
	run_dkms add other/1
}

# Makes headers from $kdir, with OPTION left out of their .config, and with LINE added.
config() { # OPTION [LINE]
	rm -rf "$tmp/headers"
	cp -rs "$kdir" "$tmp/headers"
	rm "$tmp/headers/.config"
	{ grep -v "^$1=" "$kdir/.config"; echo "${2-}"; } >"$tmp/headers/.config"
}

left_out() { # OPTION
	config "$1"
	run dkms build "${trees[@]}" "$module" -k 6.9.1-fake --kernelsourcedir "$tmp/headers"
	echo "$output"
	[[ $output == *BUILD_EXCLUSIVE* ]]
}

@test "PREEMPT_RT: dkms says that it leaves the module out" {
	config CONFIG_PREEMPT_RT CONFIG_PREEMPT_RT=y
	run dkms autoinstall "${trees[@]}" -k 6.9.1-fake --kernelsourcedir "$tmp/headers" --no-depmod
	echo "$output"
	grep -q 'bricktrace.* BUILD_EXCLUSIVE' <<<"$output"
}

@test "PREEMPT_RT: not built" {
	not status_is 6.9.1-fake built
}

@test "PREEMPT_RT: not installed" {
	not status_is 6.9.1-fake installed
}

@test "without CONFIG_TRACEPOINTS: dkms says that it leaves the module out" {
	left_out CONFIG_TRACEPOINTS
}

@test "without CONFIG_HAVE_SYSCALL_TRACEPOINTS: dkms says that it leaves the module out" {
	left_out CONFIG_HAVE_SYSCALL_TRACEPOINTS
}

@test "without CONFIG_NET: dkms says that it leaves the module out" {
	left_out CONFIG_NET
}

@test "a kernel whose number no test knows: built" {
	run_dkms build "$module" -k 6.9.2-fake --kernelsourcedir "$kdir"
}

@test "PREEMPT_RT: the next module is installed" {
	module=other/1
	status_is 6.9.1-fake installed
}
