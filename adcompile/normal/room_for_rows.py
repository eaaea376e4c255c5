"""Where lists of arrays get room for more.

Goal: a list that a branch may append an array to has the room for it before the branch, or at the start of the body of
the loop around, where the surface asked for room (`frontend.lists`) without knowing how long the arrays are.  Room that
is made where the array is appended, in no branch, stays there.  Non-goals: arrays whose lengths depend on what the loop
or the branch makes (refused in branches, `fixed_buffers` and `transform.grown_in_branches`).

    for k in range(n):                          for k in range(n):
        hs.1 = grown(hs, count)                     hs.1 = grown_rows(hs, count, x.shape[0])
        if x[k] > 0.0:                              if x[k] > 0.0:
            hs.2 = grown_rows(hs.1, count, x.shape[0])
            hs.2[count, :] = x                          hs.1[count, :] = x

>>> from adcompile.ir.nodes import Carry, Const, Merge, Return
>>> from adcompile.ir.show import show
>>> from adcompile.ir.types import INT, Array
>>> inside = Assign("hs.3", Call(runtime.grown_rows, (Name("hs.2"), Name("k"), Const(3))))
>>> branch = If(Name("test"), (inside,), (), (Merge("hs.4", Name("hs.3"), Name("hs.2")),))
>>> room = Assign("hs.2", Call(runtime.grown, (Name("hs.1"), Name("k"))))
>>> loop = For("k", Const(0), Const(9), Const(1), (room, branch), (Carry("hs.1", Name("hs"), Name("hs.4"), "hs.5"),))
>>> types = {f"hs{n}": Array("float64", 2) for n in ("", ".1", ".2", ".3", ".4", ".5")} | {"test": INT, "k": INT}
>>> print(show(room_for_rows(Function("f", ("hs", "test"), (loop, Return(Name("hs.5"))), types))))
def f(hs, test):
    for k in range(9):  # hs.1 = hs, then hs.2, after hs.5
        hs.2 = grown_rows(hs.1, k, 3)
        if test:
            pass
    return hs.5
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from adcompile import runtime
from adcompile.analysis.aliasing import roots
from adcompile.ir.nodes import Assign, Block, Call, Expr, For, Function, If, Name, Stmt, While
from adcompile.ir.walk import binds, blocks, defines, names, replaced, statements, with_blocks


def room_for_rows(function: Function) -> Function:
    """`function`, in which no list of arrays is made longer in a branch, as far as that can be."""
    rooms = _Rooms(function)
    if not rooms.lists:
        return function
    body = rooms.block(function.body)
    return replace(function, body=replaced(body, {name: rooms.now(name) for name in rooms.values}))


class _Room(NamedTuple):
    """A statement that makes an array longer."""

    stmt: Assign
    source: Name
    place: Expr
    row: tuple[Expr, ...]  # how long the arrays are of which it holds more


class _Rooms:
    def __init__(self, function: Function) -> None:
        self.roots = roots(function)
        rooms = [room for stmt in statements(function.body) if (room := _room(stmt)) is not None]
        self.lists = {self.roots.find(room.stmt.target) for room in rooms if room.row}
        self.values: dict[str, Name] = {}  # what stands for a version that is gone

    def now(self, name: str) -> Name:
        """What stands for a version in the end."""
        while name in self.values:
            name = self.values[name].id
        return Name(name)

    def block(self, block: Block, loop: For | While | None = None) -> Block:
        """A block, the body of a loop if that is given, with the room for lists where it belongs."""
        body: Block = ()
        for stmt in block:
            around = stmt if isinstance(stmt, (For, While)) else None
            body = (*body, with_blocks(stmt, [self.block(inner, around) for inner in blocks(stmt)]))
        for asked in [room for stmt in body if (room := self.asked(stmt)) is not None]:
            body = self.placed(body, asked, loop)
        return body

    def asked(self, stmt: Stmt) -> _Room | None:
        """A statement that asks for room in a list of arrays without saying how long they are."""
        room = _room(stmt)
        return room if room and not room.row and self.roots.find(room.stmt.target) in self.lists else None

    def placed(self, body: Block, asked: _Room, loop: For | While | None) -> Block:
        """A block with room for what its branches append where room was asked for; without that if they append nothing,
        or arrays of lengths that are not known there."""
        target = asked.stmt.target
        behind = body[body.index(asked.stmt) + 1 :]
        within = body if loop is not None else tuple(s for s in behind if isinstance(s, If))[:1]
        growing = [room for stmt in _own(within) if (room := _room(stmt)) is not None and room.row]
        growing = [room for room in growing if self.roots.same(room.stmt.target, target)]
        rows = {room.row for room in growing}
        inside = {name for stmt in statements(within) for name in (*defines(stmt), *binds(stmt))}
        if loop is not None:
            inside |= {*binds(loop), *(c.inner for c in loop.carried)}
        known = len(rows) == 1 and not inside.intersection(n for row in rows for length in row for n in names(length))
        if not known or all(room.stmt in body for room in growing) or self.grows_in_loops(within, target):
            self.values[target] = asked.source
            return tuple(stmt for stmt in body if stmt is not asked.stmt)
        made = replace(asked.stmt, value=Call(runtime.grown_rows, (asked.source, asked.place, *next(iter(rows)))))
        self.values.update((room.stmt.target, room.source) for room in growing)
        gone = {room.stmt for room in growing}
        new: Block = ()
        for stmt in body:
            changed = self.without((stmt,), gone, target) if stmt in within else (stmt,)
            new = (*new, *((made,) if stmt is asked.stmt else changed))
        return new

    def grows_in_loops(self, body: Block, target: str) -> bool:
        """Whether a loop in a body carries versions of a list."""
        loops = (stmt for stmt in statements(body) if isinstance(stmt, (For, While)))
        return any(self.roots.same(c.inner, target) for loop in loops for c in loop.carried)

    def without(self, block: Block, gone: set[Assign], room: str) -> Block:
        """Statements without those that made room, and the merges of what they made it in."""
        out: list[Stmt] = []
        for stmt in block:
            if stmt in gone:
                continue
            new = with_blocks(stmt, [self.without(inner, gone, room) for inner in blocks(stmt)])
            if isinstance(new, If):
                versions = [m for m in new.merges if self.roots.same(m.result, room)]
                self.values.update((m.result, Name(room)) for m in versions)
                new = replace(new, merges=tuple(m for m in new.merges if m not in versions))
            out.append(new)
        return tuple(out)


def _room(stmt: Stmt) -> _Room | None:
    match stmt:
        case Assign(_, Call(fn, (Name() as source, place, *row))) if fn in runtime.GROWING:
            return _Room(stmt, source, place, tuple(row))
    return None


def _own(block: Block) -> Iterator[Stmt]:
    """The statements of a body, those of its branches too, but not those of loops in it."""
    for stmt in block:
        yield stmt
        if isinstance(stmt, If):
            yield from _own(stmt.then)
            yield from _own(stmt.orelse)
