"""The normal distribution of `scipy.stats`, written out (see `written_out`): `norm.cdf(x, loc, scale)` and the like.

Johnson, Kotz & Balakrishnan, *Continuous Univariate Distributions*, volume 1, chapter 13.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_ROOT = 2.5066282746310002  # of 2 pi
_LOG_ROOT = 0.9189385332046727


def norm_pdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    z = (x - loc) / scale
    return np.exp(-0.5 * z * z) / (_ROOT * scale)


def norm_logpdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    z = (x - loc) / scale
    return -0.5 * z * z - _LOG_ROOT - np.log(scale)


def norm_cdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    from scipy.special import ndtr

    return ndtr((x - loc) / scale)


def norm_logcdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    from scipy.special import log_ndtr

    return log_ndtr((x - loc) / scale)


def norm_sf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    from scipy.special import ndtr

    return ndtr((loc - x) / scale)


def norm_ppf(q: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    from scipy.special import ndtri

    return loc + scale * ndtri(q)
