"""`f(x, *args)` where the tuple is known before the run; refused where it is not."""

from functools import partial

import numba
import numpy as np
import pytest

from adcompile import Unsupported, grad


@numba.njit
def kepler(E, M, ecc):
    return E - ecc * np.sin(E) - M


@numba.njit
def kepler_prime(E, M, ecc):
    return 1.0 - ecc * np.cos(E)


def solver(f, prime):
    @numba.njit
    def newton(x0, args=(), trips=8):
        x = float(x0)
        for _ in range(trips):
            x = x - f(x, *args) / prime(x, *args)
        return x

    return newton


newton = solver(kepler, kepler_prime)


def anomaly(M, ecc):
    return newton(M, args=(M, ecc))


def product(a, b, c=5.0):
    return a * b * c


def several(x):
    return product(*(x, x * x)) * product(x, *(2.0, x)) * np.multiply(*(x, 3.0))


def written(x, a):
    a[0] = x
    return a[0] * x


def in_order(x):
    a = np.zeros(1)
    return product(written(x, a), *(a[0], x))


@pytest.mark.parametrize("jit", [False, True])
def test_items_are_handed_on(jit):
    E = anomaly(1.2, 0.3)
    by_both = grad(anomaly, wrt=("M", "ecc"), jit=jit)(1.2, 0.3)
    assert np.allclose(by_both, np.array([1.0, np.sin(E)]) / (1.0 - 0.3 * np.cos(E)), rtol=1e-12)
    assert np.isclose(grad(several, jit=jit)(0.5), 30.0 * 6.0 * 0.5**5, rtol=1e-13)
    assert np.isclose(grad(in_order, jit=jit)(0.5), 4.0 * 0.5**3, rtol=1e-13)


def changed(x):
    items = (x, 2.0)
    x = x * 3.0
    return product(1.0, *items) + x


def of_the_run(x, items):
    return product(*items) * x


def named(a, b=1.0, **others):
    return a * b * others.get("c", 2.0) + len(others)


def by_name(x):
    given = {"b": x, "c": x * x}
    return named(x, **given) + named(a=x, b=2.0)


def several_more(*items):
    total = 0.0
    for number, item in enumerate(items):
        total += number * item
    return total + len(items)


def any_number(x):
    return several_more() + several_more(x) + several_more(x, x * x, x**3)


@pytest.mark.parametrize("jit", [False, True])
def test_what_is_known_is_handed_on(jit):
    assert np.isclose(grad(changed, jit=jit)(0.5), 5.0, rtol=1e-13)
    assert np.isclose(grad(of_the_run, wrt="items", jit=jit)(0.5, (1.0, 2.0, 3.0)), (3.0, 1.5, 1.0), rtol=1e-13).all()
    assert np.isclose(grad(by_name, jit=jit)(0.5), 4.0 * 0.5**3 + 4.0, rtol=1e-13)
    assert np.isclose(grad(any_number, jit=jit)(0.5), 2.0 * 0.5 + 6.0 * 0.25, rtol=1e-13)


def of_an_array(x, items):
    return product(x, *items)


def of_rows(x, A):
    scaled = A * x
    return np.sum(np.cross(*scaled)) * product(scaled[0, 0], *A[1:, 0])


def of_a_list(x):
    items = []
    for k in range(2):
        items.append(x + k)
    return product(*items) + (lambda a, b: a * b)(*items)


OPTIONS = {"b": 3.0, "c": 2.0}


def of_outside(x):
    return product(x, **OPTIONS)


A = np.array([[1.0, -2.0, 0.5], [0.3, 1.0, 2.0]])


@pytest.mark.parametrize("jit", [False, True])
def test_items_of_the_run(jit):
    assert np.isclose(grad(of_an_array, wrt="items", jit=jit)(0.5, np.array([2.0]))[0], 2.5, rtol=1e-13)
    with pytest.raises(TypeError, match=r"unpacked items give product\(\) another number of arguments than the 2"):
        grad(of_an_array, jit=jit)(0.5, np.ones(3))
    assert np.isclose(grad(of_outside, jit=jit)(0.5), 6.0, rtol=1e-13)
    assert np.isclose(grad(of_a_list, jit=jit)(0.5), 6.0 * 2.0, rtol=1e-13)


def test_rows_of_the_run():
    c = np.sum(np.cross(*A)) * A[0, 0] * A[1, 0] * 5.0
    assert np.isclose(grad(of_rows, jit=False)(0.5, A), 3.0 * 0.25 * c, rtol=1e-13)
    with pytest.raises(TypeError, match="unpacked items"):
        grad(of_rows, jit=False)(0.5, A.T)


def of_a_vector(x, items):
    return named(x, **items)


def largest(x):
    return max(*(x, 2.0 * x))


def any_of_these(x):
    return several_more(*(x * np.ones(3)))


def twice_unpacked(x):
    v = x * np.ones(1)
    return product(*v, *v)


@pytest.mark.parametrize("f", [largest, any_of_these, twice_unpacked])
def test_refusals(f):
    with pytest.raises(Unsupported, match="unpacked arguments are not supported"):
        grad(f)(0.5)


def test_refusals_of_names():
    with pytest.raises(Unsupported, match=r"`\*\*` is not supported"):
        grad(of_a_vector)(0.5, np.ones(2))


def partly(x):
    third = partial(product, b=1 / 3, c=-2.0)
    return third(x) * third(a=x * x)


def test_partials_of_known_arguments():
    assert np.isclose(grad(partly, jit=False)(0.5), 3.0 * 0.25 * 4.0 / 9.0, rtol=1e-13)
