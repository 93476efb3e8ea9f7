#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: debug
# The KUnit tests, case by case: KTAP's subtests as TAP.
set -u
build=${BRICKTRACE_KO%/kmod-*} kernel=${BRICKTRACE_KO%/*}
insmod "$build/kunit-${kernel##*/kmod-}/bricktrace_kunit.ko" || exit 1
cat /sys/kernel/debug/kunit/bricktrace_*/results | awk '
	/^ *# Subtest: / { suite = $NF; sub(/^bricktrace_/, "", suite) }
	/^    1\.\./ { planned += substr($1, 4) }
	/^    (not )?ok / {
		sub(/^ */, "")
		n++
		sub(/ok [0-9]+ -? ?/, "ok " n " - " suite ": ")
		print
		next
	}
	{ print "#", $0 }
	END { print "1.." planned }'
rmmod bricktrace_kunit
