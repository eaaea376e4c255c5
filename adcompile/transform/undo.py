"""Undo: memory as it was before a block ran, where the reverse sweep runs the block again.

Element by element where the stores fill a box (loops of known extent, branches whose condition is kept), else from a
snapshot of the array.
"""

from __future__ import annotations

import numpy as np

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Const,
    Expr,
    For,
    If,
    Index,
    Name,
    Stmt,
    Store,
    While,
    base_of,
)
from adcompile.ir.types import INT, Array, element, ndim
from adcompile.ir.walk import (
    loads,
    names,
    statements,
)
from adcompile.transform.loop_kinds import LoopKinds, inside
from adcompile.transform.scopes import Frame, Region
from adcompile.transform.tape import integer


class Undo(LoopKinds):
    """Gives memory back before a replay."""

    def undo(self, frame: Frame, made: set[str]) -> None:
        """Gives memory what it held before a block ran, as far as something reads it: element by element where the
        stores fill a box, else from a snapshot of the array."""
        inside = set(statements(frame.block))
        stores = [s for s in statements(frame.block) if isinstance(s, (Store, Accum))]
        wanted = [s for s in stores if s in self.plan.keep and self.roots.find(s.array) not in made]
        recalled = {root for loop, root in self.plan.recalled if loop in inside and root not in made}
        if not wanted and not recalled:
            return
        rough = {self.roots.find(s.array) for s in wanted if not self._in_box(s, frame)} | recalled
        before, self.frozen_roots = self.frozen_roots, self.frozen_roots | rough | made
        self._undo_block({s for s in wanted if self.roots.find(s.array) not in rough})
        self.frozen_roots = before
        for root in sorted(rough):
            self._restore_snapshot(next(s.array for s in stores if self.roots.find(s.array) == root), frame)

    def _in_box(self, stmt: Stmt, frame: Frame) -> bool:
        """Whether a statement lies in the region under loops of known extent and branches only."""
        own = inside((self.host(frame),))
        assert isinstance(stmt, (Store, Accum))
        if any(True for part in stmt.index for _ in loads(part)):
            return False
        above = self.region_of(stmt)
        while above != frame.region:
            outer = above[0]
            assert outer is not None
            if isinstance(outer, While) or outer in self.plan.checkpointed:
                return False
            if isinstance(outer, For) and any(n in own for part in (outer.start, outer.stop) for n in names(part)):
                return False
            if isinstance(outer, If) and not isinstance(outer.test, (Name, Const)):
                return False
            above = self.region_of(outer)
        return True

    def _undo_block(self, wanted: set[Stmt]) -> None:
        frame = self.frame
        for position in reversed(range(len(frame.block))):
            frame.position = position
            stmt = frame.block[position]
            if isinstance(stmt, (Store, Accum)):
                if stmt in wanted:
                    self.put_back(stmt, tuple(self.need(part, stmt) for part in stmt.index))
            elif any(s in wanted for s in statements((stmt,))):
                if isinstance(stmt, For):
                    index = self.fresh(stmt.index, INT)
                    header = self._reversed_header(stmt, index, False)
                    self.emit(For(index, *header, self._undo_inner((stmt, 0), stmt.body, wanted, Name(index))))
                elif isinstance(stmt, If):
                    test = self.need(stmt.test, stmt)
                    then = self._undo_inner((stmt, 0), stmt.then, wanted, None)
                    orelse = self._undo_inner((stmt, 1), stmt.orelse, wanted, None)
                    self.emit(If(test, then, orelse))

    def _undo_inner(self, region: Region, block: Block, wanted: set[Stmt], index: Atom | None) -> Block:
        out: list[Stmt] = []
        self.reverse_block(region, block, out, self.frame.scope, index)
        self._undo_block(wanted)
        self.frames.pop()
        return tuple(out)

    def _restore_snapshot(self, array: str, frame: Frame) -> None:
        type_, owner = self.types[array], frame.region[0]
        assert isinstance(type_, Array)
        assert owner is not None
        around = [f.region[0] for f in self.frames]
        carries = [c for loop in around if isinstance(loop, (For, While)) for c in loop.carried]
        carried = any(isinstance(self.types[c.inner], Array) and self.roots.same(c.inner, array) for c in carries)
        home = self.where[array].region  # of a version that is made longer inside, if none of those around
        if carried or all(f.region != home for f in self.frames if f is not frame):
            message = "a list is appended to and read in a loop that the reverse sweep has to run again, body by body"
            hint = "use an array of known length"
            raise refuse("growing-list", message, owner.span, hint, self.function.name)
        live = self.value(array)
        assert isinstance(live, Name)
        scope = frame.scope
        base = f"{base_of(array)}_tape"
        if self.host(frame) is owner and frame.loop is None:
            snapshot = self.fresh(base, type_)
            scope.before[owner].append(Assign(snapshot, Call(ops.copy, (Name(array),))))
            self._copy_over(live.id, lambda index: Index(Name(snapshot), index), frame.out)
            return
        shape = tuple(Call(ops.dim, (Name(array), Const(axis))) for axis in range(type_.ndim))
        tape, slot, load = self.tape(base, element(type_), frame, shape)
        indices = [self.fresh(b, INT) for b, _ in zip("ijklmn", range(type_.ndim), strict=False)]
        index = tuple(map(Name, indices))
        save = self.nest(indices, array, (Store(tape, (*slot, *index), Index(Name(array), index)),))
        scope.start[frame.region].append(save)
        self._copy_over(live.id, lambda index: Index(load.array, (*load.index, *index)), frame.out)

    def _copy_over(self, target: str, source, out: list[Stmt]) -> None:  # type: ignore[no-untyped-def]
        indices = [self.fresh(b, INT) for b, _ in zip("ijklmn", range(ndim(self.types[target])), strict=False)]
        index = tuple(map(Name, indices))
        out.append(self.nest(indices, target, (Store(target, index, source(index)),)))

    def _reversed_header(self, stmt: For | While, index: str, together: bool) -> tuple[Expr, Expr, Expr]:
        if isinstance(stmt, While):
            counter = self.counter(stmt, self.frame.scope)
            return integer(np.subtract, Name(counter.result), Const(1)), Const(-1), Const(-1)
        start, stop = self.need(stmt.start, stmt), self.need(stmt.stop, stmt)
        assert isinstance(stmt.step, Const)
        if together:
            return start, stop, stmt.step
        if stmt.step.value == 1:
            return integer(np.subtract, stop, Const(1)), integer(np.subtract, start, Const(1)), Const(-1)
        return integer(np.add, stop, Const(1)), integer(np.add, start, Const(1)), Const(1)
