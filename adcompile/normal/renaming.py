"""The names of a function where it stands inside another: what they stand for there.

Goal: statements of a callee in names of the caller, and arguments that may be written into the callee before that.
Non-goals: choosing names; evaluating arguments in order (`inline`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adcompile.frontend.functions import is_function_value
from adcompile.ir.nodes import Accum, Assign, Block, Const, Expr, For, Index, Name, Stmt, Store, Tuple, Update
from adcompile.ir.walk import blocks, expressions, mapped, names, nodes, substituted, with_blocks, with_expressions


def apart(arguments: Mapping[str, Expr]) -> tuple[dict[str, Expr], dict[str, Expr]]:
    """Arguments as the function's own statements may hold them: what a function among them has captured goes by names
    that no function has, and what those stand for."""
    known, outer = dict(arguments), dict[str, Expr]()
    for parameter, value in arguments.items():
        if any(map(is_function_value, nodes(value))):
            renamings = {name: Name(f"{name}'") for name in names(value)}
            known[parameter] = substituted(value, renamings)
            outer.update({new.id: Name(name) for name, new in renamings.items()})
    return known, outer


def renamed(block: Sequence[Stmt], values: Mapping[str, Expr]) -> Block:
    """A block of the surface dialect in other names; names assigned or written through become names."""

    def name(old: str) -> str:
        new = values.get(old, Name(old))
        assert isinstance(new, Name), (old, new)
        return new.id

    def one(stmt: Stmt) -> Stmt:
        stmt = with_expressions(stmt, [mapped(substituted(e, values), _item) for e in expressions(stmt)])
        match stmt:
            case Assign() | Update():
                stmt = replace(stmt, target=name(stmt.target))
            case Store() | Accum():
                stmt = replace(stmt, array=name(stmt.array))
            case For():
                stmt = replace(stmt, index=name(stmt.index))
        return with_blocks(stmt, [tuple(map(one, inner)) for inner in blocks(stmt)])

    return tuple(map(one, block))


def _item(expr: Expr) -> Expr:
    """`(a, b)[1]` is `b`."""
    match expr:
        case Index(Tuple(items), (Const(int(position)),)) if -len(items) <= position < len(items):
            return items[position]
    return expr
