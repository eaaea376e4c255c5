"""Elements that the next iteration of a loop needs are held in names.

Goal: a recurrence through memory waits for each store before the next load (five cycles of a chain that nothing else
can fill); in a name it does not.  Two kinds of element are held: those at places that do not change in the loop, and
the one that an iteration writes and the next, on the same line of the array, reads.  They are loaded before the loop,
if it runs at all, and are in memory again after it.

Legal for arrays that are made here and known by one name alone, where the loop touches them by elements, in no branch
or loop inside it, and all the places it touches are known to be the same or apart: `a[j]` is apart from `a[i]` as long
as `j` stays below `i`.

Non-goals: elements that are stored before they are read, which wait for nothing; recurrences over more than one
iteration; the caller's arrays.

    x[0] = b[0]                              x[0] = b[0]
    for i in range(1, n):                    x_now = x[0]
        x[i] = b[i] - a[i] * x[i - 1]   ->   for i in range(1, n):
                                                 x_now = b[i] - a[i] * x_now
                                                 x[i] = x_now
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from adcompile.analysis.aliasing import is_allocation, roots
from adcompile.analysis.least import Least
from adcompile.analysis.subscripts import accesses, line_accesses
from adcompile.ir.affine import difference, shortened
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.fold import folded
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
    Function,
    If,
    Index,
    Merge,
    Name,
    Names,
    Stmt,
    Store,
    base_of,
)
from adcompile.ir.types import FLOAT, Type, element
from adcompile.ir.walk import (
    all_names,
    binds,
    blocks,
    defines,
    expressions,
    mapped,
    names,
    nodes,
    statements,
    substituted,
    with_blocks,
    with_expressions,
)
from adcompile.optimise.rewriting import same, with_body

_MOST = 8  # places of one array

_Places = Mapping[tuple[Expr, ...], int]


@dataclass(frozen=True, slots=True)
class _Line:
    """What a loop touches of an array: by subscript, the number of the place.

    On a line the places are two, `here` and `there`, and what is `there` in one iteration is `here` in the next;
    otherwise each place is its own."""

    array: str
    places: _Places
    here: tuple[Expr, ...] | None = None
    there: tuple[Expr, ...] | None = None


def held(function: Function) -> Function:
    """`function` with elements that loops come back to held in names."""
    if not any(isinstance(stmt, For) for stmt in statements(function.body)):
        return function
    holder = _Holder(function)
    return with_body(function, holder.block(function.body), holder.types)


class _Holder:
    def __init__(self, function: Function) -> None:
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.least = Least(function)
        self.roots = roots(function)
        others = (name for name in function.types if self.roots.find(name) != name)
        joined = {alias for name in others for alias in (name, self.roots.find(name))}
        self.made = {
            stmt.target
            for stmt in statements(function.body)
            if isinstance(stmt, Assign) and is_allocation(stmt.value) and stmt.target not in joined
        }

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            new = with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)])
            if isinstance(new, For) and not new.parallel:
                out += self.loop(new, block)
            else:
                out.append(new)
        return block if same(out, block) else tuple(out)

    def loop(self, loop: For, block: Block) -> list[Stmt]:
        """A loop, what it holds loaded before it and stored behind it."""
        before: list[Stmt] = []
        behind: list[Stmt] = []
        for line in list(self.lines(loop)):
            loop, end = self.held(loop, line, block, before)
            behind += end
        return [*before, loop, *behind]

    # ------------------------------------------------------------------------------------ what may be held
    def lines(self, loop: For) -> Iterator[_Line]:
        """What is worth holding in a loop."""
        if any(isinstance(node, Index) for end in (loop.start, loop.stop) for node in nodes(end)):
            return
        varying = {name for s in statements(loop.body) for name in (*defines(s), *binds(s))} | set(binds(loop))
        written = (stmt.array for stmt in loop.body if isinstance(stmt, (Store, Accum)))
        for array in dict.fromkeys(written):
            if array in self.made - varying and element(self.types[array]) == FLOAT:
                subscripts = self.subscripts(loop, array)
                if subscripts:
                    line = self.fixed(array, subscripts, varying, loop) or self.moving(array, subscripts, varying, loop)
                    if line is not None and self.worth(loop.body, line):
                        yield line

    def subscripts(self, loop: For, array: str) -> list[tuple[Expr, ...]]:
        """The subscripts of all that a loop does with an array; none where it does anything but touch elements in its
        own lines."""
        own = [access for stmt in loop.body for name, access in line_accesses(stmt) if name == array]
        if len(own) != sum(1 for _ in accesses(loop.body, array, self.roots)):
            return []
        found = list(dict.fromkeys(access.index for access in own))
        if any(index is None or any(isinstance(n, Index) for part in index for n in nodes(part)) for index in found):
            return []
        stored = (s for s in loop.body if isinstance(s, (Store, Accum)) and s.array == array)
        if any(dtype_of(stmt.value, self.types) != FLOAT.dtype for stmt in stored):
            return []
        return [index for index in found if index is not None]

    def fixed(self, array: str, subscripts: list[tuple[Expr, ...]], varying: set[str], loop: For) -> _Line | None:
        """Places that do not change in the loop, each apart from the others, and from all that do."""
        moving = [index for index in subscripts if any(name in varying for part in index for name in names(part))]
        kept = [index for index in subscripts if index not in moving]
        if not kept or len(kept) > _MOST:
            return None
        for number, one in enumerate(kept):
            if not all(_apart(one, other) for other in kept[:number]):
                return None
            if not all(_apart(one, other) or self.out_of_reach(one, other, loop) for other in moving):
                return None
        return _Line(array, {index: number for number, index in enumerate(kept)})

    def out_of_reach(self, fixed: tuple[Expr, ...], moving: tuple[Expr, ...], loop: For) -> bool:
        """Whether a place that moves with a loop's index never comes to one that does not: that lies at the loop's end
        or behind, or before its start.  (No subscript may be negative: it would count from the end.)"""
        assert isinstance(loop.step, Const)
        if loop.step.value > 0:
            low, end = loop.start, loop.stop
        else:
            low, end = (Call(np.add, (bound, Const(1))) for bound in (loop.stop, loop.start))
        for one, other in zip(fixed, moving, strict=True):
            offset = difference(other, Name(loop.index), self.types)
            if offset is None:
                continue
            behind, before = (difference(one, bound, self.types) for bound in (end, low))
            least, lowest = self.least(low), self.least(one)
            if least is not None and least + offset >= 0 and behind is not None and behind >= offset:
                return True
            if lowest is not None and lowest >= 0 and before is not None and before < offset:
                return True
        return False

    def moving(self, array: str, subscripts: list[tuple[Expr, ...]], varying: set[str], loop: For) -> _Line | None:
        """Two places side by side on one line, that move with the loop."""
        assert isinstance(loop.step, Const)
        step = loop.step.value
        low = self.least(loop.start if step > 0 else loop.stop)
        if step not in (1, -1) or low is None:
            return None
        low += 0 if step > 0 else 1
        for axis in range(len(subscripts[0])):
            offsets = [difference(index[axis], Name(loop.index), self.types) for index in subscripts]
            rest = {(*index[:axis], *index[axis + 1 :]) for index in subscripts}
            known = {offset for offset in offsets if offset is not None}
            if None in offsets or len(rest) != 1 or any(n in varying for part in rest.pop() for n in names(part)):
                continue
            if len(known) != 2 or max(known) - min(known) != 1 or low + min(known) < 0:
                return None  # (a negative subscript would count from the end)
            ahead = max(known) if step > 0 else min(known)
            places = {index: int(offset == ahead) for index, offset in zip(subscripts, offsets, strict=True)}
            here, there = (next(index for index, at in places.items() if at == which) for which in (0, 1))
            return _Line(array, places, here, there)
        return None

    def worth(self, body: Block, line: _Line) -> bool:
        """Whether an iteration has to wait for what the last one wrote."""
        read, written = _first_read(body, line), _written(body, line)
        if line.here is None or line.there is None:
            return bool(read & written)
        return line.places[line.here] in read and line.places[line.there] in written

    # ------------------------------------------------------------------------------------ the change
    def held(self, loop: For, line: _Line, block: Block, before: list[Stmt]) -> tuple[For, list[Stmt]]:
        """A loop that holds elements, and what comes behind it; what comes before it goes to `before`."""
        read, written = _first_read(loop.body, line), _written(loop.body, line)
        behind: list[Stmt] = []
        carried: list[Carry] = []
        if line.here is None or line.there is None:
            kept = {index: at for index, at in line.places.items() if at in read & written}
            inner = {at: self.fresh(line, index) for index, at in kept.items()}
            body, now = self.body(loop.body, replace(line, places=kept), inner, set())
            for index, at in kept.items():
                init = self.loaded(line, index, loop, block, before)
                result = self.fresh(line, index)
                carried.append(Carry(inner[at], init, now[at], result))
                self.stored(loop, index, block, Store(line.array, index, Name(result)), behind)
        else:
            here, there = line.places[line.here], line.places[line.there]
            inner = {here: self.fresh(line, line.here)}
            body, now = self.body(loop.body, line, inner, {here} if here in written else {there})
            first = self.at(line.here, loop, loop.start)
            init = self.loaded(line, first, loop, block, before)
            result = self.fresh(line, line.here)
            carried.append(Carry(inner[here], init, now[there], result))
            if here in written:
                last = Call(np.subtract if loop.step == Const(1) else np.add, (loop.stop, Const(1)))
                final = self.at(line.there, loop, last)
                self.stored(loop, None, block, Store(line.array, final, Name(result)), behind)
        return replace(loop, body=body, carried=(*loop.carried, *carried)), behind

    def body(
        self, body: Block, line: _Line, inner: Mapping[int, str], stored: set[int]
    ) -> tuple[Block, dict[int, Atom]]:
        """A body that has the places of a line in names, and what these hold in the end; what it writes last to the
        places `stored` goes to memory as well."""
        now: dict[int, Atom] = {at: Name(name) for at, name in inner.items()}
        last = {line.places[s.index]: s for s in body if isinstance(s, (Store, Accum)) and self.touches(s, line)}
        out: list[Stmt] = []

        def load(expr: Expr) -> Expr:
            if isinstance(expr, Index) and expr.array == Name(line.array) and expr.index in line.places:
                return take(expr.index)
            return expr

        def take(index: tuple[Expr, ...]) -> Atom:
            at = line.places[index]
            if at not in now:
                name = self.fresh(line, index)
                out.append(Assign(name, Index(Name(line.array), index)))
                now[at] = Name(name)
            return now[at]

        for stmt in body:
            new = with_expressions(stmt, [mapped(expr, load) for expr in expressions(stmt)])
            if not isinstance(new, (Store, Accum)) or not self.touches(new, line):
                out.append(new)
                continue
            at, value = line.places[new.index], new.value
            if isinstance(new, Accum):
                element_now = now.get(at, Index(Name(line.array), new.index))
                value = folded(Call(np.add, (element_now, value)), self.types)
            if not isinstance(value, (Name, Const)):
                name = self.fresh(line, new.index)
                out.append(Assign(name, value, span=stmt.span, origin=stmt.origin))
                value = Name(name)
            now[at] = value
            if at in stored and stmt is last[at]:
                out.append(Store(line.array, new.index, value, span=stmt.span, origin=stmt.origin))
        return tuple(out), now

    def touches(self, stmt: Store | Accum, line: _Line) -> bool:
        return stmt.array == line.array and stmt.index in line.places

    def at(self, index: tuple[Expr, ...], loop: For, value: Expr) -> tuple[Expr, ...]:
        """A subscript where the loop's index has a value."""
        return tuple(shortened(substituted(part, {loop.index: value}), self.types) for part in index)

    def fresh(self, line: _Line, index: tuple[Expr, ...]) -> str:
        """A name for an element: `x_0` for `x[0]`, `x_now` for what moves."""
        fixed = line.here is None and all(isinstance(part, Const) and part.value >= 0 for part in index)
        told = "_".join(str(part.value) for part in index if isinstance(part, Const)) if fixed else "now"
        name = self.names.fresh(f"{base_of(line.array)}_{told}")
        self.types[name] = FLOAT
        return name

    # ------------------------------------------------------------------------------------ loops that may not run
    def loaded(self, line: _Line, index: tuple[Expr, ...], loop: For, block: Block, out: list[Stmt]) -> Atom:
        """An element before the loop; what nobody will see where the loop does not run."""
        name = self.fresh(line, index)
        load = Assign(name, Index(Name(line.array), index))
        if self.exists(loop, line.array, index, block):
            out.append(load)
            return Name(name)
        result = self.fresh(line, index)
        merge = Merge(result, Name(name), Const(0.0))
        if out and isinstance(last := out[-1], If):
            out[-1] = replace(last, then=(*last.then, load), merges=(*last.merges, merge))
        else:
            out.append(If(_runs(loop), (load,), (), (merge,)))
        return Name(result)

    def stored(self, loop: For, index: tuple[Expr, ...] | None, block: Block, store: Store, out: list[Stmt]) -> None:
        """An element in memory again, behind the loop."""
        if self.exists(loop, store.array, index, block):
            out.append(store)
        elif out and isinstance(last := out[-1], If):
            out[-1] = replace(last, then=(*last.then, store))
        else:
            out.append(If(_runs(loop), (store,), ()))

    def exists(self, loop: For, array: str, index: tuple[Expr, ...] | None, block: Block) -> bool:
        """Whether a place exists though the loop may not run: the block touches it anyway."""
        bounds = (loop.start, loop.stop, loop.step)
        if all(isinstance(b, Const) for b in bounds) and len(range(*(b.value for b in bounds))) > 0:  # type: ignore[union-attr]
            return True
        return index is not None and any(
            (array, index) == (name, access.index) for stmt in block for name, access in line_accesses(stmt)
        )


def _runs(loop: For) -> Expr:
    assert isinstance(loop.step, Const)
    return Call(np.less if loop.step.value > 0 else np.greater, (loop.start, loop.stop))


def _apart(one: tuple[Expr, ...], other: tuple[Expr, ...]) -> bool:
    """Whether two subscripts surely name different elements."""
    pairs = zip(one, other, strict=True)
    known = ((a, b) for a, b in pairs if isinstance(a, Const) and isinstance(b, Const))
    return any(a.value >= 0 and b.value >= 0 and a.value != b.value for a, b in known)


def _first_read(body: Block, line: _Line) -> set[int]:
    """The places that an iteration reads before it stores to them."""
    stored: set[int] = set()
    read: set[int] = set()
    for stmt in body:
        for name, access in line_accesses(stmt):
            index = access.index
            if name == line.array and index is not None and index in line.places and access.kind != "store":
                read |= {line.places[index]} - stored
        if isinstance(stmt, Store) and stmt.array == line.array and stmt.index in line.places:
            stored.add(line.places[stmt.index])
    return read


def _written(body: Block, line: _Line) -> set[int]:
    """The places that an iteration writes."""
    writes = (stmt for stmt in body if isinstance(stmt, (Store, Accum)) and stmt.array == line.array)
    return {line.places[stmt.index] for stmt in writes if stmt.index in line.places}
