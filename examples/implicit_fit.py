"""A market in balance: how steep is demand?  A fit through an equation that is solved, not integrated.

Prices clear n markets that lean on each other.  The prices are found by Newton's method; their derivatives by the
parameters come from the implicit function theorem (Griewank & Walther, section 15.1), not from the iterations.

    python examples/implicit_fit.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize

from adcompile import implicit, value_and_grad


def excess(p, theta, income):
    """Demand less supply in each market: demand falls with the price, and leans on the neighbour's."""
    return income * np.exp(-theta[0] * p) + theta[1] * np.roll(p, 1) - p**1.5


def cleared(theta, income):
    """Prices at which no market has excess demand: damped steps until nothing moves."""
    p = np.ones(income.shape[0])
    moved = 1.0
    while moved > 1e-12:
        step = 0.3 * excess(p, theta, income)
        p = p + step
        moved = np.max(np.abs(step))
    return p


prices = implicit(cleared, excess)


def misfit(theta, income, seen):
    r = prices(theta, income) - seen
    return np.sum(r * r)


def main(picture=None):
    generator = np.random.default_rng(2)
    income, truth = 1.0 + 2.0 * generator.random(12), np.array([0.8, 0.3])
    seen = cleared(truth, income) + 0.002 * generator.normal(size=12)
    fit = minimize(value_and_grad(misfit), [0.5, 0.1], args=(income, seen), jac=True)
    print(f"demand {fit.x[0]:.3f} (truth {truth[0]}), neighbours {fit.x[1]:.3f} (truth {truth[1]})")
    np.testing.assert_allclose(fit.x, truth, atol=0.03)
    h = 1e-5 * np.eye(2)
    for k in range(2):  # the gradient is that of differences
        slope = (misfit(truth + h[k], income, seen) - misfit(truth - h[k], income, seen)) / 2e-5
        np.testing.assert_allclose(value_and_grad(misfit)(truth, income, seen)[1][k], slope, rtol=1e-4)

    if picture:
        figure = Figure((7, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(income, seen, "o", label="seen")
        axes.plot(income, cleared(fit.x, income), "x", label="fitted")
        axes.set(xlabel="income", ylabel="price")
        axes.legend()
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
