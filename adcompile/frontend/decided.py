"""Tests that are decided by what is known before the run, so that the other branch is not read.

Goal: an object's flags and missing attributes (`if self.axisymmetric: ... else: self.phi ...`) choose the code that is
read, as they choose what runs.  Non-goals: types; folding what is left, which `normal.static` does.

>>> decided(Call(ops.negated, (Const(None),))), decided(Call(np.equal, (Const("a"), Const("b"))))
(True, False)
>>> decided(Call(ops.both, (Call(abs, ()), Const(False)))) is None
True
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr

_SIMPLE = (bool, int, float, str, type(None))
_COMPARED: Mapping[Any, Callable[[Any, Any], Any]] = {
    operator.is_: operator.is_, operator.is_not: operator.is_not, np.equal: operator.eq, np.not_equal: operator.ne,
}  # fmt: skip


def decided(test: Expr) -> bool | None:
    """Whether a test holds, if that is known; nothing else of it is evaluated then."""
    match test:
        case Const(value) if type(value) in _SIMPLE:
            return bool(value)
        case Call(ops.negated, (inner,)):
            holds = decided(inner)
            return None if holds is None else not holds
        case Call(ops.both | ops.either, (left, right)):
            first = decided(left)
            return first if first is None or first is (test.fn is ops.either) else decided(right)
        case Call(fn, (Const(left), Const(right))) if _is_compared(fn, left, right):
            return bool(_COMPARED[fn](left, right))
    return None


def _is_compared(fn: Any, left: object, right: object) -> bool:
    if not any(fn is one for one in _COMPARED):
        return False
    if fn in (operator.is_, operator.is_not):
        return left is None or right is None
    return type(left) is type(right) and type(left) in (str, bool, int)


def about(fn: Any, owner: Any, args: tuple[Expr, ...]) -> Any:
    """What `hasattr` or `getattr` says of an object known before the run, as `(value,)`; nothing if it is not known.

    Not of a module: what a function depends on (see `fingerprint`) are the attributes that its text names with a dot.
    """
    if isinstance(owner, ModuleType):
        return None
    match args:
        case (Const(str(name)),) if fn is hasattr:
            return (hasattr(owner, name),)
        case (Const(str(name)),) if fn is getattr and hasattr(owner, name):
            return (getattr(owner, name),)
        case (Const(str(name)), Const(default)) if fn is getattr:
            return (getattr(owner, name, default),)
    return None
