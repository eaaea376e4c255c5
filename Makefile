# make test: lint, types and tests.  make demo: the influenza example.  make bench: derivatives timed against those of
# others, and docs/benchmarks.md written anew.  Each in a virtual environment of its own.
PYTHON ?= python3

.PHONY: test demo bench bench-quick lint types fuzz goldens clean

test: lint types
	.venv/bin/python -m pytest -n 2 --dist worksteal -q

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check adcompile

types: .venv/installed
	.venv/bin/mypy

demo: .venv-demo/installed
	.venv-demo/bin/python examples/influenza.py

bench: .venv-bench/installed
	.venv-bench/bin/python -m benchmarks --write docs

bench-quick: .venv-bench/installed
	.venv-bench/bin/python -m benchmarks --quick --without "torch compiled"

fuzz: .venv/installed
	.venv/bin/python -m tests.fuzz --from 0 --to 1000

goldens: .venv/installed
	ADCOMPILE_UPDATE_GOLDEN=1 .venv/bin/python -m pytest -q tests/test_golden.py

# An editable install sees every later change of the source, so it is made again only when pyproject.toml changes.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test,demo]'
	touch $@

.venv-demo/installed: pyproject.toml
	$(PYTHON) -m venv .venv-demo
	.venv-demo/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	touch $@

# torch first: the build that a plain "torch" brings with it has gigabytes of libraries for graphics cards.
.venv-bench/installed: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@

clean:
	rm -rf .venv .venv-demo .venv-bench .pytest_cache .mypy_cache .ruff_cache
