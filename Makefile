# SPDX-License-Identifier: GPL-2.0-or-later
# One Makefile, no recursion into folders. `make help` lists what it can do.

VERSION := 0.1.0
PREFIX  ?= /usr/local
BUILD   ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PKGS    := libbpf libelf libdw libdeflate capstone lua5.4 readline
V       ?= 0
MAKEFLAGS += --no-print-directory

# Rooms in link order: each may use those after it (tests/layers checks how).
ROOMS := console runtime probe compile kernel symbols script disasm output base

# ------------------------------------------------------------------ set-up
# The goals below need more than a compiler. tests/setup installs what is
# missing; its list of versions is included, so that make starts over (and asks
# pkg-config again) when something was installed.

SETUP_demo  := build demo
SETUP_test  := build demo test $(if $(STRESS),stress)
SETUP_san   := build demo test
SETUP_lint  := build lint
SETUP_lint-fast := build lint
SETUP_fuzz  := build fuzz
SETUP_bench := build demo test bench
SETUP := $(sort $(foreach goal,$(MAKECMDGOALS),$(SETUP_$(goal))))
ifneq ($(SETUP),)
include $(BUILD)/setup.mk
$(BUILD)/setup.mk: FORCE
	@mkdir -p $(@D)
	@tests/setup $(SETUP) > $@.new || { rm -f $@.new; exit 1; }
	@if cmp -s $@.new $@; then rm -f $@.new; else mv $@.new $@; fi
endif

# ------------------------------------------------------------------- flags

ifeq ($(V),0)
say = @printf '  %-8s %s\n' $(1) $(patsubst $(BUILD)/%,%,$(2));
endif

CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
ifdef SAN
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS       := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -liberty -lm
ALL_CFLAGS = -std=gnu17 $(WARN) $(WERROR) -Iinclude -I$(BUILD)/skeletons -D_GNU_SOURCE \
	-DMOONTAP_VERSION='"$(VERSION)"' -DMOONTAP_LUA_DIR='"$(PREFIX)/share/moontap"' $(PKG_CFLAGS) $(CFLAGS) $(SAN_FLAGS)

room_sources = $(wildcard src/$(1)/*.c)
ARCHIVES  := $(ROOMS:%=$(BUILD)/%.a)
SOURCES   := $(foreach room,$(ROOMS),$(call room_sources,$(room)))
SKELETONS := $(patsubst bpf/%.bpf.c,$(BUILD)/skeletons/%.skel.h,$(wildcard bpf/*.bpf.c))
UNITS     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

# ----------------------------------------------------------------- program

.PHONY: all
all: $(BUILD)/moontap ## build build/moontap (the default)
ifeq ($(BUILD),build)
all: compile_commands.json
endif

$(BUILD)/moontap: $(ARCHIVES)
	@ln -sfn $(CURDIR)/lua $(BUILD)/lua # what a build uses until it is installed
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(SAN_FLAGS) -o $@ -Wl,--whole-archive $(BUILD)/console.a -Wl,--no-whole-archive $(ARCHIVES) $(LDFLAGS) $(LIBS)

# One archive a room.
define room_rules
$(BUILD)/$(1).a: $(patsubst %.c,$(BUILD)/%.o,$(call room_sources,$(1)))
	$$(call say,AR,$$@)rm -f $$@ && $(AR) rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_rules,$(room))))

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# BPF written in C: compiled by clang, embedded as skeletons.
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c include/moontap/record.h
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) -O2 -g -Wall -target bpf -D__TARGET_ARCH_x86 -Iinclude \
		-I/usr/include/$(shell $(CC) -dumpmachine) -c -o $@ $<
$(BUILD)/skeletons/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@)(echo '/* NOLINTBEGIN: generated */' && $(BPFTOOL) gen skeleton $< name $*_bpf && \
		echo '/* NOLINTEND */') > $@.new && mv $@.new $@
$(patsubst %.c,$(BUILD)/%.o,$(call room_sources,kernel)): | $(SKELETONS)

# Written by make itself: no shell comes between the flags and their quotes.
json = $(subst ",\",$(subst \,\\,$(1)))
define compile_command
{"directory": "$(call json,$(CURDIR))", "file": "$(1)",
 "command": "$(call json,$(CC) $(ALL_CFLAGS) -c $(1))"}
endef
compile_commands.json: Makefile $(SOURCES)
	@$(file >$@,[)$(foreach f,$(filter-out $(lastword $(SOURCES)),$(SOURCES)),$(file \
	>>$@,$(call compile_command,$(f)),))$(file >>$@,$(call compile_command,$(lastword $(SOURCES)))])

share = $(DESTDIR)$(PREFIX)/share
.PHONY: install
install: $(BUILD)/moontap ## copy to PREFIX (/usr/local), below DESTDIR if given
	install -D -m 755 $(BUILD)/moontap $(DESTDIR)$(PREFIX)/bin/moontap
	install -D -m 644 docs/moontap.1 $(share)/man/man1/moontap.1
	install -D -m 644 -t $(share)/doc/moontap README.md LICENSE $(wildcard docs/*.md)
	install -D -m 644 -t $(share)/doc/moontap/examples $(wildcard examples/*.mt examples/*.lua)
	install -d $(share)/moontap $(share)/bash-completion/completions $(share)/zsh/site-functions
	$(if $(wildcard lua/*),cp -r lua/* $(share)/moontap)
	$(BUILD)/moontap --completion bash > $(share)/bash-completion/completions/moontap
	$(BUILD)/moontap --completion zsh > $(share)/zsh/site-functions/_moontap

# The libraries it needs are the packages that own them here.
DEB = build/moontap_$(VERSION)_amd64.deb
.PHONY: deb
deb: ## make a Debian package of it: build/moontap_VERSION_amd64.deb
	@$(MAKE) BUILD=build/deb PREFIX=/usr all
	@rm -rf build/deb/root && mkdir -p build/deb/root/DEBIAN
	@$(MAKE) -s BUILD=build/deb PREFIX=/usr DESTDIR=$(CURDIR)/build/deb/root install
	@gzip -9nf build/deb/root/usr/share/man/man1/moontap.1 && strip build/deb/root/usr/bin/moontap
	@needed=$$(readelf -d build/deb/root/usr/bin/moontap | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') && \
	depends=$$(for library in $$needed; do \
		dpkg -S "*/$(shell $(CC) -dumpmachine)/$$library" || exit 1; done | cut -d: -f1 | \
		sort -u | paste -sd, | sed 's/,/, /g') && \
	printf '%s\n' 'Package: moontap' 'Version: $(VERSION)' 'Architecture: amd64' \
		'Maintainer: the moontap authors <moontap@localhost>' "Depends: $$depends" \
		'Section: devel' 'Priority: optional' \
		'Description: tracepoints that do not stop, in running programs, scripted in Lua' \
		" A console with GDB's commands that puts BPF uprobe tracepoints into running C, C++" \
		' and Go programs. What runs at each hit is Lua.' > build/deb/root/DEBIAN/control
	$(call say,DEB,$(DEB))dpkg-deb --root-owner-group --build build/deb/root $(DEB) > build/deb.log

.PHONY: docs
docs: $(BUILD)/moontap ## write docs/moontap.1 anew
	$(BUILD)/moontap --man > docs/moontap.1

.PHONY: picture
picture: $(BUILD)/moontap build/go-play ## draw docs/session.svg, the picture in README.md, anew (needs root)
	docs/picture

# -------------------------------------------------------------- Go targets
# The newest Go up to 1.22 (its builds of go-play have the offsets that
# examples/here.mt names), or else whatever `go` is.

GOS := $(wildcard /usr/lib/go-1.22/bin/go /usr/lib/go-1.21/bin/go /usr/lib/go-1.20/bin/go \
	/usr/lib/go-1.19/bin/go /usr/lib/go-1.23/bin/go /usr/lib/go-1.24/bin/go)
GO  ?= $(firstword $(GOS) go)
# $(call go_build,GO,PROGRAM,FLAGS,ENVIRONMENT)
go_build = GOCACHE=$(CURDIR)/build/go-cache GOPATH=$(CURDIR)/build/go GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local \
	GO111MODULE=on CGO_ENABLED=0 $(4) $(1) build -buildvcs=false $(3) -o $(abspath $(2)) .
build/go-play: examples/go-play/main.go examples/go-play/go.mod
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,$(GO),$@)

.PHONY: demo
demo: $(BUILD)/moontap build/go-play ## trace the Go example for a few seconds (needs root)
	@BUILD=$(BUILD) GO=$(GO) examples/demo

# ------------------------------------------------------------------- tests

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(SAN_FLAGS) -o $@ $< $(filter %.a,$^) $(LDFLAGS) -lcmocka $(LIBS)
.SECONDARY:

# test_<room>[_topic] links that room and those below it.
rooms_from = $(if $(filter $(1),$(firstword $(2))),$(2),$(if $(2),$(call rooms_from,$(1),$(wordlist 2,99,$(2)))))
define unit_rules
$(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_$(1).c tests/unit/test_$(1)_*.c)): $(patsubst %,$(BUILD)/%.a,$(call rooms_from,$(1),$(ROOMS)))
.PHONY: unit-$(1)
unit-$(1): $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_$(1).c tests/unit/test_$(1)_*.c))
	@for t in $$^; do case $$$$t in *.a) ;; *) $$$$t || exit 1;; esac; done
endef
$(foreach room,$(ROOMS),$(eval $(call unit_rules,$(room))))

.PHONY: unit
unit: $(ROOMS:%=unit-%) ## the unit tests alone (unit-ROOM: of one room)

include tests/targets/targets.mk
include tests/bench/bench.mk

TESTED := $(BUILD)/moontap $(UNITS) $(TARGETS) $(BUILD)/bench/events

.PHONY: test
test: $(TESTED) ## set up, build and run every test (end to end: as root)
	@BUILD=$(BUILD) tests/run $(TESTS)

.PHONY: san
san: ## the whole suite under ASan and UBSan
	@$(MAKE) SAN=1 BUILD=build/san test

.PHONY: bench
bench: $(BUILD)/moontap $(BENCH_TARGETS) ## measure beside the peers; ROW=NAME: one row
	@BUILD=$(BUILD) tests/bench/run $(ROW)

# ----------------------------------------------------------------- fuzzing

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
ifdef FUZZ
SAN_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
$(FUZZERS): %: %.o $(filter-out %/console.a,$(ARCHIVES))
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(SAN_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
endif
.PHONY: fuzz fuzzers oracles
fuzzers: $(FUZZERS)
	@for f in $^; do corpus=$(BUILD)/corpus/$${f##*/}; mkdir -p $$corpus; \
	  seeds=tests/fuzz/$${f##*/fuzz_}; [ -d $$seeds ] || seeds=; \
	  echo "  FUZZ     $$f"; \
	  $$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -timeout=10 \
	    -artifact_prefix=$(BUILD)/$${f##*/}. $$corpus $$seeds > $$f.log 2>&1 \
	    || { tail -n 60 $$f.log; exit 1; }; done
# The kernel against Lua, with seeds of their own: ends at the first that differs.
ORACLES := compile_lua runtime_oracle
oracles: $(ORACLES:%=$(BUILD)/tests/unit/test_%)
	@[ $$(id -u) = 0 ] || { echo "  SKIP     the oracles: they need root"; exit 0; }; \
	for t in $^; do case $$t in *.a) ;; *) echo "  ORACLE   $$t"; \
	  MOONTAP_SECONDS=$(FUZZ_SECONDS) $$t || exit 1;; esac; done
fuzz: ## feed the parsers of foreign bytes noise, and the compiler expressions, FUZZ_SECONDS (60) each
	@$(MAKE) FUZZ=1 CC=$(CLANG) BUILD=build/fuzz fuzzers
	@$(MAKE) oracles

# -------------------------------------------------------------------- lint

FORMATTED := $(SOURCES) $(wildcard include/moontap/*.h src/*/*.h bpf/*.c tests/unit/*.[ch] \
	tests/fuzz/*.[ch] tests/targets/*.c tests/targets/*.cc tests/bench/*.c tests/bench/*.cc)
LUA_FILES := $(wildcard lua/*.lua lua/*/*.lua lua/*/*/*.lua lua/*/*/*/*.lua examples/*.lua)
TIDIED    := $(SOURCES:%.c=$(BUILD)/lint/%.tidy)

# `make test lint` runs the tests beside the checks, undisturbed: these begin when all is built that
# the tests need, and take the processors' idle time alone.
IDLE := chrt --idle 0
ifneq ($(filter test,$(MAKECMDGOALS)),)
$(TIDIED) lint-clang: | $(TESTED)
endif

.PHONY: lint lint-fast lint-format lint-layers lint-lua lint-clang
lint: lint-fast $(TIDIED) ## formatting, clang's opinion, luacheck, layers
# For CI: all but clang's analyzer.
lint-fast: lint-format lint-layers lint-lua lint-clang
lint-format:
	$(call say,FORMAT,sources)clang-format --dry-run -Werror $(FORMATTED)
lint-layers:
	$(call say,LAYERS,src)tests/layers
lint-lua:
	$(call say,LUACHECK,sources)$(if $(LUA_FILES),luacheck -q $(LUA_FILES))
lint-clang:
	@$(IDLE) $(MAKE) CC=$(CLANG) BUILD=build/clang WERROR=-Werror all
$(BUILD)/lint/%.tidy: %.c .clang-tidy Makefile | $(SKELETONS)
	@mkdir -p $(@D)
	$(call say,TIDY,$<)$(IDLE) clang-tidy --quiet --warnings-as-errors='*' $< -- $(ALL_CFLAGS) 2>$@.log \
		|| { cat $@.log; exit 1; }; touch $@

# -------------------------------------------------------------------- rest

.PHONY: clean
clean: ## remove what was built
	rm -rf build compile_commands.json

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1~\2/p' Makefile | column -t -s '~'

.PHONY: FORCE
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
