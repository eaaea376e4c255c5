"""Where was it hot?  The start of a diffusion, from what is left of it at the end.

A stencil is stepped in place 200 times; the gradient of the misfit by the initial field, of 4,096 numbers, is one
reverse sweep.

    python examples/heat_inverse.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.optimize import minimize

from adcompile import value_and_grad

N, STEPS, RATE = 64, 200, 0.2


@njit
def diffused(u, steps):
    """The field after so many explicit steps; the border stays as it is."""
    u = u.copy()
    new = u.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                new[i, j] = u[i, j] + RATE * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, new = new, u
    return u


@njit
def misfit(start, seen, weight):
    """Half the squared differences from what is seen, and a weight on roughness."""
    start = start.reshape(N, N)
    r = diffused(start, STEPS) - seen
    rough = 0.0
    for i in range(1, N):
        for j in range(1, N):
            rough += (start[i, j] - start[i - 1, j]) ** 2 + (start[i, j] - start[i, j - 1]) ** 2
    return 0.5 * np.sum(r * r) + weight * rough


def main(picture=None):
    y, x = np.mgrid[0:N, 0:N] / (N - 1.0)
    truth = np.exp(-((x - 0.3) ** 2 + (y - 0.4) ** 2) / 0.01) + 0.7 * np.exp(-((x - 0.7) ** 2 + (y - 0.6) ** 2) / 0.02)
    seen = diffused(truth, STEPS) + 1e-3 * np.random.default_rng(0).normal(size=(N, N))
    fit = minimize(value_and_grad(misfit), np.zeros(N * N), args=(seen, 1e-5), jac=True, method="L-BFGS-B",
                   options={"maxiter": 200})  # fmt: skip
    found = fit.x.reshape(N, N)
    blurred, sharpened = (np.linalg.norm(field - truth) / np.linalg.norm(truth) for field in (seen, found))
    print(f"{fit.nit} iterations; off the start: the field seen {blurred:.0%}, the field found {sharpened:.0%}")
    assert sharpened < 0.4 * blurred

    if picture:
        figure = Figure((9, 3.1), layout="constrained")
        fields = {"start": truth, "seen": seen, "found": found}
        for axes, (title, field) in zip(figure.subplots(1, 3), fields.items(), strict=True):
            shown = axes.imshow(field, vmin=0.0, vmax=1.0, cmap="inferno")
            axes.set(title=title, xticks=[], yticks=[])
        figure.colorbar(shown)
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
