"""Functions behind others: wrappers of `*args`, universal functions made by Numba; sorting along axes; damped steps."""

from __future__ import annotations

import functools
from typing import Any

import numba as nb
import numpy as np
import pytest

from adcompile import Unsupported, grad, hessian, jvp, value_and_grad


@nb.vectorize([nb.float64(nb.float64, nb.float64)])
def fixed(x: Any, y: Any) -> Any:
    if x > y:
        return x * x * y
    return x + y**3


@nb.vectorize
def open_ended(x: Any) -> Any:
    return x**3


@nb.vectorize([nb.float32(nb.float32), nb.float64(nb.float64)])
def of_two(x: Any) -> Any:
    return x * x


def twice(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return 2.0 * function(*args, **kwargs)

    return wrapper


@twice
def product(x: Any, y: Any, k: Any = 3.0) -> Any:
    return x * y * k


def slope(function: Any, x: np.ndarray) -> np.ndarray:
    """Central differences."""
    steps = 1e-6 * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(function(x + h) - function(x - h)) / 2e-6 for h in steps]).reshape(x.shape)


@pytest.mark.parametrize("jit", [False, True])
def test_a_universal_function_of_numbers_is_its_python_function(jit: bool) -> None:
    assert grad(fixed, wrt=(0, 1), jit=jit)(3.0, 2.0) == (12.0, 9.0)
    assert grad(fixed, wrt=(0, 1), jit=jit)(1.0, 2.0) == (1.0, 12.0)
    assert grad(open_ended, jit=jit)(2.0) == 12.0


def test_a_universal_function_stretches_its_arguments() -> None:
    def whole(x: Any, y: Any) -> Any:
        return np.sum(fixed(x, y) * open_ended(x)) + np.sum(fixed(2, y))

    x, y = np.array([[3.0, 1.0], [4.0, 0.3], [0.7, 2.5]]), np.array([1.0, 2.2])
    by_x, by_y = grad(whole, wrt=(0, 1), jit=False)(x, y)
    np.testing.assert_allclose(by_x, slope(lambda v: whole(v, y), x), rtol=1e-7)
    np.testing.assert_allclose(by_y, slope(lambda v: whole(x, v), y), rtol=1e-7)


def test_a_universal_function_of_several_kinds_of_numbers_is_refused() -> None:
    with pytest.raises(Unsupported, match="no derivative rule and no readable source"):
        grad(of_two, jit=False)(2.0)


def test_a_wrapper_gets_what_is_given_and_by_place() -> None:
    assert grad(product, wrt=(0, 1), jit=False)(3.0, 2.0) == (12.0, 18.0)
    assert grad(product, wrt=2, jit=False)(3.0, 2.0, 7.0) == 12.0
    assert jvp(product, wrt=(0,), jit=False)((3.0, 2.0, 7.0), (1.0,))[1] == 28.0
    assert hessian(lambda v: product(v[0], v[1]), jit=False)(np.array([1.0, 2.0])).tolist() == [[0.0, 6.0], [6.0, 0.0]]
    with pytest.raises(TypeError, match="keyword"):
        grad(product, jit=False)(3.0, 2.0, k=7.0)


def test_a_wrapper_sees_what_is_left_out() -> None:
    @functools.wraps(product)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return args[0] * (10.0 if len(args) < 3 else args[2])

    assert grad(wrapper, jit=False)(3.0, 2.0) == 10.0
    assert grad(wrapper, jit=False)(3.0, 2.0, 3.0) == 3.0


def test_sorting_along_an_axis() -> None:
    weights = np.arange(24.0).reshape(2, 3, 4) ** 1.3

    def whole(x: Any) -> Any:
        y = x.reshape((2, 3, 4)) * x[0]
        y.sort(axis=0)
        return np.sum(np.sin(y * np.sort(x.reshape((2, 3, 4)), axis=1)) * weights)

    x = np.random.default_rng(0).normal(size=24)
    value, found = value_and_grad(whole, jit=False)(x)
    assert value == pytest.approx(whole(x), rel=1e-13)
    np.testing.assert_allclose(found, slope(whole, x), rtol=1e-5, atol=1e-6)


def test_a_tuple_of_a_comprehension_over_a_known_tuple() -> None:
    def whole(x: Any, kind: str = "a") -> Any:
        table = {"a": (1.0, 2.0, 3.0), "b": (4.0, 5.0, 6.0)}
        k = tuple([v * x for v in table[kind.lower()]])
        return k[0] * k[2] + len(k)

    assert grad(whole, jit=False)(3.0) == 18.0
    assert grad(whole, jit=False)(3.0, "B") == 144.0


def test_the_calls_that_map_makes_are_inlined() -> None:
    def cube(v: Any) -> Any:
        return v * v * v

    def whole(*given: Any) -> Any:
        return sum(tuple(map(cube, given)))

    assert grad(lambda x, y: whole(x, y), wrt=(0, 1), jit=False)(2.0, 3.0) == (12.0, 27.0)


def test_a_damped_step_is_no_bisection_and_a_bisection_is() -> None:
    def damped(a: Any) -> Any:
        x, y = a, 2.0 * a
        while abs(x - y) > 1e-13:
            x = (x + y) / 2
            y = np.cos(a * x)
        return y

    def kept(a: Any) -> Any:
        low, high = 0.0, 2.0
        while high - low > 1e-9:
            middle = (low + high) / 2
            if middle * middle < a:
                low = middle
            else:
                high = middle
        return low

    x = damped(0.7)
    assert grad(damped, jit=False)(0.7) == pytest.approx(-np.sin(0.7 * x) * x / (1 + 0.7 * np.sin(0.7 * x)), rel=1e-9)
    with pytest.raises(Unsupported):
        grad(kept, jit=False)(2.0)


def by_kind(when):
    if isinstance(when, np.datetime64):
        to_days = len
    elif np.isscalar(when):

        def to_days(t):
            return t

    else:

        def to_days(t):
            return np.sum(t)

    return to_days


def of_days(when, x):
    to_days = by_kind(when)
    return x * to_days(when) + (1.0 if callable(by_kind) and isinstance(when, (int, float, np.ndarray)) else 9.0)


@pytest.mark.parametrize("jit", [False, True])
def test_types_choose_functions(jit):
    gradient = grad(of_days, wrt="x", jit=jit)
    assert [gradient(3, 2.0), gradient(3.5, 2.0), gradient(np.array([1.0, 2.0]), 2.0)] == [3.0, 3.5, 3.0]
