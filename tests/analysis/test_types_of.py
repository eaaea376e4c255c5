"""Types agree with NumPy where the two agree with Numba, and with Numba where they do not."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import types as numba_types
from numba.core.registry import cpu_target

from adcompile.analysis.types_of import joined, type_of, type_of_value
from adcompile.errors import Unsupported
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Name, Slice, Tuple
from adcompile.ir.types import BOOL, FLOAT, INT, Array, Scalar, Static, TupleType

TYPES = {
    "x": FLOAT, "n": INT, "c": BOOL, "h": Scalar("float32"), "v": Array("float64", 1), "A": Array("float64", 2),
    "k": Array("int64", 1), "m": Array("bool", 1), "V": Array("float32", 1), "p": TupleType((FLOAT, Array("int64", 2))),
}  # fmt: skip
EVERYTHING = Slice(Const(None), Const(None), Const(None))


def typed(fn: Callable[..., Any], *names: str) -> Any:
    return type_of(Call(fn, tuple(Name(name) for name in names)), TYPES)


def code_of(expr: Expr) -> str:
    with pytest.raises(Unsupported) as caught:
        type_of(expr, TYPES)
    return caught.value.refusals[0].code


_OPERATORS = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.divide: operator.truediv,
    np.floor_divide: operator.floordiv, np.remainder: operator.mod, ops.power: operator.pow, np.less: operator.lt,
    np.equal: operator.eq,
}  # fmt: skip
_NUMBA = {"float64": numba_types.float64, "float32": numba_types.float32, "int64": numba_types.int64,
          "int32": numba_types.int32, "bool": numba_types.boolean}  # fmt: skip


@pytest.mark.parametrize("fn", _OPERATORS)
def test_operators_on_numbers_are_numbas(fn: Any) -> None:
    context = cpu_target.typing_context
    context.refresh()
    function = context.resolve_value_type(_OPERATORS[fn])
    for left, left_numba in _NUMBA.items():
        for right, right_numba in _NUMBA.items():
            if fn is ops.power and {left, right} & {"bool", "int32"}:
                continue  # Numba converts such operands to whatever version comes first
            expected = context.resolve_function_type(function, (left_numba, right_numba), {}).return_type
            found = type_of(Call(fn, (Name("a"), Name("b"))), {"a": Scalar(left), "b": Scalar(right)})
            assert found == Scalar(str(expected)), (fn, left, right)


@pytest.mark.parametrize("fn", [np.sin, np.exp, np.sqrt, np.tanh, np.maximum, np.arctan2, np.absolute, np.floor])
def test_ufuncs_on_arrays_are_numpys(fn: np.ufunc) -> None:
    for dtype in ("float64", "float32", "int64"):
        array = np.ones(3, dtype)
        found = type_of(Call(fn, (Name("a"),) * fn.nin), {"a": Array(dtype, 1)})
        expected = fn(*(array,) * fn.nin).dtype.name
        assert found == Array(expected, 1)


def test_ranks_broadcast() -> None:
    assert typed(np.add, "A", "v") == Array("float64", 2)
    assert typed(np.less, "v", "x") == Array("bool", 1)
    assert typed(np.multiply, "V", "n") == Array("float32", 1)
    assert typed(np.multiply, "V", "x") == Array("float64", 1)
    assert typed(np.where, "m", "V", "n") == Array("float32", 1)


def test_math_and_casts() -> None:
    assert typed(math.sin, "n") == FLOAT and typed(math.floor, "x") == INT and typed(math.isnan, "x") == BOOL
    assert typed(math.sqrt, "h") == Scalar("float32")
    assert typed(float, "n") == FLOAT and typed(int, "x") == INT and typed(bool, "n") == BOOL
    assert typed(np.float32, "v") == Array("float32", 1)
    assert typed(round, "x") == INT and typed(min, "n", "x") == FLOAT and typed(abs, "c") == INT
    assert typed(ops.both, "c", "n") == BOOL and typed(ops.select, "c", "n", "x") == FLOAT


def test_indices() -> None:
    v, A = Name("v"), Name("A")
    assert type_of(Index(A, (Name("n"), Const(0))), TYPES) == FLOAT
    assert type_of(Index(A, (Name("n"),)), TYPES) == Array("float64", 1)
    assert type_of(Index(A, (EVERYTHING, Const(None), Const(1))), TYPES) == Array("float64", 2)
    assert type_of(Index(A, (Const(Ellipsis), Const(1))), TYPES) == Array("float64", 1)
    assert type_of(Index(A, (Name("k"), EVERYTHING)), TYPES) == Array("float64", 2)
    assert type_of(Index(Name("p"), (Const(-1),)), TYPES) == Array("int64", 2)
    assert code_of(Index(v, (Name("m"),))) == "boolean-mask"
    assert code_of(Index(v, (Name("x"),))) == code_of(Index(v, (Const(0), Const(0)))) == "no-type"
    assert code_of(Index(Name("p"), (Name("n"),))) == "dynamic-tuple-index"


def test_array_functions() -> None:
    A, axis = Name("A"), (("axis", Const(0)),)
    assert type_of(Call(np.sum, (A,)), TYPES) == FLOAT
    assert type_of(Call(np.sum, (Name("m"),)), TYPES) == INT
    assert type_of(Call(np.mean, (Name("k"),)), TYPES) == FLOAT
    assert type_of(Call(np.max, (A,), axis), TYPES) == Array("float64", 1)
    assert type_of(Call(np.max, (A,), (*axis, ("keepdims", Const(True)))), TYPES) == Array("float64", 2)
    assert typed(np.dot, "v", "v") == FLOAT and typed(np.matmul, "A", "v") == Array("float64", 1)
    assert type_of(Call(np.zeros, (Tuple((Name("n"), Const(2))), Const(np.float32))), TYPES) == Array("float32", 2)
    assert type_of(Call(np.arange, (Const(0), Name("n"), Const(1))), TYPES) == Array("int64", 1)
    assert type_of(Call(np.array, (Tuple((Name("n"), Name("x"))),)), TYPES) == Array("float64", 1)


def test_what_is_not_known_is_refused() -> None:
    assert code_of(Call(np.histogram, (Name("v"),))) == "no-rule"
    assert code_of(Call(np.nonzero, (Name("v"),))) == "no-rule"
    assert code_of(Call(code_of, (Name("x"),))) == "no-rule"
    assert code_of(Call(math.sin, (Name("v"),))) == "no-type"
    assert code_of(Call(np.add, (Name("m"), Name("m")))) == "boolean-arithmetic"
    assert code_of(Name("unknown")) == "no-type"


def test_values_and_joins() -> None:
    assert type_of_value(True) == BOOL and type_of_value(np.float32(1)) == Scalar("float32")
    assert type_of_value(None) == Static(None) and type_of_value(np.zeros((2, 2))) == Array("float64", 2)
    assert joined(INT, FLOAT) == FLOAT and joined(BOOL, INT) == INT
    assert joined(Array("float64", 1), FLOAT) is None
