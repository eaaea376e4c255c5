"""Structured SSA computes what Python does, carries and merges what it must and no more, and refuses the rest."""

from __future__ import annotations

import copy
import math
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from adcompile.analysis.types_of import type_of_value
from adcompile.errors import Unsupported
from adcompile.frontend.read import read
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Const, For, Function, If, Name, Return
from adcompile.ir.show import show
from adcompile.ir.types import FLOAT, Array, Static, TupleType, Type
from adcompile.ir.verify import verify_ssa
from adcompile.ir.walk import statements
from adcompile.normal.ssa import ssa
from tests.interpreter import run
from tests.normal.random_surface import PARAMETERS, arguments, program

_RNG = np.random.default_rng(0)
X, Y = _RNG.random(6), _RNG.random(6)
A, B, T = _RNG.random((3, 4)), _RNG.random((4, 5)), _RNG.random((2, 3, 4))
WEIGHTS = np.array([0.1, 0.2, 0.3])
CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []


def case(*args: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(fn: Callable[..., Any]) -> Callable[..., Any]:
        CASES.append((fn, args))
        return fn

    return register


def type_of_argument(value: Any) -> Type:
    if isinstance(value, tuple):
        return TupleType(tuple(type_of_argument(item) for item in value))
    return Static(value) if value is None or isinstance(value, str) else type_of_value(value)


def core_of(fn: Callable[..., Any], *args: Any) -> Function:
    surface = read(fn).function
    result = ssa(surface, dict(zip(surface.params, map(type_of_argument, args), strict=True)))
    verify_ssa(result)
    return result


def assert_same(found: Any, expected: Any) -> None:
    if isinstance(expected, tuple):
        assert isinstance(found, tuple) and len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            assert_same(*pair)
    else:
        np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=1e-12)
        assert np.shape(found) == np.shape(expected)


# ------------------------------------------------------------------------------------------ numbers and flow
@case(3.0, True)
@case(3.0, False)
def promoted_by_a_branch(a, c):
    if c:
        b = 1
    else:
        b = a * 2
    return b + 1


@case(X)
def promoted_by_a_loop(x):
    s = 0
    for i in range(len(x)):
        for j in range(i):
            s += x[j]
    return s


@case(X, 3)
def swapped(u, n):
    w = np.zeros_like(u)
    for _ in range(n):
        for i in range(1, u.size - 1):
            w[i] = u[i - 1] + u[i + 1]
        u, w = w, u
    return u


@case(X)
def carried_tuple(x):
    p = (x[0], x[1], 0)
    for i in range(x.shape[0]):
        p = (p[1], p[2] + x[i], p[0])
    return p[0] + 2 * p[1], (p[2], 1.0)


@case((X, (2.0, 3)))
def tuple_parameter(p):
    q = p[1]
    return np.sum(p[0]) * q[0] + q[1], q


@case(X, None)
@case(X, 2.0)
def optional(x, scale):
    if scale is None:
        scale = 1.0
    return x * scale


@case(X, "mean")
@case(X, "sum")
def named_mode(x, mode):
    if mode == "mean":
        s = np.mean(x)
    else:
        s = np.sum(x)
    return s


@case(2, 9, 3)
@case(9, 2, -3)
@case(2, 10, 3)
@case(3, 3, 1)
def step_at_run_time(a, b, s):
    t = 0
    for i in range(a, b, s):
        t += i * i
    return t


@case(X)
def while_loop(x):
    i = 0
    s = 0
    while i < len(x) and s < 2.0:
        s += x[i]
        i += 1
    return s, i


@case(2.0)
def nothing_changes(a):
    h = 0.1
    b = a
    c = 1
    for _ in range(3):
        h = 0.1
        b = a
        c = c
    return h, b, c


@case(X)
def assigned_by_a_certain_trip(x):
    for i in range(3):
        q = x[i]
    return q


@case(X, Y, True)
@case(X, Y, False)
def conditional_arrays(x, y, c):
    a = x if c else y
    b = x[0] if c else 1
    return a * 2, b


@case(X, Y, True)
@case(X, Y, False)
def returned_choice(x, y, c):
    return x[1:] if c else y


@case(5.0)
@case(3.0)
@case(1.0)
def nested_branches(a):
    if a > 2:
        if a > 4:
            b = 1
        else:
            b = 2.5
        c = (1, a)
    else:
        b = 0
        c = (a, 2)
    return b, c[0] + c[1]


@case(2.0, 3)
def numbers(a, n):
    b = math.sin(a) + np.exp(a) ** 2 - a // 2 + n % 2 + n / 2 + float(n) + int(a) + abs(-a) + min(a, n, 1)
    c = ((a > 1) and (n < 5)) or not n
    return b + max(a, 2) + pow(a, 2) + math.floor(a), c, a if c else n, n**2, n**-1


# ------------------------------------------------------------------------------------------ arrays
@case(X, Y)
def in_place(x, y):
    z = x[1:] - x[:-1]
    z *= 2
    z += y[1:]
    z -= 1.0
    return np.sum(z**2) + z.mean() + np.max(z) - z.min() + np.prod(z[:2])


@case(X)
def views(x):
    v = x[1:]
    v[0] = 3.0
    x[-1] = 2.0
    v[-2] += 1
    w = v
    return w, x


@case(A)
def reductions(A):
    a = A.sum(axis=0), np.mean(A, axis=1, keepdims=True), A.max(axis=-1), np.sum(A, axis=(0, 1)), np.ptp(A)
    b = A.std(axis=0), np.var(A, ddof=1), np.linalg.norm(A), np.linalg.norm(A, axis=1), np.linalg.norm(A[0], 1)
    return a, b, np.average(A[0], weights=A[1]), np.count_nonzero(A > 0.5), np.cumsum(A), A.argmax(axis=0)


@case(A, B, _RNG.random(4))
def products(A, B, v):
    C = A @ B
    a = C, np.dot(A, v), A @ v, v @ v, np.outer(v, v), A.T, C.T @ A, np.trace(A @ A.T)
    return a, np.einsum("ij,jk->ik", A, B), v.dot(v), np.inner(A, A), np.vdot(A, A), np.dot(2.0, v)


@case(A, T)
def shapes(A, T):
    n, m = A.shape
    a = A.reshape(-1), A.reshape(m, n), T.reshape(2, -1), A.ravel(), A.flatten(), T.transpose(1, 0, 2)
    b = np.swapaxes(T, 0, 1), np.expand_dims(A, 1), A[None, :, -1], T[..., 0], T[-1, ...], T[0], T[0][1]
    return a, b, np.squeeze(A[:1], axis=0), n * m + A.size + A.ndim, np.moveaxis(T, 0, 2), np.fliplr(A)


@case(5, 2.5)
def allocations(n, v):
    a = np.zeros(n), np.ones((n, 2)), np.full(n, v), np.full((2, n), 1), np.arange(n), np.arange(1, n, 2)
    b = np.arange(0.0, 1.0, 0.25), np.linspace(0.0, v, n), np.linspace(0, 1, n, endpoint=False), np.eye(n)
    c = np.identity(3), np.zeros(n, dtype=np.float32), np.array((v, 1, 2)), np.array(((v, 1), (2, 3)))
    return a, b, c, np.zeros(n, dtype=int), np.full_like(a[0], 2), np.zeros_like(a[0], dtype=int)


@case(X, Y)
def elementwise(x, y):
    a = np.where(x > y, x, y), np.clip(x, 0.2, 0.8), np.clip(x, 0.2, None), np.maximum(x, 0), abs(x), np.abs(x - y)
    b = x.clip(0, 1), np.round(x), x.astype(np.float32), x.copy(), np.stack((x, y)), np.concatenate((x, y))
    c = np.vstack((x, y)), np.column_stack((x, y)), np.hstack((x, y)), np.diff(x), np.flip(x), x[::-1]
    return a, b, c, np.where(x[0] > 0, 1, 2), sum(x), max(x), min(x), sum((x[0], x[1]))


@case(X)
def constant_table(x):
    s = 0.0
    for i in range(3):
        s += WEIGHTS[i] * x[i]
    return s * WEIGHTS.shape[0]


@case(X)
def masks(x):
    y = x.copy()
    y[y > 0.5] = 0
    y[x < 0.2] += 1
    y.fill(y[0])
    return y


@case(X, np.array([2, 0, 2]))
def gathered(x, index):
    y = np.zeros(4)
    np.add.at(y, index, x[:3])
    np.add.at(y, index, x[0])
    y[1:] = y[0] * 2
    return x[index] * 2, y


@case(X)
def given_results(x):
    y = np.empty_like(x)
    np.sin(x, out=y)
    np.multiply(y, 2.0, y)
    return y


@case(A)
def rows(A):
    s = 0.0
    for i in range(A.shape[0]):
        r = A[i]
        for j in range(len(r)):
            s += r[j] * A[i][j]
        s += A[i].sum() + r[-1]
    return s


@pytest.mark.parametrize(("fn", "args"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_runs_agree(fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
    mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
    assert_same(run(core_of(fn, *args), *mine), fn(*theirs))
    for pair in zip(mine, theirs, strict=True):
        if isinstance(pair[0], np.ndarray):
            assert_same(*pair)


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_random_programs(start: int) -> None:
    for seed in range(start, start + 50):
        function = program(seed)
        core = ssa(function, PARAMETERS)
        verify_ssa(core)
        mine, theirs = arguments(), arguments()
        with np.errstate(all="ignore"):
            found, expected = run(core, *mine), run(function, *theirs)
        assert_same((found, *mine), (expected, *theirs))


# ------------------------------------------------------------------------------------------ form
def shown(fn: Callable[..., Any], *args: Any) -> str:
    return show(core_of(fn, *args)).strip()


def test_a_loop_carries_only_state() -> None:
    def two_loops(x):
        t = 0.0
        s = 0
        for i in range(len(x)):
            t = x[i]
            s += t * t
        return s

    assert shown(two_loops, X) == textwrap.dedent("""\
        def two_loops(x):
            for i in range(x.shape[0]):  # s = 0.0, then s.1, after s.2
                t = x[i]
                s.1 = s + t * t
            return s.2""")


def test_branches_known_before_the_run_go() -> None:
    assert not any(isinstance(stmt, If) for stmt in statements(core_of(optional, X, None).body))
    assert "mean" in shown(named_mode, X, "mean") and "mean" not in shown(named_mode, X, "sum").partition("\n")[2]


def test_returned_parts_are_copied() -> None:
    assert "result = v.copy()" in shown(views, X)


def test_every_name_has_its_type() -> None:
    types = core_of(promoted_by_a_loop, X).types
    assert types["s"] == types["s.2"] == FLOAT
    assert core_of(in_place, X, Y).types["z"] == Array("float64", 1)


def test_undefined_values_are_never_chosen() -> None:
    assign = If(Name("c"), (Assign("r", Const(2.0)),), (Assign("r", Call(ops.undefined, ())),))
    core = ssa(Function("f", ("c",), (assign, Return(Name("r")))), {"c": type_of_value(True)})
    assert core.body == (core.body[-1],) and run(core, True) == 2.0
    later = Function("f", ("x",), (
        Assign("r", Call(ops.undefined, ())),
        For("i", Const(0), Const(3), Const(1), (Assign("r", Call(np.add, (Name("x"), Name("i")))),)),
        Return(Name("r")),
    ))  # fmt: skip
    core = ssa(later, {"x": FLOAT})
    assert run(core, 1.0) == 3.0 and "r = 0.0" in show(core)


# ------------------------------------------------------------------------------------------ refusals
def refusals_of(fn: Callable[..., Any], *args: Any) -> list[tuple[str, int]]:
    with pytest.raises(Unsupported) as caught:
        core_of(fn, *args)
    first = fn.__code__.co_firstlineno
    assert all(refusal.function == fn.__name__ for refusal in caught.value.refusals)
    return [(refusal.code, refusal.span.line - first) for refusal in caught.value.refusals if refusal.span]


def test_all_refusals_come_at_once() -> None:
    def wrong(x, c):
        if c > 0:
            a = 1.0
        b = np.partition(x, 1)
        x[0] = x
        y = x.T.foo
        q = x[1.5]
        m = x[x > 0.5, 0]
        x.itemset()
        return a + m + y + q + b

    assert refusals_of(wrong, X, 1.0) == [
        ("no-rule", 3), ("no-type", 4), ("unsupported-attribute", 5), ("no-type", 6), ("no-type", 7),
        ("unsupported-call", 8), ("maybe-undefined", 9),
    ]  # fmt: skip


def test_a_value_that_may_not_be_there() -> None:
    def after_a_loop(x):
        for i in range(len(x)):
            a = x[i]
        return a

    assert refusals_of(after_a_loop, X) == [("maybe-undefined", 3)]


def test_values_of_no_one_type() -> None:
    def number_or_tuple(x):
        if x > 0:
            b = (1, 2)
        else:
            b = 1
        c = 2.0 * x
        return b, c

    def rank_changes(x):
        total = 0.0
        for k in range(len(x)):
            if x[k] > 0.5:
                total = total + x
        return np.sum(total)

    assert refusals_of(number_or_tuple, 1.0) == [("conflicting-types", 6)]
    assert refusals_of(rank_changes, X) == [("conflicting-types", 4)]


def test_writes_that_numpy_refuses_or_buffers() -> None:
    def float_into_integers(x):
        k = np.zeros(3, dtype=int)
        k += x[:3]
        return k

    def table(x):
        w = WEIGHTS
        w[0] = x
        return w

    assert refusals_of(float_into_integers, X) == [("no-type", 2)]
    assert refusals_of(table, 1.0) == [("array-constant", 2)]
