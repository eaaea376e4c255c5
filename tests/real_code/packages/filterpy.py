"""Kalman filters and what is around them."""

import numpy as np

from tests.real_code.case import case

X = np.array([1.0, 0.5])
P = np.array([[2.0, 0.3], [0.3, 1.0]])
F = np.array([[1.0, 0.1], [0.0, 1.0]])
Q = np.array([[0.01, 0.0], [0.0, 0.02]])
H = np.array([[1.0, 0.0]])
SIGMAS = np.array([[1.0, 0.5], [1.7, 0.6], [1.1, 1.2], [0.3, 0.4], [0.9, -0.2]])
WEIGHTS = np.array([0.2, 0.2, 0.2, 0.2, 0.2])

CASES = (
    case("filterpy.kalman.kalman_filter:predict", "x P F Q", X, P, F, Q),
    case("filterpy.kalman.kalman_filter:update", "x P z R", X, P, np.array([1.3]), np.array([[0.5]]), H),
    case("filterpy.kalman.unscented_transform:unscented_transform", "sigmas Wm Wc", SIGMAS, WEIGHTS, WEIGHTS, Q),
    case("filterpy.common.discretization:Q_discrete_white_noise", "dt var", 3, 0.1, 2.0),
    case("filterpy.common.discretization:Q_continuous_white_noise", "dt spectral_density", 2, 0.1, 2.0),
    case("filterpy.common.kinematic:kinematic_state_transition", "dt", 2, 0.1),
    case("filterpy.common.helpers:outer_product_sum", "A", SIGMAS),
    case("filterpy.stats.stats:gaussian", "x mean var", 8.0, 7.0, 2.0),
    case("filterpy.stats.stats:mul", "mean1 var1 mean2 var2", 1.0, 2.0, 3.0, 4.0),
    case("filterpy.stats.stats:mahalanobis", "x mean cov", np.array([3.0, 5.0]), np.array([3.5, 6.0]), P),
    case("filterpy.stats.stats:multivariate_multiply", "m1 c1 m2 c2", X, P, np.array([1.5, 0.2]), P + 0.5),
    case("filterpy.stats.stats:norm_cdf", "mu", (1.0, 2.5), 0.7, 1.3),
    case("filterpy.gh.gh_filter:critical_damping_parameters", "theta", 0.5, 2),
    case("filterpy.gh.gh_filter:optimal_noise_smoothing", "g", 0.4),
)
