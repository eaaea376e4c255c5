"""Objects that are made of what is known before the run, and tuples and dataclasses made of the run's values.

Goal: `Ellipsoid.from_name("wgs84")` is an object of outside like any other; a named tuple and a
dataclass of the run are a value for each of their fields.  Non-goals: constructors that do more than keep values, of
values of the run.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from adcompile.errors import refuse
from adcompile.frontend.resolve import literal
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr, Tuple
from adcompile.normal.callees import stays_a_call
from adcompile.normal.records import record

_NOT_KNOWN: Any = object()


def made(call: Call) -> Expr:
    """A call of a class as what it gives, where that can be told; else the call."""
    if call.fn is ops.instance and isinstance(call.args[0], Const):
        if not _is_plain(call.args[0].value, [name for name, _ in call.kwargs]):
            message = f"`{call.args[0].value.__name__}` says itself what operators and items of it are"
            raise refuse("unsupported-argument", message, hint="pass its fields")
        return Call(ops.record, record(dict(call.kwargs)).args, (("of", call.args[0]),))
    kind = call.fn
    if isinstance(kind, functools._lru_cache_wrapper):  # what it gives once is what it gives in the run
        return _called(call)
    if not isinstance(kind, type) or stays_a_call(kind) or issubclass(kind, BaseException):
        return call
    if (whole := _called(call)) is not call:
        return whole
    fields = _fields(kind, call)
    if fields is None:
        return call
    return Call(ops.record, record(fields).args, (("of", Const(kind)),))


def _called(call: Call) -> Expr:
    """What a call of what is known gives, as it gives it before the run; else the call."""
    known = _number if call.fn is functools.partial else _known
    args = [known(arg) for arg in call.args]
    kwargs = {key: known(value) for key, value in call.kwargs}
    if any(value is _NOT_KNOWN for value in (*args, *kwargs.values())):
        return call
    try:
        return literal(call.fn(*args, **kwargs))
    except Exception:  # it may raise anything: in the run it would
        return call


_SPECIAL = (
    "getitem", "len", "iter", "contains", "reversed", "add", "radd", "mul", "rmul", "eq", "ne", "lt", "le", "gt", "ge",
    "bool", "getattr", "getattribute", "index", "float", "int", "array", "array_ufunc", "array_function",
)  # fmt: skip


def _is_plain(kind: Any, fields: Iterable[str] = ()) -> bool:
    """Whether an object is what its fields are: no operator, no item and no field is computed by a method."""
    own = (inspect.getattr_static(kind, f"__{name}__", None) for name in _SPECIAL)
    if any(isinstance(method, FunctionType) and method.__code__.co_filename != "<string>" for method in own):
        return False
    names = fields or getattr(kind, "_fields", None) or [field.name for field in dataclasses.fields(kind)]
    if any(isinstance(inspect.getattr_static(kind, name, None), property) for name in names):
        return False
    return not issubclass(kind, tuple) or kind.__new__.__globals__["__name__"].startswith("namedtuple_")


def _fields(kind: Any, call: Call) -> dict[str, Expr] | None:
    """What the constructor of a named tuple or of a plain dataclass keeps."""
    named = issubclass(kind, tuple) and hasattr(kind, "_fields") and kind.__new__ is not tuple.__new__
    plain = dataclasses.is_dataclass(kind) and not hasattr(kind, "__post_init__") and "__init__" in vars(kind)
    if plain and any(not field.init for field in dataclasses.fields(kind)):
        return None
    if not (named or plain) or not _is_plain(kind):
        return None
    try:
        bound = inspect.signature(kind).bind(*call.args, **dict(call.kwargs))
    except TypeError:
        return None
    found: dict[str, Expr] = dict(bound.arguments)
    for name, parameter in bound.signature.parameters.items():
        if name not in found:
            found[name] = literal(parameter.default)
    return {name: found[name] for name in bound.signature.parameters}


def _known(expr: Expr) -> Any:
    """The value of an argument that is known before the run."""
    if isinstance(expr, Const):
        return expr.value
    if isinstance(expr, Tuple):
        items = tuple(map(_known, expr.items))
        return _NOT_KNOWN if any(item is _NOT_KNOWN for item in items) else items
    return _NOT_KNOWN


_ARITHMETIC: Mapping[Any, Callable[..., Any]] = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul, np.divide: operator.truediv,
    np.negative: operator.neg, ops.power: operator.pow,
}  # fmt: skip


def _number(expr: Expr) -> Any:
    """The value of an argument, or of arithmetic on literals: `1 / 3`."""
    if not isinstance(expr, Call) or expr.kwargs or expr.fn not in _ARITHMETIC:
        return _known(expr)
    values = [_number(arg) for arg in expr.args]
    if not all(type(value) in (int, float) for value in values):
        return _NOT_KNOWN
    try:
        return _ARITHMETIC[expr.fn](*values)
    except ArithmeticError:  # in the run it is raised too
        return _NOT_KNOWN
