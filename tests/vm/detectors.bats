#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The detectors of the debug kernels notice what they are there for, and tests/vm/run
# notices what they print.
bats_require_minimum_version 1.8.0

# Runs a guest in which a module does the wrong things WHAT.
provoke() { # KERNEL WHAT...
	cd "$BATS_TEST_DIRNAME/../.." || exit
	make -s detect K="$1"
	# shellcheck disable=SC2016
	run tests/vm/run -k "$1" --no-module --timeout 600 -- bash -c '
		ko=$0
		for what; do insmod "$ko" what="$what"; rmmod bricktrace_detect; done
		' "$PWD/build/detect-$1/bricktrace_detect.ko" "${@:2}"
	echo "$output"
}

noticed() { # REGEX
	[[ $status == 125 && $output =~ $1 ]]
}

# One guest for three tests.
three() {
	local d=$BATS_FILE_TMPDIR
	if [[ ! -e $d/status ]]; then
		provoke debug atomic-sleep leak lock-inversion
		echo "$output" >"$d/output"
		echo "$status" >"$d/status"
	fi
	status=$(<"$d/status") output=$(<"$d/output")
}

@test "a use after free" {
	provoke debug use-after-free
	noticed 'KASAN: slab-use-after-free in use_after_free'
}

@test "a lock inversion" {
	three
	noticed 'possible circular locking dependency'
}

@test "a sleep under a spinlock" {
	three
	noticed 'sleeping function called from invalid context'
}

@test "a leak" {
	three
	noticed 'unreferenced object'
}

@test "nothing, where nothing is wrong" {
	provoke debug
	[[ $status == 0 ]]
}

@test "a data race" {
	provoke kcsan data-race
	noticed 'KCSAN: data-race in racer'
}
