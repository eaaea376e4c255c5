"""`raise` and `assert`: the exception, and what it says.

Goal: an exception leaves a derivative as it would have left the function, of the same class and with the same text.
Non-goals: `try`; an exception ends the run.

    raise ValueError(f"{x} is negative")        becomes     fail(ValueError, "{} is negative", x)
    assert x > 0, "x"                                       if not x > 0: fail(AssertionError, "x")
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from types import FunctionType
from typing import Any

import libcst as cst

from adcompile.frontend.expressions import Expressions
from adcompile.frontend.resolve import MISSING
from adcompile.frontend.texts import Text, text_of
from adcompile.ir import ops
from adcompile.ir.nodes import Call, Const, Expr
from adcompile.runtime import formatted

_STATEMENT = "unsupported-statement"


def raised(reader: Expressions, node: cst.Raise) -> Call:
    """What a `raise` does."""
    exc = node.exc
    if exc is None:
        reader.refuse(node, "`raise` without an exception is not supported", "name the exception", _STATEMENT)
        return _failure(ValueError, [])
    kind = reader.known(exc.func if isinstance(exc, cst.Call) else exc)
    if kind is formatted and isinstance(exc, cst.Call):  # as generated code says it
        of, template, *values = (arg.value for arg in exc.args)
        text = ast.literal_eval(reader.source.code(template))
        return Call(ops.fail, (Const(reader.known(of)), Const(text), *map(reader.read, values)))
    if isinstance(kind, type) and issubclass(kind, Exception):
        return failure(reader, kind, exc.args if isinstance(exc, cst.Call) else ())
    if isinstance(kind, Exception) and not isinstance(exc, cst.Call):
        return _failure(type(kind), [Const(arg) for arg in kind.args])
    hint = "raise one of Python's exceptions, or of a class that is defined outside"
    reader.refuse(exc, f"`raise {reader.source.code(exc)}` is not supported", hint, _STATEMENT)
    return _failure(ValueError, [])


def asserted(reader: Expressions, node: cst.Assert) -> Call:
    """What an `assert` does where it does not hold."""
    return failure(reader, AssertionError, () if node.msg is None else (cst.Arg(node.msg),))


def failure(reader: Expressions, kind: Any, args: tuple[cst.Arg, ...] | Any) -> Call:
    """The raising of an exception of one class."""
    given = in_order(kind, args)
    if given is None:
        hint = "give the exception its text alone"
        reader.refuse(args[0], "an exception with these arguments is not supported", hint, _STATEMENT)
        return _failure(kind, [])
    texts = [text_of(reader, arg.value) if isinstance(arg, cst.Arg) else None for arg in given]
    if texts and texts[0] is not None and all(text is None or not text.values for text in texts[1:]):
        first, rest = texts[0], values_of(reader, given[1:], texts[1:])
        if first.values or not rest:
            return Call(ops.fail, (Const(kind), Const(first.template), *first.values, *rest))
    return _failure(kind, values_of(reader, given, texts))


def in_order(kind: Any, args: tuple[cst.Arg, ...] | Any) -> list[cst.Arg | Const] | None:
    """The arguments of an exception by position: those by keyword where its class has them, with the defaults between
    them; nothing where that is not known."""
    if any(arg.star for arg in args):
        return None
    if all(arg.keyword is None for arg in args):
        return list(args)
    own = kind.__init__
    if not isinstance(own, FunctionType) or kind.__new__ not in (Exception.__new__, BaseException.__new__):
        return None
    positions = [arg for arg in args if arg.keyword is None]
    named = {arg.keyword.value: arg for arg in args if arg.keyword is not None}
    try:
        bound = inspect.signature(own).bind(None, *positions, **named)
    except TypeError:
        return None
    found: list[cst.Arg | Const] = []
    for name, parameter in list(bound.signature.parameters.items())[1:]:
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            return None
        found.append(bound.arguments.pop(name, Const(parameter.default)))
        if len(bound.arguments) == 1:  # the rest has its defaults
            return found
    return None


def values_of(reader: Expressions, args: Sequence[cst.Arg | Const], texts: Sequence[Text | None]) -> list[Expr]:
    """The arguments of an exception as values."""
    values: list[Expr] = []
    for arg, text in zip(args, texts, strict=True):
        if isinstance(arg, Const):
            values.append(arg)
            continue
        known = reader.known(arg.value)
        if text is not None and text.values:
            reader.refuse(arg, "several texts in an exception are not supported", "make one of them", _STATEMENT)
        elif text is not None:
            values.append(Const(text.template.format()))
        else:
            values.append(reader.read(arg.value) if known is MISSING else Const(known))
    return values


def _failure(kind: Any, values: list[Expr]) -> Call:
    return Call(ops.fail, (Const(kind), Const(None), *values))
