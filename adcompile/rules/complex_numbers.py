"""The partial derivatives of functions of complex numbers.

A partial `p` says that a change `dz` of the argument changes the result by `p * dz`, and by the real part of that where
the result is real.  So a function whose complex derivative exists has that as its partial (most rules of
`rules.elementwise` hold as they stand), a real-valued one has twice its Wirtinger derivative by `z`: df/dx - i df/dy.
`np.conjugate` is the one function of neither kind; `adcompile.chain` knows it.
"""

from __future__ import annotations

import builtins

import numpy as np

from adcompile import runtime
from adcompile.ir import ops
from adcompile.rules import elementwise as elementwise  # whose rules hold here too
from adcompile.rules.registry import complex_elementwise, holomorphic

_SAMPLES = ((0.3 + 0.4j,), (-1.2 + 0.5j,), (0.7 - 0.9j,))

holomorphic(np.add, np.subtract, np.multiply, np.divide, np.negative, np.square, np.reciprocal)
holomorphic(runtime.multiply_no_nan, np.sqrt, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p)
holomorphic(np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh)
# Off the branch cuts, 1 - z * z and 1 + z * z are never negative.
holomorphic(np.arcsin, np.arccos, np.arctan, np.arcsinh, np.arctanh)

complex_elementwise(  # one root of (z - 1) * (z + 1) has the wrong sign for Re z < 0
    np.arccosh, lambda x, z: 1.0 / (np.sqrt(x - 1.0) * np.sqrt(x + 1.0)), dear=True, singular=(0,), samples=_SAMPLES
)
complex_elementwise(
    ops.power,
    lambda x, p, z: np.where((p == 0) & (x == 0), 0.0, p * x ** (p - 1)),
    lambda x, p, z: np.where(x == 0, 0.0, z * np.log(x)),
    dear=True,
    singular=(0,),
    samples=((0.7 + 0.2j, 2.5), (-1.4 + 0.3j, -1.5), (2.0 - 1.0j, 3.0), (0.6 + 0.1j, 0.3 - 0.8j)),
)

# ------------------------------------------------------------------------------------------ between real and complex
complex_elementwise(builtins.complex, lambda x, *rest: 1.0, lambda x, y, z: 1j, samples=((0.3, 0.8), (0.4,)))
complex_elementwise(np.complex128, lambda x, z: 1.0, same=(np.complex64, np.positive), samples=_SAMPLES)
complex_elementwise(np.real, lambda z, x: 1.0, samples=_SAMPLES)
complex_elementwise(np.imag, lambda z, y: -1j, samples=_SAMPLES)
complex_elementwise(np.conjugate, lambda z, w: 1.0)
complex_elementwise(np.angle, lambda z, t: -1j / z, dear=True, samples=_SAMPLES)
complex_elementwise(  # 0 at the origin, as abs has there
    np.absolute,
    lambda z, r: np.where(r == 0, 0.0, np.conjugate(z) / r),
    same=(builtins.abs,),
    dear=True,
    samples=_SAMPLES,
)
