"""Numba's inference, asked for alone."""

import math

import numpy as np
import pytest
from numba import njit, typeof

from adcompile.analysis.typing import infer, numba_type, static_or_typed, type_of
from adcompile.errors import Span, Unsupported
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Carry, Const, For, Function, If, Index, Merge, Name, Return, Stmt
from adcompile.ir.types import BOOL, FLOAT, INT, Array, Scalar, Static, TupleType, Type


def function(*body: Stmt, **params: Type) -> Function:
    return Function("f", tuple(params), body, params)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, FLOAT),
        (1, INT),
        (True, BOOL),
        (np.float32(1.0), Scalar("float32")),
        (np.zeros((2, 3), np.float32).T, Array("float32", 2)),
        (np.zeros(3, bool), Array("bool", 1)),
        ((1.0, (2, np.zeros(3))), TupleType((FLOAT, TupleType((INT, Array("float64", 1)))))),
        (None, Static(None)),
        ("mode", Static("mode")),
        (math.sin, Static(math.sin)),
        ([1.0], None),
        ({}, None),
        (2**70, None),
        (np.array(["a"]), None),
        (1j, Scalar("complex128")),
        (np.zeros(2, np.complex64), Array("complex64", 1)),
    ],
)
def test_types_of_values(value: object, expected: Type | None) -> None:
    assert static_or_typed(value) == expected


@pytest.mark.parametrize("ours", [FLOAT, INT, BOOL, Array("float32", 3), TupleType((FLOAT, INT)), TupleType(())])
def test_types_there_and_back(ours: Type) -> None:
    assert type_of(numba_type(ours)) == ours


def test_a_jitted_function_is_static() -> None:
    jitted = njit(lambda x: x)
    assert type_of(typeof(jitted)) == Static(jitted)


def test_loops_and_branches() -> None:
    x_i = Index(Name("x"), (Name("i"),))
    branch = If(
        Call(np.greater, (x_i, Const(0.0))),
        (Assign("b", Call(np.sin, (x_i,))),),
        (),
        (Merge("b.1", Name("b"), Const(1)),),
    )
    step = Assign("s.2", Call(np.add, (Name("s.1"), Name("b.1"))))
    loop = For("i", Const(0), Name("n"), Const(1), (branch, step), (Carry("s.1", Const(0), Name("s.2"), "s.3"),))
    length = Assign("n", Call(ops.dim, (Name("x"), Const(0))))
    types = infer(function(length, loop, Return(Name("s.3")), x=Array("float32", 1)))
    assert types["n"] == types["i"] == INT
    assert types["b"] == Scalar("float32")
    assert types["b.1"] == types["s.1"] == types["s.3"] == FLOAT  # as Numba unifies float32 and an integer


def test_what_cannot_be_typed_is_refused_where_it_stands() -> None:
    span = Span("/no/such/file.py", 7, 5, 7, 20)
    bad = Assign("y", Call(np.dot, (Name("x"), Const("a"))), span=span)
    fine = Assign("z", Call(np.sin, (Const(1.0),)), span=Span("/no/such/file.py", 6, 5, 6, 20))
    with pytest.raises(Unsupported, match="no-type") as raised:
        infer(function(fine, bad, Return(Name("y")), x=Array("float64", 1)))
    assert raised.value.refusals[0].span == span
