# Archiver: `make` lists the targets. Everything is installed into .venv/ beside this file.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(2, min(3 * (os.cpu_count() or 2) // 2, 6)))')
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(PIP_CONSTRAINT)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE # a test starts hundreds of processes

.PHONY: help setup chromium demo test lint bench serve docs pictures clean constraints

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed ## build .venv/ with archiver and all that it needs

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "archiver: Python 3.11 or later is needed; name one with make PYTHON=python3.12" >&2; exit 3; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tests/install.sh python3-venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet pip
	$(BIN)/pip install --quiet --editable . --group demo --group lint --group test
	@touch $@

chromium: setup ## install Chromium if there is none
	@$(BIN)/python -c 'import archiver.browser as b; b.find_chromium()' 2>/dev/null || \
		sh tests/install.sh chromium || { $(BIN)/archiver doctor; exit 3; }

demo: setup chromium ## the whole way on a local news site; DEMO_EXIT=1 ends after the checks
	@$(BIN)/python tests/demo.py

.venv/schema-suite: .venv/installed # the source of jsonschema brings the test suite of JSON Schema; without it, one test is skipped
	@$(BIN)/pip download --quiet --no-deps --no-binary jsonschema --dest $@ jsonschema || mkdir -p $@

.venv/replaywebpage: .venv/installed # a player of WACZ files, as npm brings it; without npm, one test is skipped
	@mkdir -p $@
	@cd $@ && npm pack --silent replaywebpage@2.5.3 >/dev/null 2>&1 && tar -xzf replaywebpage-*.tgz --strip-components 1 || true

.venv/axe-core: .venv/installed # checks pages for people who cannot see, or use no mouse; without npm, its tests are skipped
	@mkdir -p $@
	@cd $@ && npm pack --silent axe-core@4.14.1 >/dev/null 2>&1 && tar -xzf axe-core-*.tgz --strip-components 1 || true

test: setup chromium .venv/schema-suite .venv/replaywebpage .venv/axe-core ## all tests, in a real browser and against real servers
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/e2e tests/contract tests/unit

lint: setup ## formatting, rules, types, layers
	$(BIN)/ruff format --check src tests bench docs
	$(BIN)/ruff check src tests bench docs
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup chromium ## measure the figures that the documents name
	$(BIN)/python bench/run.py

serve: setup ## the web app on http://127.0.0.1:8080, replay on http://localhost:8081
	$(BIN)/archiver replay

docs: setup ## write what in docs/ is made from the program itself
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/sidecar.py
	$(BIN)/python docs/verdicts.py
	$(BIN)/python docs/architecture.py

pictures: setup chromium ## take the pictures that the documents show
	PICTURES=1 $(BIN)/python -m pytest -q tests/e2e/test_pictures.py -k documents

constraints: ## pin what is installed now, after trying newer versions
	$(BIN)/pip freeze --all --exclude-editable | LC_ALL=C sort -f > constraints.txt

clean: ## remove what was built; collections stay
	rm -rf .venv build dist demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
