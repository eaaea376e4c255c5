"""What types answer: `isinstance`, `hasattr`, `callable`, `np.isscalar`, `np.iterable`, `type(x)`.

Goal: code that takes numbers and arrays, and asks which it was given, has one branch left.  An integer counts as
Python's own where that and NumPy's differ in the answer, a float for which they differ is refused.  Non-goals: values
known before the run (`specialise`).

>>> answer(isinstance, constant(2.0), (float, np.floating)), answer(isinstance, constant(2.0), int)
(True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import is_
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described
from adcompile.errors import Unsupported, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Block, Call, Const, Expr, Function, Name, Stmt, Tuple
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type, is_complex
from adcompile.ir.walk import blocks, expressions, mapped, nodes, statements, with_blocks, with_expressions
from adcompile.normal.array_calls import canonical, cast
from adcompile.normal.building import Builder, Typed, constant, tuple_of, value_of
from adcompile.normal.flow import assigned_in
from adcompile.normal.number_classes import ARRAY, COMPLEMENT, NUMBER, NUMPY, PYTHON, Classes

_PYTHON = {"f": float, "c": complex, "i": int, "u": int, "b": bool}
QUESTIONS: tuple[Any, ...] = (
    isinstance, hasattr, callable, np.isscalar, np.iterable, np.iscomplexobj, np.isrealobj, type,
)  # fmt: skip


def answered(fn: Callable[..., Any], args: Sequence[Typed], classes: Classes) -> Typed:
    """The call of a question, about a number of these classes if it is one."""
    if fn is type and len(args) == 1:
        asked = _class(args[0], classes)
        return Typed(Const(asked), Static(asked))
    if len(args) != (2 if fn in (isinstance, hasattr) else 1):
        raise refuse("no-type", f"`{fn.__name__}` is called with {len(args)} arguments")
    about = value_of(args[1], f"what `{fn.__name__}` asks for") if len(args) == 2 else None
    return constant(answer(fn, args[0], about, classes))


def settled_by_types(function: Function, types: Mapping[str, Type]) -> Function:
    """A function in which questions about parameters of these types are answered, of those that it never assigns."""
    every = (node for stmt in statements(function.body) for expr in expressions(stmt) for node in nodes(expr))
    if not types or not any(isinstance(node, Call) and _is_question(node.fn) for node in every):
        return function
    assigned = assigned_in(function.body)
    kept = {n: type_ for n, type_ in types.items() if n not in assigned and not isinstance(type_, Static)}
    return replace(function, body=_settled(function.body, kept))


def _is_question(fn: Any) -> bool:
    return any(fn is one for one in QUESTIONS)


def _settled(block: Block, types: Mapping[str, Type]) -> Block:
    done: list[Stmt] = []
    for stmt in block:
        old = list(expressions(stmt))
        new = [mapped(expr, partial(_told, types)) for expr in old]
        if not all(map(is_, new, old)):
            stmt = with_expressions(stmt, new)
        inner = list(blocks(stmt))
        done.append(with_blocks(stmt, [_settled(one, types) for one in inner]) if inner else stmt)
    return tuple(done)


def _told(types: Mapping[str, Type], expr: Expr) -> Expr:
    """A question as its answer, if it is about a variable of one of these types."""
    match expr:
        case Call(fn, (Name(name), *about), ()) if name in types and _is_question(fn):
            try:
                return answered(fn, [Typed(Name(name), types[name]), *map(_known, about)], NUMBER).expr
            except Unsupported:
                return expr
    return expr


def _known(expr: Expr) -> Typed:
    if isinstance(expr, Tuple):
        return tuple_of([_known(item) for item in expr.items])
    if isinstance(expr, Const):
        return constant(expr.value)
    raise Unsupported(())


def answer(fn: Callable[..., Any], x: Typed, about: Any, classes: Classes = NUMBER) -> bool:
    """Whether it is so."""
    if isinstance(x.type, Static) and isinstance(x.expr, Const):
        return bool(fn(x.expr.value) if about is None else fn(x.expr.value, about))
    if fn is callable:
        return False
    if fn is np.isscalar and not isinstance(x.type, Scalar):
        return False
    if fn is np.iterable:
        return not isinstance(x.type, Scalar)
    if fn in (np.iscomplexobj, np.isrealobj):
        return is_complex(x.type) is (fn is np.iscomplexobj)
    try:
        given = {_holds(fn, kind, about) for kind in _kinds(x, classes)}
    except TypeError as error:
        raise refuse("no-type", f"`{fn.__name__}`: {error}") from None
    if len(given) == 1:
        return given.pop()
    if _counts_as_pythons(x, classes):
        return _holds(fn, _kinds(x, NUMBER)[0], about)
    names = " or ".join(f"`{kind.__name__}`" for kind in _kinds(x, classes))
    hint = "ask for both, as in isinstance(x, (float, np.floating))"
    raise refuse("unknown-type", f"whether this {described(x.type)} is {names} cannot be told", hint=hint)


def _counts_as_pythons(x: Typed, classes: Classes) -> bool:
    return isinstance(x.type, Scalar) and x.type.dtype in ("int64", "bool") and ARRAY not in classes


def _class(x: Typed, classes: Classes) -> type:
    """The class of a value, where Python and NumPy have one answer; an integer is Python's own."""
    if isinstance(x.type, Static):
        return type(x.type.value)
    kinds = _kinds(x, classes)
    if len(kinds) > 1 and not _counts_as_pythons(x, classes):
        names = " or ".join(f"`{kind.__name__}`" for kind in kinds)
        hint = "ask with isinstance for both, as in isinstance(x, (float, np.floating))"
        raise refuse("unknown-type", f"whether this {described(x.type)} is {names} cannot be told", hint=hint)
    return kinds[0]


@canonical(ops.like, takes="example value")
def _like(b: Builder, fn: Any, example: Typed, value: Typed) -> Typed:
    """`type(example)(value)`: a number of the type of another."""
    if not (isinstance(example.type, Scalar) and isinstance(value.type, Scalar)):
        hint = "write the constructor itself"
        raise refuse("no-type", f"`type(x)(value)` of {described(example.type)} is not supported", hint=hint)
    return cast(b, value, example.type.dtype)


def _holds(fn: Callable[..., Any], kind: type, about: Any) -> bool:
    if fn is np.isscalar:
        return kind is not np.ndarray
    return issubclass(kind, about) if fn is isinstance else hasattr(kind, about)


def _kinds(x: Typed, classes: Classes) -> tuple[type, ...]:
    """The classes that a value may have where the function runs in Python."""
    match x.type:
        case Array(listed=listed):
            return (list,) if listed else (np.ndarray,)
        case TupleType():
            return (tuple, list)  # a list that does not change is a tuple
        case Scalar(dtype):
            own = np.dtype(dtype)
            python = _PYTHON.get(own.kind)
            if python is None or own.itemsize not in (1, 8, 16):
                python = own.type
            pythons = not classes.isdisjoint((PYTHON, COMPLEMENT))
            may = {python: pythons, own.type: NUMPY in classes, np.ndarray: ARRAY in classes}
            return tuple(kind for kind, holds in may.items() if holds)
    raise refuse("no-type", f"what class {described(x.type)} has is not known")
