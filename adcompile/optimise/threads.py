"""Loops that somebody wants to be parallel are divided among threads, where it is proven that they may be.

Goal: afterwards a loop that is marked as parallel is one, whatever its iterations carry or add up: each thread runs its
share of them in order, adds to sums and arrays of its own, and these are added up in the order of the threads.  The
result depends on how many threads there are, by rounding, and on nothing else.  A marked loop without a proof
(`analysis.parallel`) is an ordinary one; a loop in a parallel loop too.

Non-goals: Numba's own reductions, which it guesses from the text.  Its index of a parallel loop is unsigned where it
starts at a literal (`-i` is then 2**64 - i), so that only a loop whose index is nothing but a subscript is left whole.

    for i in prange(n):             threads = thread_count()
        s += x[k[i]] ** 2           s_parts = np.empty(threads)
        x_bar[k[i]] += x[k[i]]      x_bar_parts = np.empty((threads, x_bar.shape[0]))
                                    for thread in prange(threads):
                                        s_part = 0.0
                                        for j in range(x_bar.shape[0]):
                                            x_bar_parts[thread, j] = 0.0
                                        for i in range(share(n, threads, thread), share(n, threads, thread + 1)):
                                            s_part += x[k[i]] ** 2
                                            x_bar_parts[thread, k[i]] += x[k[i]]
                                        s_parts[thread] = s_part
                                    for thread in range(threads):
                                        s += s_parts[thread]
                                    for j in prange(x_bar.shape[0]):
                                        for thread in range(threads):
                                            x_bar[j] += x_bar_parts[thread, j]

A stencil, whose iterations add to the elements of their neighbours, needs no copies: the last iterations of each share
are run after all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import starmap

import numpy as np

from adcompile import runtime
from adcompile.analysis.aliasing import is_allocation
from adcompile.analysis.parallel import Division, Parallel
from adcompile.ir import ops
from adcompile.ir.affine import shortened
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
    Index,
    Name,
    Names,
    Stmt,
    Store,
    Tuple,
    base_of,
)
from adcompile.ir.types import INT, Array, Scalar, Type, is_float
from adcompile.ir.walk import blocks, core_names, expressions, nodes, renamed, statements, uses, with_blocks
from adcompile.optimise.checks_first import checks_first
from adcompile.optimise.fold import fold_expressions
from adcompile.optimise.hoist import hoist
from adcompile.optimise.rewriting import same, with_body
from adcompile.optimise.upward import turned

ZERO, ONE = Const(0), Const(1)


def threads(function: Function) -> Function:
    """`function` with its parallel loops divided, and its other loops unmarked."""
    if not any(isinstance(stmt, For) and stmt.parallel for stmt in statements(function.body)):
        return function
    function = checks_first(function)
    divider = _Divider(function)
    body = divider.top(function.body)
    return hoist(fold_expressions(with_body(function, body, divider.types)))


def unmarked(block: Block) -> Block:
    """A block in which no loop is parallel."""

    def one(stmt: Stmt) -> Stmt:
        stmt = with_blocks(stmt, [unmarked(inner) for inner in blocks(stmt)])
        return replace(stmt, parallel=False) if isinstance(stmt, For) and stmt.parallel else stmt

    new = tuple(map(one, block))
    return block if same(new, block) else new


class _Divider:
    def __init__(self, function: Function) -> None:
        self.proofs = Parallel(function)
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.count = ""  # the name of the number of threads

    def top(self, body: Block) -> Block:
        """The body of the function: the number of threads is asked for once, before the first loop that is divided."""
        out: list[Stmt] = []
        for stmt in body:
            first = not self.count
            new = self.block((stmt,))
            if first and self.count:
                out.append(Assign(self.count, Call(runtime.thread_count, ())))
            out += new
        return tuple(out)

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, For) and stmt.parallel:
                proof = self.proofs.division(stmt)
                if proof is not None:
                    loop = replace(stmt, body=unmarked(stmt.body))
                    whole = not proof.copied and not proof.seam and _stays_whole(loop)
                    out += [self.whole(loop)] if whole else self.divided(loop, proof)
                    continue
                stmt = replace(stmt, parallel=False)
            out.append(with_blocks(stmt, [self.block(inner) for inner in blocks(stmt)]))
        return tuple(out)

    def fresh(self, base: str, type_: Type) -> str:
        name = self.names.fresh(base)
        self.types[name] = type_
        return name

    def integer(self, fn: np.ufunc, left: Expr, right: Expr) -> Expr:
        return shortened(Call(fn, (left, right)), self.types)

    # ------------------------------------------------------------------------------------ loops
    def whole(self, loop: For) -> For:
        """A loop that is parallel as it stands: upward, since Numba's are."""
        assert isinstance(loop.step, Const)
        if loop.step.value == 1:
            return loop
        return turned(loop, self.types)

    def divided(self, loop: For, proof: Division) -> Block:
        """A loop by shares, what they need before it, and what they leave to be done after."""
        if not self.count:
            self.count = self.fresh("threads", INT)
        out: list[Stmt] = []
        parts = {array: self.copies(array, out) for array in proof.copied}
        sums = [self.fresh(f"{base_of(carry.result)}_parts", self.array(carry)) for carry in loop.carried]
        out += [Assign(name, _allocation(np.empty, (Name(self.count),), self.types[name])) for name in sums]
        loop = replace(self.numbered(loop, out), parallel=False)
        trips = self.named("trips", self.integer(np.subtract, loop.stop, loop.start), out)

        out.append(self.shares(loop, proof, trips, parts, sums))
        if sums or proof.seam:
            out.append(self.added_up(loop, sums, trips, proof.seam))
        return (*out, *starmap(self.added_to, parts.items()))

    def shares(self, loop: For, proof: Division, trips: Expr, parts: dict[str, str], sums: list[str]) -> For:
        """The parallel loop over the threads, each of which runs its share but for the seam."""
        thread = self.fresh("thread", INT)
        body = [self.cleared(array, copies, Name(thread)) for array, copies in parts.items()]
        first, beyond = self.ends(loop, trips, thread, body, named=proof.seam > 0)
        stop = self.integer(np.subtract, beyond, Const(proof.seam)) if proof.seam else beyond
        carried = tuple(
            replace(c, init=_nothing(self.types[c.inner]), result=self.fresh(_part(c), self.types[c.inner]))
            for c in loop.carried
        )
        inside = _redirected(loop.body, parts, Name(thread))
        body.append(replace(loop, start=first, stop=stop, body=inside, carried=carried))
        body += [Store(name, (Name(thread),), Name(c.result)) for name, c in zip(sums, carried, strict=True)]
        return For(thread, ZERO, Name(self.count), ONE, tuple(body), (), True, span=loop.span)

    def ends(self, loop: For, trips: Expr, thread: str, out: list[Stmt], named: bool) -> tuple[Expr, Expr]:
        """Where the share of a thread begins and ends."""
        parts: tuple[Expr, ...] = (Name(thread), Call(np.add, (Name(thread), ONE)))
        shares = (Call(runtime.share, (trips, Name(self.count), part)) for part in parts)
        first, beyond = (self.integer(np.add, loop.start, each) for each in shares)
        return (self.named("first", first, out), self.named("beyond", beyond, out)) if named else (first, beyond)

    def numbered(self, loop: For, out: list[Stmt]) -> For:
        """A loop with unit step upward, and bounds that are known before it."""
        assert isinstance(loop.step, Const)
        step: int = loop.step.value
        if abs(step) == 1:
            upward = self.whole(loop)
            bounds = [self.named(base, end, out) for base, end in (("start", upward.start), ("stop", upward.stop))]
            return replace(upward, start=bounds[0], stop=bounds[1])
        ends = (loop.stop, loop.start) if step > 0 else (loop.start, loop.stop)
        distance = Call(np.add, (Call(np.subtract, ends), Const(abs(step) - 1)))
        trips = self.named("trips", Call(np.floor_divide, (distance, Const(abs(step)))), out)
        start = self.named("start", loop.start, out)
        number = self.fresh("trip", INT)
        index = Call(np.add, (start, Call(np.multiply, (Const(step), Name(number)))))
        body = (Assign(loop.index, index), *loop.body)
        return replace(loop, index=number, start=ZERO, stop=trips, step=ONE, body=body)

    def named(self, base: str, value: Expr, out: list[Stmt]) -> Expr:
        """A bound that may be evaluated in every thread: an atom or a length."""
        if isinstance(value, (Const, Name)) or (isinstance(value, Call) and value.fn is ops.dim):
            return value
        name = self.fresh(base, INT)
        out.append(Assign(name, value))
        return Name(name)

    # ------------------------------------------------------------------------------------ what is added up
    def array(self, carry: Carry) -> Array:
        type_ = self.types[carry.inner]
        assert isinstance(type_, Scalar)
        return Array(type_.dtype, 1)

    def copies(self, array: str, out: list[Stmt]) -> str:
        """Memory of the shape of an array, for each thread."""
        type_ = self.types[array]
        assert isinstance(type_, Array)
        name = self.fresh(f"{base_of(array)}_parts", Array(type_.dtype, type_.ndim + 1))
        shape: tuple[Expr, ...] = (
            Name(self.count),
            *(Call(ops.dim, (Name(array), Const(axis))) for axis in range(type_.ndim)),
        )
        out.append(Assign(name, _allocation(np.empty, shape, type_)))
        return name

    def added_up(self, loop: For, sums: list[str], trips: Expr, seam: int) -> Stmt:
        """The loop over the threads that adds up what each has summed, and runs the iterations that each has left."""
        thread = self.fresh("thread", INT)
        body: list[Stmt] = []
        inners: list[str] = []
        totals: list[str] = []
        for carry, name in zip(loop.carried, sums, strict=True):
            inner, total = (self.fresh(base_of(carry.result), self.types[carry.inner]) for _ in range(2))
            body.append(Assign(total, Call(np.add, (Name(inner), Index(Name(name), (Name(thread),))))))
            inners.append(inner)
            totals.append(total)
        if seam:
            first, beyond = self.ends(loop, trips, thread, body, named=True)
            start = Call(max, (first, self.integer(np.subtract, beyond, Const(seam))))
            carried = tuple(replace(c, init=Name(total)) for c, total in zip(loop.carried, totals, strict=True))
            left = replace(loop, start=start, stop=beyond, carried=carried)
            (again,), renaming = renamed((left,), self.names, self.types)  # type: ignore[arg-type]
            body.append(again)
            totals = [_name(renaming[c.result]) for c in loop.carried]
        outer = tuple(
            Carry(inner, c.init, Name(total), c.result)
            for c, inner, total in zip(loop.carried, inners, totals, strict=True)
        )
        return For(thread, ZERO, Name(self.count), ONE, tuple(body), outer)

    def cleared(self, array: str, parts: str, thread: Name) -> Stmt:
        """The loops that set a thread's copy of an array to zero."""
        zero = _nothing(self.types[parts])
        return self.nest(array, lambda at: Store(parts, (thread, *at), zero))

    def added_to(self, array: str, parts: str) -> Stmt:
        """The loops that add the copies of an array to it."""
        thread = self.fresh("thread", INT)

        def add(at: tuple[Expr, ...]) -> Stmt:
            accum = Accum(array, at, Index(Name(parts), (Name(thread), *at)))
            return For(thread, ZERO, Name(self.count), ONE, (accum,))

        return replace(self.nest(array, add), parallel=True)

    def nest(self, array: str, inside: Callable[[tuple[Expr, ...]], Stmt]) -> For:
        """Loops over every element of an array."""
        type_ = self.types[array]
        assert isinstance(type_, Array)
        indices = [self.fresh(base, INT) for base, _ in zip("ijklmn", range(type_.ndim), strict=False)]
        nest = inside(tuple(map(Name, indices)))
        for axis in reversed(range(type_.ndim)):
            nest = For(indices[axis], ZERO, Call(ops.dim, (Name(array), Const(axis))), ONE, (nest,))
        assert isinstance(nest, For)
        return nest


def _stays_whole(loop: For) -> bool:
    """Whether a loop carries nothing, makes no array that each thread would make once, and has an index that is nothing
    but a subscript."""
    index = Name(loop.index)
    count: Counter[bool] = Counter()
    for stmt in statements(loop.body):
        if isinstance(stmt, Assign) and is_allocation(stmt.value):
            return False
        count[False] += sum(name == loop.index for name in uses(stmt))
        if isinstance(stmt, (Store, Accum)):
            count[True] += stmt.index.count(index)
        for expr in expressions(stmt):
            count[True] += sum(node.index.count(index) for node in nodes(expr) if isinstance(node, Index))
    assert isinstance(loop.step, Const)
    return not loop.carried and count[True] == count[False] and abs(loop.step.value) == 1


def _redirected(block: Block, parts: dict[str, str], thread: Name) -> Block:
    """A block that adds to the copies of its thread."""

    def one(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Accum) and stmt.array in parts:
            return replace(stmt, array=parts[stmt.array], index=(thread, *stmt.index))
        return with_blocks(stmt, [_redirected(inner, parts, thread) for inner in blocks(stmt)])

    return tuple(map(one, block))


def _allocation(fn: object, shape: tuple[Expr, ...], type_: Type) -> Call:
    assert isinstance(type_, Array)
    dtype = () if type_.dtype == "float64" else (Const(np.dtype(type_.dtype).type),)
    return Call(fn, (shape[0] if len(shape) == 1 else Tuple(shape), *dtype))  # type: ignore[arg-type]


def _nothing(type_: Type) -> Atom:
    return Const(0.0 if is_float(type_) else 0)


def _name(expr: Expr) -> str:
    assert isinstance(expr, Name)
    return expr.id


def _part(carry: Carry) -> str:
    return f"{base_of(carry.result)}_part"
