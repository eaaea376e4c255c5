"""Arrays without axes stand for numbers; where that would not say the same, they are refused."""

import numpy as np
import pytest

from adcompile import Unsupported, grad


def alone(x):
    a = np.asarray(x)
    a *= 2.0
    A = np.array([1.0, x])
    s, t = A[0], A[1]
    s += t
    u = np.sum(A)
    v = u
    u += 1.0
    q = a.copy()
    q += a
    q += np.zeros(()) + np.full((), x) + np.ones(np.shape(x)) + np.resize(A, ())
    return a * x * s * u * v * q


def joined(x):
    a = np.stack((x, x * x, np.asarray(2.0)), axis=-1)
    return np.sum(a**2) * np.stack([x, x])[1]


def squeezed(x):
    row = np.ravel(x)[None, :] * np.array([[2.0], [3.0]])
    one = np.squeeze(np.ravel(x)[:, None] * np.ravel(2.0)[None, :])
    return np.squeeze(row)[1] * one + np.squeeze(row[:, None, :, None])[0] * x


@pytest.mark.parametrize("f", [alone, joined, squeezed])
@pytest.mark.parametrize("jit", [False, True])
def test_as_numbers(f, jit):
    with np.errstate(all="raise"):
        slope = (f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6
    assert np.isclose(grad(f, jit=jit)(0.7), slope, rtol=1e-8)


def of_a_vector(v):
    return np.sum(np.squeeze(v) ** 2)


def test_a_length_is_asked_in_the_run():
    assert np.allclose(grad(of_a_vector, jit=False)(np.array([1.0, 2.0])), [2.0, 4.0])
    with pytest.raises(ValueError, match="say which axis"):
        grad(of_a_vector, jit=False)(np.ones(1))


def renamed(x):
    a = np.asarray(x)
    b = a
    b *= 2.0
    return a * x


def changed(c):
    c *= 3.0
    return c


def passed_on(x):
    a = np.array(x)
    d = changed(a)
    return a * d


def chosen(x):
    a = np.where(x > 0.0, x, 2.0 * x)
    b = a
    for _ in range(2):
        b += 1.0
        c = b
    return a * c


def in_a_tuple(x):
    pair = (np.asarray(x), 2.0)
    q = pair[0]
    q += 1.0
    return pair[0] * q


def a_part(x):
    A = np.ones(3) * x
    a = A[0, ...]
    a *= 2.0
    return A[0]


@pytest.mark.parametrize("f", [renamed, passed_on, chosen, in_a_tuple, a_part])
def test_one_that_has_two_names_is_not_changed(f):
    with pytest.raises(Unsupported, match="is changed in place, may be"):
        grad(f)(0.5)


def reshaped(x):
    return np.reshape(np.array([x]), ())


def test_refused():
    with pytest.raises(Unsupported, match="arrays without axes are not supported here"):
        grad(reshaped)(0.5)
