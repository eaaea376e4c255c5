"""How the end of a double pendulum's swing depends on its start: sensitivities that grow with time.

The derivative of the final state by the initial one is made in forward mode through an in-place Runge-Kutta loop.  Its
growth is what makes the pendulum chaotic: the largest Lyapunov exponent is the rate at which it grows.

    python examples/double_pendulum.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit

from adcompile import jacobian

G = 9.81  # m/s^2; both rods are 1 m long, both bobs weigh 1 kg


@njit
def rate(y, out):
    """The time derivative of both angles and both angular velocities (rad, rad/s), written to `out`."""
    a, b, v, w = y[0], y[1], y[2], y[3]
    d = a - b
    den = 3.0 - np.cos(2.0 * d)
    out[0] = v
    out[1] = w
    out[2] = (-3.0 * G * np.sin(a) - G * np.sin(a - 2.0 * b) - 2.0 * np.sin(d) * (w**2 + v**2 * np.cos(d))) / den
    out[3] = 2.0 * np.sin(d) * (2.0 * v**2 + 2.0 * G * np.cos(a) + w**2 * np.cos(d)) / den


@njit
def swing(start, h, steps):
    """The state after so many Runge-Kutta steps of `h` seconds."""
    y = start.copy()
    k = np.zeros((4, 4), start.dtype)
    for _ in range(steps):
        rate(y, k[0])
        rate(y + 0.5 * h * k[0], k[1])
        rate(y + 0.5 * h * k[1], k[2])
        rate(y + h * k[2], k[3])
        y += h / 6.0 * (k[0] + 2.0 * k[1] + 2.0 * k[2] + k[3])
    return y


def main(picture=None):
    start, h = np.array([2.0, 2.2, 0.0, 0.0]), 0.005
    sensitivity = jacobian(swing, wrt="start", mode="forward")
    steps = np.arange(100, 4001, 100)
    growth = np.array([np.linalg.norm(sensitivity(start, h, n), 2) for n in steps])
    exponent = np.polyfit(steps[10:] * h, np.log(growth[10:]), 1)[0]
    print(f"after 20 s a difference in the start has grown {growth[-1]:.3g} times: {exponent:.2f} per second")

    # The same from two swings that start close together, as long as the difference stays small.
    n, eps = 1000, 1e-7
    up, down = (swing(start + sign * eps * np.eye(4)[0], h, n) for sign in (1, -1))
    np.testing.assert_allclose(sensitivity(start, h, n)[:, 0], (up - down) / (2 * eps), rtol=1e-4)

    if picture:
        path = np.array([swing(start, h, n)[:2] for n in range(0, 1200, 2)])
        x = np.sin(path[:, 0]) + np.sin(path[:, 1])
        y = -np.cos(path[:, 0]) - np.cos(path[:, 1])
        figure = Figure((9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(x, y, lw=0.8)
        left.set(aspect="equal", title="the lower bob, 6 s", xlabel="m", ylabel="m")
        right.semilogy(steps * h, growth)
        right.set(title="norm of d(state)/d(start)", xlabel="s")
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
