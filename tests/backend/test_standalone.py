"""Derivatives as modules without adcompile: every kind of function of ours that they may call, run on its own."""

import linecache
import sys

import numpy as np
import pytest

from adcompile import InvalidArgument, grad, hessian, jvp, value_and_grad, vjp
from adcompile.api.saving import module_of

TABLE = np.append(np.arange(100.0), [-np.inf, np.nan, 2.5])


def newton(x, a):
    y = a * x
    while abs(y * y - x) > 1e-10:  # taped in an array that grows
        y = 0.5 * (y + x / y)
    return y + TABLE[102]


def layer(w, x):
    x[0, 0] = 2.0  # written: checked for overlap, and copied
    h = np.tanh(w @ x)
    return np.sum(h * h[::-1])


def long_loop(x, n):
    s = x
    for _ in range(n):
        s = s + 0.001 * np.sin(s) * x
    return s


def positive(x):
    if x < 0:
        raise ValueError(f"{x} is negative")
    return x**1.5


def named(x, how):
    return x * x if how == "square" else x


def on_its_own(text, name):
    """The function of a module's text, run where there is no adcompile."""
    linecache.cache["<standalone>"] = (len(text), None, text.splitlines(keepends=True), "<standalone>")
    assert "adcompile." not in text
    hidden = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "adcompile"}
    sys.modules.update(dict.fromkeys(hidden))
    try:
        namespace = {"__name__": "standalone"}
        exec(compile(text, "<standalone>", "exec"), namespace)
    finally:
        sys.modules.update(hidden)
    return namespace[name]


@pytest.mark.parametrize(
    ("derivative", "args"),
    [
        (grad(newton), (2.0, 0.3)),
        (grad(layer), (np.arange(4.0).reshape(2, 2) / 4, np.ones((2, 3)))),
        (value_and_grad(long_loop, checkpoint=5), (0.3, 40)),
        (grad(positive), (4.0,)),
        (hessian(lambda x: np.sum(x**3)), (np.array([1.0, 2.0]),)),
        (jvp(layer, wrt="w"), ((np.ones((2, 2)) / 3, np.ones((2, 2))), (np.eye(2),))),
        (vjp(lambda x: x**2).seeded, (np.ones(3), np.arange(3.0))),
    ],
    ids=["grown", "products", "checkpoints", "raises", "hessian", "jvp", "pullback"],
)
def test_a_module_does_what_the_derivative_does(derivative, args):
    types = derivative.types_of(*args)
    function = on_its_own(module_of(derivative, types), derivative.generated(types).python.__name__)
    found, expected = (each if isinstance(each, tuple) else (each,) for each in (function(*args), derivative(*args)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_arguments_of_other_number_types_are_converted():
    derivative = grad(newton)
    function = on_its_own(module_of(derivative, derivative.types_of(2.0, 0.5)), "newton_grad")
    assert function(2, 0.5) == derivative(2.0, 0.5)


def test_an_exception_has_the_text_of_the_primal():
    derivative = grad(positive)
    with pytest.raises(ValueError, match=r"-1\.0 is negative"):
        on_its_own(module_of(derivative, derivative.types_of(2.0)), "positive_grad")(-1.0)


def test_what_is_known_is_passed_as_none():
    derivative = grad(named)
    assert on_its_own(module_of(derivative, derivative.types_of(3.0, "square")), "named_grad")(3.0, None) == 6.0


def test_arrays_of_outside_are_written_out():
    def looked_up(x):
        return x * TABLE[int(x)]

    derivative = grad(looked_up)
    text = module_of(derivative, derivative.types_of(3.0))
    assert "98.0, 99.0, -np.inf, np.nan, 2.5], np.float64)" in text
    assert on_its_own(text, "looked_up_grad")(30.0) == 30.0


def test_an_object_that_no_import_gives_is_refused():
    class Own(Exception):
        pass

    def f(x):
        if x > 1e9:
            raise Own("large")
        return x * x

    derivative = grad(f, jit=False)
    with pytest.raises(InvalidArgument, match="Own is a type that the function finds outside of itself"):
        module_of(derivative, derivative.types_of(2.0))


def test_save_takes_the_last_types_or_arguments(tmp_path):
    derivative = grad(newton)
    with pytest.raises(InvalidArgument, match="none are known before the first call"):
        derivative.save(tmp_path / "d.py")
    derivative.save(tmp_path / "d.py", 2.0, 0.5)
    text = (tmp_path / "d.py").read_text()
    assert text.startswith('"""grad of newton, test_standalone.py:15, made by adcompile for (x: float64, a: float64).')
    assert "# 18: y = 0.5 * (y + x / y)" in text
    derivative(2.0, 0.5)
    derivative.save(tmp_path / "d.py")
    assert (tmp_path / "d.py").read_text() == text
