# SPDX-License-Identifier: MIT
# make help says what there is.
SHELL	:= /bin/bash

KERNELDIR ?= /lib/modules/$(shell uname -r)/build
TOP	:= $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BUILD	:= $(TOP)/build
KMOD	= $(BUILD)/kmod$(K:%=-%)
KSOURCES = $(wildcard Kbuild kmod/*.[ch] include/*.h include/uapi/linux/*.h)
KERNEL_C = $(wildcard kmod/*.[ch] include/uapi/linux/*.h tests/kunit/*.[ch] tests/vm/*/*.c tests/bench/floor/*.c)
TEST_MODULES = detect perturb slow spread
CHECK_C	= $(filter-out $(KERNEL_C), $(wildcard userspace/*/*.[ch] tests/*/*.[ch] tests/system/*/*.[ch] tests/bench/peers/*.c))
SCRIPTS	= .ci/run $(shell grep -lIrE -m 1 '^\#! ?/(usr/)?bin/(env )?(ba|busybox )?sh' tests dist) tests/vm/kernels

# The kernels of the tests, for a shell.
KERNELS	= vm=tests/vm && . tests/vm/kernels
DEFAULT_K = $(shell $(KERNELS) && echo $$default_kernel)
KERNEL_DOC = /usr/lib/linux-kbuild-$(DEFAULT_K)/scripts/kernel-doc

# Where programs land, and how they are built if not for this machine.
PROGRAMS := $(BUILD)
ifeq ($(if $(K),$(shell $(KERNELS) && about $(K) && echo $$arch)),arm64)
PROGRAMS := $(BUILD)/arm64
ROOT	:= $(shell tests/vm/arm64-root)
CROSS	:= CC="aarch64-linux-gnu-gcc --sysroot=$(ROOT)" AR=aarch64-linux-gnu-ar
STATIC	:= CFLAGS="-O2 -g -static"
export PKG_CONFIG_SYSROOT_DIR := $(ROOT)
export PKG_CONFIG_LIBDIR := $(ROOT)/usr/lib/aarch64-linux-gnu/pkgconfig
endif

all: module userspace	## the module and the userspace

help:			## this list
	@sed -nE 's/^([a-z -]+):[^#]*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 26
	@echo "KERNELDIR=DIRECTORY: the module for the kernel whose headers lie there, not the running one"
	@echo "K=KERNEL: for a kernel of the tests: $(shell $(KERNELS); listed or "$${all_kernels[@]}")"

# The tree is mirrored with links, so that objects land in build/ only.
module:			## build/kmod/bricktrace.ko for the running kernel; K=KERNEL: build/kmod-KERNEL
	@$(if $(K),,$(have-headers))
	@$(call mirror,$(KMOD),$(KSOURCES))
	$(if $(K),$(call kbuild,$(KMOD),modules),$(MAKE) -C $(KERNELDIR) M=$(KMOD) modules)

# An unknown compiler's warning is no error there. Another kernel's objects are not kept.
define have-headers
if [ ! -e $(KERNELDIR)/Makefile ]; then \
	echo "There are no kernel headers in $(KERNELDIR). Install those of the running kernel" \
		"(Debian and Ubuntu: linux-headers-$$(uname -r), Red Hat: kernel-devel-$$(uname -r))," \
		"or say KERNELDIR=DIRECTORY for another kernel, or K=$(DEFAULT_K) for one of the tests'." >&2; \
	exit 1; \
fi; \
for_kernel="$$(readlink -f $(KERNELDIR)) $$(cat $(KERNELDIR)/include/config/kernel.release)"; \
[ "$$(cat $(KMOD)/.for-kernel 2>/dev/null)" = "$$for_kernel" ] || rm -rf $(KMOD); \
mkdir -p $(KMOD) && echo "$$for_kernel" >$(KMOD)/.for-kernel
endef

sparse:			## the module under sparse, any warning is an error
	@$(call mirror,$(BUILD)/sparse-$(K),$(KSOURCES))
	$(call kbuild,$(BUILD)/sparse-$(K),C=2 \
		CF="-D__CHECK_ENDIAN__ -Wsparse-error $$sparse" modules)

symbols:		## each symbol that the module imports is exported
	@tests/lint/symbols $(K)

kunit:			## build/kunit-K/bricktrace_kunit.ko (K=debug)
	@$(call mirror,$(BUILD)/kunit-$(K),$(filter-out Kbuild,$(KSOURCES)) $(wildcard tests/kunit/*.[ch]))
	@ln -sfn $(TOP)/tests/kunit/Kbuild $(BUILD)/kunit-$(K)/Kbuild
	$(call kbuild,$(BUILD)/kunit-$(K),modules)

# These are tests: for a kernel of theirs.
sparse symbols versions $(TEST_MODULES): K ?= $(DEFAULT_K)
kunit: K ?= debug

detect perturb slow spread:	## modules of the tests, in build/NAME-K; tests/vm/NAME says what each does
	@mkdir -p $(BUILD)/$@-$(K)
	@ln -sfn $(TOP)/tests/vm/$@/* $(BUILD)/$@-$(K)
	$(call kbuild,$(BUILD)/$@-$(K),modules)

mirror	= mkdir -p $(addprefix $(1)/,$(dir $(2))) && find $(1) -xtype l -delete && \
	for f in $(2); do ln -sfn $(TOP)/$$f $(1)/$$f; done
kbuild	= @$(KERNELS) && kernel $(K) && \
	$$enter $(MAKE) -C $$kdir M=$(1) CC=$$cc W=1 KCFLAGS=-Werror $$flags $(2)

versions: userspace	## the first version of the ABI, in build/versions-K and build/versions: tests/versions
	@mkdir -p $(BUILD)/versions-$(K)
	tar -C $(BUILD)/versions-$(K) -xmf tests/versions/abi-0.tar.xz
	$(call kbuild,$(BUILD)/versions-$(K),modules)
	$(MAKE) -C $(BUILD)/versions-$(K)/userspace BUILD=$(BUILD)/versions/userspace
	$(call client,client-0,,$(BUILD)/versions-$(K)/include,$(BUILD)/versions/userspace)
	$(call client,client-1,-DGROWN,include,$(BUILD)/userspace)

client	= $(CC) -std=gnu11 -Wall -Wextra -Werror $(2) -I$(3) -o $(BUILD)/versions/$(1) \
	tests/versions/client.c -L$(4) -lbricktrace

userspace:		## the library and the program, in build/userspace
	$(MAKE) -C userspace BUILD=$(PROGRAMS)/userspace $(CROSS)

helpers:		## the C programs of the system tests and the demo, in build/tests
	@$(MAKE) -s -C tests BUILD=$(PROGRAMS)/tests $(CROSS) $(STATIC)

unit:			## the unit tests
	@$(MAKE) --no-print-directory -C tests/unit BUILD=$(BUILD)/userspace

demo: needs-deps	## sqlite3 and a threaded program under bricktrace, in a VM
	@$(MAKE) -s module userspace helpers K=$(DEFAULT_K)
	@tests/demo/run

check: needs-deps	## everything: lint, unit tests, system tests in VMs; T=TEST: that system test only
	tests/run-check $(T)

check-long: needs-deps	## each test in each of its boots, storms of 200 rounds, oracles and 10 minutes of fuzzing on the debug kernel, a build for each of Debian's kernels: hours
	tests/run-check --long

bench: needs-bench-deps	## what tracing costs, here and with other tools: docs/bench.md
	tests/bench/run

bench-docs:		## docs/bench.md, its plot and the figures in other documents, from the last bench
	tests/bench/publish.py $(BUILD)/bench.json docs

bench-test:		## the tests of the scripts that read and publish the bench's output
	@python3 -B -m unittest discover -s tests/bench

bench-check: bench	## fails when a figure is worse than its bound, as bench does

checkpatch:		## the kernel's style checker on what is built for it
	tests/lint/checkpatch $(KERNEL_C)

format-check:		## clang-format on userspace and tests
	clang-format --dry-run -Werror $(CHECK_C)

mutations:		## each mutation of tests/mutations applies
	tests/mutate --check

kernels:		## the lists that kernels-write writes are current
	tests/lint/kernels

kernels-write:		## the lists of the tests' kernels in the documents, dkms.conf and compat.h
	tests/lint/kernels --write

man:			## the manual pages of the library's functions are current
	@tests/lint/man3 $(KERNEL_DOC)

man-write:		## the manual pages of the library's functions, in docs/man3, from its header
	@tests/lint/man3 $(KERNEL_DOC) --write

shellcheck:		## shellcheck on the scripts
	shellcheck -x $(SCRIPTS)
	shellcheck -s bash -e SC2034,SC2016 tests/kernels/*.conf

rules:			## the documents agree with the tests and the code: tests/lint/rules
	tests/lint/rules

drawings: $(patsubst %.dot,%.svg,$(wildcard docs/*.dot))	## the drawings of docs/, from their text

docs/%.svg: docs/%.dot
	$(MAKE) -s draw DOT=$< >$@

# DOT's drawing, without the comment that names the version of graphviz.
draw:
	@set -o pipefail && dot -Tsvg $(DOT) | sed '/^<!-- Generated by/,/-->/d'

.PHONY: rules drawings draw

deps:			## install the packages that all of this needs (root)
	.ci/deps

needs-deps:
	@.ci/deps --check || if [ $$(id -u) = 0 ]; then .ci/deps; else exit 2; fi

needs-bench-deps:
	@.ci/deps --check --bench || if [ $$(id -u) = 0 ]; then .ci/deps --bench; else exit 2; fi

install-dkms:		## all of it on this host: the module by DKMS, for each kernel; the userspace (root)
	@dist/dkms install
	@$(MAKE) -s userspace install
	@dist/dkms load

uninstall-dkms:		## what install-dkms installed (root)
	@dist/dkms uninstall
	@$(MAKE) -s uninstall

install:		## the userspace, to DESTDIR and PREFIX (the module: DKMS)
	$(MAKE) -C userspace BUILD=$(BUILD)/userspace install
	install -D -m 644 -t $(DESTDIR)/usr/lib/udev/rules.d dist/60-bricktrace.rules

uninstall:		## what install installed
	$(MAKE) -C userspace uninstall
	rm -f $(DESTDIR)/usr/lib/udev/rules.d/60-bricktrace.rules

clean:			## remove build/
	rm -rf $(BUILD)

.PHONY: all help module sparse symbols kunit $(TEST_MODULES) versions userspace helpers unit demo check check-long bench bench-docs bench-test bench-check checkpatch \
	format-check mutations kernels kernels-write man man-write shellcheck deps needs-deps needs-bench-deps install install-dkms \
	uninstall uninstall-dkms clean
