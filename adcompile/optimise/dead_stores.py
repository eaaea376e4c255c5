"""Stores that no later load can see go.

Goal: the zeros that the adjoint of an overwriting leaves behind (`y_bar[i] = 0.0`), where nothing reads that element
again; and an addition whose only reader is the next line is made there.  Only for arrays made here and never given
away whole.

Non-goals: stores hidden by later stores in another iteration or behind a branch.

    for i in range(n):                     for i in range(n):
        y_bar[i] += a              ->          v_bar = y_bar[i] + a
        v_bar = y_bar[i]                       x_bar[i] = v_bar
        y_bar[i] = 0.0
        x_bar[i] = v_bar
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np

from adcompile.analysis.effects import loaded_roots, written_roots
from adcompile.analysis.subscripts import accesses
from adcompile.analysis.visibility import Place, Visibility
from adcompile.ir.fold import folded
from adcompile.ir.nodes import Accum, Block, Call, Expr, For, Function, If, Index, Name, Return, Stmt, While
from adcompile.ir.walk import blocks, expressions, mapped, with_expressions
from adcompile.optimise.rewriting import each_block, with_body


def dead_stores(function: Function) -> Function:
    """`function` without stores to its own arrays that are never read."""
    visible = Visibility(function)
    stores = [place for places in visible.stores.values() for place in places]
    dead = {id(place.stmt) for place in stores if next(visible.seen(place), None) is None}
    if dead:
        body = each_block(function.body, lambda block: tuple(s for s in block if id(s) not in dead))
        return dead_stores(with_body(function, body))
    for place in stores:
        user = _only_reader(function, place, visible)
        if user is not None and isinstance(place.stmt, Accum):
            return dead_stores(_read_with(place.stmt, user, function))
    return function


def _only_reader(function: Function, place: Place, visible: Visibility) -> Stmt | None:
    """The one statement that reads what an addition leaves, if it stands behind it in its block and reads that once."""
    addition = place.stmt
    if not isinstance(addition, Accum):
        return None
    seen = [*islice(visible.seen(place), 2)]
    if len(seen) != 1 or visible.seen_later(seen[0], place) or seen[0].access.index != addition.index:
        return None
    user = seen[0].place.stmt
    if seen[0].place.steps[:-1] != place.steps[:-1] or isinstance(user, (For, While, If, Return)):
        return None
    holder, which, position = place.steps[-1]
    block = function.body if holder is None else blocks(holder)[which]
    between = block[position + 1 : seen[0].place.steps[-1][2]]
    reads = {root for expr in expressions(addition) for root in loaded_roots(expr, visible.roots)}
    root = visible.roots.find(addition.array)
    once = sum(access.kind == "load" for access in accesses((user,), root, visible.roots)) == 1
    return user if once and not written_roots(between, visible.roots) & (reads | {root}) else None


def _read_with(addition: Accum, user: Stmt, function: Function) -> Function:
    """The function with an addition made where its element is read."""
    load = Index(Name(addition.array), addition.index)
    total = folded(Call(np.add, (load, addition.value)), function.types)

    def one(expr: Expr) -> Expr:
        return total if expr == load else expr

    new = with_expressions(user, [folded(mapped(expr, one), function.types) for expr in expressions(user)])
    if not user.origin:
        new = replace(new, origin=addition.origin)

    def changed(block: Block) -> Block:
        return tuple(new if s is user else s for s in block if s is not addition)

    return with_body(function, each_block(function.body, changed))
