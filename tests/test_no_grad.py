"""`with no_grad():` in differentiated code: what is assigned inside has no derivative, in every mode and order."""

import numpy as np
import pytest

from adcompile import Unsupported, grad, hessian, jvp, no_grad, stop_gradient

X = np.array([0.3, -0.7, 1.1])


def normalised(x):
    with no_grad():
        scale = np.sqrt(np.sum(x * x))
        y = x / scale
        y[1] = x[0] * x[2]
        first, last = x[0], (x[1], 2)
    return np.sum(y * x) * scale + first * last[0] * last[1] + x[2]


def normalised_by_hand(x):
    scale = stop_gradient(np.sqrt(np.sum(x * x)))
    y = stop_gradient(x / scale)
    y[1] = stop_gradient(x[0] * x[2])
    return np.sum(y * x) * scale + 2 * stop_gradient(x[0] * x[1]) + x[2]


def overwritten(x):
    y = x * x
    s = x[0]
    for i in range(3):
        with no_grad():
            y[1] = y[0] * s
            if i == 2:
                s = s * x[1]
        s = s + y[i] * x[2]
    return s


def overwritten_by_hand(x):
    y = x * x
    s = x[0]
    for i in range(3):
        y[1] = stop_gradient(y[0] * s)
        if i == 2:
            s = stop_gradient(s * x[1])
        s = s + y[i] * x[2]
    return s


def counted(x):
    with no_grad():
        total, n = 0.0, 0
        for v in x:
            if v < 0.0:
                continue
            total += v * v
            n += 1
        return_early = total > 1e6
    if return_early:
        return x[0]
    return total / n * x[0] ** n


def counted_by_hand(x):
    return stop_gradient((x[0] ** 2 + x[2] ** 2) / 2) * x[0] ** 2


def inside_a_callee(x):
    return held(x)[2] * x[1]


def held(x):
    with no_grad():
        return x * x


def held_by_hand(x):
    return stop_gradient(x[2] ** 2) * x[1]


PAIRS = (
    (normalised, normalised_by_hand), (overwritten, overwritten_by_hand), (counted, counted_by_hand),
    (inside_a_callee, held_by_hand),
)  # fmt: skip


@pytest.mark.parametrize(("block", "by_hand"), PAIRS, ids=lambda f: f.__name__)
def test_as_with_stop_gradient(block, by_hand):
    assert block(X) == pytest.approx(by_hand(X), rel=1e-15)
    expected = grad(by_hand, jit=False)(X)
    np.testing.assert_allclose(grad(block, jit=False)(X), expected, rtol=1e-14)
    assert jvp(block, jit=False)((X,), (X,))[1] == pytest.approx(expected @ X, rel=1e-13)
    np.testing.assert_allclose(hessian(block, jit=False)(X), hessian(by_hand, jit=False)(X), rtol=1e-13)


def test_compiled():
    np.testing.assert_allclose(grad(normalised)(X), grad(normalised_by_hand, jit=False)(X), rtol=1e-14)


def second_name(x):
    u = x * 1.0
    with no_grad():
        w = u
    u[0] = x[1] * x[2]
    return np.sum(w * x)


def added_to(x):
    s = x[0]
    with no_grad():
        s += x[1]
    return s


def effect(x):
    with no_grad():
        x.sort()
    return x[0]


def test_refused():
    with pytest.raises(Unsupported, match="`w` may be the same array as `u`"):
        grad(second_name, jit=False)(X)
    with pytest.raises(Unsupported, match="`s`, from outside, is added to under no_grad"):
        grad(added_to, jit=False)(X)
    with pytest.raises(Unsupported, match=r"a call on a line of its own|not supported"):
        grad(effect, jit=False)(X)
