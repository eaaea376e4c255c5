"""Short loops inside loops are written out.

Goal: what a loop over three coordinates sums up is in scalars, its subscripts are known to be apart, and the loop
around it is the innermost, whose iterations can go side by side.  Compilers write such loops out as well, but only when
they have long been differentiated: with sums in memory and elements that nobody can tell apart.

Legal wherever the trips are known.  Done where the loop around it has more to do, and becomes the innermost.
Non-goals: loops that stand alone or only fill a row; long bodies; steps that begin with what the last one has
computed (`abreast` makes vectors of them).

    for i in range(n):                       for i in range(n):
        r2 = 0.0                                 d = x[i, 0] - c
        for k in range(2):                       r2 = d * d
            d = x[i, k] - c           ->         d_2 = x[i, 1] - c
            r2 += d * d                          r2_2 = r2 + d_2 * d_2
        y[i] = 1.0 / r2                          y[i] = 1.0 / r2_2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adcompile.analysis.sums import is_sum
from adcompile.ir.nodes import (
    Assign,
    Atom,
    Block,
    Const,
    Effect,
    Expr,
    For,
    Function,
    If,
    Name,
    Names,
    Stmt,
    While,
)
from adcompile.ir.types import FLOAT, Type
from adcompile.ir.walk import all_names, blocks, renamed, statements, with_blocks

MOST = 4  # trips
LONGEST = 32  # statements that the loop around may have then


def short_loops(function: Function) -> Function:
    """`function` with the short loops that its innermost loops but one have among other things written out."""
    types: dict[str, Type] = dict(function.types)
    names = Names(tuple(all_names(function)))

    def block(stmts: Block) -> Block:
        return tuple(around(with_blocks(stmt, [block(inner) for inner in blocks(stmt)])) for stmt in stmts)

    def around(stmt: Stmt) -> Stmt:
        if not isinstance(stmt, For) or not _worth(stmt):
            return stmt
        out: list[Stmt] = []
        for inner in stmt.body:
            out += iterations(inner, names, types)[0] if isinstance(inner, For) else [inner]
        return replace(stmt, body=tuple(out))

    return replace(function, body=block(function.body), types=types)


def _worth(loop: For) -> bool:
    """Whether the loops in a loop are all short, and give something to what else it does."""
    inner = [stmt for stmt in loop.body if isinstance(stmt, For)]
    alone = len(inner) == len(loop.body) and not any(stmt.carried for stmt in inner)
    if not inner or alone or not all(_short(stmt) for stmt in inner):
        return False
    others = [stmt for stmt in loop.body if not isinstance(stmt, For)]
    if any(isinstance(stmt, (For, While)) for stmt in statements(others)):
        return False
    count = sum(len(trips(stmt) or ()) * _length(stmt.body) for stmt in inner)
    return count + _length(tuple(others)) <= LONGEST


def _short(loop: For) -> bool:
    values = trips(loop)
    if values is None or not 0 < len(values) <= MOST or loop.parallel:
        return False
    if any(isinstance(stmt, (For, While, If, Effect)) for stmt in statements(loop.body)):
        return False
    return all(is_sum(loop, c) for c in loop.carried)


def _length(block: Block) -> int:
    return sum(1 for _ in statements(block))


def trips(loop: For) -> range | None:
    """The values of a loop's index, if they are known."""
    bounds = (loop.start, loop.stop, loop.step)
    if not all(isinstance(bound, Const) and isinstance(bound.value, int) for bound in bounds):
        return None
    return range(*(bound.value for bound in bounds))  # type: ignore[union-attr]


def iterations(loop: For, names: Names, types: dict[str, Type]) -> tuple[list[Stmt], list[Mapping[str, Expr]]]:
    """Every iteration of a loop of known trips, one after another, and what the names of the loop are in each."""
    out: list[Stmt] = []
    known: list[Mapping[str, Expr]] = []
    carried: list[Expr] = [_typed(c.init, types.get(c.inner)) for c in loop.carried]
    for number in trips(loop) or ():
        values: dict[str, Expr] = {loop.index: Const(number)}
        values.update(zip((c.inner for c in loop.carried), carried, strict=True))
        copy, new = renamed(loop.body, names, types, values)  # type: ignore[arg-type]
        out += copy
        known.append(new)
        carried = [new.get(c.yielded.id, c.yielded) if isinstance(c.yielded, Name) else c.yielded for c in loop.carried]
    for c, value in zip(loop.carried, carried, strict=True):
        out.append(Assign(c.result, value, span=loop.span))
    return out, known


def _typed(atom: Atom, type_: Type | None) -> Atom:
    """A number that a loop starts from, as what the loop carries."""
    if isinstance(atom, Const) and type(atom.value) is int and type_ == FLOAT:
        return Const(float(atom.value))
    return atom
