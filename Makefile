# `make help` lists the targets. They need python3 (3.11+), git and the package index.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
# A file stays in one process, for what its tests share; the slow folders come first.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := help
# The tests start hundreds of processes: each would compile all that it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): requirements/uv.lock requirements/dev.lock pyproject.toml scripts/make_venv.py
	@echo "Installing into .venv (once, about a minute) ..." >&2
	@$(PYTHON) scripts/make_venv.py
	@touch $@

.PHONY: install
install: $(STAMP) ## Create .venv with everything, .venv/bin/edgemeter among it

.PHONY: demo
demo: install ## From an empty database to measured networks and a predictor (under 5 minutes)
	@$(BIN)/edgemeter demo

.PHONY: test
test: install ## Run all tests (under 10 minutes on two cores)
	@$(BIN)/pytest $(PARALLEL)

.PHONY: explore
explore: install ## Run all tests with new random examples
	@$(BIN)/pytest $(PARALLEL) --hypothesis-profile=random

.PHONY: lint
lint: install ## Style, types and the arrows between the packages
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: install ## Put the code into the house style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: install ## Measure what docs/benchmarks.md promises (about two hours, on an idle machine)
	@$(BIN)/python -m benchmarks --json

.PHONY: simulate
simulate: install ## A simulated day of twenty agents with a thousand kills, in two halves at once
	@$(BIN)/python -m simulation --seed 1 --seeds 2 --hours 12 --processes 2

.PHONY: docs
docs: install ## Build the user guide into site/
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/docs.lock
	@$(BIN)/mkdocs build --strict

.PHONY: wheel
wheel: install ## Build the wheel and prove that an agent alone needs no server code
	@$(BIN)/python scripts/check_agent_alone.py

.PHONY: lock
lock: install ## Resolve the lock files anew
	@sh scripts/lock.sh
