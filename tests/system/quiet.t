#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc arm64
exec quiet
