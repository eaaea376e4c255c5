"""What a loop adds to three or more neighbours, it adds in loops of their own.

Goal: the adjoint of a stencil in vectors.  In one loop each iteration adds to elements that the last one has added to,
and LLVM makes no vectors of it; a loop for each neighbour waits for nothing.  (1,000 points: 0.7 us for 1.2.)  What is
added is computed again in each loop.

Legal where the iterations have no order (`analysis.parallel`), and what is added is computed from what the loop has not
yet written.  Non-goals: two neighbours, of which LLVM keeps one in a register; values that are dear or long.

    for i in range(1, n - 1):               for i in range(1, n - 1):
        v = k * y_bar[i]                        v = k * y_bar[i]
        x_bar[i + 1] += v                       x_bar[i + 1] += v
        x_bar[i - 1] += v           ->      for i in range(1, n - 1):
        x_bar[i] -= 2.0 * v                     v = k * y_bar[i]
        y_bar[i] = 0.0                          x_bar[i - 1] += v
                                            ...
                                            for i in range(1, n - 1):
                                                y_bar[i] = 0.0
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from adcompile.analysis.aliasing import Roots, roots
from adcompile.analysis.effects import loaded_roots
from adcompile.analysis.parallel import Parallel
from adcompile.analysis.subscripts import accesses
from adcompile.ir.affine import difference
from adcompile.ir.nodes import Accum, Assign, Block, Call, Expr, For, Function, Name, Names, Stmt, Store
from adcompile.ir.types import Array, Type
from adcompile.ir.walk import all_names, blocks, expressions, names, nodes, renamed, statements, uses, with_blocks
from adcompile.optimise.rewriting import same, with_body
from adcompile.optimise.sink import sink
from adcompile.rules.registry import is_dear

_FEWEST = 3  # neighbours
_LONGEST = 16  # operations that are worth doing again


def distribute(function: Function) -> Function:
    """`function` with additions to neighbours in loops of their own."""
    if not any(isinstance(stmt, Accum) for stmt in statements(function.body)):
        return function
    distributor = _Distributor(function)
    changed = with_body(function, distributor.block(function.body), distributor.types)
    return function if changed is function else sink(changed)


class _Distributor:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.roots: Roots = roots(function)
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For) and (adding := self.apart(stmt)):
                out += self.distributed(stmt, adding)
            else:
                out.append(with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)]))
        return block if same(out, block) else tuple(out)

    # ------------------------------------------------------------------------------------ what may be taken apart
    def apart(self, loop: For) -> list[Accum]:
        """The additions of a loop that each become a loop."""
        if not all(isinstance(stmt, (Assign, Store, Accum)) for stmt in loop.body):
            return []
        arrays = {array for array in self.stencils(loop) if self.only_added_to(array, loop)}
        adding = [stmt for stmt in loop.body if isinstance(stmt, Accum) and stmt.array in arrays]
        if not all(self.again(stmt, loop, arrays) for stmt in adding):
            return []
        return adding if adding and Parallel(self.function).division(loop) is not None else []

    def stencils(self, loop: For) -> set[str]:
        """The arrays whose neighbours on one line a loop adds to."""
        lines: dict[tuple[str, int, tuple[Expr, ...]], set[int]] = defaultdict(set)
        for stmt in loop.body:
            if isinstance(stmt, Accum) and stmt.origin:
                for axis, part in enumerate(stmt.index):
                    offset = difference(part, Name(loop.index), self.types)
                    if offset is not None:
                        lines[stmt.array, axis, (*stmt.index[:axis], *stmt.index[axis + 1 :])].add(offset)
        return {array for (array, _, _), offsets in lines.items() if len(offsets) >= _FEWEST}

    def only_added_to(self, array: str, loop: For) -> bool:
        touched = list(accesses(loop.body, self.roots.find(array), self.roots))
        under_its_name = sum(isinstance(stmt, Accum) and stmt.array == array for stmt in loop.body)
        return all(access.kind == "add" for access in touched) and len(touched) == under_its_name

    def again(self, stmt: Accum, loop: For, arrays: set[str]) -> bool:
        """Whether what a statement adds can be computed in a loop before this one, for little."""
        steps = _needed(stmt, loop.body)
        parts = [*(step.value for step in steps), *stmt.index, stmt.value]
        calls = [node for part in parts for node in nodes(part) if isinstance(node, Call)]
        if any(is_dear(call.fn, call.args) or call.fn is np.divide for call in calls):
            return False
        if len(calls) > _LONGEST or any(isinstance(self.types[s.target], Array) for s in steps):
            return False
        carried = {carry.inner for carry in loop.carried}
        if any(not carried.isdisjoint(names(part)) for part in parts):
            return False
        written: set[str] = set()
        for step in loop.body:
            if step in steps or step is stmt:
                if any(written & loaded_roots(expr, self.roots) for expr in expressions(step)):
                    return False
            elif isinstance(step, (Store, Accum)) and step.array not in arrays:
                written.add(self.roots.find(step.array))
        return True

    # ------------------------------------------------------------------------------------ the loops
    def distributed(self, loop: For, adding: list[Accum]) -> list[Stmt]:
        out: list[Stmt] = []
        for stmt in adding:
            body = (*_needed(stmt, loop.body), stmt)
            again, _ = renamed((replace(loop, body=body, carried=()),), self.names, self.types)  # type: ignore[arg-type]
            out += again
        rest = tuple(stmt for stmt in loop.body if stmt not in adding)
        wanted = {carry.yielded.id for carry in loop.carried if isinstance(carry.yielded, Name)}
        live = {name for stmt in rest if not isinstance(stmt, Assign) for name in uses(stmt)} | wanted
        body = _steps(live, rest, keep=True)
        if loop.carried or any(not isinstance(stmt, Assign) for stmt in body):
            out.append(replace(loop, body=body))
        return out


def _needed(stmt: Accum, body: Block) -> list[Assign]:
    """The assignments of a body that a statement needs."""
    before = _steps(set(uses(stmt)), body[: body.index(stmt)], keep=False)
    return [step for step in before if isinstance(step, Assign)]


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
