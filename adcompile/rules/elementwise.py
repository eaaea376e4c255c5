"""The partial derivatives of functions of numbers.

Each rule reads: function, then one partial an argument; the last parameter of a partial is the function's result, used
where that is cheaper or more accurate than the arguments.  At points without a derivative the rules follow JAX, unless
a comment says otherwise.
"""

from __future__ import annotations

import builtins
import math

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.rules.registry import elementwise
from adcompile.special import polygamma

_POSITIVE = ((0.3,), (1.0,), (2.5,))
_SMALL = ((-0.7,), (0.1,), (0.55,))

# ------------------------------------------------------------------------------------------ arithmetic
elementwise(np.add, lambda x, y, z: 1.0, lambda x, y, z: 1.0)
elementwise(np.subtract, lambda x, y, z: 1.0, lambda x, y, z: -1.0)
elementwise(np.multiply, lambda x, y, z: y, lambda x, y, z: x)
elementwise(np.divide, lambda x, y, z: 1.0 / y, lambda x, y, z: -z / y)
elementwise(runtime.multiply_no_nan, lambda x, y, z: y, lambda x, y, z: x, singular=(1,))
elementwise(np.negative, lambda x, z: -1.0)
elementwise(np.positive, lambda x, z: 1.0, same=(builtins.float, np.float64, np.float32), samples=((0.5,), (-1.25,)))
elementwise(np.square, lambda x, z: 2.0 * x)
elementwise(np.reciprocal, lambda x, z: -z * z)
# The quotient of a remainder is a step; `(z - x) / y` is that whole number but for rounding.
elementwise(np.remainder, lambda x, y, z: 1.0, lambda x, y, z: -(x // y))
elementwise(np.fmod, lambda x, y, z: 1.0, lambda x, y, z: np.rint((z - x) / y), same=(math.fmod,))
elementwise(math.remainder, lambda x, y, z: 1.0, lambda x, y, z: np.rint((z - x) / y))

# ------------------------------------------------------------------------------------------ powers
# x ** 0 is 1 everywhere, also at x = 0, so its derivative is 0 there.  The derivative by the exponent exists for x > 0.
elementwise(
    ops.power,
    lambda x, p, z: np.where((p == 0) & (x == 0), 0.0, p * x ** (p - 1)),
    lambda x, p, z: np.where(x > 0, z * np.log(x), 0.0),
    same=(np.power, np.float_power, math.pow, builtins.pow),
    dear=True,
    singular=(0,),
    samples=((0.7, 2.5), (1.4, -1.5), (2.0, 3.0), (0.6, 0.0)),
)
elementwise(np.sqrt, lambda x, z: 0.5 / z, same=(math.sqrt,), dear=True, singular=(0,), samples=_POSITIVE)
elementwise(
    np.cbrt, lambda x, z: 1.0 / (3.0 * z * z), same=(math.cbrt,), dear=True, singular=(0,), samples=((0.3,), (-1.7,))
)
elementwise(  # 0 at the origin, as abs has there
    np.hypot,
    lambda x, y, z: np.where(z == 0, 0.0, x / z),
    lambda x, y, z: np.where(z == 0, 0.0, y / z),
    same=(math.hypot,),
    dear=True,
)

# ------------------------------------------------------------------------------------------ exponentials, logarithms
elementwise(np.exp, lambda x, z: z, same=(math.exp,), dear=True)
elementwise(np.exp2, lambda x, z: np.log(2.0) * z, same=(math.exp2,), dear=True)
elementwise(np.expm1, lambda x, z: np.exp(x), same=(math.expm1,), dear=True)  # z + 1 loses small values at x << 0
elementwise(np.log, lambda x, z: 1.0 / x, same=(math.log,), dear=True, samples=_POSITIVE)
elementwise(np.log2, lambda x, z: 1.0 / (np.log(2.0) * x), same=(math.log2,), dear=True, samples=_POSITIVE)
elementwise(np.log10, lambda x, z: 1.0 / (np.log(10.0) * x), same=(math.log10,), dear=True, samples=_POSITIVE)
elementwise(np.log1p, lambda x, z: 1.0 / (1.0 + x), same=(math.log1p,), dear=True)
elementwise(np.logaddexp, lambda x, y, z: np.exp(x - z), lambda x, y, z: np.exp(y - z), dear=True)
elementwise(np.logaddexp2, lambda x, y, z: np.exp2(x - z), lambda x, y, z: np.exp2(y - z), dear=True)

# ------------------------------------------------------------------------------------------ circular and hyperbolic
elementwise(np.sin, lambda x, z: np.cos(x), same=(math.sin,))
elementwise(np.cos, lambda x, z: -np.sin(x), same=(math.cos,))
elementwise(np.tan, lambda x, z: 1.0 + z * z, same=(math.tan,), dear=True)
# (1 - x) * (1 + x) keeps the digits that 1 - x * x loses near x = 1
elementwise(
    np.arcsin,
    lambda x, z: 1.0 / np.sqrt((1.0 - x) * (1.0 + x)),
    same=(math.asin,),
    dear=True,
    singular=(0,),
    samples=_SMALL,
)
elementwise(
    np.arccos,
    lambda x, z: -1.0 / np.sqrt((1.0 - x) * (1.0 + x)),
    same=(math.acos,),
    dear=True,
    singular=(0,),
    samples=_SMALL,
)
elementwise(np.arctan, lambda x, z: 1.0 / (1.0 + x * x), same=(math.atan,), dear=True)
elementwise(
    np.arctan2,
    lambda y, x, z: x / (x * x + y * y),
    lambda y, x, z: -y / (x * x + y * y),
    same=(math.atan2,),
    dear=True,
    singular=(0, 1),
)
elementwise(np.sinh, lambda x, z: np.cosh(x), same=(math.sinh,), dear=True)
elementwise(np.cosh, lambda x, z: np.sinh(x), same=(math.cosh,), dear=True)
elementwise(np.tanh, lambda x, z: 1.0 - z * z, same=(math.tanh,), dear=True)
elementwise(np.arcsinh, lambda x, z: 1.0 / np.sqrt(1.0 + x * x), same=(math.asinh,), dear=True)
elementwise(
    np.arccosh,
    lambda x, z: 1.0 / np.sqrt((x - 1.0) * (x + 1.0)),
    same=(math.acosh,),
    dear=True,
    singular=(0,),
    samples=((1.2,), (3.0,)),
)
elementwise(np.arctanh, lambda x, z: 1.0 / ((1.0 - x) * (1.0 + x)), same=(math.atanh,), dear=True, samples=_SMALL)
elementwise(np.deg2rad, lambda x, z: np.pi / 180.0, same=(np.radians, math.radians))
elementwise(np.rad2deg, lambda x, z: 180.0 / np.pi, same=(np.degrees, math.degrees))


def _sinc_near_zero(x: float) -> float:
    """The derivative of `sin(pi x) / (pi x)` by its series, for |x| < 0.03."""
    t = (np.pi * x) ** 2
    return -(np.pi**2 / 3.0) * x * (1.0 - t / 10.0 * (1.0 - t / 28.0 * (1.0 - t / 54.0)))


elementwise(  # the difference cancels near zero, where the series takes over
    np.sinc,
    lambda x, z: np.where(np.abs(x) < 0.03, _sinc_near_zero(x), (np.cos(np.pi * x) - z) / x),
    dear=True,
    samples=((0.3,), (-1.2,), (0.029,), (1e-7,)),
)

# ------------------------------------------------------------------------------------------ error function
elementwise(math.erf, lambda x, z: 2.0 / np.sqrt(np.pi) * np.exp(-x * x), dear=True)
elementwise(math.erfc, lambda x, z: -2.0 / np.sqrt(np.pi) * np.exp(-x * x), dear=True)

# ------------------------------------------------------------------------------------------ gamma function
elementwise(math.gamma, lambda x, z: z * polygamma(0, x), dear=True, samples=((0.7,), (2.3,), (-1.4,)))
elementwise(math.lgamma, lambda x, z: polygamma(0, x), dear=True, samples=((0.7,), (2.3,), (-1.4,)))
elementwise(
    polygamma,
    None,
    lambda n, x, z: polygamma(n + 1, x),
    dear=True,
    samples=((0, 0.7), (0, -1.4), (1, 2.3), (1, -1.4), (2, 0.6), (3, 5.2)),
)

# ------------------------------------------------------------------------------------------ with corners
elementwise(np.absolute, lambda x, z: np.sign(x), same=(np.fabs, math.fabs, builtins.abs))
elementwise(np.copysign, lambda x, y, z: np.sign(x) * np.copysign(1.0, y), None, same=(math.copysign,))
# A tie of NumPy's gives half to either side, ...
elementwise(
    np.maximum,
    lambda x, y, z: np.where(x > y, 1.0, np.where(x < y, 0.0, 0.5)),
    lambda x, y, z: np.where(y > x, 1.0, np.where(y < x, 0.0, 0.5)),
    same=(np.fmax,),
)
elementwise(
    np.minimum,
    lambda x, y, z: np.where(x < y, 1.0, np.where(x > y, 0.0, 0.5)),
    lambda x, y, z: np.where(y < x, 1.0, np.where(y > x, 0.0, 0.5)),
    same=(np.fmin,),
)
# ... Python's own returns its first argument, and means `y if y > x else x`.
elementwise(builtins.max, lambda x, y, z: np.where(y > x, 0.0, 1.0), lambda x, y, z: np.where(y > x, 1.0, 0.0))
elementwise(builtins.min, lambda x, y, z: np.where(y < x, 0.0, 1.0), lambda x, y, z: np.where(y < x, 1.0, 0.0))
elementwise(  # at a bound it is x that passes; where the bounds are crossed the upper one wins, as in NumPy
    np.clip,
    lambda x, low, high, z: np.where(x < low, 0.0, np.where(x > high, 0.0, 1.0)),
    lambda x, low, high, z: np.where(x < low, np.where(low > high, 0.0, 1.0), 0.0),
    lambda x, low, high, z: np.where(x > high, 1.0, np.where(low > high, 1.0, 0.0)),
    samples=((0.5, 0.0, 1.0), (-0.5, 0.0, 1.0), (1.5, 0.0, 1.0), (0.4, 0.8, 0.2), (0.9, 0.8, 0.2), (0.1, 0.8, 0.2)),
)
elementwise(
    np.where,
    None,
    lambda c, x, y, z: np.where(c, 1.0, 0.0),
    lambda c, x, y, z: np.where(c, 0.0, 1.0),
    same=(ops.select,),
    samples=((True, 0.3, 0.7), (False, 0.3, 0.7)),
)
elementwise(np.nan_to_num, lambda x, z: np.where(np.isfinite(x), 1.0, 0.0))
elementwise(np.nextafter, lambda x, y, z: 1.0, None)
elementwise(np.ldexp, lambda x, n, z: np.ldexp(1.0, n), None, same=(math.ldexp,), samples=((0.3, 2), (-1.5, -1)))
