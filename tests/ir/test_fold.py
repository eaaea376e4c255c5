"""The folder keeps the value and the type, and reaches the forms that a person writes."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from adcompile.ir import ops
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import fold, folded
from adcompile.ir.nodes import Call, Const, Expr, Index, Name
from adcompile.ir.types import BOOL, FLOAT, INT, Array

X, Y, INDEX, N, C = Name("x"), Name("y"), Name("i"), Name("n"), Name("c")
TYPES = {"x": FLOAT, "y": FLOAT, "i": INT, "n": INT, "c": BOOL, "a": Array("float64", 1)}


def mul(*args: Expr) -> Call:
    return Call(np.multiply, args)


def add(*args: Expr) -> Call:
    return Call(np.add, args)


def sub(*args: Expr) -> Call:
    return Call(np.subtract, args)


def div(*args: Expr) -> Call:
    return Call(np.divide, args)


def neg(arg: Expr) -> Call:
    return Call(np.negative, (arg,))


def power(*args: Expr) -> Call:
    return Call(ops.power, args)


ONE, TWO, ZERO = Const(1.0), Const(2.0), Const(0.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (mul(X, ONE), X),
        (mul(Const(1), X), X),
        (mul(Const(1.0), INDEX), mul(Const(1.0), INDEX)),  # the result is a float
        (mul(X, Const(-1.0)), neg(X)),
        (add(ZERO, X), X),
        (add(X, ZERO), add(X, ZERO)),  # a person who writes it gets rid of minus zero
        (sub(X, ZERO), X),
        (sub(ZERO, X), neg(X)),
        (mul(ZERO, X), mul(ZERO, X)),  # NaN and infinity stay
        (div(X, ONE), X),
        (div(INDEX, Const(1)), div(INDEX, Const(1))),
        (neg(neg(X)), X),
        (add(X, neg(Y)), sub(X, Y)),
        (sub(X, neg(Y)), add(X, Y)),
        (mul(neg(X), Y), neg(mul(X, Y))),
        (mul(TWO, mul(Const(3.0), X)), mul(Const(6.0), X)),
        (mul(Const(0.1), mul(Const(0.3), X)), mul(Const(0.1), mul(Const(0.3), X))),
        (power(X, Const(1)), X),
        (power(X, Const(0)), ONE),
        (power(INDEX, Const(0)), Const(1)),
        (power(TWO, Const(0.5)), power(TWO, Const(0.5))),
        (sub(add(INDEX, Const(1)), Const(1)), INDEX),
        (add(sub(N, Const(1)), Const(1)), N),
        (sub(sub(INDEX, Const(1)), Const(-1)), INDEX),
        (sub(add(X, ONE), ONE), sub(add(X, ONE), ONE)),
        (sub(sub(N, Const(1)), INDEX), sub(sub(N, Const(1)), INDEX)),
        (Call(ops.select, (Const(True), X, Y)), X),
        (Call(ops.select, (C, X, X)), X),
        (Call(ops.select, (Const(True), INDEX, Y)), Call(ops.select, (Const(True), INDEX, Y))),
        (Call(ops.both, (Const(True), C)), C),
        (Call(ops.either, (C, Const(False))), C),
        (Call(ops.negated, (Call(ops.negated, (C,)),)), C),
        (Call(float, (X,)), X),
        (Call(float, (INDEX,)), Call(float, (INDEX,))),
        (div(Const(1), Const(0)), div(Const(1), Const(0))),
        (mul(Const(1e200), Const(1e200)), mul(Const(1e200), Const(1e200))),
        (add(Const(2**62), Const(2**62)), add(Const(2**62), Const(2**62))),
    ],
)
def test_exact_forms(before: Expr, after: Expr) -> None:
    assert folded(before, TYPES) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (mul(ZERO, X), ZERO),
        (mul(X, TWO), mul(TWO, X)),
        (mul(Const(2), X), mul(TWO, X)),
        (sub(Const(1), mul(X, X)), sub(ONE, mul(X, X))),
        (mul(X, mul(TWO, Y)), mul(mul(TWO, X), Y)),
        (mul(X, mul(Y, mul(X, Const(0.5)))), mul(mul(mul(Const(0.5), X), Y), X)),
        (mul(Const(100.0), mul(Const(2), X)), mul(Const(200.0), X)),
        (mul(div(ONE, Y), X), div(X, Y)),
        (mul(Const(3.0), div(ONE, Y)), div(Const(3.0), Y)),
        (mul(X, div(Const(0.5), Y)), div(mul(Const(0.5), X), Y)),
        (mul(X, mul(Const(-2.0), Y)), neg(mul(mul(TWO, X), Y))),
        (mul(X, Call(ops.select, (C, ONE, ZERO))), Call(ops.select, (C, X, ZERO))),
        (mul(X, Call(ops.select, (C, Y, ZERO))), Call(ops.select, (C, mul(X, Y), ZERO))),
        (power(X, sub(Const(2), Const(1))), X),
        (add(X, Const(-2.0)), sub(X, TWO)),
        (sub(neg(X), Y), neg(add(X, Y))),
    ],
)
@pytest.mark.parametrize("types", [TYPES, None])
def test_derivative_forms(before: Expr, after: Expr, types: dict | None) -> None:
    assert folded(before, types, derivative=True) == after


def _evaluated(expr: Expr, env: dict) -> object:
    match expr:
        case Const(value):
            return value
        case Name(name):
            return env[name]
        case Index(Name(name), index):
            return env[name][tuple(_evaluated(i, env) for i in index)]
        case Call(ops.select, (condition, then, orelse)):
            return _evaluated(then if _evaluated(condition, env) else orelse, env)
        case Call(fn, args):
            values = [_evaluated(a, env) for a in args]
            if fn is np.negative:
                return -values[0]
            with np.errstate(all="ignore"):
                return fn(*values)
    raise AssertionError(expr)


def _tree(rng: random.Random, depth: int, kind: str) -> Expr:
    if depth == 0 or rng.random() < 0.15:
        if kind == "i":
            return rng.choice([INDEX, N, Const(rng.randint(-3, 3))])
        return rng.choice(
            [X, Y, INDEX, Const(rng.choice([0.0, 1.0, -1.0, 2.0, -3.0, 0.1, 1, 0, 2])), Index(Name("a"), (INDEX,))]
        )
    if kind == "f" and rng.random() < 0.1:
        condition = rng.choice([C, Call(np.less, (X, Y)), Const(True)])
        return Call(ops.select, (condition, _tree(rng, depth - 1, kind), _tree(rng, depth - 1, kind)))
    fn = rng.choice([np.add, np.subtract, np.multiply, np.negative] + ([np.divide] if kind == "f" else []))
    arity = 1 if fn is np.negative else 2
    return Call(
        fn, tuple(_tree(rng, depth - 1, kind if kind == "i" or rng.random() < 0.9 else "i") for _ in range(arity))
    )


@pytest.mark.parametrize("derivative", [False, True])
@pytest.mark.parametrize("kind", ["i", "f"])
def test_random_trees_keep_value_and_type(derivative: bool, kind: str) -> None:
    rng = random.Random(7)
    for _ in range(1500):
        tree = _tree(rng, 4, kind)
        after = folded(tree, TYPES, derivative=derivative)
        assert folded(after, TYPES, derivative=derivative) == after or derivative
        env = {"x": rng.uniform(0.5, 2), "y": rng.uniform(-2, -0.5), "i": rng.randint(0, 3), "n": rng.randint(4, 9),
               "c": rng.random() < 0.5, "a": np.array([0.7, -1.3, 2.1, 0.9])}  # fmt: skip
        try:
            one = _evaluated(tree, env)
        except ZeroDivisionError:
            continue
        if not math.isfinite(one):
            continue
        two = _evaluated(after, env)
        if kind == "i" or not derivative:
            assert one == two, (tree, after)
        else:
            assert two == pytest.approx(one, rel=1e-9, abs=1e-9), (tree, after)
        if dtype_of(tree, TYPES) == "int64" or not derivative:
            assert dtype_of(after, TYPES) == dtype_of(tree, TYPES), (tree, after)


def test_a_root_is_folded_alone() -> None:
    unfolded = mul(X, ONE)
    assert fold(add(unfolded, Y), TYPES) == add(unfolded, Y)
