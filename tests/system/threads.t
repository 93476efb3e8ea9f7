#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc arm64 no-tsc kcsan debug
# long: 6.12
exec threads
