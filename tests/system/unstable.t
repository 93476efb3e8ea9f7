#!/bin/bash
# SPDX-License-Identifier: MIT
# The last test of its boot: the kernel does not trust the TSC again.
exec ./perturbed clock unstable
