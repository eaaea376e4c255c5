"""Canonical forms of functions of complex numbers: parts of a number, and the functions of `cmath` as NumPy's.

Goal: what is done to a real number (`x.real`, `x.conjugate()`) is nothing, so that the functions of parts that are left
are of complex numbers.  `cmath` means a complex number whatever it is given: `cmath.sqrt(-1.0)` is `1j`.
"""

from __future__ import annotations

import builtins
import cmath
from typing import Any

import numpy as np

from adcompile.errors import refuse
from adcompile.ir import ops
from adcompile.ir.types import Array, Scalar, is_complex
from adcompile.normal.array_calls import canonical, cast
from adcompile.normal.building import Builder, Typed, constant, tuple_of, value_of

_NUMPY: dict[Any, Any] = {
    cmath.sqrt: np.sqrt, cmath.exp: np.exp, cmath.sin: np.sin, cmath.cos: np.cos, cmath.tan: np.tan,
    cmath.sinh: np.sinh, cmath.cosh: np.cosh, cmath.tanh: np.tanh, cmath.asin: np.arcsin, cmath.acos: np.arccos,
    cmath.atan: np.arctan, cmath.asinh: np.arcsinh, cmath.acosh: np.arccosh, cmath.atanh: np.arctanh,
    cmath.log10: np.log10, cmath.isnan: np.isnan, cmath.isinf: np.isinf, cmath.isfinite: np.isfinite,
}  # fmt: skip


@canonical(np.real, takes="val")
def _real(b: Builder, fn: Any, val: Typed) -> Typed:
    return b.call(fn, val) if is_complex(val.type) else val


@canonical(np.imag, takes="val")
def _imag(b: Builder, fn: Any, val: Typed) -> Typed:
    if is_complex(val.type):
        return b.call(fn, val)
    return b.call(np.zeros_like, val) if isinstance(val.type, Array) else constant(0.0)


@canonical(np.conjugate, takes="x")
def _conjugate(b: Builder, fn: Any, x: Typed) -> Typed:
    if is_complex(x.type):
        return b.call(fn, x)
    return b.call(ops.copy, x) if x.is_array else x  # NumPy's is a new array of real numbers too


@canonical(np.angle, takes="z deg")
def _angle(b: Builder, fn: Any, z: Typed, deg: Typed | None) -> Typed:
    angle = b.call(fn, cast(b, z, "complex128") if not is_complex(z.type) else z)
    return b.call(np.multiply, angle, constant(180.0 / np.pi)) if value_of(deg, "deg") else angle


@canonical(builtins.complex, takes="real imag")
def _complex(b: Builder, fn: Any, real: Typed, imag: Typed | None) -> Typed:
    if any(part is not None and not isinstance(part.type, Scalar) for part in (real, imag)):
        raise refuse("no-type", "`complex` takes numbers", hint="write x + 1j * y for arrays")
    if imag is None:
        return cast(b, real, "complex128")
    if is_complex(real.type) or is_complex(imag.type):
        return b.call(np.add, real, b.call(np.multiply, constant(1j), imag))
    return b.call(fn, real, imag)


@canonical(*_NUMPY, takes="z")
def _of_cmath(b: Builder, fn: Any, z: Typed) -> Typed:
    return b.call(_NUMPY[fn], cast(b, z, "complex128"))


@canonical(cmath.log, takes="z base")
def _log(b: Builder, fn: Any, z: Typed, base: Typed | None) -> Typed:
    logarithm = b.call(np.log, cast(b, z, "complex128"))
    return logarithm if base is None else b.call(np.divide, logarithm, b.call(np.log, cast(b, base, "complex128")))


@canonical(cmath.phase, takes="z")
def _phase(b: Builder, fn: Any, z: Typed) -> Typed:
    return b.call(np.angle, cast(b, z, "complex128"))


@canonical(cmath.polar, takes="z")
def _polar(b: Builder, fn: Any, z: Typed) -> Typed:
    z = b.shared(cast(b, z, "complex128"))
    return tuple_of((b.call(builtins.abs, z), b.call(np.angle, z)))


@canonical(cmath.rect, takes="r phi")
def _rect(b: Builder, fn: Any, r: Typed, phi: Typed) -> Typed:
    r, phi = b.shared(r), b.shared(phi)
    parts = (b.call(np.multiply, r, b.call(turn, phi)) for turn in (np.cos, np.sin))
    return b.call(builtins.complex, *parts)
