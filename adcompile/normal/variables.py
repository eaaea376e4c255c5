"""What a source variable may stand for at a point: the values of the environment that stage `ssa` walks with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from adcompile.analysis.types_of import described, joined
from adcompile.errors import Unsupported, refuse
from adcompile.ir.nodes import Const, Expr, Name, Tuple
from adcompile.ir.types import Array, Scalar, Static, Type


@dataclass(frozen=True, slots=True)
class Absent:
    """No value that may be used; without a code the reason has been reported already."""

    code: str = ""
    message: str = ""
    hint: str = ""

    def refusal(self) -> Unsupported:
        """What to raise on use."""
        return refuse(self.code, self.message, hint=self.hint) if self.code else Unsupported([])


@dataclass(frozen=True, slots=True)
class Undefined:
    """`ops.undefined()`: never read on a path that leaves it so; any other value may stand for it."""


Value: TypeAlias = Const | Name | Tuple | Absent | Undefined
"""A variable's value: an atom, a `Tuple` of such (items may be `ops.dim` calls), or none."""

REPORTED = Absent()
UNDEFINED = Undefined()
MADE_TEXT = Absent("unsupported-expression", "a text that is made in the run is used", "only exceptions may say it")


def missing(name: str) -> Absent:
    """A variable that some path has not assigned."""
    return Absent(
        "maybe-undefined",
        f"`{name}` may be undefined here: not every path to this point assigns it",
        f"assign `{name}` before the branch or loop that may not",
    )


def clash(name: str, left: Type | None, right: Type | None) -> Absent:
    """A variable with values that no one type holds."""
    sides = [described(type_) if type_ is not None else "a tuple" for type_ in (left, right)]
    return Absent(
        "conflicting-types",
        f"`{name}` may be {sides[0]} or {sides[1]} here",
        "use a variable for each",
    )


_PYTHON: Mapping[str, type[Any]] = {
    "float64": float, "int64": int, "bool": bool, "complex128": complex,
}  # fmt: skip


def joined_type(left: Type, right: Type) -> Type | None:
    """The type of a variable that holds either value, `None` if there is none."""
    if isinstance(left, Static) or isinstance(right, Static):
        return None
    if isinstance(left, Array) and isinstance(right, Array):
        return left if left == right else None
    return joined(left, right)


def converted_constant(constant: Const, wanted: Type) -> Const:
    """A literal as another type of number."""
    if not isinstance(wanted, Scalar):
        return constant
    if wanted.dtype in _PYTHON:
        return Const(_PYTHON[wanted.dtype](constant.value))
    return Const(np.dtype(wanted.dtype).type(constant.value))


def zero(wanted: Scalar) -> Const:
    """What an undefined number holds."""
    return converted_constant(Const(0), wanted)


def leaves(value: Value) -> list[tuple[tuple[int, ...], Const | Name | Absent | Undefined | Expr]]:
    """The parts of a value that are not tuples, each with the path to it."""
    if not isinstance(value, Tuple):
        return [((), value)]
    result: list[tuple[tuple[int, ...], Const | Name | Absent | Undefined | Expr]] = []
    for number, item in enumerate(value.items):
        result += [((number, *path), leaf) for path, leaf in leaves(item)]  # type: ignore[arg-type]
    return result


def with_leaves(value: Value, new: Sequence[Expr | Undefined]) -> Value:
    """A value of the same structure with other parts."""
    parts = iter(new)

    def rebuilt(old: Value | Expr) -> Expr | Undefined:
        if not isinstance(old, Tuple):
            return next(parts)
        return Tuple(tuple(rebuilt(item) for item in old.items))  # type: ignore[misc]

    return rebuilt(value)  # type: ignore[return-value]


def structure(value: Value) -> object:
    """What must agree for two values to be of one variable."""
    return tuple(structure(item) for item in value.items) if isinstance(value, Tuple) else None  # type: ignore[arg-type]


def path_name(name: str, path: Sequence[int]) -> str:
    """A base for the name of an item of a tuple variable: `pair_0`."""
    return "_".join([name, *map(str, path)])


def caster(wanted: Scalar) -> Callable[..., object]:
    """What converts a number to a type, as a user would write it."""
    python: Callable[..., object] | None = _PYTHON.get(wanted.dtype)
    return np.dtype(wanted.dtype).type if python is None else python
