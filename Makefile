# Two commands matter: `make demo` shows the whole job, `make test` checks it. Both set up all they need.
PYTHON ?= python3
BIN := .venv/bin
# Node is needed only to run the reference Bluesky server in the tests.
NODE := $(shell command -v npm 2>/dev/null)

.PHONY: demo test setup bench pictures clean

demo: .venv/installed
	$(BIN)/python -m syndication demo --dir build/demo

test: .venv/installed-dev $(if $(NODE),tests/pds/node_modules/installed)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

setup: .venv/installed-dev

clean:
	rm -rf .venv build tests/pds/node_modules

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3' >&2; exit 2; }
	@$(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo 'Python cannot make a virtual environment; on Debian: apt-get install python3-venv' >&2; exit 2; }

.venv/installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ .venv/installed

tests/pds/node_modules/installed: tests/pds/package.json
	cd tests/pds && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@
