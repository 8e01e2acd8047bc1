# A thin front of meson and tools/: "make help" lists what it can do.

BUILD ?= build
export BIPS_BUILD := $(abspath $(BUILD))

.DEFAULT_GOAL := help
.PHONY: help all setup build demo demo-inference test soak crash fuzz mutants mutants-python deadlines bench bench-quick bench-grow model model-long test-debian13 test-debian13-build test-debian11 test-debian-testing test-arm64 test-python-frameworks test-python-nogil install clean

help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r t h; do printf '  make %-20s %s\n' "$$t" "$$h"; done

all: build ## the same as build

setup: ## install what is missing to build and test, and fetch headers
	@tools/setup

build: setup ## build/plugin/libgstbips.so (the first time: 2 to 3 minutes)
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD)
	@meson compile -C $(BUILD)

demo: build ## a real video crosses into two other processes, without a copy
	@tools/setup clips
	@pipelines/demo/run

demo-inference: build ## PyTorch finds the face in a real clip, where the frames lie, and the clip does not wait for it
	@tools/setup clips python inference
	@GST_PLUGIN_PATH="$(BIPS_BUILD)/plugin" pipelines/capture-to-pytorch/run.sh "$(BIPS_BUILD)/demo-inference"

test: build ## all tests, on this system's GStreamer
	@tools/test

test-debian13: build ## the plugin's tests on GStreamer 1.26, in a private Debian 13 tree
	@tools/setup trees
	@tools/test-in-tree trixie

test-debian13-build: setup ## the same, with the plugin built there (2 to 3 minutes more)
	@tools/setup trees
	@tools/test-in-tree trixie build

test-debian-testing: build ## the plugin's tests on GStreamer 1.28 or later, in a private tree of Debian testing
	@tools/setup trees
	@tools/test-in-tree testing

test-arm64: setup ## the libraries' tests, in C and in Go, built for arm64 and run under qemu (6 minutes)
	@tools/setup arm64
	@tools/test-arm64

test-debian11: build ## a smoke test on GStreamer 1.18, in a private Debian 11 tree
	@tools/setup trees
	@tools/test-in-tree bullseye

test-python-frameworks: setup ## the Python package with PyTorch, TensorFlow, JAX and OpenCV (fetches a gigabyte)
	@tools/setup python frameworks
	@tools/test-python --frameworks

# Runs of the long tests are written into docs/reliability-runs.md.
RECORD = go run ./internal/cmd/recordrun

soak: ## processes killed, stopped and restarted for hours (BIPS_STRESS_SECONDS=3600, BIPS_STRESS_SEED, BIPS_STRESS_BACKEND)
	@BIPS_STRESS_SECONDS=$${BIPS_STRESS_SECONDS:-3600} CGO_ENABLED=0 $(RECORD) "make soak" \
	    go test -count=1 -v -timeout 0 -run UnderFire ./tests/stress

crash: ## a death at each step of the protocol, many times (BIPS_CRASH_TIMES=20: a quarter of an hour), and once each in Python
	@BIPS_CRASH_TIMES=$${BIPS_CRASH_TIMES:-20} CGO_ENABLED=0 $(RECORD) "make crash" \
	    go test -tags bipscrash -count=1 -v -parallel 8 -timeout 0 -run AtAnyStep ./tests/crash
	@CGO_ENABLED=0 $(RECORD) "make crash in Python" tools/crash-python -parallel 4

fuzz: ## damaged pools, damaged seats, hostile seats, metadata, messages, what readers say, what producers hand over: five minutes each (FUZZ_TIME=5m)
	@CGO_ENABLED=0 $(RECORD) "make fuzz" tools/fuzz

mutants: ## show that tests fail when the protocol is done wrong, as tests/mutants says (10 minutes)
	@CGO_ENABLED=0 $(RECORD) "make mutants" tools/mutants

mutants-python: ## the same for faults in the Python package, as python/tests/mutants says (tools/test python first; 10 minutes)
	@tools/mutants-python

deadlines: ## how long deaths, restarts and hung readers take, 200 times each (4 minutes; BIPS_DEADLINES=200)
	@BIPS_DEADLINES=$${BIPS_DEADLINES:-200} CGO_ENABLED=0 $(RECORD) "make deadlines" \
	    go test -count=1 -v -timeout 30m ./tests/deadlines

bench: build ## measure the pair beside others, into bench/results and README.md (17 minutes)
	@bench/run

bench-quick: build ## the same in 4 minutes, to see whether it works; nothing in the checkout changes
	@bench/run --quick

bench-grow: build ## what the pair costs as consumers, frames and slots grow (5 minutes)
	@bench/run grow

model: ## search the protocol's models, a minute each at most (about an hour on two cores)
	@tools/setup model
	@tests/model/run.sh

model-long: ## the same, and the searches that take long: three minutes each at most (three hours)
	@tools/setup model
	@tests/model/run.sh all

test-python-nogil: setup ## the Python package on a free-threaded CPython 3.13, which is built from Debian's source (5 minutes, once)
	@tools/setup python nogil
	@python=$$(tools/python-nogil) || { [ $$? = 77 ] && exit 0; exit 1; }; BIPS_PYTHONS=$$python tools/test-python

install: ## put what make build has built, the plugin and libbips, where others find it (as root; DESTDIR is honoured)
	@[ -f $(BUILD)/build.ninja ] || { echo "nothing is built in $(BUILD): run make build before make install"; exit 1; }
	@meson install -C $(BUILD) --no-rebuild
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || PATH=$$PATH:/usr/sbin:/sbin ldconfig

clean: ## remove what was built here (the cache folder stays)
	rm -rf $(BUILD)
