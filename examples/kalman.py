"""How noisy is a track?  A Kalman filter's parameters by maximum likelihood, its gradient through the filter itself.

A vehicle moves with a velocity that drifts; its position is measured.  The likelihood is a loop over 2 x 2 matrices.

    python examples/kalman.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.optimize import minimize

from adcompile import hessian, value_and_grad

DT = 1.0


@njit
def minus_log_likelihood(theta, seen, filtered):
    """Of the logarithms of the standard deviations of acceleration and measurement; writes the filtered positions."""
    q, r = np.exp(2.0 * theta[0]), np.exp(2.0 * theta[1])
    move = np.array([[1.0, DT], [0.0, 1.0]])
    noise = q * np.array([[DT**3 / 3.0, DT**2 / 2.0], [DT**2 / 2.0, DT]])
    state = np.zeros(2, theta.dtype)
    spread = 100.0 * np.eye(2)
    total = 0.0
    for t in range(seen.shape[0]):
        state = move @ state
        spread = move @ spread @ move.T + noise
        surprise = seen[t] - state[0]
        s = spread[0, 0] + r
        gain = spread[:, 0] / s
        total += 0.5 * (np.log(2.0 * np.pi * s) + surprise**2 / s)
        state = state + gain * surprise
        spread = spread - np.outer(gain, spread[0])
        filtered[t] = state[0]
    return total


def main(picture=None):
    truth = np.log(np.array([0.3, 2.0]))
    generator = np.random.default_rng(5)
    steps = np.linalg.cholesky(np.exp(2.0 * truth[0]) * np.array([[1 / 3, 1 / 2], [1 / 2, 1.0]]))
    state, track = np.zeros(2), np.empty(300)
    for t in range(track.size):
        state = np.array([state[0] + DT * state[1], state[1]]) + steps @ generator.normal(size=2)
        track[t] = state[0]
    seen = track + np.exp(truth[1]) * generator.normal(size=track.size)
    filtered = np.empty_like(seen)
    fit = minimize(value_and_grad(minus_log_likelihood), [0.0, 0.0], args=(seen, filtered), jac=True)
    spread = np.sqrt(np.diag(np.linalg.inv(hessian(minus_log_likelihood)(fit.x, seen, filtered))))
    for name, found, one, true in zip(("acceleration", "measurement"), fit.x, spread, truth, strict=True):
        print(f"{name:12} {np.exp(found):.3f} (+- {one:.0%})   truth {np.exp(true):.3f}")
    assert np.all(np.abs(fit.x - truth) < 3.0 * spread)
    minus_log_likelihood(fit.x, seen, filtered)
    assert np.std(filtered - track) < 0.8 * np.std(seen - track)

    if picture:
        figure = Figure((8, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(seen[:80], ".", color="0.6", label="seen")
        axes.plot(track[:80], color="C0", label="truth")
        axes.plot(filtered[:80], color="C3", lw=1, label="filtered")
        axes.set(xlabel="s", ylabel="m")
        axes.legend()
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
