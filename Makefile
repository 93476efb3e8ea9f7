# SPDX-License-Identifier: MIT
# make help lists the targets.
SHELL	:= /bin/bash

KERNELDIR ?= /lib/modules/$(shell uname -r)/build
TOP	:= $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BUILD	:= $(TOP)/build
KMOD	= $(BUILD)/kmod$(K:%=-%)
KSOURCES = $(wildcard Kbuild kmod/*.[ch] include/*.h include/uapi/linux/*.h)
KERNEL_C = $(wildcard kmod/*.[ch] include/uapi/linux/*.h tests/kunit/*.[ch] tests/stats/*.[ch] tests/vm/*/*.c tests/bench/floor/*.c $(FAKEGPU))
TEST_MODULES = detect perturb slow spread warn
FAKEGPU	= tests/fakegpu/*.[ch]
CHECK_C	= $(filter-out $(KERNEL_C), $(wildcard include/*.h* userspace/*/*.[ch] tests/*/*.[ch] tests/*/*.cpp tests/system/*/*.[ch] tests/bench/peers/*.c))
SCRIPTS	= .ci/run $(shell grep -lIrE -m 1 '^\#! ?/(usr/)?bin/(env )?((ba|busybox )?sh|bats)' tests dist) tests/vm/kernels tests/lint/lint.bash dist/bash-completion/bricktrace

# Shell code that defines the kernels of the tests.
KERNELS	= vm=tests/vm && . tests/vm/kernels
DEFAULT_K = $(shell $(KERNELS) && echo $$default_kernel)
KERNEL_DOC = /usr/lib/linux-kbuild-$(DEFAULT_K)/scripts/kernel-doc

# Where built programs land, and how to build them for another architecture.
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
	@echo "KERNELDIR=DIRECTORY: build the module for the kernel with these headers, not for the running one"
	@echo "K=KERNEL: build for a kernel of the tests: $(shell $(KERNELS); listed or "$${all_kernels[@]}")"

# Kbuild works in a copy of the tree that consists of links, so that objects land in build/.
module:			## build/kmod/bricktrace.ko for the running kernel; K=KERNEL: build/kmod-KERNEL
	@$(if $(K),,$(have-headers))
	@$(call mirror,$(KMOD),$(KSOURCES))
	$(if $(K),$(call kbuild,$(KMOD),modules),$(MAKE) -C $(KERNELDIR) M=$(KMOD) modules)

# For the running kernel a warning is not an error, because nobody has tested its compiler.
# Objects that were built for another kernel are removed.
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

sparse:			## run sparse on the module; a warning is an error
	@$(call mirror,$(BUILD)/sparse-$(K),$(KSOURCES))
	$(call kbuild,$(BUILD)/sparse-$(K),C=2 \
		CF="-D__CHECK_ENDIAN__ -Wsparse-error $$sparse" modules)

symbols:		## check that the kernel exports each symbol that the module imports
	@tests/lint/symbols $(K)

kunit:			## build/kunit-K/bricktrace_kunit.ko (K=debug)
	@$(call mirror,$(BUILD)/kunit-$(K),$(filter-out Kbuild,$(KSOURCES)) $(wildcard tests/kunit/*.[ch] tests/stats/*.[ch]))
	@ln -sfn $(TOP)/tests/kunit/Kbuild $(BUILD)/kunit-$(K)/Kbuild
	$(call kbuild,$(BUILD)/kunit-$(K),modules)

# These targets are for tests, so they build for a kernel of the tests.
sparse symbols versions fakegpu $(TEST_MODULES): K ?= $(DEFAULT_K)
kunit: K ?= debug

detect perturb slow spread warn:	## modules of the tests, from tests/vm/NAME, in build/NAME-K
	@mkdir -p $(BUILD)/$@-$(K)
	@ln -sfn $(TOP)/tests/vm/$@/* $(BUILD)/$@-$(K)
	$(call kbuild,$(BUILD)/$@-$(K),modules)

fakegpu:		## the fake drivers of a GPU, in build/fakegpu-K: tests/fakegpu/README.md
	@mkdir -p $(BUILD)/$@-$(K)
	@ln -sfn $(TOP)/tests/fakegpu/* $(BUILD)/$@-$(K)
	$(call kbuild,$(BUILD)/$@-$(K),modules)

.PHONY: fakegpu

mirror	= mkdir -p $(addprefix $(1)/,$(dir $(2))) && find $(1) -xtype l -delete && \
	for f in $(2); do ln -sfn $(TOP)/$$f $(1)/$$f; done
kbuild	= @$(KERNELS) && kernel $(K) && \
	$$enter $(MAKE) -C $$kdir M=$(1) CC=$$cc W=1 KCFLAGS=-Werror $$flags $(2)

versions: userspace	## the first version of the ABI (tests/versions), in build/versions-K and build/versions
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

helpers: userspace	## the C programs of the system tests and the demo, in build/tests
	@$(MAKE) -s -C tests BUILD=$(PROGRAMS)/tests $(CROSS) $(STATIC)

unit:			## run the unit tests
	@$(MAKE) --no-print-directory -C tests/unit BUILD=$(BUILD)/userspace

fuzz-records:		## fuzz the parser of records for SECONDS=60, or with RUNS=NUMBER of inputs
	@$(MAKE) --no-print-directory -C tests/fuzz BUILD=$(BUILD)/fuzz

fuzz-otlp:		## fuzz the parsers of what receivers of OTLP answer, each for SECONDS=60, or with RUNS=NUMBER of inputs
	@$(MAKE) --no-print-directory -C tests/fuzz BUILD=$(BUILD)/fuzz otlp

demo: needs-deps	## run sqlite3, a threaded program and a decode loop on a fake GPU under bricktrace, in a VM
	@$(MAKE) -s module helpers fakegpu K=$(DEFAULT_K)
	@tests/demo/run

check: needs-deps	## run lint, unit tests and system tests in VMs; T=TEST: only that system test
	tests/run-check $(T)

check-long: needs-deps	## run for hours: each test in each of its boots, storms of 200 rounds, oracles and 10 minutes of fuzzing on the debug kernel, a build for each kernel of Debian
	tests/run-check --long

bench: needs-bench-deps	## measure what tracing costs, here and with other tools: docs/bench.md
	tests/bench/run

bench-docs:		## write docs/bench.md, its plot and the figures in other documents, from the last bench
	tests/bench/publish.py $(BUILD)/bench.json docs

bench-test:		## run the tests of the scripts that read and publish the bench's output
	@python3 -B -m unittest discover -s tests/bench

bench-check: bench	## the same as bench, which fails when a figure is worse than its bound

checkpatch:		## run the kernel's style checker on the code that is built for the kernel
	tests/lint/checkpatch $(KERNEL_C)

format-check:		## check that clang-format would change nothing in userspace and tests
	clang-format --dry-run -Werror $(CHECK_C)

mutations:		## check that each patch of tests/mutations applies
	tests/mutate --check

kernels:		## check that the lists that kernels-write writes are current
	tests/lint/kernels

kernels-write:		## write the lists of kernels in the documents, dkms.conf and compat.h
	tests/lint/kernels --write

man:			## check that the manual pages of the library's functions are current
	@tests/lint/man3 $(KERNEL_DOC)

man-write:		## write the manual pages of the library's functions, docs/man3, from its header
	@tests/lint/man3 $(KERNEL_DOC) --write

netlink-header:		## check that the header of the netlink family is current
	@tests/lint/netlink-header

netlink-header-write:	## write the header of the netlink family from docs/netlink/bricktrace.yaml
	@tests/lint/netlink-header --write

ynl:			## fetch the kernel's tools for netlink families, with which tests talk to the module
	@tests/netlink/ynl >/dev/null

ioctl-names-write: K ?= $(shell $(KERNELS) && printf '%s\n' "$${all_kernels[@]}" | grep '^[0-9]' | tail -n 1)
ioctl-names-write:	## write the names of ioctls, userspace/decode/*.names, from a kernel's headers and, by pip, PyPI's tinygrad
	rm -rf $(BUILD)/tinygrad
	python3 -m pip download -q --no-deps --require-hashes -d $(BUILD)/tinygrad -r userspace/decode/requirements.txt
	python3 -m zipfile -e $(BUILD)/tinygrad/*.whl $(BUILD)/tinygrad
	@$(KERNELS) && kernel $(K) && common=$$(sed -n 's|^include \(/.*\)/Makefile$$|\1|p' $$kdir/Makefile) && \
		userspace/decode/generate.py $(BUILD)/tinygrad $$common/include/uapi \
			$$common/arch/x86/include/uapi $$kdir/arch/x86/include/generated/uapi

boots:			## check that tests/system/boots has one line for each system test
	tests/lint/boots

codespell:		## run codespell on all files
	git ls-files -z ':!tests/system/fuzz.seeds' ':!*.xz' ':!*/go.mod' ':!*/go.sum' | xargs -0 codespell -L nd,fro,tage,renderd,te

shellcheck:		## run shellcheck on the scripts
	shellcheck -x $(SCRIPTS)
	shellcheck -s bash -e SC2034,SC2016 tests/kernels/*.conf

rules:			## check that the documents agree with the tests and the code
	tests/lint/rules

drawings: $(patsubst %.dot,%.svg,$(wildcard docs/*.dot))	## draw the drawings of docs/ from their text

docs/%.svg: docs/%.dot
	$(MAKE) -s --no-print-directory draw DOT=$< >$@

# DOT's drawing, without the comment that names the version of graphviz.
draw:
	@set -o pipefail && dot -Tsvg $(DOT) | sed '/^<!-- Generated by/,/-->/d'

.PHONY: rules drawings draw

deps:			## install the packages that building and testing need (root)
	.ci/deps

needs-deps:
	@.ci/deps --check || if [ $$(id -u) = 0 ]; then .ci/deps; else exit 2; fi

needs-bench-deps:
	@.ci/deps --check --bench || if [ $$(id -u) = 0 ]; then .ci/deps --bench; else exit 2; fi

install-dkms:		## install the module by DKMS for each kernel of this host, and the userspace (root)
	@dist/dkms install
	@$(MAKE) -s userspace install
	@dist/dkms load

uninstall-dkms:		## remove what install-dkms has installed (root)
	@dist/dkms uninstall
	@$(MAKE) -s uninstall

install:		## install the userspace to DESTDIR and PREFIX, without the module
	$(MAKE) -C userspace BUILD=$(BUILD)/userspace install
	install -D -m 644 -t $(DESTDIR)/usr/lib/udev/rules.d dist/60-bricktrace.rules

uninstall:		## remove what install has installed
	$(MAKE) -C userspace uninstall
	rm -f $(DESTDIR)/usr/lib/udev/rules.d/60-bricktrace.rules

clean:			## remove build/
	rm -rf $(BUILD)

.PHONY: all help module sparse symbols kunit $(TEST_MODULES) versions userspace helpers unit fuzz-records fuzz-otlp demo check check-long bench bench-docs bench-test bench-check checkpatch \
	format-check mutations kernels kernels-write ioctl-names-write boots codespell man man-write netlink-header netlink-header-write ynl shellcheck deps needs-deps needs-bench-deps install install-dkms \
	uninstall uninstall-dkms clean
