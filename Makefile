# make test: lint, types and tests.  make demo: the influenza example.  Each in a virtual environment of its own.
PYTHON ?= python3

.PHONY: test demo lint types fuzz goldens clean

test: lint types
	.venv/bin/python -m pytest -n 2 --dist worksteal -q

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check adcompile

types: .venv/installed
	.venv/bin/mypy

demo: .venv-demo/installed
	.venv-demo/bin/python examples/influenza.py

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

clean:
	rm -rf .venv .venv-demo .pytest_cache .mypy_cache .ruff_cache
