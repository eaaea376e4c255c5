"""Assignments to the one item of an array without axes, as a number's new value.

Goal: `y = np.zeros_like(x); y[x > 0.0] = np.sqrt(x[x > 0.0])` for a number x is a branch; so are `out=` and `fill` of
such an array a new value.  What has another name by then is refused (`axisless`), and so is what may be a plain number,
of which Python assigns no items.  Non-goals: arrays with axes (`writes`).

    y[m] = np.sqrt(x[m])        becomes     if m: y = np.sqrt(x)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adcompile.analysis.types_of import described
from adcompile.errors import Unsupported, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Assign, Block, Call, Const, Effect, Expr, If, Index, Name, Stmt, Store, Tuple
from adcompile.ir.types import BOOL, Array, Scalar
from adcompile.ir.walk import mapped, names, statements
from adcompile.normal.array_calls import cast
from adcompile.normal.building import Typed
from adcompile.normal.number_classes import ARRAY, COMPLEMENT
from adcompile.normal.variables import Absent, Undefined, Value, joined_type

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk

_WHOLE = ((), (Const(Ellipsis),), (Tuple(()),))


def require_alone(walk: Walk, name: str, stmt: Stmt) -> None:
    """Refuses to change an array without axes in place that may be read under another name."""
    live = walk.axisless.others(name) & walk.live[stmt]
    others = [other for other in live if not _are_arrays(walk, walk.env.get(other))]
    if not others and not walk.axisless.is_part(name):
        return
    other = f"be `{min(others)}` too" if others else "be a part of an array"
    message = f"`{name}`, which is changed in place, may {other}, as an array without axes"
    raise refuse("unsupported-array", message, hint="make a new value, as in x = 2.0 * x")


def _are_arrays(walk: Walk, value: Value | None) -> bool:
    """Whether a variable holds arrays with axes alone."""
    if value is None or isinstance(value, (Absent, Undefined)):
        return True
    return all(isinstance(walk.b.types.get(id), Array) for id in names(value))


def item_assigned(walk: Walk, stmt: Store | Accum) -> None:
    """`name[...] = value` and `name[mask] = value`."""
    _require_own(walk, stmt.array, stmt)
    if stmt.index in _WHOLE:
        assign(walk, stmt.array, walk.x.value(_new(stmt, stmt.value)), stmt)
        return
    mask = stmt.index[0] if len(stmt.index) == 1 else Const(None)
    if walk.x.value(mask).type != BOOL or COMPLEMENT in walk.x.classes.of(mask):
        raise refuse("no-type", f"an item of `{stmt.array}`, an array without axes, is assigned by a place")
    within, kept = _number_where(walk, stmt.value, mask), _held(walk, "mask", walk.x.value(mask))
    if within is None:
        items = walk.x.value(stmt.value)
        if not isinstance(items.type, Array) or items.ndim != 1:
            raise refuse("no-type", f"{described(items.type)} is assigned to the item of `{stmt.array}` by a mask")
        given = _held(walk, "items", items)
        why = "NumPy boolean array indexing assignment cannot assign these values where the mask is true"
        several = Call(ops.both, (kept, Call(np.not_equal, (Call(len, (given,)), Const(1)))))
        failure = Effect(Call(ops.fail, (Const(ValueError), Const(None), Const(why))), span=stmt.span)
        _run(walk, If(several, (failure,), (), span=stmt.span), stmt)
        within = Index(given, (Const(0),))
    new = Assign(stmt.array, _new(stmt, within), span=stmt.span, origin=stmt.origin)
    with walk.b.lazily():
        _require_type(walk, stmt.array, walk.x.value(new.value))
    _run(walk, If(kept, (new,), (), span=stmt.span, origin=stmt.origin), stmt)
    walk.x.classes.known[stmt.array] = frozenset((ARRAY,))


def assign(walk: Walk, name: str, value: Typed, stmt: Stmt) -> None:
    """The new value, in the type that the array has."""
    _require_own(walk, name, stmt)
    wanted = _require_type(walk, name, value)
    walk.env[name] = walk.kept(name, cast(walk.b, value, wanted.dtype))


def _require_own(walk: Walk, name: str, stmt: Stmt) -> None:
    """Refuses what Python may have a plain number for, or another name."""
    if walk.x.classes.of(Name(name)) != {ARRAY}:
        old = walk.x.value(Name(name))
        raise refuse("no-type", f"`{name}` is {described(old.type)}: its items cannot be assigned")
    require_alone(walk, name, stmt)


def _require_type(walk: Walk, name: str, value: Typed) -> Scalar:
    """The type of a number that is an array in Python, if it holds another."""
    old = walk.x.value(Name(name)).type
    assert isinstance(old, Scalar)
    if not isinstance(value.type, Scalar) or joined_type(old, value.type) != old:
        raise refuse("no-type", f"{described(value.type)} is assigned to the item of `{name}`, of {old.dtype}")
    return old


def is_number(walk: Walk, expr: Expr) -> bool:
    """Whether it is a variable that holds a number."""
    return isinstance(expr, Name) and isinstance(walk.x.value(expr).type, Scalar)


def target_of(call: Call) -> Expr | None:
    """What a call for its effect puts a result into."""
    match call:
        case Call(fn, args) if isinstance(fn, np.ufunc) and len(args) == fn.nin + 1:
            return args[-1]
        case Call(np.copyto, (target, *_)) | Call(ops.method, (target, Const("fill"), *_)):
            return target
    return dict(call.kwargs).get("out")


def assigned_in(walk: Walk, block: Block) -> set[str]:
    """The variables of numbers that a block assigns so."""
    found: set[str] = set()
    for stmt in statements(block):
        if isinstance(stmt, (Store, Accum)):
            found.add(stmt.array)
        elif isinstance(stmt, Effect) and isinstance(target := target_of(stmt.call), Name):
            found.add(target.id)
    values = {name: walk.env.get(name) for name in found}
    return {n for n, v in values.items() if isinstance(v, (Const, Name)) and isinstance(walk.x.typed(v).type, Scalar)}


def _new(stmt: Store | Accum, value: Expr) -> Expr:
    return Call(np.add, (Name(stmt.array), value)) if isinstance(stmt, Accum) else value


def _number_where(walk: Walk, value: Expr, mask: Expr) -> Expr | None:
    """An expression of items by a mask as one of the numbers themselves, if that is what is left where it holds."""

    def item(expr: Expr) -> Expr:
        match expr:
            case Index(owner, (index,)) if index == mask and isinstance(walk.x.value(owner).type, Scalar):
                return owner
        return expr

    found = mapped(value, item)
    if not _is_elementwise(found):
        return None
    try:
        with walk.b.lazily():
            return found if isinstance(walk.x.value(found).type, Scalar) else None
    except Unsupported:
        return None


def _is_elementwise(expr: Expr) -> bool:
    match expr:
        case Name() | Const():
            return True
        case Call(fn, args, ()):
            return (isinstance(fn, np.ufunc) or fn is ops.power) and all(map(_is_elementwise, args))
    return False


def _held(walk: Walk, base: str, x: Typed) -> Name:
    """A value under a name that statements can use."""
    name = walk.b.spare(base)
    if name not in walk.order:
        walk.order.append(name)
    walk.env[name] = walk.kept(name, x)
    walk.x.classes.known.pop(name, None)
    return Name(name)


def _run(walk: Walk, branch: If, stmt: Stmt) -> None:
    """Statements in the place of one."""
    for inner in (branch, *branch.then):
        walk.live[inner] = walk.live[stmt]
    walk.statement(branch)
