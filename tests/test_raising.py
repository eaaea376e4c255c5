"""A derivative raises what its function raises: the same class, the same arguments, whatever it is compiled by."""

import numpy as np
import pytest

from adcompile import grad, hessian, jvp, value_and_grad, vjp
from adcompile.errors import Unsupported
from tests.raising import OutOfRange, texts


def of(function, *args):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function(*args)
    return caught.type, caught.value.args


@pytest.mark.parametrize("jit", [False, True])
def test_the_same_exceptions(jit):
    derivative = grad(texts, jit=jit)
    twice = grad(derivative, jit=jit)
    for n in range(14):
        assert of(derivative, -1.25, n, "kind") == of(texts, -1.25, n, "kind")
        assert of(twice, -1.25, n, "kind") == of(texts, -1.25, n, "kind")
    assert derivative(2.0, 14, "kind") == 56.0
    assert twice(2.0, 14, "kind") == 28.0


def scanned(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] < 0.0:
            raise OutOfRange(f"element {i} of {x.shape} is {x[i]}")
        s += np.sqrt(x[i]) * s + x[i]
    return s


@pytest.mark.parametrize("jit", [False, True])
def test_every_kind_of_derivative(jit):
    bad, good = np.array([1.0, -2.0, 3.0]), np.array([1.0, 2.0, 3.0])
    expected = of(scanned, bad)
    assert expected[0] is OutOfRange
    assert of(value_and_grad(scanned, jit=jit), bad) == expected
    assert of(jvp(scanned, jit=jit), (bad,), (good,)) == expected
    assert of(hessian(scanned, jit=jit), bad) == expected
    assert of(lambda x: vjp(scanned, jit=jit)(x)[1](1.0), bad) == expected
    assert value_and_grad(scanned, jit=jit)(good)[0] == pytest.approx(scanned(good), rel=1e-14)


def test_the_caller_has_its_arrays_as_they_were():
    def written(x):
        x[0] = 7.0
        if x[1] < 0.0:
            raise OutOfRange(x[0])
        return x[0] * x[1]

    x = np.array([1.0, -2.0])
    assert of(grad(written), x) == (OutOfRange, (7.0,))
    assert x.tolist() == [1.0, -2.0]


def test_a_path_that_only_raises_needs_no_value():
    def searched(x):
        for k in range(10):
            if x * k > 3.0:
                return x * k
        raise RuntimeError(f"no multiple of {x}")

    derivative = grad(searched)
    assert derivative(1.5) == 3.0
    assert of(derivative, 0.1) == (RuntimeError, ("no multiple of 0.1",))


def test_values_known_before_the_run_are_written_into_the_text():
    derivative = grad(texts, jit=False)
    derivative(2.0, 14, "a {kind}")
    assert "'{:.3f} of {!r}, a {{kind}} {{}} x={!r}', x, n, x" in derivative.source.replace('"', "'")


def test_asserts_that_pytest_rewrote_are_refused_with_a_way_out():
    def rewritten(x):
        assert x > 0.0
        return x * x

    with pytest.raises(Unsupported, match="pytest rewrites the `assert`s of test files: define the function"):
        grad(rewritten)(1.0)


def summed(x, n):
    s = 0.0
    for i in range(n):
        if i > 2:
            raise OutOfRange(i)
        print("term", i)
        s += np.sin(x * i)
    print("sum of", n, "terms")
    return s


@pytest.mark.parametrize("make", [grad, value_and_grad, lambda f: jvp(f, wrt="x"), lambda f: grad(f, jit=False)])
def test_a_sum_that_is_run_once_says_and_raises_what_it_does(make, capfd):
    derivative = make(summed)
    args = ((0.5, 3), (1.0,)) if "jvp" in repr(derivative) else (0.5, 3)
    derivative(*args)
    said = capfd.readouterr().out
    assert said == "term 0\nterm 1\nterm 2\nsum of 3 terms\n"
    args = ((0.5, 4), (1.0,)) if "jvp" in repr(derivative) else (0.5, 4)
    assert of(derivative, *args) == (OutOfRange, (3,))
