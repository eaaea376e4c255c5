"""What `x.name` and `x.name(...)` mean, once it is known what `x` is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adcompile.analysis.types_of import described, type_of
from adcompile.errors import Unsupported, refuse
from adcompile.ir import ops
from adcompile.ir.nodes import Slice
from adcompile.ir.types import Array, Scalar, Static, is_complex, kind
from adcompile.normal import (  # noqa: F401  (each registers its forms)
    array_choices,
    array_elementwise,
    array_joins,
    array_many,
    array_products,
    array_reductions,
    complex_numbers,
)
from adcompile.normal.array_calls import FORMS, canonical, cast, dtype_constant, dtype_of
from adcompile.normal.array_shapes import flattened, permuted
from adcompile.normal.building import Builder, Typed, constant, tuple_of, value_of
from adcompile.normal.lists import is_list
from adcompile.normal.written_out import written_out

_FUNCTIONS: Mapping[str, Any] = {
    "sum": np.sum, "prod": np.prod, "mean": np.mean, "max": np.max, "min": np.min, "any": np.any, "all": np.all,
    "argmax": np.argmax, "argmin": np.argmin, "var": np.var, "std": np.std, "ptp": np.ptp, "cumsum": np.cumsum,
    "cumprod": np.cumprod, "dot": np.dot, "copy": np.copy, "ravel": np.ravel, "clip": np.clip, "astype": np.astype,
    "round": np.round, "swapaxes": np.swapaxes, "squeeze": np.squeeze, "trace": np.trace, "conj": np.conjugate,
    "conjugate": np.conjugate,
    "diagonal": np.diagonal, "repeat": np.repeat, "take": np.take, "nonzero": np.nonzero, "argsort": np.argsort,
    "searchsorted": np.searchsorted, "compress": np.compress,
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
            case "real" | "imag":
                return function(b, np.real if name == "real" else np.imag, [x], {})
            case "flat" if x.is_array:
                return x if x.ndim == 1 else b.call(np.reshape, x, tuple_of([b.size(x)]))
    if isinstance(x.type, Static) and isinstance(x.type.value, (np.finfo, np.iinfo, np.dtype)):
        return constant(getattr(x.type.value, name))
    if isinstance(x.expr, Slice) and name in ("start", "stop", "step"):
        end = {"start": x.expr.start, "stop": x.expr.stop, "step": x.expr.step}[name]
        return Typed(end, type_of(end, b.types))
    raise _unknown(x, name)


def method(b: Builder, x: Typed, name: str, args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    """`x.name(*args, **kwargs)`."""
    if name in ("conjugate", "conj") and not args and not kwargs and isinstance(x.type, (Scalar, Array)):
        return function(b, np.conjugate, [x], {}) if is_complex(x.type) else x  # not a copy, unlike NumPy's function
    if isinstance(x.type, Scalar) and name in _OF_NUMBERS and not kwargs:
        return _of_number(b, x, name, args)
    if is_list(x) and name == "copy" and not args and not kwargs:
        return _copied(b, copy.copy, x)
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
        case "toarray" | "todense", 0 if x.ndim == 2 and not kwargs:  # of what stands for a matrix of SciPy
            return function(b, np.copy, [x], {})
        case "fill" | "sort" | "put", _:
            raise refuse("unsupported-call", f"`.{name}(...)` inside an expression", hint="make it a statement")
        case "item", _ if not kwargs and len(args) == x.ndim:
            return b.index(x, args)
    fn = _FUNCTIONS.get(name)
    if fn is None:
        raise _unknown(x, name)
    if (written := written_out(fn)) is not None:
        return b.written(written, x, *args, **kwargs)
    return function(b, fn, [x, *args], kwargs)


_OF_NUMBERS = ("copy", "item", "any", "all", "sum", "mean", "max", "min", "prod", "squeeze", "astype", "conj", "round")
"""Methods that a number of NumPy, or an array without axes, has as well."""


def _of_number(b: Builder, x: Typed, name: str, args: Sequence[Typed]) -> Typed:
    match name, len(args):
        case "any" | "all", 0:
            return b.truth(x)
        case "astype", 1:
            return cast(b, x, dtype_of(args[0], "float64"))
        case "round", _:
            return function(b, np.round, [x, *args], {})
        case _, 0:
            return b.call(float, x) if name == "mean" and kind(x.type) not in "fc" else x
    raise _unknown(x, name)


def function(b: Builder, fn: Callable[..., Any], args: Sequence[Typed], kwargs: Mapping[str, Typed]) -> Typed:
    """A library function with a canonical form."""
    result: Typed = FORMS[fn](b, fn, args, kwargs)
    return result


@canonical(copy.copy, copy.deepcopy, takes="x")
def _copied(b: Builder, fn: Any, x: Typed) -> Typed:
    """A number is its own copy; the arrays in a tuple are copied by `deepcopy` alone."""
    if x.is_array and not is_list(x):
        return function(b, np.copy, [x], {})
    if is_list(x) and x.ndim == 1:
        return b.call(ops.copy, x)
    if x.is_tuple:
        return tuple_of([_copied(b, fn, item) for item in x.items]) if fn is copy.deepcopy else x
    if isinstance(x.type, Scalar):
        return x
    raise refuse("no-type", f"`{fn.__name__}` of {described(x.type)} is not supported", hint="make the copy's values")


def _unknown(x: Typed, name: str) -> Unsupported:
    hint = "pass np.array(...)" if isinstance(x.type, Array) and x.type.listed else ""
    return refuse("unsupported-attribute", f"`.{name}` of {described(x.type)} is not supported", hint=hint)
