"""The Greeks of an option from the program that prices it: a binomial tree, against Black and Scholes' closed forms.

Delta, vega, rho and theta are one reverse sweep through the tree, of an American put as well, which has no closed form.

    python examples/option_greeks.py [picture.png]
"""

import math
import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.stats import norm

from adcompile import value_and_grad

GREEKS = {"spot": "delta", "sigma": "vega", "rate": "rho", "years": "theta"}


@njit
def put(spot, sigma, rate, years, strike, steps, american):
    """The price of a put by a tree; its last step is Black and Scholes', which smooths the kink."""
    dt = years / steps
    up = np.exp(sigma * np.sqrt(dt))
    discount = np.exp(-rate * dt)
    p = (np.exp(rate * dt) - 1.0 / up) / (up - 1.0 / up)
    value = np.empty(steps)
    for j in range(steps):
        s = spot * up ** (2.0 * j - (steps - 1.0))
        d = (np.log(s / strike) + (rate + 0.5 * sigma**2) * dt) / (sigma * np.sqrt(dt))
        value[j] = strike * discount * cumulative(sigma * np.sqrt(dt) - d) - s * cumulative(-d)
        if american:
            value[j] = max(value[j], strike - s)
    for n in range(steps - 1, 0, -1):
        for j in range(n):
            value[j] = discount * (p * value[j + 1] + (1.0 - p) * value[j])
            if american:
                value[j] = max(value[j], strike - spot * up ** (2.0 * j - (n - 1.0)))
    return value[0]


@njit
def cumulative(x):
    """The normal distribution."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def closed(spot, sigma, rate, years, strike):
    """Price and Greeks of the European put."""
    root, paid = sigma * np.sqrt(years), strike * np.exp(-rate * years)
    d1 = (np.log(spot / strike) + (rate + 0.5 * sigma**2) * years) / root
    d2 = d1 - root
    theta = spot * norm.pdf(d1) * sigma / (2.0 * np.sqrt(years)) - rate * paid * norm.cdf(-d2)
    greeks = -norm.cdf(-d1), spot * norm.pdf(d1) * np.sqrt(years), -years * paid * norm.cdf(-d2), theta
    return paid * norm.cdf(-d2) - spot * norm.cdf(-d1), greeks


def main(picture=None):
    both = value_and_grad(put, wrt=tuple(GREEKS))
    market = (100.0, 0.2, 0.03, 1.0, 105.0)
    (price, greeks), (early, others) = both(*market, 500, False), both(*market, 500, True)
    expected, exact = closed(*market)
    rows = zip(("", *GREEKS.values()), (price, *greeks), (expected, *exact), (early, *others), strict=True)
    print("tree, closed, American:", *("{:6} {:10.5f} {:10.5f} {:10.5f}".format(*row) for row in rows), sep="\n")
    np.testing.assert_allclose([price, *greeks], [expected, *exact], rtol=2e-3)
    assert early > price
    if picture:
        spots = np.linspace(70.0, 140.0, 71)
        axes = (figure := Figure((8, 3.4), layout="constrained")).subplots()
        for early, label in enumerate(("European", "American")):
            axes.plot(spots, [both(s, *market[1:], 200, bool(early))[1][0] for s in spots], label=label)
        axes.set(xlabel="spot", ylabel="delta", title="a put at 105")
        axes.legend()
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
