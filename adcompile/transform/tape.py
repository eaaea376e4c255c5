"""Tapes: plain arrays that keep what the reverse sweep must have and cannot get otherwise.

A tape is allocated before the outermost loop inside its scope and indexed by the loop variables, one slot an
execution; under a `while`, whose trips are not known before, it grows (`runtime.grown`).  A scalar of a branch needs
no tape: it leaves by merges.  Tapes are ordinary arrays to the next transform.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adcompile import runtime
from adcompile.analysis.aliasing import Roots
from adcompile.errors import InternalError, refuse
from adcompile.ir import ops
from adcompile.ir.fold import folded
from adcompile.ir.nodes import (
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
    Tuple,
    While,
    base_of,
)
from adcompile.ir.types import INT, Array, Scalar, Type, kind
from adcompile.ir.walk import core_names, names
from adcompile.transform.scopes import TOP, Frame, Region, Scope, definitions, regions

ZERO_INDEX = Const(0)


class _Integers(dict[str, Type]):
    """Says that every name is an integer: index arithmetic is."""

    def get(self, name: str, default: object = None) -> Type:
        return INT


_INTEGERS = _Integers()


def zero(type_: Type) -> Const:
    """The zero of a scalar type."""
    return Const({"b": False, "i": 0, "u": 0}.get(kind(type_), 0.0))


def integer(fn: Callable[..., object], *args: Expr) -> Expr:
    """Integer index arithmetic, folded."""
    return folded(Call(fn, args), _INTEGERS)


def trips(loop: For) -> tuple[Expr, Callable[[Expr, Expr], Expr]]:
    """How often a unit-step loop runs, never negative, and the number of an iteration from its start and index."""
    assert isinstance(loop.step, Const) and loop.step.value in (1, -1)
    if loop.step.value == 1:
        extent = integer(np.subtract, loop.stop, loop.start)
        number = lambda start, index: integer(np.subtract, index, start)  # noqa: E731
    else:
        extent = integer(np.subtract, loop.start, loop.stop)
        number = lambda start, index: integer(np.subtract, start, index)  # noqa: E731
    known = isinstance(extent, Const) or (isinstance(extent, Call) and extent.fn in (ops.dim, max))
    if isinstance(extent, Const):
        extent = Const(max(extent.value, 0))
    return (extent if known else Call(max, (extent, ZERO_INDEX))), number


class Tapes:
    """The function being reversed, its frames, and the tapes that its forward sweep fills."""

    def __init__(self, function: Function, roots: Roots) -> None:
        self.function = function
        self.roots = roots
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.where = definitions(function)
        self.frames: list[Frame] = []
        self.taped: list[list[Stmt]] = []  # for each tape, the loops and branches being reversed around it
        self.saved_under: set[Stmt] = set()  # the branches that slots are written under
        self._owners: dict[Stmt, Region] = {}

        def visit(region: Region, block: Block) -> None:
            for stmt in block:
                self._owners[stmt] = region
                for inner, body in regions(stmt):
                    visit(inner, body)

        visit(TOP, function.body)

    # ------------------------------------------------------------------------------------ small things
    def fresh(self, base: str, type_: Type) -> str:
        name = self.names.fresh(base)
        self.types[name] = type_
        return name

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def emit(self, stmt: Stmt) -> None:
        self.frame.out.append(stmt)

    def frame_of(self, region: Region) -> Frame:
        for frame in reversed(self.frames):
            if frame.region == region:
                return frame
        raise InternalError(f"{self.function.name}: a value is wanted outside the region that defines it: {region}")

    def need(self, expr: Expr, stmt: Stmt) -> Expr:
        """`expr` of the forward sweep, as it stood just before `stmt`, in terms of the reverse sweep."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------ tapes
    def frames_between(self, frame: Frame) -> list[Frame]:
        """The frames from just inside a frame's scope to the frame itself."""
        stack = self.frames[: self.frames.index(frame) + 1]
        start = max(number for number, f in enumerate(stack) if f.region == frame.scope.region)
        return stack[start + 1 :]

    def host(self, frame: Frame) -> Stmt:
        """The statement of the scope's own block in which a frame lies."""
        inner = self.frames_between(frame)
        owner = inner[0].region[0]
        assert owner is not None
        return owner

    def saved(self, source: Expr, base: str, type_: Type, frame: Frame, add: Callable[[Stmt], None]) -> Atom:
        """Keeps a scalar of the forward sweep, once an execution; returns what holds it in the reverse sweep."""
        between = self.frames_between(frame)
        self.saved_under.update(f.region[0] for f in between if isinstance(f.region[0], If))
        if all(f.loop is None for f in between):
            return self._exported(source, base, type_, between, add)
        tape, slot, load = self.tape(f"{base}_tape", type_, frame, ())
        add(Store(tape, slot, source))
        new = self.fresh(base, type_)
        frame.out.append(Assign(new, load))
        return Name(new)

    def _exported(
        self, source: Expr, base: str, type_: Type, between: list[Frame], add: Callable[[Stmt], None]
    ) -> Atom:
        """A value of a branch, carried out of it by merges."""
        if isinstance(source, Name):
            value: Atom = source
        else:
            value = Name(self.fresh(base, type_))
            add(Assign(value.id, source))
        for frame in reversed(between):
            owner, side = frame.region
            assert isinstance(owner, If)
            result = self.fresh(base, type_)
            other = zero(type_)
            frame.scope.merges[owner].append(Merge(result, *((value, other) if side == 0 else (other, value))))
            value = Name(result)
        return value

    def tape(
        self, base: str, type_: Type, frame: Frame, trailing: tuple[Expr, ...]
    ) -> tuple[str, tuple[Expr, ...], Index]:
        """A new tape with a slot (of shape `trailing`) for every execution of a frame's block.

        Returns its name in the forward sweep, the slot's index there, and the slot as the reverse sweep reads it.
        """
        assert isinstance(type_, (Scalar, Array))
        scope = frame.scope
        loops = [f for f in self.frames_between(frame) if f.loop is not None]
        host = self.host(frame)
        self.taped.append([f.region[0] for f in self.frames if f.region[0] is not None])
        dims: list[Expr] = []
        slot: list[Expr] = []
        back: list[Expr] = []
        growing: While | None = None
        for f in loops:
            loop = f.loop
            assert f.index is not None
            if isinstance(loop, While):
                if f is not loops[0]:
                    raise InternalError(f"{self.function.name}: a while loop taped inside another loop")
                growing = loop
                counter = self.counter(loop, scope)
                dims.append(Const(8))
                slot.append(Name(counter.inner))
                back.append(f.index)
                continue
            assert isinstance(loop, For)
            self._check_box(loop, scope)
            extent, forward = trips(loop)
            dims.append(extent)
            slot.append(forward(loop.start, Name(loop.index)))
            back.append(forward(self.need(loop.start, loop), f.index))
        shape = (*dims, *trailing)
        array = Array(type_.dtype, len(shape))
        first = self.fresh(base, array)
        dtype = () if type_.dtype == "float64" else (Const(np.dtype(type_.dtype).type),)
        empty = Call(np.empty, (shape[0] if len(shape) == 1 else Tuple(shape), *dtype))
        scope.before[host].append(Assign(first, empty))
        if growing is None:
            return first, tuple(slot), Index(Name(first), tuple(back))
        inner, grown, result = (self.fresh(base, array) for _ in range(3))
        scope.growth[growing].append(Assign(grown, Call(runtime.grown, (Name(inner), slot[0]))))
        scope.carried[growing].append(Carry(inner, Name(first), Name(grown), result))
        self.roots.join(first, inner)
        self.roots.join(first, grown)
        self.roots.join(first, result)
        return grown, tuple(slot), Index(Name(result), tuple(back))

    def _check_box(self, loop: For, scope: Scope) -> None:
        for name in (*names(loop.start), *names(loop.stop)):
            where = self.where.get(name)
            if where is not None and where.region != scope.region and self._inside(where.region, scope.region):
                raise refuse(
                    "tape-shape",
                    f"the trip count of this loop ({base_of(name)}) is not known before the loops around it",
                    loop.span,
                    "compute it before the outer loop",
                    self.function.name,
                )

    def _inside(self, region: Region, outer: Region) -> bool:
        while region[0] is not None:
            if region == outer:
                return True
            region = self.region_of(region[0])
        return region == outer

    def region_of(self, stmt: Stmt) -> Region:
        """The region in whose block a statement stands."""
        return self._owners[stmt]

    def increment(self, carry: Carry, region: Region) -> int | None:
        if not isinstance(carry.yielded, Name):
            return None
        where = self.where[carry.yielded.id]
        if where.region != region or where.role != "assign" or not isinstance(where.stmt, Assign):
            return None
        match where.stmt.value:
            case Call(np.add, (Name(id), Const(int(step)))) if id == carry.inner:
                return step
            case Call(np.subtract, (Name(id), Const(int(step)))) if id == carry.inner:
                return -step
        return None

    def counter(self, loop: While, scope: Scope) -> Carry:
        """The trip counter of a while loop: one that the loop has, or a new one."""
        if loop not in scope.counters:
            for carry in loop.carried:
                if carry.init == ZERO_INDEX and self.increment(carry, (loop, 0)) == 1:
                    scope.counters[loop] = carry
                    return carry
            inner, after, result = (self.fresh("k", INT) for _ in range(3))
            scope.end[loop].append(Assign(after, Call(np.add, (Name(inner), Const(1)))))
            scope.counters[loop] = Carry(inner, ZERO_INDEX, Name(after), result)
            scope.carried[loop].append(scope.counters[loop])
        return scope.counters[loop]
