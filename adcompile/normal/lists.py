"""Lists that change: arrays of their items, to which operators mean something else.

Goal: a list that the function makes, indexes, changes and appends to is an array: of float64, of whole numbers where
they are places in arrays, of complex numbers; with an axis more where the items are arrays of one shape.  `+`, `*` and
`==` of lists are not those of arrays, and are refused; library functions take lists as arrays, as NumPy does.
Non-goals: lists of anything else (those that do not change are tuples).

    hs.append(h)            becomes         hs = grown_rows(hs, k, len(h)); hs[k, :] = h
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompile import runtime
from adcompile.analysis.types_of import described
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Accum,
    Assign,
    Block,
    Call,
    Effect,
    Expr,
    For,
    Index,
    Name,
    Stmt,
    Store,
    Tuple,
    Update,
    base_of,
)
from adcompile.ir.show import symbol
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type
from adcompile.ir.walk import blocks, children, expressions, names, nodes, statements, with_blocks
from adcompile.normal.array_calls import cast, dtype_constant
from adcompile.normal.building import EVERYTHING, Builder, Typed, constant, require_integer, tuple_of
from adcompile.normal.written_out import written_out

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk

_LIST = Array("float64", 1, listed=1)
_KEPT = (runtime.grown, len)


def is_list(x: Typed) -> bool:
    """Whether a value stands for a list."""
    return isinstance(x.type, Array) and x.type.listed > 0


def lists_in(body: Block) -> frozenset[str]:
    """The variables that may hold a list which stands for a tuple, or have one among their items."""
    assigned = [stmt for stmt in statements(body) if isinstance(stmt, (Assign, Update))]
    found = set[str]()
    while new := {s.target for s in assigned if mentions_list(s.value, found)} - found:
        found |= new
    return frozenset(found)


def mentions_list(expr: Expr, lists: Collection[str]) -> bool:
    """Whether a list which stands for a tuple is in an expression, itself or by one of these names; `np.ix_` gives a
    tuple whatever it is given."""
    match expr:
        case Call(np.ix_):
            return False
        case Tuple() if expr.listed:
            return True
        case Name(name):
            return name in lists
    return any(mentions_list(part, lists) for part in children(expr))


def plain(type_: Type) -> Type:
    """A type after SSA, where operators are what they are called."""
    if isinstance(type_, TupleType):
        return TupleType(tuple(map(plain, type_.items)))
    return replace(type_, listed=0) if isinstance(type_, Array) and type_.listed else type_


def passed(fn: Callable[..., Any], args: Sequence[Typed]) -> list[Typed]:
    """The arguments of a library function, lists among them as arrays."""
    if not any(map(is_list, args)):
        return list(args)
    if symbol(fn) or fn in (np.negative, np.positive, np.invert):
        hint = "use an array (np.array), or append to a new list"
        raise refuse("unsupported-list", f"`{symbol(fn) or '-'}` of lists is not supported", hint=hint)
    return list(args) if fn in _KEPT else [x._replace(type=plain(x.type)) for x in args]


def list_of(b: Builder, fn: Callable[..., Any], x: Typed) -> Typed | None:
    """`list(x)` and `sorted(x)` of a list or an array of one axis: a new list; nothing for anything else."""
    if fn is sorted and x.is_tuple and x.items and all(isinstance(item.type, Scalar) for item in x.items):
        x = b.call(np.array, x)
    if not isinstance(x.type, Array) or x.type.ndim != 1:
        return None
    new = b.call(ops.copy, x._replace(type=plain(x.type)))
    if fn is sorted:
        new = b.written(written_out(np.sort) or fn, new._replace(type=plain(x.type)))
    return new._replace(type=replace(_LIST, dtype=x.type.dtype))


# ------------------------------------------------------------------------------------------ what they hold
class Otherwise(Exception):
    """A list holds something else than was taken for granted: what is known of it now is in `Held`."""


class Held:
    """What the lists of a function hold: numbers (of float64, until it turns out otherwise), or arrays of one rank."""

    def __init__(self, body: Block) -> None:
        self._body = body
        self._items: dict[str, Type] = {}

    @cached_property
    def _places(self) -> Collection[str]:
        return places_in(self._body)

    def list_type(self, name: str) -> Array:
        """The type of the list under a name."""
        match self._items.get(name):
            case Array(dtype, rank, listed):
                return Array(dtype, rank + 1, listed + 1)
            case Scalar(dtype) if np.dtype(dtype).kind == "c":
                return replace(_LIST, dtype="complex128")
            case None | Scalar("int64") if name in self._places:
                return replace(_LIST, dtype="int64")
        return _LIST

    def note(self, name: str, item: Typed) -> None:
        """Takes note of an item of a list; raises `Otherwise` if the list was taken for one of other items."""
        before, known = self.list_type(name), self._items.get(name)
        found = item.type
        if isinstance(known, Array) and isinstance(found, Array) and replace(known, dtype=found.dtype) == found:
            found = replace(found, dtype=np.promote_types(known.dtype, found.dtype).name)
        elif known is not None and not (isinstance(known, Scalar) and isinstance(found, Scalar)):
            message = f"a list of {described(known)} and of {described(found)}"
            raise refuse("unsupported-list", message, hint="use a variable for each, or an array")
        elif isinstance(known, Scalar) and isinstance(found, Scalar):
            found = Scalar(np.promote_types(known.dtype, found.dtype).name)
        elif not isinstance(found, (Scalar, Array)):
            message = "a list that changes, or is indexed, is of numbers, or of arrays of one shape"
            raise refuse("unsupported-list", message, hint="use an array, or a variable for each")
        self._items[name] = found
        if self.list_type(name) != before:
            raise Otherwise

    def item_stored(self, array: Typed, index: Sequence[Typed], value: Typed) -> None:
        """Takes note of what is stored in a list."""
        assert isinstance(array.type, Array)
        if isinstance(array.expr, Name) and len(index) == 1 and not index[0].is_tuple:
            self.note(base_of(array.expr.id), value)
        if isinstance(value.type, (Scalar, Array)) and not np.can_cast(value.type.dtype, array.type.dtype, "same_kind"):
            raise refuse("no-type", f"{described(value.type)} into a {described(array.type)}")


def made_list(walk: Walk, name: str, items: Typed) -> Typed:
    """`name = [items]`, or with room for so many."""
    b, held = walk.b, walk.held
    for item in items.items if items.is_tuple else ():
        held.note(name, item)
    type_ = held.list_type(name)
    room = items if not items.is_tuple else constant(len(items.items))
    if type_.ndim == 1 and items.is_tuple and items.items:
        made = [cast(b, item, type_.dtype) for item in items.items]
        return Typed(b.call(np.array, tuple_of(made)).expr, type_)
    dtype = () if type_.dtype == "float64" else (Typed(dtype_constant(type_.dtype), Static(np.dtype)),)
    if type_.ndim == 1 or not items.is_tuple:
        shape = room if type_.ndim == 1 else tuple_of([constant(0)] * type_.ndim)
        return Typed(b.call(np.empty, shape, *dtype).expr, type_)
    rows = [b.shared(item, "item") for item in items.items]
    row = b.dims(rows[0])
    result = b.defined(name, Typed(b.call(np.empty, tuple_of([room, *row]), *dtype).expr, type_))
    for place, item in enumerate(rows):
        for length, own in zip(row, b.dims(item), strict=True):
            if own.expr != length.expr:
                b.out.append(Effect(Call(runtime.check_equal, (own.expr, length.expr)), span=b.span, origin=b.origin))
        put(b, result, constant(place), item)
    return result


def repeated(walk: Walk, name: str, value: Typed, count: Typed) -> Typed:
    """`name = [value] * count`."""
    b, held = walk.b, walk.held
    if not isinstance(value.type, Scalar):
        hint = "use a comprehension: [... for _ in range(n)]"
        raise refuse("unsupported-list", "a list that has one array several times", hint=hint)
    held.note(name, value)
    length = b.call(max, constant(0), require_integer(count, "the length of a list"))
    type_ = held.list_type(name)
    return Typed(b.call(np.full, length, cast(b, value, type_.dtype)).expr, type_)


def added(walk: Walk, name: str, rows: Typed, place: Typed, item: Typed, named: bool = False) -> Typed:
    """A list of arrays with one more behind the others: the arrays have one shape, which the first decides."""
    b = walk.b
    item = b.shared(item, "item")
    rows = b.defined(name, rows) if not isinstance(rows.expr, Name) else rows
    grown = Call(runtime.grown_rows, (rows.expr, place.expr, *(n.expr for n in b.dims(item))))
    longer = b.defined(name, Typed(grown, rows.type))
    put(b, longer, place, item, named)
    return longer


def row_of(b: Builder, items: Typed, listed: bool) -> Typed:
    """A tuple, or a list, of numbers as an item of a list: an array of them."""
    row = b.shared(b.call(np.array, items), "row")
    return row._replace(type=replace(row.type, listed=int(listed))) if isinstance(row.type, Array) else row


def put(b: Builder, rows: Typed, place: Typed, item: Typed, named: bool = False) -> None:
    """An array as an item of a list, where nothing was."""
    assert isinstance(rows.expr, Name)
    index = (place.expr, *[EVERYTHING] * item.ndim)
    marks = {"appends": True, "keeps": True, "named": named}
    b.out.append(Store(rows.expr.id, index, item.expr, **marks, span=b.span, origin=b.origin))


def appending(body: Block) -> Block:
    """A body, in SSA, in which what is stored where room was just made is known to be put where nothing was: in a list,
    or in a tape, of a derivative that is differentiated again."""
    room = {
        s.target: s.value.args[1]
        for s in statements(body)
        if isinstance(s, Assign) and isinstance(s.value, Call) and s.value.fn in runtime.GROWING
    }

    def block(stmts: Block) -> Block:
        return tuple(map(one, stmts))

    def one(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Store) and stmt.array in room and stmt.index[0] == room[stmt.array]:
            return replace(stmt, appends=True)
        return with_blocks(stmt, [block(inner) for inner in blocks(stmt)])

    return block(body) if room else body


def places_in(body: Block) -> Collection[str]:
    """The variables from which whole numbers come that must be such: places in arrays, lengths, bounds of loops.

    >>> taken = Assign("k", Index(Name("order"), (Name("i"),)))
    >>> sorted(places_in((taken, Assign("v", Index(Name("x"), (Name("k"),))))))
    ['i', 'k', 'order']
    """
    assigned = [s for s in statements(body) if isinstance(s, (Assign, Update))]
    found: set[str] = set()
    for stmt in statements(body):
        if isinstance(stmt, (Store, Accum)):
            found.update(name for item in stmt.index for name in names(item))
        if isinstance(stmt, For):
            found.update(name for bound in (stmt.start, stmt.stop, stmt.step) for name in names(bound))
        for part in (part for expr in expressions(stmt) for part in nodes(expr)):
            match part:
                case Index(_, index):
                    found.update(name for item in index for name in names(item))
                case Call(fn, args) if not isinstance(fn, np.ufunc) and getattr(fn, "__module__", None) == "numpy":
                    found.update(name for arg in args for name in names(arg))
    while new := {n for s in assigned if s.target in found for n in names(s.value)} - found:
        found |= new
    return found
