"""Batches: shapes, axes, errors, and the same numbers as a loop in Python; nested with the other transforms."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from adcompile import InvalidArgument, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp, vmap

RNG = np.random.default_rng(8)
XS, KS = RNG.normal(size=(5, 3)), RNG.normal(size=5)


def field(x, k):
    return np.array([x[0] * x[1] * k, np.sin(x[2])])


def energy(x, k):
    return k * np.sum(x * x) * x[0]


def looped(function, *batches):
    return np.stack([function(*items) for items in zip(*batches, strict=True)])


@pytest.mark.parametrize(
    ("made", "item", "args"),
    [
        (vmap(field, jit=False), field, (XS, KS)),
        (vmap(field, in_axes=(0, None), jit=False), lambda x: field(x, 2.0), (XS, 2.0)),
        (vmap(field, in_axes=(-1, 0), jit=False), field, (np.asfortranarray(XS.T), KS)),
        (vmap(energy, jit=False), energy, (XS, KS)),
        (vmap(grad(energy), jit=False), grad(energy, jit=False), (XS, KS)),
        (vmap(jacobian(field), jit=False), jacobian(field, jit=False), (XS, KS)),
        (vmap(hessian(energy), jit=False), hessian(energy, jit=False), (XS, KS)),
        (vmap(hvp(energy), jit=False), hvp(energy, jit=False), (XS, KS, XS)),
        (vmap(vjp(field).seeded, jit=False), vjp(field, jit=False).seeded, (XS, KS, XS[:, :2])),
        (vmap(lambda x: np.where(x > 0.0, x, -x), jit=False), np.abs, (XS,)),
    ],
    ids=["plain", "shared", "columns", "scalar", "grad", "jacobian", "hessian", "hvp", "pullback", "where"],
)
def test_is_the_loop(made, item, args):
    over = [a if np.ndim(a) else None for a in args]
    if made.request.details[0] == (-1, 0):
        over[0] = over[0].T
    expected = looped(item, *(a for a in over if a is not None))
    found = made(*args)
    assert found.shape == expected.shape and found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_thousand_jacobians_compiled():
    xs = RNG.normal(size=(1000, 3))
    found = vmap(jacobian(field), in_axes=(0, None))(xs, 0.5)
    assert found.shape == (1000, 2, 3)
    by_hand = np.zeros((1000, 2, 3))
    by_hand[:, 0, 0], by_hand[:, 0, 1], by_hand[:, 1, 2] = 0.5 * xs[:, 1], 0.5 * xs[:, 0], np.cos(xs[:, 2])
    np.testing.assert_allclose(found, by_hand, rtol=1e-15)


def test_differentiated():
    def loss(xs, k):
        return np.sum(vmap(energy, in_axes=(0, None))(xs, k) ** 2)

    def by_hand(xs, k):
        total = 0.0
        for b in range(xs.shape[0]):
            total += (k * (xs[b, 0] ** 2 + xs[b, 1] ** 2 + xs[b, 2] ** 2) * xs[b, 0]) ** 2
        return total

    found, exact = (grad(function, wrt=(0, 1), jit=False)(XS, 0.7) for function in (loss, by_hand))
    for one, other in zip(found, exact, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    batched = vmap(energy, in_axes=(0, None), jit=False)
    assert jacobian(batched, jit=False)(XS, 0.7).shape == (5, 5, 3)
    value, tangent = jvp(batched, wrt="k", jit=False)((XS, 0.7), (1.0,))
    np.testing.assert_allclose(tangent, value / 0.7)


def test_in_itself_and_with_what_was_captured():
    table = vmap(vmap(lambda a, b: a * b * b, in_axes=(None, 0)), in_axes=(0, None), jit=False)
    np.testing.assert_allclose(table(KS, KS), np.outer(KS, KS**2))

    def residual(w):
        u = lambda t: w[0] * t**3 + w[1] * t  # noqa: E731
        return np.sum(vmap(grad(u))(KS) ** 2)

    expected = grad(lambda w: np.sum((3.0 * w[0] * KS**2 + w[1]) ** 2), jit=False)(np.array([0.5, 2.0]))
    np.testing.assert_allclose(grad(residual, jit=False)(np.array([0.5, 2.0])), expected, rtol=1e-13)


def test_tuples_in_and_out():
    def pair(p, n):
        return (p[0] * n, p[1] > 0.0), p[1] * p[0]

    made = vmap(pair, in_axes=((0, 1), None), out_axes=(0, -1), jit=False)
    (left, positive), right = made((KS, XS.T[:, :5]), 3)
    np.testing.assert_allclose(left, KS * 3)
    np.testing.assert_array_equal(positive, XS > 0.0)
    np.testing.assert_allclose(right, XS.T * KS)
    assert positive.dtype == bool and right.shape == (3, 5)


def test_types_of_numbers_are_kept():
    single = vmap(lambda x, k: (np.sum(x), k + 1), jit=False)(XS, np.arange(5))
    assert single[0].dtype == np.float64 and single[1].dtype == np.int64
    halves = XS.astype(np.float32)
    for function in (lambda x: x * x[0], lambda x: x[0]):
        assert vmap(function, jit=False)(halves).dtype == np.float32


def test_in_parallel_and_from_compiled_code():
    energies = vmap(value_and_grad(energy), parallel=True)
    values, gradients = energies(XS, KS)
    np.testing.assert_allclose(values, looped(energy, XS, KS))
    np.testing.assert_allclose(gradients, looped(grad(energy, jit=False), XS, KS))
    assert "prange(" in energies.source

    @njit
    def summed(xs, ks):
        return energies(xs, ks)[0].sum()

    assert np.isclose(summed(XS, KS), values.sum())


def test_a_written_argument_is_the_callers():
    def doubled(x):
        x[0] *= 2.0
        return np.sum(x)

    before = XS.copy()
    np.testing.assert_allclose(vmap(doubled, jit=False)(before), XS.sum(1) + XS[:, 0])
    np.testing.assert_array_equal(before, XS)


@pytest.mark.parametrize(
    ("make", "args", "message"),
    [
        (lambda: vmap(energy), (XS, 2.0), r"vmap of energy: k is float64, which has no axis 0: say None"),
        (lambda: vmap(energy, in_axes=(0,)), (XS, 2.0), r"in_axes=\(0,\) has 1 items for the 2 parameters x, k"),
        (lambda: vmap(energy, in_axes=(2, None)), (XS, 2.0), "in_axes of x is 2, and there are 2 axes"),
        (lambda: vmap(energy, in_axes=None), (XS, 2.0), "no argument has an axis"),
        (lambda: vmap(energy, in_axes=("x", 0)), (XS, KS), "in_axes of x is 'x': an axis is an integer"),
        (lambda: vmap(energy, out_axes=1), (XS, KS), "out_axes is 1, and there are 1 axes"),
        (lambda: vmap(energy, out_axes=None), (XS, KS), "every result is a batch"),
        (lambda: vmap(lambda p: p[0], in_axes=((0, 0, 0),)), ((KS, KS),), "and p has 2 items"),
    ],
)
def test_refused(make, args, message):
    with pytest.raises(InvalidArgument, match=message):
        make()(*args)


def test_lengths_that_differ_and_empty_batches():
    with pytest.raises(ValueError, match="axis 0 of k and axis 0 of x differ in length"):
        vmap(energy, jit=False)(XS, KS[:3])
    with pytest.raises(ValueError, match="vmap of field: the batch is empty"):
        vmap(field, jit=False)(XS[:0], KS[:0])
    assert vmap(energy, jit=False)(XS[:0], KS[:0]).shape == (0,)
