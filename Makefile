# SPDX-FileCopyrightText: 2026 The Cartable authors
# SPDX-License-Identifier: AGPL-3.0-or-later
# The two commands of a newcomer: `make run` and `make test`. CONTRIBUTING.md lists the others.

PYTHON ?= python3
VENV ?= .venv
STATE ?= var
BIN = $(VENV)/bin
MO = $(patsubst %.po,%.mo,$(wildcard appliance/translations/*/LC_MESSAGES/messages.po))
NAME ?= hub
SUITE ?= library
TESTS_AT_ONCE ?= 2
RUN_ARGS ?=
TEST_ARGS ?=

.PHONY: help run test unit lint browser-tools bench soak units-test lock vendor translations clean image image-test image-lock

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make run     install, start everything with simulated devices and the demonstration class, print the address
run: $(VENV)/.run $(MO)
	@$(BIN)/python tools/compress_static.py
	@exec $(BIN)/cartable dev --state $(STATE) --demonstration demonstration $(RUN_ARGS)

## make test    install what the tests need, then run them all
test: $(VENV)/.test $(MO)
	@sh tests/prepare.sh
	@$(BIN)/python tools/compress_static.py
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(TESTS_AT_ONCE) --dist loadfile --no-loadscope-reorder $(TEST_ARGS)

## make unit    the fast tests only (no browser, no real processes)
unit: $(VENV)/.test $(MO)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -m "not browser and not system and not network" $(TEST_ARGS)

## make lint    ruff, mypy, import rules, licences
lint: $(VENV)/.test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/reuse lint -q

## make bench NAME=hub      measure beside the peers; writes bench/results/NAME.json
bench: $(VENV)/.test
	@PYTHONPATH=image-build $(BIN)/python -m bench.$(NAME)

## make soak SUITE=library  the full count of a fault, fuzz or load suite
soak: $(VENV)/.test $(MO)
	@PATH="$(CURDIR)/$(BIN):$$PATH" CARTABLE_SOAK=1 $(BIN)/python -m pytest -m "" --timeout 7200 tests/faults/test_$(SUITE).py $(TEST_ARGS)

## make units-test  run the units on the card's own Debian (needs root and mmdebstrap)
units-test: $(VENV)/.test $(MO) build/units/.made
	@PATH="$(CURDIR)/$(BIN):$$PATH" CARTABLE_UNITS_DEBIAN=$(CURDIR)/build/units $(BIN)/python -m pytest $(TEST_ARGS) \
	  tests/system/test_units_run.py

build/units/.made: requirements.lock pyproject.toml tools/units_debian.sh | $(VENV)/.run
	@echo "Unpacking Debian 13 (once)…"
	@sh tools/units_debian.sh build/units $(BIN)/pip

## make lock    resolve the dependencies again
lock:
	@$(PYTHON) -m venv build/uv && build/uv/bin/pip install -q uv
	@build/uv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@build/uv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" --group dev -c requirements.lock -o requirements-dev.lock
	@$(MAKE) --no-print-directory $(VENV)/.test
	@PYTHONPATH=image-build $(BIN)/python -m imaging wheels

## make vendor  fetch the pinned front-end libraries again (needs Node)
vendor:
	@node tools/vendor.mjs && $(PYTHON) tools/stamp_readers.py

## make image   the SD image, in build/image/out (as root; RELEASE=1 compresses with xz)
image: $(VENV)/.test
	@PYTHONPATH=image-build $(BIN)/python -m imaging build $(if $(RELEASE),--release)

## make image-test    boot it in an emulator, twice and through pulled plugs; the log stays beside it
image-test: $(VENV)/.test
	@PYTHONPATH=image-build $(BIN)/python -m imaging test

## make image-lock    resolve the image's packages again
image-lock: $(VENV)/.test
	@PYTHONPATH=image-build $(BIN)/python -m imaging lock

## make translations  collect messages and update the catalogues
translations: $(VENV)/.test
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F babel.cfg -k N_ -k _l -k CartableError -k ConfigError -k BadInput -k Unsupported \
	  -k TooLarge -k NotFound -k Refused -k Conflict -k Busy -k StorageError -k Damaged -k Unreachable \
	  -k said -k Text -k Locked -k Unauthenticated -k PreconditionFailed -o build/messages.pot --no-location --project Cartable .
	@$(BIN)/pybabel -q update -i build/messages.pot -d appliance/translations --no-fuzzy-matching --ignore-obsolete
	@$(MAKE) --no-print-directory compile-translations

.PHONY: compile-translations
compile-translations: $(MO)

# The new catalogue takes the place of the old one whole, since a running box may be reading it.
%.mo: %.po | $(VENV)/.run
	@$(BIN)/pybabel -q compile -i $< -o $@.part && mv $@.part $@

clean:
	rm -rf build var .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Cartable needs Python 3.11 to 3.13; try make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing (once)…"
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.test: requirements-dev.lock $(VENV)/.run
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@
