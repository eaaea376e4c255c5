"""What a call is of: a library function that has rules or a lowering, or a user's function that can be read."""

from __future__ import annotations

import copy
import dataclasses
import functools
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adcompile.errors import Span, refuse
from adcompile.frontend.functions import LocalFunction
from adcompile.frontend.resolve import literal
from adcompile.frontend.source import behind_ufunc
from adcompile.ir.nodes import Call, Expr, Return
from adcompile.ir.opaque import Opaque
from adcompile.normal.of_each import elementwise
from adcompile.rules.registry import is_constant, opaque_for, rule_for

_OURS = (
    "adcompile.ir.ops",
    "adcompile.runtime",
    "adcompile.schedule",
    "adcompile.fourier",
    "adcompile.special",
    "adcompile.lapack",
)
_LIBRARIES = ("numpy", "scipy", "adcompile")
_COPIES = (copy.copy, copy.deepcopy)
_LANGUAGE = ("builtins", "math", "cmath", "operator", "_operator")


@dataclass(frozen=True, slots=True)
class Callee:
    """A user's function or method, with the arguments that `functools.partial` has bound already."""

    function: types.FunctionType | types.MethodType | LocalFunction
    args: tuple[Expr, ...] = ()
    kwargs: tuple[tuple[str, Expr], ...] = ()


def spelled(fn: Callable[..., Any]) -> str:
    """The name of a callable, for messages."""
    return str(getattr(fn, "__name__", None) or fn)


def stays_a_call(fn: Callable[..., Any]) -> bool:
    """Whether later stages know a callable: by a rule, or as a function of NumPy or of the language."""
    if isinstance(fn, Opaque) or opaque_for(fn) is not None or rule_for(fn) is not None or is_constant(fn):
        return True
    if fn in _COPIES:
        return True
    if isinstance(fn, np.ufunc):
        return getattr(np, fn.__name__, None) is fn
    module = str(getattr(fn, "__module__", None) or "")
    ours = module in _OURS and getattr(sys.modules[module], spelled(fn), None) is fn  # generated code says so too
    known = ours or module.partition(".")[0] == "numpy"
    return known or (module in _LANGUAGE and not isinstance(fn, types.FunctionType))


def runs_elsewhere(fn: Any) -> bool:
    """Whether what a call does is not read with the caller: functions with rules of a user, classes that make objects
    before the run.  They see the globals of modules as they are then."""
    if isinstance(fn, Opaque) or opaque_for(fn) is not None:
        return True
    library = str(getattr(fn, "__module__", None) or "").partition(".")[0] in (*_LIBRARIES, *_LANGUAGE)
    if isinstance(fn, type):
        return not (library or issubclass(fn, tuple) or dataclasses.is_dataclass(fn) or issubclass(fn, BaseException))
    return not library and not isinstance(fn, np.ufunc) and (rule_for(fn) is not None or is_constant(fn))


def only_calls(stmt: Return) -> bool:
    """Whether generated text returns what one function of the user gives."""
    ours = stmt.span is not None and stmt.span.file.startswith("<adcompile ")
    return ours and isinstance(stmt.value, Call) and not stays_a_call(stmt.value.fn)


def callee_of(fn: Callable[..., Any], span: Span | None, inside: str, last: bool = False) -> Callee | None:
    """The user's function that a call has to be replaced by; `None` if the call stays, as that of an opaque function
    does unless this is the `last` time that the text is read."""
    if opaque_for(fn) is not None:
        return None
    if isinstance(fn, Opaque):
        return callee_of(fn.inlined, span, inside, last) if last and fn.inlined is not None else None
    if isinstance(fn, functools.partial):
        inner = callee_of(fn.func, span, inside, last)
        if inner is None:
            inner_name = spelled(fn.func)
            raise refuse(
                "no-rule",
                f"functools.partial of `{inner_name}` is not supported",
                span,
                f"call `{inner_name}` itself",
                inside,
            )
        keywords = {**dict(inner.kwargs), **{key: literal(value) for key, value in fn.keywords.items()}}
        return Callee(inner.function, inner.args + tuple(map(literal, fn.args)), tuple(keywords.items()))
    if stays_a_call(fn):
        return None
    if isinstance(fn, LocalFunction):
        return Callee(fn)
    if isinstance(fn, functools._lru_cache_wrapper):  # what it keeps is what it gives
        fn = fn.__wrapped__
    if behind_ufunc(fn) is not None:
        if (each := elementwise(fn)) is None:
            raise no_rule(fn, span, inside)
        return Callee(each[0], (literal(each[1]),))
    python: Any = getattr(fn, "py_func", fn)
    owner: Any = type(fn)
    called = getattr(owner, "__call__", None)  # noqa: B004  (of a class that says in Python what a call does)
    told_apart = owner.__eq__ is object.__eq__  # an argument could be one that only compares equal to another
    if isinstance(called, types.FunctionType) and told_apart and not isinstance(python, types.FunctionType):
        python = types.MethodType(called, fn)
    if isinstance(python, types.FunctionType) or isinstance(getattr(python, "__func__", None), types.FunctionType):
        return Callee(python)
    raise no_rule(fn, span, inside)


def no_rule(fn: Callable[..., Any], span: Span | None, inside: str) -> Exception:
    """The refusal of a call that nothing is known about."""
    return refuse(
        "no-rule",
        f"call of `{spelled(fn)}` has no derivative rule and no readable source",
        span,
        "give it a rule, declare it constant, or write it in Python",
        inside,
    )
