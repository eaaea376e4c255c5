"""The adjoints of opaque calls: the reverse sweep's part of `transform.opaque_calls`.

y = f(x)        becomes     adjoint = f_pullback(x, y_bar)
                            x_bar += adjoint[0]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from adcompile.analysis.types_of import type_of
from adcompile.chain import ZERO
from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Assign, Call, Const, Effect, Expr, Name, Tuple, base_of
from adcompile.ir.opaque import Opaque, passed
from adcompile.ir.show import shown_type
from adcompile.ir.types import Array, Static, TupleType, Type, is_float
from adcompile.runtime import check_same_shape
from adcompile.transform.opaque_calls import check_fits
from adcompile.transform.reloads import Reload

if TYPE_CHECKING:
    from adcompile.transform.adjoints import Adjoints


def reverse_call(sweep: Adjoints, stmt: Assign) -> None:
    """Adds to the adjoints of a call's arguments; taking out items adds nothing by itself."""
    call, types = stmt.value, sweep.types
    assert isinstance(call, Call)
    if not isinstance(call.fn, Opaque) or not sweep.active(stmt.target):
        return
    kept = sweep.residuals.get(stmt.target)
    value = kept.value if kept is not None else stmt.target
    residual: Expr = Const(None)
    if kept is not None:
        call, way = kept.of, kept.way
        if not isinstance(types[kept.residual], Static):
            residual = sweep.value(kept.residual)
    arguments = tuple(type_of(arg, types) for arg in call.args)
    assert isinstance(call.fn, Opaque)
    if kept is None:
        way = call.fn.reverse(arguments, [sweep.activity.passed(arg) for arg in call.args])
    seed = _seed(sweep, value, types[value])
    if seed is None:
        return
    if way.of_value:
        residual = _read(sweep, value, types[value], stmt)
    args = [_given(sweep, arg) for arg in call.args]
    pullback = way.call(args, residual, seed)
    used = set(passed(pullback))
    for arg in call.args:
        for name in passed(Call(call.fn, (arg,))):
            if isinstance(types[name], Array) and name in used:
                sweep.reloads.append(Reload(sweep.roots.find(name), (), stmt))
    given = type_of(pullback, types)
    whose, inside = call.fn.__name__, sweep.function.name
    if not isinstance(given, TupleType) or len(given.items) != len(way.by):
        message = f"the backward function of `{whose}` returns {shown_type(given)}, and has to return a tuple of "
        message += f"{len(way.by)}: one adjoint for each argument"
        hint = "return (x_bar,) where there is one argument"
        raise refuse("wrong-derivative-type", message, stmt.span, hint, inside)
    adjoint = sweep.fresh(f"{base_of(value)}_adjoint", given)
    sweep.emit(Assign(adjoint, pullback, span=stmt.span, origin=stmt.origin))
    for number, position in enumerate(way.by):
        check_fits(arguments[position], given.items[number], f"adjoint {number + 1}", whose, stmt.span, inside)
        _add(sweep, call.args[position], adjoint, number, given.items[number])


def _seed(sweep: Adjoints, name: str, type_: Type) -> Expr | None:
    """The adjoint of a value, in its structure; nothing where nothing contributed to it."""
    if isinstance(type_, TupleType):
        items = []
        for number, item in enumerate(type_.items):
            target = sweep.items.get((name, number))
            items.append(None if target is None else _seed(sweep, target, item))
        if all(item is None for item in items):
            return None
        filled = [
            _zero(sweep, Call(ops.item, (Name(name), Const(number))), type_.items[number]) if item is None else item
            for number, item in enumerate(items)
        ]
        return Tuple(tuple(filled))
    if not is_float(type_) or not sweep.active(name):
        return None
    return Name(sweep.adjoint_array(name)) if isinstance(type_, Array) else sweep.bar.pop(name, None)


def _read(sweep: Adjoints, name: str, type_: Type, stmt: Assign) -> Expr:
    """A value in the reverse sweep, as the call gave it."""
    if isinstance(type_, TupleType):
        items = []
        for number, item in enumerate(type_.items):
            target = sweep.items.get((name, number))
            items.append(Const(None) if target is None else _read(sweep, target, item, stmt))
        return Tuple(tuple(items))
    if isinstance(type_, Array):
        sweep.reloads.append(Reload(sweep.roots.find(name), (), stmt, after=True))
    return sweep.value(name)


def _zero(sweep: Adjoints, value: Call, type_: Type) -> Expr:
    """The zero adjoint of an item that nothing depends on."""
    if isinstance(type_, Static):
        return Const(None)
    if isinstance(type_, TupleType):
        whole = sweep.fresh("part", type_)
        sweep.emit(Assign(whole, value))
        parts = [Call(ops.item, (Name(whole), Const(number))) for number in range(len(type_.items))]
        return Tuple(tuple(_zero(sweep, part, item) for part, item in zip(parts, type_.items, strict=True)))
    if not isinstance(type_, Array):
        return ZERO
    like = sweep.fresh("part", type_)
    zeros = sweep.fresh("zeros", type_ if is_float(type_) else Array("float64", type_.ndim))
    sweep.emit(Assign(like, value))
    args: tuple[Expr, ...] = (Name(like),) if is_float(type_) else (Name(like), Const(np.float64))
    sweep.emit(Assign(zeros, Call(np.zeros_like, args)))
    return Name(zeros)


def _given(sweep: Adjoints, arg: Expr) -> Expr:
    """An argument in the reverse sweep."""
    if isinstance(arg, Tuple):
        return Tuple(tuple(_given(sweep, item) for item in arg.items))
    return sweep.value(arg.id) if isinstance(arg, Name) else arg


def _add(sweep: Adjoints, arg: Expr, whole: str, number: int, type_: Type) -> None:
    """Adds an item of what the pullback gave to the adjoint of an argument."""
    if not sweep.activity.passed(arg) or isinstance(type_, Static):
        return
    item = sweep.fresh("part", type_)
    sweep.emit(Assign(item, Call(ops.item, (Name(whole), Const(number)))))
    if isinstance(arg, Tuple):
        assert isinstance(type_, TupleType)
        for position, (one, inner) in enumerate(zip(arg.items, type_.items, strict=True)):
            _add(sweep, one, item, position, inner)
        return
    assert isinstance(arg, Name)
    if isinstance(type_, Array):
        array = sweep.adjoint_array(arg.id)
        sweep.emit(Effect(Call(check_same_shape, (Name(array), Name(item)))))
        sweep.add_array(array, item)
    else:
        sweep.add(arg.id, Name(item))
