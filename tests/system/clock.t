#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc
exec ./perturbed clock khz
