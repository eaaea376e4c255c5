"""Data-parallel training: each process has a part of the data, and gradients are added up over all of them.

    mpiexec -n 2 python examples/distributed/mpi_training.py
"""

import numpy as np
from mpi4py import MPI
from numba import njit

from adcompile import value_and_grad

FEATURES, EXAMPLES, STEPS, RATE = 4, 3000, 200, 2.0


@njit
def loss(w, x, labels):
    """The cross-entropy of a logistic regression, summed over examples."""
    total = 0.0
    for n in range(x.shape[0]):
        z = 0.0
        for k in range(w.shape[0]):
            z += w[k] * x[n, k]
        total += np.log(1.0 + np.exp(-z)) + (1.0 - labels[n]) * z
    return total


def main():
    world = MPI.COMM_WORLD
    generator = np.random.default_rng(0)
    x = generator.normal(size=(EXAMPLES, FEATURES))
    truth = np.array([1.0, -2.0, 0.5, 0.0])
    labels = (generator.random(EXAMPLES) < 1.0 / (1.0 + np.exp(-x @ truth))).astype(float)
    mine = slice(world.rank, None, world.size)
    gradient = value_and_grad(loss)

    w = np.zeros(FEATURES)
    for _ in range(STEPS):
        value, slope = gradient(w, x[mine], labels[mine])
        total = world.allreduce(np.array([value, *slope]))
        w -= RATE / EXAMPLES * total[1:]

    value, slope = gradient(w, x, labels)
    np.testing.assert_allclose(world.allreduce(gradient(w, x[mine], labels[mine])[0]), value, rtol=1e-12)
    same = world.allgather(w.tobytes())
    assert np.max(np.abs(slope)) < 1e-6 * EXAMPLES and np.max(np.abs(w - truth)) < 0.3 and len(set(same)) == 1
    if world.rank == 0:
        print(f"{world.size} processes, loss {value / EXAMPLES:.4f}, weights {np.round(w, 3)}")


if __name__ == "__main__":
    main()
