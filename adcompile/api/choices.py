"""The options of derivatives, and how one is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypedDict

from adcompile.api.derivative import Request
from adcompile.api.signatures import bound_of
from adcompile.backend.compile import Options
from adcompile.errors import InvalidArgument

_WITHOUT_AUX = ("hvp", "vhp", "laplacian", "vmap", "taylor", "sparse_jacobian", "sparse_hessian")


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
    >>> from adcompile import grad
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

    >>> from adcompile import value_and_grad
    >>> value_and_grad(lambda x: (x * x, (x, 7)), has_aux=True, jit=False)(3.0)
    ((9.0, (3.0, 7)), 6.0)
    """

    has_aux: bool


def made(
    kind: Callable[..., Any], word: str, function: Callable[..., Any] | None, wrt: Any, choices: Mapping[str, Any],
    mode: str = "auto", details: tuple[Any, ...] = (),
) -> Any:  # fmt: skip
    known = (Choices if word in _WITHOUT_AUX else ChoicesOfResult).__annotations__
    if "holomorphic" in choices:
        raise InvalidArgument(
            f"{word}: there is no option holomorphic; where f has a complex derivative, it is "
            f"vjp(f)(z)[1](1.0 + 0.0j), and jvp(f)((z,), (1.0 + 0.0j,))[1]"
        )
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
    request = Request(word, wrt, Options(**choices), mode, checkpoint, has_aux, out or accumulate, accumulate, details)
    return partial(kind, request=request) if function is None else kind(function, request)
