"""What is not collected where the library that it is about is not installed: `make test-interop` installs all."""

from importlib.util import find_spec

_ABOUT = {
    "torch": "torch",
    "jax": "jax",
    "xla": "jax",
    "pytensor": "pytensor",
    "pymc": "pymc",
    "dask": "distributed",
    "joblib": "joblib",
    "labelled": "xarray",
}

collect_ignore = [
    path
    for name, library in _ABOUT.items()
    if find_spec(library) is None
    for path in (f"adcompile/interop/{name}.py", f"tests/interop/test_{name}.py")
]
