"""What a user writes: `grad`, `value_and_grad`, `jvp`, `vjp`, `linearize`, `jacobian` (`jacfwd`, `jacrev`), `hessian`,
`hvp`, `vhp`, `laplacian`, `vmap`, `taylor` and `check_grads`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal, Unpack, overload

import numpy as np

from adcompile.api import native as native  # which the rules of functions of arrays need
from adcompile.api import recursive as recursive  # which functions that call themselves need
from adcompile.api.batched import Batched, vmap
from adcompile.api.checking import WrongDerivative, check, tolerance
from adcompile.api.choices import Choices, ChoicesOfResult, made
from adcompile.api.composed import Composed
from adcompile.api.custom import custom_jvp, custom_vjp
from adcompile.api.derivative import Derivative
from adcompile.api.implicit import implicit
from adcompile.api.intermediates import opened
from adcompile.api.linear import Linear, StructuredLinear
from adcompile.api.pullback import VectorJacobian, copied
from adcompile.api.replayed import checkpoint
from adcompile.api.series import taylor
from adcompile.api.signatures import Wrt
from adcompile.api.sparse import Sparse, sparse_hessian, sparse_jacobian
from adcompile.api.structured import Structured, structured
from adcompile.errors import InvalidArgument

__all__ = [
    "Batched",
    "Composed",
    "Derivative",
    "Linear",
    "Sparse",
    "VectorJacobian",
    "WrongDerivative",
    "check_grads",
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "grad",
    "hessian",
    "hvp",
    "implicit",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "laplacian",
    "linearize",
    "sparse_hessian",
    "sparse_jacobian",
    "taylor",
    "value_and_grad",
    "vhp",
    "vjp",
    "vmap",
]

Function = Callable[..., Any]
Mode = Literal["auto", "forward", "reverse"]


@overload
def grad(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Derivative: ...
@overload
def grad(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], Derivative]: ...
def grad(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
    """The gradient of a function whose value is one float.

    `grad(f)(x, k)` is the derivative of `f(x, k)` by `x`, as an array of the shape of `x`, or as a number.  `wrt` names
    other parameters, by name or position; a tuple of them gives a tuple of derivatives.  A part of a structure is
    written as in Python, `wrt="params['w']"`, what the object of a method has as `wrt="self.k"`, and a variable inside
    of `f` by its name: the derivative is by the value that it has after the last statement of the body that gives it
    one.  As a decorator, `@grad` or `@grad(wrt="k")`, it puts the gradient in the function's place; the function as
    written is its `primal`.
    """
    return made(Derivative, "grad", function, wrt, options)


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
    return made(Derivative, "value_and_grad", function, wrt, options)


@overload
def jvp(function: Function, *, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Derivative: ...
@overload
def jvp(*, wrt: Wrt | None = ..., **options: Unpack[ChoicesOfResult]) -> Callable[[Function], Derivative]: ...
def jvp(function: Function | None = None, *, wrt: Wrt | None = None, **options: Unpack[ChoicesOfResult]) -> Any:
    """Forward mode: `jvp(f)(primals, tangents)` gives `(value, tangent)`.

    `primals` is the tuple of all arguments of `f`; `tangents` has one entry for each parameter of `wrt`, of the type of
    that argument.  Without `wrt` it is one for each argument that is a float or an array of floats.
    """
    return made(Derivative, "jvp", function, wrt, options)


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
    return made(VectorJacobian, "vjp", function, wrt, options)


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
    return made(Composed, "jacobian", function, wrt, options, mode)


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
    return made(Composed, "jacobian", function, wrt, options, "forward")


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
    return made(Composed, "jacobian", function, wrt, options, "reverse")


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
    return made(Composed, "hessian", function, wrt, options)


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
    return made(Composed, "hvp", function, wrt, options)


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
    return made(Composed, "vhp", function, wrt, options)


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
    return made(Composed, "laplacian", function, wrt, options)


def linearize(function: Function, *args: Any, wrt: Wrt | None = None, **options: Unpack[Choices]) -> tuple[Any, ...]:
    """The value at a point and the derivative there: `value, linear = linearize(f, *args)`.

    `linear(*tangents)` is the tangent of the value, of its structure, shapes and types.  It takes one tangent for each
    of `wrt`, a parameter or a variable inside, or for each argument that is a float or an array of floats; it has the
    shape of what it is along.  It holds copies of the arguments and may be called any number of times; each call runs
    forward mode once.

    >>> import numpy as np
    >>> value, linear = linearize(lambda x, k: k * x * x, np.array([1.0, 2.0]), 3.0, jit=False)
    >>> linear(np.array([1.0, 0.0]), 0.0)
    array([6., 0.])
    >>> linear(np.array([0.0, 0.0]), 1.0)
    array([1., 4.])
    """
    tangent: Derivative = jvp(function, wrt=wrt, **options)
    primal = Derivative(tangent.primal, replace(tangent.request, kind="primal", wrt=None))
    given = primal._bound(*args)
    if (form := structured(tangent, (given, ()))) is not None:

        def call(form: Structured) -> Any:
            numbers, by = form.arguments(given), form.flat.request.wrt
            value, linear, *aux = linearize(form.flat.primal, *numbers, wrt=by, **options)
            return value, StructuredLinear(form, linear), *aux

        found: tuple[Any, ...] = form.tried((given, ()), call)
        return found
    types, names = primal.types_of(*given), {}
    returned = primal(*given)  # refuses arguments that overlap, which copies would not
    if tangent.intermediates:
        inside = opened(tangent, types)
        tangent, given, names = jvp(inside.function, wrt=inside.wrt, **options), inside.arguments(given), inside.names
        types = (*types, *inside.types)
    tangent.check(types)
    linear = Linear(tangent, tuple(map(copied, given)), types, names)
    return (returned[0], linear, returned[1]) if tangent.request.has_aux else (returned, linear)


def check_grads(
    function: Function, args: tuple[Any, ...], order: int = 2, modes: Sequence[str] = ("fwd", "rev"), *,
    wrt: Wrt | None = None, atol: float | None = None, rtol: float | None = None, eps: float | None = None,
    seed: int = 0, **options: Unpack[Choices],
) -> None:  # fmt: skip
    """Holds the derivatives of a function at a point to differences and to each other; raises `WrongDerivative` if not.

    Forward mode ("fwd") is held to extrapolated differences along a random direction, reverse mode ("rev") to forward
    mode by the inner product; with `order=2` the same is asked of the derivatives themselves.  `args` is the tuple of
    all arguments; `wrt` chooses among them and the variables inside, and without it the floats and arrays of floats
    among the arguments are taken.  `atol` and
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
    given = primal._bound(*args)

    def run(tangent: Derivative, given: tuple[Any, ...]) -> None:
        close, names = tolerance(given, eps, rtol, atol), {}
        title = f"check_grads of {tangent.__name__}, order 1"
        if tangent.intermediates:
            inside = opened(tangent, tangent.primal_of(tangent.primal).types_of(*given))
            tangent, given = jvp(inside.function, wrt=inside.wrt, **options), inside.arguments(given)
            names = inside.names
        check(tangent, given, order, modes, close, np.random.default_rng(seed), title, names)

    if (form := structured(tangent, (given, ()))) is not None:
        form.tried((given, ()), lambda form: run(form.flat, form.arguments(given)))
    else:
        primal.types_of(*given)  # refuses what cannot be used
        run(tangent, given)


_INSIDE: tuple[Any, ...] = (
    grad, value_and_grad, jvp, vjp, jacobian, jacfwd, jacrev, hessian, hvp, vhp, laplacian,
    vmap, taylor, linearize, sparse_jacobian, sparse_hessian,
)  # fmt: skip
for _transform in _INSIDE:  # not to be read where a function that is differentiated calls them
    _transform.__adcompile_transform__ = _transform.__name__
linearize.__adcompile_tangent__ = jvp  # type: ignore[attr-defined]
