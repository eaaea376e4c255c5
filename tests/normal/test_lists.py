"""Lists of anything whose lengths are known before the run, lists as subscripts, and arrays that a function fills."""

import numpy as np
import pytest

from adcompile import Unsupported, grad, hessian, jacobian, jvp, vjp

X = np.array([1.5, 0.7, 2.2])


def fill(v, x):
    v[0] = x[0] * x[1]
    v[1] = x[1] * 2.0


def filled(x):
    h = [None, None]
    fill(h, x)
    return h[0] * h[1]


def rows(x):
    r = []
    for i in range(3):
        r.append([x[i], x[i] * x[0]])
    return np.sum(np.array(r) ** 2)


def rows_by_number(x):
    b = list()  # noqa: C408  (as it is often written)
    b.append([1.0, 2.0, 3.0])
    b.append([x[0], 5.0, x[1]])
    s = 0.0
    for i in range(3):
        for j in range(2):
            s += b[j][i] * x[2] ** (i + j)
    return s


def on_both_sides(x):
    a = [None, x[0]]
    if x[1] > 0.0:
        a[0] = x[1]
    else:
        a[0] = x[2]
    return a[0] * a[1]


def in_a_loop(x):
    a = [None, x[0]]
    a[0] = x[1]
    for i in range(len(x)):
        a[0] = a[0] * x[i]
        a[1] = a[1] + a[0]
    return a[0] * a[1]


def becomes_an_array(x):
    out = []
    for v in (x[0], x[1], x[2]):
        out.append(v * v)
    out = np.array(out)
    return np.sum(out * out)


def extended(x):
    a = [None]
    a[0] = x[0]
    a.extend((x[1], x[2]))
    a.extend([x[0] * 2.0])
    a[0], a[-1] = a[-1], a[0]
    return a[-1] * a[1] * len(a) + a[0] ** 2


def repeated(x):
    a = [None] * 3
    for i in range(3):
        a[i] = x[i] * (i + 1)
    p, q, r = a
    return p * q * r + max(a) + a[1:][0]


def unpacked_in_a_list(x):
    k = [1, *[x[0], x[1]], x[2]]
    return k[1] * k[3] + len(k)


def pairs(x):
    a = []
    for i in range(3):
        a.append((x[i], i))
    s = 0.0
    for v, k in a:
        s += v ** (k + 1)
    return s


def places(x):
    at = [0, 2]
    x = np.outer(x, x)
    x[at] += x[[1, 2]] * 2.0
    pair = (0, 1)
    return np.sum(x[at] ** 2) + x[pair] + np.sum(x[at, :])


def complex_items(x):
    a = [1j * x[0], x[1]]
    a[1] = a[0] * a[1] + x[2]
    return abs(a[1]) ** 2 + a[0].imag


def arrays_changed_in_place(x):
    y, z = x * 1.0, x + 2.0
    a = [None, y, z]
    for k in range(2):
        a[k + 1] *= x[0]
        a[k + 1] -= x
    a[1] = a[1] * 3.0
    return np.sum(y * z)


RIGHT = (
    filled, rows, rows_by_number, on_both_sides, in_a_loop, becomes_an_array, extended, repeated, unpacked_in_a_list,
    pairs, places, arrays_changed_in_place, complex_items,
)  # fmt: skip


def differences(f, x):
    return np.array([(f(x + e) - f(x - e)) / 2e-6 for e in 1e-6 * np.eye(len(x))])


@pytest.mark.parametrize("f", RIGHT, ids=[f.__name__ for f in RIGHT])
def test_lists_of_anything(f):
    gradient = grad(f, jit=False)(X)
    np.testing.assert_allclose(gradient, differences(f, X), rtol=1e-6)
    np.testing.assert_allclose(jvp(f, jit=False)((X,), (np.ones(3),))[1], gradient.sum(), rtol=1e-12)


@pytest.mark.parametrize("f", [rows_by_number, in_a_loop], ids=["rows_by_number", "in_a_loop"])
def test_lists_of_anything_at_second_order_and_compiled(f):
    gradient = grad(f)
    np.testing.assert_allclose(gradient(X), differences(f, X), rtol=1e-6)
    np.testing.assert_allclose(hessian(f, jit=False)(X), differences(gradient, X), rtol=1e-6)


def two_names(x):
    a = [None, x[0]]
    t = (a, 1)
    a[0] = x[1]
    return t[0][0] * a[1]


def given_back(x):
    def same(v):
        return v

    a = [None, x[0]]
    b = same(a)
    a[0] = x[1]
    return b[0] * a[1]


def given_twice(x):
    def two(v, w):
        v[0] = x[1]
        w[0] = w[0] * 2.0

    a = [None, x[0]]
    two(a, a)
    return a[0] * a[1]


def in_another(x):
    a = [None, x[0]]
    b = [a, a]
    a[0] = 3.0 * x[1]
    return b[0][0] * b[1][1]


def longer_on_one_side(x):
    a = [[x[0]]]
    if x[1] > 0.0:
        a.append([x[1]])
    return a[-1][0] * x[2]


def longer_in_a_loop_by_a_call(x):
    def add(rows, v):
        rows.append([v])

    a = []
    for i in range(len(x)):
        add(a, x[i])
    return a[0][0]


def which_places(x):
    if x[0] > 0.0:
        at = [0, 1]
    else:
        at = [1, 2]
    return np.sum(np.outer(x, x)[at])


REFUSED = (two_names, given_back, given_twice, in_another, longer_on_one_side, longer_in_a_loop_by_a_call, which_places)


@pytest.mark.parametrize("f", REFUSED, ids=[f.__name__ for f in REFUSED])
def test_what_cannot_be_followed_is_refused(f):
    with pytest.raises(Unsupported, match=r"unsupported-(list|index)"):
        grad(f, jit=False)(X)


def test_a_list_of_lists_that_a_loop_fills():
    def f(x):
        a = []
        for i in range(len(x)):
            a.append([x[i], 2.0])
        return a[0][0] * a[-1][0] + a[1][1]

    assert list(grad(f, jit=False)(X)) == [X[-1], *[0.0] * (len(X) - 2), X[0]]


def test_a_long_loop_over_floats_stays_a_loop():
    def least(A):
        best, dampings = np.inf, (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
        for damping in dampings:
            s = np.sum(np.linalg.solve(A + damping * np.eye(3), A @ A))
            if s < best:
                best = s
        return best

    A = np.outer(X, X) + np.eye(3)
    of_one = vjp(least, jit=False)(A)[1]
    step = 1e-6 * np.outer(X, X + 1.0)
    np.testing.assert_allclose(np.sum(of_one(1.0) * step), (least(A + step) - least(A - step)) / 2.0, rtol=1e-6)
    derivative = grad(least, jit=False)
    derivative(A)
    assert len(derivative.source.splitlines()) < 400


def squares(x, out):
    for i in range(len(x)):
        out[i] = x[i] ** 2 + out[i]


def parts(x, out, more):
    row = out[0]
    row += x
    out[1][...] = np.sin(x)
    np.multiply(x, 2.0, out=more)


def test_what_a_function_writes_is_what_it_gives():
    out = np.ones(3)
    value, pullback = vjp(squares, wrt="x", jit=False)(X, out)
    np.testing.assert_allclose(value, X**2 + 1.0)
    np.testing.assert_allclose(pullback(np.ones(3)), 2.0 * X)
    assert np.array_equal(out, np.ones(3))
    jacobians = jacobian(parts, wrt="x", jit=False)(X, np.zeros((2, 3)), np.zeros(3))
    np.testing.assert_allclose(jacobians[0][0], np.eye(3))
    np.testing.assert_allclose(jacobians[0][1], np.diag(np.cos(X)))
    np.testing.assert_allclose(jacobians[1], 2.0 * np.eye(3))


def through_others(x, out):
    new = np.zeros_like(x)
    new[0] = x[0] ** 2
    np.add.at(out, np.array([0, 0, 1]), new)


def test_arrays_that_are_read_alone_are_no_results():
    value, pullback = vjp(through_others, wrt="x", jit=False)(X, np.zeros(3))
    np.testing.assert_allclose(value, [X[0] ** 2, 0.0, 0.0])
    np.testing.assert_allclose(pullback(np.ones(3)), [2.0 * X[0], 0.0, 0.0])


def nothing_of_the_caller(x, out):
    out = np.zeros(3)
    out[0] = x[0]


def test_a_function_that_writes_to_none_of_its_arguments_is_refused():
    with pytest.raises(Unsupported, match="missing-return"):
        vjp(nothing_of_the_caller, jit=False)(X, np.zeros(3))


def first_trips(x, n):
    for k in range(n):
        y = x * (k + 1.0)
    w = 1.0
    while w > 0.3:
        z = x * w
        w = w * 0.5
    return np.sum(y * y * z)


def test_arrays_that_a_loop_makes():
    def f(x):
        return first_trips(x, 3)

    np.testing.assert_allclose(grad(f, jit=False)(X), differences(f, X), rtol=1e-6)
    np.testing.assert_allclose(grad(first_trips, wrt="x")(X, 3), differences(f, X), rtol=1e-6)
    with pytest.raises(UnboundLocalError, match="'y'"):
        grad(first_trips, wrt="x", jit=False)(X, 0)


def said(x, most):
    text = "at {:.1f}"
    n = 0
    while x > 1.0:
        x = 0.5 * x
        n += 1
        if n > most:
            raise ValueError(text.format(x) + f" after {n}")
    where = f"x is {x}"
    if not x > 0.0:
        raise AssertionError(where)
    ok = bool(x > 0.2)
    if ok is True:
        x = x * x
    return x


@pytest.mark.parametrize("jit", [False, True])
def test_texts_under_names(jit):
    gradient = grad(said, wrt="x", jit=jit)
    assert gradient(3.0, 5) == 0.375
    with pytest.raises(ValueError, match=r"^at 1\.5 after 1$"):
        gradient(3.0, 0)
    with pytest.raises(AssertionError, match=r"^x is -1\.0$"):
        gradient(-1.0, 0)


def along(x, axis):
    return np.sum(np.sum(x * x, axis=axis) ** 2)


def test_integers_that_have_to_be_known():
    x = np.arange(6.0).reshape(2, 3)
    for axis in (0, 1, -1):
        expected = 4.0 * x * np.sum(x * x, axis=axis, keepdims=True)
        np.testing.assert_allclose(grad(along, wrt="x", jit=False)(x, axis), expected)
        np.testing.assert_allclose(vjp(along, wrt="x", jit=False)(x, axis)[1](1.0), expected)
