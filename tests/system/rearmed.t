#!/bin/bash
# SPDX-License-Identifier: MIT
# vm: debug
exec rearmed
