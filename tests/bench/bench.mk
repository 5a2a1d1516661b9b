# SPDX-License-Identifier: GPL-2.0-or-later
# The programs that `make bench` measures on; the tests do without.

B := $(BUILD)/bench
BENCH_SITES := 100000
BENCH_SIZES := 1 10 100 500
BENCH_TARGETS := $(addprefix $(B)/,loop sites large goloop $(BENCH_SIZES:%=size-%))

$(B)/loop: tests/bench/loop.c
	@mkdir -p $(@D)
	$(call say,TARGET,$@)gcc -O2 -g -Wall -Wextra -pthread -o $@ $<

$(B)/sites.s: tests/bench/sites.awk
	@mkdir -p $(@D)
	@awk -v count=$(BENCH_SITES) -v size=16 -f $< > $@
$(B)/sites: $(B)/sites.s
	$(call say,TARGET,$@)gcc -o $@ $<

# A program of so many megabytes: a function every kilobyte.
$(B)/size-%: tests/bench/sites.awk
	@mkdir -p $(@D)
	$(call say,TARGET,$@)awk -v count=$$(($* * 1000)) -v size=1024 -f $< > $@.s && \
		gcc -o $@ $@.s && rm $@.s

# One unit, linked so often that there is more than 100 MB of debug information.
$(B)/large.o: tests/bench/large.cc
	@mkdir -p $(@D)
	$(call say,TARGET,$@)g++ -O1 -g -c -o $@ $<
$(B)/part.o: tests/bench/large.cc
	@mkdir -p $(@D)
	$(call say,TARGET,$@)g++ -O1 -g -DPART -c -o $@ $<
LARGE_PARTS := 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17
$(B)/large: $(B)/large.o $(B)/part.o
	$(call say,TARGET,$@)g++ -o $@ $(LARGE_PARTS:%=$(B)/part.o) $< $(LARGE_PARTS:%=$(B)/part.o)

$(B)/goloop: tests/bench/loop.go tests/bench/go.mod
	@mkdir -p $(@D)
	$(call say,GO,$@)cd $(<D) && $(call go_build,$(GO),$@)

$(B)/large: tests/bench/bench.mk

# Not for `make bench`: its instructions are counted by the tests.
$(B)/events: $(B)/events.o $(patsubst %,$(BUILD)/%.a,$(call rooms_from,runtime,$(ROOMS)))
	$(call say,LINK,$@)$(CC) $(CFLAGS) $(SAN_FLAGS) -o $@ $^ $(LDFLAGS) $(LIBS)
$(B)/events.o: tests/bench/events.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
