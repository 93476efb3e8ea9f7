#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: icount
exec oracle-times
