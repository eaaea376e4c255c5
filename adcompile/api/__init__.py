"""`grad`, `value_and_grad`, `jvp` and `vjp`: what a user writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypedDict, Unpack, overload

from adcompile.api.derivative import Derivative, Request
from adcompile.api.pullback import VectorJacobian
from adcompile.api.signatures import Wrt
from adcompile.backend.compile import Options
from adcompile.errors import InvalidArgument

__all__ = ["Derivative", "VectorJacobian", "grad", "jvp", "value_and_grad", "vjp"]

Function = Callable[..., Any]


class Choices(TypedDict, total=False):
    """The options of every derivative.  `jit=False` runs the generated source in CPython; the others are Numba's."""

    jit: bool
    fastmath: bool | Iterable[str]
    error_model: str
    cache: bool
    boundscheck: bool


@overload
def grad(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Derivative: ...
@overload
def grad(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], Derivative]: ...
def grad(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """The gradient of a function whose value is one float.

    `grad(f)(x, k)` is the derivative of `f(x, k)` by `x`, as an array of the shape of `x`, or as a number.  `wrt` names
    other parameters, by name or position; a tuple of them gives a tuple of derivatives.  As a decorator, `@grad` or
    `@grad(wrt="k")`, it puts the gradient in the function's place; the function as written is its `primal`.
    """
    return _made(Derivative, "grad", function, wrt, options)


@overload
def value_and_grad(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Derivative: ...
@overload
def value_and_grad(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], Derivative]: ...
def value_and_grad(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """The value of a function and its gradient, in one pass: `(value, gradient)`.  See `grad`."""
    return _made(Derivative, "value_and_grad", function, wrt, options)


@overload
def jvp(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Derivative: ...
@overload
def jvp(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], Derivative]: ...
def jvp(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """Forward mode: `jvp(f)(primals, tangents)` gives `(value, tangent)`.

    `primals` is the tuple of all arguments of `f`; `tangents` has one entry for each parameter of `wrt`, of the type of
    that argument.  Without `wrt` it is one for each argument that is a float or an array of floats.
    """
    return _made(Derivative, "jvp", function, wrt, options)


@overload
def vjp(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> VectorJacobian: ...
@overload
def vjp(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], VectorJacobian]: ...
def vjp(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """Reverse mode: `vjp(f)(*args)` gives `(value, pullback)`.

    `pullback(seed)` is the derivative by the parameters of `wrt` (the first, if nothing is said) of the sum of the
    products of `seed` and the value; `seed` has the shape of the value.  It may be called any number of times.
    `vjp(f).seeded(*args, seed)` is the same in one call, for compiled code and for derivatives of derivatives.
    """
    return _made(VectorJacobian, "vjp", function, wrt, options)


def _made(kind: Callable[..., Any], word: str, function: Function | None, wrt: Any, choices: Mapping[str, Any]) -> Any:
    if unknown := set(choices) - set(Choices.__annotations__):
        known = ", ".join(Choices.__annotations__)
        raise InvalidArgument(f"{word}: {', '.join(sorted(unknown))} is none of the options {known}")
    wrt = tuple(wrt) if isinstance(wrt, list) else wrt
    request = Request(word, wrt, Options(**choices))
    return partial(kind, request=request) if function is None else kind(function, request)
