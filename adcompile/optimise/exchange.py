"""Arrays whose whole contents trade places trade names instead.

Goal: two buffers of a time loop cost nothing to exchange.  What a user writes as `u, new = new, u` is, for the stages
that differentiate, a loop over all elements; here it becomes an exchange again, of the function's arrays and of their
adjoints.  The loops around carry the arrays, as `ssa` would have them.

Legal for arrays that are made here, alike in shape, type and memory order, and known by one name alone; the loops that
exchange them run over every element, and stand under no branch and in no parallel loop.

Non-goals: copies of an array whose old contents are never read again.

    for _ in range(n):                          for _ in range(n):
        ...                                         ...
        for i in range(u.shape[0]):        ->       u, new = new, u
            new_new = u[i]
            u[i] = new[i]
            new[i] = new_new
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.errors import Span
from adcompile.ir import ops
from adcompile.ir.affine import same_integer
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    Index,
    Name,
    Names,
    Stmt,
    Store,
    While,
)
from adcompile.ir.types import Type
from adcompile.ir.walk import core_names, defines, expressions, nodes, replaced, statements, uses
from adcompile.optimise.rewriting import lengths, made_length

_LIKE = (np.empty_like, np.zeros_like)
_IN_ROWS = (np.empty, np.zeros, ops.copy)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A loop nest that exchanges arrays: `after` says whose contents each of them has then, and `rest` is what the nest
    does besides, before that."""

    after: Mapping[str, str]
    rest: Block
    span: Span | None


def exchange(function: Function) -> Function:
    """`function` with exchanges of whole arrays made by name."""
    found = dict(_Finder(function).exchanges(function.body))
    return _Rewriter(function, found).run() if found else function


class _Finder:
    """Finds the loop nests that exchange arrays."""

    def __init__(self, function: Function) -> None:
        self.types: Mapping[str, Type] = function.types
        self.source = lengths(function)
        known = roots(function)
        others = (name for name in function.types if known.find(name) != name)
        joined = {alias for name in others for alias in (name, known.find(name))}
        self.made = {
            stmt.target: stmt.value
            for stmt in statements(function.body)
            if isinstance(stmt, Assign)
            and isinstance(stmt.value, Call)
            and stmt.value.fn in (*_LIKE, *_IN_ROWS)
            and is_allocation(stmt.value)
            and stmt.target not in joined
        }

    def exchanges(self, block: Block) -> Iterator[tuple[Stmt, _Exchange]]:
        for stmt in block:
            if isinstance(stmt, For) and (found := self.exchange(stmt)) is not None:
                yield stmt, found
            elif isinstance(stmt, While) or (isinstance(stmt, For) and not stmt.parallel):
                yield from self.exchanges(stmt.body)

    def exchange(self, nest: For) -> _Exchange | None:
        loops = [nest]
        while len(loops[-1].body) == 1 and isinstance(inner := loops[-1].body[0], For):
            loops.append(inner)
        if any(loop.carried or loop.parallel for loop in loops):
            return None
        body = loops[-1].body
        if not all(isinstance(stmt, (Assign, Store)) for stmt in body):
            return None
        at = {loop.index: loop for loop in loops}
        taken: dict[str, Index] = {}  # names of elements
        stored: dict[str, tuple[Store, str]] = {}  # for each array, the array whose element is stored to it
        for stmt in body:
            if isinstance(stmt, Assign) and isinstance(stmt.value, Index):
                taken[stmt.target] = stmt.value
            if isinstance(stmt, Store):
                value = taken.get(stmt.value.id) if isinstance(stmt.value, Name) else stmt.value
                if (
                    isinstance(value, Index)
                    and isinstance(value.array, Name)
                    and value.index == stmt.index
                    and stmt.array not in stored
                ):
                    stored[stmt.array] = (stmt, value.array.id)
        after = _permutation({array: source for array, (_, source) in stored.items()})
        if not after or not all(self.whole(array, stored[array][0].index, at) for array in after):
            return None
        if not all(self.alike(cycle) for cycle in _cycles(after)):
            return None
        rest = _rest(body, [stored[array][0] for array in after], stored[next(iter(after))][0].index)
        if rest is None:
            return None
        for loop in reversed(loops):
            rest = (replace(loop, body=rest),) if any(isinstance(s, (Store, For)) for s in rest) else ()
        return _Exchange(after, rest, stored[next(iter(after))][0].span)

    def whole(self, array: str, index: tuple[Expr, ...], loops: Mapping[str, For]) -> bool:
        """Whether loops over a subscript reach every element of an array that is made here, once."""
        made = self.made.get(array)
        names = [part.id if isinstance(part, Name) else "" for part in index]
        if made is None or len(names) != len(loops) or set(names) != set(loops):
            return False
        return all(self.reached(made, axis, loops[name]) for axis, name in enumerate(names))

    def reached(self, made: Call, axis: int, loop: For) -> bool:
        """Whether a loop runs over a whole axis."""
        length = self.source(made_length(made, axis))
        start, stop = self.source(loop.start), self.source(loop.stop)
        return loop.step == Const(1) and start == Const(0) and same_integer(stop, length, self.types)

    def alike(self, arrays: list[str]) -> bool:
        """Whether arrays have one type and one order in memory."""
        return len({self.types[array] for array in arrays}) == 1 and len(set(map(self.order, arrays))) == 1

    def order(self, array: str) -> str:
        """The array whose order in memory another has; nothing for rows one after the other, as of every copy."""
        made = self.made.get(array)
        if made is None:
            return array
        like = made.args[0]
        return self.order(like.id) if made.fn in _LIKE and isinstance(like, Name) else ""


def _permutation(sources: dict[str, str]) -> dict[str, str]:
    """The arrays that trade contents among themselves alone, and whose contents each of them gets."""
    while outside := {array for array, source in sources.items() if source not in sources or source == array}:
        sources = {array: source for array, source in sources.items() if array not in outside}
    return sources if len(set(sources.values())) == len(sources) else {}


def _cycles(after: Mapping[str, str]) -> Iterator[list[str]]:
    """The arrays that trade contents with one another."""
    left = dict(after)
    while left:
        cycle = [next(iter(left))]
        while (source := left.pop(cycle[-1])) != cycle[0]:
            cycle.append(source)
        yield cycle


def _rest(body: Block, stores: list[Store], index: tuple[Expr, ...]) -> Block | None:
    """What else a body does, if all of it can be done before the exchange: it reads the elements that are exchanged,
    and reads them before they change."""
    arrays = {store.array for store in stores}
    written: set[str] = set()
    rest: list[Stmt] = []
    for stmt in body:
        for part in (node for expr in expressions(stmt) for node in nodes(expr)):
            if isinstance(part, Index) and isinstance(part.array, Name) and part.array.id in arrays:
                if part.index != index or part.array.id in written:
                    return None
            elif isinstance(part, Call) and not arrays.isdisjoint(a.id for a in part.args if isinstance(a, Name)):
                return None
        if isinstance(stmt, Store) and stmt.array in arrays:
            if stmt not in stores:
                return None
            written.add(stmt.array)
        else:
            rest.append(stmt)
    while dead := [s for s in rest if isinstance(s, Assign) and not any(s.target in uses(other) for other in rest)]:
        rest = [stmt for stmt in rest if stmt not in dead]
    return tuple(rest)


class _Rewriter:
    """Puts names in the place of exchanges: each array goes by the name that its contents have now."""

    def __init__(self, function: Function, found: Mapping[Stmt, _Exchange]) -> None:
        self.function = function
        self.found = found
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.places: dict[str, Span | None] = {}  # where each array was exchanged last

    def run(self) -> Function:
        body = self.block(self.function.body, {})
        return replace(self.function, body=body, types=self.types)

    def block(self, block: Block, now: dict[str, str]) -> Block:
        """A block under the names of `now`, which becomes those after it."""
        out: list[Stmt] = []
        for stmt in block:
            traded = self.found.get(stmt)
            if traded is not None:
                out += _renamed(traded.rest, now)
                self.places.update(dict.fromkeys(traded.after, traded.span))
                now.update({array: now.get(source, source) for array, source in traded.after.items()})
            elif isinstance(stmt, (For, While)) and any(inner in self.found for inner in statements(stmt.body)):
                out.append(self.loop(stmt, now))
            else:
                out += _renamed((stmt,), now)
        return tuple(out)

    def loop(self, loop: For | While, now: dict[str, str]) -> Stmt:
        """A loop that carries the arrays that are exchanged in it."""
        arrays = self.traded(loop)
        known = self.known(loop)
        inner = {array: self.fresh(known.get(array, array)) for array in arrays}
        inside = {**now, **inner}
        (head,) = _renamed((replace(loop, body=()),), inside if isinstance(loop, While) else now)
        assert isinstance(head, (For, While))
        body = self.block(loop.body, inside)
        results = {array: self.fresh(array) for array in arrays}
        carried = tuple(
            Carry(
                inner[array], Name(now.get(array, array)), Name(inside[array]), results[array], self.places.get(array)
            )
            for array in arrays
        )
        now.update(results)
        return replace(head, body=body, carried=(*head.carried, *carried))

    def traded(self, loop: For | While) -> list[str]:
        """The arrays from before a loop that are exchanged in it."""
        inside = list(statements(loop.body))
        own = {name for stmt in inside for name in defines(stmt)}
        found = (array for stmt in inside if stmt in self.found for array in self.found[stmt].after)
        return [array for array in dict.fromkeys(found) if array not in own]

    def known(self, loop: For | While) -> Mapping[str, str]:
        """By which array's name contents go in a body that begins with an exchange."""
        first = self.found.get(loop.body[0])
        return {source: array for array, source in first.after.items()} if first is not None else {}

    def fresh(self, array: str) -> str:
        name = self.names.fresh(array)
        self.types[name] = self.types[array]
        return name


def _renamed(block: Block, now: Mapping[str, str]) -> Block:
    return replaced(block, {array: Name(name) for array, name in now.items()})
