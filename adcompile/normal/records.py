"""Dicts whose keys, and lists whose lengths, are known before the run: what is asked of them, as what their values are.

Goal: a dict or a list is a name for each of its values (`inline` gives them out), and is gone before types are looked
at.  Non-goals: keys and lengths that the run decides.

>>> from adcompile.ir.nodes import Name
>>> d = record({"a": Name("d_a"), "b": Const(2.0)})
>>> asked(Index(d, (Const("a"),))), asked(Call(ops.contains, (Const("c"), d)))
(Name(id='d_a'), Const(value=False))
>>> asked(Call(ops.method, (d, Const("get"), Const("c"), Const(0.0))))
Const(value=0.0)
"""

from __future__ import annotations

import collections
import inspect
from collections.abc import Mapping, Sequence
from functools import reduce
from types import FunctionType
from typing import Any

import numpy as np

from adcompile.errors import refuse
from adcompile.frontend.expressions import as_key
from adcompile.frontend.resolve import literal
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Index, Slice, Tuple
from adcompile.ir.opaque import Opaque
from adcompile.ir.walk import as_places

ITERATED = (map, zip, enumerate, list, tuple, all, any)
_PLAIN = (str, int, float, bool, type(None))


def record(values: Mapping[Any, Expr]) -> Call:
    """A dict of these values."""
    return Call(ops.record, (literal(tuple(values)), *values.values()))


def list_of(items: Sequence[Expr]) -> Call:
    """A list of these items."""
    return Call(ops.record, record(dict(enumerate(items))).args, (("of", Const(list)),))


def is_list(expr: Expr | None) -> bool:
    """Whether an expression is a list that is a name for each of its items."""
    return expr is not None and values_of(expr) is not None and kind_of(expr) is list


def values_of(expr: Expr) -> dict[Any, Expr] | None:
    """The values of a dict by key, or of an object by field; nothing for anything else."""
    match expr:
        case Call(ops.record, (Tuple(keys), *values)):
            return dict(zip(map(as_key, keys), values, strict=True))
    return None


def values_of_each(expr: Expr) -> Mapping[Any, Expr] | None:
    """The values of a dict, made here or of outside, whose keys are texts and `None`; nothing for anything else."""
    values: Mapping[Any, Expr] | None = None
    if isinstance(expr, Const) and type(expr.value) is dict:
        values = {key: literal(value) for key, value in expr.value.items()}
    elif isinstance(expr, Call) and kind_of(expr) is dict:
        values = values_of(expr)
    return values if values and all(key is None or isinstance(key, str) for key in values) else None


def kind_of(expr: Expr) -> type:
    """The class of a record: `dict`, `list`, a dataclass or a named tuple."""
    kind = dict(expr.kwargs).get("of") if isinstance(expr, Call) else None
    return kind.value if isinstance(kind, Const) and isinstance(kind.value, type) else dict


def dict_of(expr: Expr) -> dict[Any, Expr] | None:
    """The values of a dict; nothing for objects, which say themselves what their items are."""
    return values_of(expr) if kind_of(expr) is dict else None


def items_of(expr: Expr) -> tuple[Expr, ...] | None:
    """What a loop over a tuple, a list or a dict runs over; nothing for anything else."""
    if isinstance(expr, Tuple):
        return expr.items
    values = values_of(expr)
    if values is not None and issubclass(kind_of(expr), (tuple, list)):
        return tuple(values.values())
    return tuple(map(literal, values)) if dict_of(expr) is not None and values is not None else None


def plain(expr: Expr) -> Expr:
    """A named tuple as the tuple that it is, and a list as one that does not change; others as they are.

    >>> from collections import namedtuple
    >>> pair = Call(ops.record, record({"a": Const(1), "b": Const(2)}).args, (("of", Const(namedtuple("P", "a b"))),))
    >>> plain(pair)
    Tuple(items=(Const(value=1), Const(value=2)))
    """
    if values_of(expr) is not None and issubclass(kind_of(expr), (tuple, list)):
        return Tuple(items_of(expr) or (), listed=kind_of(expr) is list)
    return expr


def as_index(expr: Expr) -> Expr:
    """A part of an index; a list is the places that it holds."""
    return as_places(plain(expr))


def asked(expr: Index | Call) -> Expr:
    """A question to a dict or a tuple, answered if that can be told; else the question itself."""
    match expr:
        case Index(owner, (Const(key),)) if (values := values_of(owner)) is not None and is_key(key):
            if issubclass(kind_of(owner), (tuple, list)):
                items = tuple(values.values())
                return items[key] if isinstance(key, int) and -len(items) <= key < len(items) else expr
            return values.get(key, expr) if kind_of(owner) is dict else expr
        case Index(Call(ops.record), (Slice(),)) if is_list(owner := expr.array):
            return Index(plain(owner), expr.index)
        case Index(Call(of, args), (place,)) if of is range and not isinstance(place, Slice):
            return _number(args, place)
        case Call(of, (Call(inner, args),)) if of is len and inner is range:
            return _count(args)
        case Call(ops.attribute, (owner, Const(str(name)))) if (values := values_of(owner)) is not None:
            found = inspect.getattr_static(kind_of(owner), name, None)
            if name not in values and isinstance(found, property) and found.fget is not None:
                return Call(found.fget, (owner,))
            return values.get(name, expr) if isinstance(owner, Call) and owner.kwargs else expr
        case Call(ops.contains, (value, within)):
            found = _contained(value, within)
            return expr if found is None else found
        case Call(ops.method, (owner, Const(str(name)), *args)) if (values := values_of(owner)) is not None:
            return _of_dict(expr, values, name, args) if kind_of(owner) is dict else _of_object(expr, owner, name, args)
        case Call(fn, (owner,), ()) if fn is dict and (values := dict_of(owner)) is not None:
            return record(values)
    return expr


def _of_dict(expr: Expr, values: dict[Any, Expr], name: str, args: Sequence[Expr]) -> Expr:
    """A method of a dict."""
    match name, args:
        case "get", [Const(key), *rest] if is_key(key) and len(rest) < 2:
            return values.get(key, rest[0] if rest else Const(None))
        case "keys", []:
            return Tuple(tuple(map(literal, values)))
        case "values", []:
            return Tuple(tuple(values.values()))
        case "items", []:
            return Tuple(tuple(Tuple((literal(key), value)) for key, value in values.items()))
        case "copy", []:
            return record(values)
    return expr


def _of_object(expr: Call, owner: Expr, name: str, args: Sequence[Expr]) -> Expr:
    """A method of a dataclass or a named tuple: a call of the function that it is."""
    method = inspect.getattr_static(kind_of(owner), name, None)
    values, changed = values_of(owner) or {}, dict(expr.kwargs)
    if isinstance(held := values.get(name), Const) and callable(held.value):  # an attribute comes before a method
        return Call(held.value, tuple(args), expr.kwargs)
    if isinstance(method, Opaque):
        message = f"`{name}` has a derivative of its own, and is a method of an object made of values of the run"
        raise refuse("unsupported-call", message, hint="make it a function of what it reads")
    if isinstance(method, FunctionType) and method.__globals__ is not vars(collections):
        return Call(method, (owner, *args), expr.kwargs)
    if method is None:
        message = f"`{name}` of an object made of values of the run cannot be called"
        raise refuse("unsupported-call", message, hint="make it a method of its class, or a function")
    if isinstance(method, staticmethod):
        return Call(method.__func__, tuple(args), expr.kwargs)
    if name == "_replace" and not args and changed.keys() <= values.keys() and isinstance(owner, Call):
        return Call(ops.record, record({**values, **changed}).args, owner.kwargs)
    return record(values) if name == "_asdict" and not args else expr


def iterated(expr: Call) -> Expr:
    """A builtin that runs over tuples, as a tuple or as an expression of their items; else the call itself."""
    fn = expr.fn
    over = [items_of(arg) for arg in (expr.args[1:] if fn is map else expr.args)]
    rows = list(zip(*[items for items in over if items is not None], strict=False))
    if not over or any(items is None for items in over) or (len(over) > 1 and fn not in (map, zip)):
        return expr
    if fn is map:
        of = expr.args[0]
        known = isinstance(of, Const) and callable(of.value)
        return Tuple(tuple(Call(of.value, row) if known else Call(ops.call, (of, *row)) for row in rows))  # type: ignore[union-attr]
    if fn is zip:
        return Tuple(tuple(map(Tuple, rows)))
    items = tuple(row[0] for row in rows)
    if fn is enumerate:
        return Tuple(tuple(Tuple((Const(k), item)) for k, item in enumerate(items)))
    if fn is all or fn is any:
        how = ops.both if fn is all else ops.either
        return reduce(lambda a, b: Call(how, (a, b)), items) if items else Const(fn is all)
    return Tuple(items, listed=fn in (list, sorted))


def _number(args: Sequence[Expr], place: Expr) -> Expr:
    """The number at a place of a range."""
    start, step = (args[0] if len(args) > 1 else Const(0)), (args[2] if len(args) > 2 else Const(1))
    past = place if step == Const(1) else Call(np.multiply, (place, step))
    return past if start == Const(0) else Call(np.add, (start, past))


def _count(args: Sequence[Expr]) -> Expr:
    """How many numbers a range has."""
    start, stop = (args[0], args[1]) if len(args) > 1 else (Const(0), args[0])
    step = args[2] if len(args) > 2 else Const(1)
    length = stop if start == Const(0) else Call(np.subtract, (stop, start))
    if step != Const(1):
        if not (isinstance(step, Const) and isinstance(step.value, int) and step.value > 0):
            return Call(len, (Call(range, tuple(args)),))
        length = Call(np.floor_divide, (Call(np.add, (length, Const(step.value - 1))), step))
    return Call(max, (Const(0), length))


def is_key(key: object) -> bool:
    """Whether a literal can be looked up: no array, no object with an equality of its own."""
    return isinstance(key, _PLAIN) or (isinstance(key, tuple) and all(map(is_key, key)))


def _contained(value: Expr, within: Expr) -> Expr | None:
    """`value in within`, one comparison after the other; nothing where it is not known what is in there."""
    items = items_of(within)
    if isinstance(within, Const) and isinstance(within.value, str) and isinstance(value, Const):
        return Const(value.value in within.value) if isinstance(value.value, str) else None
    if items is None:
        return None
    if isinstance(value, Const) and all(isinstance(item, Const) for item in items) and is_key(value.value):
        return Const(
            any(isinstance(item, Const) and is_key(item.value) and item.value == value.value for item in items)
        )
    same = [Call(np.equal, (value, item)) for item in items]
    return reduce(lambda a, b: Call(ops.either, (a, b)), same) if same else Const(False)
