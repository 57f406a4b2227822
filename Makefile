# Two commands matter: `make demo` shows the whole job, `make test` checks it. Both set up all they need.
PYTHON ?= python3
BIN := .venv/bin
# Node is needed only to run the reference Bluesky server and an OAuth 2 server in the tests.
NODE := $(shell command -v npm 2>/dev/null)

.PHONY: demo test setup crash-matrix pictures clean

demo: .venv/installed
	$(BIN)/python -m syndication demo --dir build/demo

test: .venv/installed-dev $(if $(NODE),tests/pds/node_modules/installed tests/oidc/node_modules/installed)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

setup: .venv/installed-dev

# Every kind of network at every step under every fault, some minutes a run; writes docs/reliability.md.
crash-matrix: .venv/installed-dev
	$(BIN)/python tests/crashes/matrix.py --times $(or $(TIMES),1) --write docs/reliability.md

clean:
	rm -rf .venv build tests/*/node_modules

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

tests/%/node_modules/installed: tests/%/package.json
	cd tests/$* && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

# The README's two pictures, by the program itself; needs Debian's chromium.
pictures: .venv/installed
	rm -rf build/pictures && mkdir -p build/pictures
	printf '[cards]\nbase_url = "https://news.example/cards/"\n' > build/pictures/syndicate.toml
	cd syndication/samples/stories && ../../../$(BIN)/python -m syndication -c ../../../build/pictures/syndicate.toml render sea.json --out ../../../build/pictures/cards --size 1200x630
	cp build/pictures/cards/*-1200x630.jpg docs/pictures/card.jpg
	cd syndication/samples/stories && ../../../$(BIN)/python -m syndication -c ../../../build/pictures/syndicate.toml preview sea.json --out ../../../build/pictures/preview
	chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --hide-scrollbars \
	  --user-data-dir="$$(mktemp -d)" --window-size=1440,1060 --screenshot=docs/pictures/preview.png \
	  "file://$(CURDIR)/build/pictures/preview/index.html"
