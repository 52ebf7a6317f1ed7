# Everything runs in .venv; PYTHON picks the interpreter it is made with.
PYTHON ?= python3
PORT ?= 3000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test test-integration bench ui lint clean

help:
	@echo 'make demo              install, import the sample data, evaluate the shipped segments'
	@echo 'make test              install, check style and types, run the tests'
	@echo 'make test-integration  the tests that start services or a browser'
	@echo 'make bench             our engine beside others on 100,000 generated contacts'
	@echo 'make ui                the Dagster UI on http://localhost:$(PORT)'
	@echo 'make lint              style and types only'
	@echo 'make clean             remove everything that was built, the lake included'

demo: $(VENV)/installed
	$(BIN)/segmentation demo

test: lint
	$(BIN)/python -m pytest -q -n $(WORKERS) -m 'not integration'

test-integration: $(VENV)/installed-dev $(VENV)/installed-bench
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m integration

bench: $(VENV)/installed-bench
	$(BIN)/python -m benchmarks run --contacts 1e5 --segments 100 --peers naive,naive_index,duckdb,limit

ui: $(VENV)/installed .dagster/dagster.yaml
	DAGSTER_HOME='$(CURDIR)/.dagster' $(BIN)/dagster dev -w workspace.yaml -p $(PORT)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .dagster .tmp_dagster_home_* .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks data/lake
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Python 3.11 or newer is needed; `$(PYTHON)` is '"`$(PYTHON) --version 2>&1`"'.'; \
	  echo 'Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)'; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'On Debian and Ubuntu: apt install python3-venv'; exit 1; }

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-bench: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable '.[bench]'
	@touch $@ $(VENV)/installed

.dagster/dagster.yaml: dagster.yaml
	@mkdir -p .dagster
	@cp dagster.yaml $@
