"""Canonical forms of library calls: one spelling of each, so that the stages after this one need to know only that.

Defaults are dropped, keywords become positions, methods become functions, and what is easily said with simpler
functions is said so.  After this stage there are, beside ufuncs and calls on numbers:

    np.zeros(shape[, dtype])  np.ones  np.empty  np.full(shape, value[, dtype])      dtype only if not the default
    np.zeros_like(x)  np.ones_like(x)  np.empty_like(x)  ops.copy(x)  np.eye(n, m[, dtype=])
    np.arange(start, stop, step[, dtype])  np.linspace(start, stop, num[, endpoint=False])  np.array(nested tuple)
        a shape of one axis is an integer expression, of more a `Tuple`
    np.sum  np.prod  np.mean  np.max  np.min  np.any  np.all  np.argmax  np.argmin
        (x[, axis=][, keepdims=True])
        axis: a literal, not negative, or a `Tuple` of such, ascending; none for all axes
    np.cumsum(x, axis=)  np.cumprod(x, axis=)  np.roll(x, shift, axis=)
    np.transpose(x[, Tuple of axes])  np.reshape(x, Tuple)  np.broadcast_to(x, Tuple)  np.concatenate(Tuple, axis=)
    np.where(c, a, b) of arrays (of numbers: `ops.select`)  np.dot, np.matmul of ranks 1 and 2  np.outer  np.trace
    np.diag(x)  np.diagonal(x)  np.tril(x)  np.triu(x)
    np.float32(x) and the like also on arrays (`x.astype`)  np.round(x[, decimals])

Written with others: np.clip, var, std, ptp, average, linalg.norm, diff, stack, flip, squeeze, expand_dims, swapaxes,
moveaxis, ravel, flatten, full_like, identity, inner, vdot, square norms.
What is written out in Python (`written_out`) is gone after this stage: see `expanded`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described, name_of, type_of_value
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Tuple
from adcompile.ir.types import BOOL, Array, Scalar, Static, kind
from adcompile.normal.building import EVERYTHING, Builder, Typed, tuple_of, value_of

Form = Callable[..., Typed]
FORMS: dict[Any, Form] = {}
"""For each function, what brings a call of it (builder, function, arguments, keywords) into canonical form."""


def canonical(*fns: Any, takes: str) -> Callable[[Form], Form]:
    """Registers a form for functions with these parameters; those after `|` are accepted only where they say nothing
    (the default).  The form gets the builder, the function, then an argument or `None` for each parameter before it."""
    accepted, _, refused = takes.partition("|")
    names, silent = accepted.split(), refused.split()

    def register(form: Form) -> Form:
        def bound(b: Builder, fn: Any, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
            order = [*names, *silent]
            if len(args) > len(order):
                raise refuse("no-type", f"`{name_of(fn)}` takes {len(order)} arguments at most, {len(args)} given")
            given: dict[str, Typed] = dict(zip(order, args, strict=False))
            for key, value in kwargs.items():
                if key not in order or key in given:
                    raise refuse("unsupported-argument", f"`{name_of(fn)}` has no argument `{key}` here")
                given[key] = value
            given = {key: x for key, x in given.items() if not _says_nothing(x)}
            for key in silent:
                if key in given and given[key].expr not in (Const(False), Const("C"), Const("K"), Const("A")):
                    raise refuse("unsupported-argument", f"the argument `{key}` of `{name_of(fn)}` is not supported")
            if names and names[0] not in given:
                raise refuse("no-type", f"`{name_of(fn)}` is called without its argument `{names[0]}`")
            return form(b, fn, *(given.get(name) for name in names))

        for fn in fns:
            FORMS[fn] = bound
        return form

    return register


def _says_nothing(x: Typed) -> bool:
    return isinstance(x.expr, Const) and (x.expr.value is None or x.expr.value is np._NoValue)


# ------------------------------------------------------------------------------------------ arguments
def array_of(b: Builder, x: Typed, fn: Any) -> Typed:
    """An array, or a tuple of numbers made one."""
    if x.is_tuple:
        return b.call(np.array, x)
    if x.is_array:
        return x
    raise refuse("no-type", f"`{name_of(fn)}` needs an array, not {described(x.type)}")


def dtype_of(x: Typed | None, default: str) -> str:
    """The dtype that an argument names."""
    if x is None:
        return default
    given = value_of(x, "a dtype")
    try:
        return str(np.dtype(given).name)
    except TypeError as error:
        raise refuse("unsupported-argument", f"not a dtype: {given!r}") from error


def dtype_constant(dtype: str) -> Const:
    """A dtype as it is printed: `np.float32`."""
    return Const(np.dtype(dtype).type)


def axes_of(x: Typed | None, rank: int) -> tuple[int, ...] | None:
    """The axes that an argument names, ascending and not negative; `None` for all."""
    given = value_of(x, "an axis")
    if given is None:
        return None
    axes = given if isinstance(given, tuple) else (given,)
    for axis in axes:
        if type(axis) is not int or not -rank <= axis < rank:
            raise refuse("no-type", f"axis {axis!r} of an array of {rank} axes")
    found = tuple(sorted({axis % rank for axis in axes}))
    return None if len(found) == rank else found


def one_axis(x: Typed | None, rank: int, default: int = -1) -> int:
    """The one axis that an argument names."""
    given = default if x is None else value_of(x, "an axis")
    if type(given) is not int or not -rank <= given < rank:
        raise refuse("no-type", f"axis {given!r} of an array of {rank} axes")
    return given % rank


def axis_constant(axes: tuple[int, ...]) -> Expr:
    """Axes as the argument of a canonical reduction."""
    return Const(axes[0]) if len(axes) == 1 else Tuple(tuple(Const(axis) for axis in axes))


def shape_of(x: Typed, what: str = "a shape") -> tuple[Typed, ...]:
    """The lengths that an argument names."""
    lengths = x.items if x.is_tuple else (x,)
    for length in lengths:
        if not isinstance(length.type, Scalar) or kind(length.type) not in "iu":
            raise refuse("no-type", f"{what} must be of integers, not {described(length.type)}")
    return lengths


def shape_argument(lengths: Sequence[Typed]) -> Typed:
    """A shape in canonical form; an array without axes is a number, and has none."""
    if not lengths:
        raise refuse("unsupported-array", "arrays without axes are not supported here", hint="use a number")
    return lengths[0] if len(lengths) == 1 else tuple_of(lengths)


# ------------------------------------------------------------------------------------------ casts, shapes, views
def cast(b: Builder, x: Typed, dtype: str) -> Typed:
    """`x` with elements of another type."""
    if isinstance(x.type, (Scalar, Array)) and x.type.dtype == dtype:
        return x
    if x.type == BOOL and np.dtype(dtype).kind in "if":  # which Numba does not convert
        one = 1.0 if np.dtype(dtype).kind == "f" else 1
        x = b.call(ops.select, x, Typed(Const(one), type_of_value(one)), Typed(Const(0 * one), type_of_value(one)))
        return cast(b, x, dtype)
    python: dict[str, Any] = {"float64": float, "int64": int, "bool": bool, "complex128": complex}
    fn = python[dtype] if dtype in python and isinstance(x.type, Scalar) else np.dtype(dtype).type
    return b.call(fn, x)


def reshaped(b: Builder, x: Typed, lengths: Sequence[Typed]) -> Typed:
    """`np.reshape` to lengths, of which one may be `-1`."""
    unknown = [k for k, length in enumerate(lengths) if length.expr == Const(-1)]
    if len(unknown) > 1:
        raise refuse("no-type", "a shape with more than one unknown axis")
    if unknown:
        x = b.shared(x)
        count = b.size(x)
        others = [length for k, length in enumerate(lengths) if k not in unknown]
        if others:
            count = b.call(np.floor_divide, count, b.folded(np.multiply, others))
        lengths = [count if k in unknown else length for k, length in enumerate(lengths)]
    return b.call(np.reshape, x, tuple_of(lengths))


def is_view(expr: Expr) -> bool:
    """Whether an array expression is a part of another array rather than an array of its own."""
    match expr:
        case Index():
            return True
        case Call(fn):
            return fn in (np.transpose, np.reshape, np.broadcast_to, np.diagonal)
    return False


def everything(rank: int) -> tuple[Typed, ...]:
    """An index of all elements."""
    return (Typed(EVERYTHING, Static(slice)),) * rank
