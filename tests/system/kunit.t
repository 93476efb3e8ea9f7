#!/bin/bash
# SPDX-License-Identifier: MIT
# The KUnit tests. Each test case, a subtest in KTAP, becomes a check in TAP.
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
