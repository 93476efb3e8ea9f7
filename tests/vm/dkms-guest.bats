#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# In a guest: make install-dkms and make uninstall-dkms, with the module that DKMS gets from
# $TARBALL or, without one, builds.
# shellcheck disable=SC2154,SC2164 # dkms.bash sets the variables; bats stops at errors
load dkms

setup() {
	cd "$vm/../.."
	release=$(uname -r)
}

setup_file() {
	ln -sfn "/usr/src/linux-headers-$(uname -r)" "/lib/modules/$(uname -r)/build"
}

# bats test_tags=tarball
@test "in a guest: added" {
	dkms ldtarball "$TARBALL"
}

# bats test_tags=tarball
@test "in a guest: as built" {
	status_is "$release" built
}

# bats test_tags=source
@test "in a guest: no module yet" {
	not modprobe bricktrace
}

# bats test_tags=source
@test "in a guest: no source of the module yet" {
	[[ ! -e /usr/src/bricktrace-$version ]]
}

@test "in a guest: make install-dkms" {
	make install-dkms
}

@test "in a guest: dkms says that it is installed" {
	status_is "$release" installed
}

@test "in a guest: loaded" {
	grep -q '^bricktrace ' /proc/modules
}

@test "in a guest: modinfo says that the kernel is tested" {
	[[ $(modinfo -F tested bricktrace) == yes ]]
}

@test "in a guest: it measures" {
	/usr/local/bin/bricktrace run -j -- true 2>&1 | grep -q '"provenance": *"measured"'
}

@test "in a guest: opening the device loads the module" {
	grep -qx 'bricktrace bricktrace c10:250' "/lib/modules/$release/modules.devname"
	modprobe -r bricktrace
	mknod -m 660 /dev/bricktrace c 10 250
	/usr/local/bin/bricktrace run -j -- true 2>&1 | grep -q '"provenance": *"measured"'
	grep -q '^bricktrace ' /proc/modules
}

@test "in a guest: the module takes another minor number" {
	modprobe -r bricktrace
	rm -f /dev/bricktrace
	not modprobe bricktrace minor=300
	modprobe bricktrace minor=255
	[[ -c /dev/bricktrace && $(stat -c %t:%T /dev/bricktrace) != a:fa ]]
	modprobe -r bricktrace
	modprobe bricktrace
	[[ $(stat -c %t:%T /dev/bricktrace) == a:fa ]]
}

@test "in a guest: make install-dkms once more" {
	make install-dkms
}

@test "in a guest: make uninstall-dkms" {
	make uninstall-dkms
}

@test "in a guest: no module is left" {
	not modprobe bricktrace
}

@test "in a guest: no module is left loaded" {
	not grep -q '^bricktrace ' /proc/modules
}

@test "in a guest: nothing else is left" {
	not ls -d /usr/src/bricktrace* /var/lib/dkms/bricktrace /usr/local/bin/bricktrace
}
