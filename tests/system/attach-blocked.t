#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc no-tsc
exec attach-blocked
