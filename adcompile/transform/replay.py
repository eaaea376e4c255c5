"""Loops and branches in reverse: fused, replayed, or statement by statement.

A loop's reverse is one of four:

- *independent* (each iteration only adds to sums and to arrays that the loop never reads): one loop in forward order,
  each iteration run forward and reversed at once, with a tape of one iteration;
- *checkpointed* (asked for, and something would be taped): see `transform.checkpoints`;
- *replayed* (the body holds a `while`, makes an array, or has loops whose extent it computes): what the forward sweep
  must keep is the carried scalars; a reversed iteration gives memory back what it held, runs the body again as a
  scope of its own, and reverses that;
- otherwise its statements are reversed one by one, with values recomputed or taped.

A branch is replayed or reversed statement by statement for the same reasons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from adcompile.analysis.activity import Activity
from adcompile.analysis.aliasing import Roots
from adcompile.chain import ZERO
from adcompile.fourier import TRANSFORMS
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Expr,
    For,
    Function,
    If,
    Merge,
    Name,
    Stmt,
    Store,
    While,
    base_of,
)
from adcompile.ir.opaque import is_opaque, passed
from adcompile.ir.types import BOOL, INT, Array, Scalar
from adcompile.ir.walk import (
    binds,
    blocks,
    expressions,
    loads,
    nodes,
    renamed,
    statements,
    uses,
    with_blocks,
)
from adcompile.lapack import FOUND
from adcompile.rules.registry import is_dear
from adcompile.runtime import GROWING, PRODUCTS
from adcompile.transform.checkpoints import Checkpoints
from adcompile.transform.loop_kinds import inside
from adcompile.transform.needed import Needed
from adcompile.transform.opaque_calls import Kept
from adcompile.transform.plan import Plan
from adcompile.transform.reloads import Reload
from adcompile.transform.scopes import TOP, Region, Scope
from adcompile.transform.ways import Reversal, Way

_ARITHMETIC_FREE: frozenset[object] = frozenset(
    {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
    | {ops.both, ops.either, ops.negated, ops.dim}
)
_WAVES = (np.sin, np.cos, math.sin, math.cos)


_WHOLE = (ops.copy, *PRODUCTS, *TRANSFORMS, *FOUND)


class Replay(Checkpoints):
    """Adjoints of compound statements."""

    def __init__(
        self, function: Function, roots: Roots, plan: Plan, activity: Activity, residuals: Mapping[str, Kept]
    ) -> None:
        super().__init__(function, roots, plan, activity, residuals)
        self.fused: set[Stmt] = set()
        self.again: dict[Stmt, dict[str, str]] = {}  # what the results of loops run together are called there
        self.ways: dict[Stmt, Reversal] = {}  # of each loop
        self._renaming: dict[str, Expr] = {}

    # ------------------------------------------------------------------------------------ loops
    def reverse_loop(self, stmt: For | While) -> None:
        frame = self.frame
        region: Region = (stmt, 0)
        carried = [c for c in stmt.carried if isinstance(self.types[c.inner], Scalar) and self.active(c.inner)]
        writes = any(isinstance(s, (Store, Accum)) for s in statements(stmt.body))
        if not writes and not any(c.result in self.bar for c in carried):
            self.ways[stmt] = Reversal(stmt.span, Way.NEVER, None)
            return
        together = isinstance(stmt, For) and self.together(stmt)
        kept = self.snapshots(stmt) if isinstance(stmt, For) and stmt in self.plan.checkpointed else None
        replayed = kept is not None or (not together and self.needs_scope(stmt.body, frozenset(binds(stmt))))
        self.ways[stmt] = self._reversal(stmt, together, kept is not None, replayed)
        outer = self._outer(stmt)
        index = self.fresh(base_of(stmt.index) if isinstance(stmt, For) else "j", INT)

        carries: list[tuple[str, Atom]] = []
        for c in carried:
            carries.append((self._bar_name(c.inner), self.bar.pop(c.result, ZERO)))
        for name in outer:
            inner = self._bar_name(name)
            carries.append((inner, self.bar.get(name, ZERO)))
            self.bar[name] = Name(inner)

        out: list[Stmt] = []

        def begin() -> None:
            for c, (inner, _) in zip(carried, carries, strict=False):
                self.add_atom(c.yielded, Name(inner))

        yields: list[Atom] = []

        def end() -> list[Atom]:
            yields.extend(self.bar.pop(c.inner, ZERO) for c in carried)
            yields.extend(self.bar[name] for name in outer)
            return yields

        header = self._reversed_header(stmt, index, together)
        if together or replayed:
            sums = self._sums(stmt) if together and frame.region == TOP else {}
            self._as_scope(stmt, region, stmt.body, out, Name(index), together, begin, end, kept, sums)
            yields = [self._renaming.get(a.id, a) if isinstance(a, Name) else a for a in yields]  # type: ignore[misc]
        else:
            inner_frame = self.reverse_block(region, stmt.body, out, frame.scope, Name(index))
            begin()
            self.reverse_statements(inner_frame)
            end()
            self.frames.pop()
        results = [self._bar_name(inner) for inner, _ in carries]
        new = tuple(
            Carry(inner, init, yielded, result)
            for (inner, init), yielded, result in zip(carries, yields, results, strict=True)
        )
        if kept is not None:
            new = (*new, self.released(kept, Name(index), out))
        elif together:
            new = (*new, *self._summed_again(stmt, sums))
        parallel = isinstance(stmt, For) and stmt.parallel
        self.emit(For(index, *header, tuple(out), new, parallel, span=stmt.span))
        if kept is not None:
            self.given_back(kept)
        for name, result in zip(outer, results[len(carried) :], strict=True):
            self.bar[name] = Name(result)
        for c, result in zip(carried, results, strict=False):
            self.add_atom(c.init, Name(result))

    def _reversal(self, stmt: For | While, together: bool, checkpointed: bool, replayed: bool) -> Reversal:
        way = Way.REPLAYED if replayed else Way.IN_ORDER
        way = Way.TOGETHER if together else Way.CHECKPOINTED if checkpointed else way
        return Reversal(stmt.span, way, None if together else self.obstacle(stmt))

    def _sums(self, stmt: For | While) -> dict[str, str]:
        """Names for the sums that a loop carries, to be had in the reverse sweep too if that repeats it all."""
        made = self.made_in(stmt.body)
        for inner in statements(stmt.body):
            if isinstance(inner, (Store, Accum)) and self.roots.find(inner.array) not in made:
                return {}
        return {c.inner: self.fresh(base_of(c.inner), self.types[c.inner]) for c in stmt.carried}

    def _summed_again(self, stmt: For | While, sums: dict[str, str]) -> list[Carry]:
        if sums:
            self.again[stmt] = {c.result: self.fresh(base_of(c.result), self.types[c.result]) for c in stmt.carried}
        return [
            Carry(sums[c.inner], c.init, self._renaming[c.yielded.id], self.again[stmt][c.result])  # type: ignore[arg-type, union-attr]
            for c in stmt.carried
            if sums
        ]

    def _bar_name(self, like: str) -> str:
        base = base_of(like)
        return self.fresh(base if base.endswith("_bar") and like not in self.where else f"{base}_bar", self.types[like])

    def _outer(self, stmt: Stmt) -> list[str]:
        """Active scalars of outside that a statement's blocks read, in order of first use."""
        own = {name for block in blocks(stmt) for name in inside(block)} | set(binds(stmt))
        found: dict[str, None] = {}
        for block in blocks(stmt):
            for inner in statements(block):
                found.update(dict.fromkeys(uses(inner)))
        if isinstance(stmt, (For, While)):
            found.update(dict.fromkeys(c.yielded.id for c in stmt.carried if isinstance(c.yielded, Name)))
        return [n for n in found if n not in own and isinstance(self.types[n], Scalar) and self.active(n)]

    # ------------------------------------------------------------------------------------ scopes
    def _as_scope(self, stmt, region, block, out, index, together, begin, end, kept=None, sums=()) -> None:  # type: ignore[no-untyped-def]
        """Reverses a block that is run forward again first; `self._renaming` maps its names to the copy's."""
        parent = self.frame
        values: dict[str, Expr] = {}
        made = self.made_in(block)
        if together:
            self.fused.add(stmt)
            values.update({c.inner: Name(sums[c.inner]) if c.inner in sums else ZERO for c in stmt.carried})
        elif kept is not None:
            values.update(self.advance(kept, index, out))
        else:
            self.undo(self.reverse_block(region, block, out, parent.scope, index), made)
            self.frames.pop()
        if isinstance(stmt, For):
            values[stmt.index] = index
        first = len(out)
        scope = Scope(region)
        frame = self.reverse_block(region, block, out, scope)
        before = dict(self.array_bar)
        begin()
        self.reverse_statements(frame)
        results = [*end(), *self.bar.values(), *(c.yielded for c in getattr(stmt, "carried", ()) if c.inner in sums)]
        self.frames.pop()
        self.array_bar = before
        forward = scope.rebuilt(block, region, effects=False)  # the forward sweep has made the checks
        longer = self._grown(stmt, block)
        if longer:
            values.update((name, self.value(after)) for name, after in longer.items())
            forward = tuple(s for s in forward if not (isinstance(s, Assign) and s.target in longer))
        if together:
            forward = self._local_only(forward, self.made_in(forward))
        asked = [atom.id for atom in results if isinstance(atom, Name)]
        needed = Needed(forward, out[first:], asked, self.roots, self.put_backs)
        forward = needed.only(forward, made)
        backward = needed.only(out[first:], made, reverse=True)
        self._demand(forward, needed, made, stmt)
        del out[first:]
        if not together and kept is None and isinstance(stmt, (For, While)):
            self.reverse_block(region, block, out, parent.scope, index).position = -1
            for c in stmt.carried:
                if c.inner not in longer:
                    values[c.inner] = self.value(c.inner) if c.inner in needed.names else ZERO
            self.frames.pop()
        own = inside(forward) | set(values)
        wanted = {n for s in statements(forward) for n in uses(s)}
        for name in sorted(wanted - own):
            if isinstance(self.types[name], Scalar) or name in self.where:
                values[name] = self.value(name)
        copy, self._renaming = renamed((*forward, *backward), self.names, self.types, values)  # type: ignore[arg-type]
        out += copy
        self.bar = {
            name: self._renaming.get(atom.id, atom) if isinstance(atom, Name) else atom  # type: ignore[misc]
            for name, atom in self.bar.items()
        }

    def _grown(self, stmt: Stmt, block: Block) -> dict[str, str]:
        """The versions of each array that a loop makes longer, and what it is called after the loop: in a copy of the
        body it has all the room that it will ever have."""
        carries = stmt.carried if isinstance(stmt, (For, While)) else ()
        found: dict[str, str] = {}
        for c in carries:
            if isinstance(self.types[c.inner], Array):
                found[c.inner] = c.result
                for inner in block:
                    made = inner.value if isinstance(inner, Assign) else None
                    if isinstance(made, Call) and made.fn in GROWING and self.roots.same(made.args[0].id, c.inner):  # type: ignore[union-attr]
                        assert isinstance(inner, Assign)
                        found[inner.target] = c.result
        return found

    def _demand(self, forward: Block, needed: Needed, made: set[str], stmt: Stmt) -> None:
        """What the copy reads of memory it does not make are demands, as at the start of the block."""
        for inner in filter(needed.is_live, statements(forward)):
            if isinstance(inner, Accum) and self.roots.find(inner.array) not in made:
                self.reloads.append(Reload(self.roots.find(inner.array), inner.index, stmt))
            for load in (e for part in expressions(inner) for e in loads(part)):
                assert isinstance(load.array, Name)
                if self.roots.find(load.array.id) not in made:
                    self.reloads.append(Reload(self.roots.find(load.array.id), load.index, stmt))
            value = inner.value if isinstance(inner, Assign) else None
            if isinstance(value, Call) and (value.fn in _WHOLE or is_opaque(value)):
                for whole in passed(value):  # reads every element
                    if isinstance(self.types[whole], Array) and self.roots.find(whole) not in made:
                        self.reloads.append(Reload(self.roots.find(whole), (), stmt))

    def _local_only(self, block: Block, made: set[str]) -> Block:
        """The forward slice of one iteration: without its additions to arrays of outside."""
        out = []
        for stmt in block:
            if isinstance(stmt, (Store, Accum)) and self.roots.find(stmt.array) not in made:
                continue
            out.append(with_blocks(stmt, [self._local_only(inner, made) for inner in blocks(stmt)]))
        return tuple(out)

    # ------------------------------------------------------------------------------------ branches
    def reverse_if(self, stmt: If) -> None:
        seeds = {m: self.bar.pop(m.result) for m in stmt.merges if m.result in self.bar}
        chosen = any(isinstance(self.types[m.result], Array) and self.active(m.result) for m in stmt.merges)
        if not seeds and not chosen and not any(isinstance(s, (Store, Accum)) for s in statements((stmt,))):
            return
        base = dict(self.bar)
        arrays = dict(self.array_bar)
        for m in stmt.merges:
            if isinstance(self.types[m.result], Array) and self.active(m.result):
                for atom in (m.then, m.orelse):
                    assert isinstance(atom, Name)
                    self.array_bar[self.roots.find(atom.id)] = self.adjoint_array(m.result)
        frame = self.frame
        outs: list[list[Stmt]] = []
        bars: list[dict[str, Atom]] = []
        for side, block in enumerate(blocks(stmt)):
            self.bar = dict(base)
            out: list[Stmt] = []
            region: Region = (stmt, side)

            def begin(side: int = side) -> None:
                for m, seed in seeds.items():
                    self.add_atom(m.then if side == 0 else m.orelse, seed)

            if self.needs_scope(block):
                self._as_scope(stmt, region, block, out, None, False, begin, list)
            else:
                inner = self.reverse_block(region, block, out, frame.scope)
                begin()
                self.reverse_statements(inner)
                self.frames.pop()
            outs.append(out)
            bars.append(self.bar)
        self.array_bar = arrays
        test = self._test(stmt)
        self.bar = dict(base)
        own = {name for block in blocks(stmt) for name in inside(block)}
        merges = []
        for name in dict.fromkeys((*bars[0], *bars[1])):
            then, orelse = bars[0].get(name, ZERO), bars[1].get(name, ZERO)
            if name in own:
                continue
            if then == orelse:
                self.bar[name] = then
                continue
            result = self._bar_name(name)
            merges.append(Merge(result, then, orelse))
            self.bar[name] = Name(result)
        self.emit(If(test, tuple(outs[0]), tuple(outs[1]), tuple(merges), span=stmt.span))

    def _test(self, stmt: If) -> Expr:
        """The condition again: taped where slots were written under it and computing it again could differ."""
        frame = self.frame
        if frame.is_scope or stmt not in self.saved_under or self._work(stmt.test) <= 1:
            return self.need(stmt.test, stmt)
        return self.saved(stmt.test, "test", BOOL, frame, frame.scope.before[stmt].append)

    def _work(self, expr: Expr) -> int:
        """Floating-point operations between a condition and values that the reverse sweep has exactly."""
        total = 0
        for part in nodes(expr):
            if isinstance(part, Call) and part.fn not in _ARITHMETIC_FREE:
                total += 2 if part.fn in _WAVES or is_dear(part.fn, part.args) else 1  # one call may give two values
            elif isinstance(part, Name) and part.id in self.where:
                where = self.where[part.id]
                frame = self.frame_of(where.region)
                if where.role == "assign" and not frame.is_scope and isinstance(where.stmt, Assign):
                    total += self._work(where.stmt.value)
        return total
