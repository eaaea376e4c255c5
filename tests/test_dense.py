"""Jacobians, Hessians and their products with vectors: shapes, modes, dtypes, and the same numbers as differences."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from adcompile import InvalidArgument, Unsupported, grad, hessian, hvp, jacfwd, jacobian, jacrev, laplacian, vhp
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


def test_jacobians_by_name() -> None:
    for named, mode in ((jacfwd, "forward"), (jacrev, "reverse")):
        chosen, other = named(layer, wrt=("w", "b"), jit=False), jacobian(layer, wrt=("w", "b"), mode=mode, jit=False)
        for one, block in zip(chosen(M, X[:3]), other(M, X[:3]), strict=True):
            np.testing.assert_array_equal(one, block)
        assert chosen.source == other.source
    np.testing.assert_allclose(jacfwd(jacrev(lambda x: np.sum(x**3), jit=False), jit=False)(X), np.diag(6.0 * X))


@pytest.mark.parametrize("jit", [False, True])
def test_products_both_ways(jit: bool) -> None:
    for function, args, wrt, along in (
        (writes_its_argument, (X, 0.7), None, A),
        (writes_its_argument, (X, 0.7), ("x", "k"), (A, 2.0)),
        (writes_its_argument, (X, 0.7), "k", 2.0),
        (lambda w, b: np.sum(layer(w, b) ** 2), (M, X[:3]), ("b", "w"), (A[:3], 2.0 * M)),
    ):
        by_columns = hvp(function, wrt=wrt, jit=False)(*args, along)
        by_rows = vhp(function, wrt=wrt, jit=jit)(*args, along)
        assert isinstance(by_rows, tuple) == isinstance(by_columns, tuple)
        assert oracle.distance(by_rows, by_columns) < 1e-13
    assert vhp(lambda x: 3.0 * x[0], jit=jit)(X, A).tolist() == [0.0] * 5


def test_products_are_differentiated() -> None:
    cubes = vhp(lambda x: np.sum(x**3), jit=False)
    np.testing.assert_allclose(jacobian(cubes, jit=False)(X, A), np.diag(6.0 * A))
    np.testing.assert_allclose(jacobian(cubes, wrt="v", jit=False)(X, A), np.diag(6.0 * X))


@pytest.mark.parametrize("jit", [False, True])
def test_laplacian(jit: bool) -> None:
    def harmonic(x):
        return x[0] * x[0] - x[1] * x[1] + np.exp(x[2]) * np.sin(x[3])

    assert laplacian(harmonic, jit=jit)(X) == pytest.approx(0.0, abs=1e-13)
    blocks = hessian(writes_its_argument, wrt=("x", "k"), jit=False)(X, 0.7)
    whole = np.trace(blocks[0][0]) + blocks[1][1]
    assert laplacian(writes_its_argument, wrt=("x", "k"), jit=jit)(X, 0.7) == pytest.approx(whole, rel=1e-12)
    assert laplacian(writes_its_argument, wrt="k", jit=jit)(X, 0.7) == pytest.approx(blocks[1][1], rel=1e-12)
    weights = np.cos(M)
    radial = laplacian(lambda w, b: np.sum(w * w) ** 2 + np.sum(b**3), wrt=("w", "b"), jit=jit)
    assert radial(weights, X) == pytest.approx(4.0 * (6 + 2) * np.sum(weights**2) + 6.0 * np.sum(X))


@pytest.mark.parametrize("n", [0, 1, 2, 4, 5, 9])
def test_laplacian_counts_each_column_once(n: int) -> None:
    x = np.arange(1.0, n + 1.0)
    assert laplacian(lambda x: np.sum(x**3), jit=False)(x) == 6.0 * np.sum(x)


def test_laplacian_is_differentiated_and_keeps_its_type() -> None:
    of_laplacian = grad(laplacian(lambda x: np.sum(x**4) * x[0], jit=False), jit=False)
    expected = differences(laplacian(lambda x: np.sum(x**4) * x[0], jit=False), (X,), 0)
    np.testing.assert_allclose(of_laplacian(X), expected, rtol=1e-7)
    single = laplacian(lambda x: np.sum(x**3), jit=False)(X.astype(np.float32))
    assert isinstance(single, np.float32)
    assert single == pytest.approx(6.0 * np.sum(X), rel=1e-5)
    flat = laplacian(lambda x, t: 3.0 * x[0] + t, wrt=("x", "t"), jit=False)
    assert flat(X, 1.0) == 0.0


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
    scalar = laplacian(lambda total, first, at, grad, tangents: np.sum(total**2) * first[0] + at[0], jit=False)
    assert scalar(*args[:5]) == pytest.approx(4.0 * args[1][0])
    called = jacobian(lambda value, pullback, tangents_value: value * pullback, wrt=(0, 1), jit=False)(X, A, X)
    np.testing.assert_allclose(called, (np.diag(A), np.diag(X)))
    product = vhp(lambda grad, tangents: np.sum(grad**3) * tangents[0], jit=False)
    np.testing.assert_allclose(product(X, A, A), 6.0 * X * A * A[0])
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
    for product in (hvp, vhp):
        with pytest.raises(InvalidArgument, match="v is float64, and has to be"):
            product(writes_its_argument, jit=False)(X, 0.7, 2.0)
        with pytest.raises(InvalidArgument, match=r"v is float32\[:\], and has to be float64\[:\]"):
            product(writes_its_argument, jit=False)(X, 0.7, A.astype(np.float32))
        with pytest.raises(ValueError, match="shape"):
            product(writes_its_argument, jit=False)(X, 0.7, A[:3])
    for scalar in (vhp(layer, jit=False), laplacian(layer, jit=False)):
        with pytest.raises(Unsupported, match="not one float"):
            scalar(M, X[:3], *((M,) if scalar.request.kind == "vhp" else ()))
    with pytest.raises(InvalidArgument, match=r"and the Laplacian is by x.*pass x\.astype"):
        laplacian(residuals, jit=False)(np.arange(3), X)
    with pytest.raises(InvalidArgument, match=r"pass x\.astype"):
        jacobian(residuals, jit=False)(np.arange(3), X)


def two_of_four(p: Any, k: float) -> Any:
    out = np.empty(2)
    out[0] = p[0] * p[3] + k
    out[1] = p[1] * k if k > 0.0 else p[7]
    return out


def square(x: Any) -> Any:
    out = np.empty(2)
    out[0] = x[0] * x[1]
    out[1] = x[-1] if x[0] > 5.0 else x[0]
    return out


def test_rows_that_are_surely_fewer_are_taken_without_asking() -> None:
    by_rows = jacobian(two_of_four, jit=False)
    np.testing.assert_array_equal(by_rows(np.arange(5.0), 2.0), [[3.0, 0.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0, 0.0]])
    assert "seed" not in by_rows.source
    assert "if 2 <" not in by_rows.source
    either = jacobian(square, jit=False)
    np.testing.assert_array_equal(either(np.array([1.0, 2.0])), [[2.0, 1.0], [1.0, 0.0]])
    assert "if 2 < x.shape[0]:" in either.source
