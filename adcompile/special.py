"""Special functions in compiled code: SciPy's own, called where they lie, and derivatives of the gamma function.

Goal: `scipy.special.gammaln(x)` in generated code is one call of the same C function as in Python.  SciPy is optional:
`load` does nothing before somebody else has imported it.  Non-goals: complex arguments; arrays (loops call these).

The functions of `scipy.special.cython_special` are found by the address in their capsules and called by a name that the
linker is told, so that compiled code can be kept on disk.
"""

from __future__ import annotations

import ctypes
import math
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable

# ------------------------------------------------------------------------------------------ derivatives of log gamma
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


@register_jitable  # type: ignore[untyped-decorator]
def _polygamma(n: int, x: float) -> Any:
    """By recurrence to large arguments, and there by the asymptotic series (Abramowitz & Stegun 6.4.6, 6.4.11)."""
    if not x > 0.0 and x == math.floor(x):
        return np.nan if n % 2 == 0 else np.inf
    if n == 0 and x < 0.0:
        return _polygamma_right(0, 1.0 - x) - np.pi / math.tan(np.pi * x)
    if n == 1 and x < 0.0:
        return (np.pi / math.sin(np.pi * x)) ** 2 - _polygamma_right(1, 1.0 - x)
    return _polygamma_right(n, x)


@register_jitable  # type: ignore[untyped-decorator]
def _polygamma_right(n: int, x: float) -> Any:
    if x == np.inf:
        return np.inf if n == 0 else 0.0
    factorial = 1.0  # of n
    for k in range(2, n + 1):
        factorial *= k
    sign = 1.0 if n % 2 else -1.0
    total = 0.0
    while x < 16.0 + n:
        total += sign * factorial / x ** (n + 1)
        x += 1.0
    if n == 0:
        series = math.log(x) - 0.5 / x
        for k in range(len(_BERNOULLI)):
            series -= _BERNOULLI[k] / ((2 * k + 2) * x ** (2 * k + 2))
        return series + total
    series = factorial / n / x**n + 0.5 * factorial / x ** (n + 1)
    rising = factorial  # (2k + n - 1)! / (2k)!
    for k in range(len(_BERNOULLI)):
        m = 2 * k + 2
        rising *= (m + n - 2.0) * (m + n - 1.0) / ((m - 1.0) * m) if k else (n + 1.0) / 2.0
        series += _BERNOULLI[k] * rising / x ** (m + n)
    return sign * series + total


def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order `n + 1` of the logarithm of the gamma function; `n` is a whole number, not negative.

    >>> round(polygamma(1, 1.0) - math.pi**2 / 6.0, 14)
    0.0
    """
    answers = getattr(type(x), "__array_function__", None)
    if answers is not None and not isinstance(x, np.ndarray):  # a rule is being read: see `chain`
        return x.__array_function__(polygamma, (type(x),), (n, x), {})
    return _polygamma(int(n), float(x))


@overload(polygamma, strict=False)  # type: ignore[untyped-decorator]
def _compiled_polygamma(n: Any, x: Any) -> Any:
    return lambda n, x: _polygamma(np.int64(n), np.float64(x))


# ------------------------------------------------------------------------------------------ SciPy's functions
NAMES = (
    "gamma", "gammaln", "loggamma", "rgamma", "digamma", "psi", "beta", "betaln", "binom", "poch", "gammainc",
    "gammaincc", "betainc", "erf", "erfc", "erfcx", "erfi", "dawsn", "erfinv", "erfcinv", "ndtr", "ndtri", "log_ndtr",
    "owens_t", "stdtr", "expit", "log_expit", "logit", "xlogy", "xlog1py", "entr", "rel_entr", "kl_div", "j0", "j1",
    "jv", "jn", "y0", "y1", "yv", "yn", "i0", "i1", "iv", "i0e", "i1e", "ive", "k0", "k1", "kv", "kn", "k0e", "k1e",
    "kve", "exp1", "expi", "hyp1f1", "hyp2f1", "cbrt", "exp2", "exp10", "expm1", "log1p",
)  # fmt: skip
_OTHER_NAMES = {"digamma": "psi", "jn": "jv"}
_loaded: set[Any] = set()


def module() -> Any:
    """`scipy.special`, if it is imported."""
    return sys.modules.get("scipy.special")


def load() -> None:
    """Lets compiled code call the functions of `scipy.special`, if that is imported."""
    if module() is None or _loaded:
        return
    for name in NAMES:
        fn = getattr(module(), name, None)
        if fn not in _loaded and (found := _symbol(name)) is not None:
            _loaded.add(fn)
            overload(fn, strict=False)(_overloaded(*found))


def _symbol(name: str) -> tuple[str, int] | None:
    """The linker's name for a function on float64, and how many arguments it takes."""
    from scipy.special import cython_special

    own = _OTHER_NAMES.get(name, name)
    for key, capsule in cython_special.__pyx_capi__.items():
        taken = re.search(r'"double \(((?:double, )+)int __pyx_skip_dispatch\)"', str(capsule))
        if taken and re.sub(r"^(__pyx_fuse_\d+)+", "", key) == own:
            symbol = f"adcompile_scipy_special_{own}"
            binding.add_symbol(symbol, _address(capsule))
            return symbol, taken[1].count("double")
    return None


def _address(capsule: Any) -> int:
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


def _overloaded(symbol: str, count: int) -> Callable[..., Any]:
    """What Numba asks for the code of a function of so many numbers."""

    @intrinsic  # type: ignore[untyped-decorator]
    def called(context: Any, args: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            double, whole = ir.DoubleType(), ir.IntType(32)
            made = ir.FunctionType(double, [double] * count + [whole])
            numbers = [
                context.cast(builder, value, type_, types.float64)
                for value, type_ in zip(cgutils.unpack_tuple(builder, values[0]), signature.args[0], strict=True)
            ]
            function = cgutils.get_or_insert_function(builder.module, made, symbol)
            result = builder.call(function, [*numbers, whole(0)])
            return context.cast(builder, result, types.float64, signature.return_type)

        return _result(args)(args), code

    def one(x: Any) -> Any:
        return (lambda x: called((x,))) if _are_numbers(x) else None

    def two(x: Any, y: Any) -> Any:
        return (lambda x, y: called((x, y))) if _are_numbers(x, y) else None

    def three(x: Any, y: Any, z: Any) -> Any:
        return (lambda x, y, z: called((x, y, z))) if _are_numbers(x, y, z) else None

    def four(x: Any, y: Any, z: Any, t: Any) -> Any:
        return (lambda x, y, z, t: called((x, y, z, t))) if _are_numbers(x, y, z, t) else None

    return (one, two, three, four)[count - 1]


def _are_numbers(*args: Any) -> bool:
    return all(isinstance(arg, (types.Integer, types.Float, types.Boolean)) for arg in args)


def _result(args: Any) -> Any:
    """float32 where all floats are, as SciPy has it."""
    floats = [arg for arg in args if isinstance(arg, types.Float)]
    single = bool(floats) and len(floats) == len(args) and all(arg == types.float32 for arg in floats)
    return types.float32 if single else types.float64
