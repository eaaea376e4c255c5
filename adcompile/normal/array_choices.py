"""Canonical forms of choices by several conditions: `np.select`, `np.piecewise`.

Goal: a chain of choices.  `np.select` takes the first condition that holds, `np.piecewise` the last one, in the dtype
of its first argument.  Non-goals: pieces that are functions, which NumPy calls with the elements that it has chosen.

    np.piecewise(x, [x < 0.0, x > 1.0], [2.0, 3.0])     becomes     where(x > 1.0, 3.0, where(x < 0.0, 2.0, 0.0))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adcompile.analysis.types_of import described
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.types import Array, Scalar, is_complex
from adcompile.normal.array_calls import canonical, cast
from adcompile.normal.building import Builder, Typed, constant


@canonical(np.select, takes="condlist choicelist default")
def _select(b: Builder, fn: Any, condlist: Typed, choicelist: Typed, default: Typed | None) -> Typed:
    if not condlist.is_tuple or not choicelist.is_tuple or len(condlist.items) != len(choicelist.items):
        raise refuse("unsupported-call", "`np.select` needs literal lists of as many conditions as choices")
    result = constant(0) if default is None else default
    for condition, choice in reversed(list(zip(condlist.items, choicelist.items, strict=True))):
        result = b.call(np.where if _any_array(condition, choice, result) else ops.select, condition, choice, result)
    return result


def _any_array(*parts: Typed) -> bool:
    return any(part.is_array for part in parts)


@canonical(np.piecewise, takes="x condlist funclist")
def _piecewise(b: Builder, fn: Any, x: Typed, condlist: Typed, funclist: Typed) -> Typed:
    count = len(condlist.items) if condlist.is_tuple else -1
    if count < 1 or not funclist.is_tuple or len(funclist.items) - count not in (0, 1):
        raise refuse("unsupported-call", "`np.piecewise` needs a literal list of conditions, and one of as many pieces")
    if not isinstance(x.type, (Scalar, Array)):
        raise refuse("no-type", f"`np.piecewise` of {described(x.type)}")
    for piece in funclist.items:
        if not isinstance(piece.type, Scalar):
            hint = "choose among values with np.where or np.select"
            raise refuse("unsupported-call", "`np.piecewise` is supported with pieces that are numbers", hint=hint)
        if is_complex(piece.type) and not is_complex(x.type):
            raise refuse("complex-number", f"a complex number is stored in a {described(x.type)}")
    pieces = [cast(b, piece, x.type.dtype) for piece in funclist.items]
    default = pieces.pop() if len(pieces) > count else cast(b, constant(0), x.type.dtype)
    result = default
    for condition, piece in zip(condlist.items, pieces, strict=True):
        if (
            condition.ndim != x.ndim
            or not isinstance(condition.type, (Scalar, Array))
            or condition.type.dtype != "bool"
        ):
            message = f"a condition of `np.piecewise` is {described(condition.type)}, for {described(x.type)}"
            raise refuse("no-type", message, hint="compare the elements of the array itself")
        result = b.call(np.where if x.is_array else ops.select, condition, piece, result)
    return result
