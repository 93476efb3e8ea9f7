# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A function that the bats files of lint share.
lint() { # TARGET...
	cd "$BATS_TEST_DIRNAME/../.." || exit
	make --no-print-directory "$@" 2>&1 | grep -v '^[[:space:]]*\(CC\|LD\|CHECK\|MODPOST\)' | tail -n 100
	return "${PIPESTATUS[0]}"
}
