# Two commands do everything on a machine with Python 3.11 or newer, git and make: `make demo` and
# `make test`. `make help` lists all.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
SERVE ?= 1
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-all check bench docs pictures format lock clean

help:  ## List what can be made.
	@grep -hE '^[a-z%-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z%-]+):.*## (.*)/\1\t\2/' | expand -t 16

demo: .venv/ready  ## Set up, load the invented sample, train, promote, score, serve (SERVE=0, PORT=8123).
	@$(BIN)/foothold demo --port $(PORT) $(if $(filter 0 no false,$(SERVE)),--no-serve)

# A file's tests stay in one process, which makes what they share once.
test: .venv/ready  ## Set up, and pass the tests on real SQLite, PostgreSQL and a real browser.
	@scripts/ensure-browser
	@scripts/ensure-java
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-all: .venv/ready  ## The same with the proofs that take minutes.
	@scripts/ensure-browser
	@scripts/ensure-java
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/ready  ## Format, lint, types, import contracts, dependencies.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

docs: .venv/ready  ## Write the pages that the program makes: commands, features, tour.
	@$(BIN)/python -m scripts.write_commands
	@$(BIN)/foothold features --markdown > docs/features.md
	@$(BIN)/python -m scripts.write_tour

# The terminals of the operator's guide and the lender's scorecard, drawn from what commands give.
pictures: .venv/ready  ## Draw the terminals and the scorecard that the docs show.
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/draw_terminals.py
	@scripts/ensure-browser
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/draw_scorecard.py

bench: bench-models bench-features bench-score bench-intake bench-loans  ## All benchmarks; bench-models, bench-features, bench-score, bench-intake, bench-loans one by one.

bench-%: .venv/ready
	@$(BIN)/python -m benchmarks.$* $(ARGS)

format: .venv/ready  ## Format the code, and mend what ruff can.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Pinned, without registry hosts; `uv` is needed only by who changes dependencies.
lock:  ## Pin dependencies anew in requirements.lock (needs uv).
	@uv pip compile pyproject.toml --extra train --extra challengers --extra spark --extra test --extra check \
		--universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
		--upgrade -q -o requirements.lock

clean:  ## Forget the environment and everything that was made in var/.
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Made anew when the lock changes; a broken attempt leaves no stamp, so the next run goes on.
.venv/ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Foothold needs Python 3.11 or newer with venv." >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON); the first time takes a minute or two." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@
