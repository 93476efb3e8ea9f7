#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc arm64 debug
# long: 5.10 6.12 arm64
abi
status=$?
# It is of x86.
[[ $(uname -m) != x86_64 ]] || abi32 || status=1
exit $status
