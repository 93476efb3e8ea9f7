#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc arm64 kcsan debug
# long: 5.10 6.12 arm64 debug
exec births
