# RELMAS -- products go to build/$(MODE)/.
#   make            release build            make demo     install what is missing, build, train, evaluate
#   make check      all tests                make asan     the tests under address and UB sanitizers
#   make tsan       threaded tests, TSan     make bench    measured speed against stated limits
#   make install    DESTDIR=, PREFIX=        make deps     install missing Debian packages
#   make study      the study of docs/RESULTS.md, resumable: experiments/study/study.sh has its settings
#   make ship       policies of a finished study become checkpoints/policies: experiments/study/ship.sh
#   make ablation   what the learner's parts are worth: experiments/study/ablation.sh
#   make study-general   one policy for many systems, resumable: experiments/study/general.sh
#   make bench-peers   the learner against PyTorch and ONNX Runtime, which it installs in build/peers
#   make plots      the pictures of docs/ (needs gnuplot)
#   make fuzz       FUZZ_SECONDS=60 for each reader of files, with clang: tests/fuzz/README.md
# MODE=release|debug|asan|tsan|fuzz  CC=gcc|clang  ARCH=-march=native  WERROR=1  V=1
MODE   ?= release
PREFIX ?= /usr/local
ARCH   ?= -march=native
FUZZ_SECONDS ?= 60
VERSION := 0.1.0
B      := build/$(MODE)
PKGS   := openblas hdf5 yaml-0.1 libprotobuf-c
WARN   := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
          -Wvla -Wwrite-strings -Wpointer-arith -Wundef -Wdouble-promotion $(if $(WERROR),-Werror)
# Never -ffast-math (it deletes isfinite); no FMA contraction (same bits per compiler).
NUM    := -ffp-contract=off -fno-math-errno
OPT_release := -O3 -g
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_tsan    := -O1 -g -fsanitize=thread
OPT_fuzz    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
OPT := $(or $(OPT_$(MODE)),$(error MODE must be release, debug, asan, tsan or fuzz, got '$(MODE)'))

# HDF5's flags ask for no particular POSIX, ours do: ours come last.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) check 2>/dev/null)
override CPPFLAGS += $(PKG_CFLAGS) -I. -I$(B) -D_POSIX_C_SOURCE=200809L -DRELMAS_VERSION='"$(VERSION)"'
override CFLAGS   += -std=c11 -fPIC -pthread $(WARN) $(NUM) $(OPT) $(ARCH)
LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lglpk -lm
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)
LINK  = $(CC) -pthread $(LDFLAGS) $(filter -fsanitize=%,$(OPT)) -o $@ $(filter %.o %.a,$^)

SRC   := $(sort $(wildcard $(foreach d,base nn rl env accel_models checkpoints,$d/*.c)))
OBJ   := $(SRC:%.c=$(B)/%.o) $(B)/env/onnx.pb-c.o
LIB   := $(B)/librelmas.a
SOLIB := $(B)/librelmas.so
APP   := $(B)/bin/relmas
TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/test_*.c))
BENCH := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
# Each calls its target for the kept inputs; in mode fuzz, libFuzzer calls it.
FUZZ  := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_MAIN := $(if $(filter fuzz,$(MODE)),-fsanitize=fuzzer,$(B)/tests/fuzz/replay.o)
# Tests that start threads; what `make tsan` runs.
TSAN_TESTS := $(filter %_pool %_trainer %_evaluate,$(TESTS))
HEADERS := $(filter-out %_internal.h,$(wildcard $(foreach d,base nn rl env accel_models checkpoints,$d/*.h)))
DATA  := env/networks env/systems env/systems/general env/scenarios env/scenarios/general env/traces accel_models/presets experiments/configs checkpoints/policies

all: $(LIB) $(SOLIB) $(APP)
$(V).SILENT:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all check run-tests asan tsan run-tsan fuzz run-fuzz bench bench-peers install deps demo study study-general ablation ship plots \
        clean FORCE

$(B)/%.o: %.c $(B)/flags
	mkdir -p $(@D); echo '  CC   $<'
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
# What protobuf-c makes of the messages in env/onnx.proto.
$(B)/env/onnx.pb-c.c: env/onnx.proto
	mkdir -p $(@D); echo '  GEN  $@'; protoc-c --c_out=$(B) $<
$(B)/env/onnx.pb-c.h: $(B)/env/onnx.pb-c.c ;
$(B)/env/onnx.pb-c.o: $(B)/env/onnx.pb-c.c $(B)/flags
	echo '  CC   $<'; $(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(patsubst %.c,$(B)/%.o,$(wildcard env/onnx*.c)): $(B)/env/onnx.pb-c.h
$(LIB): $(OBJ)
	rm -f $@; $(AR) rcs $@ $^
$(SOLIB): $(OBJ) base/exports.map
	echo '  LINK $@'; $(LINK) -shared -Wl,--version-script=base/exports.map $(LIBS)
$(APP): $(patsubst %.c,$(B)/%.o,$(wildcard experiments/*.c)) $(LIB)
	mkdir -p $(@D); echo '  LINK $@'; $(LINK) $(LIBS)
$(TESTS): $(B)/tests/%: $(B)/tests/%.o $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c)) $(LIB)
	echo '  LINK $@'; $(LINK) $(CHECK_LIBS) $(LIBS)
$(FUZZ): %: %.o $(LIB) $(filter %.o,$(FUZZ_MAIN))
	echo '  LINK $@'; $(LINK) $(filter -f%,$(FUZZ_MAIN)) $(LIBS)
$(BENCH): %: %.o $(LIB)
	echo '  LINK $@'; $(LINK) $(LIBS)

STAMP = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
$(B)/flags: FORCE # changes only when a flag does, so a new flag rebuilds all
	mkdir -p $(@D); echo '$(subst ','\'',$(STAMP))' | cmp -s - $@ || echo '$(subst ','\'',$(STAMP))' > $@

check: deps
	+$(MAKE) --no-print-directory run-tests
run-tests: all $(TESTS) $(FUZZ)
	sh tests/run.sh $(B) $(TESTS) $(FUZZ)
asan:
	+$(MAKE) --no-print-directory MODE=asan run-tests
tsan:
	+$(MAKE) --no-print-directory MODE=tsan run-tsan
run-tsan: $(TSAN_TESTS)
	for t in $(TSAN_TESTS); do TSAN_OPTIONS=halt_on_error=1 CK_FORK=no $$t || exit 1; done
fuzz:
	sh tests/fuzz/run.sh need
	+$(MAKE) --no-print-directory MODE=fuzz CC='$(if $(findstring clang,$(CC)),$(CC),clang)' run-fuzz
run-fuzz: $(FUZZ)
	FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz/run.sh $(FUZZ)
bench: all $(BENCH)
	failed=; for b in $(BENCH); do $$b || failed="$$failed $$b"; done; \
	[ -z "$$failed" ] || { echo "missed a limit:$$failed"; exit 1; }
bench-peers: $(B)/tests/bench/bench_learner
	sh tests/bench/peers.sh $(B)
plots: all # the pictures of docs/, with gnuplot
	sh docs/img/plots.sh $(APP)
demo: deps
	+$(MAKE) --no-print-directory all
	sh experiments/demo.sh $(B)/bin/relmas
study: all
	sh experiments/study/study.sh $(APP)
ship: all
	sh experiments/study/ship.sh $(APP)
ablation: all
	sh experiments/study/ablation.sh $(APP)
study-general: all
	sh experiments/study/general.sh $(APP)
deps:
	sh .ci/deps
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 755 $(APP) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(LIB) $(SOLIB) $(DESTDIR)$(PREFIX)/lib
	sed -e 's|@VERSION@|$(VERSION)|' -e 's|@LIBS@|$(LIBS)|' base/relmas.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/relmas.pc
	for h in $(HEADERS); do install -D -m 644 $$h $(DESTDIR)$(PREFIX)/include/relmas/$$h || exit 1; done
	for d in $(DATA); do install -d $(DESTDIR)$(PREFIX)/share/relmas/$$d; for f in $$d/*.yaml $$d/*.csv $$d/*.h5 $$d/*.md; do test ! -e $$f || \
	  install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/relmas/$$f || exit 1; done; done
clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
