#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc kcsan debug
exec births
