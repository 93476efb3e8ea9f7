#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: crowd
exec crowd
