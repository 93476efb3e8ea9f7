#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc
# long: 5.10 6.12 7.3
exec ../examples measured
