#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: debug
export FUZZ_SEEDS=${0%.t}.seeds FUZZ_KEPT=/out/fuzz.seeds
exec fuzz
