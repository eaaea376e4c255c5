"""Lists of anything that a loop fills, whose trips the run counts: rooms for more than they hold.

Goal: from the first such loop on, a list that was a name for each of its items is one array and how many items are in
it; whether the items are numbers, or arrays of one shape, is seen when types are known.  Non-goals: lists that go by
another name, or are made and filled on one side of a branch alone.

    rows = []                           rows_room = listed(8); rows_length = 0
    for i in range(n):                  for i in range(n):
        rows.append(x * i)                  rows_room = grown(rows_room, rows_length)
                                            rows_room[rows_length] = x * i; rows_length += 1
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Block, Call, Const, Effect, Expr, For, Name, Stmt, Store, Tuple, Update, While
from adcompile.ir.walk import blocks
from adcompile.normal.flow import assigned_in
from adcompile.normal.knowing import Knowledge
from adcompile.normal.records import is_list, plain, values_of
from adcompile.runtime import grown

_ROOM = 8


class Growing:
    """The lists of one function that got a room."""

    def __init__(self, known: Knowledge) -> None:
        self.known = known
        self.loops = 0  # how many are around

    def before(self, loop: For | While) -> list[Stmt]:
        """Rooms for the lists that a loop fills."""
        made: list[Stmt] = []
        bound = assigned_in(loop.body)
        for name in sorted({*_appended(loop.body, True)} - bound - self.known.shared):
            if not is_list(self.known.of(name)):
                continue
            items = [*(values_of(self.known.of(name) or Const(None)) or {}).values()]
            base = self.known.fresh.name(f"{name}_room"), self.known.fresh.name(f"{name}_length")
            room, length = map(Name, base)
            made.append(Assign(room.id, Call(ops.listed, (Const(max(_ROOM, len(items))),)), span=loop.span))
            made.append(Assign(length.id, Const(0), span=loop.span))
            for item in items:
                whole = self.known.in_full(item)
                made += _added(room, length, plain(whole), loop, self.is_named(item, whole))
            self.known.values[name] = Call(ops.held, (room, length))
        return made

    def room(self, body: Block) -> list[Stmt]:
        """At the start of a loop's body, room for what it adds."""
        made: list[Stmt] = []
        for name, most in _appended(body, False).items():
            if (parts := self.parts(name)) is not None:
                room, length = parts
                last: Expr = length if most == 1 else Call(np.add, (length, Const(most - 1)))
                made.append(Assign(room.id, Call(grown, (room, last))))
        return made

    @contextmanager
    def around(self) -> Iterator[None]:
        """Inside, a loop is around."""
        self.loops += 1
        yield
        self.loops -= 1

    def parts(self, name: str) -> tuple[Name, Name] | None:
        """The room of a list, and the variable that says how many items are in it."""
        match self.known.of(name):
            case Call(ops.held, (Name() as room, Name() as length), ()):
                return room, length
        return None

    def append(self, name: str, value: Expr, stmt: Effect) -> list[Stmt] | None:
        """One item more; nothing for what is no list that has a room."""
        if (parts := self.parts(name)) is None:
            return None
        room, length = parts
        more = [] if self.loops else [Assign(room.id, Call(grown, (room, length)), span=stmt.span)]
        return [*more, *_added(room, length, value, stmt, self.is_named(stmt.call.args[2], value))]

    def is_named(self, item: Expr, value: Expr) -> bool:
        """Whether a new item, as the user wrote it and as it is, may be a list that has a name (a list that does not
        change is a tuple here); it is not changed after that."""
        if not (is_list(value) or isinstance(value, Tuple)) or _is_display(item):
            return False
        if isinstance(item, Name):
            self.known.shared.add(item.id)
        return True


def _is_display(item: Expr) -> bool:
    """Whether an expression makes a new list by its form."""
    return isinstance(item, Tuple) or (isinstance(item, Call) and item.fn in (ops.record, np.multiply))


def _added(room: Name, length: Name, value: Expr, of: Stmt, named: bool = False) -> list[Stmt]:
    store = Store(room.id, (length,), value, appends=True, named=named, span=of.span, origin=of.origin)
    return [store, Update(length.id, np.add, Const(1), span=of.span)]


def _appended(block: Block, deep: bool) -> dict[str, int]:
    """How often each variable is appended to, in the loops inside too where that is asked for."""
    found: dict[str, int] = {}
    for stmt in block:
        match stmt:
            case Effect(Call(ops.method, (Name(name), Const("append"), _))):
                found[name] = found.get(name, 0) + 1
        inner = () if isinstance(stmt, (For, While)) and not deep else blocks(stmt)
        for name, count in (pair for part in inner for pair in _appended(part, deep).items()):
            found[name] = found.get(name, 0) + count
    return found
