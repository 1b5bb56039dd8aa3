# Two commands on a fresh machine with Python ≥ 3.11: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test torture fuzz guided audit lint docs install clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "ltrr needs Python 3.11 or newer; try: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/python examples/demo.py

test: $(VENV)/.installed-dev lint
	$(BIN)/pytest --numprocesses 2 --dist loadfile

# Hours of bad luck in half an hour: kills, flips, crowds, hostile input. Prints its figures.
torture: $(VENV)/.installed-dev
	LTRR_TORTURE=1 $(BIN)/pytest -s tests/torture

MINUTES ?= 10
fuzz: $(VENV)/.installed-dev
	$(BIN)/python tests/torture/fuzz.py $(MINUTES)

# Inputs that reach new code are changed further; Atheris has wheels for Linux only. See docs/fuzzing.md.
guided: $(VENV)/.installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check atheris
	$(BIN)/python tests/torture/guided.py $(MINUTES)

# Known weaknesses of the pinned dependencies; asks the package registry. What it does not know is listed as skipped.
audit: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --requirement requirements.lock --no-deps --disable-pip

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The table of commands in README.md, docs/commands.md and the recorded session, all from the program itself.
docs: install
	$(BIN)/python docs/reference.py
	$(BIN)/python docs/session.py

clean:
	rm -rf $(VENV) .out .mypy_cache .ruff_cache .pytest_cache .hypothesis
