"""What a user writes: `grad`, `value_and_grad`, `jvp`, `vjp`, `linearize`, `jacobian` (`jacfwd`, `jacrev`), `hessian`,
`hvp`, `vhp`, `laplacian` and `check_grads`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypedDict, Unpack, overload

import numpy as np

from adcompile.api.checking import WrongDerivative, check, tolerance
from adcompile.api.composed import Composed
from adcompile.api.derivative import Derivative, Request
from adcompile.api.linear import Linear
from adcompile.api.pullback import VectorJacobian, copied
from adcompile.api.signatures import Wrt, bound_of
from adcompile.backend.compile import Options
from adcompile.errors import InvalidArgument

__all__ = [
    "Composed",
    "Derivative",
    "Linear",
    "VectorJacobian",
    "WrongDerivative",
    "check_grads",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "laplacian",
    "linearize",
    "value_and_grad",
    "vhp",
    "vjp",
]

Function = Callable[..., Any]
Mode = Literal["auto", "forward", "reverse"]


class Choices(TypedDict, total=False):
    """The options of every derivative.

    `jit=False` runs the generated source in CPython.  `fastmath`, `error_model`, `cache` and `boundscheck` are Numba's.
    `parallel=True` runs the function's `prange` loops, and what the derivative makes of them, on all of Numba's threads
    wherever that is proven to give the same; otherwise `prange` is `range`.
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
    parallel: bool
    checkpoint: bool | int | str | None
    out: bool
    accumulate: bool


class ChoicesOfResult(Choices, total=False):
    """The options of derivatives that can carry values beside the result.

    `has_aux=True` says that the function returns `(result, aux)`.  Only `result` is differentiated; `aux`, made of
    numbers, arrays and tuples, comes out as the function gave it, from the same run: `grad` gives `(gradient, aux)`,
    `value_and_grad` gives `((value, aux), gradient)`, `jvp` gives `(value, tangent, aux)`, `vjp` gives
    `(value, pullback, aux)`, `linearize` gives `(value, linear, aux)`, `jacobian` and `hessian` give `(matrix, aux)`.

    >>> value_and_grad(lambda x: (x * x, (x, 7)), has_aux=True, jit=False)(3.0)
    ((9.0, (3.0, 7)), 6.0)
    """

    has_aux: bool


@overload
def grad(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Derivative: ...
@overload
def grad(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], Derivative]: ...
def grad(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
    """The gradient of a function whose value is one float.

    `grad(f)(x, k)` is the derivative of `f(x, k)` by `x`, as an array of the shape of `x`, or as a number.  `wrt` names
    other parameters, by name or position; a tuple of them gives a tuple of derivatives.  As a decorator, `@grad` or
    `@grad(wrt="k")`, it puts the gradient in the function's place; the function as written is its `primal`.
    """
    return _made(Derivative, "grad", function, wrt, options)


@overload
def value_and_grad(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Derivative: ...
@overload
def value_and_grad(
    *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]
) -> Callable[[Function], Derivative]: ...
def value_and_grad(
    function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]
) -> Any:
    """The value of a function and its gradient, in one pass: `(value, gradient)`.  See `grad`."""
    return _made(Derivative, "value_and_grad", function, wrt, options)


@overload
def jvp(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Derivative: ...
@overload
def jvp(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], Derivative]: ...
def jvp(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
    """Forward mode: `jvp(f)(primals, tangents)` gives `(value, tangent)`.

    `primals` is the tuple of all arguments of `f`; `tangents` has one entry for each parameter of `wrt`, of the type of
    that argument.  Without `wrt` it is one for each argument that is a float or an array of floats.
    """
    return _made(Derivative, "jvp", function, wrt, options)


@overload
def vjp(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> VectorJacobian: ...
@overload
def vjp(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], VectorJacobian]: ...
def vjp(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
    """Reverse mode: `vjp(f)(*args)` gives `(value, pullback)`.

    `pullback(seed)` is the derivative by the parameters of `wrt` (the first, if nothing is said) of the sum of the
    products of `seed` and the value; `seed` has the shape of the value.  It may be called any number of times.
    `vjp(f).seeded(*args, seed)` is the same in one call, for compiled code and for derivatives of derivatives.
    """
    return _made(VectorJacobian, "vjp", function, wrt, options)


@overload
def jacobian(
    function: Function, *, wrt: Wrt | None = ..., mode: Mode = ..., **options: Unpack[ChoicesOfResult]
) -> Composed: ...
@overload
def jacobian(
    *, wrt: Wrt | None = ..., mode: Mode = ..., **options: Unpack[ChoicesOfResult]
) -> Callable[[Function], Composed]: ...
def jacobian(
    function: Function | None = None, *, wrt: Wrt | None = None, mode: Mode = "auto", **options: Unpack[ChoicesOfResult]
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
def jacfwd(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Composed: ...
@overload
def jacfwd(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], Composed]: ...
def jacfwd(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
    """`jacobian(mode="forward")`: the Jacobian by columns, for functions of few inputs; of any function, in no more
    memory than a few values of it take.

    >>> import numpy as np
    >>> jacfwd(lambda t: np.array([np.cos(t), np.sin(t)]), jit=False)(0.0)
    array([-0.,  1.])
    """
    return _made(Composed, "jacobian", function, wrt, options, "forward")


@overload
def jacrev(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Composed: ...
@overload
def jacrev(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], Composed]: ...
def jacrev(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
    """`jacobian(mode="reverse")`: the Jacobian by rows, for functions of many inputs and one short result.

    >>> import numpy as np
    >>> jacrev(lambda x: x[:2] * x[2], jit=False)(np.array([3.0, 4.0, 5.0]))
    array([[5., 0., 3.],
           [0., 5., 4.]])
    """
    return _made(Composed, "jacobian", function, wrt, options, "reverse")


@overload
def hessian(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Composed: ...
@overload
def hessian(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], Composed]: ...
def hessian(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
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


@overload
def vhp(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Composed: ...
@overload
def vhp(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], Composed]: ...
def vhp(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """The product of a vector with the Hessian, reverse over forward: `vhp(f)(*args, v)`.

    It is the gradient of the derivative of `f` along `v`.  Where `f` is twice continuously differentiable it equals
    `hvp(f)(*args, v)`, which is made the other way round: whichever is faster may be taken, and each checks the other.
    Arguments, shapes and types are those of `hvp`.

    >>> import numpy as np
    >>> vhp(lambda x: x[0] ** 2 * x[1], jit=False)(np.array([3.0, 5.0]), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    return _made(Composed, "vhp", function, wrt, options)


@overload
def laplacian(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Composed: ...
@overload
def laplacian(*, wrt: Wrt | None = ..., **options: Unpack[Choices]) -> Callable[[Function], Composed]: ...
def laplacian(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[Choices]) -> Any:
    """The Laplacian of a function whose value is one float: the sum of its second derivatives by each element.

    `laplacian(f)(x)` is the trace of `hessian(f)(x)`, a number of the precision of `x`, without the Hessian: columns
    are computed four at once and none is kept.  A tuple in `wrt` gives the sum over all of its parameters.

    >>> import numpy as np
    >>> laplacian(lambda x: x[0] ** 2 * x[1] + x[1] ** 3, jit=False)(np.array([3.0, 5.0])).item()
    40.0
    """
    return _made(Composed, "laplacian", function, wrt, options)


def linearize(function: Function, *args: Any, wrt: Wrt | None = None, **options: Unpack[Choices]) -> tuple[Any, ...]:
    """The value at a point and the derivative there: `value, linear = linearize(f, *args)`.

    `linear(*tangents)` is the tangent of the value, of its structure, shapes and types.  It takes one tangent for each
    parameter of `wrt`, or for each argument that is a float or an array of floats, of the shape of that argument.  It
    holds copies of the arguments and may be called any number of times; each call runs forward mode once.

    >>> import numpy as np
    >>> value, linear = linearize(lambda x, k: k * x * x, np.array([1.0, 2.0]), 3.0, jit=False)
    >>> linear(np.array([1.0, 0.0]), 0.0)
    array([6., 0.])
    >>> linear(np.array([0.0, 0.0]), 1.0)
    array([1., 4.])
    """
    tangent: Derivative = jvp(function, wrt=wrt, **options)
    primal = Derivative(tangent.primal, replace(tangent.request, kind="primal", wrt=None))
    bound = primal.__signature__.bind(*args)
    bound.apply_defaults()
    types = primal.types_of(*bound.args)
    tangent.check(types)
    returned = primal(*bound.args)  # refuses arguments that overlap, which copies would not
    linear = Linear(tangent, tuple(map(copied, bound.args)), types)
    return (returned[0], linear, returned[1]) if tangent.request.has_aux else (returned, linear)


def check_grads(
    function: Function, args: tuple[Any, ...], order: int = 2, modes: Sequence[str] = ("fwd", "rev"), *,
    wrt: Wrt | None = None, atol: float | None = None, rtol: float | None = None, eps: float | None = None,
    seed: int = 0, **options: Unpack[Choices],
) -> None:  # fmt: skip
    """Holds the derivatives of a function at a point to differences and to each other; raises `WrongDerivative` if not.

    Forward mode ("fwd") is held to extrapolated differences along a random direction, reverse mode ("rev") to forward
    mode by the inner product; with `order=2` the same is asked of the derivatives themselves.  `args` is the tuple of
    all arguments; `wrt` chooses among them, and without it the floats and arrays of floats are taken.  `atol` and
    `rtol` are 1e-6 (5e-3 where single precision occurs), `eps` is the largest step of the differences.  The error is an
    `AssertionError` too; it says in which mode and order, by which entry of which argument, and how far.  At a kink,
    where differences do not settle, it says that.

    >>> import numpy as np
    >>> check_grads(lambda x, n: np.sum(np.sin(x) ** n), (np.array([0.3, 1.2]), 3), jit=False)
    """
    if unknown := set(modes) - {"fwd", "rev"}:
        raise InvalidArgument(f"check_grads: the mode {min(unknown)!r} is neither 'fwd' nor 'rev'")
    if not modes or order < 1:
        raise InvalidArgument(f"check_grads: modes={modes!r} and order={order!r} ask for no derivative")
    tangent: Derivative = jvp(function, wrt=wrt, **options)
    primal = Derivative(tangent.primal, replace(tangent.request, kind="primal", wrt=None))
    bound = primal.__signature__.bind(*args)
    bound.apply_defaults()
    close = tolerance(bound.args, eps, rtol, atol)
    title = f"check_grads of {tangent.__name__}, order 1"
    check(tangent, bound.args, order, modes, close, np.random.default_rng(seed), title)


def _made(
    kind: Callable[..., Any], word: str, function: Function | None, wrt: Any, choices: Mapping[str, Any],
    mode: str = "auto",
) -> Any:  # fmt: skip
    known = (Choices if word in ("hvp", "vhp", "laplacian") else ChoicesOfResult).__annotations__
    if unknown := set(choices) - set(known):
        raise InvalidArgument(f"{word}: {', '.join(sorted(unknown))} is none of the options {', '.join(known)}")
    wrt = tuple(wrt) if isinstance(wrt, list) else wrt
    choices = dict(choices)
    checkpoint = bound_of(choices.pop("checkpoint", None), word)
    has_aux = choices.pop("has_aux", False)
    if not isinstance(has_aux, bool):
        raise InvalidArgument(f"{word}: has_aux={has_aux!r} is neither True nor False")
    out, accumulate = bool(choices.pop("out", False)), bool(choices.pop("accumulate", False))
    if word == "jvp" and (out or accumulate):
        raise InvalidArgument("jvp: it returns a value and a tangent, and takes neither out=True nor accumulate=True")
    if has_aux and (out or accumulate):
        raise InvalidArgument(f"{word}: has_aux=True goes neither with out=True nor with accumulate=True")
    request = Request(word, wrt, Options(**choices), mode, checkpoint, has_aux, out or accumulate, accumulate)
    return partial(kind, request=request) if function is None else kind(function, request)


_INSIDE: tuple[Any, ...] = (
    grad, value_and_grad, jvp, vjp, jacobian, jacfwd, jacrev, hessian, hvp, vhp, laplacian,
)  # fmt: skip
for _transform in _INSIDE:  # which may be called in a function that is differentiated
    _transform.__adcompile_transform__ = _transform.__name__
