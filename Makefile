# ZeliGrid: `make run` and `make test` do all the set-up themselves; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test check bench soak shots wheel install uninstall clean ready-run ready-test ready-bench

export PYTHON
unexport PYTHONHOME PYTHONPATH
PY := .venv/bin/python

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 16

run: ready-run ## set up a private environment and open the window on a demo grid; without a display, play it here
	@.venv/bin/zeligrid demo

test: ready-test check ## set up, check, and run all tests
	@$(PY) -m pytest -n auto --maxprocesses=4 --dist=loadfile -m "not soak and not alone"
	@$(PY) -m pytest -m "alone and not soak"

check: ready-test ## style, types, the import rule and the rules of the house
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q tests/test_house.py

bench: ready-bench ## measure against peers; NAME="match start" measures only these
	@$(PY) -m benchmarks $(NAME)

soak: ready-test ## the long runs: fifty kills of the master, and what else takes its time
	@$(PY) -m pytest -m soak --timeout=3600

shots: ready-test ## take the pictures of the README, light and dark
	@$(PY) -m tests.gui.shots resources/screenshots window why-not
	@$(PY) -m tests.gui.shots resources/screenshots dark window why-not

wheel: ready-test ## build dist/zeligrid-*.whl
	@$(PY) -m pip wheel --quiet --no-deps --wheel-dir dist .

install: ready-run ## put ZeliGrid into your menu and on your path; a double click on a contract opens it
	@scripts/install

uninstall: ## take it out of them again; settings and jobs stay
	@scripts/install undo

clean: ## remove the private environment and everything that was made
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

ready-run ready-test ready-bench: ready-%:
	@scripts/setup $*
