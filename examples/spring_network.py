"""A net of springs that hangs: its equilibrium by Newton's method with the exact Hessian.

    python examples/spring_network.py [picture.png]
"""

import sys

import numpy as np
from matplotlib.figure import Figure
from numba import njit
from scipy.optimize import minimize

from adcompile import hvp, value_and_grad

ROWS, COLUMNS, STIFFNESS, WEIGHT = 8, 15, 60.0, 0.25


@njit
def energy(free, pinned, springs, rest):
    """Elastic energy and weight of a net whose first nodes are pinned; `free` holds x and y of all others."""
    p = np.concatenate((pinned, free.reshape(-1, 2)))
    total = 0.0
    for k in range(springs.shape[0]):
        i, j = springs[k]
        dx, dy = p[i, 0] - p[j, 0], p[i, 1] - p[j, 1]
        stretch = np.sqrt(dx * dx + dy * dy) - rest[k]
        total += 0.5 * STIFFNESS * stretch**2
    for i in range(p.shape[0]):
        total += WEIGHT * p[i, 1]
    return total


def net():
    """Nodes in rows, the two ends of the first row pinned; springs along rows, columns and diagonals."""
    places = [(float(c), -float(r)) for r in range(ROWS) for c in range(COLUMNS)]
    order = sorted(range(len(places)), key=lambda n: n not in (0, COLUMNS // 2, COLUMNS - 1))
    number = {old: new for new, old in enumerate(order)}
    ends = []
    for r in range(ROWS):
        for c in range(COLUMNS):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if r + down < ROWS and 0 <= c + right < COLUMNS:
                    ends.append((number[r * COLUMNS + c], number[(r + down) * COLUMNS + c + right]))
    nodes = np.array([places[old] for old in order])
    springs = np.array(ends)
    return nodes, springs, np.linalg.norm(nodes[springs[:, 0]] - nodes[springs[:, 1]], axis=1)


def main(picture=None):
    nodes, springs, rest = net()
    both, product = value_and_grad(energy), hvp(energy)
    args = (nodes[:3].copy(), springs, rest)
    fit = minimize(
        both, nodes[3:].ravel(), args=args, jac=True, hessp=lambda x, v, *rest: product(x, *rest, v),
        method="trust-ncg", options={"gtol": 1e-9, "maxiter": 500},
    )  # fmt: skip
    force = np.max(np.abs(both(fit.x, *args)[1]))
    print(f"{fit.nit} steps: energy {fit.fun:.6f}, largest force left {force:.1e}")
    assert force < 1e-6
    assert fit.fun < both(nodes[3:].ravel(), *args)[0]

    if picture:
        p = np.concatenate((nodes[:3], fit.x.reshape(-1, 2)))
        figure = Figure((7, 4), layout="constrained")
        axes = figure.subplots()
        strain = np.linalg.norm(p[springs[:, 0]] - p[springs[:, 1]], axis=1) / rest - 1.0
        for (i, j), s in zip(springs, strain, strict=True):
            axes.plot(p[[i, j], 0], p[[i, j], 1], color=("C0", "C3")[int(s > 0)], lw=0.5 + 20 * abs(s))
        axes.plot(*nodes[:3].T, "ko")
        axes.set(aspect="equal", title="stretched springs red, compressed ones blue; width by strain")
        figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
