"""What is written out has NumPy's values, at the edges too, and NumPy's exceptions."""

import math

import numpy as np
import pytest
from numpy.polynomial import polynomial as rising

from adcompile import grad
from adcompile.normal.written_out import WRITTEN_OUT

RNG = np.random.default_rng(0)
A, S, x = RNG.normal(size=(5, 5)), np.eye(4) * 3.0 + 0.1, RNG.normal(size=9)
ties, nan = np.array([2.0, 1.0, 2.0, 1.0, 1.0]), np.array([1.0, np.nan, 0.5])
XP, FP = np.array([-1.0, 0.0, 0.5]), np.array([1.0, 3.0, -1.0])

CALLS = [
    (np.linalg.solve, (A, x[:5]), {}), (np.linalg.solve, (A, RNG.normal(size=(5, 2))), {}),
    (np.linalg.solve, (np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([2.0, 3.0])), {}),
    (np.linalg.solve, (np.array([[2, 1], [1, 3]]), np.array([2, 3])), {}), (np.linalg.inv, (A,), {}),
    *((np.linalg.det, (a,), {}) for a in (A, A[:2, :2], A[:3, :3], A[:1, :1], np.ones((3, 3)), np.zeros((2, 2)))),
    (np.linalg.slogdet, (A,), {}), (np.linalg.slogdet, (np.ones((2, 2)),), {}), (np.linalg.cholesky, (S,), {}),
    (np.cross, (x[:3], x[3:6]), {}), (np.kron, (A[:2], A[:, :3]), {}),
    *((f, (a,), {}) for f in (np.sort, np.argsort, np.median) for a in (x, ties, nan, x[:1], x[::2])),
    (np.sort, (x[:0],), {}), (np.argsort, (x[:0],), {}), (np.argsort, (np.arange(20)[::-1] % 7,), {"kind": "stable"}),
    *((np.quantile, (a, q), {}) for a in (x, ties, nan, x[:1]) for q in (0.0, 0.3, 0.5, 1.0)),
    (np.percentile, (x, 25), {}), *((np.searchsorted, (np.sort(ties), v, s), {}) for v in (0.0, 1.0, 2.0, 3.0)
                                    for s in ("left", "right")),
    *((np.interp, (t, XP, FP), {}) for t in (-2.0, -1.0, -0.3, 0.0, 0.5, 1.0, np.nan)),
    (np.interp, (x, XP, FP), {"left": 7.0, "right": -7.0}), (np.trapezoid, (x,), {}),
    (np.trapezoid, (x, np.arange(9.0) ** 2), {}), (np.trapezoid, (x,), {"dx": 0.1}), (np.trapezoid, (x[:0],), {}),
    (np.gradient, (x,), {}), (np.gradient, (x, 0.2), {}), (np.polyval, (x, 0.3), {}), (np.polyval, (x, x), {}),
    *((np.convolve, (a, v, m), {}) for a, v in ((x, XP), (XP, x), (x[:1], XP)) for m in ("full", "same", "valid")),
    (np.repeat, (x, 3), {}), (np.repeat, (x, 0), {}), (np.tile, (x, 2), {}), (np.atleast_1d, (x,), {}),
 (np.nansum, (nan,), {}), (np.nanmean, (nan,), {}),
    (np.isclose, (x, x * (1.0 + 1e-6)), {}), (np.isclose, (np.inf, np.inf), {}), (np.allclose, (x, x + 1.0), {}),
    *((np.digitize, (x, np.array(b), r), {}) for b in ([-1.0, 0.0, x[8]], [1.0, x[8], -1.0], [0.0])
      for r in (False, True)), (np.digitize, (0.5, XP), {}),
    *((np.histogram, (x,), k) for k in ({}, {"bins": 4}, {"range": (-1.0, 1.0)}, {"density": True}, {"weights": x})),
    (np.histogram, (x, np.array([-1.0, 0.0, 0.5, 1.0])), {}), (np.histogram, (np.array([1.0, 1.0]),), {}),
    (np.bincount, (np.array([0, 2, 2]),), {}), (np.bincount, (np.array([0, 2]), XP[:2], 5), {}),
    (np.cov, (A,), {}), (np.cov, (A[0], A[1]), {}), (np.cov, (A, None, False, True), {}), (np.corrcoef, (A,), {}),
    *((f, (nan,), {}) for f in (np.nanmax, np.nanmin, np.nanvar, np.nanstd, np.nanprod, np.nanmedian, np.nancumsum,
                                np.nancumprod, np.nanargmax, np.nanargmin)),
    (np.nanvar, (np.where(A > 1.0, np.nan, A),), {"axis": 0, "ddof": 1}), (np.nanquantile, (nan, 0.3), {}),
    (np.nansum, (np.where(A > 1.0, np.nan, A),), {"axis": 1}),
    (np.unique, (ties,), {}), (np.unique, (np.array([np.nan, 1.0, np.nan]),), {}), (np.isin, (A, A[0]), {}),
    *((f, (ties, ties[1:2]), {}) for f in (np.union1d, np.intersect1d, np.setdiff1d, np.setxor1d)),
    *((np.rot90, (A[:2], k), {}) for k in (0, 1, 2, 3, -1, 5)), (np.unwrap, (x * 5.0,), {}),
    (np.unwrap, (x * 5.0, 4.0), {}), (np.unwrap, (np.array([0.0, np.pi, 2 * np.pi]),), {}),
    (np.ediff1d, (A, x[:2], x[0]), {}), (np.trim_zeros, (np.array([0.0, 1.0, 0.0, 2.0, 0.0]),), {}),
    (np.resize, (x, (4, 4)), {}), *((f, (x[:3], k), {}) for f in (np.diagflat,) for k in (-1, 0, 2)),
    *((np.tri, (3, m, k), {}) for m in (None, 4) for k in (-1, 0, 1)), (np.vander, (x,), {}),
    (np.vander, (x, 3, True), {}),
    *((f, (3, k, m), {}) for f in (np.tril_indices, np.triu_indices) for k in (-1, 0, 1) for m in (3, 4)),
    (np.logspace, (0.1, 0.7, 5), {}), (np.logspace, (0.1, 0.7, 5, False, 2.0), {}), (np.geomspace, (-1.0, -8.0, 4), {}),
    (np.array_equal, (x, x), {}), (np.array_equal, (x, A), {}), (np.nan_to_num, (nan, True, 7.0), {}),
    (np.nan_to_num, (np.array([np.inf, -np.inf]),), {}), (np.polyder, (x,), {}), (np.polyint, (x,), {}),
    (np.polymul, (x, XP), {}), (np.polyadd, (x, XP), {}), (np.polysub, (XP, x), {}),
    (rising.polyval, (0.3, x), {}), (rising.polyadd, (x, -x), {}), (rising.polysub, (x, XP), {}),
    (rising.polymul, (x, XP), {}), (rising.polyint, (x,), {}), (rising.polyder, (x,), {}),
    (rising.polyder, (x[:1],), {}),
    *((np.correlate, (a, v, m), {}) for a, v in ((x, XP), (XP, x), (x[:4], x[:2]), (x[:2], x[:4]))
      for m in ("full", "same", "valid")),
    *((f, (m,), {}) for f in (np.hanning, np.hamming, np.blackman, np.bartlett) for m in (0, 1, 2, 5)),
    *((f, (A, axis), {}) for f in (np.sort, np.argsort) for axis in (0, 1, -1)), (np.trapezoid, (A,), {"axis": 0}),
    (np.trapezoid, (A,), {"dx": 0.3}), (np.searchsorted, (np.sort(ties), A), {}), (np.interp, (A, XP, FP), {}),
    (np.argwhere, (A > 0.0,), {}), (np.nonzero, (A > 0.0,), {}), (np.compress, (x > 0.0, A.ravel()[:9]), {}),
    *((np.take, (A, np.array([[0, 2], [1, 1]]), axis), {}) for axis in (None, 0, 1, -1)), (np.delete, (x, -1), {}),
    (np.delete, (x, np.array([0, 3])), {}), (np.insert, (x, -1, 5.0), {}), (np.insert, (x, 2, XP), {}),
    (np.take_along_axis, (A, np.argsort(A, axis=1), 1), {}), (np.take_along_axis, (A, np.argsort(A, axis=0), 0), {}),
    (np.emath.sqrt, (XP + 1.0,), {}), (np.flatnonzero, (A > 0.0,), {}), (np.append, (x, 2.0), {}),
    *((f, (v,), {}) for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d) for v in (1.5, x, A)),
    (math.factorial, (5,), {}), (math.factorial, (0,), {}),
]  # fmt: skip


@pytest.mark.parametrize(("fn", "args", "kwargs"), CALLS, ids=lambda v: getattr(v, "__name__", None))
def test_values(fn, args, kwargs):
    own = {key: value for key, value in kwargs.items() if key != "kind"}
    expected, found = fn(*args, **kwargs), WRITTEN_OUT[fn](*args, **own)
    pairs = zip(expected, found, strict=True) if isinstance(expected, tuple) else [(expected, found)]
    for one, other in pairs:
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("fn", "args"),
    [
        (np.linalg.solve, (np.ones((2, 2)), np.ones(2))),
        (np.linalg.solve, (np.ones((2, 3)), np.ones(2))),
        (np.linalg.solve, (np.eye(2), np.ones(3))),
        (np.linalg.inv, (np.zeros((2, 2)),)),
        (np.linalg.cholesky, (-np.eye(2),)),
        (np.linalg.det, (np.ones((2, 3)),)),
        (np.cross, (np.ones(4), np.ones(3))),
        (np.quantile, (x, 1.5)),
        (np.interp, (0.5, x[:0], x[:0])),
        (np.interp, (0.5, XP, FP[:2])),
        (np.convolve, (x[:0], x)),
        (np.gradient, (x[:1],)),
        (math.factorial, (-1,)),
    ],
)
def test_exceptions(fn, args):
    with pytest.raises(Exception) as expected:  # noqa: PT011
        fn(*args)
    with pytest.raises(expected.type):
        WRITTEN_OUT[fn](*args)


@pytest.mark.parametrize(("fn", "args"), [
    (np.put, (A, np.array([0, -1, 7]), x[:2])), (np.put, (x, 3, 5.0)), (np.place, (A, A > 0.0, x)),
    (np.putmask, (A, A > 0.0, x)), (np.putmask, (x, x > 0.0, 1.0)), (np.fill_diagonal, (A, 2.0)),
    (np.fill_diagonal, (A, x[:2])), (np.add.at, (x, np.array([0, 0, -1]), XP)), (np.add.at, (x, np.array([1, 1]), 2.0)),
    (np.add.at, (A, np.array([1, 1]), x[:5])), (np.add.at, (A, (np.array([[0], [1]]), np.array([1, 1])), XP[:2])),
    (np.subtract.at, (x, np.array([0, 0, -1]), XP)),
    (np.put_along_axis, (A, np.array([[0], [1], [2], [0], [4]]), 9.0, 1)),
], ids=lambda v: getattr(v, "__name__", None))  # fmt: skip
def test_writes(fn, args):
    expected, found = args[0].copy(), args[0].copy()
    fn(expected, *args[1:])
    WRITTEN_OUT[fn](found, *args[1:])
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_what_is_raised_comes_out_of_a_derivative():
    derivative = grad(lambda a: np.sum(np.linalg.inv(a)))
    with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
        derivative(np.ones((2, 2)))


def test_the_determinant_of_a_singular_matrix_has_its_derivative():
    a = np.outer([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 2.0, 1.0]) + np.diag([1.0, 1.0, 0.0, 0.0]) @ A[:4, :4]
    a[3] = a[2] * 2.0
    h = 1e-6
    differences = np.array([[(np.linalg.det(a + h * e) - np.linalg.det(a - h * e)) / (2.0 * h) for e in row]
                            for row in np.eye(16).reshape(4, 4, 4, 4)])  # fmt: skip
    assert abs(np.linalg.det(a)) < 1e-12
    np.testing.assert_allclose(grad(lambda a: np.linalg.det(a))(a), differences, atol=1e-8)


def test_the_determinant_of_a_rank_lower_by_two_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="lower by two or more"):
        grad(lambda a: np.linalg.det(a))(np.ones((4, 4)))
