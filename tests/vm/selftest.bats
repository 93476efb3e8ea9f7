#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The promises of tests/vm/run and of tests/vm/complaints.
bats_require_minimum_version 1.8.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	# The first use on a machine fetches an image and says so on standard error.
	(vm=tests/vm && . tests/vm/kernels && tests/vm/kernel-image "$default_kernel") >/dev/null
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	d=$BATS_FILE_TMPDIR
}

# Runs the command unless an earlier test has done so under that NAME, since several tests
# look at one guest. Sets status, output and errors. No process may inherit the descriptor
# 3, because bats waits until it is closed.
once() { # NAME COMMAND...
	if [[ ! -e $d/$1.status ]]; then
		status=0
		"${@:2}" >"$d/$1.out" 2>"$d/$1.err" 3>&- || status=$?
		echo $status >"$d/$1.status"
	fi
	status=$(<"$d/$1.status") output=$(<"$d/$1.out") errors=$(<"$d/$1.err")
	# bats shows this if the test fails.
	echo "status $status; output: $output; errors: $errors"
}

vm() {
	tests/vm/run --no-module --timeout 120 "$@"
}

# Prints how many reports of a data race are left if one side has these frames: 0 or 1.
race() { # FRAME...
	printf '[ 1.0] %s\r\n' 'BUG: KCSAN: data-race in a / b' '' \
		'read to 0x1 of 8 bytes by task 1 on cpu 0:' "${@/#/ }" '' \
		'write to 0x1 of 8 bytes by task 2 on cpu 1:' ' b+0x1/0x2' '' \
		'==================================================================' 'Done.' |
		tests/vm/complaints | grep -c KCSAN
}
ioctl='chardev_ioctl+0x1/0x2 [bricktrace]' probe='bkt_task_in+0x1/0x2 [bricktrace]'

@test "a race under an ioctl of ours is ours" {
	[[ $(race 'get_task_cred+0x1/0x2' "$ioctl") == 1 ]]
}

@test "a race in a probe that the scheduler calls is ours" {
	[[ $(race "$probe" '__schedule+0x1/0x2') == 1 ]]
}

@test "a race in the scheduler under the ioctl is not ours" {
	[[ $(race 'hrtimer_active+0x1/0x2' '__schedule+0x1/0x2' "$ioctl") == 0 ]]
}

@test "a race in an interrupt during the ioctl is not ours" {
	[[ $(race 'c+0x1/0x2' 'asm_sysvec_apic_timer_interrupt+0x1/0x2' "$ioctl") == 0 ]]
}

passed() {
	# shellcheck disable=SC2016
	once passed vm -- bash -c 'printf "%s|" "$@" "$PWD"; echo e >&2; echo file >/out/selftest; exit 7' \
		x 'a  b' "it's" '"$HOME"' '' $'new\nline'
}

@test "exit status is passed through" {
	passed
	[[ $status == 7 ]]
}

@test "arguments and directory survive" {
	passed
	# shellcheck disable=SC2016
	[[ $output == 'a  b|it'\''s|"$HOME"||'$'new\nline'"|$PWD|" ]]
}

@test "standard error is separate" {
	passed
	[[ $errors == e ]]
}

@test "/out is build/vm-out" {
	passed
	[[ $(<build/vm-out/selftest) == file ]]
	rm build/vm-out/selftest
}

two_guests() {
	vm --timeout 60 -- sleep 0.2 &
	vm --no-tsc -- cat /sys/devices/system/clocksource/clocksource0/current_clocksource
	wait $!
}

@test "--no-tsc has another clock" {
	once two two_guests
	[[ $output == hpet ]]
}

@test "a second guest beside it is undisturbed" {
	once two two_guests
	[[ $status == 0 ]]
}

@test "--icount has one CPU and the TSC" {
	once icount vm --icount -- \
		bash -c 'nproc; cat /sys/devices/system/clocksource/clocksource0/current_clocksource'
	[[ $output == $'1\ntsc' ]]
}

@test "the status is 124 when the time is up" {
	once time vm --timeout 15 -- sleep 1000
	[[ $status == 124 ]]
}

@test "the status is 125 when the guest crashes" {
	once crash vm -- bash -c 'echo c >/proc/sysrq-trigger'
	[[ $status == 125 ]]
}

@test "the end of the console is shown when the guest crashes" {
	once crash vm -- bash -c 'echo c >/proc/sysrq-trigger'
	[[ $errors == *'sysrq triggered crash'* ]]
}

@test "the status is 125 when the kernel warns" {
	make -s warn
	once warn vm -- insmod build/warn-*/warn.ko
	[[ $status == 125 && $errors == *'warned on purpose'* ]]
}

# Waits for the first line of output, sends SIGTERM and prints which processes are left.
interrupted() {
	local i run children c
	# With vm, $! would be a shell that runs tests/vm/run.
	tests/vm/run --no-module --timeout 120 -- bash -c 'echo early; sleep 1000' >"$d/early" &
	run=$!
	for ((i = 0; i < 600; i++)); do
		[[ ! -s $d/early ]] || break
		sleep 0.1
	done
	cat "$d/early"
	children=$(pgrep -P $run)
	kill -TERM $run
	wait $run || status=$?
	for c in $children; do
		[[ ! -e /proc/$c ]] || echo "$c is left"
	done
	return "$status"
}

@test "output is streamed" {
	once interrupted interrupted
	[[ ${output%%$'\n'*} == early ]]
}

@test "SIGTERM ends it" {
	once interrupted interrupted
	[[ $status == 143 ]]
}

@test "SIGTERM leaves nothing running" {
	once interrupted interrupted
	[[ $output != *'is left'* ]]
}
