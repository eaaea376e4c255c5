"""Statements that write memory: stores, additions, operators in place, results put into an array that is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adcompile import runtime
from adcompile.analysis.types_of import described, name_of, type_of_index
from adcompile.errors import Unsupported, refuse
from adcompile.frontend.texts import Text, filled
from adcompile.ir import ops
from adcompile.ir.nodes import Accum, Call, Const, Effect, Expr, If, Name, Slice, Store, Tuple, Update
from adcompile.ir.types import Array, Scalar, is_complex, kind
from adcompile.ir.walk import loads
from adcompile.normal.array_calls import everything
from adcompile.normal.building import Typed
from adcompile.normal.codes import is_coded
from adcompile.normal.lists import added, is_list, row_of
from adcompile.normal.without_axes import assign, is_number, item_assigned, require_alone
from adcompile.normal.written_out import sort, written_out
from adcompile.rules.registry import is_constant

if TYPE_CHECKING:
    from adcompile.normal.ssa import Walk


def update(walk: Walk, stmt: Update) -> None:
    """`name op= value`: a rebinding of a number, in place for an array."""
    x, b = walk.x, walk.b
    old, value = x.value(Name(stmt.target)), x.value(stmt.value)
    if not old.is_array:
        if isinstance(old.type, Scalar):
            require_alone(walk, stmt.target, stmt)
        walk.env[stmt.target] = walk.kept(stmt.target, x.call_known(stmt.fn, [old, value], {}))
        return
    index = everything(old.ndim)
    if stmt.fn is np.add:
        write(walk, old, index, value, adds=True)
    elif stmt.fn is np.subtract:
        write(walk, old, index, b.call(np.negative, value), adds=True)
    else:
        write(walk, old, index, _in_place(old, x.call_known(stmt.fn, [old, value], {})))


def _in_place(old: Typed, new: Typed) -> Typed:
    """The result of an operator in place: never of a wider kind of number than the array."""
    assert isinstance(old.type, Array)
    if isinstance(new.type, (Scalar, Array)) and not np.can_cast(new.type.dtype, old.type.dtype, "same_kind"):
        raise refuse("no-type", f"{described(new.type)} into a {described(old.type)} in place")
    return new


def store(walk: Walk, stmt: Store | Accum) -> None:
    """A write through an index."""
    array = walk.x.value(Name(stmt.array))
    if isinstance(array.type, Scalar):
        item_assigned(walk, stmt)
        return
    if not array.is_array:
        raise refuse("no-type", f"`{stmt.array}` is {described(array.type)}: its items cannot be assigned")
    if is_list(array) and any(isinstance(item, Slice) for item in stmt.index):
        raise refuse("unsupported-list", "items of a list are assigned by a slice", hint="use an array, or a loop")
    adds = isinstance(stmt, Accum)
    items, value = walk.x.index(stmt.index), walk.x.value(stmt.value)
    if len(items) == 1 and items[0].is_tuple:
        items = list(items[0].items)
    marks: dict[str, bool] = {}
    if is_list(array) and isinstance(stmt, Store):
        named = stmt.named or (value.is_tuple and isinstance(stmt.value, Name))
        if value.is_tuple and stmt.appends:
            value = row_of(walk.b, value, isinstance(stmt.value, Tuple) and stmt.value.listed)
        walk.held.item_stored(array, items, value)
        if stmt.appends and array.ndim > 1:
            walk.env[stmt.array] = added(walk, stmt.array, array, items[0], value, named).expr  # type: ignore[assignment]
            return
        marks = {"appends": stmt.appends, "keeps": array.ndim > 1 and len(items) == 1 and not stmt.update}
    masks = [item for item in items if isinstance(item.type, Array) and item.type.dtype == "bool"]
    if len(items) == 1 and masks and masks[0].ndim == array.ndim and isinstance(value.type, Scalar):
        _masked(walk, array, items[0], value, adds)
        return
    if not isinstance(array.expr, Name):
        array = walk.b.shared(array)
    index = walk.b.canonical_index(array, walk.b.without_masks(array, items))
    if adds and any(item.is_array for item in index):  # once for an index that is repeated
        index = [walk.b.shared(item, "at") if item.is_array else item for item in index]
        adds, value = False, _in_place(array, walk.b.call(np.add, walk.b.index(array, index), value))
    write(walk, array, index, value, adds, **marks)


def _masked(walk: Walk, array: Typed, mask: Typed, value: Typed, adds: bool) -> None:
    """`array[mask] = number`, as a choice at every element."""
    new = _in_place(array, walk.b.call(np.add, array, value)) if adds else value
    write(walk, array, everything(array.ndim), walk.b.call(np.where, mask, new, array))


def write(walk: Walk, array: Typed, index: Sequence[Typed], value: Typed, adds: bool = False, **marks: bool) -> None:
    """A store of a value, or an addition of it, under a canonical index."""
    b = walk.b
    if not isinstance(array.expr, Name):
        array = b.shared(array)
    assert isinstance(array.expr, Name), array
    if array.expr.id in walk.frozen:
        raise refuse("array-constant", "an array from outside the function is written", hint="copy it first")
    if value.is_tuple:
        value = b.call(np.array, value)
    exprs = tuple(item.expr for item in index)
    place = type_of_index(array.type, exprs, [item.type for item in index])
    if not isinstance(value.type, (Scalar, Array)):
        raise refuse("no-type", f"{described(value.type)} is stored in an array")
    rank = place.ndim if isinstance(place, Array) else 0
    if value.ndim > rank:
        what = f"a part of {rank} axes" if rank else "one element"
        raise refuse("no-type", f"a {described(value.type)} is stored in {what} of an array")
    if rank and not value.ndim and any(True for _ in loads(value.expr)):
        value = b.shared(value)  # it may stand in the part that is written
    if is_complex(value.type) and not is_complex(array.type):
        raise refuse(
            "complex-number",
            f"a complex number is stored in a {described(array.type)}",
            hint="make the array complex (dtype=complex), or store its real part",
        )
    if adds and rank:
        _in_place(array, b.call(np.add, Typed(array.expr, place), value))
    if adds:
        b.out.append(Accum(array.expr.id, exprs, value.expr, span=b.span, origin=b.origin))
    else:
        b.out.append(Store(array.expr.id, exprs, value.expr, **marks, span=b.span, origin=b.origin))


def effect(walk: Walk, stmt: Effect) -> None:
    """A call for what it does: an array filled or a result put somewhere are stores."""
    fn, args, kwargs = stmt.call.fn, list(stmt.call.args), dict(stmt.call.kwargs)
    if fn is ops.refused and isinstance(args[0], Const):
        raise Unsupported(args[0].value)
    if fn is ops.fail:
        _fail(walk, stmt)
    elif written_out(fn) is not None:
        walk.x.value(stmt.call)
    elif fn is ops.method and args[1] == Const("fill"):
        _fill(walk, args[0], args[2], stmt)
    elif fn is ops.method and args[1] == Const("sort") and (target := walk.x.value(args[0])).is_array:
        if is_list(target) and (args[2:] or kwargs):
            raise refuse("unsupported-list", "a list is sorted by a key, or backwards", hint="sort an array")
        how = {key: walk.x.value(value) for key, value in kwargs.items()}
        write(walk, target, everything(target.ndim), walk.b.written(sort, target, *map(walk.x.value, args[2:]), **how))
    elif fn is np.copyto and len(args) == 2 and kwargs.keys() <= {"where"}:
        source = args[1]
        if "where" in kwargs:
            source = Call(np.where, (kwargs["where"], args[1], args[0]))
        _fill(walk, args[0], source, stmt)
    elif (isinstance(fn, np.ufunc) and len(args) == fn.nin + 1) or "out" in kwargs:
        into = kwargs.pop("out") if "out" in kwargs else args.pop()
        out = walk.x.value(into)
        if not out.is_array and not is_number(walk, into):
            raise refuse("no-type", f"`out` of `{name_of(fn)}` is {described(out.type)}, and no array")
        where = kwargs.pop("where", None) if isinstance(fn, np.ufunc) else None
        options = {key: walk.x.value(value) for key, value in kwargs.items()}
        result = walk.x.call_known(fn, [walk.x.value(arg) for arg in args], options)
        if where is not None:  # the other elements stay
            result = walk.x.call_known(np.where, (walk.x.value(where), result, out), {})
        if isinstance(into, Name) and not out.is_array:
            assign(walk, into.id, result, stmt)
        else:
            write(walk, out, everything(out.ndim), _in_place(out, result))
    elif getattr(fn, "__module__", "") == runtime.__name__ and not is_constant(fn):
        call = replace(stmt.call, args=tuple(walk.x.value(arg).expr for arg in args))
        walk.b.out.append(replace(stmt, call=call))
    elif fn is ops.method:
        raise refuse("unsupported-call", f"`.{_text(args[1])}(...)` as a statement is not supported")
    elif fn is ops.bisection:
        middle = walk.x.value(args[0])
        if isinstance(middle.type, Scalar) and kind(middle.type) == "f":
            walk.b.out.append(replace(stmt, call=Call(ops.bisection, (middle.expr,))))
    elif fn is setattr:
        raise refuse("unsupported-statement", "an attribute is assigned", hint="return the value instead")
    elif fn is print:
        _printed(walk, stmt)
    else:
        walk.x.value(stmt.call)  # a pure call whose result is not used: only refused if it is not known


def _printed(walk: Walk, stmt: Effect) -> None:
    """`print` of texts and numbers, which the forward sweep says once, as the function does."""
    if stmt.call.kwargs:
        raise refuse(
            "unsupported-call", "keyword arguments of `print` are not supported", hint="print the values alone"
        )
    args = [arg if isinstance(arg, Const) else walk.x.value(arg).expr for arg in stmt.call.args]
    walk.b.out.append(replace(stmt, call=Call(print, tuple(args))))


def _fail(walk: Walk, stmt: Effect) -> None:
    """An exception; what its text says that is known before the run is written into it."""
    kind, template, *rest = stmt.call.args
    for place, arg in enumerate(rest):
        if not isinstance(arg, Const) and is_coded((said := walk.x.raw(arg)).expr):
            _fail_with_each(walk, stmt, place + 2, said)
            return
    values = tuple(arg if isinstance(arg, Const) else walk.x.value(arg).expr for arg in rest)
    if isinstance(template, Const) and template.value is not None:
        fields = runtime.fields_of(template.value)
        text = filled(Text(template.value, values[:fields]))
        template, values = Const(text.template), (*text.values, *values[fields:])
        if not text.values:
            template, values = Const(None), (Const(text.template.format()), *values)
    walk.b.out.append(replace(stmt, call=Call(ops.fail, (kind, template, *values))))


def _fail_with_each(walk: Walk, stmt: Effect, place: int, said: Typed) -> None:
    """An exception whose text says what the run decides, in a branch for each that it may be."""
    for test, value in walk.x.codes.told(said):
        args = list(stmt.call.args)
        outer, walk.b.out = walk.b.out, []
        try:
            if isinstance(value, Const):
                args[place] = value
                _fail(walk, replace(stmt, call=Call(ops.fail, tuple(args))))
            else:
                name = walk.b.spare("said")
                walk.env[name], args[place] = value, Name(name)  # type: ignore[assignment]
                _fail(walk, replace(stmt, call=Call(ops.fail, tuple(args))))
        finally:
            made, walk.b.out = walk.b.out, outer
        walk.b.out += made if test == Const(True) else [If(test, tuple(made), (), span=stmt.span)]


def _text(expr: Expr) -> Any:
    return expr.value if isinstance(expr, Const) else "?"


def _fill(walk: Walk, array: Expr, value: Expr, stmt: Effect) -> None:
    if isinstance(array, Name) and is_number(walk, array):
        assign(walk, array.id, walk.x.value(value), stmt)
        return
    target = walk.x.value(array)
    write(walk, target, everything(target.ndim), walk.x.value(value))
