# Two commands do everything on a fresh machine: `make demo` and `make test`.
# PYTHON names the interpreter to build the virtual environment from.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test docs check format install clean help

help:            ## list the targets
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/'

install: $(STAMP)  ## make the virtual environment with pinned dependencies

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found; set PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@

demo: install    ## the main job on a generated line: baseline beside KIST, a table and a report
	$(BIN)/kistdsl train

test: install    ## every test
	$(BIN)/python -m pytest --numprocesses auto

docs: install    ## the documentation as a static site: build/site/index.html
	$(BIN)/mkdocs build --strict

check: install   ## format, lint, types, who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: install  ## rewrite the files in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:           ## remove what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
