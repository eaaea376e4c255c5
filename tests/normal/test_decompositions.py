"""Decompositions have NumPy's values, derivatives of the third order, and no derivative where there is none."""

import mpmath
import numpy as np
import pytest
import scipy.linalg

from adcompile import grad
from adcompile.normal.written_out import written_out

RNG = np.random.default_rng(0)
A, TALL, WIDE = RNG.normal(size=(4, 4)), RNG.normal(size=(5, 3)), RNG.normal(size=(2, 4))
S = A @ A.T + np.eye(4)


@pytest.mark.parametrize(("fn", "args", "kwargs"), [
    (np.linalg.eigh, (A,), {}), (np.linalg.eigh, (A, "U"), {}), (np.linalg.eigvalsh, (A,), {}),
    *((np.linalg.svd, (a,), {"full_matrices": False}) for a in (A, TALL, WIDE)), (np.linalg.svd, (A,), {}),
    (np.linalg.svd, (TALL,), {"compute_uv": False}), *((np.linalg.qr, (a,), {}) for a in (A, TALL, WIDE, -A)),
    (np.linalg.qr, (TALL, "r"), {}), *((np.linalg.pinv, (a,), {}) for a in (A, TALL, WIDE)),
    (np.linalg.cond, (A,), {}), (np.linalg.cond, (A, "fro"), {}), (scipy.linalg.cholesky, (S,), {}),
    (scipy.linalg.cholesky, (S, True), {}), *((scipy.linalg.expm, (a,), {}) for a in (A, 0.01 * A, 20.0 * A)),
    *((scipy.linalg.solve_triangular, (A, b, t, low), {}) for b in (A, A[0]) for t in (0, 1) for low in (False, True)),
    (scipy.linalg.solve_triangular, (A, A[0]), {"unit_diagonal": True}),
], ids=lambda v: getattr(v, "__name__", None))  # fmt: skip
def test_values(fn, args, kwargs):
    expected, found = fn(*args, **kwargs), written_out(fn)(*args, **kwargs)
    pairs = zip(expected, found, strict=True) if isinstance(expected, tuple) else [(expected, found)]
    for one, other in pairs:
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("a", "b"), [(TALL, A[0]), (TALL, TALL), (A, A[0]), (WIDE, WIDE)])
def test_least_squares(a, b):
    b = np.resize(b, (a.shape[0], *b.shape[1:]))
    expected, found = np.linalg.lstsq(a, b, rcond=None), written_out(np.linalg.lstsq)(a, b)
    for one, other in zip(expected[:3], found[:3], strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-11)


def test_the_third_derivative():
    def entries(t, sin):
        return [[1.0 + t, 0.3 * t, t * t], [0.3 * t, 2.0, sin(t)], [t * t, sin(t), 4.0 - t]]

    def f(t):
        a = np.array([[1.0 + t, 0.3 * t, t * t], [0.3 * t, 2.0, np.sin(t)], [t * t, np.sin(t), 4.0 - t]])
        w, v = np.linalg.eigh(a)
        return v[0, 0] ** 2 * w[1] + w[0]

    def exact(t):
        w, v = mpmath.eigsy(mpmath.matrix(entries(t, mpmath.sin)))
        return v[0, 0] ** 2 * w[1] + w[0]

    with mpmath.workdps(60):
        for order in (1, 2, 3):
            f = grad(f, jit=False)
            assert f(0.3) == pytest.approx(float(mpmath.diff(exact, mpmath.mpf(0.3), order)), rel=1e-12)


@pytest.mark.parametrize(("f", "a"), [
    (lambda a: np.sum(np.linalg.eigvalsh(a)), np.eye(3)),
    (lambda a: np.sum(np.linalg.svd(a, compute_uv=False)), np.ones((3, 3))),
    (lambda a: np.sum(np.linalg.qr(a)[0]), np.ones((3, 3))),
    (lambda a: np.sum(np.linalg.pinv(a)), np.ones((3, 2))),
])  # fmt: skip
def test_where_there_is_no_derivative(f, a):
    with pytest.raises(np.linalg.LinAlgError, match="there are no derivatives where"):
        grad(f, jit=False)(a)


def test_complete_bases_are_not_differentiated():
    with pytest.raises(NotImplementedError, match="full_matrices=False"):
        grad(lambda a: np.sum(np.linalg.svd(a)[1]), jit=False)(TALL)
