"""Rules that a user registers for functions that are not looked into."""

import numpy as np
import pytest
from numba import njit

from adcompile import InvalidArgument, Unsupported, grad, hvp, jvp, value_and_grad
from adcompile.api import keeping
from adcompile.rules import linear, pullback, pushforward, registry


@pytest.fixture(autouse=True, scope="module")
def as_before():
    """Rules are the process's: what this module registers goes with it."""
    kept = dict(registry._RULES), set(registry._CONSTANTS), dict(registry._BODIES)
    yield
    for now, before in zip((registry._RULES, registry._CONSTANTS, registry._BODIES), kept, strict=True):
        now.clear()
        now.update(before)
    registry._opaque.clear()


X = np.array([0.7, -0.4, 1.3])
V = np.array([0.2, 1.0, -0.6])


def programs():
    from tests.rules import users

    def with_rules(x):
        y = users.smoothed(x * x)
        y[0] = users.ramp(x[1])
        for _ in range(2):
            y = users.scaled(0.3 * y[1], y)
        z, s = users.both(x[0], y)
        return np.sum(z * x) + s * s + users.step(x[0]) * x[2]

    def by_hand(x):
        v = x * x
        y = np.array([x[1] * x[1] * (3.0 - 2.0 * x[1]), 0.5 * (v[0] + v[1]), 0.5 * (v[1] + v[2])])
        for _ in range(2):
            y = np.exp(0.3 * y[1]) * y
        s = x[0] * np.sum(y)
        return np.sum(x[0] * y * x) + s * s + x[2]

    return with_rules, by_hand


def test_same_derivatives():
    with_rules, by_hand = programs()
    value, gradient = value_and_grad(with_rules, jit=False)(X)
    assert value == pytest.approx(by_hand(X), rel=1e-14)
    expected = grad(by_hand, jit=False)(X)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)
    assert jvp(with_rules, jit=False)((X,), (V,))[1] == pytest.approx(expected @ V, rel=1e-12)
    np.testing.assert_allclose(hvp(with_rules, jit=False)(X, V), hvp(by_hand, jit=False)(X, V), rtol=1e-11)
    np.testing.assert_allclose(grad(with_rules)(X), expected, rtol=1e-12)


def test_arity_is_checked():
    with pytest.raises(InvalidArgument, match=r"pullback\(plain\): the rule takes 2 arguments, and has to take 3"):
        pullback(plain)(plain_transpose)
    with pytest.raises(InvalidArgument, match=r"linear\(plain\): the rule takes 3 arguments, and has to take 2"):
        linear(plain)(lambda x, y, z: x)
    with pytest.raises(InvalidArgument, match=r"pushforward\(plain\): the rule takes 1 arguments, and has to take 2"):
        pushforward(plain)(lambda x: x)


@njit
def plain(x):
    return 2.0 * x


def plain_transpose(x, y_bar):
    return (2.0 * y_bar,)


def of_plain(x):
    return plain(x) * x


def test_what_is_missing_is_said():
    pullback(plain)(lambda x, y, y_bar: (2.0 * y_bar,))
    with pytest.raises(Unsupported, match="`plain` has no rule for forward mode"):
        jvp(of_plain, jit=False)((0.5,), (1.0,))


def test_part_of_what_is_kept_on_disk():
    derivative = grad(of_plain, cache=True)
    linear(plain)(plain_transpose)
    one = keeping.name_for(derivative, derivative.types_of(0.5))
    linear(plain)(another_transpose)
    other = keeping.name_for(derivative, derivative.types_of(0.5))
    assert one is not None
    assert other not in (None, one)


def another_transpose(x, y_bar):
    return (2.0 * y_bar + 0.0,)
