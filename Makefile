# Every chore of the project. A bare Debian machine needs python3 (3.11 or later), python3-venv and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
CREDITPULSE_TRACE_DIR ?= ../shared/data
export CREDITPULSE_TRACE_DIR

.PHONY: help setup browser run test test-recorded test-faults test-hosts lint format bench audit fuzz lock

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/ready  ## .venv with everything the app, its tests and benchmarks need

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Creditpulse needs Python 3.11 or later; set PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

browser:  # what the tests need besides: Chromium, its driver, Redis, Node, network tools, an OpenID provider
	@.ci/system-packages
	@.ci/node-packages

run: setup  ## the app on http://127.0.0.1:8050, with its own database and a demo workload
	$(BIN)/python app.py run

test: setup browser  ## every test
	node --test tests/js/
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not recorded"

test-recorded: setup browser  ## the tests on the recorded workloads in CREDITPULSE_TRACE_DIR
	$(BIN)/python -m pytest -q -m recorded tests/recorded

test-faults: setup browser  ## 200 random sequences of faults under open pages (about 40 minutes; FAULTS="--seed 7" for one)
	$(BIN)/python -m tests.faults.sequences $(FAULTS)

test-hosts: setup browser  ## half an hour of faults of two hosts in network namespaces (as root; HOSTS="--minutes 5")
	$(BIN)/python -m tests.faults.hosts $(HOSTS)

lint: setup  ## style, types, and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup browser  ## every figure we claim, with its control (see benchmarks/README.md)
	$(BIN)/python -m benchmarks

fuzz: setup  ## a hundred thousand malformed bodies, addresses, topics and files (FUZZ_CASES, FUZZ_SEED)
	FUZZ_CASES=$${FUZZ_CASES:-100000} $(BIN)/python -m pytest -q -n 0 tests/fuzz

audit: setup  ## known vulnerabilities of the locked versions, by pip-audit
	$(BIN)/python .ci/audit

lock:  # after a change of pyproject.toml: resolve anew, then run every test
	$(BIN)/uv pip compile --quiet --all-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--output-file requirements.lock pyproject.toml
