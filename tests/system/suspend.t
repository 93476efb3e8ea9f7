#!/bin/bash
# SPDX-License-Identifier: MIT
exec clock suspend
