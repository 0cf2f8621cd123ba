# What people and CI call. Every target works on a machine that has Python >= 3.11 and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS := 1

.PHONY: help setup dev down seed smoke test test-ui test-browser drills test-services bench lint types format ui openapi build clean reset

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/luna: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

setup: $(BIN)/luna ## make .venv with the luna command in it

$(VENV)/.dev: requirements-dev.lock $(BIN)/luna
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

dev: setup luna_ui/dist/index.html ## start the embedded stack in the foreground (Ctrl-C stops it)
	$(BIN)/luna dev

down: setup ## stop what `luna dev --detach` started
	$(BIN)/luna down

seed: setup ## load the demonstration documents
	$(BIN)/luna seed

smoke: setup luna_ui/dist/index.html ## start, ingest a sample, ask, check the citation, stop
	$(BIN)/python -m tests.smoke

# Whole files go to one worker: the tests of a file share databases and servers.
TEST_WORKERS ?= 2

test: $(VENV)/.dev ## unit, contract and integration tests on the embedded parts
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

drills: $(VENV)/.dev ## a whole stack, kills and faults
	$(BIN)/python -m pytest tests/drills tests/integration -m drill --timeout=600

test-services: $(VENV)/.dev ## the suites on the database again, on a real TimescaleDB
	$(BIN)/python -m tests.services

bench: $(VENV)/.dev ## measure; prints ratios
	$(BIN)/python -m tests.bench

lint: $(VENV)/.dev ## ruff and sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint sql

types: $(VENV)/.dev ## pyright, strict
	$(BIN)/pyright

format: $(VENV)/.dev ## let ruff put everything in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Node of the machine where it is recent enough, else npm from a wheel.
$(VENV)/.node: requirements-ui.lock $(BIN)/luna
	@node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-ui.lock
	@touch $@

NPM := cd luna_ui && PATH="$$PATH:$(CURDIR)/$(BIN)" npm

luna_ui/node_modules/.package-lock.json: luna_ui/package-lock.json $(VENV)/.node
	$(NPM) ci --no-audit --no-fund --silent
	@touch $@

luna_ui/dist/index.html: luna_ui/node_modules/.package-lock.json $(shell find luna_ui/src luna_ui/public -type f 2>/dev/null)
	$(NPM) run --silent build

ui: luna_ui/dist/index.html ## build the page into luna_ui/dist

test-ui: luna_ui/node_modules/.package-lock.json ## lint, types and unit tests of the page
	$(NPM) run --silent lint
	$(NPM) run --silent typecheck
	$(NPM) test --silent

test-browser: $(VENV)/.dev luna_ui/dist/index.html ## the page in headless Chromium
	$(BIN)/python -m pytest tests/browser --timeout=300

openapi: $(VENV)/.dev ## write luna_ui/openapi.json from the API
	$(BIN)/python -m luna_api.openapi_export

build: ui ## a wheel with the page in it
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what was built
	rm -rf dist luna_ui/dist luna_ui/node_modules .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

reset: ## delete LUNA_HOME with all its data (asks first)
	@read -r -p "Alles unter $${LUNA_HOME:-.luna} wird gelöscht. Wirklich? [ja/NEIN] " answer; \
	if [ "$$answer" = "ja" ]; then $(BIN)/luna down || true; rm -rf "$${LUNA_HOME:-.luna}"; echo "Gelöscht."; else echo "Nichts geschehen."; fi
