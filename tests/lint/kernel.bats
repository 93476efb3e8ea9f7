#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The lint steps for the kernel $K; tests/lint/run chooses those that apply to it.
load lint

@test "userspace K=$K" {
	lint userspace K="$K"
}

@test "helpers K=$K" {
	lint helpers K="$K"
}

@test "module K=$K" {
	lint module K="$K"
}

@test "symbols K=$K" {
	lint symbols K="$K"
}

@test "sparse K=$K" {
	lint sparse K="$K"
}

@test "perturb K=$K" {
	lint perturb K="$K"
}

@test "spread K=$K" {
	lint spread K="$K"
}

@test "slow K=$K" {
	lint slow K="$K"
}

@test "fakegpu K=$K" {
	lint fakegpu K="$K"
}

@test "kunit K=$K" {
	lint kunit K="$K"
}
