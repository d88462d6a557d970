# Every target explains itself; people and CI call the same ones.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help install run up test test-fast lint format types contracts sql lock clean bench chaos truth shapes

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(STAMP) ## Build the environment from the hash-pinned lock

$(STAMP): requirements.lock pyproject.toml
	@echo "Building the environment in $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3,11) <= sys.version_info[:2] < (3,14) else "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q config connectors console ingestion orchestration reverse_etl sandbox
	@$(BIN)/concord prepare >/dev/null
	@touch $@

run: install ## Run the whole loop on the simulated firm and print what it found, corrected and proved
	@$(BIN)/concord demo run

up: install ## Start Dagster UI, console and simulators and say where they are
	@$(BIN)/concord demo up

test: install lint types contracts sql ## Everything: lint, types, layering, SQL style and all tests
	@$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder

test-fast: install ## Tests without the slow and the browser ones
	@$(BIN)/pytest -q -n 2 -m "not slow and not browser"

lint: install ## Style and common mistakes
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

format: install ## Rewrite to the house style
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

types: install ## Static types
	@$(BIN)/mypy config connectors console ingestion orchestration reverse_etl sandbox

contracts: install ## Which package may import which
	@$(BIN)/lint-imports --no-cache

sql: install ## SQL style of the dbt project
	@$(BIN)/sqlfluff lint dbt_project --processes 2 --nocolor

bench: install ## Print the benchmarks' rates and ratios (the last one on the firm of `make run`)
	@$(BIN)/python -m benchmarks.landing_throughput
	@$(BIN)/python -m benchmarks.dispatch_burst
	@$(BIN)/python -m benchmarks.build_and_reconcile

chaos: install ## Inject faults from SEEDS=n seeds and check the invariants; SEED=n replays one
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),200))

truth: install ## Hold every check against the planted truth of five firms of 60, 300 and 2,000 people each
	@$(BIN)/python -m tests.truth $(foreach size,$(PEOPLE),--people $(size)) --seeds $(or $(SEEDS),5)

shapes: install ## Record the shapes of published models; refuses what would break their readers
	@CONCORD_WAREHOUSE=:memory: CONCORD_AS_OF=2026-06-30T18:00:00Z $(BIN)/dbt parse --quiet \
		--project-dir dbt_project --profiles-dir dbt_project --target-path target/shapes
	@$(BIN)/python -m tests.dbt.shapes dbt_project/target/shapes/manifest.json

lock: install ## Resolve requirements.lock anew (names no registry)
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements.lock

clean: ## Forget the demo's state (the environment stays)
	@rm -rf .concord dbt_project/target
