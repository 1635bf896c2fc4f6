# The targets of the project. Each does its own set-up: it needs Python 3.11 or later, a Rust toolchain
# and make, and leaves everything in .venv/ and target/.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# the other versions of CPython that are here, one each: on the path, or where pyenv keeps them
OTHER_PYTHONS = $(shell for p in python3.11 python3.12 python3.13 python3.14 \
	$(HOME)/.pyenv/versions/3.1[1-4].*/bin/python; do \
	$$p -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null; done | \
	awk -v own=$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])') \
	'$$1 != own && !seen[$$1]++ {print $$2}')
FUZZED := target/fuzz/omega_fuzz
PYTHON_SOURCES := $(shell find python/omega -type f -not -name '*.so' -not -name '*.pyc')
RUST_SOURCES := $(shell find rust/omega_core/src rust/omega_py/src -name '*.rs') $(wildcard rust/*/Cargo.toml) Cargo.toml Cargo.lock

SITE ?= out/docs

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
PINNED := $(PIP) install --require-hashes --no-deps -r

PIN := uv pip compile pyproject.toml --quiet $(UPGRADE) --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-strip-markers --custom-compile-command 'make pins'
# what backtesting needs to run; the demo reads its data file alone
NOT_OF_BACKTESTING := bokeh jinja2 markupsafe narwhals pandas pyyaml tornado tzdata xyzservices

# Tests on all cores, a file in one process, as its tests may share what is built once. In the order
# of tests/conftest.py the last files are short ones, so that no core waits long for another. There is
# a process more than cores, as many tests wait: for a browser, for workers, for a clock. Where each
# core has a test, further threads of Polars are in the way of the others.
PROCESSES = $(shell $(BIN)/python -c 'import os; print((os.cpu_count() or 1) + 1)')
SIDE_BY_SIDE = --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
ALONE := $(shell grep --recursive --files-with-matches --include='test_*.py' 'mark\.alone' tests)

# that of Debian does not find its own modules under another node
ESLINT := NODE_PATH=/usr/share/nodejs eslint --no-eslintrc --config tests/report/eslintrc.json --format unix

# stamps: what has been done, and is done again only when what it depends on has changed
BASE := $(VENV)/.base
DEV := $(VENV)/.dev
DEMO := $(VENV)/.demo
DOCS := $(VENV)/.docs
CLUSTER := $(VENV)/.cluster
WHEEL := out/dist/.built
NATIVE := $(VENV)/.native

export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PYTHONPATH :=
export PYTHONDONTWRITEBYTECODE := # the tests start hundreds of processes, which would compile each module anew

.DEFAULT_GOAL := help
.PHONY: help demo test test-cluster test-long test-wheels golden lint bench bench-core bench-compare docs dist \
	dist-linux pins deny audit

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(DEMO) $(NATIVE) ## run a strategy over real candles; the tables and a picture go to out/demo/
	$(BIN)/python -m examples.demo

test: $(DEV) $(DEMO) $(DOCS) $(CLUSTER) $(NATIVE) $(WHEEL) ## run the tests of the core and of the package
	cargo test --quiet --locked --package omega_core
	cargo run --quiet --locked --package rust_strategy
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest --quiet $(SIDE_BY_SIDE) -m 'not alone'
	$(BIN)/python -m pytest --quiet -m alone $(ALONE)

test-cluster: $(DEV) $(CLUSTER) $(NATIVE) ## run sweeps on real Ray and Dask, whose workers are killed on the way
	$(BIN)/python -m pytest --quiet -n0 tests/cluster

golden: $(DEV) $(NATIVE) ## write the golden runs anew; CHANGELOG.md must say why they moved
	OMEGA_RENEW_GOLDEN=1 $(BIN)/python -m pytest --quiet tests/golden

test-long: $(DEV) $(DEMO) $(NATIVE) ## look for longer: ten million bars, fuzzing, and thousands of random runs
	OMEGA_LONG=1 cargo test --quiet --locked --package omega_core --test invariants
	cargo build --quiet --profile fuzz --locked --package omega_fuzz
	$(FUZZED) columns 1500000
	$(FUZZED) orders 250000
	$(BIN)/python -m tests.fuzzing arrow --inputs 30000
	$(BIN)/python -m tests.fuzzing saved --inputs 3000
	$(BIN)/python -m tests.fuzzing run_files --inputs 5000
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest --quiet $(SIDE_BY_SIDE) $(wildcard tests/properties tests/parity)

lint: $(DEV) $(DEMO) $(NATIVE) ## check style, types, layers, the English of pages, and the stub against the native module
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy --no-error-summary
	PYTHONPATH=python $(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m tests.documentation.prose
	$(BIN)/python -m mypy.stubtest omega._core --mypy-config-file pyproject.toml --concise
	cargo fmt --all --check
	cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	@if command -v tsc >/dev/null; then tsc --project tests/report; \
		else echo 'no tsc (node-typescript): scripts of the report are not type-checked'; fi
	@if command -v eslint >/dev/null; then $(ESLINT) python/omega/report/assets/*.js; \
		else echo 'no eslint: scripts of the report are not linted'; fi

bench: $(DEV) $(NATIVE) ## measure the engine; every number is a ratio within one run
	$(BIN)/python -m benchmarks.engine

bench-core: ## time each stage of the core by itself, without Python
	cargo bench --quiet --locked --package omega_core --profile counted --bench stages

bench-compare: $(DEV) $(NATIVE) ## measure Omega beside other engines; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks.compare

dist: $(WHEEL) ## build the source distribution, and a wheel for each Python that is found, into out/dist/
	@for python in $(OTHER_PYTHONS); do \
		$(BIN)/maturin build --release --locked --quiet --interpreter $$python --out out/dist || exit 1; done

# Zig links against the glibc of 2014, or musl, whatever the machine has.
dist-linux: $(BASE) ## build wheels for old and other Linux systems, TARGET=aarch64-unknown-linux-gnu (needs ziglang)
	@$(BIN)/python -c 'import ziglang' 2>/dev/null || { echo "ziglang is needed: $(PIP) install ziglang" >&2; exit 1; }
	rustup target add $(TARGET)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/maturin build --release --locked --zig --target $(TARGET) \
		--compatibility $(if $(findstring musl,$(TARGET)),musllinux_1_2,manylinux2014) \
		--interpreter 3.11 3.12 3.13 3.14 --out out/dist

test-wheels: dist ## install each wheel into an empty environment, and use it as a new user does
	$(BIN)/python -m tests.package.wheels

docs: $(DOCS) $(NATIVE) ## build the documentation into out/docs/, or SITE=out/site/0.2.0; a warning is an error
	$(BIN)/python -m sphinx --quiet --fail-on-warning --nitpicky --fresh-env --builder html docs $(SITE)

pins: ## pin what pyproject.toml names, with hashes; UPGRADE=--upgrade renews what is pinned (needs uv)
	$(PIN) --group build --output-file requirements.txt
	$(PIN) --group build --group dev --constraints requirements.txt --output-file requirements-dev.txt
	$(PIN) --group docs --constraints requirements-dev.txt --output-file requirements-docs.txt
	$(PIN) --extra demo --constraints requirements-dev.txt --output-file requirements-demo.txt \
		$(NOT_OF_BACKTESTING:%=--no-emit-package %)
	$(PIN) --extra ray --extra dask --constraints requirements-docs.txt \
		--constraints requirements-dev.txt --output-file requirements-cluster.txt

deny: ## check licences, sources and versions of the crates against deny.toml (needs cargo-deny)
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is needed: cargo install --locked cargo-deny" >&2; exit 1; }
	cargo deny --locked check bans licenses sources

audit: $(BASE) ## look for known weaknesses of the Python packages that are pinned (needs pip-audit)
	@command -v pip-audit >/dev/null || { echo "pip-audit is needed: pip install pip-audit" >&2; exit 1; }
	pip-audit --disable-pip --require-hashes -r requirements-dev.txt

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and none was found; set PYTHON=/path/to/it" >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "A Rust toolchain is needed: cargo was not found" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(BASE): requirements.txt | $(BIN)/python
	$(PINNED) $<
	@touch $@

$(DEV): requirements-dev.txt $(BASE)
	$(PINNED) $<
	@touch $@

$(DEMO): requirements-demo.txt $(BASE)
	$(PINNED) $<
	@touch $@

$(DOCS): requirements-docs.txt $(BASE)
	$(PINNED) $<
	@touch $@

# Not every system has wheels of Ray.
$(CLUSTER): requirements-cluster.txt $(BASE)
	@if $(PINNED) $<; then touch $@; else \
		echo "Ray and Dask could not be installed: the tests on them are left out" >&2; fi

$(NATIVE): $(RUST_SOURCES) pyproject.toml $(BASE)
	@echo "building the core; the first time this takes some minutes"
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The core is not built again for it: it is the one of $(NATIVE), packed.
$(WHEEL): $(NATIVE) $(PYTHON_SOURCES) pyproject.toml README.md LICENSE
	@rm -rf $(@D)
	$(BIN)/maturin sdist --out $(@D)
	$(BIN)/maturin build --release --locked --interpreter $(BIN)/python --out $(@D)
	@touch $@
