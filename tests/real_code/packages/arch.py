"""Volatility models: the recursions that fill an array in place, and the log-likelihoods."""

import numpy as np

from tests.real_code.case import case

N = 30
RESIDS = np.sin(1.7 * np.arange(N) + 0.3) * (1.0 + 0.3 * np.cos(0.4 * np.arange(N)))
BOUNDS = np.column_stack([np.full(N, 1e-6), np.full(N, 1e6)])
R = "arch.univariate.recursions_python"


def room() -> np.ndarray:
    """An array to write to."""
    return np.zeros(N)


GARCH = (np.array([0.05, 0.1, 0.05, 0.8]), RESIDS**2, np.sign(RESIDS), room(), 1, 1, 1, N, 0.6, BOUNDS)

CASES = (
    case(f"{R}:garch_recursion_python", "parameters fresids", *GARCH),
    case(f"{R}:garch_recursion", "parameters fresids", *GARCH),
    case(
        f"{R}:egarch_recursion_python", "parameters resids",
        np.array([0.02, 0.1, -0.05, 0.9]), RESIDS, room(), 1, 1, 1, N, -0.5, BOUNDS, room(), room(), room(),
    ),
    case(
        f"{R}:harch_recursion_python", "parameters resids",
        np.array([0.1, 0.2, 0.3, 0.2]), RESIDS, room(), np.array([1, 5, 20], dtype=np.int32), N, 0.6, BOUNDS,
    ),
    case(f"{R}:arch_recursion_python", "parameters resids", np.array([0.1, 0.3, 0.2]), RESIDS, room(), 2, N, 0.6, BOUNDS),
    case(
        f"{R}:aparch_recursion_python", "parameters",
        np.array([0.05, 0.1, 0.05, 0.8, 1.5]), RESIDS, np.abs(RESIDS), room(), room(), 1, 1, 1, N, 0.6, BOUNDS,
    ),
    case(f"{R}:figarch_weights_python", "parameters", np.array([0.2, 0.4, 0.3]), 1, 1, 40),
    case(
        f"{R}:figarch_recursion_python", "parameters fresids",
        np.array([0.1, 0.2, 0.4, 0.3]), RESIDS**2, room(), 1, 1, N, 20, 0.6, BOUNDS,
    ),
    case(
        f"{R}:midas_recursion_python", "parameters weights resids",
        np.array([0.1, 0.5, 0.1]), np.array([0.5, 0.3, 0.2]), RESIDS, room(), N, 0.6, BOUNDS,
    ),
    case("arch.univariate.volatility:ewma_recursion", "lam resids", 0.94, RESIDS, room(), N, 0.6),
    case(
        "arch.univariate.distribution:Normal().loglikelihood", "resids sigma2",
        np.empty(0), RESIDS, 1.0 + 0.5 * np.cos(np.arange(N)),
    ),
    case(
        "arch.univariate.distribution:StudentsT().loglikelihood", "parameters resids sigma2",
        np.array([7.5]), RESIDS, 1.0 + 0.5 * np.cos(np.arange(N)),
    ),
)  # fmt: skip
