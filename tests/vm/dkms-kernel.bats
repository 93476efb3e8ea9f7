#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# DKMS adds, builds, installs and removes the module for the kernel $K.
# shellcheck disable=SC2154,SC2164 # dkms.bash sets the variables; bats stops at errors
load dkms

setup() {
	for_kernel "$K"
	options=(-k "$release" --kernelsourcedir "$kdir")
	if [[ $arch == arm64 ]]; then
		environment+=(ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-)
		options+=(-a aarch64)
	fi
}

setup_file() {
	setup
	with_source "$release"
	[[ ! $named_cc ]] || ln -s "$(command -v gcc)" "$tmp/bin/$named_cc"
	# DKMS calls a program named strip, which must be one for arm64.
	[[ $arch != arm64 ]] || ln -s "$(command -v aarch64-linux-gnu-strip)" "$tmp/bin/strip"
}

@test "$K: added" {
	run_dkms add "$module"
}

@test "$K: built" {
	run_dkms build "$module" "${options[@]}"
}

# bats test_tags=tarball
@test "$K: packed" {
	run_dkms mktarball "$module" -k "$release" --archive "$TARBALL"
}

@test "$K: installed" {
	run_dkms install "$module" "${options[@]}" --no-depmod
}

@test "$K: dkms says that it is installed" {
	status_is "$release" installed
}

@test "$K: the module is for this kernel" {
	[[ $(modinfo -F vermagic "$(find "$modules" -name 'bricktrace.ko*')") == "$release "* ]]
}

@test "$K: removed" {
	run_dkms remove "$module" --all
}

@test "$K: nothing is left" {
	[[ ! $(find "$modules" -name 'bricktrace.ko*') ]]
}
