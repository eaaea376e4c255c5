"""What a number is in Python decides as it does there: Python's own, NumPy's, an array without axes."""

import itertools
import math
import operator

import numpy as np
import pytest

from adcompile import Unsupported, grad
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Name, Tuple
from adcompile.normal import number_classes
from adcompile.normal.number_classes import ARRAY, NUMPY, PYTHON, NumberClasses

VALUES = {PYTHON: 2.5, NUMPY: np.float64(2.5), ARRAY: np.array(2.5)}
ARGUMENTS = {
    np.piecewise: lambda x: (x, [x > 1.0], [1.0, 2.0]),
    np.select: lambda x: ([x > 1.0], [x]),
    np.where: lambda x: (x > 1.0, x, 0.0),
    np.clip: lambda x: (x, 0.0, 1.0),
    np.interp: lambda x: (x, np.ones(2), np.ones(2)),
    np.polyval: lambda x: (np.ones(2), x),
    np.searchsorted: lambda x: (np.ones(2), x),
    np.digitize: lambda x: (x, np.ones(2)),
    np.take: lambda x: (np.ones(2), 0),
    np.einsum: lambda x: ("i,i", np.ones(2), np.ones(2)),
    np.trace: lambda x: (np.ones((2, 2)),),
    np.linalg.det: lambda x: (np.ones((2, 2)),),
    np.trapezoid: lambda x: (np.ones(2),),
    np.quantile: lambda x: (x, 0.5),
    np.percentile: lambda x: (x, 50),
    np.broadcast_to: lambda x: (x, ()),
    np.reshape: lambda x: (x, ()),
    **dict.fromkeys((np.zeros, np.ones, np.empty), lambda x: ((),)),
    np.full: lambda x: ((), x),
    **dict.fromkeys((np.full_like, np.dot, np.vdot, np.inner, np.isclose, np.allclose, np.isin), lambda x: (x, 2.0)),
    np.array_equal: lambda x: (x, x),
    **dict.fromkeys((isinstance, hasattr), lambda x: None),
    len: lambda x: None,
}
BINARY = {operator.add: np.add, operator.lt: np.less, operator.and_: np.bitwise_and}
TABLES = (*number_classes._ARRAYS, *number_classes._NUMBERS, *number_classes._PYTHONS, np.sin, np.squeeze, np.transpose,
          np.reshape, np.real, np.imag, abs, np.add, np.less, np.bitwise_and)  # fmt: skip


def named(value: object) -> str:
    if isinstance(value, np.ndarray):
        return ARRAY
    return NUMPY if isinstance(value, np.generic) else PYTHON


@pytest.mark.parametrize("kind", VALUES)
def test_of_each_function(kind: str) -> None:
    """What NumPy and Python give is among what is said."""
    known = NumberClasses({"x": frozenset((kind,))})
    for fn in TABLES:
        if getattr(fn, "__module__", "") == ops.__name__:
            continue
        x = VALUES[kind]
        if kind == PYTHON and fn in BINARY.values():
            (fn,) = [own for own, numpys in BINARY.items() if numpys is fn]
        if fn in (np.bitwise_and, operator.and_):
            x = {PYTHON: True, NUMPY: np.True_, ARRAY: np.array(True)}[kind]
        operands = (x, x) if fn in (*BINARY, *BINARY.values()) else (x,)
        args = ARGUMENTS.get(fn, lambda x, operands=operands: operands)(x)
        if args is not None:
            said = known.of(Call(BINARY.get(fn, fn), tuple(Name("x") if arg is x else Const(0) for arg in args)))
            assert named(fn(*args)) in said and len(said) < 3, fn


@pytest.mark.parametrize("kind", [NUMPY, ARRAY])
def test_of_each_method(kind: str) -> None:
    known = NumberClasses({"x": frozenset((kind,))})
    for name in (*number_classes._REDUCING, *number_classes._KEEPING, "item", "tolist", "round"):
        args = {"dot": (2.0,), "astype": (float,), "reshape": ((),), "view": (float,)}.get(name, ())
        if name in ("trace", "swapaxes") or not hasattr(VALUES[kind], name):
            continue
        assert named(getattr(VALUES[kind], name)(*args)) in known.of(Call(ops.method, (Name("x"), Const(name))))
    for index in ((Const(Ellipsis),), (Tuple(()),)):
        given = VALUES[kind][() if index == (Tuple(()),) else ...]
        assert named(given) in known.of(number_classes.Index(Name("x"), index))


# ------------------------------------------------------------------------------------------ programs
def asked(x):
    a = np.asarray(x)
    n = np.sin(x)
    total = 2.0 * x if isinstance(a, np.ndarray) else 3.0 * x
    total += 5.0 * x if np.isscalar(a) else 7.0 * x
    total += 11.0 * x if hasattr(n, "shape") and np.isscalar(n) else 13.0 * x
    total += 15.0 * x if hasattr(np.subtract(math.sin(x), 1.0), "shape") else 16.0 * x
    total += 17.0 * x if isinstance(a * 2.0, np.ndarray) else 19.0 * x
    b, c = np.broadcast_arrays(x, 2.0)
    total += 23.0 * x if isinstance(b, np.ndarray) and isinstance(c, np.ndarray) else 29.0 * x
    return total


def caught(x):
    y = np.zeros_like(x)
    try:
        y[...] = 3.0 * x
    except TypeError:
        y = 5.0 * x
    z = np.sin(x)
    try:
        z[z > 0.0] = x
    except TypeError:
        z = 7.0 * np.cos(x)
    try:
        w = z.squeeze()[()]
    except AttributeError:
        w = 11.0 * z
    return y * z * w


def masked(x):
    r = np.asarray(x) ** 2 + 1.0
    out = np.empty_like(r)
    bad = np.isclose(r, 0.0) | (r < 1.5)
    out[~bad] = np.sqrt(r[~bad]) / r[~bad]
    out[~bad] += np.sin(out[~bad])
    out[bad] = 3.0 * x
    out[()] *= 2.0
    np.multiply(out, x, out=out)
    np.copyto(out, out * 2.0, where=r > 1.0)
    np.add(out, 1.0, out=out, where=r > 9.0)
    top = np.finfo(out.dtype).max
    return np.where(out > top, 0.0, out)


def inverted(x):
    """`~` of NumPy's truths, which are Python's own where the derivative runs."""
    out = np.empty_like(x)
    mask = x > 1.0
    out[mask] = x**2
    out[~np.asarray(mask)] = -x
    below = ~(np.asarray(x) > 0.5)
    return out * (x if below else 2.0) * (x if ~np.isclose(x, 3.0) & ~below else 1.0) + np.invert(mask) * x


def filled(x):
    y = np.empty(())
    y.fill(x)
    return y * x


def in_loops(x):
    y = np.ones_like(x)
    for k in range(3):
        y[y < 4.0] *= x
        if k == 1:
            y[...] += x
    while y < 40.0:
        np.multiply(y, 2.0, out=y)
    return y


def items_taken(x):
    y = np.array(x)
    small = y <= 100.0
    y[small] = np.cumsum(y[small] ** 2)
    return y.item() * y


def reassigned(x):
    y = x
    if x > 0.5:
        y = np.asarray(x)
        y[...] = x * x
    return y * x


@pytest.mark.parametrize("x", [0.3, 0.9, 1.7, -2.1])
@pytest.mark.parametrize("f", [asked, caught, masked, inverted, filled, in_loops, items_taken, reassigned])
def test_as_python_has_it(f, x):
    x = abs(x) if f is in_loops and x < 0 else x
    if f is in_loops and x < 1.0:
        x += 1.0
    slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
    assert np.isclose(grad(f, jit=False)(x), slope, rtol=1e-7)


@pytest.mark.parametrize("f", [caught, masked, inverted, in_loops])
def test_compiled(f):
    assert np.isclose(grad(f)(1.7), (f(1.7 + 1e-6) - f(1.7 - 1e-6)) / 2e-6, rtol=1e-7)


# ------------------------------------------------------------------------------------------ what is refused
def of_a_branch(x):
    y = x
    if x > 0.5:
        y = np.asarray(x)
    y[...] = 2.0
    return y * x


def asked_of_a_branch(x):
    y = np.asarray(x) if x > 0.5 else x
    return 2.0 * x if isinstance(y, np.ndarray) else x


def of_two_names(x):
    a = np.asarray(x)
    b = a
    b[...] = 2.0
    return a * x


def of_a_loop(x):
    y = x
    for _ in range(2):
        y[...] = 2.0 * x
        y = np.asarray(x)
    return y


def into_whole_numbers(x):
    n = np.zeros((), dtype=int)
    n[...] = x
    return n * x


def by_a_place(x):
    y = np.asarray(x)
    y[0] = 2.0 * x
    return y


def by_a_complement(x):
    y = np.asarray(x)
    y[~(x > 0.0)] = 2.0
    return y * x


def a_complement_with_a_name(x):
    below = ~(x > 0.0)
    return 2.0 * x if below else x


def a_complement_is_multiplied(x):
    return ~(x > 0.0) * x


def a_complement_chooses(x):
    return np.where(~(x > 0.0), x, 2.0 * x)


@pytest.mark.parametrize(
    "f",
    [a_complement_is_multiplied, a_complement_chooses,
     of_a_branch, asked_of_a_branch, of_two_names, of_a_loop, into_whole_numbers, by_a_place, by_a_complement,
     a_complement_with_a_name],
)  # fmt: skip
def test_refused(f):
    with pytest.raises(Unsupported):
        grad(f, jit=False)(1.7)


def test_a_mask_takes_one_number():
    def two(x):
        y = np.asarray(x)
        y[y > 1.0] = np.ones(2) * x
        return y

    with pytest.raises(ValueError, match="cannot assign"):
        grad(two, jit=False)(1.7)
    assert grad(two, jit=False)(0.7) == 1.0


def test_loops_join_what_they_leave():
    known = NumberClasses({"x": number_classes.NUMBER})
    for value, wanted in itertools.product(("x", "y"), ({"python", "numpy", "array"},)):
        known.statement(number_classes.Assign("y", Name("x")))
        known.loop((number_classes.Assign("y", Call(np.asarray, (Name(value),))),))
        assert known.of(Name("y")) == wanted


def of_one_item(x):
    rows = np.array([[x], [x * x]]) * np.array([np.full_like(np.array([x]), 2.0), np.array([3.0])], dtype=int)
    total = rows.sum(axis=0) + np.concatenate((rows, rows), axis=0)[3]
    if len(total) == 1:
        total = total[0]
    return total * x


def test_a_length_that_is_told_decides_a_branch():
    assert np.isclose(grad(of_one_item, jit=False)(1.5), 4.0 * 1.5 + 18.0 * 1.5**2)
