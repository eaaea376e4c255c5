"""Types by our own table: those of Numba's inference, or none."""

import builtins
import itertools
import math
from typing import Any

import numpy as np
import pytest

from adcompile import lapack, runtime
from adcompile.analysis import known_types as table
from adcompile.analysis.known_types import known_types
from adcompile.analysis.typing import infer
from adcompile.ir import ops
from adcompile.ir.dtypes import COMPARISONS
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
    Stmt,
    Tuple,
)
from adcompile.ir.types import BOOL, FLOAT, INT, Array, Scalar, TupleType, Type

PARAMS: dict[str, Type] = {
    "x": FLOAT, "i": INT, "b": BOOL, "s": Scalar("float32"),
    "z": Scalar("complex128"), "c": Scalar("complex64"), "a": Array("float64", 2), "k": Array("int64", 1),
    "t": TupleType((INT, Array("float64", 1))),
}  # fmt: skip
TWO = frozenset((np.add, np.subtract, np.multiply, np.divide, np.floor_divide, np.remainder, ops.power, np.arctan2,
                 math.atan2, math.pow, math.hypot, np.hypot, np.minimum, np.maximum, builtins.min, builtins.max,
                 np.fmod, runtime.multiply_no_nan, *COMPARISONS, ops.both, ops.either, np.logical_and, np.logical_or,
                 runtime.broadcast_length,
                 runtime.slice_bound, runtime.check_length, runtime.check_equal))  # fmt: skip


def function(*body: Stmt) -> Function:
    return Function("f", tuple(PARAMS), body, PARAMS)


def agrees(*body: Stmt) -> bool:
    """Whether the table knows; if it does, Numba says the same."""
    whole = function(*body, Return(Const(0)))
    known = known_types(whole)
    assert known is None or known == infer(whole)
    return known is not None


@pytest.mark.parametrize(
    "fn",
    sorted(
        table._ARITHMETIC | table._REAL | table._FLOATS | table._OF_FLOATS | table._OF_COMPLEX | table._PARTS
        | table._TESTS | table._TRUTHS | {*table._CASTS, *table._TO_COMPLEX} | table._LENGTHS | table._CHECKS
        | COMPARISONS,
        key=repr,
    ),
)  # fmt: skip
def test_every_function_of_the_table_gives_what_numba_says(fn: Any) -> None:
    """For each of its arguments a number of each kind, a truth value; for all of the table at least one is known."""
    numbers: tuple[Expr, ...] = (*map(Name, "ixbszc"), Const(2))
    calls = [Call(fn, args) for args in itertools.product(numbers, repeat=2 if fn in TWO else 1)]
    known = [call for call in calls if known_types(function(Assign("y", call), Return(Const(0)))) is not None]
    assert known
    assert agrees(*(Assign(f"y.{number}", call) for number, call in enumerate(known)))


@pytest.mark.parametrize(
    "value",
    [
        Call(np.zeros, (Name("i"),)), Call(np.empty, (Tuple((Name("i"), Const(3))),)),
        Call(np.zeros_like, (Name("k"),)), Call(np.zeros, (Name("i"), Const(np.bool))),
        Call(np.empty, (Name("i"), Const(np.complex64))), Call(np.zeros, (Name("i"), Const(np.float32))),
        Call(ops.table, (Const(ops.Contents(np.ones((2, 3), np.float32))),)),
        Call(runtime.grown, (Name("a"), Name("i"))), *(Call(found, (Name("a"),)) for found in lapack.FOUND),
        Call(np.empty_like, (Name("a"),)), Call(ops.copy, (Name("k"),)), Call(ops.dim, (Name("a"), Const(1))),
        Index(Name("a"), (Name("i"), Const(-1))), Index(Name("k"), (Name("i"),)), Index(Name("t"), (Const(1),)),
        Index(Index(Name("t"), (Const(1),)), (Index(Name("t"), (Const(0),)),)),
        Call(ops.select, (Name("b"), Name("i"), Const(1.0))), Call(ops.select, (Name("b"), Name("b"), Const(True))),
        *(Call(product, (Name("a"), Name("a"))) for product in runtime.PRODUCTS),
        Call(runtime.check_overlap, (Name("a"), Name("a"))), Call(runtime.check_overlap, (Name("a"), Name("k"))),
        Call(runtime.check_same_shape, (Name("a"), Name("a"))),
    ],
)  # fmt: skip
def test_arrays_and_choices(value: Expr) -> None:
    assert agrees(Assign("y", value))


def test_what_a_loop_carries_becomes_a_float_where_numba_makes_it_one() -> None:
    half = Assign("h", Call(np.floor_divide, (Name("c.1"), Const(2))))
    step = Assign("c.2", Call(np.add, (Name("h"), Index(Name("a"), (Name("j"), Const(0))))))
    loop = For("j", Const(0), Name("i"), Const(1), (half, step), (Carry("c.1", Const(0), Name("c.2"), "c.3"),))
    branch = If(Name("b"), (Assign("d", Name("c.3")),), (), (Merge("e", Name("d"), Const(1)),))
    assert agrees(loop, branch)
    types = known_types(function(loop, branch, Return(Name("e"))))
    assert types is not None
    assert types["h"] == types["c.1"] == types["e"] == FLOAT


@pytest.mark.parametrize(
    "value",
    [
        Call(np.add, (Name("b"), Name("i"))),
        Call(np.square, (Name("i"),)),
        Call(ops.power, (Name("i"), Name("i"))),
        Call(np.linalg.det, (Name("a"),)),
        Call(np.add, (Name("a"), Name("a"))),
        Call(np.zeros, (Name("i"),), (("dtype", Const(np.float32)),)),
        Index(Name("a"), (Name("x"), Const(0))),
        Index(Name("a"), (Name("i"),)),
        Index(Name("t"), (Name("i"),)),
        Name("nowhere"),
        Const(2**70),
        Const("text"),
    ],
)
def test_what_is_not_in_the_table_is_left_to_numba(value: Expr) -> None:
    assert known_types(function(Assign("y", value), Return(Const(0)))) is None
