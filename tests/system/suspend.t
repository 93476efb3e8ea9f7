#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc
exec clock suspend
