#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: tsc debug
exec blocked
