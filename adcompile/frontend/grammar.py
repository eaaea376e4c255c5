"""Python's operators as functions, and what the constructs that are not of the language are called.

Goal: the tables of the front end in one place, and no logic.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import libcst as cst
import numpy as np

from adcompile.ir import ops

BINARY: Mapping[type[cst.CSTNode], Any] = {
    cst.Add: np.add, cst.Subtract: np.subtract, cst.Multiply: np.multiply, cst.Divide: np.divide,
    cst.FloorDivide: np.floor_divide, cst.Modulo: np.remainder, cst.Power: ops.power,
    cst.MatrixMultiply: np.matmul, cst.BitAnd: np.bitwise_and, cst.BitOr: np.bitwise_or,
    cst.BitXor: np.bitwise_xor, cst.LeftShift: np.left_shift, cst.RightShift: np.right_shift,
    cst.AddAssign: np.add, cst.SubtractAssign: np.subtract, cst.MultiplyAssign: np.multiply,
    cst.DivideAssign: np.divide, cst.FloorDivideAssign: np.floor_divide, cst.ModuloAssign: np.remainder,
    cst.PowerAssign: ops.power, cst.MatrixMultiplyAssign: np.matmul, cst.BitAndAssign: np.bitwise_and,
    cst.BitOrAssign: np.bitwise_or, cst.BitXorAssign: np.bitwise_xor, cst.LeftShiftAssign: np.left_shift,
    cst.RightShiftAssign: np.right_shift,
}  # fmt: skip
COMPARISONS: Mapping[type[cst.CSTNode], Any] = {
    cst.LessThan: np.less, cst.LessThanEqual: np.less_equal, cst.GreaterThan: np.greater,
    cst.GreaterThanEqual: np.greater_equal, cst.Equal: np.equal, cst.NotEqual: np.not_equal,
}  # fmt: skip
OPERATORS: tuple[Any, ...] = (
    *{fn for fn in (*BINARY.values(), *COMPARISONS.values()) if fn not in (ops.power, np.matmul)},
    np.negative, np.positive, np.invert,
)  # fmt: skip
"""Functions of NumPy that operators are read as."""

EXPRESSIONS: Mapping[str, tuple[str, str]] = {
    # kind of node: what it is called, and the way out
    "Await": ("`await`", "call it outside the function"),
    "Dict": ("a dict", "use separate variables or arrays"),
    "FormattedString": ("an f-string", "build messages outside the function"),
    "GeneratorExp": ("a generator", "write the loop out"),
    "Set": ("a set", "use an array"),
    "SetComp": ("a set comprehension", "write the loop out"),
    "StarredElement": ("an unpacked item", "name every item"),
    "TemplatedString": ("a t-string", "build messages outside the function"),
    "Yield": ("`yield`", "store into an array and return it"),
}
_ARGUMENT = "pass the value as an argument"
STATEMENTS: Mapping[str, tuple[str, str]] = {
    "Del": ("`del`", "leave the element alone"),
    "ClassDef": ("`class`", "define the class at module level"),
    "Import": ("`import`", "import at module level"),
    "ImportFrom": ("`from`", "import at module level"),
    "Match": ("`match`", "write it with if and elif"),
    "Nonlocal": ("`nonlocal`", _ARGUMENT),
    "TryStar": ("`except*`", "do the work that may fail outside the function"),
    "TypeAlias": ("`type`", "define the type at module level"),
    "With": ("`with`", "do this outside the function"),
}

OUTSIDE_ONLY: tuple[Any, ...] = (
    input, open, eval, exec, compile, globals, locals, vars, setattr, delattr, super, breakpoint,
)  # fmt: skip
"""Builtins that have no meaning on numbers and arrays alone."""
SAID: tuple[Any, ...] = (warnings.warn, warnings.simplefilter, warnings.filterwarnings)
"""Functions that change no number, and are not called: what they say is said by the function itself."""
LOGGED = ("debug", "info", "warning", "warn", "error", "exception", "critical", "log")
"""Methods of a logger, and functions of `logging`, of the same kind."""
ITERATORS: tuple[Any, ...] = (range, enumerate, zip, reversed, iter, next, map, filter, sorted, list, set, dict)
"""Builtins whose results are no numbers or arrays; loops know some of them."""
