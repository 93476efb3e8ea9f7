#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The lint steps that no kernel is needed for; each is a target of the Makefile.
load lint

@test "userspace" {
	lint userspace
}

@test "helpers" {
	lint helpers
}

@test "checkpatch" {
	lint checkpatch
}

@test "format-check" {
	lint format-check
}

@test "mutations" {
	lint mutations
}

@test "kernels" {
	lint kernels
}

@test "shellcheck" {
	lint shellcheck
}

@test "boots" {
	lint boots
}

@test "codespell" {
	lint codespell
}

@test "man" {
	lint man
}

@test "netlink-header" {
	lint netlink-header
}

@test "rules" {
	lint rules
}

@test "bench-test" {
	lint bench-test
}
