"""Vector forms of mathematical functions: as exact as they claim, taken where they exist, and named in the cache."""

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
import pytest

from adcompile import grad
from adcompile.backend import cache, vecmath

ULPS = 4
LARGEST = 700.0
DOMAINS: dict[Callable[..., float], tuple[float, float]] = {
    np.exp: (-LARGEST, LARGEST),
    np.log: (0.0, 1e6),
    np.log10: (0.0, 1e6),
    np.log1p: (-1.0, 1e6),
    np.expm1: (-LARGEST, LARGEST),
    np.sin: (-1e4, 1e4),
    np.cos: (-1e4, 1e4),
    np.tan: (-1e4, 1e4),
    np.arcsin: (-1.0, 1.0),
    np.arccos: (-1.0, 1.0),
    np.arctan: (-1e3, 1e3),
    np.sinh: (-LARGEST, LARGEST),
    np.cosh: (-LARGEST, LARGEST),
    np.tanh: (-20.0, 20.0),
    np.arcsinh: (-1e3, 1e3),
    np.arccosh: (1.0, 1e3),
    np.arctanh: (-1.0, 1.0),
    math.erf: (-5.0, 5.0),
    math.erfc: (-5.0, 20.0),
}
SPECIAL = [
    0.0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    5e-324,
    -5e-324,
    2.2e-308,
    1.7e308,
    -1.7e308,
    1e22,
    1.0,
    -1.0,
    0.5,
    746.0,
    -746.0,
]
EXACT = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}

here = pytest.mark.skipif(not vecmath.described(), reason="there is no libmvec for this machine")


def every(*functions: Callable[..., float]) -> Callable[..., None]:
    """Numba's, in the way of derivatives: for each number of `x`, all functions in a row of `out` each."""
    from numba import njit

    names = {f"f{k}": fn for k, fn in enumerate(functions)}
    loops = "".join(f"    for i in range(x.size):\n        out[{k}, i] = f{k}(x[{k}, i])\n" for k in range(len(names)))
    namespace: dict[str, Callable[..., None]] = dict(names)
    exec(f"def run(x, out):\n{loops.replace('x.size', 'x.shape[1]')}", namespace)
    compiled: Callable[..., None] = njit(error_model="numpy", pipeline_class=vecmath.VectorMath)(namespace["run"])
    return compiled


@here
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_errors_are_below_four_units_in_the_last_place(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = np.stack([rng.uniform(*domain, 256) for domain in DOMAINS.values()])
    x[:, :64] = np.clip(rng.uniform(-1.0, 1.0, 64), *np.array(list(DOMAINS.values())).T[:, :, None])
    if dtype == "float32":
        x = np.clip(x, -80.0, 80.0)
    x = x.astype(dtype)
    found = np.empty_like(x)
    every(*DOMAINS)(x, found)
    for row, fn in enumerate(DOMAINS):
        exact = getattr(mpmath, EXACT.get(fn.__name__, fn.__name__))
        for given, got in zip(x[row].tolist(), found[row], strict=True):
            with mpmath.workprec(120):
                if not np.isfinite(got):
                    continue
                true = exact(mpmath.mpf(given))
                assert abs(mpmath.mpf(float(got)) - true) <= ULPS * float(np.spacing(np.abs(got))), (fn, given)


@here
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_special_values_are_those_of_numpy(dtype: str) -> None:
    functions = [fn for fn in DOMAINS if isinstance(fn, np.ufunc)]
    with np.errstate(all="ignore"):
        x = np.array([SPECIAL] * len(functions)).astype(dtype)
        found = np.empty_like(x)
        every(*functions)(x, found)
        expected = np.stack([fn(row) for fn, row in zip(functions, x, strict=True)])
    assert np.array_equal(np.signbit(found[found == 0.0]), np.signbit(expected[found == 0.0]))
    assert np.allclose(found, expected, rtol=1e-6 if dtype == "float32" else 1e-15, atol=0.0, equal_nan=True)


def loss(x: np.ndarray) -> float:
    total = 0.0
    for i in range(x.shape[0]):
        total += np.tanh(x[i]) * np.exp(x[i])
    return total


@here
def test_a_derivative_calls_them_and_its_primal_too() -> None:
    x = np.linspace(0.0, 1.0, 37)
    derivative = grad(loss)
    np.testing.assert_allclose(derivative(x), grad(loss, jit=False)(x), rtol=1e-14)
    (code,) = derivative.generated(derivative.types_of(x)).dispatcher.inspect_asm().values()
    assert re.search(r"_ZGV\wN\d+v_exp", code)
    assert re.search(r"_ZGV\wN\d+v_tanh", code)


RUN = """
import numpy as np
from module import derivative
from adcompile.backend import vecmath
print(repr(derivative(np.linspace(-1.0, 1.0, 37)).sum()))
generated = derivative.generated(derivative.types_of(np.ones(3)))
print(sum(generated.dispatcher.stats.cache_hits.values()), bool(vecmath.described()), generated.file)
"""
MODULE = """
import numpy as np
from adcompile import grad

@grad(cache=True)
def derivative(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += np.tanh(x[i]) * np.exp(x[i])
    return total
"""


def test_what_calls_them_is_loaded_where_they_are_and_made_again_where_they_are_not(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(MODULE)

    def run(wanted: str) -> tuple[float, str, str, str]:
        path = os.pathsep.join([str(Path(__file__).parents[2]), str(tmp_path)])
        environment = {**os.environ, "ADCOMPILE_CACHE_DIR": str(tmp_path / "kept"), "PYTHONPATH": path}
        environment["ADCOMPILE_VECTOR_MATH"] = wanted
        environment.pop("NUMBA_CACHE_DIR", None)
        done = subprocess.run([sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        value, rest = done.stdout.splitlines()
        hits, used, file = rest.split(" ", 2)
        return float(value.removeprefix("np.float64(").rstrip(")")), hits, used, file

    value, hits, used, file = run("1")
    assert hits == "0"
    again = run("1")
    assert again == (value, "1", used, file)
    plain = run("0")
    assert plain[1:3] == ("0", "False")
    assert plain[0] == pytest.approx(value, rel=1e-14)
    assert (plain[3] == file) == (used == "False")


def test_the_name_of_code_says_what_it_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def name() -> str | None:
        cache._surroundings.cache_clear()
        return cache.digest("text", {}, ())

    before = name()
    monkeypatch.setattr(vecmath, "described", lambda: "another library")
    assert name() != before
    monkeypatch.undo()
    assert name() == before
