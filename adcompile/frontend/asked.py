"""What `hasattr` and `getattr` say of an object known before the run.

>>> about(getattr, 2.5, (Const("real"),)), about(hasattr, 2.5, (Const("phi"),))
((2.5,), (False,))
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from adcompile.ir.nodes import Const, Expr


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
