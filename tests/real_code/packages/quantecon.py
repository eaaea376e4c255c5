"""Quantitative economics: matrix equations, Markov chains, inequality, quadrature."""

import numpy as np

from tests.real_code.case import case

A = np.array([[0.9, 0.1], [0.05, 0.8]])
STOCHASTIC = np.array([[0.4, 0.6, 0.0], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]])

CASES = (
    case("quantecon._inequality:gini_coefficient", "y", np.array([1.0, 3.0, 2.5, 7.0])),
    case("quantecon._inequality:lorenz_curve", "y", np.array([1.0, 3.0, 2.5, 7.0])),
    case("quantecon._matrix_eqn:solve_discrete_lyapunov", "A B", A, np.eye(2) * 0.5),
    case(
        "quantecon._matrix_eqn:solve_discrete_riccati",
        "A B Q R",
        A,
        np.array([[1.0], [0.5]]),
        np.eye(2),
        np.array([[0.7]]),
    ),
    case(
        "quantecon._quadsums:var_quadratic_sum",
        "A C H x0",
        A,
        np.array([[0.1], [0.2]]),
        np.eye(2),
        0.95,
        np.array([1.0, -0.5]),
    ),
    case("quantecon.markov.gth_solve:_gth_solve_jit", "A", STOCHASTIC, np.zeros(3)),
    case("quantecon.markov.approximation:std_norm_cdf", "x", 0.4),
    case("quantecon.markov.approximation:tauchen", "rho sigma", 5, 0.9, 0.1),
    case("quantecon.markov.approximation:rouwenhorst", "rho sigma", 5, 0.9, 0.1),
    case("quantecon._compute_fp:_square_sum_array", "a", np.array([1.0, -2.0, 0.5])),
    case("quantecon.quad:qnwlogn", "mu sig2", 5, 0.2, 0.3),
    case("quantecon._ce_util:_gridmake2", "x1 x2", np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0])),
)
