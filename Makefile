# Everything a person runs. `make` alone lists it. Only python3 (3.11 or newer) and make are needed.
SHELL := /bin/bash
PY := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint up bench clean lock

help: ## List what there is
	@grep -E '^[a-z.]+:.*##' Makefile | sed -E 's/^([a-z.]+):.*## /  make \1|/' | column -t -s '|'

.venv: .venv/.installed ## Install: a virtual environment with exactly the locked packages

.venv/.installed: requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit("handoff needs Python 3.11 or newer; this python3 is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check "uv>=0.5" 2>/dev/null || true
	@echo "installing the locked packages ..."
	@$(PY) -m uv pip install --quiet --python $(PY) --require-hashes -r requirements.lock 2>/dev/null \
	  || $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch .venv/.installed

demo: .venv/.installed ## Company A, from a full limbo to an empty one (ARGS="--seed 7 --leads 12000 --crms hubspot,salesforce")
	@.venv/bin/handoff demo $(ARGS)

test: .venv/.installed ## Every test that needs no system package; PostgreSQL and Chromium tests are skipped by name where missing
	@$(PY) -m pytest $(or $(ARGS),-q -n 2 --dist loadfile)

lint: .venv/.installed ## ruff, mypy --strict, import contracts
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy && .venv/bin/lint-imports --no-cache

up: .venv/.installed ## Sandbox + Prefect server + worker + deployments under one supervisor; Ctrl-C ends all of it
	@.venv/bin/handoff up $(ARGS)

bench: .venv/.installed ## Measured against bounds and peers in the same run (ARGS="--leads 100000")
	@$(PY) -m benchmarks $(ARGS)

lock: .venv/.installed ## Resolve the lock file anew (versions and hashes, no index address)
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate pyproject.toml -o requirements.lock

clean: ## Remove the environment and everything the demo left
	rm -rf .venv .handoff .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
