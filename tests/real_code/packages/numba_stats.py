"""Distributions compiled by Numba."""

import numpy as np

from tests.real_code.case import case

X = np.array([-0.7, 0.2, 1.4])
POSITIVE = np.array([0.3, 0.8, 1.4])

CASES = (
    case("numba_stats.norm:pdf", "x loc scale", X, 0.1, 1.2),
    case("numba_stats.norm:_logpdf", "x loc scale", X, 0.1, 1.2),
    case("numba_stats.norm:_cdf", "x loc scale", X, 0.1, 1.2),
    case("numba_stats.crystalball:_log_density", "z beta m", -2.1, 1.5, 3.0),
    case("numba_stats.crystalball:_logpdf", "x beta m loc scale", X, 1.5, 3.0, 0.1, 1.2),
    case("numba_stats.t:_logpdf", "x df loc scale", X, 4.0, 0.1, 1.2),
    case("numba_stats.bernstein:_de_castlejau", "z beta", POSITIVE - 0.4, np.array([1.0, 3.0, 2.0, 0.5])),
    case("numba_stats.truncexpon:_logpdf", "x xmin loc scale", POSITIVE, 0.0, 2.0, 0.1, 1.2),
    case("numba_stats.cruijff:_density", "x beta_left loc", X, 0.1, 0.2, 0.1, 1.2, 0.9),
    case("numba_stats.lognorm:_logpdf", "x s loc scale", POSITIVE, 0.6, 0.1, 1.2),
    case("numba_stats.argus:_pdf", "x chi c p", POSITIVE, 1.3, 2.0, 0.5),
)
