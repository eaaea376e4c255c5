"""A soap film between wires: the surface of least area over a square, by its exact gradient.

Over this border the film is Scherk's surface, log(cos y / cos x), which is known in closed form.

    python examples/soap_film.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.optimize import minimize

from adcompile import value_and_grad

N = 41


@njit
def area(inside, border, h):
    """The area of a film given by its heights on a grid of spacing `h`, as two triangles a cell."""
    z = border.copy()
    z[1:-1, 1:-1] = inside.reshape(z.shape[0] - 2, z.shape[1] - 2)
    total = 0.0
    for i in range(z.shape[0] - 1):
        for j in range(z.shape[1] - 1):
            p, q = (z[i + 1, j] - z[i, j]) / h, (z[i, j + 1] - z[i, j]) / h
            r, s = (z[i + 1, j + 1] - z[i, j + 1]) / h, (z[i + 1, j + 1] - z[i + 1, j]) / h
            total += 0.5 * h * h * (np.sqrt(1.0 + p * p + q * q) + np.sqrt(1.0 + r * r + s * s))
    return total


def main(picture=None):
    t = np.linspace(-1.2, 1.2, N)
    scherk = np.log(np.cos(t)[None, :] / np.cos(t)[:, None])
    border = scherk.copy()
    border[1:-1, 1:-1] = 0.0
    h = t[1] - t[0]
    fit = minimize(value_and_grad(area), np.zeros((N - 2) ** 2), args=(border, h), jac=True, method="L-BFGS-B",
                   options={"maxiter": 2000, "maxfun": 4000, "ftol": 1e-14, "gtol": 1e-9})  # fmt: skip
    film = border.copy()
    film[1:-1, 1:-1] = fit.x.reshape(N - 2, N - 2)
    error = np.max(np.abs(film - scherk))
    print(f"{fit.nit} iterations: area {fit.fun:.6f}, at most {error:.1e} from Scherk's surface")
    assert error < 5e-3

    if picture:
        figure = Figure((6, 4.5), layout="constrained")
        axes = figure.add_subplot(projection="3d")
        axes.plot_surface(*np.meshgrid(t, t, indexing="ij"), film, cmap="viridis", lw=0.2, edgecolor="k")
        axes.set(title="the film", box_aspect=(1, 1, 0.7))
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
