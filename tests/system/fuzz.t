#!/bin/bash
# SPDX-License-Identifier: MIT
set -u
export FUZZ_SEEDS=${0%.t}.seeds FUZZ_KEPT=/out/fuzz.seeds FUZZ_NOW=/out/fuzz.now
build=${BRICKTRACE_KO%/kmod-*} kernel=${BRICKTRACE_KO%/*}
insmod "$build/slow-${kernel##*/kmod-}/bricktrace_slow.ko" || exit 1	# make slow
fuzz
status=$?
rmmod bricktrace_slow
exit $status
