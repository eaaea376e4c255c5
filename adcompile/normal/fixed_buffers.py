"""Arrays that a loop rebinds, or a branch chooses, live in fixed memory.

Goal: afterwards no loop carries an array (but the tapes that `runtime.grown` lengthens), and a branch merges only
arrays that it made.  `u = step(u)` in a loop becomes a copy of the new contents into a buffer; the one side of a branch
that chose an older array gets a copy of it.  Non-goals: keeping swaps of arrays free of copies; programs in which
somebody could tell the copy from the original (`sharing` has refused them).

    for t in range(n):
        u = np.empty_like(v) ...
        v = u
becomes
    v = v.copy()
    for t in range(n):
        u = np.empty_like(v) ...
        v[:] = u, element by element

>>> from adcompile.ir.nodes import Return
>>> from adcompile.ir.show import show
>>> inside = (Assign("u", Call(np.zeros_like, (Name("v"),))),)
>>> loop = For("t", Const(0), Const(3), Const(1), inside, (Carry("v", Name("x"), Name("u"), "w"),))
>>> types = {name: Array("float64", 1) for name in "xvuw"} | {"t": INT}
>>> print(show(fixed_buffers(Function("f", ("x",), (loop, Return(Name("w"))), types))))
def f(x):
    v.1 = x.copy()
    for t in range(3):
        u = np.zeros_like(v.1)
        for i in range(v.1.shape[0]):
            v.1[i] = u[i]
    return v.1
<BLANKLINE>
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from adcompile import runtime
from adcompile.analysis.aliasing import is_allocation
from adcompile.errors import Span, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Effect,
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
    Tuple,
    While,
    base_of,
)
from adcompile.ir.types import INT, Array, Type, element
from adcompile.ir.walk import (
    all_names,
    atoms,
    binds,
    blocks,
    defines,
    expressions,
    replaced,
    statements,
    with_blocks,
)
from adcompile.normal.elements import equal_lengths
from adcompile.normal.sharing import contents


def fixed_buffers(function: Function) -> Function:
    """`function` with references to arrays that never change what they refer to."""
    return _Buffers(function).run()


class _Buffers:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(tuple(all_names(function)))
        self.values: dict[str, Expr] = {}
        self.made: dict[str, Assign] = {}
        self.order: dict[Stmt, int] = {}
        self.above: dict[Stmt, list[Stmt]] = {}
        self.home: dict[str, list[Stmt]] = {}  # the statements around the definition of each name
        self.flows: Counter[str] = Counter()
        self.reads: list[tuple[str, int]] = []  # and where in the order
        self._visit(function.body, [])

    def _visit(self, block: Block, above: list[Stmt]) -> None:
        for stmt in block:
            position = self.order[stmt] = len(self.order)
            self.above[stmt] = above
            self.home.update((name, above) for name in defines(stmt))
            self.home.update((name, [*above, stmt]) for name in binds(stmt))
            if isinstance(stmt, Assign) and is_allocation(stmt.value):
                self.made[stmt.target] = stmt
            if isinstance(stmt, (Store, Accum)):
                self.reads.append((stmt.array, position))
            self.flows.update(atom.id for atom in atoms(stmt) if isinstance(atom, Name))
            self.reads += [(name, position) for expr in expressions(stmt) for name in contents(expr)]
            inits = [c.init for c in stmt.carried] if isinstance(stmt, (For, While)) else []
            self.reads += [(atom.id, position) for atom in inits if isinstance(atom, Name)]
            for inner in blocks(stmt):
                self._visit(inner, [*above, stmt])
            last = self.order[next(reversed(self.order))]  # what is yielded and merged is read where the blocks end
            self.reads += [(atom.id, last) for atom in atoms(stmt) if isinstance(atom, Name) and atom not in inits]

    def run(self) -> Function:
        body = self.block(self.function.body)
        for name in list(self.values):
            value = self.values[name]
            while isinstance(value, Name) and value.id in self.values:
                value = self.values[value.id]
            self.values[name] = value
        return replace(self.function, body=replaced(body, self.values), types=self.types)

    def fresh(self, like: str, type_: Type) -> str:
        name = self.names.fresh(base_of(like))
        self.types[name] = type_
        return name

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            new = with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)])
            if isinstance(new, (For, While)) and isinstance(stmt, (For, While)):
                new = self.loop(new, stmt, out)
            elif isinstance(new, If):
                new = self.branch(new)
            out.append(new)
        return tuple(out)

    # ------------------------------------------------------------------------------------ loops
    def loop(self, loop: For | While, original: For | While, out: list[Stmt]) -> For | While:
        arrays = [c for c in loop.carried if isinstance(self.types[c.inner], Array) and not self.grows(c, original)]
        if not arrays:
            return loop
        buffers: dict[str, str] = {}
        for c in arrays:
            assert isinstance(c.init, Name)
            if self.sometimes_grows(c, original):
                message = "a list is made longer on some of several paths through a loop"
                hint = "append to it in the loop's own body, or use an array of known length"
                raise refuse("growing-list", message, loop.span, hint, self.function.name)
            if c.init.id in self.made and not self.used_from(c.init.id, original, besides=1):
                buffer = c.init.id
            else:
                buffer = self.fresh(c.inner, self.types[c.inner])
                out.append(Assign(buffer, Call(ops.copy, (c.init,)), span=loop.span))
                self.made[buffer] = Assign(buffer, Call(ops.copy, (c.init,)))
            buffers[c.inner] = buffer
            self.values[c.inner] = self.values[c.result] = Name(buffer)
        end = self.rebound(arrays, buffers, loop.span)
        carried = tuple(c for c in loop.carried if c not in arrays)
        return replace(loop, body=(*loop.body, *end), carried=carried)

    def rebound(self, arrays: Sequence[Carry], buffers: dict[str, str], span: Span | None) -> list[Stmt]:
        """At the end of a body, the new contents of each buffer: those that trade places, element by element."""
        out: list[Stmt] = []
        trading = [c for c in arrays if isinstance(c.yielded, Name) and c.yielded.id in buffers]
        together = len(trading) > 1 and all(self.same_shape(c.inner, trading[0].inner) for c in trading)
        sources: dict[str, str] = {}
        for c in arrays:
            assert isinstance(c.yielded, Name)
            sources[c.inner] = c.yielded.id
            if c in trading and not together:  # overwritten here too: its contents are taken first
                copy = self.fresh(c.inner, self.types[c.inner])
                out.append(Assign(copy, Call(ops.copy, (c.yielded,)), span=c.span or span))
                sources[c.inner] = copy
        for c in arrays:
            assert isinstance(c.yielded, Name)
            if not (c in trading and together) and not self.same_shape(c.yielded.id, buffers[c.inner]):
                check = Call(runtime.check_rebound, (Name(buffers[c.inner]), Name(sources[c.inner])))
                out.append(Effect(check, span=c.span or span))
        if together:
            pairs = [(buffers[c.inner], sources[c.inner]) for c in trading]
            out.append(self.copied(pairs, trading[-1].span or span, _text(trading)))
        out += [
            self.copied([(buffers[c.inner], sources[c.inner])], c.span or span, _text([c]))
            for c in arrays
            if not (c in trading and together)
        ]
        return out

    def grows(self, carry: Carry, loop: For | While) -> bool:
        """Whether an array that a loop carries is a tape that it lengthens."""
        grown = {
            s.target: s.value.args[0]
            for s in statements(loop.body)
            if isinstance(s, Assign) and isinstance(s.value, Call) and s.value.fn in runtime.GROWING
        }
        results = {
            c.result: c.init
            for s in statements(loop.body)
            if isinstance(s, (For, While))
            for c in s.carried
            if isinstance(self.types[c.inner], Array) and self.grows(c, s)
        }
        value: Expr = carry.yielded
        while isinstance(value, Name) and value.id != carry.inner:
            if value.id in results:
                value = results[value.id]
            elif value.id in grown:
                value = grown[value.id]
            else:
                return False
        return carry.yielded != Name(carry.inner)

    def sometimes_grows(self, carry: Carry, loop: For | While) -> bool:
        """Whether some path through a loop lengthens an array that it carries: a buffer would be of one length."""
        versions, found = {carry.inner}, False
        for s in statements(loop.body):
            match s:
                case Assign(target, Call(fn, (Name(source), *_))) if fn in runtime.GROWING and source in versions:
                    versions.add(target)
                    found = True
                case For() | While():
                    versions |= {
                        n for c in s.carried if c.init in set(map(Name, versions)) for n in (c.inner, c.result)
                    }
                case If():
                    versions |= {m.result for m in s.merges if {m.then, m.orelse} & set(map(Name, versions))}
        return found

    def copied(self, pairs: Sequence[tuple[str, str]], span: Span | None, origin: str) -> Stmt:
        """One loop nest that copies arrays of one shape over others; all are read before any is written."""
        first = pairs[0][0]
        type_ = self.types[first]
        assert isinstance(type_, Array)
        indices = [self.fresh("ijklmnpq"[axis], INT) for axis in range(type_.ndim)]
        at = tuple(map(Name, indices))
        reads: list[Stmt] = []
        writes: list[Stmt] = []
        for target, source in pairs:
            value: Expr = Index(Name(source), at)
            if len(pairs) > 1:
                name = self.fresh(f"{base_of(target)}_new", element(type_))
                reads.append(Assign(name, value, span=span, origin=origin))
                value = Name(name)
            writes.append(Store(target, at, value, span=span, origin=origin))
        body: Block = (*reads, *writes)
        for axis in reversed(range(type_.ndim)):
            stop = Call(ops.dim, (Name(first), Const(axis)))
            body = (For(indices[axis], Const(0), stop, Const(1), body, span=span),)
        return body[0]

    # ------------------------------------------------------------------------------------ shapes
    def shape(self, name: str, also: str = "") -> Sequence[Expr]:
        """The dimensions of an array, in terms of what it was made like."""
        if name in self.values and isinstance(self.values[name], Name):
            return self.shape(self.values[name].id)  # type: ignore[union-attr]
        stmt = self.made.get(name)
        if stmt is not None and isinstance(stmt.value, Call):
            fn, args = stmt.value.fn, stmt.value.args
            if fn in (np.empty_like, np.zeros_like, ops.copy) and isinstance(args[0], Name):
                return self.shape(args[0].id)
            if fn in (np.empty, np.zeros):
                dims = args[0].items if isinstance(args[0], Tuple) else (args[0],)
                return [self.resolved(dim) for dim in dims]
        type_ = self.types[name]
        assert isinstance(type_, Array)
        return [Call(ops.dim, (Name(name), Const(axis))) for axis in range(type_.ndim)]

    def resolved(self, dim: Expr) -> Expr:
        match dim:
            case Call(ops.dim, (Name(id), Const(int(axis)))):
                return self.shape(id)[axis]
        return dim

    def same_shape(self, new: str, buffer: str) -> bool:
        pairs = zip(self.shape(new), self.shape(buffer), strict=True)
        return all(equal_lengths(left, right) for left, right in pairs)

    # ------------------------------------------------------------------------------------ who uses an array
    def loops_again(self, name: str, stmt: Stmt) -> list[Stmt]:
        """The loops around a statement that an array outlives."""
        known = self.home.get(name, [])
        return [outer for outer in self.above[stmt] if outer not in known and isinstance(outer, (For, While))]

    def used_from(self, name: str, stmt: Stmt, besides: int = 0) -> bool:
        """Whether an array's contents are used in a statement or after it, more than `besides` times there."""
        loops = self.loops_again(name, stmt)
        first = self.order[loops[0]] if loops else self.order[stmt]
        besides = 0 if loops else besides  # the next iteration of a loop around comes by here again
        return sum(1 for read, at in self.reads if read == name and at >= first) > besides

    # ------------------------------------------------------------------------------------ branches
    def branch(self, branch: If) -> If:
        sides = [list(branch.then), list(branch.orelse)]
        merges = []
        for m in branch.merges:
            if isinstance(self.types[m.result], Array):
                own: list[Atom] = []
                for side, atom in zip(sides, (m.then, m.orelse), strict=True):
                    assert isinstance(atom, Name)
                    fresh = any(isinstance(s, Assign) and s.target == atom.id and is_allocation(s.value) for s in side)
                    if not fresh or self.flows[atom.id] > 1:
                        copy = self.fresh(m.result, self.types[m.result])
                        side.append(Assign(copy, Call(ops.copy, (atom,)), span=branch.span))
                        atom = Name(copy)
                    own.append(atom)
                m = Merge(m.result, own[0], own[1])
            merges.append(m)
        return replace(branch, then=tuple(sides[0]), orelse=tuple(sides[1]), merges=tuple(merges))


def _text(carries: Sequence[Carry]) -> str:
    """What a loop carries on, as the assignment that somebody wrote, near enough."""
    names = ", ".join(base_of(c.inner) for c in carries)
    values = ", ".join(base_of(c.yielded.id) for c in carries if isinstance(c.yielded, Name))
    return f"{names} = {values if values != names else '...'}"
