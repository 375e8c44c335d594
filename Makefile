# Two commands do everything on a machine with Python 3.11 or newer, git and make:
#   make demo    set up, load the sample portfolio, train, promote, score, serve
#   make test    set up, and pass the tests on real SQLite, PostgreSQL and a real browser

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
SERVE ?= 1
PORT ?= 8000
BIN := .venv/bin

.PHONY: demo test test-all check bench pictures format lock clean

demo: .venv/ready
	@$(BIN)/foothold demo --port $(PORT) $(if $(filter 0 no false,$(SERVE)),--no-serve)

# A file's tests stay in one process, which makes what they share once.
test: .venv/ready
	@scripts/ensure-browser
	@scripts/ensure-java
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-all: .venv/ready
	@scripts/ensure-browser
	@scripts/ensure-java
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/ready
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

# The terminals of the operator's guide and the lender's scorecard, drawn from what commands give.
pictures: .venv/ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/draw_terminals.py
	@scripts/ensure-browser
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python scripts/draw_scorecard.py

bench: bench-models bench-features bench-score bench-intake

bench-%: .venv/ready
	@$(BIN)/python -m benchmarks.$* $(ARGS)

format: .venv/ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Pinned, without registry hosts; `uv` is needed only by who changes dependencies.
lock:
	@uv pip compile pyproject.toml --extra train --extra challengers --extra spark --extra test --extra check \
		--universal --python-version 3.11 --no-emit-index-url --no-annotate --no-header \
		--upgrade -q -o requirements.lock

clean:
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Made anew when the lock changes; a broken attempt leaves no stamp, so the next run goes on.
.venv/ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Foothold needs Python 3.11 or newer with venv." >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON); the first time takes a minute or two." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@
