"""What is known before the run decides branches before the run.

Goal: arguments that are `None`, strings, functions and the like, and variables that hold such values, become what they
are; tests of them fold, and the branches that are not taken vanish with all that they hold, what is not of the language
included.  Not its task: types (`ssa` folds what types decide), arithmetic on numbers.

>>> from adcompile.frontend.read import read
>>> from adcompile.ir.show import show
>>> def total(x, method=None):
...     if method is None:
...         method = "plain"
...     if method == "kahan":
...         return fancy_sum([v for v in x])
...     return x.sum()
>>> print(show(specialised(read(total, lenient=True).function, {"method": Const(None)})).strip())
def total(x, method):
    method = 'plain'
    return x.sum()
"""

from __future__ import annotations

import operator
import types
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np

from adcompile.frontend.expressions import may_act
from adcompile.frontend.functions import is_function_value, transform_of
from adcompile.frontend.resolve import MISSING, TEXT_METHODS, attribute, item, literal, of_outside
from adcompile.ir import ops
from adcompile.ir.nodes import (
    Assign,
    Block,
    Call,
    Const,
    Expr,
    For,
    Function,
    Handler,
    If,
    Index,
    Name,
    Stmt,
    Try,
    Tuple,
    Update,
    While,
)
from adcompile.ir.walk import children, expressions, nodes, rebuilt, with_blocks, with_expressions
from adcompile.normal.bisection import marked
from adcompile.normal.derived import value_and_pullback, value_and_tangent
from adcompile.normal.flow import assigned_in
from adcompile.normal.jumps import unused
from adcompile.normal.records import ITERATED, asked, is_key, items_of, iterated, values_of
from adcompile.normal.static import known
from adcompile.normal.texts import of_texts
from adcompile.normal.unrolled import MOST

_NUMBERS = (float, complex, np.generic, np.ndarray)
_HELD = (str, int, bool, dict, list, set, type(None))
_PLAIN = (bool, int, float, str, type(None), types.FunctionType, types.BuiltinFunctionType, type, np.ufunc)

_OF_NUMPY = (np.datetime64, np.timedelta64, np.str_, np.bytes_, np.void, np.ma.MaskedArray, np.matrix)
_OF_OTHERS = ("pandas", "xarray", "dask", "polars", "decimal", "fractions", "datetime", "astropy", "pint")
"""Packages of containers and numbers that are never values of the run."""

_MOST_ITEMS = 64  # of a tuple that is repeated

Values = dict[str, Expr]


def specialised(function: Function, values: Mapping[str, Expr]) -> Function:
    """`function` where its parameters have these values; it still takes them."""
    settled = {name: value for name, value in values.items() if is_settled(value)}
    return replace(function, body=marked(_block(function.body, settled)))


def is_settled(value: Expr) -> bool:
    """Whether a value decides branches: no number that a formula computes with."""
    if isinstance(value, Tuple):
        return all(map(is_settled, value.items))
    if isinstance(value, Call):
        if transform_of(value.fn):
            return all(map(is_settled, value.args))
        return value.fn in (ops.refused, ops.closure)
    return isinstance(value, Const) and not isinstance(value.value, _NUMBERS)


def has_closure(value: Expr) -> bool:
    """Whether a value is, or holds, a function that is defined in the run."""
    return any(map(is_function_value, nodes(value)))


# ------------------------------------------------------------------------------------------ statements
def _block(block: Sequence[Stmt], values: Values) -> Block:
    """A block under what is known at its start; `values` becomes what is known at its end."""
    done: list[Stmt] = []
    for stmt in block:
        done += _statement(stmt, values)
    return tuple(done)


def _statement(stmt: Stmt, values: Values) -> Sequence[Stmt]:
    if isinstance(stmt, (For, While)):
        return _loop(stmt, values)
    if isinstance(stmt, Try):
        return [_attempt(stmt, values)]
    old = list(expressions(stmt))
    new = [folded(expr, values) for expr in old]
    if any(a is not b for a, b in zip(old, new, strict=True)):
        stmt = with_expressions(stmt, new)
    match stmt:
        case If(test, then, orelse):
            decided = truth(test)
            return _branch(stmt, values) if decided is None else _block(then if decided else orelse, values)
        case Assign(target, Call(ops.call, (Call() as made, *args), ())) if transform_of(made.fn) == "vjp":
            before, values[target] = value_and_pullback(stmt, made, args)
            return before
        case Assign(target, Call() as made) if transform_of(made.fn) == "linearize":
            before, values[target] = value_and_tangent(stmt, made)
            return before
        case Assign(target, Index(Call() as made, (Const(1),))) if transform_of(made.fn) == "linearize":
            before, both = value_and_tangent(stmt, made)
            values[target] = both.items[1]
            return before
        case Assign(target, value) if is_settled(value):
            values[target] = value
            if has_closure(value):
                return []
        case Assign(target) | Update(target):
            values.pop(target, None)
    return [stmt]


def _branch(stmt: If, values: Values) -> Sequence[Stmt]:
    sides = [dict(values), dict(values)]
    then, orelse = _block(stmt.then, sides[0]), _block(stmt.orelse, sides[1])
    values.clear()
    values.update({name: value for name, value in sides[0].items() if sides[1].get(name) == value})
    if not then and not orelse:
        return unused(stmt.test, stmt.span)
    return [with_blocks(stmt, [then, orelse])]


def _attempt(stmt: Try, values: Values) -> Stmt:
    """A `try`: what its body assigns is not known where an exception leads to."""
    before, ends = dict(values), [values]
    for name in assigned_in(stmt.body):
        before.pop(name, None)
    body = _block(stmt.body, values)
    orelse = _block(stmt.orelse, values)
    handlers: list[Handler] = []
    for handler in stmt.handlers:
        if handler.body is not None:
            ends.append(dict(before))
            handler = replace(handler, body=_block(handler.body, ends[-1]))
        handlers.append(handler)
    same = {n: value for n, value in values.items() if all(end.get(n) == value for end in ends)}
    values.clear()
    values.update(same)
    return replace(stmt, body=body, handlers=tuple(handlers), orelse=orelse)


def _loop(stmt: For | While, values: Values) -> Sequence[Stmt]:
    before = dict(values)
    for name in assigned_in((stmt,)):
        values.pop(name, None)
    parts = [folded(part, before if isinstance(stmt, For) else values) for part in expressions(stmt)]
    if isinstance(stmt, While) and truth(parts[0]) is False:
        return []
    return [with_blocks(with_expressions(stmt, parts), [_block(stmt.body, dict(values))])]


# ------------------------------------------------------------------------------------------ expressions
def folded(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """An expression with what is known in it; the expression itself if that is nothing."""
    match expr:
        case Const():
            return expr
        case Name(name):
            return values.get(name, expr)
        case Call(ops.both | ops.either | ops.select | ops.negated):
            return _lazy(expr, values)
    old = children(expr)
    new = [folded(part, values) for part in old]
    result = rebuilt(expr, new) if any(a is not b for a, b in zip(old, new, strict=True)) else expr
    return simpler(result)


def _lazy(expr: Call, values: Mapping[str, Expr]) -> Expr:
    """What evaluates its operands only if it has to."""
    test = folded(expr.args[0], values)
    decided = truth(test)
    if expr.fn is ops.negated:
        return Call(ops.negated, (test,)) if decided is None else Const(not decided)
    if decided is None:
        rest = [folded(part, values) for part in expr.args[1:]]
        return Call(expr.fn, (test, *rest))
    if expr.fn is ops.select:
        return folded(expr.args[1 if decided else 2], values)
    stops = decided is (expr.fn is ops.either)
    return test if stops else folded(expr.args[1], values)


def truth(expr: Expr) -> bool | None:
    """Whether a value counts as true, if that is known; of `test and False` it is, where the test does nothing else.

    >>> truth(Call(ops.both, (Call(np.less, (Name("x"), Const(0.0))), Const(False))))
    False
    """
    if isinstance(expr, Tuple):
        return bool(expr.items)
    if isinstance(expr, Const) and isinstance(expr.value, _PLAIN):
        return bool(expr.value)
    if isinstance(expr, Call) and expr.fn in (ops.both, ops.either):
        decides = expr.fn is ops.either
        if any(truth(part) is decides for part in expr.args) and not any(map(may_act, nodes(expr))):
            return decides
    return None


def simpler(expr: Expr) -> Expr:
    """An expression whose parts are as simple as they get."""
    match expr:
        case Index(Const(owner), (Const(place),)) if (found := item(owner, place)) is not MISSING:
            return literal(found)
        case Index(Tuple(items), (Const(int(place)),)) if -len(items) <= place < len(items):
            return items[place]
        case Call(ops.attribute, (Const(owner), Const(str(name)))) if not isinstance(owner, _NUMBERS):
            found = attribute(owner, name)
            return expr if found is MISSING else literal(found)
        case Call(ops.method, (Const(str(text)), Const(str(name)), *args)) if name in TEXT_METHODS and not expr.kwargs:
            if all(isinstance(arg, Const) and isinstance(arg.value, str) for arg in args):
                return Const(getattr(text, name)(*(arg.value for arg in args if isinstance(arg, Const))))
        case Call(ops.method, (Const(owner), Const(str(name)), *args)) if not isinstance(owner, (*_NUMBERS, *_HELD)):
            found = attribute(owner, name)
            return Call(found, tuple(args), expr.kwargs) if callable(found) else expr
        case (
            Index(Call()) | Call(ops.contains) | Call(ops.method | ops.attribute, (Call(ops.record), Const(str()), *_))
        ):
            return asked(expr)
        case Call(fn, (Call(inner),), ()) if (fn is len and inner is range) or (fn is dict and inner is ops.record):
            return asked(expr)
        case Call(ops.call, (Const(value), *args)) if callable(value):
            return Call(value, tuple(args), expr.kwargs)
        case Call(fn, (Call(ops.held, (list_, Const(int(length)))),), ()) if fn is tuple and length <= MOST:
            return Tuple(tuple(Index(list_, (Const(k),)) for k in range(length)))
        case Call(fn) if not expr.kwargs and any(fn is one for one in ITERATED):
            return iterated(expr)
        case Call(operator.is_ | operator.is_not as fn, (Call(of) as value, Const(bool(other)))) if of is bool:
            return value if other is (fn is operator.is_) else Call(ops.negated, (value,))
        case Call(ops.fail | ops.text | ops.method):
            return of_texts(expr)
        case Call(fn, args) if not expr.kwargs:
            return _called(fn, args) or of_texts(expr)
    return expr


def _never_one(value: Expr, classes: Expr) -> bool:
    """Whether a value of the run, which is a number, an array, a tuple or a text, is surely of none of some classes."""
    given = [part.value for part in (classes.items if isinstance(classes, Tuple) else (classes,)) if _is_class(part)]
    if values_of(value) is not None or len(given) < (len(classes.items) if isinstance(classes, Tuple) else 1):
        return False
    return all(kind in _OF_NUMPY or kind.__module__.partition(".")[0] in _OF_OTHERS for kind in given)


def _is_class(expr: Expr) -> TypeGuard[Const]:
    return isinstance(expr, Const) and isinstance(expr.value, type)


def _is_atoms(value: Expr) -> bool:
    """Whether a value may stand in several places: it is computed already."""
    return all(map(_is_atoms, value.items)) if isinstance(value, Tuple) else isinstance(value, (Name, Const))


def _called(fn: Any, args: tuple[Expr, ...]) -> Expr | None:
    if fn is len and len(args) == 1 and (items := items_of(args[0])) is not None:
        return Const(len(items))
    if (fn is tuple or fn is list) and len(args) == 1 and isinstance(args[0], Tuple):
        return Tuple(args[0].items, listed=fn is list)
    if fn is np.add and len(args) == 2 and isinstance(args[0], Tuple) and isinstance(args[1], Tuple):
        return Tuple(args[0].items + args[1].items, args[0].listed)
    if fn is np.multiply and len(args) == 2 and isinstance(args[0], Tuple) and _is_atoms(args[0]):
        times = args[1].value if isinstance(args[1], Const) and type(args[1].value) is int else None
        if times is not None and times * len(args[0].items) <= _MOST_ITEMS:
            return Tuple(args[0].items * times, args[0].listed)
        return None
    if fn in (np.equal, np.not_equal) and all(isinstance(arg, Tuple) for arg in args):
        return None
    if fn is isinstance and len(args) == 2 and not isinstance(args[0], Const) and _never_one(args[0], args[1]):
        return Const(False)
    if fn in (np.atleast_1d, np.atleast_2d, np.atleast_3d) and len(args) > 1:
        return Tuple(tuple(Call(fn, (arg,)) for arg in args))
    plain = [arg.value for arg in args if isinstance(arg, Const)]
    if fn is hasattr and any(isinstance(value, types.ModuleType) for value in plain):
        return None  # not among what a function is known to depend on (`frontend.fingerprint`)
    if isinstance(getattr(fn, "__self__", None), dict) and fn.__name__ == "get" and isinstance(args[0], Const):
        return _looked_up(fn, args)
    if len(plain) == len(args) and fn in (isinstance, callable, hasattr, type, len, str):
        try:
            return literal(fn(*plain))
        except TypeError:
            return None
    # A name may yet turn out to be a text or `None`: nothing is said of it here.
    return known(fn, args) if args and len(plain) == len(args) else None


def _looked_up(get: Any, args: tuple[Expr, ...]) -> Expr | None:
    """What `get` of a dict of outside gives for a key that is known; the default may be anything."""
    assert isinstance(args[0], Const)
    if not is_key(args[0].value) or len(args) > 2:
        return None
    if args[0].value in get.__self__:
        return of_outside(get(args[0].value))
    return args[1] if len(args) == 2 else Const(None)
