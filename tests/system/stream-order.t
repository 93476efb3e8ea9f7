#!/bin/bash
# SPDX-License-Identifier: MIT
exec ./perturbed stream-order
