"""Making typed expressions: what the stage `ssa` and the canonical forms of array functions build with.

A `Typed` is an expression and its type.  The `Builder` types each call it makes once, folds what is known before the
run, brings indices into their canonical form (one item per axis, no `Ellipsis`) and gives a name to what would
otherwise be computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from adcompile.analysis.types_of import described, type_of_call, type_of_index, type_of_value
from adcompile.errors import Span, Unsupported, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Const, Expr, Index, Name, Names, Slice, Stmt, Tuple
from adcompile.ir.types import BOOL, INT, Array, Scalar, Static, TupleType, Type, kind, ndim
from adcompile.normal.literal_lengths import Lengths, literal_lengths
from adcompile.normal.places import places_in, places_of
from adcompile.normal.static import constant_of, known

EVERYTHING = Slice(Const(None), Const(None), Const(None))


class Typed(NamedTuple):
    """An expression with its type."""

    expr: Expr
    type: Type

    @property
    def ndim(self) -> int:
        """Axes; zero for a number."""
        return ndim(self.type)

    @property
    def is_array(self) -> bool:
        """Whether it is an array."""
        return isinstance(self.type, Array)

    @property
    def is_tuple(self) -> bool:
        """Whether it is a tuple whose items are known one by one."""
        return isinstance(self.expr, Tuple)

    @property
    def items(self) -> tuple[Typed, ...]:
        """The items of a tuple."""
        assert isinstance(self.expr, Tuple) and isinstance(self.type, TupleType), self
        return tuple(Typed(*pair) for pair in zip(self.expr.items, self.type.items, strict=True))


class Copied(NamedTuple):
    """A copy, of which variables, by which function, and where."""

    name: str
    of: frozenset[str]
    fn: str
    span: Span | None


def constant(value: object) -> Typed:
    """A literal."""
    expr = constant_of(value)
    return Typed(expr, type_of_value(expr.value))


def tuple_of(items: Sequence[Typed]) -> Typed:
    """A tuple of values."""
    return Typed(Tuple(tuple(x.expr for x in items)), TupleType(tuple(x.type for x in items)))


def value_of(x: Typed | None, what: str) -> Any:
    """The Python object that an argument must be before the run (an axis, a flag); `None` where it is left out."""
    if x is None:
        return None
    if isinstance(x.expr, Const):
        return x.expr.value
    if x.is_tuple:
        return tuple(value_of(item, what) for item in x.items)
    raise refuse("dynamic-argument", f"{what} must be known before the run", hint="give it as a literal")


def _nothing_written(fn: Callable[..., Any], *args: Typed, **kwargs: Typed) -> Typed:
    raise NotImplementedError(fn)


class Builder:
    """Builds typed expressions; statements that they need go to `out`, in order.

    `written(fn, *args, **kwargs)` is what a function of ours gives, its statements spliced in (`expanded`).
    """

    def __init__(self, types: dict[str, Type], fresh: Names, source_names: frozenset[str]) -> None:
        self.types = types
        self.fresh = fresh
        self.source_names = source_names
        self.lengths: dict[str, Lengths] = {}  # of arrays whose form tells some
        self.out: list[Stmt] = []
        self.span: Span | None = None
        self.origin = ""
        self._lazy = 0
        self.written: Callable[..., Typed] = _nothing_written
        self.copies: list[Copied] = []  # that may be what they are of, as memory lies

    @property
    def is_lazy(self) -> bool:
        """Whether nothing may be computed ahead here."""
        return self._lazy > 0

    @contextmanager
    def lazily(self) -> Iterator[None]:
        """Inside, nothing may be computed ahead: the expression may not be reached, or is evaluated many times."""
        self._lazy += 1
        try:
            yield
        finally:
            self._lazy -= 1

    # -------------------------------------------------------------------------------------- names
    def name(self, id: str) -> Typed:
        """A variable as a value."""
        return Typed(Name(id), self.types[id])

    def spare(self, like: str) -> str:
        """A base for a name of ours that no variable of the source has."""
        base = like.replace(".", "_")
        while base in self.source_names:
            base += "_"
        return base

    def defined(self, base: str, value: Typed) -> Typed:
        """A new version of `base` that holds `value`."""
        id = self.fresh.fresh(base)
        self.types[id] = value.type
        if isinstance(value.type, Array):
            self.lengths[id] = literal_lengths(value.expr, value.ndim, self.types, self.lengths)
        self.out.append(Assign(id, value.expr, span=self.span, origin=self.origin))
        return Typed(Name(id), value.type)

    def shared(self, x: Typed, like: str = "part") -> Typed:
        """`x` for use in several places: named unless it is an atom, or stands where nothing is computed ahead."""
        if isinstance(x.expr, (Name, Const)) or self._lazy:
            return x
        return self.defined(self.spare(like), x)

    # -------------------------------------------------------------------------------------- expressions
    def call(self, fn: Callable[..., Any], *args: Typed, **kwargs: Expr) -> Typed:
        """A call in canonical form."""
        exprs = tuple(x.expr for x in args)
        if not kwargs and (value := known(fn, exprs)) is not None:
            return constant(value.value)
        call = Call(fn, exprs, tuple(kwargs.items()))
        return Typed(call, type_of_call(call, [x.type for x in args]))

    def folded(self, fn: Callable[..., Any], items: Sequence[Typed]) -> Typed:
        """`fn` of many as `fn` of two, from the left."""
        result = items[0]
        for item in items[1:]:
            result = self.call(fn, result, item)
        return result

    def truth(self, x: Typed) -> Typed:
        """`x` as a condition."""
        if isinstance(x.expr, Const) and not isinstance(x.expr.value, np.ndarray):
            return constant(bool(x.expr.value))
        if x.is_tuple:
            return constant(bool(x.items))
        if isinstance(x.type, Scalar):
            return x if x.type == BOOL else self.call(np.not_equal, x, constant(0))
        raise refuse(
            "no-type",
            f"a {described(x.type)} is used as a condition",
            hint="reduce it with np.any or np.all",
        )

    # -------------------------------------------------------------------------------------- shapes
    def dim(self, x: Typed, axis: int) -> Typed:
        """The length of one axis."""
        return self.dims(x)[axis]

    def dims(self, x: Typed) -> tuple[Typed, ...]:
        """The lengths of all axes; an expression whose shape does not follow from its form is named first."""
        found = self._dims(x)
        if found is None:
            x = self.shared(x)
            found = self._dims(x)
        if found is None:
            raise refuse(
                "takes-statements",
                "the shape of an expression is asked where it may not be evaluated",
                hint="give the array a name in a statement of its own",
            )
        return found

    def _dims(self, x: Typed) -> tuple[Typed, ...] | None:
        match x.expr:
            case Name():
                return tuple(self.call(ops.dim, x, constant(axis)) for axis in range(x.ndim))
            case Call(np.transpose, (array,)):
                inner = self._dims(Typed(array, x.type))
                return None if inner is None else inner[::-1]
            case Index(Name(id), index):
                lengths = self.dims(self.name(id))
                if len(index) == len(lengths) and all(self._keeps_or_drops(item) for item in index):
                    return tuple(n for n, item in zip(lengths, index, strict=True) if isinstance(item, Slice))
        return None

    def _keeps_or_drops(self, item: Expr) -> bool:
        return item == EVERYTHING or (not isinstance(item, Slice) and self._is_number(item))

    def _is_number(self, item: Expr) -> bool:
        match item:
            case Const(value):
                return type(value) is int
            case Name(id):
                return isinstance(self.types[id], Scalar)
            case Call(np.add | np.subtract | np.multiply, parts):
                return all(self._is_number(part) for part in parts)
            case Call(ops.dim):
                return True
        return False

    def size(self, x: Typed) -> Typed:
        """How many elements."""
        return self.folded(np.multiply, self.dims(x)) if x.ndim else constant(1)

    # -------------------------------------------------------------------------------------- indices
    def index(self, base: Typed, items: Sequence[Typed]) -> Typed:
        """`base[items]`, in canonical form."""
        if len(items) == 1 and items[0].is_tuple:
            items = items[0].items
        if base.is_tuple:
            return self._item(base, items)
        if isinstance(base.type, Scalar) and (taken := self._of_number(base, items)) is not None:
            return taken
        if not base.is_array:
            raise refuse("no-type", f"a value that is not an array ({described(base.type)}) is indexed")
        base, items = self._through(base, self.canonical_index(base, self.without_masks(base, items)))
        exprs = tuple(item.expr for item in items)
        found = type_of_index(base.type, exprs, [item.type for item in items])
        if isinstance(base.type, Array) and base.type.listed and isinstance(found, Array):
            within = items and isinstance(items[0].type, Scalar)  # an item, and no part of the list
            found = replace(found, listed=base.type.listed - 1 if within else base.type.listed)
        return Typed(Index(base.expr, exprs), found)

    def _of_number(self, base: Typed, items: Sequence[Typed]) -> Typed | None:
        """What an index of an array without axes gives: `x[...]`, `x[None]`, `x[mask]`."""
        if len(items) == 1 and items[0].type == BOOL:
            one, mask = (self.shared(self.call(np.array, tuple_of([x])), "one") for x in (base, items[0]))
            return self.index(one, [mask])
        if not all(_is_constant(item, None, Ellipsis) for item in items):
            return None
        new = base
        for item in items:
            new = tuple_of([new]) if _is_constant(item, None) else new
        return self.call(np.array, new) if new.is_tuple else base

    def without_masks(self, base: Typed, items: Sequence[Typed]) -> list[Typed]:
        """An index with the places at which its masks hold instead of the masks."""
        if not any(_is_mask(item) for item in items):
            return list(items)
        used = sum(item.ndim if _is_mask(item) else not _is_constant(item, None, Ellipsis) for item in items)
        result: list[Typed] = []
        axis = 0
        for item in items:
            if _is_mask(item):
                result += self._places(base, axis, item)
                axis += item.ndim
                continue
            result.append(item)
            axis += base.ndim - used if _is_constant(item, Ellipsis) else not _is_constant(item, None)
        return result

    def _places(self, base: Typed, axis: int, mask: Typed) -> Sequence[Typed]:
        if self.is_lazy:
            what = "an index by a mask takes statements, where it may not be evaluated"
            raise refuse("takes-statements", what, hint="give it a name in a statement of its own")
        lengths, mask = self.dims(base)[axis : axis + mask.ndim], self.shared(mask, "mask")
        if mask.ndim == 1:
            return [self.written(places_in, mask, *lengths)]
        return self.written(places_of, mask, tuple_of(lengths)).items

    def _item(self, base: Typed, items: Sequence[Typed]) -> Typed:
        parts = base.items
        match items:
            case (Typed(Const(int() as number)),) if -len(parts) <= number < len(parts):
                return parts[number]
            case (Typed(Slice(Const(start), Const(stop), Const(step))),):
                return tuple_of(parts[slice(start, stop, step)])
        numbers = bool(parts) and all(isinstance(part.type, Scalar) for part in parts)
        if numbers and len(items) == 1 and isinstance(items[0].type, Scalar) and kind(items[0].type) in "iu":
            return self.index(self.shared(self.call(np.array, base), "items"), items)
        type_of_index(base.type, [item.expr for item in items], [item.type for item in items])
        raise refuse("dynamic-tuple-index", "a tuple is indexed by a value known only at run time", hint="use an array")

    def canonical_index(self, base: Typed, items: Sequence[Typed]) -> list[Typed]:
        """One item per axis and `None` per new one: `Ellipsis` and missing axes written as full slices, negative
        literals counted from the end where the shape is at hand."""
        everything = Typed(EVERYTHING, Static(slice))
        used = sum(1 for item in items if not _is_constant(item, None, Ellipsis))
        missing = base.ndim - used
        if missing < 0:
            raise refuse("no-type", f"{used} indices into a {described(base.type)}")
        result: list[Typed] = []
        filled = False
        for item in items:
            if _is_constant(item, Ellipsis):
                if filled:
                    raise refuse("no-type", "an index with two ellipses")
                result += [everything] * missing
                filled = True
            else:
                result.append(item)
        if not filled:
            result += [everything] * missing
        axis = 0
        for place, item in enumerate(result):
            if _is_constant(item, None):
                continue
            result[place] = self._from_start(base, axis, item)
            axis += 1
        return result

    def _from_start(self, base: Typed, axis: int, item: Typed) -> Typed:
        if item.type == BOOL:
            raise refuse("no-type", "an array is indexed by a truth value", hint="use int(...) of it")
        if isinstance(item.expr, Const) and isinstance(item.expr.value, int) and item.expr.value < 0:
            lengths = self._dims(base)
            if lengths is not None:
                return self.call(np.subtract, lengths[axis], constant(-item.expr.value))
        return item

    def _through(self, base: Typed, items: list[Typed]) -> tuple[Typed, list[Typed]]:
        """`a[i][j]` as `a[i, j]`, where the inner index only picks along some axes."""
        match base.expr:
            case Index(Name(id), inner) if isinstance(self.types[id], Array):
                numbers = [self._is_number(item) for item in inner]
                if all(number or item == EVERYTHING for number, item in zip(numbers, inner, strict=True)):
                    rest = iter(items)
                    merged: list[Typed] = []
                    for item, number in zip(inner, numbers, strict=True):
                        if number:
                            merged.append(Typed(item, INT))
                            continue
                        merged.append(following := next(rest))
                        while _is_constant(following, None):
                            merged.append(following := next(rest))
                    return self.name(id), [*merged, *rest]
        return base, items


def _is_mask(x: Typed) -> bool:
    return isinstance(x.type, Array) and x.type.dtype == "bool"


def _is_constant(x: Typed, *values: object) -> bool:
    return isinstance(x.expr, Const) and any(x.expr.value is value for value in values)


def takes_statements(error: Unsupported) -> bool:
    """Whether something was refused since it takes statements where nothing can be computed ahead."""
    return any(refusal.code == "takes-statements" for refusal in error.refusals)


def require_integer(x: Typed, what: str) -> Typed:
    """`x`, which must be a whole number."""
    if isinstance(x.type, Scalar) and kind(x.type) in "iub":
        return x
    raise refuse("no-type", f"{what} must be an integer, not {described(x.type)}", hint="use int(...) or //")
