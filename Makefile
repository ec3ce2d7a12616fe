# agenc: add a file to a folder and it is built. `make help` lists the targets.
VARIANT    ?= release
OUT        ?= build/$(VARIANT)
CC         ?= gcc
CXX        ?= g++
PKG_CONFIG ?= pkg-config
LIBS       := libcurl jansson gsl libmicrohttpd sqlite3 zlib libsodium
ifeq ($(filter help clean fmt,$(MAKECMDGOALS)),)
ifneq ($(shell $(PKG_CONFIG) --exists $(LIBS) && echo yes),yes)
$(error packages missing: $(shell $(PKG_CONFIG) --print-errors --exists $(LIBS) 2>&1); ci/setup installs them)
endif
endif

WARN          := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
                 -Wredundant-decls -Wconversion -Wno-sign-conversion -Werror
FLAGS_debug   := -O1 -g3
FLAGS_release := -O2 -g
FLAGS_asan    := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_fuzz    := -O1 -g3 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FLAGS_coverage := -O0 -g --coverage -fprofile-update=atomic
FLAGS_mutants := $(FLAGS_release) -DAGENC_MUTANTS
FLAGS_tsan    := -O1 -g3 -fsanitize=thread
COMMIT        := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
# No FMA contraction: a result must have the same bits on every machine (ecosystem: docs/decisions).
COMMON        := -D_GNU_SOURCE -ffp-contract=off -fno-strict-aliasing -I. $(FLAGS_$(VARIANT)) $(EXTRA)
CFLAGS_ALL    := -std=c17 $(COMMON) $(WARN)
CXXFLAGS_ALL  := -std=c++17 $(COMMON) -Wall -Wextra
LIB_CFLAGS    := $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LIB_LINK      := $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null) -lstdc++ -lm -lpthread
TEST_CFLAGS    = $(shell $(PKG_CONFIG) --cflags criterion)
TEST_LINK      = $(shell $(PKG_CONFIG) --libs criterion)

HISTORIES  ?= 100000
MODEL_SEED ?= 1

PARTS   := base engine sim loadgen chaos reports daemon cli
SOURCES := $(filter-out cli/main.c,$(wildcard $(PARTS:%=%/*.c)))
OBJ     := $(SOURCES:%.c=$(OUT)/%.o) $(patsubst %.cpp,$(OUT)/%.o,$(wildcard base/*.cpp))
LIB     := $(OUT)/libagenc.a
TESTS   := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/*.c tests/sim/*.c))
TESTLIB := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/lib/*.c))
JUDGES  := $(OUT)/tests/judge-vectors $(OUT)/tests/judge-traces
JUDGELIB := $(patsubst %.c,$(OUT)/%.o,$(filter-out tests/judge/judge_%,$(wildcard tests/judge/*.c)))
MODEL   := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/model/*.c))
BENCHES := $(patsubst %.c,$(OUT)/%,$(wildcard tests/bench/*.c))

release: $(OUT)/agenc ## Build build/release/agenc (the default)

$(OUT)/agenc: $(OUT)/cli/main.o $(LIB)
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) $< $(LIB) -o $@ $(LIB_LINK)
$(LIB): $(OBJ)
	@rm -f $@
	@ar rcs $@ $(OBJ)
$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CFLAGS_ALL) $(LIB_CFLAGS) -MMD -MP -c $< -o $@
$(OUT)/%.o: %.cpp
	@mkdir -p $(@D)
	@echo '  CXX  $<'
	@$(CXX) $(CXXFLAGS_ALL) -MMD -MP -c $< -o $@
# The commit is part of every result: its object follows HEAD.
$(OUT)/base/version.o: CFLAGS_ALL += -DAGENC_COMMIT='"$(COMMIT)"'
$(OUT)/base/version.o: $(OUT)/commit
$(OUT)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
$(OUT)/tests/lib/%.o: tests/lib/%.c
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) -std=c17 $(COMMON) -Wall -Wextra -Werror $(TEST_CFLAGS) -MMD -MP -c $< -o $@
$(OUT)/tests/judge/%.o: tests/judge/%.c
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) -std=c17 $(COMMON) -Wall -Wextra -Werror -MMD -MP -c $< -o $@
$(JUDGES): $(JUDGELIB) $(OUT)/tests/lib/engine_fixture.o $(OUT)/tests/lib/bench_fixture.o $(LIB)
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) $(filter %.o,$^) $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/judge-vectors: $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/judge/judge_vectors*.c))
$(OUT)/tests/judge-traces: $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/judge/judge_traces*.c))
$(OUT)/tests/validate/%.o: tests/validate/%.c
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@
$(OUT)/tests/validate-chain: $(OUT)/tests/validate/validate_chain.o $(LIB)
	@$(CC) $(CFLAGS_ALL) $^ -o $@ $(LIB_LINK)
$(OUT)/tests/validate-sensitivity: $(OUT)/tests/validate/validate_sensitivity.o $(LIB)
	@$(CC) $(CFLAGS_ALL) $^ -o $@ $(LIB_LINK)
$(OUT)/tests/validate-tables: $(OUT)/tests/validate/validate_tables.o $(LIB)
	@$(CC) $(CFLAGS_ALL) $^ -o $@ $(LIB_LINK)
$(OUT)/tests/validate-provers: $(patsubst %,$(OUT)/tests/validate/%.o,validate_provers prover_rows) $(LIB)
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) $(filter %.o,$^) $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/validate-statistics: $(patsubst %,$(OUT)/tests/validate/%.o,validate_statistics noise) $(OUT)/tests/lib/sim_fixture.o $(OUT)/tests/lib/engine_fixture.o $(LIB)
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) $(filter %.o,$^) $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/validate-calibration: $(patsubst %,$(OUT)/tests/validate/%.o,validate_calibration calibration_data round_trip) $(LIB) | $(OUT)/agenc
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) $(filter %.o,$^) $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/bench/%: tests/bench/%.c $(LIB)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CFLAGS_ALL) -MMD -MP $< $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/soak/%: tests/soak/%.c $(LIB)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CFLAGS_ALL) -MMD -MP $< $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/model/%.o: tests/model/%.c
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@
$(OUT)/tests/differential: $(MODEL) $(LIB)
	@echo '  LINK $@'
	@$(CC) $(CFLAGS_ALL) $(MODEL) $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/fuzz/%: tests/fuzz/%.c $(LIB)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CFLAGS_ALL) -fsanitize=fuzzer -fsanitize-link-c++-runtime -MMD -MP $< $(LIB) -o $@ $(LIB_LINK)
$(OUT)/tests/%: tests/%.c $(TESTLIB) $(LIB)
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) -std=c17 $(COMMON) -Wall -Wextra -Werror $(TEST_CFLAGS) -MMD -MP $< $(TESTLIB) $(LIB) -o $@ $(TEST_LINK) $(LIB_LINK)

judge = $(OUT)/tests/judge-$(1) tests/vectors/$(2) >$(OUT)/judge-$(1).txt || { cat $(OUT)/judge-$(1).txt; exit 1; }; \
	tail -n 1 $(OUT)/judge-$(1).txt
test: $(OUT)/agenc $(TESTS) $(JUDGES) ## Run unit and simulation tests
	@ci/run-tests $(OUT) $(TESTS)
	@tests/cli/run.sh $(OUT)/agenc
	@$(call judge,vectors,engine-vectors.json)
	@$(call judge,traces,runtime-traces.jsonl)
judges: $(JUDGES) ## Judge the engine by the kept vectors and traces
	@$(call judge,vectors,engine-vectors.json)
	@$(call judge,traces,runtime-traces.jsonl)
	@tests/judge/self-test.sh $(OUT)
model: $(OUT)/tests/differential ## Play random histories on the engine and on a naive model of it
	@$< --histories $(HISTORIES) --seed $(MODEL_SEED)
	@tests/model/self-test.sh $(OUT)
validate-chain: $(OUT)/tests/validate-chain ## Hold the mechanistic chain against published measurements
	@$<
CHAINS := $(filter-out mainnet-mixed,$(patsubst scenarios/chain/%.toml,%,$(wildcard scenarios/chain/*.toml)))
tables: $(OUT)/agenc ## Make the tables of every empirical chain anew from its mechanism (a minute)
	@for chain in $(CHAINS); do \
	    $(OUT)/agenc chain tabulate --profile $$chain --output scenarios/chain/tables/$$chain.toml || exit 1; done
validate-tables: $(OUT)/tests/validate-tables ## Hold what is drawn from tables against what is counted
	@$<
validate-docs: $(OUT)/tests/validate-chain $(OUT)/tests/validate-tables $(OUT)/tests/validate-sensitivity $(OUT)/tests/validate-calibration $(OUT)/tests/validate-statistics ## Write the slow tables of docs/VALIDATION.md (five minutes)
	@$(OUT)/tests/validate-chain | ci/section docs/VALIDATION.md chain --write
	@$(OUT)/tests/validate-tables | ci/section docs/VALIDATION.md tables --write
	@$(OUT)/tests/validate-sensitivity | ci/section docs/VALIDATION.md sensitivity --write
	@$(OUT)/tests/validate-calibration | ci/section docs/VALIDATION.md calibration --write
	@$(OUT)/tests/validate-statistics | ci/section docs/VALIDATION.md statistics --write
MUTANT_BASE ?= 1
MUTANT_SEEDS ?= 3000
mutants: ## Plant each bug in a build of its own and let the campaign find it; kept in docs/VALIDATION.md (two minutes)
	@$(MAKE) --no-print-directory VARIANT=mutants build/mutants/agenc >/dev/null
	@ci/mutants build/mutants/agenc $(MUTANT_SEEDS) $(MUTANT_BASE) >build/mutants/table.md; status=$$?; \
	cat build/mutants/table.md; ci/section docs/VALIDATION.md mutants --write <build/mutants/table.md && exit $$status
COUNT ?= 500
SEED  ?= 1
mutate: ## Change the engine in COUNT places, one at a time, and see who notices: docs/MUTATION.md (20 minutes; goes on)
	@ci/mutate $(COUNT) $(SEED) --docs
validate-provers: $(OUT)/tests/validate-provers ## Hold the cost law of provers against published figures
	@$<
validate-statistics: $(OUT)/tests/validate-statistics ## Hold the rules of comparison against data whose truth is known
	@$<
validate-calibration: $(OUT)/tests/validate-calibration ## Draw data from known parameters and find them again
	@$<
golden-update: $(OUT)/agenc ## Accept the runs as they are now and print what changed
	@tests/golden/run.sh $(OUT)/agenc --update
baseline: $(OUT)/agenc ## Accept what ci/gate measures as the new ci/baseline
	@ci/measure ci/baseline
debug: ## Build build/debug/agenc
	@$(MAKE) release VARIANT=debug
asan: ## Run the same tests under AddressSanitizer and UBSan, leaks fatal
	@$(MAKE) test VARIANT=asan
tsan: ## Build with ThreadSanitizer
	@$(MAKE) release VARIANT=tsan
bench: $(BENCHES) ## Measure speed and memory
	@ci/bench $(OUT)
soak: $(OUT)/agenc $(OUT)/tests/soak/load ## Load, crashes, floods and failing disks against the live service, as a table
	@tests/soak/run.sh $(OUT)/agenc $(OUT)/tests/soak/load $(or $(SOAK),full)
spin: $(OUT)/tests/spin/replay ## Exhaust the model of the protocol and replay its runs in the engine
	@tests/spin/run.sh $(OUT)
coverage: ## Which branches of the engine the tests take; fails below 95 %
	@ci/coverage
bench-engine: $(BENCHES) ## Measure the engine alone: lives, admissions, cascades, PT-4
	@ci/bench $(OUT) engine
bench-chaos: $(BENCHES) ## Measure chaos: speed, what invariants cost, which search finds planted bugs first
	@ci/bench $(OUT) chaos
	@$(MAKE) --no-print-directory release VARIANT=mutants
	@ci/ablation build/mutants/agenc
docs: $(OUT)/agenc $(OUT)/tests/validate-provers ## Write the documents that come from tables
	@$(OUT)/agenc config docs > docs/CONFIG.md
	@$(OUT)/agenc config docs --format toml > scenarios/config/default.toml
	@$(OUT)/agenc config docs --format metrics > docs/METRICS.md
	@$(MAKE) --no-print-directory rules
	@$(OUT)/agenc config docs --format openapi > docs/openapi.json
	@$(OUT)/agenc manpage > docs/agenc.1
	@ci/chain-parameters > docs/CHAIN.md
	@$(OUT)/agenc chaos docs > docs/CHAOS.md
	@$(OUT)/tests/validate-provers | ci/section docs/VALIDATION.md provers --write
rules: ## Write alert rules and dashboards from their templates and ops/prometheus/thresholds.txt
	@for kind in prometheus/rules grafana/dashboards; do \
	    for template in ops/$${kind%/*}/templates/*.*; do ops/render <$$template >ops/$$kind/$${template##*/} || exit 1; done; done
fmt: ## Format every source file
	@clang-format-14 -i $$(git ls-files '*.c' '*.h' '*.cpp')
clean: ## Remove build/
	@rm -rf build
help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(MODEL:.o=.d)
-include $(wildcard $(OUT)/tests/validate/*.d)
-include $(wildcard $(OUT)/tests/judge/*.d)
-include $(OBJ:.o=.d) $(OUT)/cli/main.d $(TESTLIB:.o=.d) $(TESTS:%=%.d) $(BENCHES:%=%.d) $(wildcard $(OUT)/tests/fuzz/*.d)
.DEFAULT_GOAL := release
.SECONDARY:
.PHONY: release rules bench-chaos test tables validate-chain validate-tables validate-docs validate-provers validate-calibration validate-statistics model soak spin coverage judges golden-update baseline debug asan tsan bench bench-engine docs fmt clean help FORCE
