#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc no-tsc kcsan debug
exec attach-blocked
