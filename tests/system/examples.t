#!/bin/bash
# SPDX-License-Identifier: MIT
exec ../examples measured
