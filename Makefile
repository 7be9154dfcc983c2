# What CI runs, nothing else. `make run` and `make test` are all the set-up there is.
SHELL := /bin/sh
BIN := .venv/bin
LOCKS := requirements/uv.txt requirements/base.txt requirements/app.txt requirements/local.txt scripts/setup.sh
.DEFAULT_GOAL := help
.PHONY: help setup run test test-browser test-compose test-clients check fix bench docs lock clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.installed-run  ## .venv with the gateway and the embedded model

.venv/.installed-run: $(LOCKS)
	@scripts/setup.sh run

.venv/.installed-dev: $(LOCKS) requirements/dev.txt
	@scripts/setup.sh dev

run: .venv/.installed-run  ## start everything in the foreground; Ctrl-C stops it
	@scripts/build_frontend.sh || echo '!! NO FRONT END: the lines above say why. The gateway and the API start without it.' >&2
	@exec $(BIN)/trunkline up

test: .venv/.installed-dev  ## every test, on real parts; choose with ARGS='tests/unit -q'
	@scripts/test.sh $(ARGS)

test-browser: .venv/.installed-dev  ## the front end alone; choose with ARGS='chat.spec.ts --project light-1280'
	@scripts/test_browser.sh $(ARGS)

test-compose:  ## the guide's docker-compose commands, with Docker or the engine that ENGINE names
	@scripts/test_compose.sh $(ARGS)

test-clients: .venv/.installed-dev  ## real client programs, and the LiteLLM proxy for comparison (installs them)
	@scripts/test_clients.sh $(ARGS)

check: .venv/.installed-dev  ## format, lint, types, direction of imports, the project's own rules
	@scripts/check.sh

fix: .venv/.installed-dev  ## format and mend what ruff can mend
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: .venv/.installed-dev  ## against nginx in the same run; writes bench/results
	@$(BIN)/python -m bench $(ARGS)

docs: .venv/.installed-dev  ## generate the reference pages and check every link
	@$(BIN)/python scripts/docs.py

lock: .venv/.installed-dev  ## rebuild requirements/*.txt from pyproject.toml
	@scripts/lock.sh

clean:  ## remove what make made, but not ./data
	@rm -rf .venv frontend/node_modules frontend/*/dist test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/clients/node_modules .clients
