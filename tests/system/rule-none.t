#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc no-tsc debug
exec rule-none
