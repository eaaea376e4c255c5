"""Derivatives of the functions of `scipy.special`, loaded where a function mentions one of them.

Sources: Abramowitz & Stegun 6.3, 6.5, 7.1, 9.1, 9.6; the NIST Digital Library of Mathematical Functions.  An argument
by which no derivative is known (the order of a Bessel function, the parameter of `gammainc`) has to be constant.
"""

from __future__ import annotations

import numpy as np
from scipy import special as sp

from adcompile.rules.registry import UNKNOWN, elementwise
from adcompile.special import load, polygamma

_POSITIVE = ((0.7,), (2.3,))
_UNIT = ((0.2,), (0.7,))
_TWO_POSITIVE = ((0.7, 1.6), (2.3, 0.4))

# ------------------------------------------------------------------------------------------ gamma and beta functions
elementwise(sp.gamma, lambda x, z: z * polygamma(0, x), dear=True, samples=((0.7,), (2.3,), (-1.4,)))
elementwise(sp.gammaln, lambda x, z: polygamma(0, x), same=(sp.loggamma,), dear=True, samples=_POSITIVE)
elementwise(sp.rgamma, lambda x, z: -z * polygamma(0, x), dear=True, samples=_POSITIVE)
elementwise(sp.digamma, lambda x, z: polygamma(1, x), same=(sp.psi,), dear=True, samples=((0.7,), (2.3,), (-1.4,)))
elementwise(
    sp.beta,
    lambda a, b, z: z * (polygamma(0, a) - polygamma(0, a + b)),
    lambda a, b, z: z * (polygamma(0, b) - polygamma(0, a + b)),
    dear=True,
    samples=_TWO_POSITIVE,
)
elementwise(
    sp.betaln,
    lambda a, b, z: polygamma(0, a) - polygamma(0, a + b),
    lambda a, b, z: polygamma(0, b) - polygamma(0, a + b),
    dear=True,
    samples=_TWO_POSITIVE,
)
elementwise(
    sp.binom,
    lambda n, k, z: z * (polygamma(0, n + 1.0) - polygamma(0, n - k + 1.0)),
    lambda n, k, z: z * (polygamma(0, n - k + 1.0) - polygamma(0, k + 1.0)),
    dear=True,
    samples=((4.6, 1.3), (2.3, 0.4)),
)
elementwise(
    sp.poch,
    lambda a, m, z: z * (polygamma(0, a + m) - polygamma(0, a)),
    lambda a, m, z: z * polygamma(0, a + m),
    dear=True,
    samples=_TWO_POSITIVE,
)
elementwise(
    sp.gammainc,
    UNKNOWN,
    lambda a, x, z: np.exp(sp.xlogy(a - 1.0, x) - x - sp.gammaln(a)),
    dear=True,
    samples=_TWO_POSITIVE,
)
elementwise(
    sp.gammaincc,
    UNKNOWN,
    lambda a, x, z: -np.exp(sp.xlogy(a - 1.0, x) - x - sp.gammaln(a)),
    dear=True,
    samples=_TWO_POSITIVE,
)
elementwise(
    sp.betainc,
    UNKNOWN,
    UNKNOWN,
    lambda a, b, x, z: np.exp(sp.xlogy(a - 1.0, x) + sp.xlog1py(b - 1.0, -x) - sp.betaln(a, b)),
    dear=True,
    samples=((0.7, 1.6, 0.3), (2.3, 3.4, 0.8)),
)

# ------------------------------------------------------------------------------------------ error functions, normal
_ROOT = np.sqrt(np.pi)
elementwise(sp.erf, lambda x, z: 2.0 / _ROOT * np.exp(-x * x), dear=True)
elementwise(sp.erfc, lambda x, z: -2.0 / _ROOT * np.exp(-x * x), dear=True)
elementwise(sp.erfcx, lambda x, z: 2.0 * x * z - 2.0 / _ROOT, dear=True)
elementwise(sp.erfi, lambda x, z: 2.0 / _ROOT * np.exp(x * x), dear=True)
elementwise(sp.dawsn, lambda x, z: 1.0 - 2.0 * x * z, dear=True)
elementwise(sp.erfinv, lambda x, z: 0.5 * _ROOT * np.exp(z * z), dear=True, samples=((0.3,), (-0.8,)))
elementwise(sp.erfcinv, lambda x, z: -0.5 * _ROOT * np.exp(z * z), dear=True, samples=((0.3,), (1.7,)))
elementwise(sp.ndtr, lambda x, z: np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi), dear=True)
elementwise(sp.ndtri, lambda x, z: np.sqrt(2.0 * np.pi) * np.exp(0.5 * z * z), dear=True, samples=_UNIT)
# the density over the distribution, both scaled, so that neither runs out of digits at large negative x
elementwise(sp.log_ndtr, lambda x, z: np.sqrt(2.0 / np.pi) / sp.erfcx(-x / np.sqrt(2.0)), dear=True)
elementwise(
    sp.owens_t,
    lambda h, a, z: -np.exp(-0.5 * h * h) * sp.erf(a * h / np.sqrt(2.0)) / (2.0 * np.sqrt(2.0 * np.pi)),
    lambda h, a, z: np.exp(-0.5 * h * h * (1.0 + a * a)) / (2.0 * np.pi * (1.0 + a * a)),
    dear=True,
)
elementwise(
    sp.stdtr,
    UNKNOWN,
    lambda v, t, z: (
        np.exp(sp.gammaln(0.5 * v + 0.5) - sp.gammaln(0.5 * v) - (0.5 * v + 0.5) * np.log1p(t * t / v))
        / np.sqrt(np.pi * v)
    ),
    dear=True,
    samples=((3.5, 0.4), (2.0, -1.2)),
)

# ------------------------------------------------------------------------------------------ logistic, entropy
# 1 - expit(x) is expit(-x), which keeps its digits at large x
elementwise(sp.expit, lambda x, z: z * sp.expit(-x), dear=True)
elementwise(sp.log_expit, lambda x, z: sp.expit(-x), dear=True)
elementwise(sp.logit, lambda x, z: 1.0 / (x * (1.0 - x)), dear=True, samples=_UNIT)
elementwise(
    sp.xlogy, lambda x, y, z: np.log(y), lambda x, y, z: x / y, dear=True, singular=(0, 1), samples=_TWO_POSITIVE
)
elementwise(
    sp.xlog1py,
    lambda x, y, z: np.log1p(y),
    lambda x, y, z: x / (1.0 + y),
    dear=True,
    singular=(0, 1),
    samples=_TWO_POSITIVE,
)
elementwise(sp.entr, lambda x, z: -np.log(x) - 1.0, dear=True, singular=(0,), samples=_POSITIVE)
elementwise(
    sp.rel_entr,
    lambda x, y, z: np.log(x / y) + 1.0,
    lambda x, y, z: -x / y,
    dear=True,
    singular=(0, 1),
    samples=_TWO_POSITIVE,
)
elementwise(
    sp.kl_div,
    lambda x, y, z: np.log(x / y),
    lambda x, y, z: 1.0 - x / y,
    dear=True,
    singular=(0, 1),
    samples=_TWO_POSITIVE,
)

# ------------------------------------------------------------------------------------------ Bessel functions
_ORDERS = ((0.0, 1.3), (2.0, 0.7), (1.5, 2.6))
elementwise(sp.j0, lambda x, z: -sp.j1(x), dear=True)
elementwise(sp.j1, lambda x, z: 0.5 * (sp.j0(x) - sp.jv(2.0, x)), dear=True)
elementwise(sp.jv, UNKNOWN, lambda v, x, z: 0.5 * (sp.jv(v - 1.0, x) - sp.jv(v + 1.0, x)), dear=True, samples=_ORDERS)
elementwise(sp.y0, lambda x, z: -sp.y1(x), dear=True, samples=_POSITIVE)
elementwise(sp.y1, lambda x, z: sp.y0(x) - z / x, dear=True, samples=_POSITIVE)
elementwise(sp.yv, UNKNOWN, lambda v, x, z: 0.5 * (sp.yv(v - 1.0, x) - sp.yv(v + 1.0, x)), dear=True, samples=_ORDERS)
elementwise(
    sp.yn, UNKNOWN, lambda n, x, z: 0.5 * (sp.yv(n - 1.0, x) - sp.yv(n + 1.0, x)), dear=True, samples=((2, 1.3),)
)
elementwise(sp.i0, lambda x, z: sp.i1(x), dear=True)
elementwise(sp.i1, lambda x, z: 0.5 * (sp.i0(x) + sp.iv(2.0, x)), dear=True)
elementwise(sp.iv, UNKNOWN, lambda v, x, z: 0.5 * (sp.iv(v - 1.0, x) + sp.iv(v + 1.0, x)), dear=True, samples=_ORDERS)
elementwise(sp.i0e, lambda x, z: sp.i1e(x) - np.sign(x) * z, dear=True)
elementwise(sp.i1e, lambda x, z: 0.5 * (sp.i0e(x) + sp.ive(2.0, x)) - np.sign(x) * z, dear=True)
elementwise(
    sp.ive,
    UNKNOWN,
    lambda v, x, z: 0.5 * (sp.ive(v - 1.0, x) + sp.ive(v + 1.0, x)) - np.sign(x) * z,
    dear=True,
    samples=_ORDERS,
)
elementwise(sp.k0, lambda x, z: -sp.k1(x), dear=True, samples=_POSITIVE)
elementwise(sp.k1, lambda x, z: -0.5 * (sp.k0(x) + sp.kv(2.0, x)), dear=True, samples=_POSITIVE)
elementwise(sp.kv, UNKNOWN, lambda v, x, z: -0.5 * (sp.kv(v - 1.0, x) + sp.kv(v + 1.0, x)), dear=True, samples=_ORDERS)
elementwise(
    sp.kn, UNKNOWN, lambda n, x, z: -0.5 * (sp.kv(n - 1.0, x) + sp.kv(n + 1.0, x)), dear=True, samples=((2, 1.3),)
)
elementwise(sp.k0e, lambda x, z: z - sp.k1e(x), dear=True, samples=_POSITIVE)
elementwise(sp.k1e, lambda x, z: z - 0.5 * (sp.k0e(x) + sp.kve(2.0, x)), dear=True, samples=_POSITIVE)
elementwise(
    sp.kve,
    UNKNOWN,
    lambda v, x, z: z - 0.5 * (sp.kve(v - 1.0, x) + sp.kve(v + 1.0, x)),
    dear=True,
    samples=_ORDERS,
)

# ------------------------------------------------------------------------------------------ others
elementwise(sp.exp1, lambda x, z: -np.exp(-x) / x, dear=True, samples=_POSITIVE)
elementwise(sp.expi, lambda x, z: np.exp(x) / x, dear=True, samples=_POSITIVE)
elementwise(
    sp.hyp1f1,
    UNKNOWN,
    UNKNOWN,
    lambda a, b, x, z: a / b * sp.hyp1f1(a + 1.0, b + 1.0, x),
    dear=True,
    samples=((0.7, 1.6, 0.3), (2.3, 3.4, -0.8)),
)
elementwise(
    sp.hyp2f1,
    UNKNOWN,
    UNKNOWN,
    UNKNOWN,
    lambda a, b, c, x, z: a * b / c * sp.hyp2f1(a + 1.0, b + 1.0, c + 1.0, x),
    dear=True,
    samples=((0.7, 1.6, 2.1, 0.3), (2.3, 3.4, 1.2, -0.4)),
)
elementwise(sp.cbrt, lambda x, z: 1.0 / (3.0 * z * z), dear=True, singular=(0,), samples=((0.3,), (-1.7,)))
elementwise(sp.exp2, lambda x, z: np.log(2.0) * z, dear=True)
elementwise(sp.exp10, lambda x, z: np.log(10.0) * z, dear=True)
elementwise(sp.expm1, lambda x, z: np.exp(x), dear=True)
elementwise(sp.log1p, lambda x, z: 1.0 / (1.0 + x), dear=True)

load()
