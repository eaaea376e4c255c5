"""Volatility that clusters: a GARCH(1, 1) model by maximum likelihood, with standard errors from the exact Hessian.

    python examples/garch.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.optimize import minimize

from adcompile import hessian, value_and_grad


@njit
def variances(theta, returns, out):
    """The conditional variance of each return, written to `out`: omega + alpha r^2 + beta times the one before."""
    omega, alpha, beta = theta
    level = 0.0
    for t in range(returns.shape[0]):
        level += returns[t] ** 2
    out[0] = level / returns.shape[0]
    for t in range(1, returns.shape[0]):
        out[t] = omega + alpha * returns[t - 1] ** 2 + beta * out[t - 1]


@njit
def minus_log_likelihood(theta, returns):
    out = np.empty(returns.shape[0], theta.dtype)
    variances(theta, returns, out)
    total = 0.0
    for t in range(returns.shape[0]):
        total += 0.5 * (np.log(2.0 * np.pi * out[t]) + returns[t] ** 2 / out[t])
    return total


def simulated(theta, n, seed):
    omega, alpha, beta = theta
    noise = np.random.default_rng(seed).normal(size=n)
    variance, returns = omega / (1.0 - alpha - beta), np.empty(n)
    for t in range(n):
        returns[t] = np.sqrt(variance) * noise[t]
        variance = omega + alpha * returns[t] ** 2 + beta * variance
    return returns


def main(picture=None):
    truth = np.array([0.05, 0.10, 0.85])
    returns = simulated(truth, 4000, seed=3)
    fit = minimize(value_and_grad(minus_log_likelihood), [0.1, 0.05, 0.8], args=(returns,), jac=True,
                   bounds=[(1e-4, None), (0.0, 1.0), (0.0, 0.999)])  # fmt: skip
    spread = np.sqrt(np.diag(np.linalg.inv(hessian(minus_log_likelihood)(fit.x, returns))))
    for name, found, one, true in zip(("omega", "alpha", "beta"), fit.x, spread, truth, strict=True):
        print(f"{name:5} {found:.4f} +- {one:.4f}   truth {true:.2f}")
    assert np.all(np.abs(fit.x - truth) < 3.0 * spread)
    assert np.max(np.abs(value_and_grad(minus_log_likelihood)(fit.x, returns)[1])) < 1.0

    if picture:
        band = np.empty(returns.size)
        variances(fit.x, returns, band)
        figure = Figure((8, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(returns[:1000], lw=0.5, color="0.5", label="returns")
        axes.plot(1.96 * np.sqrt(band[:1000]), color="C3", label="95 % band")
        axes.plot(-1.96 * np.sqrt(band[:1000]), color="C3")
        axes.set(xlabel="day", ylabel="%")
        axes.legend(loc="upper right")
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
