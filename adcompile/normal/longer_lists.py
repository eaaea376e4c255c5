"""Lists that get more items while they may be read under another name, which is an array of the items before.

Goal: `other = ys; ys.append(x)` is refused where `other` is read later: Python's has the new item too.  Non-goals:
lists that are a name for each of their items (`knowing`).
"""

from __future__ import annotations

from collections.abc import Mapping

from adcompile.analysis.liveness import Live
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Expr, Function, Index, Name, Stmt, Store, Tuple
from adcompile.ir.walk import expressions, nodes, statements
from adcompile.normal.flow import assigned_in
from adcompile.runtime import grown


def check_longer(function: Function, live: Mapping[Stmt, Live]) -> None:
    """Refuses such a list; `live` has what may be read after each statement."""
    near: dict[str, set[str]] = {}
    assigned = [(s.target, s.value) for s in statements(function.body) if isinstance(s, Assign)]
    while new := [
        (target, room) for target, value in assigned for room in _rooms(value, near) if room not in near.get(target, ())
    ]:
        for target, room in new:
            near.setdefault(target, set()).add(room)
    if not near:
        return
    lengths = set[str]()
    for stmt in statements(function.body):
        for node in (node for expr in expressions(stmt) for node in nodes(expr)):
            match node:
                case Call(ops.held, (Name(), Name(length))):
                    lengths.add(length)
    lengths &= assigned_in(function.body)
    for stmt in statements(function.body):
        match stmt:
            case Assign(room, Call(fn)) if fn is grown:
                pass
            case Store(room, (Name(length),)) if length in lengths:
                pass
            case _:
                continue
        for name in sorted(live[stmt]):
            if room in near.get(name, ()):
                message = f"a list that may be read as `{name}` too gets more items"
                hint = "make a new list: list(...)"
                raise refuse("unsupported-list", message, stmt.span, hint, function.name)


def _rooms(value: Expr, near: Mapping[str, set[str]]) -> set[str]:
    """The lists that a value may be, or hold."""
    match value:
        case Name(name):
            return near.get(name, set())
        case Call(ops.held, (Name(room), _)):
            return {room}
        case Tuple(items) | Call(ops.select | ops.both | ops.either | ops.record, items):
            return set().union(*(_rooms(item, near) for item in items))
        case Index(Tuple() as owner):  # an item of a list is no list
            return _rooms(owner, near)
    return set()
