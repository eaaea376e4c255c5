"""A fingerprint changes with all that a function means, and with nothing else."""

import functools
import importlib.util
import itertools
import linecache
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from adcompile import grad, jvp, vjp
from adcompile.frontend.fingerprint import fingerprint
from adcompile.ir.types import Array, Scalar, Static, TupleType

MODULE = """
import numpy as np
import functools
from numba import njit
import {inner} as inner

SCALE = 2.0
TABLE = np.array([1.0, 2.0])
SETTINGS = {{"order": [1, 2]}}

def decorator(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x) + 1.0
    return wrapper

def made(k):
    def f(x, by=1.5, *, over=(1, 2)):
        y = SCALE * inner.outer(x) + by * over[0]
        if y > 0.0:
            y = np.sin(y) * k
        return y + helper(x) + SETTINGS["order"][0] + TABLE[0] + (lambda z: z + inner.SHIFT)(x)
    return f

@njit
def helper(x):
    return decorated(x) * x

@decorator
def decorated(x):
    return x * 3.0

f = made(0.5)
twice = functools.partial(f, by=2.0)
square = lambda x: x * x
unrelated = 1.0
"""
INNER = """
SHIFT = 1.0
UNUSED = 1.0

def outer(x):
    return deep(x) + 1.0

def deep(x):
    return x * x
"""
_numbers = itertools.count()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two modules with changes made to their texts, under the same names and in the same files each time."""
    monkeypatch.syspath_prepend(tmp_path)
    name = f"fingerprint_inner_{next(_numbers)}"

    def loaded(old: str = "", new: str = "", text: str = "module") -> ModuleType:
        found = None
        for part, source in ((name, INNER), ("fingerprint_module", MODULE.format(inner=name))):
            is_it = (part == name) == (text == "inner")
            assert not (is_it and old) or source.count(old) == 1, old
            (tmp_path / f"{part}.py").write_text(source.replace(old, new) if is_it and old else source)
            spec = importlib.util.spec_from_file_location(part, tmp_path / f"{part}.py")
            assert spec is not None and spec.loader is not None
            found = importlib.util.module_from_spec(spec)
            exec(compile((tmp_path / f"{part}.py").read_text(), str(tmp_path / f"{part}.py"), "exec"), vars(found))
            monkeypatch.setitem(__import__("sys").modules, part, found)
        linecache.clearcache()
        assert found is not None
        return found

    return loaded


def test_it_is_the_same_for_the_same(load) -> None:
    first = fingerprint(load().f)
    assert first is not None
    assert fingerprint(load().f) == first
    assert fingerprint(load("unrelated = 1.0", "unrelated = 2.0").f) == first
    assert fingerprint(load("UNUSED = 1.0", "UNUSED = 2.0", "inner").f) == first


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("SCALE = 2.0", "SCALE = 4.0", "module"),
        ("SCALE = 2.0", "SCALE = 2", "module"),
        ("SCALE = 2.0", "SCALE = np.float32(2.0)", "module"),
        ("np.array([1.0, 2.0])", "np.array([1.0, 2.5])", "module"),
        ("np.array([1.0, 2.0])", "np.array([1.0, 2.0], np.float32)", "module"),
        ('{{"order": [1, 2]}}'.format(), '{"order": [3, 2]}', "module"),
        ("by=1.5", "by=2.5", "module"),
        ("over=(1, 2)", "over=(-1, 2)", "module"),
        ("y > 0.0", "y > -0.0", "module"),
        ("np.sin", "np.cos", "module"),
        ("made(0.5)", "made(-0.5)", "module"),
        ("return function(x) + 1.0", "return function(x) - 1.0", "module"),
        ("\n@decorator\n", "\n", "module"),
        ("@njit\n", "", "module"),
        ("return x * 3.0", "return x / 3.0", "module"),
        ("y = np.sin(y) * k", "y = np.sin(y) * k  # told otherwise", "module"),
        ("import numpy as np", "import numpy as np; from math import pi as SCALED; len = sum", "module"),
        ("SHIFT = 1.0", "SHIFT = 2.0", "inner"),
        ("deep(x) + 1.0", "deep(x) + 1.5", "inner"),
        ("return x * x", "return x * x * x", "inner"),
    ],
)
def test_it_changes_with_whatever_the_function_depends_on(load, old: str, new: str, text: str) -> None:
    first, second = fingerprint(load().f), fingerprint(load(old, new, text).f)
    assert first is not None and second is not None
    assert (first == second) == ("SCALED" in new)  # names that nobody asks for


def test_it_changes_with_what_is_patched_from_outside(load, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load()
    first = fingerprint(module.f)
    with monkeypatch.context() as patch:
        patch.setattr(np, "sin", lambda x: x)
        patched = fingerprint(module.f)
    assert patched not in (first, None)
    with monkeypatch.context() as patch:
        patch.setattr(np, "sin", functools.wraps(np.sin)(lambda x: x))  # says that it is NumPy's
        patched = fingerprint(module.f)
    assert patched not in (first, None)
    assert fingerprint(module.f) == first


def test_it_tells_apart_lambdas_partials_and_derivatives(load) -> None:
    module = load()
    values = [
        module.f, module.twice, functools.partial(module.f, by=2), module.square, module.helper, module.decorated,
        grad(module.square), grad(module.square, wrt="x"), grad(module.square, fastmath=False), jvp(module.square),
        vjp(module.square), grad(grad(module.square)), np.sin, np.cos, len, np.float64, np.linalg.norm,
    ]  # fmt: skip
    found = [fingerprint(value) for value in values]
    assert None not in found
    assert len(set(found)) == len(found)


def test_it_tells_apart_values_that_are_equal() -> None:
    values = [
        1, 1.0, True, 1 + 0j, "1", b"1", None, "None", 0.0, -0.0, float("nan"), (1,), [1], {1}, frozenset({1}), {1: 1},
        np.float64(1.0), np.float32(1.0), np.int64(1), np.bool_(True), np.dtype(float), np.array(1.0), np.array([1.0]),
        np.array([[1.0]]), np.asfortranarray(np.eye(2)), np.eye(2), Scalar("float64"), Array("float64", 1),
        Static("a"), Static(None), TupleType((Scalar("float64"),)), (), [], {}, ((),), ((), ()),
    ]  # fmt: skip
    found = [fingerprint(value) for value in values]
    assert None not in found
    assert len(set(found)) == len(found)
    assert fingerprint(1, 2) != fingerprint((1, 2))


class Settings:
    order = 1


class Whole(int):
    pass


class Mine(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        object(), Settings, Settings(), SimpleNamespace(order=1), Whole(1), np.zeros(1).view(Mine), "a".upper,
        np.array([None]), np.frompyfunc(len, 1, 1), np.random.default_rng(0), Static(Settings()), [Settings()],
        {"a": Settings()}, functools.partial(len, Settings()), itertools.count(), Path.home,
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_cannot_be_described_has_none(value: object) -> None:
    assert fingerprint(value) is None
    assert fingerprint(lambda x: x * value) is None


def test_a_function_without_text_has_none() -> None:
    space: dict[str, object] = {}
    exec("def f(x):\n    return x\n", space)
    assert fingerprint(space["f"]) is None


def test_a_function_with_something_said_of_it_is_another(load) -> None:
    module = load()
    first = fingerprint(module.f)
    module.f.order = 2
    assert fingerprint(module.f) not in (first, None)
    module.f.order = object()
    assert fingerprint(module.f) is None


def test_functions_that_call_each_other_have_one(load) -> None:
    def even(n: int) -> bool:
        return n == 0 or odd(n - 1)

    def odd(n: int) -> bool:
        return n != 0 and even(n - 1)

    assert fingerprint(even) not in (None, fingerprint(odd))


def test_what_a_function_imports_is_part_of_it(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "imported_constants.py").write_text("K = 2.0\n")

    def f(x):
        from imported_constants import K  # type: ignore[import-not-found]

        return K * x

    import imported_constants  # type: ignore[import-not-found]

    before = fingerprint(f)
    assert before is not None
    imported_constants.K = 3.0
    assert fingerprint(f) not in (None, before)
