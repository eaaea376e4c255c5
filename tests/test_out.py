"""Derivatives that write into arrays of the caller, or add to them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from adcompile import InvalidArgument, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tests import oracle
from tests.corpus import CASES, Case

NUMBERED = [pytest.param(case, id=f"{case.name}-{number}") for number, case in enumerate(CASES)]
WAYS = pytest.mark.parametrize("jit", [False, True], ids=["CPython", "Numba"])


def loss(w, b, x, y):
    s = 0.0
    for i in range(x.shape[0]):
        p = b
        for j in range(w.shape[0]):
            p += w[j] * x[i, j]
        s += np.log1p(np.exp(-y[i] * p))
    return s


def product(x, y):
    s = 0.0
    for i in range(x.shape[0] - 1):
        s += x[i] * y[i + 1] * x[i + 1]
    return s


def energy(x, k):
    return k * np.sum(x * x)


def diffused(u, steps):
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            u[i] += 0.1 * u[i - 1] * u[i + 1]
    return np.sum(u * u)


def swapped(x, n):
    a, b = x.copy(), np.zeros_like(x)
    for _ in range(n):
        for i in range(a.shape[0]):
            b[i] = np.sin(a[i])
        a, b = b, a
    return np.sum(a)


X = np.array([1.0, -2.0, 0.5, 3.0])
Y = np.array([0.3, 1.5, -1.0, 2.0])


# ---------------------------------------------------------------------------------- the same as without
def strided(like: Any) -> Any:
    """Arrays of NaN to be written to, every other element of larger ones, in the structure of a result."""
    if isinstance(like, tuple):
        return tuple(map(strided, like))
    if not isinstance(like, np.ndarray):
        return None
    whole = np.full(tuple(2 * length + 1 for length in like.shape), np.nan, like.dtype)
    return whole[tuple(slice(1, 2 * length + 1, 2) for length in like.shape)]


def started(like: Any) -> Any:
    if isinstance(like, tuple):
        return tuple(map(started, like))
    return np.arange(like.size).reshape(like.shape).astype(like.dtype) if isinstance(like, np.ndarray) else None


def added(one: Any, other: Any) -> Any:
    if isinstance(one, tuple):
        return tuple(map(added, one, other))
    return one if other is None else one + other


def is_returned(given: Any, found: Any) -> bool:
    if isinstance(given, tuple):
        return all(map(is_returned, given, found))
    return given is None or given is found


@pytest.mark.parametrize("case", NUMBERED)
def test_the_corpus_goes_into_arrays_that_are_given(case: Case) -> None:
    close = 1e-5 if any(getattr(leaf, "dtype", None) == np.float32 for leaf in oracle.leaves(case.args)) else 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        seed = oracle.direction((case.function(*case.fresh()),), 2)[0]
        plain = vjp(case.function, wrt=case.wrt, jit=False)
        if oracle.is_single(case.args):  # Numba's results may have another precision than NumPy's
            seed = plain(*case.fresh())[1].matched(seed)
        wanted = plain.seeded(*case.fresh(), seed)
        out = strided(wanted)
        found = vjp(case.function, wrt=case.wrt, jit=False, out=True).seeded(*case.fresh(), seed, out)
        assert is_returned(out, found) and oracle.distance(found, wanted) <= close
        if not any(isinstance(leaf, np.ndarray) for leaf in oracle.leaves(wanted)):
            return
        out = started(wanted)
        wanted = added(wanted, out)
        found = vjp(case.function, wrt=case.wrt, jit=False, accumulate=True).seeded(*case.fresh(), seed, out)
        assert is_returned(out, found) and oracle.distance(found, wanted) <= close


def neighbours(x):
    return x[1:] * x[:-1]


def cubed(x):
    return np.sum(x**3)


KINDS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "one": (lambda **to: grad(energy, **to), (X, 2.0)),
    "several": (lambda **to: grad(product, wrt=("x", "y"), **to), (X, Y)),
    "array and number": (lambda **to: grad(energy, wrt=(0, 1), **to), (X, 2.0)),
    "written": (lambda **to: grad(diffused, **to), (X, 3)),
    "swapped": (lambda **to: grad(swapped, **to), (X, 3)),
    "jacobian": (lambda **to: jacobian(neighbours, **to), (X,)),
    "hessian": (lambda **to: hessian(energy, wrt=("x", "k"), **to), (X, 2.0)),
    "hvp": (lambda **to: hvp(diffused, **to), (X, 2, Y)),
    "second order": (lambda **to: grad(grad(cubed), **to), (3.0,)),
    "of a derivative": (lambda **to: vjp(grad(product), **to).seeded, (X, Y, X)),
}


@WAYS
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_derivative_overwrites_and_adds(kind: str, jit: bool) -> None:
    make, args = KINDS[kind]
    wanted = make(jit=jit)(*args)
    out = strided(wanted)
    found = make(jit=jit, out=True)(*args, out=out)
    assert is_returned(out, found) and oracle.distance(found, wanted) <= 1e-14
    assert oracle.distance(make(jit=jit, out=True)(*args), wanted) <= 1e-14  # nothing given
    if out is not None:
        out = started(wanted)
        before = added(wanted, out)
        assert oracle.distance(make(jit=jit, accumulate=True)(*args, out=out), before) <= 1e-14


@WAYS
def test_the_value_is_returned_beside_the_gradient(jit: bool) -> None:
    x_bar = np.ones(4)
    value, found = value_and_grad(energy, accumulate=True, jit=jit)(X, 2.0, out=x_bar)
    assert value == energy(X, 2.0) and found is x_bar
    np.testing.assert_allclose(x_bar, 1.0 + 4.0 * X, rtol=1e-15)


@WAYS
def test_empty_arrays_and_loops_without_iterations(jit: bool) -> None:
    assert grad(energy, out=True, jit=jit)(np.zeros(0), 2.0, np.zeros(0)).shape == (0,)
    x_bar = np.full(1, np.nan)
    assert grad(product, out=True, jit=jit)(np.ones(1), np.ones(1), x_bar)[0] == 0.0
    assert grad(product, accumulate=True, jit=jit)(np.ones(1), np.ones(1), x_bar + 1.0) is not x_bar
    x_bar = np.full(4, np.inf)
    np.testing.assert_allclose(grad(energy, out=True, jit=jit)(X, 0.0, x_bar), 0.0)


# ---------------------------------------------------------------------------------- as it is used
def data(count: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.sin(np.arange(count * 4, dtype=float) ** 1.3).reshape(count, 4)
    return x, np.where(np.cos(np.arange(count) * 1.7) > 0.0, 1.0, -1.0)


@WAYS
def test_micro_batches_sum_up_to_the_whole_batch(jit: bool) -> None:
    x, y = data(24)
    wanted = grad(loss, wrt="w", jit=jit)(X, 0.1, x, y)
    gradient, w_bar = grad(loss, wrt="w", accumulate=True, jit=jit), np.zeros(4)
    for start in range(0, 24, 6):
        gradient(X, 0.1, x[start : start + 6], y[start : start + 6], out=w_bar)
    np.testing.assert_allclose(w_bar, wanted, rtol=1e-13)


@WAYS
def test_gradients_of_two_losses_add_up_and_are_cleared(jit: bool) -> None:
    first, second = grad(energy, accumulate=True, jit=jit), grad(diffused, accumulate=True, jit=jit)
    wanted = grad(energy, jit=jit)(X, 0.5) + grad(diffused, jit=jit)(X, 2)
    x_bar = np.zeros(4)
    for _ in range(2):
        first(X, 0.5, out=x_bar)
        second(X, 2, out=x_bar)
        np.testing.assert_allclose(x_bar, wanted, rtol=1e-14)
        x_bar[:] = 0.0


overwriting = grad(energy, out=True)
adding = grad(product, wrt=("x", "y"), accumulate=True)


@njit
def by_compiled_code(x, y, steps):
    x_bar, y_bar = np.empty_like(x), np.zeros_like(y)
    returned = overwriting(x, 2.0, out=x_bar)
    same = returned is x_bar
    for _ in range(steps):
        adding(x, y, (x_bar, y_bar))
    adding(x, y, out=(None, y_bar))
    return same, x_bar, y_bar, overwriting(x, 2.0)


def test_compiled_code_passes_arrays_too() -> None:
    _same, x_bar, y_bar, fresh = by_compiled_code(X, Y, 3)
    x_wanted, y_wanted = grad(product, wrt=("x", "y"), jit=False)(X, Y)
    np.testing.assert_allclose(x_bar, 4.0 * X + 3.0 * x_wanted, rtol=1e-14)
    np.testing.assert_allclose(y_bar, 4.0 * y_wanted, rtol=1e-14)
    np.testing.assert_allclose(fresh, 4.0 * X, rtol=1e-15)
    with pytest.raises(ValueError, match="shares memory"):
        njit(lambda x: overwriting(x, 2.0, x))(X)


def test_a_gradient_into_an_array_allocates_none() -> None:
    x, x_bar = np.ones(100_000), np.empty(100_000)
    gradient = grad(energy, out=True)
    gradient(x, 2.0, x_bar)
    tracemalloc.start()
    gradient(x, 2.0, x_bar)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000
    assert "empty" not in gradient.source and "zeros" not in gradient.source


def test_what_is_printed() -> None:
    assert grad(product, out=True, jit=False).source_for(X, Y, X).endswith(
        """\
def product_grad(x, y, x_bar):
    check_out(x_bar, x, (x, y))
    for i in range(x_bar.shape[0]):
        x_bar[i] = 0.0
    x_bar_next = 0.0
    for i in range(x.shape[0] - 1):
        # s += x[i] * y[i + 1] * x[i + 1]
        x_bar[i] += x_bar_next + x[i + 1] * y[i + 1]
        x_bar_next = x[i] * y[i + 1]
    if 0 < x.shape[0] - 1:
        x_bar[x.shape[0] - 1] += x_bar_next
    return x_bar
"""
    )


def test_a_parameter_called_out_keeps_its_name() -> None:
    def scaled(x, out):
        return np.sum(x * x) * out

    x_bar = np.empty(4)
    grad(scaled, out=True, jit=False)(X, 2.0, out_=x_bar)
    np.testing.assert_allclose(x_bar, 4.0 * X)


# ---------------------------------------------------------------------------------- refused, and nothing is changed
def read_only() -> np.ndarray:
    array = np.ones(4)
    array.flags.writeable = False
    return array


REFUSED: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "number": (lambda x: 1.0, r"out is float64, and has to be float64\[:\]"),
    "list": (lambda x: [1.0, 2.0, 3.0, 4.0], "out is list: pass the arrays that the result is to be written to"),
    "string": (lambda x: "x_bar", "out is 'x_bar', and has to be"),
    "tuple": (lambda x: (np.ones(4),), "and has to be"),
    "axes": (lambda x: np.ones((4, 1)), r"out is float64\[:, :\], and has to be float64\[:\]"),
    "single precision": (lambda x: np.ones(4, np.float32), r"out is float32\[:\], and has to be float64\[:\]"),
    "integers": (lambda x: np.ones(4, int), r"out is int64\[:\], and has to be float64\[:\]"),
    "complex": (lambda x: np.ones(4, complex), r"out is complex128\[:\], and has to be float64\[:\]"),
    "read-only": (lambda x: read_only(), "out is a read-only array"),
    "shape": (lambda x: np.ones(5), "out has another shape"),
    "itself": (lambda x: x, "out shares memory with another array"),
    "overlapping": (lambda x: x.base[1:5], "out shares memory with another array"),
    "reversed": (lambda x: x[::-1], "out shares memory with another array"),
    "folded": (lambda x: np.lib.stride_tricks.as_strided(np.ones(4), (4,), (0,)), "elements that share memory"),
}


@WAYS
@pytest.mark.parametrize("accumulate", [False, True], ids=["overwriting", "adding"])
@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_written_to_is_refused(what: str, accumulate: bool, jit: bool) -> None:
    make, message = REFUSED[what]
    x = np.arange(6.0)[:4]
    out = make(x)
    before = np.copy(out) if isinstance(out, np.ndarray) else out
    with pytest.raises((ValueError, InvalidArgument), match=message):
        grad(energy, jit=jit, out=True, accumulate=accumulate)(x, 2.0, out=out)
    assert np.array_equal(out, before) and np.array_equal(x, np.arange(4.0))


@WAYS
def test_one_wrong_array_of_several_leaves_the_others(jit: bool) -> None:
    gradient, good = grad(product, wrt=(0, 1), accumulate=True, jit=jit), np.ones(4)
    shares, shape = r"out\[1\] shares", r"out\[1\] has another shape"
    for wrong, message in [(good, shares), (np.ones(3), shape), (Y, shares)]:
        with pytest.raises(ValueError, match=message):
            gradient(X, Y, out=(good, wrong))
    for wrong in (read_only(), 1.0, np.ones(4, int)):
        with pytest.raises(InvalidArgument, match=r"out\[1\] is"):
            gradient(X, Y, out=(good, wrong))
    with pytest.raises(InvalidArgument, match="has to be a tuple of 2, as the result is"):
        gradient(X, Y, out=good)
    assert np.array_equal(good, np.ones(4))


@WAYS
def test_arguments_that_are_refused_leave_what_was_given(jit: bool) -> None:
    def moved(u, v):
        u[0] = v[0] * u[1]
        return np.sum(u * v)

    whole, out = np.arange(1.0, 6.0), np.full(4, 7.0)
    for accumulate in (False, True):
        with pytest.raises(ValueError, match="that the function writes shares memory"):
            grad(moved, out=True, accumulate=accumulate, jit=jit)(whole[1:], whole[:-1], out=out)
    assert np.array_equal(out, np.full(4, 7.0))


@WAYS
def test_arrays_of_the_result_that_are_one_go_into_two(jit: bool) -> None:
    def total(x, y):
        return np.sum(x + y)

    out = np.zeros(4), np.zeros(4)
    grad(total, wrt=(0, 1), accumulate=True, jit=jit)(X, Y, out=out)
    assert np.array_equal(out, np.ones((2, 4)))


def test_numbers_have_no_place() -> None:
    with pytest.raises(InvalidArgument, match="has to be None: the result there is a number, and is returned"):
        grad(energy, wrt="k", out=True, jit=False)(X, 2.0, out=np.zeros(1))
    with pytest.raises(InvalidArgument, match=r"nothing to add to: pass one.* numbers are returned"):
        grad(energy, wrt="k", accumulate=True, jit=False)(X, 2.0)
    out = np.ones(4), None
    x_bar, k_bar = grad(energy, wrt=("x", "k"), accumulate=True, jit=False)(X, 2.0, out=out)
    assert x_bar is out[0] and k_bar == np.sum(X * X)


def test_derivatives_that_write_are_not_differentiated() -> None:
    with pytest.raises(InvalidArgument, match="it writes to its argument out"):
        grad(grad(energy, out=True))
    with pytest.raises(InvalidArgument, match="takes neither out=True nor accumulate=True"):
        jvp(energy, out=True)
    with pytest.raises(InvalidArgument, match="where it is that of"):
        vjp(energy, jit=False)(X, 2.0)[1](1.0, out=np.zeros(4))


def two_of_three(p: Any) -> Any:
    y = np.empty(2)
    y[0] = p[0] * p[1]
    y[1] = np.sin(p[2]) * p[0]
    return y


def test_rows_of_a_jacobian_are_made_in_the_array_that_is_given() -> None:
    given = np.full((4, 2), 9.0).T[:, ::-1]
    by_rows = jacobian(two_of_three, out=True)
    assert by_rows(X[:4], given) is given
    np.testing.assert_allclose(given, jacobian(two_of_three, jit=False)(X[:4]))
    assert "zeros" not in by_rows.source and "empty" not in by_rows.source
