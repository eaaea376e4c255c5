"""Functions of unusual size, with unusual names, from unusual places: right, or refused in clear words."""

from __future__ import annotations

import functools
import importlib
import math
import sys
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest

from adcompile import Unsupported, grad, jvp
from tests.texts import defined


def made(text: str, name: str = "f", **names: Any) -> Any:
    return defined(text, f"<campaign {hash(text)}>", {"np": np, "math": math, **names})[name]


def right(f: Any, *args: float, wrt: tuple[str, ...] = ("x",)) -> None:
    """Both modes against a complex step by the first argument."""
    exact = f(args[0] + 1e-200j, *args[1:]).imag / 1e-200
    found = grad(f, wrt=wrt, jit=False)(*args)
    np.testing.assert_allclose(found if len(wrt) == 1 else found[0], exact, rtol=1e-12)
    seeds = (1.0, *(0.0 for _ in wrt[1:]))
    np.testing.assert_allclose(jvp(f, wrt=wrt, jit=False)(args, seeds)[1], exact, rtol=1e-12)


def test_five_hundred_parameters() -> None:
    names = [f"p{number}" for number in range(499)]
    terms = "".join(f"    s += np.sin({name}) * x\n" for name in names)
    f = made(f"def f(x, {', '.join(names)}):\n    s = 0.0\n{terms}    return s\n")
    gradient = grad(f, wrt=("x", "p0", "p498"), jit=False)(0.5, *(0.1 * k for k in range(499)))
    np.testing.assert_allclose(gradient[0], sum(math.sin(0.1 * k) for k in range(499)), rtol=1e-12)
    np.testing.assert_allclose(gradient[1:], (0.5, 0.5 * math.cos(49.8)), rtol=1e-12)


def test_sixty_nested_branches() -> None:
    lines = [f"{'    ' * (depth + 1)}if np.real(s) > {-1.0 - depth}:\n" for depth in range(60)]
    inside = [f"{'    ' * (depth + 2)}s = np.sin(s) * x + {depth}.0\n" for depth in range(60)]
    text = "".join(line + more for line, more in zip(lines, inside, strict=True))
    right(made(f"def f(x):\n    s = x\n{text}    return s\n"), 0.3)


def test_fifteen_nested_loops() -> None:
    loops = "".join(f"{'    ' * (depth + 1)}for i{depth} in range(n):\n" for depth in range(15))
    f = made(f"def f(x, n):\n    s = x\n{loops}{'    ' * 16}s = np.sin(s) + x\n    return s\n")
    right(f, 0.3, 1)
    assert grad(f, jit=False)(0.3, 0) == 1.0


def test_twelve_functions_inside_of_each_other() -> None:
    heads = "".join(f"{'    ' * (depth + 1)}def h{depth}(a):\n" for depth in range(12))
    calls = "".join(f"{'    ' * (depth + 1)}return np.sin(h{depth}(a) * x)\n" for depth in range(11, 0, -1))
    right(made(f"def f(x):\n{heads}{'    ' * 13}return a * x\n{calls}    return h0(x)\n"), 0.3)


@pytest.mark.parametrize(
    "names",
    [
        ("x_bar", "x_dot", "t"), ("np", "math", "numba"), ("f", "f_grad", "grad"), ("part", "tape", "v_bar"),
        ("s_bar", "primals", "tangents"), ("float", "range", "len"), ("λ", "größe", "été"), ("_", "__x", "x__"),
        ("match", "case", "type"), ("result", "result_bar", "result_dot"), ("i", "i1", "indices"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_names_that_are_ours_python_s_or_of_other_alphabets(names: tuple[str, ...]) -> None:
    a, b, c = names
    f = made(
        f"import numpy as lib\n\ndef f({a}, {b}):\n    {c} = {a} * {b}\n"
        f"    for _k in (0, 1, 2):\n        {c} = lib.sin({c}) * {a} + {b}\n    return {c} * {c}\n"
    )
    exact = f(0.7 + 1e-200j, 0.4).imag / 1e-200
    for jit in (False, a == "np"):
        np.testing.assert_allclose(grad(f, wrt=a, jit=jit)(0.7, 0.4), exact, rtol=1e-12)
        np.testing.assert_allclose(jvp(f, wrt=a, jit=jit)((0.7, 0.4), (1.0,))[1], exact, rtol=1e-12)
    np.testing.assert_allclose(grad(grad(f, wrt=a, jit=False), wrt=a, jit=False)(0.7, 0.4), _second(f), rtol=1e-6)


def _second(f: Any) -> float:
    step = 1e-5
    ahead, behind = (f(0.7 + s + 1e-200j, 0.4).imag / 1e-200 for s in (step, -step))
    return (ahead - behind) / (2.0 * step)


def test_np_that_is_something_else() -> None:
    class Other:
        pi = 3.0
        sin = staticmethod(np.cos)

    f = made("def f(x):\n    return np.sin(x)\n", np=Other)
    try:
        found = grad(f, jit=False)(0.5)
    except Unsupported:
        return
    np.testing.assert_allclose(found, -math.sin(0.5), rtol=1e-12)


def test_without_source_it_is_refused() -> None:
    names: dict[str, Any] = {}
    exec("def f(x):\n    return x * x\n", names)
    with pytest.raises(Unsupported, match="source"):
        grad(names["f"], jit=False)(1.0)


def test_a_decorated_function_is_the_one_that_is_called() -> None:
    text = """
def twice(g):
    @functools.wraps(g)
    def wrapper(x):
        return 2.0 * g(x)
    return wrapper

@twice
def f(x):
    return np.sin(x)
"""
    f = made(text, functools=functools)
    np.testing.assert_allclose(grad(f, jit=False)(0.5), 2.0 * math.cos(0.5), rtol=1e-12)


def test_source_that_changed_under_a_running_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs is differentiated, or nothing is: never the new text under the old function."""
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "changing_module.py"
    path.write_text("def f(x):\n    return x * x\n")
    module = importlib.import_module("changing_module")
    path.write_text("def f(x):\n    return x * x * x\n")
    with suppress(Unsupported):
        assert grad(module.f, jit=False)(3.0) == 6.0
    sys.modules.pop("changing_module")


def _lines(count: int) -> str:
    steps = "".join(
        f"    a{i + 1} = np.sin(a{i}) * b{i} + {i % 7}.5\n    b{i + 1} = b{i} * 0.5 + np.cos(a{i}) * x\n"
        for i in range(count // 2)
    )
    return f"def f(x):\n    a0, b0 = x, 1.0\n{steps}    return a{count // 2} + b{count // 2}\n"


@pytest.mark.campaign
def test_five_thousand_lines_take_no_seven_times_what_a_thousand_take() -> None:
    def seconds(lines: int) -> float:
        f, start = made(_lines(lines)), process_time()
        right(f, 0.3)
        return process_time() - start

    seconds(10)
    assert seconds(5000) < 5.0 * math.log(5000) / math.log(1000) * 1.5 * seconds(1000)
