#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: icount
exec oncpu dd if=/dev/zero of=/dev/null bs=1 count=20000 2>/dev/null
