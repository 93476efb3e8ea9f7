#!/bin/bash
# SPDX-License-Identifier: MIT
exec ../fakegpu/load ioctl-command
