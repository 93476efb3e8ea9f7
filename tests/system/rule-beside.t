#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc arm64 kcsan debug
# long: 6.12 arm64 debug kcsan
exec rule-beside
