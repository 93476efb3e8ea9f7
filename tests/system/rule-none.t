#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc no-tsc
exec rule-none
