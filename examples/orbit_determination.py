"""An orbit found from angles: position and velocity of a satellite by least squares with exact Jacobians.

A station on the equator measures right ascension and declination every minute for half an hour, to 20 arc seconds.
The orbit is propagated by leapfrog steps under gravity and the Earth's oblateness.

    python examples/orbit_determination.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.optimize import least_squares

from adcompile import jacobian

MU, RADIUS, J2 = 398600.4418, 6378.137, 1.08262668e-3  # km^3/s^2, km, oblateness
SPIN = 7.2921159e-5  # rad/s, of the Earth
STEP, STEPS_A_MINUTE = 10.0, 6  # s


@njit
def gravity(r):
    """Acceleration in km/s^2 at a place in km."""
    d2 = r[0] ** 2 + r[1] ** 2 + r[2] ** 2
    d = np.sqrt(d2)
    k = 1.5 * J2 * (RADIUS / d) ** 2
    z2 = 5.0 * r[2] ** 2 / d2
    a = -MU / (d2 * d)
    return np.array([a * r[0] * (1.0 + k * (1.0 - z2)), a * r[1] * (1.0 + k * (1.0 - z2)),
                     a * r[2] * (1.0 + k * (3.0 - z2))])  # fmt: skip


@njit
def angles(state, minutes):
    """Right ascension and declination (rad) as seen each minute, of an orbit that starts at (km, km/s)."""
    r, v = state[:3].copy(), state[3:].copy()
    seen = np.empty((minutes, 2), state.dtype)
    for minute in range(minutes):
        t = 60.0 * minute
        x, y = r[0] - RADIUS * np.cos(SPIN * t), r[1] - RADIUS * np.sin(SPIN * t)
        seen[minute, 0] = np.arctan2(y, x)
        seen[minute, 1] = np.arctan2(r[2], np.sqrt(x**2 + y**2))
        for _ in range(STEPS_A_MINUTE):
            v += 0.5 * STEP * gravity(r)
            r += STEP * v
            v += 0.5 * STEP * gravity(r)
    return seen


@njit
def residuals(state, observed, sigma):
    return ((angles(state, observed.shape[0]) - observed) / sigma).ravel()


def main(picture=None):
    truth = np.array([8200.0, -1500.0, 600.0, 1.2, 5.9, 3.1])
    sigma = np.deg2rad(20.0 / 3600.0)
    observed = angles(truth, 30) + sigma * np.random.default_rng(1).normal(size=(30, 2))
    guess = truth + np.array([150.0, -200.0, 100.0, 0.1, -0.1, 0.1])
    fit = least_squares(residuals, guess, jac=jacobian(residuals), args=(observed, sigma), x_scale="jac")
    spread = np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)))
    for row in zip(("x", "y", "z", "vx", "vy", "vz"), fit.x, spread, truth, strict=True):
        print("{:>2} {:12.5f} +- {:8.5f}   truth {:9.3f}".format(*row))
    assert np.all(np.abs(fit.x - truth) < 4.0 * spread)
    assert 0.6 < 2.0 * fit.cost / (observed.size - 6) < 1.5  # the residuals are as large as the errors
    if picture:
        axes = (figure := Figure((8, 3.4), layout="constrained")).subplots()
        left = np.rad2deg(residuals(fit.x, observed, 1.0).reshape(-1, 2))
        axes.plot(3600.0 * left, "o", label=["right ascension", "declination"])
        axes.axhspan(-20, 20, alpha=0.15)
        axes.set(title="what is left of the observations", xlabel="minutes", ylabel="arc seconds")
        axes.legend()
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
