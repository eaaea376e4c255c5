"""Jacobians, Hessians and their products with vectors: shapes, modes, dtypes, and the same numbers as differences."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from adcompile import InvalidArgument, grad, hessian, hvp, jacobian
from tests import oracle
from tests.corpus.registry import fresh

Function = Callable[..., Any]
RNG = np.random.default_rng(5)
X, A, M = RNG.normal(size=5), RNG.normal(size=5), RNG.normal(size=(2, 3))


def residuals(x, a):
    y = np.empty(x.shape[0] + 1)
    for i in range(x.shape[0]):
        y[i] = np.sin(x[i]) * a[i] + x[0]
    y[-1] = np.sum(x * x)
    return y


def layer(w, b):
    return np.tanh(w @ b)


def table(w):
    return np.exp(w[:, :1] * w)


def writes_its_argument(x, k):
    x[0] = x[0] * k
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += np.exp(k * x[i] * x[i + 1])
    return total


def few_results(x):
    return np.array([np.sum(x * x), x[0] * x[-1]])


def two(t, x):
    return t * x, np.sin(t) * np.sum(x**2)


def differences(function: Function, args: tuple[Any, ...], place: int) -> Any:
    """The Jacobian by one argument, column by column."""
    given = args[place]
    columns = []
    for index in np.ndindex(np.shape(given)):
        along = [np.zeros(np.shape(a)) if np.ndim(a) else 0.0 for a in args]
        if np.ndim(given):
            along[place][index] = 1.0
        else:
            along[place] = 1.0
        shape = np.shape(function(*fresh(args)))
        columns.append(oracle.by_differences(lambda *a: np.ravel(function(*a)), args, tuple(along))[0].reshape(shape))
    stacked = np.array(columns).reshape((*np.shape(given), *np.shape(columns[0])))
    return np.moveaxis(stacked, range(np.ndim(given)), range(-np.ndim(given), 0)) if np.ndim(given) else stacked


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize(
    ("function", "args"),
    [
        (residuals, (X, A)),
        (layer, (M, X[:3])),
        (few_results, (X,)),
        (writes_its_argument, (X, 0.7)),
        (table, (M,)),
        (table, (np.asfortranarray(M),)),
    ],
)
def test_jacobian(function: Function, args: tuple[Any, ...], mode: Any) -> None:
    wrt = tuple(range(len(args)))
    blocks = jacobian(function, wrt=wrt, mode=mode, jit=False)(*args)
    assert isinstance(blocks, tuple)
    for place, block in enumerate(blocks):
        np.testing.assert_allclose(block, differences(function, args, place), rtol=1e-7, atol=1e-7)
    first = jacobian(function, mode=mode, jit=False)(*args)
    np.testing.assert_array_equal(first, blocks[0])


@pytest.mark.parametrize("n", [0, 1, 2, 4, 5, 9])
def test_lanes_that_do_not_fill_a_chunk(n: int) -> None:
    x = np.arange(1.0, n + 1.0)
    np.testing.assert_array_equal(jacobian(lambda x: x * x, mode="forward", jit=False)(x), np.diag(2.0 * x))
    np.testing.assert_array_equal(jacobian(lambda x: x * x, mode="reverse", jit=False)(x), np.diag(2.0 * x))


def test_results_in_a_tuple() -> None:
    (by_t, by_x), (scalar_by_t, scalar_by_x) = jacobian(two, wrt=("t", "x"), jit=False)(0.3, X)
    np.testing.assert_allclose(by_t, X)
    np.testing.assert_allclose(by_x, 0.3 * np.eye(5))
    assert scalar_by_t == pytest.approx(np.cos(0.3) * np.sum(X**2))
    np.testing.assert_allclose(scalar_by_x, np.sin(0.3) * 2.0 * X)


def test_hessian_and_its_products() -> None:
    gradient = grad(writes_its_argument, wrt=("x", "k"), jit=False)
    blocks = hessian(writes_its_argument, wrt=("x", "k"), jit=False)(X, 0.7)
    for row, one in zip(blocks, (0, 1), strict=True):
        for place, block in enumerate(row):
            expected = differences(lambda *a, one=one: gradient(*a)[one], (X, 0.7), place)
            np.testing.assert_allclose(block, expected, rtol=1e-6, atol=1e-7)
    product = hvp(writes_its_argument, wrt=("x", "k"), jit=False)(X, 0.7, (A, 2.0))
    np.testing.assert_allclose(product[0], blocks[0][0] @ A + blocks[0][1] * 2.0)
    np.testing.assert_allclose(product[1], blocks[1][0] @ A + blocks[1][1] * 2.0)
    np.testing.assert_allclose(hvp(writes_its_argument, jit=False)(X, 0.7, A), blocks[0][0] @ A)


def test_dtypes_are_kept() -> None:
    x = X.astype(np.float32)
    assert jacobian(few_results, mode="forward", jit=False)(x).dtype == np.float32
    assert hessian(lambda x: np.sum(x**3), jit=False)(x).dtype == np.float32
    assert jacobian(lambda t: t * t, jit=False)(np.float32(1.5)) == np.float32(3.0)


def test_nested() -> None:
    def cubic(x):
        return np.sum(x**3) + x[0] * x[1] * x[2]

    third = jacobian(hessian(cubic, jit=False), jit=False)(X)
    expected = np.zeros((5, 5, 5))
    expected[range(5), range(5), range(5)] = 6.0
    for i, j, k in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]:
        expected[i, j, k] = 1.0
    np.testing.assert_allclose(third, expected, atol=1e-12)
    np.testing.assert_allclose(jacobian(grad(cubic, jit=False), jit=False)(X), hessian(cubic, jit=False)(X))


def test_names_of_the_function_are_its_own() -> None:
    def clash(y, jac, seed, dot, size, first, v):
        return y * jac + seed * dot * size + first * v

    args = tuple(X[:2] + k for k in range(7))
    blocks = jacobian(clash, wrt=tuple(range(7)), jit=False)(*args)
    for place, block in enumerate(blocks):
        np.testing.assert_allclose(block, differences(clash, args, place), atol=1e-8)
    scalar = hvp(lambda v, x: np.sum(v * v * x), jit=False)
    np.testing.assert_allclose(scalar(X, A, X), 2.0 * A * X)


def test_compiled() -> None:
    inner = jacobian(residuals)

    @njit
    def norm(x, a):
        return np.sum(inner(x, a) ** 2)

    expected = jacobian(residuals, jit=False)(X, A)
    np.testing.assert_allclose(inner(X, A), expected)
    assert norm(X, A) == pytest.approx(np.sum(expected**2))
    np.testing.assert_allclose(pickle.loads(pickle.dumps(inner))(X, A), expected)
    np.testing.assert_allclose(hessian(writes_its_argument)(X, 0.7), hessian(writes_its_argument, jit=False)(X, 0.7))


def test_what_cannot_be() -> None:
    with pytest.raises(InvalidArgument, match="none of 'auto', 'forward', 'reverse'"):
        jacobian(residuals, mode="backward")  # type: ignore[call-overload]
    with pytest.raises(InvalidArgument, match="not of floats"):
        jacobian(lambda x: x > 0.0, jit=False)(X)
    with pytest.raises(InvalidArgument, match="takes one result"):
        jacobian(two, mode="reverse", jit=False)(0.3, X)
    with pytest.raises(InvalidArgument, match="v is float64, and has to be"):
        hvp(writes_its_argument, jit=False)(X, 0.7, 2.0)
    with pytest.raises(ValueError, match="shape"):
        hvp(writes_its_argument, jit=False)(X, 0.7, A[:3])
    with pytest.raises(InvalidArgument, match=r"pass x\.astype"):
        jacobian(residuals, jit=False)(np.arange(3), X)
