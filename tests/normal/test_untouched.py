"""`np.ascontiguousarray` is a copy where nothing can tell it from the array itself; else it is refused."""

import numpy as np
import pytest

from adcompile import Unsupported, grad

x = np.arange(1.0, 7.0)


def every_other(x):
    y = np.ascontiguousarray(x[::2])
    return np.sum(y**2) * y[0] + np.ascontiguousarray(x[1])[0]


def made_before(x):
    a = x * 2.0
    a[0] = 1.0
    b = a
    b = b * x
    y = np.ascontiguousarray(b)
    return np.sum(y**2)


@pytest.mark.parametrize("f", [every_other, made_before])
def test_copies(f):
    slopes = [(f(x + e) - f(x - e)) / 2e-6 for e in 1e-6 * np.eye(6)]
    assert np.allclose(grad(f, jit=False)(x), slopes, rtol=1e-6)


def source_written(x):
    x = x.copy()
    y = np.ascontiguousarray(x)
    x[0] = 3.0
    return np.sum(y**2)


def result_written(x):
    y = np.ascontiguousarray(x)
    y[0] = 3.0 * y[1]
    return np.sum(y * x)


def written_in_a_loop(x):
    a = x * 2.0
    y, s = a, 0.0
    for k in range(3):
        s += np.sum(y**2)
        a[k] = s
        y = np.ascontiguousarray(a)
    return s


def written_through_a_view(x):
    a = x * 2.0
    v = a[1:]
    y = np.ascontiguousarray(a[:3])
    v += 1.0
    return np.sum(y**2)


@pytest.mark.parametrize("f", [source_written, result_written, written_in_a_loop, written_through_a_view])
def test_refusals(f):
    with pytest.raises(Unsupported, match=r"`np.ascontiguousarray` gives a copy depends on the array's memory"):
        grad(f)(x)
