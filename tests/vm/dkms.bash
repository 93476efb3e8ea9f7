# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034,SC2154
# Functions and variables that the tests of DKMS share.
# shellcheck source=tests/vm/kernels
vm=$BATS_TEST_DIRNAME && . "$vm/kernels"
version=$(sed -n 's/^.define BT_VERSION *"\(.*\)"/\1/p' "$vm/../../include/bricktrace.h")
module=bricktrace/$version
# Options for DKMS; without them it uses the directories of the system.
trees=()
environment=()

# Makes the functions below work for KERNEL, with directories for DKMS in bats's own one.
for_kernel() { # KERNEL
	local flags # bats has a variable of that name
	cd "$vm/../.." || return
	kernel "$1"
	tmp=$BATS_FILE_TMPDIR modules=$BATS_FILE_TMPDIR/modules/$release
	trees=(--sourcetree "$tmp/src" --dkmstree "$tmp/tree" --installtree "$tmp/modules")
	environment=("PATH=$tmp/bin:$PATH")
}

# Makes the directories for DKMS, with RELEASE... as installed kernels, and copies the source.
with_source() { # RELEASE...
	(cd "$tmp" && mkdir -p bin tree "${@/#/modules/}")
	dist/dkms copy "$tmp/src/bricktrace-$version"
}

run_dkms() { # COMMAND ARGUMENT...
	# shellcheck disable=SC2086
	$enter env "${environment[@]}" dkms "$1" "${trees[@]}" "${@:2}" ||
		{ status=$?; cat "$tmp"/tree/bricktrace/*/build/make.log; return $status; }
}

status_is() { # KERNEL WORDS
	[[ $(dkms status "${trees[@]}" "$module" -k "$1" | tee /dev/stderr) == *": $2"* ]]
}

not() {
	! "$@"
}
