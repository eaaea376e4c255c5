"""Signatures: of the function that a user gives, and of the derivative that is made of it."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from inspect import Parameter, Signature
from itertools import permutations
from types import FunctionType
from typing import Any

from adcompile.api.paths import is_path, parsed, root_of
from adcompile.errors import InvalidArgument, Span, Unsupported, refuse
from adcompile.frontend.functions import LocalFunction
from adcompile.frontend.source import behind_ufunc, brought_along, python_function
from adcompile.ir.opaque import Opaque
from adcompile.transform.plan import Bound, bytes_of

Wrt = int | str | tuple[int | str, ...]


def name_of(primal: Any) -> str:
    """What a function is called."""
    return str(getattr(primal, "__name__", type(primal).__name__))


def identifier(name: str) -> str:
    """A name that may stand in source."""
    return name if name.isidentifier() else "function"


def place_of(primal: Any) -> Span | None:
    """The line on which a function begins."""
    while hasattr(primal, "primal"):
        primal = primal.primal
    code = getattr(getattr(primal, "py_func", primal), "__code__", None)
    if code is None:
        return None
    line = code.co_firstlineno
    return Span(code.co_filename, line, 1, line, 1)


def signature_of(primal: Any, kind: str) -> Signature:
    """The signature of the function to differentiate; what is no function with source is refused."""
    if hasattr(primal, "seeded"):
        raise InvalidArgument(
            f"{kind} of {primal!r}: what it returns holds a Python closure; vjp(f).seeded is the pullback as one "
            f"function of the arguments and the seed, and can be differentiated"
        )
    if isinstance(primal, (LocalFunction, Opaque)):
        return primal.signature
    if not callable(primal):
        raise InvalidArgument(f"{kind} takes a function, not {primal!r}")
    if hasattr(primal, "primal"):
        if primal.request.out:
            raise InvalidArgument(
                f"{kind} of {primal!r}: it writes to its argument out; differentiate the derivative that returns new "
                f"arrays, and say out=True of what is made of that"
            )
        own: Signature = primal.__signature__
        return own
    if (wrapped := signature_through(primal)) is not None:
        return wrapped
    try:
        function = python_function(primal)
    except Unsupported:
        raise refuse(
            "no-source",
            f"{name_of(primal)} is not written in Python",
            hint=f"differentiate a Python function that calls it: lambda x: {name_of(primal)}(x)",
        ) from None
    brought = brought_along(primal)
    own = inspect.signature(function, follow_wrapped=False)
    own = own.replace(parameters=[parameter for name, parameter in own.parameters.items() if name not in brought])
    for parameter in own.parameters.values():
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            raise refuse(
                "unsupported-parameter",
                f"the parameter {str(parameter).partition(':')[0]} stands for any number of arguments",
                place_of(primal),
                "name each parameter, or take one tuple",
                name_of(primal),
            )
    if not own.parameters:
        raise InvalidArgument(f"{kind} of {name_of(primal)}: the function has no parameters")
    return own


class NotGiven:
    """Stands for an argument that a wrapper does not get: what it wraps has a default for it."""


def signature_through(primal: Any) -> Signature | None:
    """The signature of a function without one of its own: of what a wrapper of `*args, **kwargs` says that it wraps, of
    what Numba has made a universal function of.

    A wrapper may treat what it is given by name in another way than what it is given by place, and what it is given
    in another way than what is left out: arguments go by place, and what is left out stays so."""
    if (elementwise := behind_ufunc(primal)) is not None:
        return inspect.signature(elementwise)
    if not isinstance(primal, FunctionType) or not hasattr(primal, "__wrapped__"):
        return None
    own, wrapped = inspect.signature(primal, follow_wrapped=False), inspect.signature(primal)
    if not _open_ended(own) or _open_ended(wrapped):
        return None
    return Signature(
        [
            p.replace(kind=p.kind if p.kind is p.KEYWORD_ONLY else p.POSITIONAL_ONLY,
                      default=p.default if p.default is p.empty else NotGiven)
            for p in wrapped.parameters.values()
        ]
    )  # fmt: skip


def _open_ended(signature: Signature) -> bool:
    return any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in signature.parameters.values())


def positions(
    wrt: Wrt | None, kind: str, name: str, parameters: tuple[str, ...], inside: Collection[str] = ()
) -> tuple[str, ...]:
    """The parameters, and the variables `inside`, that a derivative is by; none where the types of the arguments
    decide."""
    if wrt is None:
        return () if kind in ("jvp", "primal") else parameters[:1]
    chosen = wrt if isinstance(wrt, tuple) else (wrt,)
    names = []
    for one in chosen:
        if isinstance(one, bool) or not isinstance(one, (int, str)):
            raise InvalidArgument(f"{kind} of {name}: wrt={wrt!r} is no parameter, and no tuple of parameters")
        root = root_of(one) if isinstance(one, str) and is_path(one) else one
        if root not in ((*parameters, *inside) if isinstance(one, str) else range(-len(parameters), len(parameters))):
            raise InvalidArgument(f"{kind} of {name}: wrt={one!r} is none of the parameters {', '.join(parameters)}")
        names.append(parameters[one] if isinstance(one, int) else one)
    steps = [parsed(one) or (one, ()) for one in names]
    if not names or any(a[0] == b[0] and a[1] == b[1][: len(a[1])] for a, b in permutations(steps, 2)):
        what = "one parameter twice" if names else "no parameter"
        raise InvalidArgument(f"{kind} of {name}: wrt={wrt!r} names {what}")
    return tuple(names)


def bound_of(checkpoint: object, kind: str) -> Bound | None:
    """The bound of memory that a user gave."""
    match checkpoint:
        case None | False:
            return None
        case True:
            return True
        case int() if checkpoint > 0:
            return int(checkpoint)
        case str() if bytes_of(checkpoint):
            return checkpoint
    raise InvalidArgument(
        f"{kind}: checkpoint={checkpoint!r} is neither True, nor a number of snapshots, nor bytes such as '64 MB'"
    )


def called_with(own: Signature, kind: str) -> Signature:
    """The signature of the derivative."""
    if kind == "jvp":
        return _of("primals", "tangents")
    if kind == "pullback":
        seed = "seed"
        while seed in own.parameters:
            seed += "_"
        return _of(*own.parameters, seed)
    by_place = {p.name for p in own.parameters.values() if p.default is NotGiven and p.kind is p.POSITIONAL_ONLY}
    last = max((k for k, name in enumerate(own.parameters) if name in by_place), default=-1)
    parameters = [
        Parameter(
            p.name, Parameter.POSITIONAL_ONLY if k <= last else Parameter.POSITIONAL_OR_KEYWORD, default=p.default
        )
        for k, p in enumerate(own.parameters.values())
    ]
    return Signature(parameters)


def with_out(called: Signature) -> tuple[Signature, str]:
    """The signature of a derivative that writes to a last argument, and the name of that."""
    name = "out"
    while name in called.parameters:
        name += "_"
    out = Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None)
    return Signature([*called.parameters.values(), out]), name


def _of(*names: str) -> Signature:
    return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names])
