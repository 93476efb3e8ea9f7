#!/bin/bash
# SPDX-License-Identifier: MIT
modprobe fuse && exec exec-delayed
