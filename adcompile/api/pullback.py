"""Vector-Jacobian products: a value and the pullback that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from adcompile import pipeline
from adcompile.api import pickling
from adcompile.api.derivative import Derivative, Request
from adcompile.ir.types import Array, Scalar, Static, TupleType, Type, is_float


class Pullback:
    """The reverse half of a `vjp`: from the adjoint of the value to the adjoints of the arguments.

    It holds copies of the arguments, and may be called any number of times; each call runs the function's forward
    sweep again, so that nothing of it has to be kept in between."""

    def __init__(self, seeded: Derivative, arguments: tuple[Any, ...], value: Any, result: Type) -> None:
        self._seeded = seeded
        self._arguments = arguments
        self._value = value
        self._result = result

    def __call__(self, seed: Any, out: Any = None) -> Any:
        seed = _as_seed(self._seeded, seed, self._value, self._result)
        if self._seeded.request.out:
            return self._seeded(*self._arguments, seed, out)
        if out is not None:
            raise self._seeded.invalid("the pullback takes out where it is that of vjp(f, out=True)")
        return self._seeded(*self._arguments, seed)

    def __repr__(self) -> str:
        return f"<adcompile pullback of {self._seeded.__name__}>"


def _as_seed(derivative: Derivative, seed: Any, value: Any, type_: Type) -> Any:
    """`seed` in the exact types of the value whose adjoint it is."""
    match type_:
        case TupleType(items):
            if not isinstance(seed, tuple) or len(seed) != len(items):
                raise derivative.invalid(f"the seed must be a tuple of {len(items)}, as the value is")
            return tuple(map(_as_seed, [derivative] * len(items), seed, value, items))
        case Scalar(dtype) if is_float(type_):
            if np.ndim(seed) or not np.isrealobj(seed):
                raise derivative.invalid("the seed must be a real number, as the value is")
            return np.dtype(dtype).type(seed)
        case Array(dtype) if is_float(type_):
            if np.shape(seed) != value.shape or not np.isrealobj(seed):
                raise derivative.invalid(f"the seed must be an array of real numbers of shape {value.shape}")
            return np.asarray(seed, dtype)
    return value


class VectorJacobian:
    """`vjp(f)`: called with the arguments of `f`, it gives the value and the pullback.

    `seeded` is the pullback as one function of the arguments and the seed.  It can be called from compiled code and
    differentiated, which the pair of a value and a Python closure cannot."""

    __adcompile_derivative__ = True

    def __init__(self, primal: Callable[..., Any], request: Request) -> None:
        self.primal = primal
        self.request = request
        self.seeded = Derivative(primal, replace(request, kind="pullback"))
        self._value = Derivative(primal, replace(request, kind="primal", wrt=None, out=False, accumulate=False))
        self.__signature__ = self._value.__signature__
        self.__name__, self.__qualname__ = self.seeded.__name__, self.seeded.__qualname__
        self.__module__, self.__doc__ = self.seeded.__module__, primal.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, Pullback]:
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        types = self._value.types_of(*bound.args)
        self.seeded.check(types)
        value = self._value(*bound.args)  # refuses arguments that overlap, which copies would not
        arguments = tuple(map(_copied, bound.args))
        return value, Pullback(self.seeded, arguments, value, self._value.result_type(types))

    @property
    def source(self) -> str:
        """The pullback as Python text, for the types that it was last made for."""
        return self.seeded.source

    def source_for(self, *args: Any, **kwargs: Any) -> str:
        """The pullback as Python text, for the types of these arguments."""
        types = self._value.types_of(*args, **kwargs)
        out = (Static(None),) if self.request.out else ()
        return self.seeded.generated((*types, self._value.result_type(types), *out)).source

    @property
    def stages(self) -> pipeline.Stages:
        """The pullback after each stage of the pipeline, for the types that it was last made for."""
        return self.seeded.stages

    def described(self) -> tuple[object, ...]:
        """What two of these that are the same agree on."""
        return type(self).__name__, self.request.described(), self.primal

    def __repr__(self) -> str:
        return f"<adcompile vjp of {self.__name__}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return pickling.rebuilt, (type(self), pickling.reference(self), self.request)


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    return tuple(map(_copied, value)) if type(value) is tuple else value
