"""`with` that sets globals while its body runs: what is read in it, and in what it calls, has these values."""

import contextlib

import numpy as np
import pytest

from adcompile import Unsupported, grad
from tests.normal import modes
from tests.normal.modes import MODEL, Made, leaking, logging, mode, power, scaled, swallowing, twice


def inside(x):
    a = power(x)
    with mode("fast"):
        b = power(x)
        if modes._MODE == "fast":
            b = b * 10.0
    return a + b + power(x)


def nothing_new(x):
    with mode():
        y = power(x)
    return y


def returns(x):
    with mode("fast"):
        if x > 1.2:
            return power(x)
        y = 3.0 * power(x)
    return y * power(x)


def nested(x):
    total = 0.0
    with scaled(2.0), mode("fast"):
        for k in range(3):
            with scaled(3.0):
                total += power(x)
                if k == 1:
                    break
        total += power(x) * modes._SCALE
    return total * modes._SCALE


def deeper(x):
    with scaled(2.0):
        return power(x)


def through_calls(x):
    with mode("fast"), scaled(5.0):
        return twice(power, x) + deeper(x) + twice(lambda v: power(v) * modes._SCALE, x)


def suppressed(x):
    y = x
    with contextlib.suppress(ZeroDivisionError, ValueError):
        y = 1.0 / (x - 1.0)
    with contextlib.nullcontext():
        return y * x


@pytest.mark.parametrize("f", [inside, nothing_new, returns, nested, through_calls, suppressed])
@pytest.mark.parametrize("x", [0.5, 1.0, 1.5])
def test_the_values_inside(f, x):
    slope = 2.0 if f is suppressed and x == 1.0 else (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    assert np.isclose(grad(f, jit=False)(x), slope, rtol=1e-7)
    assert (modes._MODE, modes._SCALE) == ("usual", 1.0)


def test_compiled():
    assert np.isclose(grad(nested)(0.5), 2.0 * (6.0 + 6.0 + 4.0) * 0.5)


def leaks(x):
    with leaking(2.0):
        y = power(x)
    return y


def logs(x):
    with logging("begin"):
        y = power(x)
    return y


def swallows(x):
    with swallowing("fast"):
        y = power(x)
    return y


def raises(x):
    with mode("unknown"):
        y = power(x)
    return y


def of_the_run(x):
    with scaled(x):
        y = power(x)
    return y


def named(x):
    with mode("fast") as m:
        y = power(x)
    return y * (m is not None)


def made_inside(x):
    with scaled(2.0):
        return Made().scale * x


def computed_inside(x):
    with scaled(2.0):
        return MODEL.scale * x


def scale_of(model, x):
    return model.scale * x


def computed_in_a_callee(x):
    with scaled(2.0):
        return scale_of(MODEL, x)


def defined_outside(x):
    def f(v):
        return v * modes._SCALE

    with scaled(2.0):
        return f(x)


def differentiated_inside(x):
    with scaled(2.0):
        return grad(power)(x)


@pytest.mark.parametrize(
    "f", [leaks, logs, swallows, raises, of_the_run, named, made_inside, computed_inside,
          computed_in_a_callee, defined_outside, differentiated_inside]
)  # fmt: skip
def test_what_is_refused(f):
    with pytest.raises(Unsupported):
        grad(f)(0.5)
    assert (modes._MODE, modes._SCALE, modes._LOG) == ("usual", 1.0, [])
