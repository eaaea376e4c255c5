"""Results written into arrays that the caller has.

Goal: a derivative with one parameter more, `out`, of the structure of its result: the arrays in it are overwritten
with the derivative, or added to, and returned.  An array that the derivative makes and returns is replaced by the
caller's; one that it cannot be replaced in is computed as before and copied, or added, at the end.  All that `out` may
be wrong in is checked before anything is written.

Non-goals: numbers, which have no place to be written to; `None` stands in theirs.  Differentiating the result: that is
done with the derivative that makes its arrays.

    def f_grad(x, k):                         becomes     def f_grad(x, k, x_bar):
        x_bar = np.zeros_like(x)                              check_out(x_bar, x, (x,))
        for i in range(x.shape[0] - 1):                       for i in range(x_bar.shape[0]):
            x_bar[i] += k * x[i + 1]                              x_bar[i] = 0.0
            x_bar[i + 1] += k * x[i]                          for i in range(x.shape[0] - 1):
        return x_bar                                              x_bar[i] += k * x[i + 1]
                                                                  x_bar[i + 1] += k * x[i]
                                                              return x_bar
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from adcompile.chain import ZERO
from adcompile.errors import InvalidArgument
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Const,
    Effect,
    Expr,
    For,
    Function,
    Index,
    Name,
    Names,
    Return,
    Stmt,
    Store,
    Tuple,
    base_of,
)
from adcompile.ir.show import shown_type
from adcompile.ir.types import INT, Array, Static, TupleType, Type, ndim
from adcompile.ir.walk import (
    atoms,
    children,
    core_names,
    defines,
    expressions,
    names,
    nodes,
    replaced,
    statements,
    uses,
)
from adcompile.memory import check_out
from adcompile.runtime import check_equal
from adcompile.transform.entry import is_tuple_item

_LIKE = (np.zeros_like, np.empty_like, ops.copy)
_ZEROS = (np.zeros_like, np.zeros)
_MADE = (*_ZEROS, np.empty_like, np.empty)


@dataclass(frozen=True, slots=True)
class Out:
    """What a caller gives for the result: its type, whether it is added to, and the derivative to name in errors."""

    type: Type
    add: bool
    whose: str
    held: bool = False  # that it has the shapes of the result and lies apart from all else, and no derivative follows


def into(function: Function, out: Out, value: bool) -> Function:
    """`function` with a last parameter for its result, or, if `value`, for the second item of that."""
    return _Into(function, out, value).run()


class _Into:
    """Writes one function.  A place is an expression: `out`, or an item of it."""

    def __init__(self, function: Function, out: Out, value: bool) -> None:
        self.function = function
        self.body = function.body[:-1]
        last = function.body[-1]
        assert isinstance(last, Return)
        self.last = last
        self.value = value
        self.result = last.value.items[1] if value and isinstance(last.value, Tuple) else last.value
        self.out = out
        self.types: dict[str, Type] = dict(function.types)
        self.names = Names(core_names(function))
        self.whole = _unversioned("out", self.names)
        self.types[self.whole] = out.type
        self.arrays = dict(self._arrays(self.result, out.type, Name(self.whole), "out"))
        if not self.arrays and out.add:
            raise InvalidArgument(
                f"{out.whose}: out has no array, so there is nothing to add to: pass one, such as np.zeros_like(x); "
                f"numbers are returned, so add those where they arrive, as of a derivative without accumulate=True"
            )
        self.makers = {s.target: s.value for s in self.body if isinstance(s, Assign) and isinstance(s.value, Call)}

    def run(self) -> Function:
        shapes = {place: self._shape(array) for place, array in self.arrays.items()}
        at = self._first(shapes)
        if at is None:
            shapes, at = {place: Name(array) for place, array in self.arrays.items()}, len(self.body)
            own: set[str] = set()
        else:
            own = {array for array in self.arrays.values() if not self.out.add or self._only_added_to(array)}
        targets = {place: array if array in own else self._beside(array) for place, array in self.arrays.items()}
        early = [stmt for stmt in self.body[:at] if isinstance(stmt, Assign) and stmt.target in own]
        body = (
            *(stmt for stmt in self.body[:at] if stmt not in early),
            *self._checks(shapes),
            *self._without((*early, *self.body[at:]), own),
            *(self._given(targets[place], array) for place, array in self.arrays.items() if array not in own),
            self._returned(targets),
        )
        return self._with_parameter(body, targets)

    def _with_parameter(self, body: Block, targets: Mapping[Expr, str]) -> Function:
        param = self.whole
        if isinstance(self.out.type, Array):
            (target,) = targets.values()
            param = _unversioned(base_of(target), self.names) if "." in target else target
            self.types[param] = self.out.type
            body = replaced(body, {target: Name(param), self.whole: Name(param)})
        else:
            body = (*(Assign(target, place) for place, target in targets.items()), *body)
        return replace(self.function, params=(*self.function.params, param), body=body, types=self.types)

    # ------------------------------------------------------------------------------------ what is given for what
    def _arrays(self, result: Expr, given: Type, place: Expr, path: str) -> Iterator[tuple[Expr, str]]:
        """The places of `out` with the arrays of the result that go there; what does not fit is refused."""
        if given == Static(None):
            return
        if isinstance(result, Tuple):
            if not isinstance(given, TupleType) or len(given.items) != len(result.items):
                raise self._invalid(path, given, f"a tuple of {len(result.items)}, as the result is there")
            for number, (one, item) in enumerate(zip(result.items, given.items, strict=True)):
                yield from self._arrays(one, item, Index(place, (Const(number),)), f"{path}[{number}]")
            return
        type_ = self.types[result.id] if isinstance(result, Name) else None
        if not isinstance(result, Name) or not isinstance(type_, Array):
            raise self._invalid(path, given, "None: the result there is a number, and is returned")
        if given != type_:
            raise self._invalid(path, given, f"{shown_type(type_)}, as the result is there")
        yield place, result.id

    def _invalid(self, path: str, given: Type, expected: str) -> InvalidArgument:
        return InvalidArgument(f"{self.out.whose}: {path} is {shown_type(given)}, and has to be {expected}")

    # ------------------------------------------------------------------------------------ in the place of its own
    def _shape(self, array: str) -> Expr | None:
        """An array of the shape of one that is made here, or that shape, by what stands earliest in the function."""
        made = self.makers.get(array)
        if made is None or made.fn not in _MADE:
            return None
        like = made.args[0]
        if made.fn not in _LIKE:
            shape = like if isinstance(like, Tuple) else Tuple((like,))
            return None if any(isinstance(node, Index) for node in nodes(shape)) else shape
        while isinstance(like, Name) and (above := self.makers.get(like.id)) is not None and above.fn in _LIKE:
            like = above.args[0]
        return like

    def _first(self, shapes: Mapping[Expr, Expr | None]) -> int | None:
        """The first statement before which all shapes are known; nothing where one is not, or where an array of the
        result stands twice in it, or is used earlier."""
        leaves = list(names(self.last.value))
        if None in shapes.values() or any(leaves.count(array) > 1 for array in self.arrays.values()):
            return None
        needed = {name for shape in shapes.values() if shape is not None for name in names(shape)}
        first = 0
        for k, stmt in enumerate(self.body):
            taken_apart = isinstance(stmt, Assign) and is_tuple_item(stmt, self.types)
            if not needed.isdisjoint(defines(stmt)) or (taken_apart and k == first):
                first = k + 1
        made = set(self.arrays.values())
        if any(name in made for stmt in statements(self.body[:first]) for name in uses(stmt)):
            return None
        return first

    def _only_added_to(self, array: str) -> bool:
        """Whether an array is made of zeros, and added to and nothing else until it is returned."""
        if self.makers[array].fn not in _ZEROS:
            return False
        for stmt in statements(self.body):
            if (isinstance(stmt, Store) and stmt.array == array) or Name(array) in atoms(stmt):
                return False
            if any(array in _read(expr) for expr in expressions(stmt)):
                return False
        return True

    def _without(self, block: Block, own: set[str]) -> Iterator[Stmt]:
        """Statements without the allocations of arrays that are given; zeros are written instead."""
        for stmt in block:
            if not isinstance(stmt, Assign) or stmt.target not in own:
                yield stmt
            elif not self.out.add and self.makers[stmt.target].fn in _ZEROS:
                yield self._cleared(stmt.target)

    def _cleared(self, array: str) -> Stmt:
        return self._each(array, lambda index: Store(array, index, ZERO))

    # ------------------------------------------------------------------------------------ beside its own
    def _beside(self, array: str) -> str:
        target = self.names.fresh(f"{base_of(array)}_out")
        self.types[target] = self.types[array]
        return target

    def _given(self, target: str, array: str) -> Stmt:
        """What was computed beside, into the caller's array."""
        statement = Accum if self.out.add else Store
        return self._each(target, lambda index: statement(target, index, Index(Name(array), index)))

    # ------------------------------------------------------------------------------------ pieces
    def _checks(self, shapes: Mapping[Expr, Expr | None]) -> Iterator[Stmt]:
        """What refuses an `out` of other shapes, or that lies where something else does."""
        if self.out.held:
            yield from self._same_lengths(shapes)
        elif shapes:
            inputs = tuple(Name(param) for param in self.function.params if _holds_array(self.types[param]))
            shape = _structured(self.out.type, Name(self.whole), shapes)
            yield Effect(Call(check_out, (Name(self.whole), shape, Tuple(inputs))))

    def _same_lengths(self, shapes: Mapping[Expr, Expr | None]) -> Iterator[Stmt]:
        """What refuses a first array of other lengths, and so all: they are of one shape."""
        for place, shape in [*shapes.items()][:1]:
            for axis in range(ndim(self.types[self.arrays[place]])):
                like = shape.items[axis] if isinstance(shape, Tuple) else Call(ops.dim, (shape, Const(axis)))  # type: ignore[arg-type]
                yield Effect(Call(check_equal, (Call(ops.dim, (place, Const(axis))), like)))

    def _each(self, array: str, write: Callable[[tuple[Expr, ...]], Stmt]) -> Stmt:
        """A statement for every element of an array."""
        indices = [self.names.fresh(base) for base, _ in zip("ijklmn", range(ndim(self.types[array])), strict=False)]
        self.types.update(dict.fromkeys(indices, INT))
        block: Block = (write(tuple(map(Name, indices))),)
        for axis in reversed(range(len(indices))):
            extent = Call(ops.dim, (Name(array), Const(axis)))
            block = (For(indices[axis], Const(0), extent, Const(1), block),)
        return block[0]

    def _returned(self, targets: Mapping[Expr, str]) -> Return:
        def one(expr: Expr, place: Expr) -> Expr:
            if isinstance(expr, Tuple):
                return Tuple(tuple(one(item, Index(place, (Const(k),))) for k, item in enumerate(expr.items)))
            return Name(targets[place]) if place in targets else expr

        result = one(self.result, Name(self.whole))
        if self.value:
            assert isinstance(self.last.value, Tuple)
            result = Tuple((self.last.value.items[0], result))
        return replace(self.last, value=result)


def _structured(given: Type, place: Expr, shapes: Mapping[Expr, Expr | None]) -> Expr:
    """The shapes in the structure of `out`, `None` where nothing is given."""
    if isinstance(given, TupleType):
        items = enumerate(given.items)
        return Tuple(tuple(_structured(item, Index(place, (Const(k),)), shapes) for k, item in items))
    return shapes.get(place) or Const(None)


def _holds_array(type_: Type) -> bool:
    return any(map(_holds_array, type_.items)) if isinstance(type_, TupleType) else isinstance(type_, Array)


def _read(expr: Expr) -> set[str]:
    """The names in an expression, but for those that are asked for the length of an axis alone."""
    if isinstance(expr, Name):
        return {expr.id}
    if isinstance(expr, Call) and expr.fn is ops.dim:
        return set()
    return {name for part in children(expr) for name in _read(part)}


def _unversioned(like: str, names: Names) -> str:
    """A parameter's name, which has no versions."""
    name = like
    while "." in names.fresh(name):
        name += "_"
    return name
