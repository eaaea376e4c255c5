"""`linearize`; what is said of tangents, seeds and arguments that do not fit; zeros where nothing depends on them."""

import numpy as np
import pytest

from adcompile import InvalidArgument, Unsupported, grad, hessian, hvp, jacobian, jvp, laplacian, linearize, vhp, vjp
from tests import oracle

X = np.array([0.3, -0.7, 1.1])


def spring(x, n, k=2.0):
    y = np.zeros(n)
    for i in range(n):
        y[i] = k * np.sin(x[i])
    return y, k * x[0]


def cube(x, k):
    return np.sum(x**3) * k


def square(x):
    return x * x


@pytest.mark.parametrize("jit", [False, True])
def test_linearized_is_the_tangent(jit):
    value, linear = linearize(spring, X, 3, jit=jit)
    assert oracle.distance(value, spring(X, 3)) < 1e-15
    along = (np.array([1.0, -2.0, 0.5]), 0.25)
    expected = jvp(spring, jit=False)((X, 3, 2.0), along)[1]
    assert oracle.distance(linear(*along), expected) < 1e-14
    doubled = linear(2.0 * along[0], 2.0 * along[1])
    assert oracle.distance(doubled, (2.0 * expected[0], 2.0 * expected[1])) < 1e-14
    only = linearize(spring, X, 3, wrt="k", jit=jit)[1]
    assert oracle.distance(only(1.0), (np.sin(X), X[0])) < 1e-15


def test_against_the_pullback_and_once_more():
    gradient = grad(cube, jit=False)
    _, linear = linearize(gradient, X, 2.0, wrt="x", jit=False)
    np.testing.assert_allclose(linear(X), 12.0 * X * X)
    _, pullback = vjp(spring, jit=False)(X, 3)
    _, linear = linearize(spring, X, 3, wrt="x", jit=False)
    seed, along = (np.array([1.0, 2.0, 3.0]), 0.5), np.array([0.1, 0.2, 0.4])
    assert oracle.dot(seed, linear(along)) == pytest.approx(oracle.dot(pullback(seed), along), rel=1e-14)


def test_what_comes_beside_the_value():
    value, linear, aux = linearize(lambda x: (x * x, (x, 3)), X, has_aux=True, jit=False)
    assert oracle.distance((value, linear(X), aux), (X * X, 2.0 * X * X, (X, 3))) < 1e-15


def test_the_point_is_kept_and_the_arguments_are_the_callers():
    def overwrites(x):
        x[0] = x[0] * x[1]
        return np.sum(x**2)

    x = X.copy()
    value, linear = linearize(overwrites, x, jit=False)
    np.testing.assert_array_equal(x, X)
    before = linear(np.ones(3))
    x[:] = 7.0
    assert linear(np.ones(3)) == before
    assert value == pytest.approx(overwrites(X.copy()))
    assert repr(linear) == "<adcompile linearization of overwrites>"


def test_tangents_are_taken_in_the_type_of_the_argument():
    _, linear = linearize(cube, X.astype(np.float32), 2.0, wrt="x", jit=False)
    assert linear([1, 0, 0]) == linear(np.array([1.0, 0.0, 0.0])) == linear(np.eye(3)[:, 0])
    _, linear = linearize(square, np.asfortranarray(np.ones((2, 3)))[:, ::2], jit=False)
    np.testing.assert_array_equal(linear(np.ones((2, 2))), 2.0 * np.ones((2, 2)))


def test_tangents_that_do_not_fit():
    _, linear = linearize(cube, X, 2.0, jit=False)
    with pytest.raises(InvalidArgument, match=r"^jvp of cube: 1 tangent for x, k: it takes one for each$"):
        linear(X)
    with pytest.raises(InvalidArgument, match=r"the tangent of x must be an array of real numbers of shape \(3,\)"):
        linear(np.ones(4), 1.0)
    with pytest.raises(InvalidArgument, match="the tangent of x must be an array of real numbers"):
        linear(X * 1j, 1.0)
    with pytest.raises(InvalidArgument, match="the tangent of k must be a real number"):
        linear(X, X)
    with pytest.raises(InvalidArgument, match=r"x is int64\[:\], and the tangent is by x"):
        linearize(square, np.arange(3), wrt="x", jit=False)
    with pytest.raises(ValueError, match="shares memory"):
        linearize(lambda x, y: store(x, y), X, X, jit=False)


def store(x, y):
    x[0] = y[1]
    return x[0] * y[0]


@pytest.mark.parametrize("jit", [False, True])
def test_arguments_that_do_not_fit(jit):
    with pytest.raises(Unsupported, match=r"not-scalar: the result is float64\[:\], not one float"):
        grad(square, jit=jit)(X)
    with pytest.raises(InvalidArgument, match=r"x is int64\[:\], and the gradient is by x.*pass x\.astype\(float\)"):
        grad(cube, jit=jit)(np.arange(3), 2.0)
    with pytest.raises(InvalidArgument, match=r"k is int64, and the gradient is by k.*pass 2\.0 for 2"):
        grad(cube, wrt="k", jit=jit)(X, 2)
    tangent = jvp(cube, jit=jit)
    with pytest.raises(ValueError, match="a tangent or a seed has its value's shape"):
        tangent((X, 2.0), (np.ones(4), 1.0))
    with pytest.raises(InvalidArgument, match=r"tangents\[0\] is float32\[:\], and x, whose tangent it is, is float64"):
        tangent((X, 2.0), (np.ones(3, np.float32), 1.0))
    with pytest.raises(InvalidArgument, match=r"tangents\[0\] is float64\[:, :\]"):
        tangent((X, 2.0), (np.ones((3, 1)), 1.0))
    with pytest.raises(InvalidArgument, match="one entry for each of x, k"):
        tangent((X, 2.0), (X,))
    with pytest.raises(InvalidArgument, match=r"the seed must be an array of real numbers of shape \(3,\)"):
        vjp(square, jit=jit)(X)[1](np.ones(4))


def longer(x):
    y = np.empty(x.shape[0] + 1)
    s = 0.0
    for i in range(x.shape[0]):
        s = np.sin(s) + x[i]
        y[i] = s
    y[-1] = s * s
    return y


def table(w):
    return np.tanh(w[:, :1] * w), np.sum(w)


@pytest.mark.parametrize("jit", [False, True])
def test_seeds_of_another_shape_are_refused_by_compiled_code(jit):
    for function, args, seeds in (
        (square, (X,), (np.ones(2), np.ones(4), np.ones(0))),
        (longer, (X,), (np.ones(3), np.ones(5))),
        (table, (np.ones((2, 3)),), ((np.ones((3, 3)), 1.0), (np.ones((2, 2)), 1.0))),
    ):
        pullback = vjp(function, jit=jit).seeded
        pullback(*args, function(*args))
        for seed in seeds:
            with pytest.raises(ValueError, match="lengths that must agree differ"):
                pullback(*args, seed)


def test_a_seed_that_fits_by_construction_is_not_checked():
    dense = jacobian(longer, mode="reverse", jit=False)
    dense(X)
    assert "check" not in dense.source


def steps(x, k):
    return float(int(x[0])) + k * k


def constants(x, k):
    return np.ones(2) * np.floor(k)


@pytest.mark.parametrize("jit", [False, True])
def test_zeros_where_nothing_depends_on_it(jit):
    zero = [0.0, 0.0, 0.0]
    assert grad(steps, jit=jit)(X, 2.0).tolist() == zero
    assert jvp(steps, wrt="x", jit=jit)((X, 2.0), (X,))[1] == 0.0
    assert vjp(constants, jit=jit)(X, 2.0)[1](np.ones(2)).tolist() == zero
    assert linearize(constants, X, 2.0, jit=jit)[1](X, 1.0).tolist() == [0.0, 0.0]
    assert jacobian(constants, jit=jit)(X, 2.0).tolist() == [zero, zero]
    assert hessian(steps, jit=jit)(X, 2.0).tolist() == [zero] * 3
    assert hvp(steps, jit=jit)(X, 2.0, X).tolist() == zero
    assert vhp(steps, jit=jit)(X, 2.0, X).tolist() == zero
    assert laplacian(steps, jit=jit)(X, 2.0) == 0.0
