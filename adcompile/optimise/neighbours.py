"""What a loop adds to neighbours is written once.

Goal: the adjoint of a stencil in vectors.  In one loop each iteration adds to elements that the last one has added to,
and LLVM makes no vectors of it.

Of two places side by side one is handed on: what goes there is carried to the iteration that finishes it.  Three and
more are gathered: each element is written with all that comes to it, computed again where another iteration has had it,
and the few additions at the ends stay as they are, in loops of their own.  (Against a derivative by hand: Rosenbrock's
function, 1e6 elements, 1.05 for 1.45; a stencil of three points takes 0.4 to 0.75 of its time.)  An array of zeros that
nothing else has touched is stored to, and made zero at its ends alone.

Where what is gathered is computed from what the loop writes besides, the additions go into loops in front of it; that
is legal where the iterations have no order (`analysis.parallel`).

Non-goals: values that are dear or long, where they would be computed again; neighbours on several axes at once, of
which each line is gathered for itself.

    x_bar = np.zeros_like(x)                x_bar = np.empty_like(x)
    for i in range(n - 1):                  for i in range(max(n - 1, 0), n):
        v = x[i + 1] - x[i]                     x_bar[i] = 0.0
        x_bar[i + 1] += 2.0 * v             x_bar_next = 0.0
        x_bar[i] -= 2.0 * v        ->       for i in range(n - 1):
                                                v = x[i + 1] - x[i]
                                                x_bar[i] = x_bar_next - 2.0 * v
                                                x_bar_next = 2.0 * v
                                            if 0 < n - 1:
                                                x_bar[n - 1] += x_bar_next
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from adcompile.analysis.effects import loaded_roots
from adcompile.analysis.least import Least
from adcompile.analysis.lines import Line, Lines, live, needed
from adcompile.analysis.subscripts import accesses
from adcompile.ir import ops
from adcompile.ir.affine import same_integer, shortened
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Carry,
    Const,
    Expr,
    For,
    Function,
    If,
    Name,
    Names,
    Stmt,
    Store,
    base_of,
)
from adcompile.ir.types import FLOAT, INT, Array, Type
from adcompile.ir.walk import (
    blocks,
    core_names,
    expressions,
    mapped,
    renamed,
    statements,
    substituted,
    with_blocks,
    with_expressions,
)
from adcompile.optimise.rewriting import made_length, same, with_body
from adcompile.optimise.sink import sink, together

_UNFILLED: dict[Callable[..., Any], Callable[..., Any]] = {np.zeros: np.empty, np.zeros_like: np.empty_like}


def neighbours(function: Function) -> Function:
    """`function` with additions to neighbours gathered."""
    if not any(isinstance(stmt, Accum) for stmt in statements(function.body)):
        return function
    gatherer = Gatherer(function)
    changed = with_body(function, gatherer.block(function.body), gatherer.types)
    return function if changed is function else sink(changed)


class Gatherer:
    """Rewrites the loops of one function."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.lines = Lines(function)
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.least = Least(function)
        known = self.lines.roots
        others = (name for name in function.types if known.find(name) != name)
        self.joined = {alias for name in others for alias in (name, known.find(name))}

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For) and not stmt.parallel and (lines := self.lines.of(stmt)):
                if self.lines.handed_on(lines):
                    out += self.handed_on(stmt, lines, out)
                    continue
                if self.lines.besides(stmt, lines):
                    out += self.in_place(stmt, lines, out)
                    continue
                if self.lines.in_front(stmt, lines):
                    out += [new for line in lines for new in self.apart(stmt, line)]
                    out += self.rest(stmt, lines)
                    continue
            out.append(with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)]))
        return block if same(out, block) else tuple(out)

    # ------------------------------------------------------------------------------------ the loops
    def handed_on(self, loop: For, lines: list[Line], above: list[Stmt]) -> list[Stmt]:
        """The loop with what goes to the next element carried there, and what the last iteration carries added."""
        up = loop.step == Const(1)
        low, beyond = (loop.start, loop.stop) if up else (self.plus(loop.stop, 1), self.plus(loop.start, 1))
        final = {loop.index: self.plus(beyond, -1) if up else low}
        written = {self.lines.roots.find(stmt.array) for stmt in loop.body if isinstance(stmt, (Store, Accum))}
        body = loop.body
        behind: list[Stmt] = []
        carried: list[Carry] = []
        for line in lines:
            here, there = (min(line.at), max(line.at)) if up else (max(line.at), min(line.at))
            own, ahead = line.at[here], line.at[there]
            inner, result = self.carried(line.array), self.carried(line.array)
            fresh = self.inside(low, line) and self.unfilled(line, here, low, beyond, above)
            total = reduce(_sum, [(1, Name(inner)), *(_signed(stmt.value) for stmt in own)])
            kind = Store if fresh else Accum
            one = kind(line.array, own[-1].index, _written(total), origin=_origins(own))
            kept = [self.carried(line.array) for _ in ahead]
            before = [None, *kept]
            sums = (
                stmt.value if name is None else Call(np.add, (Name(name), stmt.value))
                for name, stmt in zip(before, ahead, strict=False)
            )
            keeping = {
                stmt: Assign(name, value, span=stmt.span, origin=stmt.origin)
                for stmt, name, value in zip(ahead, kept, sums, strict=True)
            }
            late = not any(loaded_roots(stmt.value, self.lines.roots) & written for stmt in ahead)
            out: list[Stmt] = []
            for stmt in body:
                if stmt is own[-1]:
                    out += [one, *(keeping.values() if late else ())]
                elif stmt in keeping:
                    out += () if late else (keeping[stmt],)
                elif stmt not in own:
                    out.append(stmt)
            if late and body.index(ahead[-1]) > body.index(own[-1]):
                out = [stmt for stmt in out if stmt not in keeping.values()]
                out += keeping.values()
            body = tuple(out)
            carried.append(Carry(inner, Const(0.0), Name(kept[-1]), result))
            index = tuple(mapped(substituted(part, final), self.short) for part in ahead[0].index)
            behind.append(Accum(line.array, index, Name(result)))
        test = Call(np.less if up else np.greater, (loop.start, loop.stop))
        return [replace(loop, body=body, carried=(*loop.carried, *carried)), If(test, tuple(behind), ())]

    def carried(self, array: str) -> str:
        name = self.names.fresh(f"{base_of(array)}_next")
        self.types[name] = FLOAT
        return name

    def in_place(self, loop: For, lines: list[Line], above: list[Stmt]) -> list[Stmt]:
        """The loop between its ends, with all that comes to an element of each line gathered; and the ends."""
        before, behind = max(line.before for line in lines), max(line.behind for line in lines)
        first, last = self.plus(loop.start, before), self.plus(loop.stop, -behind)
        gathered, ends = loop.body, loop.body
        for line in lines:
            own = line.at[line.home]
            away = [stmt for offset, some in line.at.items() if offset != line.home for stmt in some]
            ends = tuple(stmt for stmt in ends if stmt not in away)
            fresh = self.inside(loop.start, line) and self.unfilled(line, line.home, first, last, above)
            gathered = self.gathered(loop, gathered, line, own, fresh)
        gathered, ends = live(gathered, loop), untold(live(ends, loop))
        left = self.plain(loop, lines, before, behind, left=True)
        right = self.plain(loop, lines, before, behind, left=False)
        pieces: list[tuple[Expr, Expr, Block]] = []
        if before:
            pieces.append((loop.start, least(first, loop.stop), ends))
        pieces.append((first, last, gathered))
        if behind:
            pieces.append((greatest(last, first), loop.stop, ends))
        made = self.chained(loop, pieces)
        middle = 1 if before else 0
        return [*made[:middle], *left, *made[middle:], *right]

    def plus(self, expr: Expr, number: int) -> Expr:
        moved = Call(np.add if number > 0 else np.subtract, (expr, Const(abs(number))))
        return shortened(moved, self.types) if number else expr

    def chained(self, loop: For, pieces: list[tuple[Expr, Expr, Block]]) -> list[Stmt]:
        """A loop over one range after the other, what is carried handed on."""
        out: list[Stmt] = []
        inits = [carry.init for carry in loop.carried]
        for number, (start, stop, body) in enumerate(pieces):
            last = number == len(pieces) - 1
            results = [c.result if last else self.fresh(c.result) for c in loop.carried]
            carried = tuple(
                Carry(c.inner, init, c.yielded, result)
                for c, init, result in zip(loop.carried, inits, results, strict=True)
            )
            piece: Block = (replace(loop, start=start, stop=stop, body=body, carried=carried),)
            if not last:
                kept = {result: Name(result) for result in results}
                piece, known = renamed(piece, self.names, self.types)  # type: ignore[arg-type]
                inits = [known[result] for result in kept]  # type: ignore[misc]
            out += piece
        return out

    def fresh(self, like: str) -> str:
        name = self.names.fresh(like)
        self.types[name] = self.types[like]
        return name

    def gathered(self, loop: For, body: Block, line: Line, own: list[Accum], fresh: bool) -> Block:
        """A body in which the last addition at home adds all that other iterations add there."""
        steps: list[Stmt] = []
        terms = [_signed(stmt.value) for stmt in own]
        for offset, additions in line.at.items():
            if offset != line.home:
                for addition in additions:
                    moved = self.moved(addition, loop, line.home - offset)
                    steps += moved[:-1]
                    assert isinstance(moved[-1], Accum)
                    terms.append(_signed(moved[-1].value))
        kind = Store if fresh else Accum
        value = _written(reduce(_sum, terms))
        one = kind(line.array, own[-1].index, value, span=own[-1].span, origin=_origins(line.additions))
        gone = [stmt for stmt in line.additions if stmt is not own[-1]]
        out: list[Stmt] = []
        for stmt in body:
            if stmt is own[-1]:
                out += [*steps, one]
            elif stmt not in gone:
                out.append(stmt)
        return tuple(out)

    def moved(self, stmt: Accum, loop: For, by: int) -> list[Stmt]:
        """What an addition needs, and itself, as of the iteration that lies so far ahead."""
        values: dict[str, Expr] = {loop.index: self.plus(Name(loop.index), by)}
        copies, _ = renamed((*needed(stmt, loop.body), stmt), self.names, self.types, values)  # type: ignore[arg-type]
        return [with_expressions(copy, [mapped(e, self.short) for e in expressions(copy)]) for copy in copies]

    def short(self, expr: Expr) -> Expr:
        """Integers with their terms collected: `x[(i - 1) + 1]` is `x[i]`."""
        return shortened(expr, self.types) if isinstance(expr, Call) and expr.fn in (np.add, np.subtract) else expr

    def plain(self, loop: For, lines: list[Line], before: int, behind: int, left: bool) -> list[Stmt]:
        """The additions at one end of the lines that no gathered element has had, where the ends of the loop itself
        do not make them: a loop for each neighbour."""
        out: list[Stmt] = []
        for line in lines:
            for offset, additions in line.at.items():
                early, late = before + line.home - offset, behind + offset - line.home
                if offset == line.home or not (early if left else late):
                    continue
                first = self.plus(loop.start, early)
                if left:
                    ends = loop.start, least(first, loop.stop)
                else:
                    ends = greatest(self.plus(loop.stop, -late), first), loop.stop
                alone = self.alone(loop, additions, *ends)
                out += (with_blocks(one, [untold(body) for body in blocks(one)]) for one in alone)
        return out

    def alone(self, loop: For, additions: list[Accum], start: Expr, stop: Expr) -> list[Stmt]:
        """A loop that does nothing but these additions."""
        body = _for_these(additions, loop)
        one = replace(loop, start=start, stop=stop, body=body, carried=())
        return list(renamed((one,), self.names, self.types)[0])  # type: ignore[arg-type]

    def apart(self, loop: For, line: Line) -> list[Stmt]:
        """Loops that do nothing but the additions of one line."""
        if len(line.at) == 1:
            return self.alone(loop, line.at[line.home], loop.start, loop.stop)
        alone = replace(loop, body=_for_these(line.additions, loop), carried=())
        return list(renamed(self.in_place(alone, [line], []), self.names, self.types)[0])  # type: ignore[arg-type]

    def rest(self, loop: For, lines: list[Line]) -> list[Stmt]:
        """What the loop does besides the additions of these lines."""
        gone = [stmt for line in lines for stmt in line.additions]
        body = live(tuple(stmt for stmt in loop.body if stmt not in gone), loop)
        if not loop.carried and all(isinstance(stmt, Assign) for stmt in body):
            return []
        return [replace(loop, body=body)]

    # ------------------------------------------------------------------------------------ arrays of zeros
    def inside(self, start: Expr, line: Line) -> bool:
        """Whether no subscript of a line counts from the end, where the loop's index is never below `start`."""
        low = self.least(start)
        return low is not None and low + min(line.at) >= 0

    def unfilled(self, line: Line, home: int, first: Expr, last: Expr, above: list[Stmt]) -> bool:
        """Make an array of zeros untouched so far zero at its ends alone, in place; whether this is done."""
        one_axis = isinstance(type_ := self.types[line.array], Array) and type_.ndim == 1
        if not one_axis or line.array in self.joined:
            return False
        for position in range(len(above) - 1, -1, -1):
            stmt = above[position]
            if isinstance(stmt, Assign) and stmt.target == line.array:
                made = stmt.value
                if not isinstance(made, Call) or made.fn not in _UNFILLED:
                    return False
                above[position] = replace(stmt, value=replace(made, fn=_UNFILLED[made.fn]))
                length = (
                    made_length(made, 0) if made.fn is np.zeros_like else Call(ops.dim, (Name(line.array), Const(0)))
                )
                start = self.plus(first, home)
                stop = self.plus(last, home)
                ends: list[tuple[Expr, Expr]] = [] if start == Const(0) else [(Const(0), least(start, length))]
                if not same_integer(stop, length, self.types):
                    ends.append((greatest(stop, start), length))
                for end in ends:
                    index = self.names.fresh("i")
                    self.types[index] = INT
                    body = (Store(line.array, (Name(index),), Const(0.0)),)
                    above.append(For(index, *end, Const(1), body))
                return True
            if any(True for _ in accesses((stmt,), line.array, self.lines.roots)):
                return False
        return False


def _for_these(additions: list[Accum], loop: For) -> Block:
    """Of a loop's body, these additions and what they need."""
    steps = [step for stmt in additions for step in needed(stmt, loop.body)]
    return tuple(stmt for stmt in loop.body if stmt in steps or stmt in additions)


def untold(body: Block) -> Block:
    """A body that is not said to come from anywhere: the loop between the ends says it once."""
    return tuple(replace(stmt, origin="") for stmt in body)


def least(one: Expr, other: Expr) -> Expr:
    """The lesser of two integers."""
    if isinstance(one, Const) and isinstance(other, Const):
        return min(one, other, key=lambda const: const.value)
    return Call(builtins.min, (one, other))


def greatest(one: Expr, other: Expr) -> Expr:
    """The greater of two integers."""
    if isinstance(one, Const) and isinstance(other, Const):
        return max(one, other, key=lambda const: const.value)
    return Call(builtins.max, (one, other))


def _origins(additions: list[Accum]) -> str:
    return " ; ".join(dict.fromkeys(part for stmt in additions for part in stmt.origin.split(" ; ")))


def _sum(one: tuple[int, Expr], other: tuple[int, Expr]) -> tuple[int, Expr]:
    return 1, together(*one, *other)


def _written(term: tuple[int, Expr]) -> Expr:
    return term[1] if term[0] > 0 else Call(np.negative, (term[1],))


def _signed(expr: Expr) -> tuple[int, Expr]:
    return (-1, expr.args[0]) if isinstance(expr, Call) and expr.fn is np.negative else (1, expr)
