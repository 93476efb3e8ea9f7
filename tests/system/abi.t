#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc
abi
status=$?
abi32 || status=1
exit $status
