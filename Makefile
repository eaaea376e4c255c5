# make test: lint, types and tests.  make demo: the influenza example.  make bench: derivatives timed against those of
# others, and docs/benchmarks.md written anew.  make test-real: functions of published packages, differentiated as they
# stand.  make test-interop: functions in PyTorch, JAX, PyTensor, PyMC, Dask, joblib, MPI.  Each in a virtual environment of
# its own.
PYTHON ?= python3

.PHONY: test test-real test-interop demo gallery docs bench bench-quick lint types fuzz campaign goldens clean

test: lint types
	.venv/bin/python -m pytest -n 2 --dist worksteal -q

test-real: .venv-real/installed
	.venv-real/bin/python -m pytest -q -m real tests/real_code

test-interop: .venv-interop/installed .venv-pymc/installed
	.venv-interop/bin/python -m pytest -q -m interop tests/interop
	.venv-interop/bin/python -m pytest -q adcompile/interop tests/interop/test_scipy.py tests/interop/test_numba.py
	.venv-pymc/bin/python -m pytest -q -W default -m interop tests/interop/test_pymc.py tests/interop/test_pytensor.py

lint: .venv/installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check adcompile

types: .venv/installed
	.venv/bin/mypy

demo: .venv-demo/installed
	.venv-demo/bin/python examples/influenza.py

gallery: .venv-demo/installed
	for name in $(basename $(notdir $(wildcard examples/*.py))); do \
	    .venv-demo/bin/python examples/$$name.py docs/gallery/$$name.png || exit 1; done

docs: .venv-docs/installed
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs build --strict --site-dir site

bench: .venv-bench/installed
	.venv-bench/bin/python -m benchmarks --write docs

bench-quick: .venv-bench/installed
	.venv-bench/bin/python -m benchmarks --quick --without "torch compiled"

N ?= 1000
fuzz: .venv/installed
	.venv/bin/python -m tests.fuzz --mixed --to $(N) --journal .fuzz/journal.jsonl

campaign: .venv/installed
	.venv/bin/python -m pytest -q -m campaign tests/campaign

goldens: .venv/installed
	ADCOMPILE_UPDATE_GOLDEN=1 .venv/bin/python -m pytest -q tests/test_golden.py tests/test_pages.py

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

# hapsira without its dependencies: it asks for a Matplotlib that knows NumPy 1 only, and what is tested of it needs none.
.venv-real/installed: pyproject.toml
	$(PYTHON) -m venv .venv-real
	.venv-real/bin/python -m pip install --quiet --disable-pip-version-check --prefer-binary --editable '.[real]'
	.venv-real/bin/python -m pip install --quiet --disable-pip-version-check --no-deps hapsira==0.18.0
	touch $@

.venv-docs/installed: pyproject.toml
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

# torch first, as above.
.venv-interop/installed: pyproject.toml
	$(PYTHON) -m venv .venv-interop
	.venv-interop/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-interop/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[interop]'
	touch $@

# PyMC asks for the PyTensor before the present one.
.venv-pymc/installed: pyproject.toml
	$(PYTHON) -m venv .venv-pymc
	.venv-pymc/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[pymc]'
	touch $@

clean:
	rm -rf site .venv .venv-real .venv-interop .venv-pymc .venv-docs .venv-demo .venv-bench .pytest_cache .mypy_cache .ruff_cache
