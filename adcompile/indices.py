"""A `range` for indices of arrays, of which LLVM sees that they are never negative.

Numba's `range` counts what is left beside the index, and adds to the index as if that might pass the greatest integer.
From a start of 2 or more LLVM then keeps the tests for counting from the end, and makes no vectors (a stencil takes
three times as long).  This one counts as C does.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.imputils import RefType, iternext_impl
from numba.extending import lower_builtin, models, register_model, type_callable


def indices(start: int, stop: int) -> range:
    """`range(start, stop)`, in compiled code for indices of arrays.

    >>> list(indices(2, 5))
    [2, 3, 4]
    """
    return range(start, stop)


class _Indices(types.SimpleIterableType):  # type: ignore[misc]
    """What `indices` gives."""

    def __init__(self) -> None:
        super().__init__("indices", _Counter())


class _Counter(types.SimpleIteratorType):  # type: ignore[misc]
    """Its iterator."""

    def __init__(self) -> None:
        super().__init__("counter of indices", types.int64)


@register_model(_Indices)
class _IndicesModel(models.StructModel):  # type: ignore[misc]
    def __init__(self, manager: Any, type_: Any) -> None:
        super().__init__(manager, type_, [("start", types.int64), ("stop", types.int64)])


@register_model(_Counter)
class _CounterModel(models.StructModel):  # type: ignore[misc]
    def __init__(self, manager: Any, type_: Any) -> None:
        super().__init__(manager, type_, [("next", types.EphemeralPointer(types.int64)), ("stop", types.int64)])


@type_callable(indices)  # type: ignore[untyped-decorator]
def _type_of_indices(context: Any) -> Any:
    def typed(start: Any, stop: Any) -> Any:
        return _Indices() if isinstance(start, types.Integer) and isinstance(stop, types.Integer) else None

    return typed


@lower_builtin(indices, types.Integer, types.Integer)  # type: ignore[untyped-decorator]
def _compiled_indices(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    space = cgutils.create_struct_proxy(_Indices())(context, builder)
    space.start, space.stop = (
        context.cast(builder, arg, given, types.int64) for arg, given in zip(args, signature.args, strict=True)
    )
    return space._getvalue()


@lower_builtin("getiter", _Indices)  # type: ignore[untyped-decorator]
def _counter(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    space = cgutils.create_struct_proxy(_Indices())(context, builder, args[0])
    counter = cgutils.create_struct_proxy(_Counter())(context, builder)
    counter.next = cgutils.alloca_once_value(builder, space.start)
    counter.stop = space.stop
    return counter._getvalue()


@lower_builtin("iternext", _Counter)  # type: ignore[untyped-decorator]
@iternext_impl(RefType.UNTRACKED)  # type: ignore[untyped-decorator]
def _counted(context: Any, builder: Any, signature: Any, args: Any, result: Any) -> None:
    """While the index lies below the stop, one more is no greater than the greatest integer."""
    counter = cgutils.create_struct_proxy(_Counter())(context, builder, args[0])
    index = builder.load(counter.next)
    within = builder.icmp_signed("<", index, counter.stop)
    result.set_valid(within)
    with builder.if_then(within):
        result.yield_(index)
        builder.store(builder.add(index, index.type(1), flags=["nsw"]), counter.next)
