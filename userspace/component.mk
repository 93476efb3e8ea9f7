# SPDX-License-Identifier: MIT
# The rules by which a component is built and installed. A component's Makefile sets some
# of these variables and then includes this file. All .c files of its directory belong to
# the component.
#	SOURCES		source files of other directories that belong to it too, as paths
#			below the top
#	GENERATED	source files that its Makefile makes in $(OUT), as paths below it
#	LIBRARY		the library's name, libNAME. The component builds libNAME.so and
#			libNAME.a. Its directory also has libNAME.map, which lists the
#			exported symbols, and libNAME.pc.in, whose Requires.private names
#			the packages that the library links
#	SOVERSION	the number after .so in the library's soname
#	PROGRAM		the program's name
#	USES		libraries of other components. A program is linked with their
#			archives, so that it runs from the build tree; a library is
#			linked with their .so
#	PACKAGES	the packages that a program links, by their pkg-config names
#	FLAGS		compiler flags beyond those of every component
#	HEADERS		the headers that it installs, as paths below include/
#	MAN		the manual pages that it installs, as paths below docs/
#	SPECS		the specifications of netlink that it installs, as paths below
#			docs/netlink
#	COMPLETION	the bash completions that it installs, as paths below
#			dist/bash-completion
#	UNITS		the units of systemd that it installs, as paths below dist/systemd, in
#			which @PREFIX@ is the directory of this installation
#	CONFIG		the files that it installs below /etc, as paths below dist/etc, unless
#			they are there already; uninstalling leaves them to the operator

USERSPACE := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
TOP	:= $(patsubst %/,%,$(dir $(USERSPACE)))
BUILD	?= $(TOP)/build/userspace
OUT	:= $(BUILD)/$(notdir $(CURDIR))
PREFIX	?= /usr/local
LIBDIR	?= $(PREFIX)/lib
PKG_CONFIG ?= pkg-config
CFLAGS	?= -O2 -g

# make V=1 shows the commands.
Q	:= $(if $(V),,@)
say	= $(if $(V),@:,@echo '  BUILD $(patsubst $(BUILD)/%,%,$@)')

VERSION	:= $(shell sed -n 's/^.define BT_VERSION[^"]*"\(.*\)"/\1/p' $(TOP)/include/bricktrace.h)
SOFILE	= $(LIBRARY).so.$(VERSION)
SONAME	= $(LIBRARY).so.$(SOVERSION)

requires = $(shell sed -n 's/^Requires.private: *//p' $(USERSPACE)/*/$(1).pc.in)
PACKAGES += $(foreach l,$(LIBRARY),$(call requires,$l))
LINKED	:= $(PACKAGES) $(if $(PROGRAM),$(foreach u,$(USES),$(call requires,$u)))
LIBS	:= -pthread -lm $(if $(strip $(LINKED)),$(shell $(PKG_CONFIG) --libs $(LINKED)))

ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fPIC -pthread -MMD -MP \
	-I$(TOP)/include $(FLAGS) \
	$(if $(strip $(PACKAGES)),$(shell $(PKG_CONFIG) --cflags $(PACKAGES)))
OBJECTS	:= $(patsubst %.c,$(OUT)/%.o,$(wildcard *.c) $(notdir $(SOURCES)) $(GENERATED))
$(foreach s,$(SOURCES),$(eval vpath $(notdir $s) $(TOP)/$(dir $s)))

all: $(PROGRAM:%=$(BUILD)/%) $(LIBRARY:%=$(BUILD)/%.a) $(LIBRARY:%=$(BUILD)/%.so)

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(say)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(CFLAGS) -c -o $@ $<

$(GENERATED:%.c=$(OUT)/%.o): %.o: %.c
	$(say)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(CFLAGS) -c -o $@ $<

ifdef LIBRARY
$(BUILD)/$(SOFILE): $(OBJECTS) $(LIBRARY).map $(USES:%=$(BUILD)/%.so)
	$(say)
	$(Q)$(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,$(SONAME) -Wl,-z,defs \
		-Wl,--version-script,$(LIBRARY).map -o $@ $(filter %.o %.so,$^) $(LIBS)

$(BUILD)/$(LIBRARY).so: $(BUILD)/$(SOFILE)
	$(Q)ln -sf $(SOFILE) $(BUILD)/$(SONAME)
	$(Q)ln -sf $(SOFILE) $@

$(BUILD)/$(LIBRARY).a: $(OBJECTS)
	$(say)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(OBJECTS)

# The file names the directories of this installation, so each installation makes it anew.
$(BUILD)/$(LIBRARY).pc: FORCE
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		$(LIBRARY).pc.in > $@
endif

ifdef PROGRAM
$(BUILD)/$(PROGRAM): $(OBJECTS) $(USES:%=$(BUILD)/%.a)
	$(say)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,now -o $@ $^ $(LIBS)
endif

$(UNITS:%=$(BUILD)/%): $(BUILD)/%: FORCE
	$(Q)sed 's|@PREFIX@|$(PREFIX)|' $(TOP)/dist/systemd/$* >$@

# Each installed file as MODE:SOURCE:DESTINATION, and the symbolic links of the library.
FILES	:= $(foreach f,$(PROGRAM),755:$(BUILD)/$f:$(PREFIX)/bin/$f) \
	$(foreach f,$(LIBRARY:%=%.a) $(LIBRARY:%=$(SOFILE)),644:$(BUILD)/$f:$(LIBDIR)/$f) \
	$(foreach f,$(LIBRARY:%=%.pc),644:$(BUILD)/$f:$(LIBDIR)/pkgconfig/$f) \
	$(foreach f,$(HEADERS),644:$(TOP)/include/$f:$(PREFIX)/include/$(f:uapi/%=%)) \
	$(foreach f,$(SPECS),644:$(TOP)/docs/netlink/$f:$(PREFIX)/share/bricktrace/$f) \
	$(foreach f,$(UNITS),644:$(BUILD)/$f:$(PREFIX)/lib/systemd/system/$f) \
	$(foreach f,$(COMPLETION),644:$(TOP)/dist/bash-completion/$f:$(PREFIX)/share/bash-completion/completions/$f) \
	$(foreach f,$(MAN),644:$(TOP)/docs/$f:$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $f))/$(notdir $f))
LINKS	:= $(addprefix $(LIBDIR)/,$(LIBRARY:%=$(SONAME)) $(LIBRARY:%=%.so))

install: all $(LIBRARY:%=$(BUILD)/%.pc) $(UNITS:%=$(BUILD)/%)
	IFS=:; for f in $(FILES:%='%'); do \
		set -- $$f; install -D -m $$1 $$2 "$(DESTDIR)$$3" || exit; done
	$(if $(CONFIG),for f in $(CONFIG); do [ -e "$(DESTDIR)/etc/$$f" ] || \
		install -D -m 600 $(TOP)/dist/etc/$$f "$(DESTDIR)/etc/$$f" || exit; done)
	$(if $(LIBRARY),for l in $(LINKS); do ln -sf $(SOFILE) "$(DESTDIR)$$l" || exit; done)

uninstall:
	rm -f $(addprefix $(DESTDIR),$(LINKS) $(foreach f,$(FILES),$(lastword $(subst :, ,$f))))

.PHONY: all install uninstall FORCE
.DELETE_ON_ERROR:
-include $(OBJECTS:.o=.d)
