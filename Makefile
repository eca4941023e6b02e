# Everything here works in a bare clone with Python 3.11 or newer and a package index.

SHELL = /bin/sh
.DEFAULT_GOAL = help
.PHONY: help demo serve test check bench fuzz campaign format clean

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; \
	done)
VENV = .venv/bin/python

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-8s %s\n", $$1, $$2 }'

demo: .ready ## Watch a real run: FILE=path summarizes that text, KILL=1 kills the workers half-way
	@$(VENV) -m project.demo $(if $(FILE),--file "$(FILE)") $(if $(KILL),--kill)

serve: .ready ## The demo site, its admin and a worker, until Ctrl-C
	@$(VENV) -m scripts.serve

test: .ready-dev ## Everything CI runs, on every database that can be had; ONLY="unit sqlite" picks rows
	@$(VENV) -m scripts.run_tests $(ONLY)

check: .ready-dev ## The quick part of it: format, lint, imports, types, checks, migrations, unit tests
	@$(VENV) -m scripts.run_tests checks unit

bench: .ready-dev ## The benchmarks, as ratios to what the database itself can do
	@$(VENV) -m bench $(ARGS)

campaign: .ready-dev ## A fault at every place, every order, random programs, seeded bugs; ARGS="singles --every 5"
	@$(VENV) -m tests.campaigns $(if $(ARGS),$(ARGS),nightly)

fuzz: .ready-dev ## Send 2,000 requests to each address of the HTTP API, with a key and without; about half an hour
	@DURABLE_TEST_FUZZ=2000 $(VENV) -m pytest -q -p no:randomly -n auto tests/rest/test_fuzz.py

format: .ready-dev ## Put code into the one format, and mend what can be mended by machine
	@$(VENV) -m ruff format .
	@$(VENV) -m ruff check --fix .

clean: ## Remove environments, caches and the demo's database
	@rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist var
	@rm -f db.sqlite3 db.sqlite3-*

.PHONY: .python .ready .ready-dev

.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found."; exit 1; }

.ready: .python
	@$(PYTHON) scripts/bootstrap.py

.ready-dev: .python
	@$(PYTHON) scripts/bootstrap.py dev
