"""A function as a JAX function: its derivatives are adcompile's.

Goal: `to_jax(f)` may be called, transformed by `jax.grad`, `jax.vjp`, `jax.jacrev` to any order, by `jax.vmap` and by
`jax.jit`.  XLA calls the compiled function itself where its interface for that is known (`interop.xla`); it calls back
into Python where it is not, with `jit=False` or `parallel=True`, and for types that it has not.  Non-goals: JAX's
forward mode, which JAX does not have for functions whose pullback alone is given; running anywhere but on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any

import jax
import numpy as np

from adcompile.api import vjp
from adcompile.api.derivative import Derivative, Request
from adcompile.api.signatures import name_of
from adcompile.backend.compile import Options
from adcompile.errors import InvalidArgument
from adcompile.interop import xla
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type, is_float, leaves

__all__ = ["to_jax"]

Shape = tuple[int, ...]
Shapes = Callable[..., Any]


def to_jax(
    function: Callable[..., Any], result_shape: Shapes | None = None, *, jit: bool = True, **options: Any
) -> Callable[..., Any]:
    """A function of JAX arrays, which JAX can differentiate in reverse mode, map and compile.

    An array of no axes stands for a number, any other for an array of its shape and dtype.  JAX has to know shapes
    before it runs anything: where a result is an array, `result_shape` takes the arguments and gives its shape, or a
    tuple of shapes (`None` for a number) where the result is a tuple; arguments may be tracers, whose shapes are
    known.  Without it, an array result is taken to have the shape of the first argument that has as many axes, and is
    refused in the run where it has not.  Arguments that are no arrays (integers, strings, `None`) are constants.
    `options` are those of `adcompile.vjp`.

    >>> import jax
    >>> f = to_jax(lambda x: np.sum(np.sin(x) ** 2), jit=False)
    >>> round(float(jax.jit(jax.grad(f))(jax.numpy.array([0.5, 1.0]))[0]), 6)
    0.841471
    """
    return _Called(function, result_shape, {"jit": jit, **options}).call


class _Called:
    """One function in JAX; `seeded` says of a pullback which function it is of."""

    def __init__(
        self, function: Callable[..., Any], shape: Shapes | None, options: dict[str, Any], of: _Called | None = None
    ) -> None:
        self.function = function
        self.shape = shape
        self.options = options
        self.of = of
        self.primal = Derivative(function, Request("primal", options=Options(**options)))
        self.parameters = self.primal.arguments
        self.pullback = cache(self._pullback)
        self.targets: dict[Any, str | None] = {}

        def call(*args: Any, **kwargs: Any) -> Any:
            bound = self.primal.__signature__.bind(*args, **kwargs)
            bound.apply_defaults()
            return self._called(bound.args)

        call.__name__ = call.__qualname__ = name_of(function)
        call.__doc__ = function.__doc__
        self.call = call

    def _called(self, args: tuple[Any, ...]) -> Any:
        flat, tree = jax.tree.flatten(args)
        moving = [isinstance(leaf, float | np.ndarray | np.generic | jax.Array) for leaf in flat]
        arrays = [leaf for leaf, moves in zip(flat, moving, strict=True) if moves]

        def joined(arrays: Any) -> tuple[Any, ...]:
            left = iter(arrays)
            both = [next(left) if moves else leaf for leaf, moves in zip(flat, moving, strict=True)]
            whole: tuple[Any, ...] = jax.tree.unflatten(tree, both)
            return whole

        def value(*arrays: Any) -> Any:
            return self._evaluated(joined(arrays), moving)

        run = jax.custom_vjp(value)

        def forward(*arrays: Any) -> tuple[Any, Any]:
            return run(*arrays), arrays

        def backward(arrays: Any, seed: Any) -> tuple[Any, ...]:
            whole = joined(arrays)
            types = self.types(whole)
            wrt = tuple(
                name
                for name, type_ in zip(self.parameters, types, strict=True)
                if (own := [leaf for leaf in leaves(type_) if not isinstance(leaf, Static)]) and all(map(is_float, own))
            )
            seed = jax.tree.map(_counted, seed, _expected(self.primal.result_type(types), self._shapes(whole, types)))
            found = dict(zip(wrt, self.pullback(wrt)(*whole, seed), strict=True))
            parts = [found.get(name, part) for name, part in zip(self.parameters, whole, strict=True)]
            gradients = [leaf for leaf, moves in zip(jax.tree.leaves(parts), moving, strict=True) if moves]
            return tuple(_cotangent(*pair) for pair in zip(gradients, arrays, strict=True))

        run.defvjp(forward, backward)
        return run(*arrays)

    def _pullback(self, wrt: tuple[str, ...]) -> Callable[..., Any]:
        def shapes(*args: Any) -> tuple[Any, ...]:
            by_name = dict(zip(self.parameters, args, strict=False))
            return tuple(jax.tree.map(np.shape, by_name[name]) for name in wrt)

        return _Called(vjp(self.function, wrt=wrt, **self.options).seeded, shapes, self.options, self).call

    def types(self, args: tuple[Any, ...]) -> tuple[Type, ...]:
        """The types of arguments; a seed has the type of its result, of which JAX's precision may be less."""
        if self.of is None:
            return tuple(map(_type, args))
        own = self.of.types(args[:-1])
        return (*own, self.of.primal.result_type(own))

    def _shapes(self, args: tuple[Any, ...], types: tuple[Type, ...]) -> Any:
        if self.shape is not None:
            return self.shape(*args)
        arrays = [np.shape(leaf) for leaf in jax.tree.leaves(args) if isinstance(leaf, np.ndarray | jax.Array)]
        return _guessed(self.primal.result_type(types), arrays, name_of(self.function))

    def _evaluated(self, args: tuple[Any, ...], moving: list[bool]) -> Any:
        types = self.types(args)
        expected = _expected(self.primal.result_type(types), self._shapes(args, types))
        flat, tree = jax.tree.flatten(args)
        typed = list(_leaves_with(args, types))
        arrays = [leaf for leaf, moves in zip(flat, moving, strict=True) if moves]

        def run(*arrays: Any) -> Any:
            left = iter(arrays)
            whole = [
                _given(next(left), type_) if moves else leaf
                for leaf, type_, moves in zip(flat, typed, moving, strict=True)
            ]
            value = self.primal(*jax.tree.unflatten(tree, whole))
            return jax.tree.map(self._returned, value, expected)

        known = self._target(jax.tree.unflatten(tree, _named(flat, typed, moving)), arrays, typed, moving, expected)
        if known is None:
            return jax.pure_callback(run, expected, *arrays, vmap_method="sequential")
        results, whole = jax.tree.flatten(expected)
        return jax.tree.unflatten(whole, jax.ffi.ffi_call(known, results, vmap_method="sequential")(*arrays))

    def _target(
        self, named: tuple[Any, ...], arrays: list[Any], typed: list[Type], moving: list[bool], expected: Any
    ) -> str | None:
        """What XLA calls without Python; nothing where it cannot be had."""
        if not self.options["jit"] or self.options.get("parallel") or None in jax.tree.leaves(named, is_leaf=_is_none):
            return None
        wanted = [getattr(type_, "dtype", "") for type_, moves in zip(typed, moving, strict=True) if moves]
        shapes = [(str(jax.dtypes.result_type(array)), np.ndim(array)) for array in arrays]
        given = tuple((*shape, dtype) for shape, dtype in zip(shapes, wanted, strict=True))
        results = tuple((leaf.dtype.name, len(leaf.shape), place) for place, leaf in _places(expected))
        key = _text(named)[1:-2], given, results
        if key not in self.targets:
            made = xla.is_known() and xla.target(self.primal, name_of(self.function), *key)
            self.targets[key] = made or None
        return self.targets[key]

    def _returned(self, value: Any, expected: Any) -> np.ndarray:
        if np.shape(value) != expected.shape:
            raise InvalidArgument(
                f"{name_of(self.function)} returned an array of shape {np.shape(value)}, and JAX was told "
                f"{expected.shape}: say which shape it is, to_jax(f, result_shape=lambda ...: ...)"
            )
        return np.asarray(value, expected.dtype)


def _type(value: Any) -> Type:
    """The type that the function is compiled for: that of the array which JAX will hand over."""
    if isinstance(value, tuple):
        return TupleType(tuple(map(_type, value)))
    if isinstance(value, float | np.ndarray | np.generic | jax.Array):
        dtype = np.dtype(jax.dtypes.canonicalize_dtype(jax.dtypes.result_type(value))).name
        return Array(dtype, np.ndim(value)) if np.ndim(value) else Scalar(dtype)
    if isinstance(value, bool | int):
        return Scalar("bool" if isinstance(value, bool) else "int64")
    return Static(value)


def _leaves_with(args: Any, types: Any) -> Iterator[Type]:
    """The types of the leaves that JAX sees: `None` is none to it."""
    for arg, type_ in zip(args, types, strict=True):
        if isinstance(arg, tuple):
            yield from _leaves_with(arg, type_.items)
        elif arg is not None:
            yield type_


def _is_none(value: Any) -> bool:
    return value is None


def _named(flat: list[Any], typed: list[Type], moving: list[bool]) -> Iterator[str | None]:
    """The leaves of the arguments in the text of a call: arrays by number, constants as literals, `None` for others."""
    number = count()
    for leaf, moves in zip(flat, moving, strict=True):
        if moves:
            yield f"a{next(number)}"
        elif type(leaf) is int:
            yield f"np.int64({leaf})"
        else:
            yield repr(leaf) if type(leaf) in (bool, str) else None


def _text(part: Any) -> str:
    return f"({''.join(f'{_text(item)}, ' for item in part)})" if isinstance(part, tuple) else str(part)


def _places(expected: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a result, and where it is: `[0][1]`."""
    if isinstance(expected, tuple):
        for number, item in enumerate(expected):
            yield from _places(item, f"{place}[{number}]")
    else:
        yield place, expected


def _guessed(result: Type, shapes: list[Shape], name: str) -> Any:
    if isinstance(result, TupleType):
        return tuple(_guessed(item, shapes, name) for item in result.items)
    if not isinstance(result, Array):
        return ()
    for shape in shapes:
        if len(shape) == result.ndim:
            return shape
    raise InvalidArgument(
        f"{name} returns an array of {result.ndim} axes, and JAX has to know their lengths: "
        f"to_jax(f, result_shape=lambda ...: ...)"
    )


def _expected(result: Type, shapes: Any) -> Any:
    if isinstance(result, TupleType):
        return tuple(_expected(item, shape) for item, shape in zip(result.items, shapes, strict=True))
    assert isinstance(result, Scalar | Array)
    return jax.ShapeDtypeStruct(tuple(shapes or ()), jax.dtypes.canonicalize_dtype(result.dtype))


def _given(array: Any, type_: Type) -> Any:
    """What the function is given for an array of JAX's."""
    assert isinstance(type_, Scalar | Array)
    own = np.asarray(array, type_.dtype)
    return own if isinstance(type_, Array) else own.item() if type_.dtype == "float64" else own[()]


def _counted(seed: Any, expected: Any) -> Any:
    """A seed for a result that may be no float, of which JAX has no seed."""
    return np.zeros(expected.shape, expected.dtype) if seed.dtype == jax.dtypes.float0 else seed


def _cotangent(gradient: Any, primal: Any) -> Any:
    if not jax.numpy.issubdtype(jax.dtypes.result_type(primal), jax.numpy.floating):
        return np.zeros(np.shape(primal), jax.dtypes.float0)
    return jax.numpy.asarray(gradient, jax.dtypes.result_type(primal))
