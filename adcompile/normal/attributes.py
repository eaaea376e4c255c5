"""What `x.name` and `x.name(...)` mean, once it is known what `x` is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described
from adcompile.errors import Unsupported, refuse
from adcompile.ir.types import Array, Scalar, kind
from adcompile.normal import array_elementwise, array_reductions  # noqa: F401  (each registers its forms)
from adcompile.normal.array_calls import FORMS, dtype_constant
from adcompile.normal.array_shapes import flattened, permuted
from adcompile.normal.building import Builder, Typed, constant, tuple_of, value_of
from adcompile.normal.lists import is_list

_FUNCTIONS: Mapping[str, Any] = {
    "sum": np.sum, "prod": np.prod, "mean": np.mean, "max": np.max, "min": np.min, "any": np.any, "all": np.all,
    "argmax": np.argmax, "argmin": np.argmin, "var": np.var, "std": np.std, "ptp": np.ptp, "cumsum": np.cumsum,
    "cumprod": np.cumprod, "dot": np.dot, "copy": np.copy, "ravel": np.ravel, "clip": np.clip, "astype": np.astype,
    "round": np.round, "swapaxes": np.swapaxes, "squeeze": np.squeeze, "trace": np.trace, "conj": np.conj,
    "diagonal": np.diagonal,
}  # fmt: skip
"""Methods that are a NumPy function of the same parameters."""


def attribute(b: Builder, x: Typed, name: str) -> Typed:
    """`x.name`."""
    if isinstance(x.type, (Array, Scalar)) and not is_list(x):
        match name:
            case "shape":
                return tuple_of(b.dims(x)) if x.is_array else tuple_of(())
            case "size":
                return b.size(x)
            case "ndim":
                return constant(x.ndim)
            case "T" if x.is_array:
                return permuted(b, x, tuple(reversed(range(x.ndim))))
            case "dtype":
                return constant(dtype_constant(x.type.dtype).value)
            case "real" if kind(x.type) in "biuf":
                return x
    raise _unknown(x, name)


def method(b: Builder, x: Typed, name: str, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    """`x.name(*args, **kwargs)`."""
    if not x.is_array or is_list(x):
        raise _unknown(x, name)
    match name, len(args):
        case "transpose", _ if not kwargs:
            order = value_of(args[0] if len(args) == 1 else tuple_of(args), "axes") if args else None
            return permuted(b, x, tuple(reversed(range(x.ndim))) if order is None else tuple(order))
        case "reshape", _:
            shape = args[0] if len(args) == 1 else tuple_of(args)
            return function(b, np.reshape, [x, shape], kwargs)
        case "flatten", 0 if not kwargs:
            return flattened(b, x)
        case "item", _ if not kwargs and len(args) == x.ndim:
            return b.index(x, args)
    fn = _FUNCTIONS.get(name)
    if fn is None:
        raise _unknown(x, name)
    return function(b, fn, [x, *args], kwargs)


def function(b: Builder, fn: Callable[..., Any], args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    """A library function with a canonical form."""
    result: Typed = FORMS[fn](b, fn, args, kwargs)
    return result


def _unknown(x: Typed, name: str) -> Unsupported:
    hint = "complex numbers are not supported" if name in ("real", "imag") else ""
    return refuse("unsupported-attribute", f"`.{name}` of {described(x.type)} is not supported", hint=hint)
