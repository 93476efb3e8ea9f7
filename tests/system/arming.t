#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc
# long: 6.12
exec ./perturbed arming
