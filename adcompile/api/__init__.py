"""`grad`, `value_and_grad`, `jvp`, `vjp`, `jacobian`, `hessian` and `hvp`: what a user writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, TypedDict, Unpack, overload

from adcompile.api.composed import Composed
from adcompile.api.derivative import Derivative, Request
from adcompile.api.pullback import VectorJacobian
from adcompile.api.signatures import Wrt, bound_of
from adcompile.backend.compile import Options
from adcompile.errors import InvalidArgument

__all__ = [
    "Composed",
    "Derivative",
    "VectorJacobian",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
]

Function = Callable[..., Any]
Mode = Literal["auto", "forward", "reverse"]


class Choices(TypedDict, total=False):
    """The options of every derivative.

    `jit=False` runs the generated source in CPython.  `fastmath`, `error_model`, `cache` and `boundscheck` are Numba's.
    `checkpoint` bounds the memory of reverse mode over a long `for` loop that must remember its iterations: a number
    of snapshots of its state, bytes (`"64 MB"`), or `True` for as many as the square root of the iterations, about.
    `out=True` gives the derivative a last parameter `out`, of the structure of what it returns (of `value_and_grad`, of
    the gradient): arrays in it are overwritten with the derivative, and returned; where `None` stands in it, as it has
    to for a number, what belongs there is returned new.  `accumulate=True` does that too, and adds the derivative to
    what the arrays hold.  Arrays of another type or shape, read-only ones, and ones that share memory with an argument
    or with each other are refused before anything is written.  If the function itself raises on the way, they hold
    a part of what would have been written.  Not of `jvp`.

    >>> import numpy as np
    >>> def f(x, k):
    ...     return k * np.sum(x * x)
    >>> x, x_bar = np.array([1.0, 2.0]), np.zeros(2)
    >>> grad(f, out=True, jit=False)(x, 3.0, out=x_bar) is x_bar
    True
    >>> x_bar
    array([ 6., 12.])
    >>> grad(f, accumulate=True, jit=False)(x, 0.5, out=x_bar)
    array([ 7., 14.])
    """

    jit: bool
    fastmath: bool | Iterable[str]
    error_model: str
    cache: bool
    boundscheck: bool
    checkpoint: bool | int | str | None
    out: bool
    accumulate: bool


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


@overload
def jacobian(
    function: Function, *, wrt: Wrt | None = ..., mode: Mode = ..., **options: Unpack[Choices]
) -> Composed: ...
@overload
def jacobian(
    *, wrt: Wrt | None = ..., mode: Mode = ..., **options: Unpack[Choices]
) -> Callable[[Function], Composed]: ...
def jacobian(
    function: Function | None = None, *, wrt: Wrt | None = None, mode: Mode = "auto", **options: Unpack[Choices]
) -> Any:
    """The Jacobian of a function: `jacobian(f)(x)` has the shape of the value followed by the shape of `x`.

    `mode="forward"` computes it by columns, four at once, `mode="reverse"` by rows; `"auto"` does whichever are fewer.
    A tuple in `wrt` gives a tuple of blocks; a function that returns a tuple gives a tuple of such.

    >>> import numpy as np
    >>> jacobian(lambda x: x[1:] - x[:-1], jit=False)(np.array([1.0, 2.0, 4.0]))
    array([[-1.,  1.,  0.],
           [ 0., -1.,  1.]])
    """
    if mode not in ("auto", "forward", "reverse"):
        raise InvalidArgument(f"jacobian: mode={mode!r} is none of 'auto', 'forward', 'reverse'")
    return _made(Composed, "jacobian", function, wrt, options, mode)


@overload
def hessian(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Composed: ...
@overload
def hessian(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], Composed]: ...
def hessian(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """The Hessian of a function whose value is one float, forward over reverse.

    `hessian(f)(x)` has the shape of `x` twice.  A tuple in `wrt` gives a tuple of tuples of blocks.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1], jit=False)(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return _made(Composed, "hessian", function, wrt, options)


@overload
def hvp(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Composed: ...
@overload
def hvp(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], Composed]: ...
def hvp(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """The product of the Hessian with a vector, forward over reverse, without the Hessian: `hvp(f)(*args, v)`.

    `v` has the type and the shape of what the derivative is by; a tuple in `wrt` takes a tuple `v` and gives one.

    >>> import numpy as np
    >>> hvp(lambda x: x[0] ** 2 * x[1], jit=False)(np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    return _made(Composed, "hvp", function, wrt, options)


def _made(
    kind: Callable[..., Any], word: str, function: Function | None, wrt: Any, choices: Mapping[str, Any],
    mode: str = "auto",
) -> Any:  # fmt: skip
    if unknown := set(choices) - set(Choices.__annotations__):
        known = ", ".join(Choices.__annotations__)
        raise InvalidArgument(f"{word}: {', '.join(sorted(unknown))} is none of the options {known}")
    wrt = tuple(wrt) if isinstance(wrt, list) else wrt
    choices = dict(choices)
    checkpoint = bound_of(choices.pop("checkpoint", None), word)
    out, accumulate = bool(choices.pop("out", False)), bool(choices.pop("accumulate", False))
    if word == "jvp" and (out or accumulate):
        raise InvalidArgument("jvp: it returns a value and a tangent, and takes neither out=True nor accumulate=True")
    request = Request(word, wrt, Options(**choices), mode, checkpoint, out or accumulate, accumulate)
    return partial(kind, request=request) if function is None else kind(function, request)
