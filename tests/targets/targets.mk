# SPDX-License-Identifier: GPL-2.0-or-later
# The programs that the end-to-end tests trace. Their flags are fixed: a test
# speaks of their code, whatever flags moontap itself is built with.

T       := $(BUILD)/targets
T_FLAGS := -O2 -g -Wall -Wextra -pthread

# go-calls-VERSION, and -KIND: how it was built
GO_KINDS := noopt stripped pie cgo
GO_CALLS := $(foreach go,$(GOS:/usr/lib/go-%/bin/go=go-calls-%),$(go) $(GO_KINDS:%=$(go)-%))

# values-LANGUAGE-COMPILER-OLEVEL-dDWARF
VALUES  := $(foreach level,O0 O2,$(foreach dwarf,d4 d5,$(foreach kind,c-gcc c-clang cc-gcc \
	cc-clang,values-$(kind)-$(level)-$(dwarf))) values-rs-rustc-$(level)-d4)
TARGETS := $(addprefix $(T)/,counted counted-nopie counted-stripped many ends hazards loader \
	libplugin.so usdt usdt-stripped libusdtlate.so names nobpf calls calls-nodebug labels locks memory objects \
	throws stacks stacks-fp tails-gcc tails-clang tails-stripped \
	libtails.so tree lines-gcc-O0 lines-gcc-O2 lines-clang-O0 lines-nodebug \
	$(GOS:/usr/lib/go-%/bin/go=go-play-%) \
	$(GO_CALLS) $(GOS:/usr/lib/go-%/bin/go=go-values-%) \
	$(GOS:/usr/lib/go-%/bin/go=go-values-stripped-%) \
	$(GOS:/usr/lib/go-%/bin/go=go-values-pie-%) \
	$(GOS:/usr/lib/go-%/bin/go=go-recipes-%) $(GOS:/usr/lib/go-%/bin/go=go-recipes-stripped-%) $(VALUES))

# -fcf-protection: an endbr64 at each function's start, as some distributions have.
$(T)/counted: tests/targets/counted.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -fcf-protection -o $@ $<
$(T)/counted-nopie: tests/targets/counted.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -no-pie -fno-pie -o $@ $<
$(T)/counted-stripped: $(T)/counted
	$(call say,TARGET,$@)strip -s -o $@ $<
$(T)/calls-nodebug: $(T)/calls
	$(call say,TARGET,$@)strip -g -o $@ $<
$(T)/calls $(T)/ends $(T)/hazards $(T)/locks $(T)/memory $(T)/nobpf: $(T)/%: tests/targets/%.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -o $@ $<
$(T)/tree: tests/targets/tree.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -Wno-infinite-recursion -o $@ $<
# tails-COMPILER
tails = $(T_FLAGS) -Wl,-rpath,'$$ORIGIN' -o $@ $(filter-out %.mk,$^)
$(T)/tails-gcc: tests/targets/tails.c $(T)/libtails.so
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(tails)
$(T)/tails-clang: tests/targets/tails.c $(T)/libtails.so
	@mkdir -p $(@D)
	$(call say,TARGET,$@)$(CLANG) $(tails)
# As a library is: what is exported has a name, and static functions have none.
$(T)/tails-stripped: tests/targets/tails.c $(T)/libtails.so
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc -rdynamic -s $(tails)
$(T)/libtails.so: tests/targets/tails_library.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -fPIC -shared -Wl,-soname,libtails.so -o $@ $<
# lines-COMPILER-OLEVEL
$(T)/lines-gcc-%: tests/targets/lines.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -$* -o $@ $<
$(T)/lines-clang-%: tests/targets/lines.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)$(CLANG) $(T_FLAGS) -$* -o $@ $<
$(T)/lines-nodebug: $(T)/lines-gcc-O0
	$(call say,TARGET,$@)strip -g -o $@ $<
$(T)/labels: tests/targets/labels.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -O0 -o $@ $<
$(T)/stacks: tests/targets/stacks.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -fomit-frame-pointer -o $@ $<
$(T)/stacks-fp: tests/targets/stacks.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -fno-omit-frame-pointer -o $@ $<
$(T)/libplugin.so: tests/targets/plugin.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -fPIC -shared -Wl,-soname,libplugin.so -o $@ $<
$(T)/loader: tests/targets/loader.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -Wl,-rpath,'$$ORIGIN' -o $@ $< -ldl
$(T)/usdt: tests/targets/usdt.c tests/targets/usdt_plain.c tests/targets/usdt.h $(T)/libusdtlate.so
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -Wl,-rpath,'$$ORIGIN' -o $@ $(filter %.c,$^)
$(T)/usdt-stripped: $(T)/usdt
	$(call say,TARGET,$@)strip -s -o $@ $<
$(T)/libusdtlate.so: tests/targets/usdt_late.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(T_FLAGS) -fPIC -shared -Wl,-soname,libusdtlate.so -o $@ $<
$(T)/names $(T)/objects $(T)/throws: $(T)/%: tests/targets/%.cc
	@mkdir -p $(@D)
	$(call say,TARGET,$@)g++ $(T_FLAGS) -o $@ $<

# values-c-gcc-O2-d5: -O2 -gdwarf-5
values_flags = -Wall -Wextra -$(word 4,$(subst -, ,$(1))) -gdwarf-$(subst d,,$(word 5,$(subst -, ,$(1))))
$(T)/values-c-gcc-%: tests/targets/values.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc $(call values_flags,$(@F)) -o $@ $<
$(T)/values-c-clang-%: tests/targets/values.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)$(CLANG) $(call values_flags,$(@F)) -o $@ $<

$(T)/values-cc-gcc-%: tests/targets/values.cc
	@mkdir -p $(@D)
	$(call say,TARGET,$@)g++ $(call values_flags,$(@F)) -o $@ $<
$(T)/values-cc-clang-%: tests/targets/values.cc
	@mkdir -p $(@D)
	$(call say,TARGET,$@)$(CLANG) $(call values_flags,$(@F)) -o $@ $< -lstdc++
# Debian's rustc knows DWARF 4 only.
RUSTC   ?= $(firstword $(wildcard /usr/bin/rustc) rustc)
$(T)/values-rs-rustc-%-d4: tests/targets/values.rs
	@mkdir -p $(@D)
	$(call say,TARGET,$@)$(RUSTC) --edition 2021 -g -C opt-level=$(subst O,,$*) -o $@ $<

# 5,000 functions, and a main that calls each of them.
$(T)/many.c: tests/targets/many.awk
	@mkdir -p $(@D)
	@awk -v count=5000 -f $< > $@
$(T)/many: $(T)/many.c
	$(call say,TARGET,$@)gcc -O1 -o $@ $<

$(T)/go-play-%: examples/go-play/main.go examples/go-play/go.mod
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,/usr/lib/go-$*/bin/go,$@)

go_flags_noopt    := -gcflags='-N -l'
go_flags_stripped := -ldflags='-s -w'
go_flags_pie      := -buildmode=pie
go_environment_cgo := CGO_ENABLED=1
$(T)/go-calls-%: $(wildcard tests/targets/go/*)
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,/usr/lib/go-$(word 1,$(subst -, ,$*))/bin/go,$@,$(go_flags_$(word \
		2,$(subst -, ,$*))),$(go_environment_$(word 2,$(subst -, ,$*))))

$(T)/go-values-stripped-%: $(wildcard tests/targets/govalues/*)
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,/usr/lib/go-$*/bin/go,$@,-ldflags="-s -w")
$(T)/go-values-pie-%: $(wildcard tests/targets/govalues/*)
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,/usr/lib/go-$*/bin/go,$@,-buildmode=pie -ldflags="-s -w")
$(T)/go-values-%: $(wildcard tests/targets/govalues/*)
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,/usr/lib/go-$*/bin/go,$@)

$(T)/go-recipes-stripped-%: $(wildcard tests/targets/gorecipes/*)
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,/usr/lib/go-$*/bin/go,$@,-ldflags="-s -w")
$(T)/go-recipes-%: $(wildcard tests/targets/gorecipes/*)
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,/usr/lib/go-$*/bin/go,$@)

# Built anew when their flags change.
$(filter-out $(T)/go-%,$(TARGETS)): tests/targets/targets.mk
