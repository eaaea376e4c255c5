"""Expressions are printed with the parentheses that Python needs, and no others."""

from __future__ import annotations

import ast
import math
import random
from typing import Any

import numpy as np
import pytest

from adcompile.ir import ops
from adcompile.ir.nodes import (
    Assign,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Index,
    Merge,
    Name,
    Return,
    Slice,
    Tuple,
    Update,
)
from adcompile.ir.show import expression, returned, show
from adcompile.ir.types import INT, Array

BINARY: dict[type, Any] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.FloorDiv: np.floor_divide,
    ast.Mod: np.remainder, ast.Pow: ops.power, ast.MatMult: np.matmul, ast.BitOr: np.bitwise_or,
    ast.BitXor: np.bitwise_xor, ast.BitAnd: np.bitwise_and, ast.LShift: np.left_shift, ast.RShift: np.right_shift,
}  # fmt: skip
COMPARED: dict[type, Any] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}  # fmt: skip
UNARY: dict[type, Any] = {
    ast.USub: np.negative, ast.UAdd: np.positive, ast.Invert: np.invert, ast.Not: ops.negated,
}  # fmt: skip
TRUTH: dict[type, Any] = {ast.And: ops.both, ast.Or: ops.either}


def call(fn: Any, *args: Expr, **kwargs: Expr) -> Call:
    return Call(fn, args, tuple(kwargs.items()))


def read(node: ast.expr) -> Expr:
    """The expression that a text stands for."""
    match node:
        case ast.Name(id):
            return Name(id)
        case ast.UnaryOp(ast.USub(), ast.Constant(value)):
            return Const(-value)
        case ast.Constant(value):
            return Const(value)
        case ast.BinOp(left, op, right):
            return call(BINARY[type(op)], read(left), read(right))
        case ast.UnaryOp(op, part):
            return call(UNARY[type(op)], read(part))
        case ast.Compare(left, [op], [right]):
            return call(COMPARED[type(op)], read(left), read(right))
        case ast.BoolOp(op, [first, *others]):
            result = read(first)
            for other in others:
                result = call(TRUTH[type(op)], result, read(other))
            return result
        case ast.IfExp(test, then, orelse):
            return call(ops.select, read(test), read(then), read(orelse))
        case ast.Subscript(ast.Attribute(array, "shape"), axis):
            return call(ops.dim, read(array), read(axis))
        case ast.Subscript(array, ast.Tuple(items)):
            return Index(read(array), tuple(map(read, items)))
        case ast.Subscript(array, item):
            return Index(read(array), (read(item),))
        case ast.Call(ast.Name("abs"), [part]):
            return call(abs, read(part))
    raise AssertionError(ast.dump(node))


def some(choose: random.Random, depth: int) -> Expr:
    if depth == 0 or choose.random() < 0.15:
        return choose.choice((Name("x"), Name("y"), Const(2), Const(-3), Const(0.5), Const(-1.5)))

    def part() -> Expr:
        return some(choose, depth - 1)

    match choose.randrange(12):
        case 0 | 1:
            fn = choose.choice(tuple(UNARY.values()))
            inside = part()
            number = isinstance(inside, Const) and fn is np.negative  # `-2` reads as a literal
            return inside if number else call(fn, inside)
        case 2:
            return call(ops.select, part(), part(), part())
        case 3:
            return call(choose.choice((ops.both, ops.either)), part(), part())
        case 4:
            return call(choose.choice(tuple(COMPARED.values())), part(), part())
        case 5:
            return Index(Name("a"), (part(), part()))
        case 6:
            return choose.choice((call(ops.dim, Name("a"), Const(1)), call(abs, part())))
    return call(choose.choice(tuple(BINARY.values())), part(), part())


@pytest.mark.parametrize("seed", range(10))
def test_a_printed_expression_reads_as_itself(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(300):
        expr = some(choose, 4)
        text = expression(expr)
        assert read(ast.parse(text, mode="eval").body) == expr, text


@pytest.mark.parametrize("seed", range(5))
def test_no_parenthesis_can_go(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(100):
        expr = some(choose, 3)
        text = expression(expr)
        for opened, closed in pairs(text):
            shorter = text[:opened] + text[opened + 1 : closed] + text[closed + 1 :]
            try:
                again = read(ast.parse(shorter, mode="eval").body)
            except (SyntaxError, AssertionError, KeyError):
                continue
            assert again != expr or text[opened + 1] in "-+~", (text, shorter)


def pairs(text: str) -> list[tuple[int, int]]:
    """Where the parentheses of a text stand that are not a call's."""
    found, stack = [], []
    for place, letter in enumerate(text):
        if letter == "(":
            stack.append(place)
        elif letter == ")":
            opened = stack.pop()
            if not text[:opened].endswith("abs"):
                found.append((opened, place))
    return found


X, N = Name("x"), Name("n")


@pytest.mark.parametrize(
    "expr, text",
    [
        (call(ops.power, Const(-1.0), X), "(-1.0) ** x"),
        (call(np.negative, call(np.negative, X)), "-(-x)"),
        (call(np.subtract, X, Const(-math.inf)), "x - -np.inf"),
        (call(abs, Const(math.nan)), "abs(np.nan)"),
        (call(np.abs, call(math.sin, Const(math.pi))), "np.abs(math.sin(np.pi))"),
        (call(np.linalg.norm, X), "np.linalg.norm(x)"),
        (call(ops.copy, X), "x.copy()"),
        (call(ops.attribute, call(np.add, X, N), Const("T")), "(x + n).T"),
        (call(ops.method, X, Const("sum"), Const(1), keepdims=Const(True)), "x.sum(1, keepdims=True)"),
        (call(np.empty, Tuple((N, Const(3))), Const(np.float32)), "np.empty((n, 3), np.float32)"),
        (call(np.zeros, N, dtype=Const(np.dtype("bool"))), "np.zeros(n, dtype=np.bool_)"),
        (call(np.power, X, Const(2)), "np.power(x, 2)"),
        (call(max, call(np.subtract, N, Const(2)), Const(0)), "max(n - 2, 0)"),
        (Index(X, (Slice(Const(1), Const(None), Const(-1)), Const(None), Const(...), N)), "x[1::-1, None, ..., n]"),
        (Index(X, ()), "x[()]"),
        (Tuple((X,)), "(x,)"),
        (Const(np.float32(0.5)), "np.float32(0.5)"),
        (Const(np.float64(-0.0)), "-0.0"),
        (Const("text"), "'text'"),
    ],
)
def test_spellings(expr: Expr, text: str) -> None:
    assert expression(expr) == text


def test_a_returned_tuple_has_no_parentheses() -> None:
    assert returned(Tuple((X, Tuple((N, X))))) == "x, (n, x)"
    assert returned(Tuple((X,))) == "(x,)"


def test_raw_functions_say_what_is_carried_and_merged() -> None:
    add = call(np.add, Name("s.1"), Index(X, (Name("i"),)))
    loop = For("i", Const(0), N, Const(1), (Assign("s.2", add),), (Carry("s.1", Name("s"), Name("s.2"), "s.3"),))
    branch = If(call(np.less, N, Const(0)), (), (), (Merge("s.4", Name("s.3"), Const(1.0)),))
    function = Function("f", ("x", "n"), (Assign("s", Const(0.0)), loop, branch, Return(Name("s.4"))))
    assert show(function) == (
        "def f(x, n):\n"
        "    s = 0.0\n"
        "    for i in range(n):  # s.1 = s, then s.2, after s.3\n"
        "        s.2 = s.1 + x[i]\n"
        "    if n < 0:  # s.4 = s.3 or 1.0\n"
        "        pass\n"
        "    return s.4\n"
    )
    types = {"x": Array("float64", 2), "n": INT}
    typed = Function("f", ("x", "n"), (Update("n", np.add, Const(1)),), types)
    assert show(typed, types=True, facts=lambda stmt: "a fact") == (
        "def f(x: float64[:, :], n: int64):\n    n += 1  # a fact\n"
    )
