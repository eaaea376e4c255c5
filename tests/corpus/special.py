"""Functions of `scipy.special` and the rest of `math`."""

import math

import numpy as np
from scipy import special
from scipy.special import gammaln, ndtr
from scipy.stats import norm

from tests.corpus.registry import case, positive, vector


def matrix(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, columns))


@case(positive(4), analytic=False, jit=True)
def gammas(x):
    s = np.sum(gammaln(x) * special.digamma(x)) + special.beta(x[0], x[1]) * special.polygamma(1, x[2])
    return s + np.sum(special.gammainc(1.5, x)) + math.gamma(x[2]) * math.lgamma(x[3])


@case(positive(4), analytic=False)
def bessels(x):
    return np.sum(special.jv(2, x) * special.j0(x)) + np.sum(special.iv(1, x) * special.i0e(x)) + special.k1(x[0])


@case(vector(4), analytic=False, twice=False)
def normals(x):
    s = np.sum(special.log_ndtr(x * 3.0) + ndtr(x) * special.erf(x)) + special.owens_t(x[0], x[1])
    return s + special.erfinv(0.3 * x[2]) * special.ndtri(ndtr(x[3]))


@case(vector(3), 0.2, 1.4, analytic=False)
def normal_distribution(x, m, s):
    total = np.sum(norm.cdf(x, m, s) * norm.pdf(x, loc=m, scale=s)) + norm.logpdf(x[0]) * m + norm.sf(x[1], m)
    return total + norm.logcdf(x[2], m, s) + norm.ppf(0.5 * norm.cdf(x[0]) + 0.1)


@case(matrix(3, 4), analytic=False, twice=False)
def log_sums(a):
    s = special.logsumexp(a) * np.sum(special.logsumexp(a, axis=1) ** 2) + np.sum(special.softmax(a, axis=0) ** 2)
    return s + np.sum(special.log_softmax(a, axis=-1) ** 3) + special.logsumexp(a[0], b=a[1] ** 2)


@case(vector(4), analytic=False)
def a_log_sum_twice(x):
    return special.logsumexp(x) * special.logsumexp(-x)


@case(positive(4) / 4.0, analytic=False, twice=False)
def logistics_and_entropies(x):
    s = special.expit(x[0]) * special.logit(x[0]) + special.xlogy(x[1], x[2]) + np.sum(special.entr(x))
    return s + special.betainc(1.2, 2.3, x[0]) + special.comb(x[1] + 3.0, x[0]) * special.factorial(x[2])


@case(positive(5), analytic=False, twice=False)
def of_math(x):
    s = math.dist(x[:2], x[2:4]) ** 2 + math.prod((x[0], x[1])) + math.fsum(x) ** 2 + math.cbrt(x[4])
    return s + math.comb(5, 2) * x[0] + math.isqrt(10) * x[1] + math.perm(4, 2) * x[2]


@case(positive(3), analytic=False, twice=False)
def lambert(x):
    tree = np.sum(np.abs(special.lambertw(-x, 1)) ** 2) + special.lambertw(x[0] * 1j).imag
    return tree + special.lambertw(x[1]).real * special.lambertw(-0.2 * np.exp(-x[2]), k=-1).real
