"""Checkpoints: a long loop reversed in bounded memory.

Goal: a loop that would tape something in every iteration keeps snapshots of its state in a few of them instead; the
reverse sweep goes forward again from the nearest one.  Which iterations is the binomial schedule, which does the least
work for the number of snapshots; it is found as the loop runs, so the number of iterations may be anything.
Non-goals: a `while`, whose end is not known before; a loop in a loop that is checkpointed.

    for t in range(n):
        s = np.sin(s)
has, with `room` snapshots, the reverse sweep
    for t in range(n - 1, -1, -1):
        first = at[top - 1]
        s = snapshots[top - 1]
        due = next_checkpoint(first, t + 1, room - top)
        for r in range(first, t):
            if r == due: (a snapshot more; top = top + 1; due = next_checkpoint(r, t + 1, room - top))
            s = np.sin(s)
        s_bar = np.cos(s) * s_bar
        if at[top - 1] == t: top = top - 1

What an iteration writes and nothing after it writes again (`path[t + 1] = ...`) is no part of the state.

Method: Griewank & Walther, "Algorithm 799: revolve" (2000); *Evaluating Derivatives* (2nd ed.), section 12.3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from adcompile import schedule
from adcompile.analysis.effects import arrays_read
from adcompile.chain import ZERO
from adcompile.ir import ops
from adcompile.ir.affine import difference
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    If,
    Index,
    Merge,
    Name,
    Stmt,
    Store,
    Tuple,
    base_of,
)
from adcompile.ir.types import INT, Array, Scalar, ndim
from adcompile.ir.walk import binds, expressions, loads, renamed, statements, uses
from adcompile.transform.loop_kinds import inside
from adcompile.transform.plan import bytes_of
from adcompile.transform.scopes import Scope
from adcompile.transform.tape import integer, trips
from adcompile.transform.undo import Undo


@dataclass(frozen=True)
class Snapshots:
    """What is kept of a loop's state, and where."""

    loop: For
    room: str  # how many there may be
    at: str  # the iteration of each
    top: str  # how many there are after the forward sweep
    now: str  # how many there are before an iteration of the reverse sweep, and
    later: str  # after it has gone forward to its own
    scalars: dict[str, tuple[Carry, str]]  # carried values
    arrays: dict[str, str]  # arrays that the loop writes


class Checkpoints(Undo):
    """Reverses some loops from snapshots."""

    # ------------------------------------------------------------------------------------ which loops
    def can_checkpoint(self, loop: For) -> bool:
        """Whether the state of a loop is known: scalars, and arrays that go by one name made outside."""
        own = inside(loop.body) | set(binds(loop))
        made = self.made_in(loop.body)
        if any(not isinstance(self.types[c.inner], Scalar) for c in loop.carried):
            return False
        return all(
            stmt.array not in own
            for stmt in statements(loop.body)
            if isinstance(stmt, (Store, Accum)) and self.roots.find(stmt.array) not in made
        )

    def _state(self, loop: For) -> tuple[list[Carry], list[str]]:
        """What an iteration hands to the next: carried values (but sums nobody reads) and arrays."""
        count = Counter(name for stmt in statements(loop.body) for name in uses(stmt))
        count.update(c.yielded.id for c in loop.carried if isinstance(c.yielded, Name))
        carried = [c for c in loop.carried if count[c.inner] and not self.sum_chain(c, count)]
        made = self.made_in(loop.body)
        arrays: dict[str, str] = {}
        for stmt in statements(loop.body):
            if isinstance(stmt, (Store, Accum)):
                root = self.roots.find(stmt.array)
                if root not in made and root not in arrays and not self.written_once(root, loop):
                    arrays[root] = stmt.array
        return carried, list(arrays.values())

    def written_once(self, root: str, loop: For) -> bool:
        """Whether each iteration of a loop fills places of its own of an array, and none reads a place before that."""
        assert isinstance(loop.step, Const)
        if (loop, root) in self.plan.recalled:
            return False
        places: list[tuple[Expr, ...]] = []
        for stmt in statements(loop.body):
            if isinstance(stmt, (Store, Accum)) and self.roots.find(stmt.array) == root:
                if isinstance(stmt, Accum):
                    return False
                places.append(stmt.index)
        index = Name(loop.index)
        reads = [part for stmt in statements(loop.body) for part in expressions(stmt)]
        mine = [load for part in reads for load in loads(part) if self.roots.find(load.array.id) == root]  # type: ignore[union-attr]
        if sum(self.roots.find(name) == root for part in reads for name in arrays_read(part)) > len(mine):
            return False
        for axis in range(len(places[0])):
            shifts = {difference(place[axis], index, self.types) for place in places}
            if len(shifts) == 1 and None not in shifts:
                (shift,) = shifts
                distances = (difference(load.index[axis], index, self.types) for load in mine)
                return all(d is not None and (d - shift) * loop.step.value < 0 for d in distances)  # type: ignore[operator]
        return False

    # ------------------------------------------------------------------------------------ the forward sweep
    def snapshots(self, loop: For) -> Snapshots:
        """Lets the forward sweep of a loop keep snapshots."""
        scope = self.frame.scope
        carried, arrays = self._state(loop)
        before = scope.before[loop]
        room = self.fresh("room", INT)
        count = trips(loop)[0]
        before.append(Assign(room, self._room(count, carried, arrays)))
        at = self._array("at", Array("int64", 1), (Name(room),), before)
        scalars = {}
        for c in carried:
            type_ = self.types[c.inner]
            assert isinstance(type_, Scalar)
            tape = self._array(f"{base_of(c.inner)}_kept", Array(type_.dtype, 1), (Name(room),), before)
            scalars[c.inner] = (c, tape)
        kept = {}
        for array in arrays:
            type_ = self.types[array]
            assert isinstance(type_, Array)
            shape: tuple[Expr, ...] = (
                Name(room),
                *(Call(ops.dim, (Name(array), Const(axis))) for axis in range(type_.ndim)),
            )
            kept[array] = self._array(f"{base_of(array)}_kept", Array(type_.dtype, type_.ndim + 1), shape, before)
        top = self.fresh("top", INT)
        found = Snapshots(loop, room, at, top, self.fresh("top", INT), self.fresh("top", INT), scalars, kept)
        inner, due = self.fresh("top", INT), self.fresh("due", INT)
        values: dict[str, Atom] = {c.inner: Name(c.inner) for c in carried}
        start = loop.start if isinstance(loop.start, (Name, Const)) else Name(self.fresh("start", INT))
        if start is not loop.start:
            before.append(Assign(start.id, loop.start))  # type: ignore[union-attr]
        keep, (top_after, due_after) = self._keep(found, Name(loop.index), loop.stop, inner, due, values)
        scope.start[(loop, 0)].append(keep)
        scope.carried[loop] += [
            Carry(inner, Const(0), Name(top_after), top),
            Carry(due, start, Name(due_after), self.fresh("due", INT)),
        ]
        return found

    def _array(self, base: str, type_: Array, shape: Sequence[Expr], out: list[Stmt]) -> str:
        name = self.fresh(base, type_)
        dtype = () if type_.dtype == "float64" else (Const(np.dtype(type_.dtype).type),)
        size = shape[0] if len(shape) == 1 else Tuple(tuple(shape))
        out.append(Assign(name, Call(np.empty, (size, *dtype))))
        return name

    def _room(self, count: Expr, carried: list[Carry], arrays: list[str]) -> Expr:
        """How many snapshots there is room for."""
        if self.plan.bound is True:
            return Call(schedule.checkpoints, (count,))
        if isinstance(self.plan.bound, int):
            return Call(max, (Call(min, (Const(self.plan.bound), count)), Const(1)))
        size: Expr = Const(8 + sum(self._bytes(c.inner) for c in carried))
        for array in arrays:
            one: Expr = Const(self._bytes(array))
            for axis in range(self.types[array].ndim):  # type: ignore[union-attr]
                one = integer(np.multiply, one, Call(ops.dim, (Name(array), Const(axis))))
            size = integer(np.add, size, one)
        total = bytes_of(self.plan.bound or "")
        assert total is not None
        return Call(max, (Call(min, (integer(np.floor_divide, Const(total), size), count)), Const(1)))

    def _bytes(self, name: str) -> int:
        type_ = self.types[name]
        assert isinstance(type_, (Scalar, Array))
        return int(np.dtype(type_.dtype).itemsize)

    def _keep(
        self, of: Snapshots, index: Atom, beyond: Expr, top: str, due: str, values: dict[str, Atom]
    ) -> tuple[If, tuple[str, str]]:
        """A snapshot, if one is due; how many there are then, and when the next is due."""
        body: list[Stmt] = [Store(of.at, (Name(top),), index)]
        body += [Store(tape, (Name(top),), values[inner]) for inner, (_, tape) in of.scalars.items()]
        for array, tape in of.arrays.items():
            body.append(self._copied(array, tape, (Name(top),), array, ()))
        more, later = self.fresh("top", INT), self.fresh("due", INT)
        body.append(Assign(more, integer(np.add, Name(top), Const(1))))
        free = integer(np.subtract, Name(of.room), Name(more))
        body.append(Assign(later, Call(schedule.next_checkpoint, (index, beyond, free))))
        top_after, due_after = self.fresh("top", INT), self.fresh("due", INT)
        merges = (Merge(top_after, Name(more), Name(top)), Merge(due_after, Name(later), Name(due)))
        return If(Call(np.equal, (index, Name(due))), tuple(body), (), merges), (top_after, due_after)

    def _copied(self, like: str, target: str, row: tuple[Expr, ...], source: str, other: tuple[Expr, ...]) -> Stmt:
        """`target[row] = source[other]`, element by element; a row, or a whole, has the shape of `like`."""
        indices = [self.fresh(base, INT) for base, _ in zip("ijklmn", range(ndim(self.types[like])), strict=False)]
        place = tuple(map(Name, indices))
        return self.nest(indices, like, (Store(target, (*row, *place), Index(Name(source), (*other, *place))),))

    # ------------------------------------------------------------------------------------ the reverse sweep
    def advance(self, of: Snapshots, index: Atom, out: list[Stmt]) -> dict[str, Expr]:
        """Goes to the state just before an iteration: the last snapshot, and the loop from there.

        Returns the values of the carried names."""
        loop = of.loop
        assert isinstance(loop.step, Const)
        slot, first = self.fresh("last", INT), self.fresh("first", INT)
        out.append(Assign(slot, integer(np.subtract, Name(of.now), Const(1))))
        out.append(Assign(first, Index(Name(of.at), (Name(slot),))))
        for array, tape in of.arrays.items():
            out.append(self._copied(array, array, (), tape, (Name(slot),)))
        beyond = integer(np.add, index, loop.step)
        free = integer(np.subtract, Name(of.room), Name(of.now))
        due = self.fresh("due", INT)
        out.append(Assign(due, Call(schedule.next_checkpoint, (Name(first), beyond, free))))

        values: dict[str, Expr] = {c.inner: ZERO for c in loop.carried}  # of sums, which nobody reads
        kept: dict[str, str] = {}
        inners: dict[str, Atom] = {}
        for inner, (_, tape) in of.scalars.items():
            kept[inner] = self.fresh(base_of(inner), self.types[inner])
            out.append(Assign(kept[inner], Index(Name(tape), (Name(slot),))))
            inners[inner] = values[inner] = Name(self.fresh(base_of(inner), self.types[inner]))
        number = self.fresh("r", INT)
        values[loop.index] = Name(number)
        now, then = self.fresh("top", INT), self.fresh("due", INT)
        keep, (top_after, due_after) = self._keep(of, Name(number), beyond, now, then, inners)
        own = inside(loop.body) | set(binds(loop))
        for name in sorted({n for s in statements(loop.body) for n in uses(s)} - own):
            if isinstance(self.types[name], Scalar) or name in self.where:
                values[name] = self.value(name)
        plain = Scope((loop, 0)).rebuilt(loop.body, (loop, 0), effects=False)
        copy, names = renamed(plain, self.names, self.types, values)  # type: ignore[arg-type]
        carried = []
        state: dict[str, Expr] = {c.inner: ZERO for c in loop.carried}
        for inner, (c, _) in of.scalars.items():
            yielded = names.get(c.yielded.id, c.yielded) if isinstance(c.yielded, Name) else c.yielded
            if isinstance(c.yielded, Name) and c.yielded.id not in names:
                yielded = self.value(c.yielded.id)
            result = self.fresh(base_of(inner), self.types[inner])
            carried.append(Carry(inners[inner].id, Name(kept[inner]), yielded, result))  # type: ignore[union-attr, arg-type]
            state[inner] = Name(result)
        carried.append(Carry(now, Name(of.now), Name(top_after), of.later))
        carried.append(Carry(then, Name(due), Name(due_after), self.fresh("due", INT)))
        body: Block = (keep, *(replace(s, origin="") for s in copy))
        out.append(For(number, Name(first), index, loop.step, body, tuple(carried)))
        return state

    def released(self, of: Snapshots, index: Atom, out: list[Stmt]) -> Carry:
        """The number of snapshots from one reversed iteration to the next: its own is not needed again."""
        slot, less = self.fresh("last", INT), self.fresh("top", INT)
        out.append(Assign(slot, integer(np.subtract, Name(of.later), Const(1))))
        own = Call(np.equal, (Index(Name(of.at), (Name(slot),)), index))
        out.append(Assign(less, Call(ops.select, (own, Name(slot), Name(of.later)))))
        return Carry(of.now, Name(of.top), Name(less), self.fresh("top", INT))

    def given_back(self, of: Snapshots) -> None:
        """Memory as it was before the loop: the first snapshot, if the loop ran at all."""
        if not of.arrays:
            return
        first = (Const(0),)
        body = tuple(self._copied(array, array, (), tape, first) for array, tape in of.arrays.items())
        self.emit(If(Call(np.greater, (Name(of.top), Const(0))), body, ()))
