#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc debug
abi
status=$?
abi32 || status=1
exit $status
