# Everything on a machine that has only Python 3.11 or later, venv and make.
#   make run    simulate the quickstart scenario
#   make test   ruff, mypy --strict and all tests
#   make verify compare the predictions with theory, other programs and measured migrations; writes reports/verification/index.html
#   make bench  speed, printed beside the floor measured in the same run
#   make bench-large N=100000000   that many migrations in one run, and how much memory each process took
#   make samples rebuild the reports in reports/samples
#   make faults 10,000 night drains with random faults and 120,000 random steps of operators; minutes, and a table of how they ended
# The virtual environment in .venv is made once and again only when pyproject.toml changes.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
N ?= 100000000

# Tests start hundreds of processes: each would compile the program again where the environment forbids to keep what is compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test verify bench bench-large faults samples
.DELETE_ON_ERROR:

run: .venv/installed
	$(BIN)/migr run scenarios/quickstart.yaml

test: .venv/installed-for-tests .venv/axe/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto

verify: .venv/installed-for-tests
	$(BIN)/migr verify

bench: .venv/installed-for-tests
	$(BIN)/pytest -p no:xdist --benchmark-quiet benchmarks

bench-large: .venv/installed-for-tests
	$(BIN)/pytest -p no:xdist -m large tests/experiment/test_memory.py
	$(BIN)/python -m benchmarks.large $(N)

samples: .venv/installed
	$(BIN)/python docs/samples.py

faults: .venv/installed-for-tests
	$(BIN)/pytest -p no:xdist -m large tests/engine

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[xlsx]'
	touch $@

.venv/installed-for-tests: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[xlsx,cluster,sensitivity,test]'
	touch $@ .venv/installed

# What tests of reports look through: Chromium (Debian's package, where it lacks and may be installed) and axe-core, a development tool from npm.
# Where one of them cannot be had its tests are skipped and say so; in CI they fail.
.venv/axe/installed: | $(BIN)/python
	command -v chromium || { apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends chromium; } || true
	command -v npm || { apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends npm; } || true
	mkdir -p .venv/axe
	npm install --prefix .venv/axe --no-package-lock --no-audit --no-fund --silent 'axe-core@^4.10' && touch $@ || true
