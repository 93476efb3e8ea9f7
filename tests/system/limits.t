#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc arm64 debug
# long: 6.12 arm64
exec limits
