"""Which neighbours on a line a loop adds to, and whether that can be done in another way.

A line is an axis of an array, at one place of the other axes.  What is added has to be had again for little: without
dear calls, divisions, random numbers or what the loop carries.

Non-goals: neighbours on several axes at once; places that are read from memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adcompile.analysis.aliasing import Roots, roots
from adcompile.analysis.effects import is_pure, loaded_roots
from adcompile.analysis.parallel import Parallel
from adcompile.analysis.subscripts import accesses
from adcompile.ir.affine import difference
from adcompile.ir.dtypes import dtype_of
from adcompile.ir.nodes import Accum, Assign, Block, Call, Const, Expr, For, Function, Index, Name, Stmt, Store
from adcompile.ir.types import FLOAT, INT, Array, element, is_float
from adcompile.ir.walk import binds, defines, expressions, loads, names, nodes, uses
from adcompile.rules.registry import is_dear

FEWEST = 3  # neighbours, where they go into a loop of their own
_LONGEST = 16  # operations that are worth doing again
_FEW = 4  # iterations
FAR = 8  # elements between the first neighbour and the last


@dataclass
class Line:
    """The additions of a loop along one axis of an array: `at` has them by how far they lie from the loop's index."""

    array: str
    axis: int
    at: dict[int, list[Accum]] = field(default_factory=lambda: defaultdict(list))

    @property
    def additions(self) -> list[Accum]:
        """All of them."""
        return [stmt for some in self.at.values() for stmt in some]

    @property
    def home(self) -> int:
        """The place that is written once: the loop's own, if it is among them."""
        return 0 if 0 in self.at else min(self.at)

    @property
    def before(self) -> int:
        """How many iterations before the one at an element add to it."""
        return max(self.at) - self.home

    @property
    def behind(self) -> int:
        """How many iterations behind the one at an element add to it."""
        return self.home - min(self.at)


class Lines:
    """Answers for the loops of one function."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.types = function.types
        self.roots: Roots = roots(function)

    def of(self, loop: For) -> list[Line]:
        """The lines of the arrays that a loop does nothing with but add to neighbours, all additions to them."""
        bounds = [node for end in (loop.start, loop.stop) for node in nodes(end)]
        if loop.step not in (Const(1), Const(-1)) or any(isinstance(node, Index) for node in bounds):
            return []
        if any(dtype_of(end, self.types) != INT.dtype for end in (loop.start, loop.stop)):
            return []
        if self.short(loop) or not all(isinstance(stmt, (Assign, Store, Accum)) for stmt in loop.body):
            return []
        adding: dict[str, list[Accum]] = defaultdict(list)
        for stmt in loop.body:
            if isinstance(stmt, Accum) and stmt.origin and is_float(self.types[stmt.array]):
                adding[stmt.array].append(stmt)
        found = []
        for array, additions in adding.items():
            lines = self.lines_of(loop, additions)
            if any(len(line.at) > 1 for line in lines) and self.only_added_to(array, loop, additions):
                found += lines
        return found

    def short(self, loop: For) -> bool:
        """Whether a loop surely has few iterations."""
        assert isinstance(loop.step, Const)
        inner, outer = (max, min) if loop.step.value > 0 else (min, max)
        starts, stops = _ends(loop.start, inner), _ends(loop.stop, outer)
        trips = (difference(stop, start, self.types) for start in starts for stop in stops)
        return any(number is not None and number * loop.step.value <= _FEW for number in trips)

    def lines_of(self, loop: For, additions: Iterable[Accum]) -> list[Line]:
        varying = {name for stmt in loop.body for name in defines(stmt)} | set(binds(loop))
        found: dict[tuple[int, tuple[Expr, ...]], Line] = {}
        for stmt in additions:
            for axis, part in enumerate(stmt.index):
                offset = difference(part, Name(loop.index), self.types)
                others = (*stmt.index[:axis], *stmt.index[axis + 1 :])
                if offset is not None and varying.isdisjoint(name for other in others for name in names(other)):
                    if any(isinstance(node, Index) for other in others for node in nodes(other)):
                        return []
                    line = found.setdefault((axis, others), Line(stmt.array, axis))
                    line.at[offset].append(stmt)
                    break
            else:
                return []
        if any(max(line.at) - min(line.at) > FAR for line in found.values()):
            return []
        return list(found.values())

    def only_added_to(self, array: str, loop: For, additions: list[Accum]) -> bool:
        touched = list(accesses(loop.body, self.roots.find(array), self.roots))
        return all(access.kind == "add" for access in touched) and len(touched) == len(additions)

    def again(self, stmt: Accum, loop: For) -> bool:
        """Whether what a statement adds can be computed again, for little."""
        steps = needed(stmt, loop.body)
        parts = [*(step.value for step in steps), *stmt.index, stmt.value]
        calls = [node for part in parts for node in nodes(part) if isinstance(node, Call)]
        if any(is_dear(call.fn, call.args) or call.fn is np.divide or not is_pure(call) for call in calls):
            return False
        if any(any(loads(part)) for expr in parts for load in loads(expr) for part in load.index):
            return False
        if len(calls) > _LONGEST or any(isinstance(self.types[step.target], Array) for step in steps):
            return False
        carried = {carry.inner for carry in loop.carried}
        return all(carried.isdisjoint(names(part)) for part in parts)

    def handed_on(self, lines: list[Line]) -> bool:
        """Whether each array is added to at two places side by side: what goes to the next can be carried there."""
        pairs = all(len(line.at) == 2 and max(line.at) - min(line.at) == 1 for line in lines)
        return pairs and self.one_each(lines) and all(element(self.types[line.array]) == FLOAT for line in lines)

    def one_each(self, lines: list[Line]) -> bool:
        """Whether no array is added to on several lines."""
        return len({line.array for line in lines}) == len(lines)

    def all_again(self, loop: For, lines: list[Line]) -> bool:
        """Whether all that is added can be computed again, for little."""
        return all(self.again(stmt, loop) for line in lines for stmt in line.additions)

    def besides(self, loop: For, lines: list[Line]) -> bool:
        """Whether the additions can be gathered in the loop itself: each array on one line, and nothing that they are
        computed from is written."""
        if loop.step != Const(1) or not self.one_each(lines) or not self.all_again(loop, lines):
            return False
        arrays = {line.array for line in lines}
        written = {
            self.roots.find(stmt.array)
            for stmt in loop.body
            if isinstance(stmt, (Store, Accum)) and stmt.array not in arrays
        }
        dear = (is_dear(node.fn, node.args) for stmt in loop.body for node in _calls(stmt))
        return not written & self.read(loop, lines) and not any(dear)

    def read(self, loop: For, lines: list[Line]) -> set[str]:
        """The arrays that what is added is computed from."""
        adding = [stmt for line in lines for stmt in line.additions]
        steps: list[Stmt] = [*adding, *(step for stmt in adding for step in needed(stmt, loop.body))]
        return {root for step in steps for expr in expressions(step) for root in loaded_roots(expr, self.roots)}

    def in_front(self, loop: For, lines: list[Line]) -> bool:
        """Whether the additions can be made before all else that the loop does."""
        if loop.step != Const(1) or max(len(line.at) for line in lines) < FEWEST or not self.all_again(loop, lines):
            return False
        arrays = {line.array for line in lines}
        adding = [stmt for line in lines for stmt in line.additions]
        for stmt in adding:
            steps = [*needed(stmt, loop.body), stmt]
            written: set[str] = set()
            for step in loop.body:
                if step in steps:
                    if any(written & loaded_roots(expr, self.roots) for expr in expressions(step)):
                        return False
                elif isinstance(step, (Store, Accum)) and step.array not in arrays:
                    written.add(self.roots.find(step.array))
        return Parallel(self.function).division(loop) is not None


def _calls(stmt: Stmt) -> list[Call]:
    return [node for expr in expressions(stmt) for node in nodes(expr) if isinstance(node, Call)]


def _ends(end: Expr, choice: Callable[..., Any]) -> tuple[Expr, ...]:
    """What an end of a range is, or is the greater or the lesser of."""
    return end.args if isinstance(end, Call) and end.fn is choice else (end,)


def needed(stmt: Accum, body: Block) -> list[Assign]:
    """The assignments of a body that a statement needs."""
    before = _steps(set(uses(stmt)), body[: body.index(stmt)], keep=False)
    return [step for step in before if isinstance(step, Assign)]


def live(body: Block, loop: For) -> Block:
    """A body without the assignments that nothing in it needs, and nothing that the loop carries."""
    wanted = {carry.yielded.id for carry in loop.carried if isinstance(carry.yielded, Name)}
    used = {name for stmt in body if not isinstance(stmt, Assign) for name in uses(stmt)}
    return _steps(used | wanted, body, keep=True)


def _steps(live: set[str], body: Block, keep: bool) -> Block:
    """The assignments that give `live` names, directly or not; and all that is no assignment, if that is to be kept."""
    out: list[Stmt] = []
    for stmt in reversed(body):
        if isinstance(stmt, Assign):
            if stmt.target not in live:
                continue
            live = live | set(uses(stmt))
        elif not keep:
            continue
        out.append(stmt)
    return tuple(reversed(out))
