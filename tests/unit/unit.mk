# SPDX-License-Identifier: MIT
# The unit tests, part of userspace/Makefile: a build of their own, under
# AddressSanitizer and UndefinedBehaviorSanitizer.

UNIT	:= $(TOP)/tests/unit
SAN	:= $(BUILD)/sanitized
TESTS	:= $(patsubst $(UNIT)/%.c,%,$(wildcard $(UNIT)/test_*.c))
TEST_CFLAGS = -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all

SAN_LIB	:= $(addprefix $(SAN)/,$(LIB))
SAN_CLI	:= $(addprefix $(SAN)/,$(CLI))
SAN_FOR_TESTS := $(SAN_LIB) $(filter-out $(addprefix %/cli/,main.o attach.o job.o run.o),$(SAN_CLI))

$(SAN)/%.o: $(HERE)/%.c
	@mkdir -p $(@D)
	$(say)
	$(Q)$(CC) $(CPPFLAGS) $(BT_CFLAGS) $(TEST_CFLAGS) -c -o $@ $<

$(SAN)/bricktrace: $(SAN_CLI) $(SAN_LIB)
	$(say)
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $^ $(CLI_LIBS)

$(SAN)/test_%: $(UNIT)/test_%.c $(SAN_FOR_TESTS)
	$(say)
	$(Q)$(CC) $(CPPFLAGS) $(BT_CFLAGS) $(TEST_CFLAGS) -DPROGRAM='"$(SAN)/bricktrace"' \
		-MF $@.d -o $@ $< $(SAN_FOR_TESTS) -lcmocka $(CLI_LIBS)

# One TAP line a test; the failing program's name last.
check: $(addprefix $(SAN)/,$(TESTS)) $(SAN)/bricktrace check-header check-symbols
	@for t in $(TESTS); do \
		echo "# $$t"; \
		CMOCKA_MESSAGE_OUTPUT=TAP $(SAN)/$$t || { echo "FAILED: $$t"; exit 1; }; \
	done

# The public header stands alone, in both languages.
check-header:
	$(Q)echo '#include <bricktrace.h>' | $(CC) -std=c11 -pedantic $(WARN) -I$(TOP)/include \
		-fsyntax-only -x c -
	$(Q)echo '#include <bricktrace.h>' | $(CXX) -std=c++11 -pedantic $(WARN) -I$(TOP)/include \
		-fsyntax-only -x c++ -

# The shared library has what the header declares, and nothing else.
check-symbols: $(BUILD)/$(SONAME)
	@sed -n 's/^[a-z].*[ *]\(bt_[a-z_]*\)(.*/\1/p' $(TOP)/include/bricktrace.h | sort \
		> $(BUILD)/declared
	@nm -D --defined-only $(BUILD)/$(SOFILE) | sed -n 's/.* T \(.*\)@@LIBBRICKTRACE_0/\1/p' | \
		sort | diff $(BUILD)/declared -

.PHONY: check-header check-symbols
.SECONDARY: $(SAN_LIB) $(SAN_CLI)
-include $(SAN_LIB:.o=.d) $(SAN_CLI:.o=.d) $(addprefix $(SAN)/,$(TESTS:=.d))
