"""What `for` loops run over: ranges, arrays, their places, enumerate, zip, reversed of those, and literal tuples.

Goal: every `for` a `For` over a range, its items read from the arrays by index as each trip starts; a loop over a
literal tuple becomes its body once for every item.  A loop variable that outlives its loop, or is assigned in it, is an
ordinary variable, given its value from an index of the loop's own.

    for k, v in enumerate(x):       becomes     for k_v_index in range(len(x)):
        s += k * v                                  k = k_v_index
                                                    v = x[k_v_index]
                                                    s += k * v
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import libcst as cst
import numpy as np

from adcompile.errors import Span
from adcompile.frontend.names import found, leaves_its_loop, local_names, target_names
from adcompile.frontend.source import Located
from adcompile.frontend.targets import Targets
from adcompile.indices import indices
from adcompile.ir.nodes import Block, Call, Const, Expr, For, Index, Name, Tuple

_MOST_COPIES = 64  # of a body, for the items of a literal tuple
_MOST_CALLS = 64  # in all these copies together
_RANGE = tuple[Expr, Expr, Expr]


class Body(NamedTuple):
    """What a loop does: its statements after those that something else makes, the names that they assign, whether they
    have a `break` or `continue` of the loop, and how many calls and products of matrices."""

    read: Callable[[Callable[[], None]], Block]
    assigned: frozenset[str]
    leaves: bool
    calls: int = 0


class Loops(Targets, ABC):
    """Reads the loops of one function."""

    def __init__(self, source: Located, local: set[str], outliving: frozenset[str]) -> None:
        super().__init__(source, local)
        self.outliving = outliving

    @abstractmethod
    def block(self, body: cst.BaseSuite, first: Callable[[], None] = lambda: None) -> Block:
        """The statements of a body, after those that `first` makes."""

    @abstractmethod
    def make_room(self, node: cst.If | cst.Try | cst.BaseSuite) -> None:
        """Room for what a branch or a loop's body may append to lists."""

    # ------------------------------------------------------------------------------------ loops
    def loop(self, node: cst.For) -> None:
        """A `for` loop."""
        if node.asynchronous is not None:
            self.refuse(node.asynchronous, "`async for` is not supported", code="unsupported-statement")
        first, last = self.source.span(node), self.source.span(node.iter)
        self.span = Span(first.file, first.line, first.column, last.end_line, last.end_column)
        self.origin = f"for {self.source.code(node.target)} in {self.source.code(node.iter)}"

        def read(first: Callable[[], None]) -> Block:
            def start() -> None:
                first()
                self.make_room(node.body)

            return self.block(node.body, start)

        calls = sum(1 for _ in found(node.body, cst.Call)) + sum(1 for _ in found(node.body, cst.MatrixMultiply))
        body = Body(read, frozenset(local_names(node.body)), leaves_its_loop(node.body), calls)
        self.over(node.target, node.iter, body)

    def over(self, target: cst.BaseAssignTargetExpression, items: cst.BaseExpression, body: Body) -> None:
        """A loop of some body, which a `for` has or a comprehension stands for."""
        static = self.static_items(items)
        if static is not None and _is_long(static, body):
            array = self.named("items", Call(np.array, (Tuple(tuple(static)),)))
            self.counted(target, items, body, array)
        elif static is not None:
            self.copies(target, items, static, body)
        else:
            self.counted(target, items, body)

    def counted(
        self,
        target: cst.BaseAssignTargetExpression,
        items: cst.BaseExpression,
        body: Body,
        array: Expr | None = None,
    ) -> None:
        """A loop over a range, or over arrays by index; over `array`, where that has the items."""
        span, origin = self.span, self.origin
        bounds = self.range_of(items)
        parallel = self.is_parallel(items)
        if bounds is not None and isinstance(target, cst.Name) and target.value not in self.outliving:
            index, first = self.spelled(target.value), _nothing
        else:
            index = self.fresh("_".join((*target_names(target), "index")))
            if bounds is not None:
                item: Expr = Name(index)
            else:
                lengths: list[Expr] = []
                changed = body.assigned | {self.spelled(name) for name in target_names(target)}
                if array is None:
                    item = self.item(items, Name(index), lengths, set(changed))
                else:
                    item, lengths = Index(array, (Name(index),)), [Call(len, (array,))]
                bounds = (Const(0), reduce(lambda a, b: Call(min, (a, b)), lengths or [Const(0)]), Const(1))

            def first() -> None:
                self.span, self.origin = span, origin
                self.target(target, item)

        self.out.append(For(index, *bounds, body.read(first), parallel=parallel, span=span))

    # ------------------------------------------------------------------------------------ ranges
    def called(self, node: cst.BaseExpression, *fns: Any) -> list[cst.BaseExpression] | None:
        """The arguments of a call of one of some functions by position alone; nothing for anything else."""
        if not isinstance(node, cst.Call):
            return None
        fn = self.known(node.func)
        if not any(fn is other for other in fns):
            return None
        if any(arg.keyword is not None or arg.star for arg in node.args):
            return None
        return [arg.value for arg in node.args]

    def range_of(self, node: cst.BaseExpression) -> _RANGE | None:
        """Start, stop and step of a `range(...)` or of one reversed; nothing for anything else."""
        if (turned := self.called(node, reversed)) and len(turned) == 1:
            bounds = self.range_of(turned[0])
            return None if bounds is None else self.turned(node, bounds)
        if not isinstance(node, cst.Call) or not _is_range(self.known(node.func)):
            return None
        if any(arg.keyword is not None or arg.star for arg in node.args) or not 1 <= len(node.args) <= 3:
            self.refuse(node, "this is no range", "give range one to three numbers")
            return Const(0), Const(0), Const(1)
        args = [self.read(arg.value) for arg in node.args]
        match args:
            case [stop]:
                return Const(0), stop, Const(1)
            case [start, stop]:
                return start, stop, Const(1)
        return args[0], args[1], args[2]

    def is_parallel(self, node: cst.BaseExpression) -> bool:
        """Whether an iterator is Numba's `prange`."""
        return isinstance(node, cst.Call) and _is_prange(self.known(node.func))

    def turned(self, node: cst.BaseExpression, bounds: _RANGE) -> _RANGE:
        """A range backwards."""
        start, _, step = bounds
        if step == Const(1):
            return _less(bounds[1], Const(1)), _less(start, Const(1)), Const(-1)
        trips = self.trips(node, bounds)
        if not (isinstance(step, Const) and isinstance(step.value, int)):
            return bounds
        last = _plus(start, Call(np.multiply, (_less(trips, Const(1)), step)))
        return last, _plus(start, Const(-step.value)), Const(-step.value)

    def trips(self, node: cst.BaseExpression, bounds: _RANGE) -> Expr:
        """How many numbers a range has; below zero for one that has none."""
        start, stop, step = bounds
        if not (isinstance(step, Const) and isinstance(step.value, int) and step.value != 0):
            self.refuse(node, "a range whose step is known only at run time", "loop over the range itself")
            return Const(0)
        if step.value < 0:
            start, stop, step = stop, start, Const(-step.value)
        length = _less(stop, start)
        if step.value == 1:
            return length
        return Call(np.floor_divide, (_plus(length, Const(step.value - 1)), step))

    # ------------------------------------------------------------------------------------ items by index
    def item(self, node: cst.BaseExpression, at: Expr, lengths: list[Expr], changed: set[str]) -> Expr:
        """The item number `at` of what a loop runs over; `lengths` collects how many there are.

        `changed` are the names that the loop assigns: a loop goes on over what its names stood for as it started.
        """
        if isinstance(node, cst.Call) and self.known(node.func) is enumerate:
            over, start = self.enumerated(node)
            number = _plus(at, self.unchanged(start, "start", changed))
            return Tuple((number, self.item(over, at, lengths, changed)))
        if args := self.called(node, zip):
            return Tuple(tuple(self.item(arg, at, lengths, changed) for arg in args))
        if (shape := self.shape_of(node, changed)) is not None:
            lengths.append(Call(math.prod, (shape,)))
            return Call(np.unravel_index, (at, shape))
        if (args := self.called(node, np.ndenumerate)) and len(args) == 1:
            array = self.array(args[0], changed)
            lengths.append(Call(np.size, (array,)))
            place = Call(np.unravel_index, (at, Call(np.shape, (array,))))
            return Tuple((place, Index(Call(np.ravel, (array,)), (at,))))
        bounds = self.range_of(node)
        if bounds is not None:
            lengths.append(self.trips(node, bounds))
            start, step = (self.unchanged(bound, "start", changed) for bound in bounds[::2])
            return _plus(start, at if step == Const(1) else Call(np.multiply, (at, step)))
        if (args := self.called(node, reversed)) and len(args) == 1:
            array = self.array(args[0], changed)
            length = Call(len, (array,))
            lengths.append(length)
            return Index(array, (_less(_less(length, Const(1)), at),))
        if isinstance(node, cst.Call) and self.known(node.func) is zip:
            self.refuse(node, "`zip` with these arguments is not supported", "give zip the arrays alone")
            return Const(0.0)
        array = self.array(node, changed)
        lengths.append(Call(len, (array,)))
        return Index(array, (at,))

    def enumerated(self, node: cst.Call) -> tuple[cst.BaseExpression, Expr]:
        """What an `enumerate(...)` runs over, and its first number."""
        match node.args:
            case [cst.Arg(over, keyword=None, star="")]:
                return over, Const(0)
            case [cst.Arg(over, keyword=None, star=""), cst.Arg(start, keyword=None | cst.Name("start"), star="")]:
                return over, self.read(start)
        self.refuse(node, "`enumerate` with these arguments is not supported", "give it an array, and a start")
        return cst.Tuple([]), Const(0)

    def shape_of(self, node: cst.BaseExpression, changed: set[str]) -> Expr | None:
        """The lengths that `np.ndindex(...)` is given, one by one or as a shape; nothing for anything else."""
        if not isinstance(node, cst.Call) or self.known(node.func) is not np.ndindex:
            return None
        if any(arg.keyword is not None for arg in node.args) or (len(node.args) > 1 and any(a.star for a in node.args)):
            self.refuse(node, "`np.ndindex` with these arguments is not supported", "give it a shape")
            return Tuple(())
        if len(node.args) == 1:
            return self.unchanged(self.read(node.args[0].value), "shape", changed)
        return Tuple(tuple(self.unchanged(self.read(arg.value), "length", changed) for arg in node.args))

    def unchanged(self, value: Expr, like: str, changed: set[str]) -> Expr:
        """A value as it is before the loop."""
        stays = isinstance(value, Const) or (isinstance(value, Name) and value.id not in changed)
        return value if stays else self.named(like, value)

    def array(self, node: cst.BaseExpression, changed: set[str]) -> Expr:
        """What a loop runs over, under a name that the loop does not assign."""
        return self.unchanged(self.read(node), "items", changed)

    # ------------------------------------------------------------------------------------ literal tuples
    def static_items(self, node: cst.BaseExpression) -> list[Expr] | None:
        """The items of a literal tuple or list, of a tuple of outside, or of enumerate, zip, reversed of those."""
        if isinstance(node, (cst.Tuple, cst.List)):
            items = [self.element(part, listed=False) for part in node.elements]
            return [self.settled(item) for item in items]
        if (args := self.called(node, enumerate)) and len(args) == 1:
            found = self.static_items(args[0])
            return None if found is None else [Tuple((Const(k), item)) for k, item in enumerate(found)]
        if (args := self.called(node, reversed)) and len(args) == 1:
            found = self.static_items(args[0])
            return None if found is None else found[::-1]
        if (args := self.called(node, zip)) and all(map(self.is_static, args)):
            rows = zip(*[self.static_items(arg) or [] for arg in args], strict=False)
            return [Tuple(row) for row in rows]
        if self.is_static(node):
            value = self.read(node)
            return list(value.items) if isinstance(value, Tuple) else None
        return None

    def is_static(self, node: cst.BaseExpression) -> bool:
        """Whether `static_items` gives items."""
        if isinstance(node, (cst.Tuple, cst.List)):
            return True
        args = self.called(node, enumerate, reversed, zip)
        if args is not None:
            return all(map(self.is_static, args))
        return isinstance(self.known(node), tuple)

    def settled(self, value: Expr) -> Expr:
        """A value evaluated now."""
        if isinstance(value, Tuple):
            return Tuple(tuple(map(self.settled, value.items)), value.listed)
        return value if isinstance(value, Const) else self.named("item", value)

    def copies(
        self, target: cst.BaseAssignTargetExpression, items: cst.BaseExpression, found: list[Expr], body: Body
    ) -> None:
        """A loop over a literal tuple: its body for every item."""
        if body.leaves or len(found) > _MOST_COPIES:
            self.refuse(
                items,
                "a loop over a tuple is written out, its body once for every item: "
                + ("this one has `break` or `continue`" if len(found) <= _MOST_COPIES else f"this has {len(found)}"),
                "put the values into an array and loop over that",
                "unsupported-statement",
            )
            return
        span, origin = self.span, self.origin
        for item in found:
            self.span, self.origin = span, origin
            self.target(target, item)
            self.out += body.read(_nothing)


def _nothing() -> None:
    """Nothing is done first."""


def _is_long(items: list[Expr], body: Body) -> bool:
    """Whether a loop over a literal tuple stays one, over an array: of floats, which may be left or would be long."""
    if not all(isinstance(item, Const) and type(item.value) is float for item in items):
        return False
    return body.leaves or len(items) > _MOST_COPIES or len(items) * body.calls > _MOST_CALLS


def _is_range(fn: Any) -> bool:
    """Whether a callable is `range`, or `indices`, or Numba's parallel `range`, taken in the order of its trips."""
    return fn is range or fn is indices or _is_prange(fn)


def _is_prange(fn: Any) -> bool:
    module = str(getattr(fn, "__module__", ""))
    return getattr(fn, "__name__", "") == "prange" and module.partition(".")[0] == "numba"


def _less(left: Expr, right: Expr) -> Expr:
    return _folded(np.subtract, left, right)


def _plus(left: Expr, right: Expr) -> Expr:
    return right if left == Const(0) else _folded(np.add, left, right)


def _folded(fn: np.ufunc, left: Expr, right: Expr) -> Expr:
    if right == Const(0):
        return left
    match left, right:
        case Const(int() as a), Const(int() as b):
            return Const(int(fn(a, b)))
    return Call(fn, (left, right))
