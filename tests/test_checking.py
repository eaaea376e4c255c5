"""`check_grads` passes what is right, and says what is wrong: which mode and order, by which entry, how far."""

import numpy as np
import pytest

import adcompile
from adcompile import InvalidArgument, WrongDerivative, check_grads, stop_gradient
from adcompile.api.differences import directional
from adcompile.transform.reverse import _Sweep

X = np.array([0.3, -0.7, 1.1])
M = np.array([[0.2, 0.5], [-0.4, 0.9]])


def scan(x, n, k=2.0):
    s = x[0]
    y = x.copy()
    for i in range(n):
        s = np.sin(s) * k + y[i]
        y[i] = s * s
    return y, s, n


def pairs(t, m):
    a, b = t
    return np.sum(np.tanh(m @ a)) * b


def overwrites(x):
    x[1] = x[0] * np.exp(x[1])
    return np.sum(x * x)


RIGHT = [
    (scan, (X, 3), None),
    (scan, (X, 3, 0.5), ("x", "k")),
    (scan, (X, 0), "x"),
    (pairs, ((X[:2], 2.0), M), None),
    (overwrites, (X,), None),
    (lambda x: x[::2] * 3.0, (X,), None),
    (lambda x: 4.0, (X,), None),
    (lambda x: np.sum(x * x), (np.zeros(0),), None),
    (lambda x, k: np.sum(x**2) * k, (M.T, 1.5), None),
    (lambda x: np.sum(np.sin(x)), (X.astype(np.float32),), None),
]


@pytest.mark.parametrize("modes", [("fwd", "rev"), ("rev",), "fwd"])
@pytest.mark.parametrize(("function", "args", "wrt"), RIGHT)
def test_what_is_right(function, args, wrt, modes):
    modes = ("fwd",) if modes == "fwd" else modes
    order = 1 if modes == ("fwd",) and len(args) == 2 and isinstance(args[1], int) else 2
    order = 1 if modes == ("fwd",) and function is scan else order
    before = [np.copy(arg) for arg in args if isinstance(arg, np.ndarray)]
    check_grads(function, args, order, modes, wrt=wrt, jit=False)
    for old, arg in zip(before, (arg for arg in args if isinstance(arg, np.ndarray)), strict=True):
        np.testing.assert_array_equal(old, arg)


def test_compiled_and_third_order():
    check_grads(overwrites, (X,))
    check_grads(lambda x: np.exp(x) * x, (0.7,), 3, jit=False)


def constant_to_us(x, k):
    return np.sum(x * x) * stop_gradient(k)


def test_forward_mode_that_is_wrong():
    with pytest.raises(WrongDerivative) as caught:
        check_grads(constant_to_us, (X, 2.0), jit=False)
    first, *lines = str(caught.value).splitlines()
    assert first == "check_grads of constant_to_us, order 1: forward mode is wrong"
    (line,) = lines
    assert line.startswith("  by k: forward mode gives 0, differences 1.79")
    assert line.endswith("apart by 1.79, allowed are 2.8e-06")
    with pytest.raises(AssertionError, match=r"reverse mode is wrong\n  by k: reverse mode gives 0, differences 1\.79"):
        check_grads(constant_to_us, (X, 2.0), 1, ("rev",), jit=False)
    check_grads(constant_to_us, (X, 2.0), wrt="x", jit=False)


def test_an_entry_of_an_array_and_of_a_result():
    def partly(x):
        return np.array([x[0] * x[1], x[0] * stop_gradient(x[2])])

    with pytest.raises(WrongDerivative, match=r"\n  result 1 of 2, by x\[2\]: forward mode gives 0, differences 0\.3"):
        check_grads(partly, (X,), jit=False)


def test_reverse_mode_that_is_wrong(monkeypatch):
    whole = _Sweep._adjoint_of
    monkeypatch.setattr(_Sweep, "_adjoint_of", lambda self, param: whole(self, "y" if param == "x" else param))

    def product(x, y):
        return x * x * y

    with pytest.raises(WrongDerivative, match=r"reverse mode is wrong\n  by x: reverse mode gives .*, forward"):
        check_grads(product, (0.5, 2.0), jit=False)


def test_second_order_that_is_wrong():
    def flat_at_zero(x):  # where its slope is right and its curvature is not
        return x * stop_gradient(x)

    check_grads(flat_at_zero, (0.0,), 1, jit=False)
    with pytest.raises(WrongDerivative, match=r"order 2 \(of the pullback\): forward mode .*\n  by x: .* gives 0,"):
        check_grads(flat_at_zero, (0.0,), jit=False)
    with pytest.raises(WrongDerivative, match=r"order 2 \(of the tangent\): .*\n  result 1 of 2, by primals\[0\]:"):
        check_grads(flat_at_zero, (0.0,), 2, ("fwd",), jit=False)


def test_an_integer_that_stands_for_a_float_is_checked():
    def clipped(x):
        if x < 0.0:
            return 0
        return x * x

    check_grads(clipped, (-1.0,), jit=False)
    check_grads(clipped, (1.0,), jit=False)

    def hidden(x):
        return int(2.0 * x) if x < 0.0 else stop_gradient(x)

    with pytest.raises(WrongDerivative, match="by x: forward mode gives 0, differences 1"):
        check_grads(hidden, (1.0,), 1, jit=False)


def test_kinks():
    with pytest.raises(WrongDerivative, match=r"differences do not settle at this point .* a kink, a jump or noise"):
        check_grads(lambda x: float(np.floor(x)), (1.0,), jit=False)
    check_grads(lambda x: max(x, 0.0), (0.01,), jit=False)


def test_what_cannot_be_asked():
    with pytest.raises(InvalidArgument, match="check_grads: the mode 'reverse' is neither 'fwd' nor 'rev'"):
        check_grads(overwrites, (X,), modes=("reverse",))
    with pytest.raises(InvalidArgument, match="order=0 ask for no derivative"):
        check_grads(overwrites, (X,), 0)
    with pytest.raises(InvalidArgument, match="no argument is a float"):
        check_grads(lambda n: n, (3,), jit=False)
    with pytest.raises(InvalidArgument, match="by forward mode alone have to be by all"):
        check_grads(lambda x, n: x**n, (3.0, 2), 2, ("fwd",), jit=False)
    assert issubclass(WrongDerivative, adcompile.AdcompileError)


def test_differences_say_how_far_they_are_to_be_trusted():
    best, error = directional(np.exp, (X,), (np.ones(3),), 0.01)
    assert np.max(np.abs(best - np.exp(X))) < 1e-9
    assert error < 1e-8
    assert directional(np.sign, (np.zeros(2),), (np.ones(2),), 0.01)[1] > 1.0
