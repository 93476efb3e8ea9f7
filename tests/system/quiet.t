#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc arm64 debug
exec quiet
